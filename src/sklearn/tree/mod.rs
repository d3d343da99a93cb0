//! Single decision trees and forests: `DecisionTree*`, `ExtraTree*`, `RandomForest*`, `ExtraTrees*`.

mod missing;
mod nodes;

pub(super) use nodes::{Planter, TreeArrays};

use super::attributes::class_name;
use super::labels::classes;
use super::{BuildError, Context, Version};
use crate::model::tree::{Target, divide_by_sum};
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
    let counts = version < Version(1, 4);
    let shape = Shape::read(value, counts)?;
    let mut planter = shape.planter();
    shape.plant(value, &mut planter, false)?;
    let allow_nan = version >= Version(1, 3) && supports_missing(value, version);
    Ok(shape.ensemble(value, planter, allow_nan, false)?)
}

/// A forest, which averages its trees.
///
/// # Errors
/// As [`decision_tree`], or when the trees do not fit each other.
pub fn forest(value: &View<'_, '_>, ctx: &mut Context) -> Result<TreeEnsemble, BuildError> {
    let version = Version::of(value, ctx);
    let shape = Shape::read(value, false)?;
    let mut planter = shape.planter();
    let trees = value.attr("estimators_")?.items()?;
    for tree in &trees {
        let expected = if shape.is_classifier() { TREE_CLASSIFIERS } else { TREE_REGRESSORS };
        if !expected.contains(&class_name(tree)) {
            return Err(tree.error(format!("expected a {}, found {}", expected[0], tree.kind())).into());
        }
        shape.plant(tree, &mut planter, Version::of(tree, ctx) < Version(1, 4))?;
    }
    let first = trees.first().is_some_and(|tree| supports_missing(tree, Version::of(tree, ctx)));
    Ok(shape.ensemble(value, planter, version >= Version(1, 4) && first, true)?)
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

    /// Numbers of classes, output by output; 1 for each number of a regression.
    fn widths(&self) -> Vec<usize> {
        match &self.target {
            Target::Numbers(n) => vec![1; *n],
            Target::Labels { classes, .. } => classes.iter().map(|classes| classes.len()).collect(),
        }
    }

    fn planter(&self) -> Planter {
        let width = self.widths().iter().sum();
        Planter::new(self.n_features, width, width)
    }

    /// Adds one tree; `divide` its class weights by their sum.
    fn plant(&self, tree: &View<'_, '_>, planter: &mut Planter, divide: bool) -> Result<(), ValueError> {
        let arrays = TreeArrays::read(tree)?;
        let widths = self.widths();
        let fits = arrays.n_features == self.n_features
            && arrays.n_outputs == widths.len()
            && widths.iter().max() == Some(&arrays.max_n_classes);
        if !fits {
            return Err(arrays.error("features, outputs or classes are not those of the whole model"));
        }
        planter.plant(&arrays, &leaf_values(&arrays, &widths, divide && self.is_classifier()), Some)
    }

    fn ensemble(
        self,
        value: &View<'_, '_>,
        planter: Planter,
        allow_nan: bool,
        averaged: bool,
    ) -> Result<TreeEnsemble, ValueError> {
        let policy = float32_policy(value, allow_nan);
        Ok(TreeEnsemble { policy, forest: planter.finish(value)?, averaged, target: self.target })
    }
}

/// The check of nearly every estimator made of trees: `float32`, no infinity.
pub(super) fn float32_policy(value: &View<'_, '_>, allow_nan: bool) -> InputPolicy {
    InputPolicy { estimator: class_name(value).to_owned(), dtype: FloatType::F32, allow_nan, allow_infinite: false }
}

/// The classes of all outputs side by side, without the padding of outputs that have fewer than others.
fn leaf_values(arrays: &TreeArrays<'_, '_>, widths: &[usize], divide: bool) -> Vec<f64> {
    let mut values = Vec::with_capacity(arrays.values.len());
    for (output, width) in arrays.values.chunks_exact(arrays.max_n_classes).zip(widths.iter().cycle()) {
        let from = values.len();
        values.extend_from_slice(&output[..*width]);
        if divide {
            divide_by_sum(&mut values[from..]);
        }
    }
    values
}
