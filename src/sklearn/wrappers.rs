//! Estimators that predict as the one fitted inside them does: searches of parameters, frozen estimators and others.

use super::{BuildError, Context};
use crate::model::Estimator;
use crate::value::View;

/// `GridSearchCV` and its kin, with `refit`.
///
/// # Errors
/// When nothing was refitted, or scorelet lacks the best estimator.
pub fn search(value: &View<'_, '_>, ctx: &mut Context) -> Result<Estimator, BuildError> {
    inner(value, "best_estimator_", ctx)
}

/// `FrozenEstimator`.
///
/// # Errors
/// When scorelet lacks what is frozen.
pub fn frozen(value: &View<'_, '_>, ctx: &mut Context) -> Result<Estimator, BuildError> {
    inner(value, "estimator", ctx)
}

/// `RANSACRegressor`.
///
/// # Errors
/// When scorelet lacks the estimator fitted to the inliers.
pub fn ransac(value: &View<'_, '_>, ctx: &mut Context) -> Result<Estimator, BuildError> {
    inner(value, "estimator_", ctx)
}

/// `SelfTrainingClassifier`.
///
/// # Errors
/// When scorelet lacks the estimator fitted last.
pub fn self_training(value: &View<'_, '_>, ctx: &mut Context) -> Result<Estimator, BuildError> {
    // `base_estimator_` before 1.6.
    let key = if value.some("estimator_").is_some() { "estimator_" } else { "base_estimator_" };
    inner(value, key, ctx)
}

fn inner<'g>(value: &View<'g, '_>, key: &'g str, ctx: &mut Context) -> Result<Estimator, BuildError> {
    super::estimator(&value.attr(key)?, ctx)
}
