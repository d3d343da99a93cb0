//! Fitting and assembling through the library: what a bundle says, that it does not depend on threads, and what is
//! refused. That the models are scikit-learn's is compared in `tests/python/train.py`.

use ndarray::Array2;
use scorelet::bundle::Bundle;
use scorelet::data::{Column, NumberKind, Values};
use scorelet::model::{Classes, Method, Output};
use scorelet::train::fit::{Estimator, FitError, Fitted, ScalerKind, Target, Task, fit, fit_scaler};
use scorelet::train::params::{Literal, ParamError};
use scorelet::train::{Assembled, Parts, assemble};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// 60 rows of three columns that repeat nothing, and what they sum up to.
fn data() -> (Array2<f64>, Vec<String>, Vec<f64>) {
    let x = Array2::from_shape_fn((60, 3), |(i, j)| ((i * 37 + j * 11) % 61) as f64 / (j + 1) as f64);
    let sums = x.rows().into_iter().map(|row| row.sum()).collect();
    (x, ["a", "b", "c"].map(String::from).to_vec(), sums)
}

fn params(given: &[(&str, &str)]) -> BTreeMap<String, Literal> {
    given.iter().map(|(name, text)| ((*name).to_owned(), Literal::parse(text))).collect()
}

fn column(kind: NumberKind, values: Vec<f64>) -> Column {
    Column { name: "y".to_owned(), values: Values::Numbers { kind, values } }
}

fn fitted(name: &str, given: &[(&str, &str)], threads: usize) -> Result<Fitted, FitError> {
    let (x, names, sums) = data();
    let spec = Estimator::parse(name, &params(given)).unwrap();
    let target = match spec.estimator.class().task == Task::Classification {
        true => column(NumberKind::Boolean, sums.iter().map(|s| f64::from(u8::from(*s > 50.0))).collect()),
        false => column(NumberKind::Float, sums),
    };
    let target = Target::of(&target, spec.estimator.class().task).unwrap();
    fit(&spec, x.view(), &names, Some(&target), threads)
}

fn assembled(name: &str, given: &[(&str, &str)], scaler: &str, threads: usize) -> Assembled {
    let (x, names, sums) = data();
    let spec = Estimator::parse(name, &params(given)).unwrap();
    let scaler_spec = ScalerKind::parse(scaler, &BTreeMap::new()).unwrap();
    let scaler = scaler_spec.as_ref().map(|spec| (spec, fit_scaler(spec, x.view(), &names).unwrap()));
    let (x, names_of_model) = match &scaler {
        Some((_, scaler)) => (scaler.transformer().unwrap().transform(x).unwrap(), vec![]),
        None => (x, names.clone()),
    };
    let target = Target::Numbers(sums);
    let model = fit(&spec, x.view(), &names_of_model, Some(&target), threads).unwrap();
    let metadata = json!({"trained_at": "2026-01-02T03:04:05Z", "source_rows": 61, "clean_rows": 60});
    let Value::Object(metadata) = metadata else { unreachable!() };
    let extra = Map::from_iter([("note".to_owned(), json!(["kept", 1.5, null]))]);
    let parts = Parts { spec: &spec, model, scaler, features: None, feature_order: names, metadata, extra };
    assemble(parts, PathBuf::from("model.bundle")).unwrap()
}

