//! `RandomForest*` and `ExtraTrees*` (`ensemble/_forest.py`).

use super::super::grow::{self, Bootstrap, ForestParams, Tree, pairwise_sum};
use super::super::params::{Estimator, Literal, Params, Spec};
use super::state::{self, State};
use super::tree::{Learned, Written, prepared, tree_params};
use super::{Data, FitError, Fitted, weights};
use crate::value::{Builder, Id};

/// Parameters that a forest hands to its trees (`estimator_params`).
const HANDED_DOWN: [&str; 11] = [
    "criterion",
    "max_depth",
    "min_samples_split",
    "min_samples_leaf",
    "min_weight_fraction_leaf",
    "max_features",
    "max_leaf_nodes",
    "min_impurity_decrease",
    "random_state",
    "ccp_alpha",
    "monotonic_cst",
];

/// Grows a forest.
pub(super) fn grow(spec: &Spec, data: &Data<'_>, values: Vec<Vec<f32>>) -> Result<Fitted, FitError> {
    let params = &spec.params;
    let target = Learned::of(spec, data)?;
    // Without a bootstrap sample to balance, `balanced_subsample` is `balanced`.
    let subsample = params.flag("bootstrap")
        && target.classes.is_some()
        && params.text("class_weight") == Some("balanced_subsample");
    let weights = match target.classes {
        Some(classes) if !subsample => weights::row_weights(params, classes, target.codes)?,
        _ => None,
    };
    let tree = tree_params(spec, data);
    let n_drawn = n_drawn(params, data.n_rows(), weights.as_deref())?;
    let forest = ForestParams {
        tree,
        n_estimators: params.count("n_estimators").unwrap_or_default(),
        random_state: params.random_state(),
        bootstrap: match n_drawn {
            None => Bootstrap::Off,
            Some(n) if subsample => Bootstrap::BalancedRows { n },
            Some(n) => Bootstrap::Rows { n },
        },
        threads: data.threads,
    };
    let columns = prepared(&values, &tree, data);
    let trees = grow::forest(&columns, target.grown(), weights.as_deref(), &forest);
    let mut warnings = Vec::new();
    let oob = params.flag("oob_score").then(|| {
        let score = grow::oob_score(&columns, target.grown(), weights.as_deref(), &forest, &trees);
        if score.rows_without > 0 {
            warnings.push(format!(
                "{} rows have no out-of-bag score: too few trees were used to compute a reliable one",
                score.rows_without
            ));
        }
        score.score
    });
    drop(columns);
    drop(values);
    let fitted = Forest { spec, data, target: &target, n_drawn, max_features: forest.tree.max_features, oob };
    Ok(fitted.write(trees, grow::tree_seeds(&forest), warnings))
}

/// Rows drawn for each tree; `None` without bootstrap (`_get_n_samples_bootstrap`).
fn n_drawn(params: &Params, rows: usize, weights: Option<&[f64]>) -> Result<Option<usize>, FitError> {
    let max_samples = params.get("max_samples");
    if !params.flag("bootstrap") {
        if *max_samples != Literal::None {
            let text = "max_samples cannot be set if bootstrap=False; set bootstrap=True or max_samples=None";
            return Err(FitError::Parameter(text.to_owned()));
        }
        if params.flag("oob_score") {
            return Err(FitError::Parameter("Out of bag estimation only available if bootstrap=True".to_owned()));
        }
        return Ok(None);
    }
    let n = match max_samples {
        Literal::Float(share) => ((share * weights.map_or(rows as f64, pairwise_sum)) as usize).max(1),
        _ => params.count("max_samples").unwrap_or(rows),
    };
    Ok(Some(n))
}

/// A grown forest, about to be written.
struct Forest<'f, 'd> {
    spec: &'f Spec,
    data: &'f Data<'d>,
    target: &'f Learned<'d>,
    n_drawn: Option<usize>,
    max_features: usize,
    oob: Option<f64>,
}

impl Forest<'_, '_> {
    fn write(&self, trees: Vec<Tree>, seeds: Vec<u32>, warnings: Vec<String>) -> Fitted {
        let (spec, data) = (self.spec, self.data);
        let mut builder = Builder::new();
        let mut state = State::tree(&mut builder, spec.estimator.class(), &spec.params);
        state.features(&mut builder, data);
        let member = member(spec.estimator);
        let unfitted = member.defaults().params;
        let mut unfitted = State::tree(&mut builder, member.class(), &unfitted);
        let none = builder.none();
        unfitted.set("random_state", none);
        let unfitted = unfitted.finish(&mut builder);
        state.set("estimator", unfitted);
        state.set("estimator_", unfitted);
        let handed_down = HANDED_DOWN.iter().map(|name| builder.str(name)).collect();
        let handed_down = builder.tuple(handed_down);
        state.set("estimator_params", handed_down);
        state.int(&mut builder, "_n_samples", data.n_rows());
        state.int(&mut builder, "n_outputs_", 1);
        if let Some(classes) = self.target.classes {
            let labels = state::classes(&mut builder, classes);
            state.set("classes_", labels);
            state.int(&mut builder, "n_classes_", classes.len());
        }
        let n_drawn = match self.n_drawn {
            Some(n) => builder.int(n),
            None => builder.none(),
        };
        state.set("_n_samples_bootstrap", n_drawn);
        if let Some(score) = self.oob {
            state.float(&mut builder, "oob_score_", score);
        }
        let members = self.members(&mut builder, member, trees, &seeds);
        let members = builder.list(members);
        state.set("estimators_", members);
        Fitted::new(builder, state, warnings)
    }

    fn members(&self, builder: &mut Builder, member: Estimator, trees: Vec<Tree>, seeds: &[u32]) -> Vec<Id> {
        let params = member.defaults().params.with(&HANDED_DOWN, &self.spec.params);
        let written = Written::new(self.data.n_features(), self.target.n_classes());
        // A forest hands its trees the numbers of the classes, as floats.
        let labels: Option<Vec<f64>> =
            self.target.classes.map(|classes| (0..classes.len()).map(|k| k as f64).collect());
        let write = |(tree, seed): (Tree, &u32)| {
            let mut state = State::tree(builder, member.class(), &params);
            state.int(builder, "random_state", *seed as usize);
            state.int(builder, "n_features_in_", self.data.n_features());
            state.int(builder, "n_outputs_", 1);
            if let Some(labels) = &labels {
                state.f64s(builder, "classes_", labels);
                state.int(builder, "n_classes_", labels.len());
            }
            state.int(builder, "max_features_", self.max_features);
            let tree = written.write(builder, tree);
            state.set("tree_", tree);
            state.finish(builder)
        };
        trees.into_iter().zip(seeds).map(write).collect()
    }
}

/// The class of a forest's trees.
fn member(forest: Estimator) -> Estimator {
    match forest {
        Estimator::RandomForestClassifier => Estimator::DecisionTreeClassifier,
        Estimator::RandomForestRegressor => Estimator::DecisionTreeRegressor,
        Estimator::ExtraTreesClassifier => Estimator::ExtraTreeClassifier,
        _ => Estimator::ExtraTreeRegressor,
    }
}
