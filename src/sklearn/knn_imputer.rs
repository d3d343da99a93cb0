//! `KNNImputer`.

use super::attributes::{flag, matrix, policy};
use super::impute::indicators;
use super::{BuildError, Context, Version};
use crate::model::KnnImputer;
use crate::model::knn_imputer::Column;
use crate::value::View;

/// Reads the training rows and how they are averaged.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or distances or weights are functions.
pub fn knn_imputer(value: &View<'_, '_>, ctx: &mut Context) -> Result<KnnImputer, BuildError> {
    let missing_value = value.attr("missing_values")?.f64()?;
    if value.attr("metric")?.str() != Ok("nan_euclidean") {
        return Err(BuildError::option(value, "a metric other than 'nan_euclidean'"));
    }
    let by_distance = match value.some("weights").map(|weights| weights.str()) {
        None | Some(Ok("uniform")) => false,
        Some(Ok("distance")) => true,
        Some(_) => return Err(BuildError::option(value, "weights that are a function")),
    };
    let (count, n, mut rows) = matrix(value, "_fit_X", ctx)?;
    if count == 0 {
        return Err(value.error("it has no training rows").into());
    }
    let is_missing = |cell: &f64| *cell == missing_value || cell.is_nan() && missing_value.is_nan();
    let present: Vec<f64> = rows.iter().map(|cell| f64::from(u8::from(!is_missing(cell)))).collect();
    rows.iter_mut().filter(|cell| is_missing(cell)).for_each(|cell| *cell = 0.0);
    let empty = if flag(value, "keep_empty_features", false)? { Column::Zero } else { Column::Dropped };
    let filled = |column: usize| present.iter().skip(column).step_by(n).any(|present| *present != 0.0);
    let columns = (0..n).map(|column| if filled(column) { Column::Filled } else { empty }).collect();
    let version = Version::of(value, ctx);
    let imputer = KnnImputer {
        policy: policy(value, missing_value.is_nan()),
        missing_value,
        rows,
        present,
        columns,
        n_neighbors: value.attr("n_neighbors")?.usize()?.max(1),
        by_distance,
        counts_strangers: version < Version(1, 6),
        indicators: indicators(value, n, ctx)?,
        forgets_indicators: version < Version(1, 3),
    };
    match imputer.n_features_out() {
        0 => Err(value.error("every column was empty in training").into()),
        _ => Ok(imputer),
    }
}