#[test]
fn a_bundle_says_how_it_was_made() {
    let bundle =
        assembled("random-forest-regressor", &[("n-estimators", "3"), ("random_state", "7")], "standard", 2).bundle;
    assert_eq!(bundle.estimator_name, "RandomForestRegressor");
    assert_eq!(bundle.scaler_name.as_deref(), Some("StandardScaler"));
    assert_eq!(bundle.feature_order, ["a", "b", "c"]);
    assert_eq!(bundle.metadata.trained_at.as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!((bundle.metadata.source_rows, bundle.metadata.clean_rows), (Some(61), Some(60)));
    assert_eq!(bundle.metadata.scikit_learn_version.as_deref(), Some("1.9.1"));
    let said = |key: &str| bundle.metadata.extra[key].clone();
    assert_eq!(
        (said("estimator"), said("random_state"), said("scaler")),
        (json!("random-forest-regressor"), json!(7), json!("standard"))
    );
    assert_eq!((&said("params")["n_estimators"], &said("params")["max_features"]), (&json!(3), &json!(1.0)));
    assert_eq!(bundle.extra["note"], json!(["kept", 1.5, null]));
}

#[test]
fn a_bundle_scores_what_the_parts_scored() {
    let (x, _, sums) = data();
    let predict = |bundle: &Bundle| match bundle.score(x.clone(), &[Method::Predict]).unwrap().remove(0) {
        Output::Floats(values) => values,
        other => panic!("{other:?}"),
    };
    for (name, scaler) in [("linear-regression", "standard"), ("ridge", "robust"), ("linear-regression", "none")] {
        let alpha = if name == "ridge" { vec![("alpha", "1e-10")] } else { vec![] };
        let predicted = predict(&assembled(name, &alpha, scaler, 1).bundle);
        let worst = predicted.iter().zip(&sums).map(|(p, s)| (p - s).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-6, "{name} behind {scaler}: {worst}");
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    for name in ["random-forest-regressor", "extra-trees-regressor", "isolation-forest", "kmeans", "ridge", "svr"] {
        let bytes = [1, 2, 5].map(|threads| assembled(name, &[], "minmax", threads).file.bytes().to_vec());
        assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2], "{name}");
    }
}

#[test]
fn every_estimator_builds_the_model_that_a_pickle_would() {
    for estimator in Estimator::ALL {
        let name = estimator.class().name;
        let model = fitted(name, &[], 2).unwrap().estimator().unwrap();
        assert_eq!(model.n_features(), 3, "{name}");
        assert!(model.methods().contains(&Method::Predict), "{name}");
    }
}

#[test]
fn labels_keep_their_type() {
    let (x, names, _) = data();
    let spec = Estimator::parse("decision-tree-classifier", &BTreeMap::new()).unwrap();
    let target = Target::of(
        &column(NumberKind::Boolean, (0..60).map(|i| f64::from(i % 2)).collect()),
        spec.estimator.class().task,
    );
    let model = fit(&spec, x.view(), &names, Some(&target.unwrap()), 1).unwrap().estimator().unwrap();
    let Output::Labels { indices, classes } = model.call(Method::Predict, x.view()).unwrap() else { panic!() };
    assert_eq!(*classes, Classes::Bool(vec![false, true]));
    assert_eq!(indices, (0..60).map(|i| i % 2).collect::<Vec<u32>>());
}

#[test]
fn parameters_are_checked() {
    let check = |name: &str, given: &[(&str, &str)], expected: &str| {
        let error = Estimator::parse(name, &params(given)).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    };
    check("randomforest", &[], "there is no estimator \"randomforest\"; there are isolation-forest, ");
    check("isolation-forrest", &[], "there is no estimator \"isolation-forrest\" (did you mean \"isolation-forest\"?)");
    check("svn", &[], "there is no estimator \"svn\" (did you mean \"svc\"?)");
    check(
        "ridge",
        &[("alfa", "1")],
        "Ridge has no parameter \"alfa\" (did you mean \"alpha\"?); it has alpha, fit_intercept, ",
    );
    check(
        "isolation-forest",
        &[("max_samples", "0")],
        "The 'max_samples' parameter of IsolationForest must be a str among {'auto'}, an int in the range [1, inf) or a \
         float in the range (0.0, 1.0]. Got 0 instead.",
    );
    check(
        "isolation-forest",
        &[("random_state", "-1")],
        "The 'random_state' parameter of IsolationForest must be an int",
    );
    check(
        "lasso",
        &[("positive", "maybe")],
        "The 'positive' parameter of Lasso must be an instance of 'bool'. Got 'maybe'",
    );
    let text = "kernel='precomputed' of SVC is not supported; use another, such as the default 'rbf'";
    check("svc", &[("kernel", "precomputed")], text);
    let text = "monotonic_cst=(1, 0, 0) of DecisionTreeRegressor is not supported; only the default None is";
    check("decision-tree-regressor", &[("monotonic_cst", "(1, 0, 0)")], text);
    assert!(Estimator::parse("linear-regression", &params(&[("random_state", "3")])).is_ok());
    assert!(matches!(ScalerKind::parse("none", &BTreeMap::new()), Ok(None)));
    let unknown = ScalerKind::parse("standart", &BTreeMap::new());
    assert!(matches!(unknown, Err(ParamError::UnknownScaler { nearest: Some("standard"), .. })));
}

