//! Models that no fitted scikit-learn object would be: each must be refused with a reason, in bounded time.

mod families;

use super::{BuildError, Found, Support, Version, parts, survey};
use crate::value::{Array, ArrayData, DType, Graph, Id, Name, Node, Object};

/// A graph under construction.
#[derive(Default)]
struct Build {
    nodes: Vec<Node<'static>>,
}

impl Build {
    fn add(&mut self, node: Node<'static>) -> Id {
        self.nodes.push(node);
        Id(self.nodes.len() as u32 - 1)
    }

    fn text(&mut self, text: &'static str) -> Id {
        self.add(Node::Str(text.into()))
    }

    fn array(&mut self, shape: &[usize], values: &[f64]) -> Id {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let data = ArrayData::Bytes(data.into());
        self.add(Node::Array(Box::new(Array { dtype: DType::F64, shape: shape.to_vec(), fortran: false, data })))
    }

    /// A row of numbers.
    fn row(&mut self, values: &[f64]) -> Id {
        self.array(&[values.len()], values)
    }

    fn ints(&mut self, values: &[i64]) -> Id {
        let items = values.iter().map(|value| self.add(Node::Int(*value))).collect();
        self.add(Node::List(items))
    }

    /// `class` is `module.Name`.
    fn object(&mut self, class: &'static str, attributes: &[(&'static str, Id)]) -> Id {
        let (module, name) = class.rsplit_once('.').expect("a module and a name");
        let version = ("_sklearn_version", self.text("1.9.1"));
        let pairs = attributes.iter().chain([&version]).map(|(key, id)| (self.text(key), *id)).collect();
        let state = Some(self.add(Node::Dict(pairs)));
        let class = Name { module: module.into(), name: name.into() };
        let object = Object { class, args: vec![], state, items: vec![], entries: vec![], offset: 0 };
        self.add(Node::Object(Box::new(object)))
    }

    fn linear(&mut self, class: &'static str, coef: Id, intercept: &[f64], more: &[(&'static str, Id)]) -> Id {
        let intercept = self.row(intercept);
        self.object(class, &[&[("coef_", coef), ("intercept_", intercept)], more].concat())
    }

    fn ridge(&mut self, n_features: usize) -> Id {
        let coef = self.row(&vec![1.0; n_features]);
        self.linear("sklearn.linear_model._ridge.Ridge", coef, &[0.0], &[])
    }

    fn scaler(&mut self, n_features: usize) -> Id {
        let (mean, scale) = (self.row(&vec![0.0; n_features]), self.row(&vec![2.0; n_features]));
        self.object("sklearn.preprocessing._data.StandardScaler", &[("mean_", mean), ("scale_", scale)])
    }

    fn pipeline(&mut self, steps: &[Id]) -> Id {
        let steps = steps.iter().map(|step| {
            let name = self.text("step");
            self.add(Node::Tuple(vec![name, *step]))
        });
        let steps = steps.collect();
        let steps = self.add(Node::List(steps));
        self.object("sklearn.pipeline.Pipeline", &[("steps", steps)])
    }

    fn unknown(&mut self, class: &'static str) -> Id {
        self.object(class, &[])
    }

    fn finish(self, root: Id) -> Graph<'static> {
        Graph { nodes: self.nodes, root }
    }
}

/// The reasons for which the model is refused.
fn reasons(build: impl FnOnce(&mut Build) -> Id) -> Vec<String> {
    let mut graph = Build::default();
    let root = build(&mut graph);
    let graph = graph.finish(root);
    let result = parts(&graph.root(), None, None, Version::NEWEST);
    result.err().into_iter().flat_map(BuildError::into_list).map(|error| error.to_string()).collect()
}

#[track_caller]
fn check(build: impl FnOnce(&mut Build) -> Id, expected: &[&str]) {
    let reasons = reasons(build);
    assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
    for (reason, expected) in reasons.iter().zip(expected) {
        assert!(reason.contains(expected), "{reason:?} does not say {expected:?}");
    }
}

