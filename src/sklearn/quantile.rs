//! `QuantileTransformer`.

use super::attributes::{n_features, numbers, policy, vector};
use super::{BuildError, Context};
use crate::model::QuantileTransformer;
use crate::value::View;

/// Reads quantiles and references.
pub fn quantile_transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<QuantileTransformer, BuildError> {
    let normal = match value.attr("output_distribution")?.str()? {
        "uniform" => false,
        "normal" => true,
        other => return Err(BuildError::option(value, format!("output_distribution={other:?}"))),
    };
    let references = vector(value, "references_", ctx)?;
    let array = value.attr("quantiles_")?;
    let &[n, columns] = &array.shape()[..] else {
        return Err(array.error(format!("expected a matrix, found {}", array.kind())).into());
    };
    if n == 0 || n != references.len() {
        return Err(array.error(format!("{n} quantiles for {} references", references.len())).into());
    }
    n_features(value, Some(columns), ctx)?;
    let all = numbers(&array, ctx)?;
    let column = |at: usize| all.iter().skip(at).step_by(columns).copied().collect::<Vec<f64>>();
    let quantiles: Vec<Vec<f64>> = (0..columns).map(column).collect();
    let ascends =
        |values: &Vec<f64>| values.is_sorted_by(|a, b| a <= b) && values.iter().all(|value| value.is_finite());
    if !quantiles.iter().chain([&references]).all(ascends) {
        return Err(BuildError::option(value, "quantiles that do not ascend"));
    }
    Ok(QuantileTransformer { policy: policy(value, true), quantiles, references, normal })
}