#[test]
fn what_does_not_fit_the_data_is_refused() {
    let check = |result: Result<Fitted, FitError>, expected: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    let (x, names, sums) = data();
    let run = |name: &str, x: &Array2<f64>, target: Option<&Target>| {
        fit(&Estimator::parse(name, &BTreeMap::new()).unwrap(), x.view(), &names, target, 1)
    };
    let numbers = Target::Numbers(sums);
    check(run("ridge", &x, None), "Ridge needs a target");
    check(run("decision-tree-classifier", &x, Some(&numbers)), "DecisionTreeClassifier learns labels");
    check(run("ridge", &Array2::zeros((0, 3)), None), "there are no rows");
    check(run("ridge", &Array2::zeros((9, 0)), None), "there are no features");
    check(run("ridge", &Array2::zeros((9, 3)), Some(&numbers)), "the target has 60 values for 9 rows");
    let one =
        Target::of(&column(NumberKind::Integer, vec![4.0; 60]), Estimator::LogisticRegression.class().task).unwrap();
    check(run("logistic-regression", &x, Some(&one)), "the target has one class only, 4");
    let mut holes = x.clone();
    holes[(5, 1)] = f64::NAN;
    check(
        run("lasso", &holes, Some(&numbers)),
        "column \"b\", row 5 of the training data: Input X contains NaN.\nLasso",
    );
    assert!(run("random-forest-regressor", &holes, Some(&numbers)).is_ok());
    holes[(5, 1)] = f64::INFINITY;
    check(
        run("random-forest-regressor", &holes, Some(&numbers)),
        "column \"b\", row 5 of the training data: Input X contains infinity",
    );
    check(fitted("kmeans", &[("n_clusters", "61")], 1), "n_samples=60 should be >= n_clusters=61.");
    check(fitted("k-neighbors-regressor", &[("n_neighbors", "61")], 1), "n_neighbors=61 is more than the 60 rows");
    check(fitted("k-neighbors-classifier", &[("p", "None")], 1), "metric='minkowski' needs a number p");
    let text = "metric='cosine' is not valid with algorithm='kd_tree'";
    check(fitted("k-neighbors-classifier", &[("metric", "cosine"), ("algorithm", "kd_tree")], 1), text);
    check(fitted("gaussian-nb", &[("priors", "(0.5, 0.4)")], 1), "The sum of the priors should be 1.");
    check(run("svc", &x, Some(&one)), "the target has one class only, 4");
    check(run("svr", &holes, Some(&numbers)), "column \"b\", row 5 of the training data: Input X contains infinity");
    check(fitted("svc", &[("decision_function_shape", "ovo"), ("break_ties", "True")], 1), "break_ties must be");
    check(fitted("logistic-regression", &[("l1_ratio", "1")], 1), "Solver lbfgs supports only 'l2' or None penalties");
    check(fitted("ridge", &[("solver", "lbfgs")], 1), "'lbfgs' solver can be used only when positive=True.");
    let negative = Target::Numbers((0..60).map(|i| f64::from(i) - 1.0).collect());
    let poisson = Estimator::parse("decision-tree-regressor", &params(&[("criterion", "poisson")])).unwrap();
    check(fit(&poisson, x.view(), &names, Some(&negative), 1), "Some value(s) of y are negative");
    let absolute = Estimator::parse("random-forest-regressor", &params(&[("criterion", "absolute_error")])).unwrap();
    holes[(5, 1)] = f64::NAN;
    check(fit(&absolute, holes.view(), &names, Some(&numbers), 1), "column \"b\", row 5 of the training data: Input X");
    check(fitted("isolation-forest", &[("max_features", "4")], 1), "max_features must be <= n_features");
    check(fitted("extra-trees-regressor", &[("max_samples", "5")], 1), "max_samples cannot be set if bootstrap=False");
    check(fitted("random-forest-classifier", &[("class_weight", "{7: 2}")], 1), "the classes [False, True] are not in");
}