#[test]
fn weights_must_agree_in_shape() {
    const RIDGE: &str = "sklearn.linear_model._ridge.Ridge";
    check(|b| b.ridge(3), &[]);
    check(
        |b| {
            let coef = b.array(&[2, 2], &[1.0; 4]);
            b.linear(RIDGE, coef, &[0.0; 3], &[])
        },
        &["intercept_: 3 values for 2 rows of coef_"],
    );
    check(
        |b| {
            let coef = b.array(&[], &[1.0]);
            b.linear(RIDGE, coef, &[0.0], &[])
        },
        &["coef_: expected a row for each output"],
    );
    check(
        |b| {
            let coef = b.array(&[1, 0], &[]);
            b.linear(RIDGE, coef, &[0.0], &[])
        },
        &["it takes no features"],
    );
    check(
        |b| {
            let (coef, n) = (b.row(&[1.0, 2.0]), b.add(Node::Int(3)));
            b.linear(RIDGE, coef, &[0.0], &[("n_features_in_", n)])
        },
        &["n_features_in_ is 3, but its arrays are for 2 features"],
    );
    check(|b| b.unknown(RIDGE), &["sklearn.linear_model._ridge.Ridge has no attribute coef_; was it fitted?"]);
}

#[test]
fn a_classifier_has_a_row_for_each_class() {
    for (rows, classes, fits) in [(1, 2, true), (3, 3, true), (1, 3, false), (2, 2, false), (3, 2, false)] {
        let labels: Vec<i64> = (0..classes).collect();
        let expected = format!("classes_: {classes} classes, but coef_ has {rows} rows");
        let reasons = [expected.as_str()];
        check(
            |b| {
                let (coef, classes) = (b.array(&[rows, 1], &vec![1.0; rows]), b.ints(&labels));
                b.linear("sklearn.svm._classes.LinearSVC", coef, &vec![0.0; rows], &[("classes_", classes)])
            },
            if fits { &[] } else { &reasons },
        );
    }
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    check(
        |b| {
            let inner = b.unknown("sklearn.manifold._t_sne.TSNE");
            let list = b.add(Node::List(vec![inner]));
            let columns = b.object("sklearn.cluster._optics.OPTICS", &[("components_", list)]);
            let (scaler, dbscan) = (b.scaler(2), b.unknown("sklearn.cluster._dbscan.DBSCAN"));
            b.pipeline(&[columns, scaler, dbscan])
        },
        &[
            "steps[0][1]: sklearn.cluster._optics.OPTICS is not supported",
            "in steps[0][1]: sklearn.manifold._t_sne.TSNE is not supported",
            "steps[2][1]: sklearn.cluster._dbscan.DBSCAN is not supported",
        ],
    );
}

#[test]
fn steps_must_fit_each_other() {
    let two_steps = |b: &mut Build, scaler, ridge| {
        let steps = [b.scaler(scaler), b.ridge(ridge)];
        b.pipeline(&steps)
    };
    check(|b| two_steps(b, 2, 2), &[]);
    check(|b| two_steps(b, 2, 3), &["steps[1][1]: takes 3 features, but the step before it gives 2"]);
    check(
        |b| {
            let steps = [b.ridge(2), b.ridge(1)];
            b.pipeline(&steps)
        },
        &["steps[0][1]: a sklearn.linear_model._ridge.Ridge does not transform"],
    );
    check(|b| b.pipeline(&[]), &["no step that does anything"]);
    check(
        |b| {
            let name = b.text("a step without an estimator");
            let steps = b.add(Node::List(vec![name]));
            b.object("sklearn.pipeline.Pipeline", &[("steps", steps)])
        },
        &["expected a list, found a string"],
    );
}

#[test]
fn a_scaler_must_fit_the_model() {
    let mut b = Build::default();
    let (model, scaler) = (b.ridge(3), b.scaler(2));
    let root = b.add(Node::Dict(vec![]));
    let (model_key, scaler_key) = (b.text("model"), b.text("scaler"));
    b.nodes[root.0 as usize] = Node::Dict(vec![(model_key, model), (scaler_key, scaler)]);
    let graph = b.finish(root);
    let (model, scaler) = (graph.root().attr("model").unwrap(), graph.root().attr("scaler").unwrap());
    let error = parts(&model, Some(&scaler), Some(2), Version::NEWEST).unwrap_err();
    assert_eq!(error.to_string(), "model: takes 3 features, but the scaler gives 2");
}

#[test]
fn a_large_array_is_not_copied_for_each_step_that_shares_it() {
    for (steps, fits) in [(4, true), (5, false)] {
        let reasons = reasons(|b| {
            let scale = b.row(&[2.0; 1000]);
            let mut scaler = || b.object("sklearn.preprocessing._data.MaxAbsScaler", &[("scale_", scale)]);
            let steps: Vec<Id> = (0..steps).map(|_| scaler()).collect();
            b.pipeline(&steps)
        });
        assert_eq!(reasons.is_empty(), fits, "{steps} steps: {reasons:?}");
    }
}

