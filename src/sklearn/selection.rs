//! `VarianceThreshold` and `SelectKBest`.

use super::attributes::{n_features, policy, vector};
use super::{BuildError, Context};
use crate::model::Selector;
use crate::value::View;

/// Columns whose variance is above the threshold.
pub fn variance_threshold(value: &View<'_, '_>, ctx: &mut Context) -> Result<Selector, BuildError> {
    let threshold = value.attr("threshold")?.f64()?;
    let variances = vector(value, "variances_", ctx)?;
    let kept = (0..variances.len()).filter(|column| variances[*column] > threshold).collect();
    selector(value, variances.len(), kept, true, ctx)
}

/// The `k` columns with the highest scores; of equal ones the last (a stable sort).
pub fn select_k_best(value: &View<'_, '_>, ctx: &mut Context) -> Result<Selector, BuildError> {
    let scores = vector(value, "scores_", ctx)?;
    let k = value.attr("k")?;
    let k = if k.str() == Ok("all") { scores.len() } else { k.usize()?.min(scores.len()) };
    let rank = |column: &usize| if scores[*column].is_nan() { f64::MIN } else { scores[*column] };
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    let mut kept = order.split_off(scores.len() - k);
    kept.sort_unstable();
    selector(value, scores.len(), kept, false, ctx)
}

fn selector(
    value: &View<'_, '_>,
    n: usize,
    kept: Vec<usize>,
    allow_nan: bool,
    ctx: &mut Context,
) -> Result<Selector, BuildError> {
    let n_features = n_features(value, Some(n), ctx)?;
    match kept.is_empty() {
        true => Err(value.error("it keeps no columns").into()),
        false => Ok(Selector { policy: policy(value, allow_nan), n_features, kept, passes_none: ctx.sources.any() }),
    }
}
