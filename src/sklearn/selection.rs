//! `VarianceThreshold`, `SelectKBest`, `SelectFromModel`.

use super::attributes::{class_name, n_features, policy, vector};
use super::importance::{Importances, importances};
use super::tree::allows_missing;
use super::{BuildError, Context};
use crate::model::tree::pairwise_sum;
use crate::model::{InputPolicy, Selector};
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

/// The columns that count enough in an estimator.
///
/// # Errors
/// When the file does not hold how much they count, or a function says it.
pub fn select_from_model(value: &View<'_, '_>, ctx: &mut Context) -> Result<Selector, BuildError> {
    let estimator = value.some("estimator_").map_or_else(|| value.attr("estimator"), Ok)?;
    let getter = value.attr("importance_getter")?;
    let Ok(getter) = getter.str() else { return Err(BuildError::option(value, "an importance_getter of one's own")) };
    let found = importances(&estimator, getter, ctx)?;
    let scores = lengths(&found, value.attr("norm_order")?.f64()?);
    let threshold = threshold(value, &estimator, &scores)?;
    let close = |score: &f64| (score - threshold).abs() <= 1e-5 * threshold.abs();
    if found.single && scores.iter().any(close) {
        return Err(BuildError::option(value, "a feature whose importance, computed in float32, is on the threshold"));
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    if let Some(most) = value.some("max_features") {
        // Without `max_features_` it was not fitted itself; a function's answer is not known then.
        let most = value.some("max_features_").unwrap_or(most);
        let Ok(most) = most.usize() else { return Err(BuildError::option(value, "a max_features that is a function")) };
        let rank = |column: usize| if scores[column].is_nan() { f64::INFINITY } else { -scores[column] };
        order.sort_by(|a, b| rank(*a).total_cmp(&rank(*b)));
        order.truncate(most);
        order.sort_unstable();
    }
    // What is not below it stays, NaN too.
    let below = |column: &usize| scores[*column] < threshold;
    order.retain(|column| !below(column));
    let allow_nan = allows_missing(&estimator, ctx)?;
    selector(value, scores.len(), order, allow_nan, ctx)
}

/// One number for each feature: the magnitude, or `numpy.linalg.norm` of several.
fn lengths(found: &Importances, order: f64) -> Vec<f64> {
    if found.flat {
        return found.values.iter().map(|value| value.abs()).collect();
    }
    let column = |at: usize| found.values.iter().skip(at).step_by(found.n_features).map(|value| value.abs());
    let length = |at: usize| match order {
        f64::INFINITY => column(at).fold(f64::NEG_INFINITY, f64::max),
        f64::NEG_INFINITY => column(at).fold(f64::INFINITY, f64::min),
        0.0 => column(at).filter(|value| *value != 0.0).count() as f64,
        1.0 => column(at).sum(),
        2.0 => column(at).map(|value| value * value).sum::<f64>().sqrt(),
        order => column(at).map(|value| value.powf(order)).sum::<f64>().powf(1.0 / order),
    };
    (0..found.n_features).map(length).collect()
}

/// `_calculate_threshold`.
fn threshold(value: &View<'_, '_>, estimator: &View<'_, '_>, scores: &[f64]) -> Result<f64, BuildError> {
    let Some(given) = value.some("threshold") else {
        return Ok(if is_sparse(estimator)? { 1e-5 } else { mean(scores) });
    };
    let Ok(text) = given.str() else { return Ok(given.f64()?) };
    let (scale, reference) = match text.split_once('*') {
        Some((scale, reference)) => (scale.trim().parse().ok(), reference.trim()),
        None => (Some(1.0), text),
    };
    let reference = match reference {
        "mean" => Some(mean(scores)),
        "median" => Some(median(scores)),
        _ => None,
    };
    match (scale, reference) {
        (Some(scale), Some(reference)) => Ok(scale * reference),
        _ => Err(given.error(format!("{text:?} is no threshold")).into()),
    }
}

/// Whether the estimator makes coefficients zero, which changes the default threshold.
fn is_sparse(estimator: &View<'_, '_>) -> Result<bool, BuildError> {
    let class = class_name(estimator);
    let text = |key| estimator.some(key).is_some_and(|value| value.str() == Ok("l1"));
    let all_one = |key| match estimator.some(key) {
        None => Ok(false),
        Some(ratio) => ratio.f64s().map(|all| all.iter().all(|ratio| (ratio - 1.0).abs() <= 1e-5 + 1e-8)),
    };
    Ok(text("penalty")
        || class.contains("Lasso")
        || match class {
            "LogisticRegression" => all_one("l1_ratio")?,
            "LogisticRegressionCV" => all_one("l1_ratio_")?,
            _ if class.contains("ElasticNet") => all_one("l1_ratio_")? || all_one("l1_ratio")?,
            _ => false,
        })
}

fn mean(values: &[f64]) -> f64 {
    pairwise_sum(values) / values.len() as f64
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted[..] {
        _ if values.iter().any(|value| value.is_nan()) => f64::NAN,
        [] => f64::NAN,
        _ if sorted.len() % 2 == 1 => sorted[sorted.len() / 2],
        _ => (sorted[sorted.len() / 2 - 1] + sorted[sorted.len() / 2]) / 2.0,
    }
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
        false => {
            // scikit-learn checks nothing where it lets NaN pass.
            let policy = InputPolicy { allow_infinite: allow_nan, ..policy(value, allow_nan) };
            Ok(Selector { policy, n_features, kept, passes_none: ctx.sources.any() })
        }
    }
}
