//! `DecisionTree*` and `ExtraTree*`, and what forests share with them: resolved parameters and written trees.

use super::super::grow::{self, ClassImpurity, Columns, Loss, Strategy, Tree, TreeParams, pairwise_sum};
use super::super::params::{Estimator, Params, Spec};
use super::state::{self, State};
use super::{Data, FitError, Fitted, Task, weights};
use crate::model::{Classes, FloatType};
use crate::value::{Builder, DType, Field, Id, ScalarKind};
use std::sync::Arc;

/// Grows one tree.
pub(super) fn grow(spec: &Spec, data: &Data<'_>, values: Vec<Vec<f32>>) -> Result<Fitted, FitError> {
    let (class, params) = (spec.estimator.class(), &spec.params);
    let target = Learned::of(spec, data)?;
    let resolved = tree_params(spec, data);
    let columns = prepared(&values, &resolved, data);
    let weights = match target.classes {
        Some(classes) => weights::row_weights(params, classes, target.codes)?,
        None => None,
    };
    let weights = weights.unwrap_or_else(|| vec![1.0; data.n_rows()]);
    let tree = grow::tree(&columns, target.grown(), weights, &resolved, params.random_state());
    let mut builder = Builder::new();
    let mut state = State::tree(&mut builder, class, params);
    state.features(&mut builder, data);
    state.int(&mut builder, "n_outputs_", 1);
    if let Some(classes) = target.classes {
        let labels = state::classes(&mut builder, classes);
        state.set("classes_", labels);
        state.int(&mut builder, "n_classes_", classes.len());
    }
    state.int(&mut builder, "max_features_", resolved.max_features);
    let tree = Written::new(data.n_features(), target.n_classes()).write(&mut builder, tree);
    state.set("tree_", tree);
    Ok(Fitted::new(builder, state, vec![]))
}

/// The features as float32 columns, after the check that scikit-learn makes.
pub(super) fn columns(estimator: Estimator, params: &Params, data: &Data<'_>) -> Result<Vec<Vec<f32>>, FitError> {
    let single_extra = matches!(estimator, Estimator::ExtraTreeClassifier | Estimator::ExtraTreeRegressor);
    let by_median = estimator.class().task == Task::Regression && params.text("criterion") == Some("absolute_error");
    let allow_nan = !by_median && (!single_extra || params.text("splitter") == Some("random"));
    data.check_values(estimator.class().class, FloatType::F32, allow_nan)?;
    Ok(data.x.columns().into_iter().map(|column| column.iter().map(|x| *x as f32).collect()).collect())
}

/// With what the strategy of the trees makes use of.
pub(super) fn prepared<'v>(values: &'v [Vec<f32>], tree: &TreeParams, data: &Data<'_>) -> Columns<'v> {
    match tree.strategy {
        Strategy::Best => Columns::sorted(values, data.threads),
        Strategy::Random => Columns::new(values),
    }
}

/// What trees learn.
pub(super) struct Learned<'d> {
    /// Of a regressor.
    numbers: &'d [f64],
    /// Of a classifier.
    pub classes: Option<&'d Classes>,
    pub codes: &'d [u32],
    impurity: ClassImpurity,
    loss: Loss,
}

impl<'d> Learned<'d> {
    /// The target that the estimator takes.
    pub fn of(spec: &Spec, data: &Data<'d>) -> Result<Learned<'d>, FitError> {
        let class = spec.estimator.class();
        let impurity = match spec.params.text("criterion") {
            Some("gini") => ClassImpurity::Gini,
            _ => ClassImpurity::Entropy,
        };
        let loss = match spec.params.text("criterion") {
            Some("absolute_error") => Loss::AbsoluteError,
            Some("poisson") => Loss::Poisson,
            _ => Loss::SquaredError,
        };
        if class.task == Task::Regression {
            let numbers = data.numbers(class.class)?;
            if loss == Loss::Poisson {
                check_counts(numbers)?;
            }
            return Ok(Learned { numbers, classes: None, codes: &[], impurity, loss });
        }
        let (classes, codes) = data.labels(class.class)?;
        Ok(Learned { numbers: &[], classes: Some(classes), codes, impurity, loss })
    }

    pub fn grown(&self) -> grow::Target<'d> {
        match self.classes {
            None => grow::Target::Numbers { y: self.numbers, loss: self.loss },
            Some(classes) => grow::Target::Classes { y: self.codes, n_classes: classes.len(), impurity: self.impurity },
        }
    }

    /// Numbers in each node: one for each class, one for a regressor.
    pub fn n_classes(&self) -> usize {
        self.classes.map_or(1, Classes::len)
    }
}

