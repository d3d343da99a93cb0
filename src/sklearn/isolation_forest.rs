//! `IsolationForest`.

use super::attributes::class_name;
use super::tree::{Planter, TreeArrays, float32_policy};
use super::{BuildError, Context, Version};
use crate::model::{FloatType, InputPolicy, IsolationForest};
use crate::value::{ValueError, View};

/// Reads the trees with the features that each was given, and what a depth is measured against.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or its nodes are not trees.
pub fn isolation_forest(value: &View<'_, '_>, ctx: &mut Context) -> Result<IsolationForest, BuildError> {
    let n_features = value.attr("n_features_in_")?.usize()?;
    let trees = value.attr("estimators_")?.items()?;
    let subsets = subsets(value, n_features, trees.len())?;
    let lengths = PathLengths::read(value, trees.len())?;
    let mut planter = Planter::new(n_features, 1, 1);
    for (i, tree) in trees.iter().enumerate() {
        let arrays = TreeArrays::read(tree)?;
        let subset = subsets.as_ref().map(|subsets| &subsets[i]);
        let (outputs, takes) = (arrays.n_outputs * arrays.max_n_classes, subset.map_or(n_features, Vec::len));
        if class_name(tree) != "ExtraTreeRegressor" || outputs != 1 || arrays.n_features != takes {
            return Err(tree
                .error(format!("expected an ExtraTreeRegressor of {takes} features and one output"))
                .into());
        }
        let depths = lengths.of_leaves(i, &arrays)?;
        planter.plant(&arrays, &depths, |feature| match subset {
            Some(subset) => subset.get(feature as usize).copied(),
            None => Some(feature),
        })?;
    }
    // The attribute without underscore has the same value, and is the older one.
    let max_samples = value.get("_max_samples").map_or_else(|| value.attr("max_samples_"), Ok)?.f64()?;
    let offset = value.attr("offset_")?.f64()?;
    if !offset.is_finite() {
        return Err(value.error("offset_ is not a finite number").into());
    }
    Ok(IsolationForest {
        policies: policies(value, Version::of(value, ctx)),
        forest: planter.finish(value)?,
        denominator: trees.len() as f64 * average_path_length(max_samples),
        offset,
    })
}

/// Before 1.3 the input is checked as it is, then as `float32` by the trees; from 1.6 it is not checked.
fn policies(value: &View<'_, '_>, version: Version) -> Vec<InputPolicy> {
    let float32 = float32_policy(value, false);
    match version {
        _ if version < Version(1, 3) => vec![InputPolicy { dtype: FloatType::F64, ..float32.clone() }, float32],
        _ if version < Version(1, 6) => vec![float32],
        _ => vec![],
    }
}

/// The features that each tree was given, if not all.
fn subsets(value: &View<'_, '_>, n_features: usize, n_trees: usize) -> Result<Option<Vec<Vec<u32>>>, ValueError> {
    if value.attr("_max_features")?.usize()? == n_features {
        return Ok(None);
    }
    let features = value.attr("estimators_features_")?;
    let subsets = features.items()?;
    if subsets.len() != n_trees {
        return Err(features.error(format!("expected one entry for each of {n_trees} trees, found {}", subsets.len())));
    }
    let number = |n: i64| u32::try_from(n).ok().filter(|n| (*n as usize) < n_features);
    let read = |subset: &View<'_, '_>| {
        let subset_numbers: Option<Vec<u32>> = subset.i64s()?.into_iter().map(number).collect();
        subset_numbers.ok_or_else(|| subset.error(format!("a feature is outside the model's {n_features}")))
    };
    subsets.iter().map(read).collect::<Result<_, _>>().map(Some)
}

/// How deep each node lies, and how much deeper its samples would have gone: stored from 1.3.
struct PathLengths<'g, 'a> {
    /// `_decision_path_lengths` and `_average_path_length_per_tree`, one entry for each tree.
    stored: Option<(Vec<View<'g, 'a>>, Vec<View<'g, 'a>>)>,
}

impl<'g, 'a> PathLengths<'g, 'a> {
    fn read(value: &View<'g, 'a>, n_trees: usize) -> Result<Self, ValueError> {
        let (Some(depths), Some(averages)) =
            (value.get("_decision_path_lengths"), value.get("_average_path_length_per_tree"))
        else {
            return Ok(PathLengths { stored: None });
        };
        let stored = (depths.items()?, averages.items()?);
        if stored.0.len() != n_trees || stored.1.len() != n_trees {
            return Err(depths.error(format!("expected one entry for each of {n_trees} trees")));
        }
        Ok(PathLengths { stored: Some(stored) })
    }

    /// Nodes on the path to each node, plus its average path length, less one.
    fn of_leaves(&self, tree: usize, arrays: &TreeArrays<'_, '_>) -> Result<Vec<f64>, ValueError> {
        let (depths, averages) = match &self.stored {
            Some((depths, averages)) => (depths[tree].f64s()?, averages[tree].f64s()?),
            None => {
                let samples = arrays.field("n_node_samples")?;
                let averages = samples.into_iter().map(|n| average_path_length(n as f64)).collect();
                (node_depths(arrays)?, averages)
            }
        };
        if depths.len() != arrays.n_nodes || averages.len() != arrays.n_nodes {
            return Err(arrays.error("the stored path lengths are not as many as its nodes"));
        }
        Ok(depths.into_iter().zip(averages).map(|(depth, average)| depth + average - 1.0).collect())
    }
}

/// Nodes on the path from the root to each node, both included (`Tree.decision_path`). scikit-learn writes parents
/// before their children.
fn node_depths(arrays: &TreeArrays<'_, '_>) -> Result<Vec<f64>, ValueError> {
    let (left, right) = (arrays.field("left_child")?, arrays.field("right_child")?);
    let mut depths = vec![1.0; left.len()];
    for parent in 0..left.len() {
        for child in [left[parent], right[parent]] {
            match usize::try_from(child) {
                Ok(child) if child > parent && child < depths.len() => depths[child] = depths[parent] + 1.0,
                Ok(child) => return Err(arrays.error(format!("node {parent}: child {child} cannot be"))),
                Err(_) => {}
            }
        }
    }
    Ok(depths)
}

/// Average path length of an unsuccessful search among `n` samples (`_iforest._average_path_length`).
fn average_path_length(n: f64) -> f64 {
    const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
    match n {
        n if n <= 1.0 => 0.0,
        2.0 => 1.0,
        n => 2.0 * ((n - 1.0).ln() + EULER_GAMMA) - 2.0 * (n - 1.0) / n,
    }
}
