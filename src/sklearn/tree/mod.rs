//! Single decision trees and forests: `DecisionTree*`, `ExtraTree*`, `RandomForest*`, `ExtraTrees*`.

mod grove;
mod missing;
mod nodes;

pub(super) use nodes::{Distinct, TreeArrays};

use super::attributes::class_name;
use super::labels::classes;
use super::{BuildError, Context, Version};
use crate::model::tree::{ForestBuilder, Target, divide_by_sum};
use crate::model::{Classes, FloatType, InputPolicy, TreeEnsemble};
use crate::value::{ValueError, View};
use missing::supports_missing;
use std::sync::Arc;

/// A single tree.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or its nodes are not a tree.
pub fn decision_tree(value: &View<'_, '_>, ctx: &mut Context) -> Result<TreeEnsemble, BuildError> {
    let version = Version::of(value, ctx);
    let shape = Shape::read(value, version < Version(1, 4))?;
    let mut trees = shape.builder();
    shape.plant(value, &mut trees, &mut Distinct::default(), false)?;
    Ok(shape.ensemble(value, trees, supports_missing(value, version), false)?)
}

/// A forest, which averages its trees.
///
/// # Errors
/// As [`decision_tree`], or when the trees do not fit each other.
pub fn forest(value: &View<'_, '_>, ctx: &mut Context) -> Result<TreeEnsemble, BuildError> {
    let version = Version::of(value, ctx);
    let shape = Shape::read(value, false)?;
    let estimators = value.attr("estimators_")?.items()?;
    for tree in &estimators {
        let expected = if shape.is_classifier() { TREE_CLASSIFIERS } else { TREE_REGRESSORS };
        if !expected.contains(&class_name(tree)) {
            return Err(tree.error(format!("expected a {}, found {}", expected[0], tree.kind())).into());
        }
    }
    let divided: Vec<bool> = estimators.iter().map(|tree| Version::of(tree, ctx) < Version(1, 4)).collect();
    let trees = match grove::plant(&shape, &estimators, &divided) {
        Some(trees) => trees,
        None => {
            let (mut trees, mut distinct) = (shape.builder(), Distinct::default());
            for (tree, divide) in estimators.iter().zip(divided) {
                shape.plant(tree, &mut trees, &mut distinct, divide)?;
            }
            trees
        }
    };
    let first = estimators.first().is_some_and(|tree| supports_missing(tree, Version::of(tree, ctx)));
    Ok(shape.ensemble(value, trees, version >= Version(1, 4) && first, true)?)
}

/// Whether a fitted tree or forest takes NaN; no other estimator of which only the importances are read does.
///
/// # Errors
/// When a forest has no list of trees.
pub(super) fn allows_missing(value: &View<'_, '_>, ctx: &Context) -> Result<bool, ValueError> {
    let version = Version::of(value, ctx);
    match class_name(value) {
        class if TREE_CLASSIFIERS.contains(&class) || TREE_REGRESSORS.contains(&class) => {
            Ok(supports_missing(value, version))
        }
        "RandomForestClassifier" | "RandomForestRegressor" | "ExtraTreesClassifier" | "ExtraTreesRegressor" => {
            let trees = value.attr("estimators_")?.items()?;
            Ok(version >= Version(1, 4) && trees.first().is_some_and(|tree| supports_missing(tree, version)))
        }
        _ => Ok(false),
    }
}

const TREE_CLASSIFIERS: [&str; 2] = ["DecisionTreeClassifier", "ExtraTreeClassifier"];
const TREE_REGRESSORS: [&str; 2] = ["DecisionTreeRegressor", "ExtraTreeRegressor"];

/// What a tree or forest takes and gives.
struct Shape {
    n_features: usize,
    target: Target,
}

