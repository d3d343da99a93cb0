//! How much each feature counts in a fitted estimator: what `SelectFromModel` goes by.
//!
//! `coef_` is stored. `feature_importances_` of trees is not: it is computed from their nodes as scikit-learn does.

use super::attributes::{class_name, numbers};
use super::tree::{Distinct, TreeArrays};
use super::{BuildError, Context};
use crate::model::tree::pairwise_sum;
use crate::value::{ValueError, View};

/// One number for each feature, or several.
pub struct Importances {
    /// Rows of one number for each feature.
    pub values: Vec<f64>,
    pub n_features: usize,
    /// They stand in a single row of their own, not in a matrix.
    pub flat: bool,
    /// They were fitted in `float32`, and what is computed from them is too.
    pub single: bool,
}

/// What `importance_getter` (`'auto'`, or a path of attributes) finds in an estimator.
///
/// # Errors
/// When the file does not hold it.
pub fn importances(estimator: &View<'_, '_>, getter: &str, ctx: &mut Context) -> Result<Importances, BuildError> {
    if getter == "auto" {
        // `_coef_` is what partial least squares call it before 1.3.
        return match estimator.some("coef_").or_else(|| estimator.some("_coef_")) {
            Some(coef) => Ok(stored(&coef, ctx)?),
            None => computed(estimator, ctx),
        };
    }
    let mut at = estimator.clone();
    for key in getter.split('.') {
        at = match (key, follow(&at, key)?) {
            (_, Some(next)) => next,
            ("feature_importances_", None) if getter.ends_with(key) => return computed(&at, ctx),
            _ => return Err(BuildError::option(estimator, format!("{getter:?}, which the file does not hold,"))),
        };
    }
    Ok(stored(&at, ctx)?)
}

/// An attribute, a step of a pipeline under its `named_steps`, or the dict of them itself.
fn follow<'g, 'a>(at: &View<'g, 'a>, key: &str) -> Result<Option<View<'g, 'a>>, ValueError> {
    if key == "named_steps" && class_name(at) == "Pipeline" {
        return Ok(at.get("steps"));
    }
    if at.object().is_some() {
        let own = at.entries()?.into_iter().rev().find(|(name, _)| *name == key);
        return Ok(own.map(|(_, value)| value));
    }
    for step in at.items().unwrap_or_default() {
        if let [name, value] = &step.items()?[..]
            && name.str() == Ok(key)
        {
            return Ok(Some(value.clone()));
        }
    }
    Ok(None)
}

fn stored(coef: &View<'_, '_>, ctx: &mut Context) -> Result<Importances, ValueError> {
    let (n_features, flat) = match coef.shape()[..] {
        [n] => (n, true),
        [_, n] => (n, false),
        _ => return Err(coef.error(format!("expected numbers for each feature, found {}", coef.kind()))),
    };
    let single = coef.array().is_some_and(|array| array.dtype.size() == 4);
    Ok(Importances { values: numbers(coef, ctx)?, n_features, flat, single })
}

/// `feature_importances_`.
fn computed(estimator: &View<'_, '_>, ctx: &mut Context) -> Result<Importances, BuildError> {
    let values = match class_name(estimator) {
        "DecisionTreeClassifier" | "DecisionTreeRegressor" | "ExtraTreeClassifier" | "ExtraTreeRegressor" => {
            let mut values = of_tree(estimator, &mut Distinct::default())?.values;
            divide_by_sum(&mut values, false);
            values
        }
        "RandomForestClassifier" | "RandomForestRegressor" | "ExtraTreesClassifier" | "ExtraTreesRegressor" => {
            average(estimator, true)?
        }
        "GradientBoostingClassifier" | "GradientBoostingRegressor" => average(estimator, false)?,
        class => return Err(BuildError::option(estimator, format!("the importances of a {class}"))),
    };
    ctx.read(estimator)?;
    Ok(Importances { n_features: values.len(), values, flat: true, single: false })
}

/// The mean over all trees that split anything, divided by its sum.
fn average(forest: &View<'_, '_>, normalised: bool) -> Result<Vec<f64>, ValueError> {
    let mut distinct = Distinct::default();
    let mut sums = vec![0.0; forest.attr("n_features_in_")?.usize()?.min(MOST_FEATURES)];
    let mut count = 0.0;
    for tree in forest.attr("estimators_")?.items()? {
        let mut own = of_tree(&tree, &mut distinct)?;
        if own.values.len() != sums.len() {
            return Err(tree.error(format!("takes {} features, and the model {}", own.values.len(), sums.len())));
        }
        if own.splits {
            if normalised {
                divide_by_sum(&mut own.values, false);
            }
            sums.iter_mut().zip(own.values).for_each(|(sum, value)| *sum += value);
            count += 1.0;
        }
    }
    if count > 0.0 {
        sums.iter_mut().for_each(|sum| *sum /= count);
        divide_by_sum(&mut sums, true);
    }
    Ok(sums)
}

/// Beyond what any request can carry, so that a number in a file does not make memory.
const MOST_FEATURES: usize = 1 << 20;

struct OfTree {
    values: Vec<f64>,
    splits: bool,
}

/// `Tree.compute_feature_importances` without its normalisation: what each split took from the impurity.
fn of_tree(estimator: &View<'_, '_>, distinct: &mut Distinct) -> Result<OfTree, ValueError> {
    let arrays = TreeArrays::read(estimator, distinct)?;
    let (left, right, feature) = (arrays.field("left_child")?, arrays.field("right_child")?, arrays.field("feature")?);
    let (impurity, weight) = (arrays.numbers("impurity")?, arrays.numbers("weighted_n_node_samples")?);
    let mut values = vec![0.0; arrays.n_features.min(MOST_FEATURES)];
    let weighted = |node: i64| {
        let node = usize::try_from(node).ok().filter(|node| *node < left.len());
        node.map(|node| weight[node] * impurity[node]).ok_or_else(|| arrays.error("a child is outside the tree"))
    };
    for node in 0..left.len() {
        if left[node] == -1 {
            continue;
        }
        let value = usize::try_from(feature[node]).ok().and_then(|feature| values.get_mut(feature));
        let value = value.ok_or_else(|| arrays.error(format!("node {node}: there is no such feature")))?;
        *value += weight[node] * impurity[node] - weighted(left[node])? - weighted(right[node])?;
    }
    values.iter_mut().for_each(|value| *value /= weight[0]);
    Ok(OfTree { values, splits: left.len() > 1 })
}

/// A single tree leaves zeros as they are; a forest divides by whatever the sum is.
fn divide_by_sum(values: &mut [f64], always: bool) {
    let sum = pairwise_sum(values);
    if sum > 0.0 || always {
        values.iter_mut().for_each(|value| *value /= sum);
    }
}
