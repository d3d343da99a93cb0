//! `RandomTreesEmbedding`.

use super::attributes::class_name;
use super::tree::{Distinct, TreeArrays, allows_missing, float32_policy};
use super::{BuildError, Context, Version};
use crate::model::Embedding;
use crate::model::tree::ForestBuilder;
use crate::value::{ValueError, View};

/// Reads the trees, and which column each of their leaves is.
///
/// # Errors
/// When its nodes are not trees, or a leaf is no category of the encoder behind them.
pub fn random_trees_embedding(value: &View<'_, '_>, ctx: &mut Context) -> Result<Embedding, BuildError> {
    let n_features = value.attr("n_features_in_")?.usize()?;
    let trees = value.attr("estimators_")?.items()?;
    let categories = value.attr("one_hot_encoder_")?.attr("categories_")?;
    let leaves = categories.items()?;
    if leaves.len() != trees.len() {
        return Err(categories.error(format!("{} lists of leaves for {} trees", leaves.len(), trees.len())).into());
    }
    let mut forest = ForestBuilder::new(n_features, 1, trees.len());
    let (mut distinct, mut n_leaves) = (Distinct::default(), 0);
    for (tree, leaves) in trees.iter().zip(&leaves) {
        let arrays = TreeArrays::read(tree, &mut distinct)?;
        if class_name(tree) != "ExtraTreeRegressor" || arrays.n_features != n_features {
            return Err(tree.error(format!("expected an ExtraTreeRegressor of {n_features} features")).into());
        }
        let columns = columns(&arrays, leaves, n_leaves)?;
        arrays.plant(&mut forest, &columns, Some)?;
        n_leaves += leaves.shape().iter().product::<usize>();
    }
    let allow_nan = match trees.first() {
        Some(tree) => Version::of(value, ctx) >= Version(1, 4) && allows_missing(tree, ctx)?,
        None => false,
    };
    let forest = forest.finish().map_err(|error| value.error(error.to_string()))?;
    Ok(Embedding { policy: float32_policy(value, allow_nan), forest, n_leaves })
}

/// For each node its column where it is a leaf: its place among the `leaves` that training rows came to.
fn columns(arrays: &TreeArrays<'_, '_>, leaves: &View<'_, '_>, first: usize) -> Result<Vec<f64>, ValueError> {
    let known = leaves.f64s()?;
    if !known.is_sorted_by(|a, b| a < b) {
        return Err(leaves.error("the leaves are not ascending"));
    }
    let ends = arrays.field("left_child")?.into_iter().map(|child| child == -1).enumerate();
    let column = |(node, is_leaf): (usize, bool)| match known.binary_search_by(|leaf| leaf.total_cmp(&(node as f64))) {
        Ok(place) => Ok((first + place) as f64),
        Err(_) if is_leaf => Err(leaves.error(format!("leaf {node} is none of them"))),
        Err(_) => Ok(0.0),
    };
    ends.map(column).collect()
}