impl Shape {
    fn read(value: &View<'_, '_>, counts: bool) -> Result<Shape, ValueError> {
        let n_features = value.attr("n_features_in_")?.usize()?;
        let n_outputs = value.attr("n_outputs_")?.usize()?;
        if n_features == 0 || n_outputs == 0 {
            return Err(value.error(format!("{n_features} features and {n_outputs} outputs cannot be")));
        }
        if class_name(value).ends_with("Regressor") {
            return Ok(Shape { n_features, target: Target::Numbers(n_outputs) });
        }
        let labels = value.attr("classes_")?;
        let outputs = if n_outputs == 1 { vec![labels.clone()] } else { labels.items()? };
        let classes: Vec<Arc<Classes>> =
            outputs.iter().map(|output| classes(output).map(Arc::new)).collect::<Result<_, _>>()?;
        let n_classes = value.attr("n_classes_")?.i64s()?;
        let agree = classes.len() == n_outputs
            && classes.iter().map(|classes| classes.len() as i64).eq(n_classes)
            && classes.iter().all(|classes| !classes.is_empty());
        if !agree {
            return Err(labels.error("classes_, n_classes_ and n_outputs_ disagree"));
        }
        Ok(Shape { n_features, target: Target::Labels { classes, counts } })
    }

    fn is_classifier(&self) -> bool {
        matches!(self.target, Target::Labels { .. })
    }

    fn n_outputs(&self) -> usize {
        match &self.target {
            Target::Numbers(n) => *n,
            Target::Labels { classes, .. } => classes.len(),
        }
    }

    /// A builder for leaves with one number for each regression output, or each class of each output.
    fn builder(&self) -> ForestBuilder {
        let width = match &self.target {
            Target::Numbers(n) => *n,
            Target::Labels { classes, .. } => classes.iter().map(|classes| classes.len()).sum(),
        };
        ForestBuilder::new(self.n_features, width, width)
    }

    /// Adds one tree; `divide` its class weights by their sum.
    fn plant(
        &self,
        tree: &View<'_, '_>,
        trees: &mut ForestBuilder,
        distinct: &mut Distinct,
        divide: bool,
    ) -> Result<(), ValueError> {
        let arrays = TreeArrays::read(tree, distinct)?;
        let max_n_classes = match &self.target {
            Target::Numbers(_) => Some(1),
            Target::Labels { classes, .. } => classes.iter().map(|classes| classes.len()).max(),
        };
        let fits = arrays.n_features == self.n_features
            && arrays.n_outputs == self.n_outputs()
            && Some(arrays.max_n_classes) == max_n_classes;
        if !fits {
            return Err(arrays.error("features, outputs or classes are not those of the whole model"));
        }
        match &self.target {
            Target::Numbers(_) => arrays.plant(trees, &arrays.values, Some),
            Target::Labels { classes, .. } => arrays.plant(trees, &class_weights(&arrays, classes, divide), Some),
        }
    }

    fn ensemble(
        self,
        value: &View<'_, '_>,
        trees: ForestBuilder,
        allow_nan: bool,
        averaged: bool,
    ) -> Result<TreeEnsemble, ValueError> {
        let forest = trees.finish().map_err(|error| value.error(error.to_string()))?;
        Ok(TreeEnsemble { policy: float32_policy(value, allow_nan), forest, averaged, target: self.target })
    }
}

/// The check of nearly every estimator made of trees: `float32`, no infinity.
pub(super) fn float32_policy(value: &View<'_, '_>, allow_nan: bool) -> InputPolicy {
    InputPolicy { estimator: class_name(value).to_owned(), dtype: FloatType::F32, allow_nan, allow_infinite: false }
}

/// The classes of all outputs side by side, without the padding of outputs that have fewer than others.
fn class_weights(arrays: &TreeArrays<'_, '_>, classes: &[Arc<Classes>], divide: bool) -> Vec<f64> {
    let mut weights = Vec::with_capacity(arrays.values.len());
    for (output, classes) in arrays.values.chunks_exact(arrays.max_n_classes).zip(classes.iter().cycle()) {
        let from = weights.len();
        weights.extend_from_slice(&output[..classes.len()]);
        if divide {
            divide_by_sum(&mut weights[from..]);
        }
    }
    weights
}