/// That a Poisson deviance can be measured.
fn check_counts(y: &[f64]) -> Result<(), FitError> {
    let problem = if y.iter().any(|y| *y < 0.0) {
        "Some value(s) of y are negative which is not allowed for Poisson regression."
    } else if pairwise_sum(y) <= 0.0 {
        "Sum of y is not positive which is necessary for Poisson regression."
    } else {
        return Ok(());
    };
    Err(FitError::Parameter(problem.to_owned()))
}

/// The parameters of one tree for these data (`BaseDecisionTree._fit`).
pub(super) fn tree_params(spec: &Spec, data: &Data<'_>) -> TreeParams {
    let (params, rows) = (&spec.params, data.n_rows());
    let share = |name| params.number(name).map_or(0, |share| (share * rows as f64).ceil() as usize);
    let extra = matches!(spec.estimator, Estimator::ExtraTreesClassifier | Estimator::ExtraTreesRegressor);
    let forest =
        extra || matches!(spec.estimator, Estimator::RandomForestClassifier | Estimator::RandomForestRegressor);
    let random = if forest { extra } else { params.text("splitter") == Some("random") };
    TreeParams {
        strategy: if random { Strategy::Random } else { Strategy::Best },
        max_depth: params.count("max_depth").unwrap_or(i32::MAX as usize),
        min_samples_split: params.count("min_samples_split").unwrap_or_else(|| share("min_samples_split").max(2)),
        min_samples_leaf: params.count("min_samples_leaf").unwrap_or_else(|| share("min_samples_leaf")),
        min_weight_fraction_leaf: params.number("min_weight_fraction_leaf").unwrap_or_default(),
        max_features: max_features(params, data.n_features()),
        max_leaf_nodes: params.count("max_leaf_nodes"),
        min_impurity_decrease: params.number("min_impurity_decrease").unwrap_or_default(),
        ccp_alpha: params.number("ccp_alpha").unwrap_or_default(),
    }
}

/// `max_features_`: a count, a fraction, `sqrt`, `log2`, or all.
fn max_features(params: &Params, n: usize) -> usize {
    let n_features = n as f64;
    let part = match (params.count("max_features"), params.text("max_features"), params.number("max_features")) {
        (Some(count), ..) => return count,
        (_, Some("sqrt"), _) => n_features.sqrt(),
        (_, Some(_), _) => n_features.log2(),
        (.., Some(fraction)) => fraction * n_features,
        _ => return n,
    };
    (part as usize).max(1)
}

/// Writes `sklearn.tree._tree.Tree` objects of one shape.
pub(super) struct Written {
    n_features: usize,
    n_classes: usize,
    dtype: DType,
}

/// Bytes of one node.
const ITEM: usize = 64;

impl Written {
    pub fn new(n_features: usize, n_classes: usize) -> Written {
        let scalar = |kind, size| DType::Scalar { kind, size, big_endian: false };
        let field = |name: &str, dtype, offset| Field { name: name.to_owned(), dtype, offset };
        let (int, float) = (scalar(ScalarKind::Int, 8), scalar(ScalarKind::Float, 8));
        let fields: Arc<[Field]> = Arc::new([
            field("left_child", int.clone(), 0),
            field("right_child", int.clone(), 8),
            field("feature", int.clone(), 16),
            field("threshold", float.clone(), 24),
            field("impurity", float.clone(), 32),
            field("n_node_samples", int, 40),
            field("weighted_n_node_samples", float, 48),
            field("missing_go_to_left", DType::U8, 56),
        ]);
        Written { n_features, n_classes, dtype: DType::Struct { fields, itemsize: ITEM } }
    }

    /// Writes one tree, which is not needed after that.
    pub fn write(&self, builder: &mut Builder, tree: Tree) -> Id {
        let count = tree.nodes.len();
        let mut bytes = Vec::with_capacity(count * ITEM);
        for node in &tree.nodes {
            bytes.extend_from_slice(&node.left_child.to_le_bytes());
            bytes.extend_from_slice(&node.right_child.to_le_bytes());
            bytes.extend_from_slice(&node.feature.to_le_bytes());
            bytes.extend_from_slice(&node.threshold.to_le_bytes());
            bytes.extend_from_slice(&node.impurity.to_le_bytes());
            bytes.extend_from_slice(&node.n_node_samples.to_le_bytes());
            bytes.extend_from_slice(&node.weighted_n_node_samples.to_le_bytes());
            bytes.extend_from_slice(&u64::from(node.missing_go_to_left).to_le_bytes());
        }
        let args = vec![builder.int(self.n_features), builder.i64s(&[self.n_classes as i64]), builder.int(1)];
        let attributes = vec![
            ("max_depth", builder.int(tree.max_depth)),
            ("node_count", builder.int(count)),
            ("nodes", builder.bytes(self.dtype.clone(), &[count], bytes)),
            ("values", builder.f64s(&[count, 1, self.n_classes], &tree.values)),
        ];
        builder.call("sklearn.tree._tree", "Tree", args, attributes)
    }
}
