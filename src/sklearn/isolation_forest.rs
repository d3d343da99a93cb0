//! `IsolationForest`.

use super::attributes::class_name;
use super::tree::{Distinct, TreeArrays, float32_policy};
use super::{BuildError, Context, Version};
use crate::model::tree::ForestBuilder;
use crate::model::{FloatType, InputPolicy, IsolationForest};
use crate::value::{ValueError, View};

/// Reads the trees with the features that each was given, and what a depth is measured against.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or its nodes are not trees.
pub fn isolation_forest(value: &View<'_, '_>, ctx: &mut Context) -> Result<IsolationForest, BuildError> {
    let n_features = value.attr("n_features_in_")?.usize()?;
    let max_features = value.attr("_max_features")?.usize()?;
    let trees = value.attr("estimators_")?.items()?;
    let subsets = per_tree(value, "estimators_features_", trees.len())?;
    let subsets = subsets.filter(|_| max_features != n_features);
    let lengths = PathLengths::read(value, trees.len())?;
    let (mut forest, mut distinct) = (ForestBuilder::new(n_features, 1, 1), Distinct::default());
    for (i, tree) in trees.iter().enumerate() {
        let subset = subsets.as_ref().map(|all| subset(&all[i], n_features, &mut distinct)).transpose()?;
        let takes = subset.as_ref().map_or(n_features, Vec::len);
        let arrays = TreeArrays::read(tree, &mut distinct)?;
        let outputs = arrays.n_outputs * arrays.max_n_classes;
        if class_name(tree) != "ExtraTreeRegressor" || outputs != 1 || arrays.n_features != takes {
            return Err(tree
                .error(format!("expected an ExtraTreeRegressor of {takes} features and one output"))
                .into());
        }
        let depths = lengths.of_nodes(i, &arrays)?;
        arrays.plant(&mut forest, &depths, |feature| match &subset {
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
        forest: forest.finish().map_err(|error| value.error(error.to_string()))?,
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

/// An attribute with one entry for each tree; `None` where the version that wrote the forest has no such attribute.
fn per_tree<'g, 'a>(
    value: &View<'g, 'a>,
    key: &'g str,
    n_trees: usize,
) -> Result<Option<Vec<View<'g, 'a>>>, ValueError> {
    let Some(entries) = value.get(key) else { return Ok(None) };
    let items = entries.items()?;
    match items.len() == n_trees {
        true => Ok(Some(items)),
        false => Err(entries.error(format!("expected one entry for each of {n_trees} trees, found {}", items.len()))),
    }
}

/// The features that one tree was given.
fn subset(features: &View<'_, '_>, n_features: usize, distinct: &mut Distinct) -> Result<Vec<u32>, ValueError> {
    distinct.claim(features)?;
    let number = |n: i64| u32::try_from(n).ok().filter(|n| (*n as usize) < n_features);
    let numbers: Option<Vec<u32>> = features.i64s()?.into_iter().map(number).collect();
    numbers.ok_or_else(|| features.error(format!("a feature is outside the model's {n_features}")))
}

/// How deep each node lies, and how much deeper its samples would have gone on average: stored from 1.3.
struct PathLengths<'g, 'a> {
    depths: Option<Vec<View<'g, 'a>>>,
    averages: Option<Vec<View<'g, 'a>>>,
}

impl<'g, 'a> PathLengths<'g, 'a> {
    fn read(value: &View<'g, 'a>, n_trees: usize) -> Result<Self, ValueError> {
        Ok(PathLengths {
            depths: per_tree(value, "_decision_path_lengths", n_trees)?,
            averages: per_tree(value, "_average_path_length_per_tree", n_trees)?,
        })
    }

    /// Nodes on the path to each node, plus its average path length, less one.
    fn of_nodes(&self, tree: usize, arrays: &TreeArrays<'_, '_>) -> Result<Vec<f64>, ValueError> {
        let stored = |entry: &View<'_, '_>| match entry.shape()[..] == [arrays.n_nodes] {
            true => entry.f64s(),
            false => Err(entry.error(format!("expected a number for each of {} nodes", arrays.n_nodes))),
        };
        let depths = self.depths.as_ref().map_or_else(|| node_depths(arrays), |all| stored(&all[tree]))?;
        let averages = match &self.averages {
            Some(all) => stored(&all[tree])?,
            None => arrays.field("n_node_samples")?.into_iter().map(|n| average_path_length(n as f64)).collect(),
        };
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
pub fn average_path_length(n: f64) -> f64 {
    const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
    match n {
        n if n <= 1.0 => 0.0,
        2.0 => 1.0,
        n => 2.0 * ((n - 1.0).ln() + EULER_GAMMA) - 2.0 * (n - 1.0) / n,
    }
}
