//! `KMeans` and `MiniBatchKMeans`.

use super::attributes::{n_features, numbers, policy};
use super::{BuildError, Context};
use crate::model::KMeans;
use crate::value::View;

/// Reads `cluster_centers_`, shape (n_clusters, n_features).
pub fn kmeans(value: &View<'_, '_>, ctx: &mut Context) -> Result<KMeans, BuildError> {
    let centers = value.attr("cluster_centers_")?;
    let n = match centers.shape()[..] {
        [clusters, features] if clusters > 0 => n_features(value, Some(features), ctx)?,
        _ => return Err(centers.error(format!("expected a row for each cluster, found {}", centers.kind())).into()),
    };
    Ok(KMeans::new(policy(value, false), numbers(&centers, ctx)?, n))
}
