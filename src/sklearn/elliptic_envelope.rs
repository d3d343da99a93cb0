//! `EllipticEnvelope`.

use super::attributes::{n_features, numbers, policy, vector};
use super::{BuildError, Context};
use crate::model::EllipticEnvelope;
use crate::model::solve::Cholesky;
use crate::value::View;
use ndarray::Array2;

/// Reads center, precision and offset.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or there is only a covariance without an inverse.
pub fn elliptic_envelope(value: &View<'_, '_>, ctx: &mut Context) -> Result<EllipticEnvelope, BuildError> {
    let location = vector(value, "location_", ctx)?;
    let n = n_features(value, Some(location.len()), ctx)?;
    let stored = value.some("precision_").map_or_else(|| value.attr("covariance_"), Ok)?;
    if stored.shape() != [n, n] {
        return Err(stored.error(format!("expected {n} rows of {n}, found {}", stored.kind())).into());
    }
    let matrix = numbers(&stored, ctx)?;
    let precision = match value.some("precision_") {
        Some(_) => matrix,
        // With `store_precision=False` scikit-learn inverts it for each request.
        None => inverse(matrix, n).ok_or_else(|| BuildError::option(value, "a covariance that has no inverse"))?,
    };
    let offset = value.attr("offset_")?.f64()?;
    Ok(EllipticEnvelope { policy: policy(value, false), location, precision, offset })
}

/// The inverse of a covariance, row by row; `None` where it has none, or inverting it takes seconds.
fn inverse(matrix: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    const MOST: usize = 1024;
    let matrix = Array2::from_shape_vec((n, n), matrix).ok().filter(|_| n <= MOST)?;
    let inverse = Cholesky::new(matrix.view())?.solve_columns(Array2::eye(n));
    Some(inverse.iter().copied().collect())
}
