//! `IsotonicRegression`.

use super::attributes::numbers;
use super::{BuildError, Context};
use crate::model::isotonic::Outside;
use crate::model::{FloatType, Isotonic};
use crate::value::View;

/// Reads the thresholds and what becomes of inputs outside them.
///
/// # Errors
/// When the thresholds are not ascending, or there are none.
pub fn isotonic(value: &View<'_, '_>, ctx: &mut Context) -> Result<Isotonic, BuildError> {
    let thresholds = value.attr("X_thresholds_")?;
    let single = thresholds.array().is_some_and(|array| array.dtype.size() == 4);
    let (x, y) = (numbers(&thresholds, ctx)?, numbers(&value.attr("y_thresholds_")?, ctx)?);
    if x.is_empty() || x.len() != y.len() {
        return Err(thresholds.error(format!("{} thresholds for {} values", x.len(), y.len())).into());
    }
    if !x.is_sorted_by(|a, b| a <= b) {
        return Err(thresholds.error("the thresholds are not ascending").into());
    }
    let outside = match value.attr("out_of_bounds")?.str()? {
        "nan" => Outside::Missing,
        "raise" => Outside::Refuse,
        "clip" => {
            let (low, high) = (value.attr("X_min_")?.f64()?, value.attr("X_max_")?.f64()?);
            if low.is_nan() || high.is_nan() {
                return Err(value.error("X_min_ and X_max_ are not numbers").into());
            }
            Outside::Clip { low, high }
        }
        other => return Err(BuildError::option(value, format!("out_of_bounds={other:?}"))),
    };
    Ok(Isotonic { x, y, dtype: if single { FloatType::F32 } else { FloatType::F64 }, outside })
}