#[test]
fn a_file_that_refers_to_itself_ends() {
    // A pipeline whose only step is the pipeline.
    check(
        |b| {
            let pipeline = b.pipeline(&[Id(0)]);
            b.nodes.swap(0, pipeline.0 as usize);
            Id(0)
        },
        &["the same object stands in too many places"],
    );
    // Forty pipelines, each twice in the next: 2^40 steps in a few hundred nodes.
    let reasons = reasons(|b| {
        let mut inner = b.scaler(1);
        for _ in 0..20 {
            inner = b.pipeline(&[inner, inner]);
        }
        inner
    });
    assert!(reasons.iter().any(|reason| reason.contains("too many places")), "{reasons:?}");
    // A hundred pipelines in each other.
    check(
        |b| {
            let mut inner = b.scaler(1);
            for _ in 0..100 {
                inner = b.pipeline(&[inner]);
            }
            inner
        },
        &["estimators are nested more than 32 deep"],
    );
}

#[test]
fn random_answers_are_refused_with_the_option() {
    for strategy in ["stratified", "uniform"] {
        check(
            |b| {
                let (strategy, classes) = (b.text(strategy), b.ints(&[0, 1]));
                let prior = b.row(&[0.5, 0.5]);
                let attributes = [("strategy", strategy), ("classes_", classes), ("class_prior_", prior)];
                b.object("sklearn.dummy.DummyClassifier", &attributes)
            },
            &["whose answers are random, is not supported"],
        );
    }
}

#[test]
fn an_indicator_must_be_of_a_column() {
    for (feature, fits) in [(1, true), (2, false), (-1, false)] {
        let expected = format!("indicator_.features_: there is no column {feature}");
        let reasons = [expected.as_str()];
        check(
            |b| {
                let features = b.ints(&[feature]);
                let indicator = b.object("sklearn.impute._base.MissingIndicator", &[("features_", features)]);
                let (nan, yes, mean) = (b.add(Node::Float(f64::NAN)), b.add(Node::Bool(true)), b.text("mean"));
                let statistics = b.row(&[1.0, 2.0]);
                let attributes = [
                    ("missing_values", nan),
                    ("add_indicator", yes),
                    ("strategy", mean),
                    ("statistics_", statistics),
                    ("indicator_", indicator),
                ];
                b.object("sklearn.impute._base.SimpleImputer", &attributes)
            },
            if fits { &[] } else { &reasons },
        );
    }
}

#[test]
fn what_is_no_estimator_is_named() {
    check(|b| b.text("model"), &["the bundle: expected a fitted estimator, found a string"]);
    check(
        |b| {
            b.add(Node::Global(Box::new(Name { module: "sklearn.tree".into(), name: "DecisionTreeClassifier".into() })))
        },
        &["found the name sklearn.tree.DecisionTreeClassifier"],
    );
    check(|b| b.unknown("catboost.core.CatBoostClassifier"), &["catboost.core.CatBoostClassifier is not supported"]);
}

#[test]
fn the_survey_tells_parts_from_what_is_missing() {
    let mut b = Build::default();
    let binarizer = b.unknown("sklearn.preprocessing._label.LabelBinarizer");
    let ridge = b.object("sklearn.linear_model._ridge.RidgeClassifier", &[("_label_binarizer", binarizer)]);
    let (scaler, dbscan) = (b.scaler(1), b.unknown("sklearn.cluster._dbscan.DBSCAN"));
    let root = b.pipeline(&[scaler, scaler, dbscan, ridge]);
    let graph = b.finish(root);
    let found = |class: &str, support| Found { class: class.into(), count: 1, support };
    let expected = [
        found("sklearn.pipeline.Pipeline", Support::Supported),
        found("sklearn.preprocessing._data.StandardScaler", Support::Supported),
        found("sklearn.cluster._dbscan.DBSCAN", Support::Unsupported),
        found("sklearn.linear_model._ridge.RidgeClassifier", Support::Supported),
        found("sklearn.preprocessing._label.LabelBinarizer", Support::Part),
    ];
    assert_eq!(survey(&graph.root()), expected);
}
