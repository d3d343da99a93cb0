//! `BisectingKMeans`.

use super::attributes::{policy, vector};
use super::kmeans::kmeans;
use super::{BuildError, Context};
use crate::model::bisecting_kmeans::Node;
use crate::model::{BisectingKMeans, InputPolicy, KMeans};
use crate::value::View;
use std::collections::HashSet;

/// Reads the centers, and the tree of splits that led to them.
///
/// # Errors
/// When the splits are not a tree, or their centers are not for the same features.
pub fn bisecting_kmeans(value: &View<'_, '_>, ctx: &mut Context) -> Result<BisectingKMeans, BuildError> {
    let centers = kmeans(value, ctx)?;
    // Training subtracted the mean; predictions add it to the centers instead.
    let mean = value.some("_X_mean").map(|_| vector(value, "_X_mean", ctx)).transpose()?;
    let mean = mean.unwrap_or_else(|| vec![0.0; centers.n_features()]);
    if mean.len() != centers.n_features() {
        return Err(value.error("_X_mean and cluster_centers_ disagree").into());
    }
    let nodes = nodes(value, &mean, ctx)?;
    Ok(BisectingKMeans { centers, nodes })
}

/// The tree, without recursion: a node is put in its place when its parent is read.
fn nodes(value: &View<'_, '_>, mean: &[f64], ctx: &mut Context) -> Result<Vec<Node>, BuildError> {
    let policy = policy(value, false);
    let (mut nodes, mut seen) = (vec![Node::Leaf(0)], HashSet::new());
    let mut open = vec![(0, value.attr("_bisecting_tree")?)];
    while let Some((at, node)) = open.pop() {
        if !seen.insert(node.id()) {
            return Err(node.error("the same cluster stands in two places").into());
        }
        nodes[at] = match (node.some("left"), node.some("right")) {
            (None, None) => Node::Leaf(node.attr("label")?.i64()?),
            (Some(left), Some(right)) => {
                let pair = pair(&policy, [&left, &right], mean, ctx)?;
                let children = [nodes.len(), nodes.len() + 1];
                nodes.extend([Node::Leaf(0), Node::Leaf(0)]);
                open.extend(children.into_iter().zip([left, right]));
                Node::Split { pair, children }
            }
            _ => return Err(node.error("a cluster is split in two or not at all").into()),
        };
    }
    Ok(nodes)
}

fn pair(policy: &InputPolicy, two: [&View<'_, '_>; 2], mean: &[f64], ctx: &mut Context) -> Result<KMeans, BuildError> {
    let mut centers = Vec::with_capacity(2 * mean.len());
    for node in two {
        let center = vector(node, "center", ctx)?;
        if center.len() != mean.len() {
            return Err(node
                .error(format!("its center has {} numbers for {} features", center.len(), mean.len()))
                .into());
        }
        centers.extend(center.iter().zip(mean).map(|(center, mean)| center + mean));
    }
    Ok(KMeans::new(policy.clone(), centers, mean.len()))
}
