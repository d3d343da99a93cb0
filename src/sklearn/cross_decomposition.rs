//! `PLSRegression`, `PLSCanonical`, `CCA`, `PLSSVD`.

use super::attributes::{flag, n_features, numbers, policy, vector};
use super::{BuildError, Context, Version};
use crate::model::CrossDecomposition;
use crate::model::cross_decomposition::Regression;
use crate::value::{ValueError, View};

/// Reads rotations and regression coefficients.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn pls(value: &View<'_, '_>, ctx: &mut Context) -> Result<CrossDecomposition, BuildError> {
    let mut model = parts(value, "x_rotations_", ctx)?;
    // `coef_` is a property, and transposed, before 1.3.
    let key = if value.some("coef_").is_some() { "coef_" } else { "_coef_" };
    let coef = value.attr(key)?;
    let n = model.mean.len();
    let targets = match coef.shape()[..] {
        [targets, columns] if targets > 0 && columns == n => targets,
        _ => return Err(coef.error(format!("expected a row of {n} for each target, found {}", coef.kind())).into()),
    };
    let intercept = vector(value, "intercept_", ctx)?;
    if intercept.len() != targets {
        return Err(coef.error(format!("{targets} rows, but {} intercepts", intercept.len())).into());
    }
    let scales = Version::of(value, ctx) < Version(1, 5);
    let flat = flag(value, "_predict_1d", false)? && targets == 1;
    model.regression = Some(Regression { coef: numbers(&coef, ctx)?, intercept, scales, flat });
    Ok(model)
}

/// Reads the weights of a `PLSSVD`, which only transforms.
///
/// # Errors
/// As [`pls`].
pub fn pls_svd(value: &View<'_, '_>, ctx: &mut Context) -> Result<CrossDecomposition, BuildError> {
    Ok(parts(value, "x_weights_", ctx)?)
}

fn parts<'g>(value: &View<'g, '_>, key: &'g str, ctx: &mut Context) -> Result<CrossDecomposition, ValueError> {
    let (mean, scale) = (vector(value, "_x_mean", ctx)?, vector(value, "_x_std", ctx)?);
    let n = n_features(value, Some(mean.len()), ctx)?;
    let rotations = value.attr(key)?;
    let components = match rotations.shape()[..] {
        [rows, components] if rows == n && scale.len() == n && components > 0 => components,
        _ => return Err(rotations.error(format!("expected {n} rows, and as many scales; found {}", rotations.kind()))),
    };
    let columns = numbers(&rotations, ctx)?;
    let rotations = (0..components).flat_map(|at| columns.iter().skip(at).step_by(components).copied()).collect();
    Ok(CrossDecomposition { policy: policy(value, false), mean, scale, rotations, regression: None })
}
