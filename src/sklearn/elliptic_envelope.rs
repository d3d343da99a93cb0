//! `EllipticEnvelope`.

use super::attributes::{n_features, numbers, policy, vector};
use super::{BuildError, Context};
use crate::model::EllipticEnvelope;
use crate::value::View;

/// Reads center, precision and offset.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the precision was not stored.
pub fn elliptic_envelope(value: &View<'_, '_>, ctx: &mut Context) -> Result<EllipticEnvelope, BuildError> {
    let location = vector(value, "location_", ctx)?;
    let n = n_features(value, Some(location.len()), ctx)?;
    let Some(precision) = value.some("precision_") else {
        return Err(BuildError::option(value, "store_precision=False"));
    };
    if precision.shape() != [n, n] {
        return Err(precision.error(format!("expected {n} rows of {n}, found {}", precision.kind())).into());
    }
    let precision = numbers(&precision, ctx)?;
    let offset = value.attr("offset_")?.f64()?;
    Ok(EllipticEnvelope { policy: policy(value, false), location, precision, offset })
}
