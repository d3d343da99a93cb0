//! `MeanShift`, `AffinityPropagation` and `Birch`.

use super::attributes::{matrix, policy};
use super::{BuildError, Context};
use crate::model::{Cluster, KMeans};
use crate::value::View;

/// Reads the centers of a `MeanShift`, whose labels are their places.
///
/// # Errors
/// When there is no center.
pub fn mean_shift(value: &View<'_, '_>, ctx: &mut Context) -> Result<Cluster, BuildError> {
    let (n, centers) = centers(value, "cluster_centers_", ctx)?;
    match n {
        0 => Err(value.error("it has no cluster centers").into()),
        _ => Ok(Cluster { centers, labels: (0..n as i64).collect(), transforms: false }),
    }
}

/// Reads the centers of an `AffinityPropagation`: none where it did not converge.
///
/// # Errors
/// When it was fitted to affinities, which say nothing about new rows.
pub fn affinity_propagation(value: &View<'_, '_>, ctx: &mut Context) -> Result<Cluster, BuildError> {
    if value.attr("affinity")?.str()? == "precomputed" {
        return Err(BuildError::option(value, "affinity='precomputed', which has no predict,"));
    }
    let (n, centers) = centers(value, "cluster_centers_", ctx)?;
    Ok(Cluster { centers, labels: (0..n as i64).collect(), transforms: false })
}

/// Reads the subclusters of a `Birch` and the cluster of each.
///
/// # Errors
/// When they do not agree, or there is none.
pub fn birch(value: &View<'_, '_>, ctx: &mut Context) -> Result<Cluster, BuildError> {
    let (n, centers) = centers(value, "subcluster_centers_", ctx)?;
    let labels = value.attr("subcluster_labels_")?;
    ctx.read(&labels)?;
    let labels_of = labels.i64s()?;
    if n == 0 || labels_of.len() != n {
        return Err(labels.error(format!("{} labels for {n} subclusters", labels_of.len())).into());
    }
    Ok(Cluster { centers, labels: labels_of, transforms: true })
}

fn centers<'g>(value: &View<'g, '_>, key: &'g str, ctx: &mut Context) -> Result<(usize, KMeans), BuildError> {
    let (n, n_features, centers) = matrix(value, key, ctx)?;
    Ok((n, KMeans::new(policy(value, false), centers, n_features)))
}
