//! `NearestCentroid`.

use super::attributes::{n_features, numbers, policy, vector};
use super::members::own_classes;
use super::{BuildError, Context, Version};
use crate::model::NearestCentroid;
use crate::model::nearest_centroid::Scores;
use crate::model::neighbors::Metric;
use crate::value::View;

/// Reads the centers and, from 1.6, priors and spreads.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn nearest_centroid(value: &View<'_, '_>, ctx: &mut Context) -> Result<NearestCentroid, BuildError> {
    let classes = own_classes(value, ctx)?;
    let centroids = value.attr("centroids_")?;
    let [rows, columns] = centroids.shape()[..] else {
        return Err(centroids.error(format!("expected a row for each class, found {}", centroids.kind())).into());
    };
    let n_features = n_features(value, Some(columns), ctx)?;
    if rows != classes.len() {
        return Err(centroids.error(format!("{rows} centers for {} classes", classes.len())).into());
    }
    let metric = value.attr("metric")?;
    let metric = match metric.str() {
        Ok("euclidean") => Metric::Euclidean,
        Ok("manhattan") => Metric::Manhattan,
        _ => return Err(BuildError::option(value, "a metric other than 'euclidean' and 'manhattan'")),
    };
    let scores = match Version::of(value, ctx) >= Version(1, 6) {
        true => Some(scores(value, rows, n_features, ctx)?),
        false => None,
    };
    let centroids = numbers(&centroids, ctx)?;
    Ok(NearestCentroid { policy: policy(value, false), n_features, classes, centroids, metric, scores })
}

fn scores(value: &View<'_, '_>, n: usize, n_features: usize, ctx: &mut Context) -> Result<Scores, BuildError> {
    let priors = vector(value, "class_prior_", ctx)?;
    let spread = vector(value, "within_class_std_dev_", ctx)?;
    if priors.len() != n || spread.len() != n_features {
        return Err(value
            .error(format!("priors and spreads are not for {n} classes and {n_features} features"))
            .into());
    }
    let even = 1.0 / n as f64;
    let decide = !priors.iter().all(|prior| (prior - even).abs() <= 1e-8 + 1e-5 * even);
    let spread = spread.into_iter().map(|spread| if spread == 0.0 { 1.0 } else { spread }).collect();
    Ok(Scores { spread, log_prior: priors.into_iter().map(f64::ln).collect(), decide })
}
