//! The selectors: by variance, by scores, by an estimator.

use super::attributes::{class_name, n_features, policy, vector};
use super::importance::{Importances, importances};
use super::members::{Handed, member};
use super::tree::allows_missing;
use super::{BuildError, Context, Version};
use crate::model::tree::pairwise_sum;
use crate::model::{Elimination, InputPolicy, Selector};
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
    let scores = scores(value, ctx)?;
    let kept = best(&value.attr("k")?, &scores)?;
    selector(value, scores.len(), kept, false, ctx)
}

/// `SelectPercentile`: the columns whose scores are in the upper part.
pub fn select_percentile(value: &View<'_, '_>, ctx: &mut Context) -> Result<Selector, BuildError> {
    let scores = scores(value, ctx)?;
    let kept = upper(value.attr("percentile")?.f64()?, &scores);
    selector(value, scores.len(), kept, false, ctx)
}

/// `SelectFpr`, `SelectFdr`, `SelectFwe`: the columns that are rarely so good by chance.
pub fn select_by_p_values(value: &View<'_, '_>, ctx: &mut Context) -> Result<Selector, BuildError> {
    let p_values = vector(value, "pvalues_", ctx)?;
    let alpha = value.attr("alpha")?.f64()?;
    let kept = unlikely(class_name(value).trim_start_matches("Select"), alpha, &p_values);
    selector(value, p_values.len(), kept, false, ctx)
}

/// `GenericUnivariateSelect`: any of the above.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn generic_univariate_select(value: &View<'_, '_>, ctx: &mut Context) -> Result<Selector, BuildError> {
    let scores = scores(value, ctx)?;
    let parameter = value.attr("param")?;
    let kept = match value.attr("mode")?.str()? {
        "k_best" => best(&parameter, &scores)?,
        "percentile" => upper(parameter.f64()?, &scores),
        mode @ ("fpr" | "fdr" | "fwe") => {
            let p_values = vector(value, "pvalues_", ctx)?;
            if p_values.len() != scores.len() {
                return Err(value.error("scores_ and pvalues_ disagree").into());
            }
            unlikely(mode, parameter.f64()?, &p_values)
        }
        other => return Err(BuildError::option(value, format!("mode={other:?}"))),
    };
    selector(value, scores.len(), kept, false, ctx)
}

/// `RFE`, `RFECV` and `SequentialFeatureSelector`: the columns that were left.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn by_support(value: &View<'_, '_>, ctx: &mut Context) -> Result<Selector, BuildError> {
    let support = vector(value, "support_", ctx)?;
    let kept = (0..support.len()).filter(|column| support[*column] != 0.0).collect();
    let allow_nan = takes_missing(&value.attr("estimator")?, ctx)?;
    ctx.takes_numbers();
    selector(value, support.len(), kept, allow_nan, ctx)
}

/// `RFE` and `RFECV` with the estimator that was fitted on the columns left.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the estimator takes another number of columns.
pub fn elimination(value: &View<'_, '_>, ctx: &mut Context) -> Result<Elimination, BuildError> {
    let selector = by_support(value, ctx)?;
    let columns = selector.kept.iter().map(|column| Some(*column)).collect();
    let estimator = member(&value.attr("estimator_")?, ctx, Handed::Columns(columns))?;
    Ok(Elimination { selector, estimator })
}

/// Whether an estimator, fitted or not, takes NaN.
fn takes_missing(estimator: &View<'_, '_>, ctx: &Context) -> Result<bool, BuildError> {
    let version = Version::of(estimator, ctx);
    Ok(match class_name(estimator) {
        "HistGradientBoostingClassifier" | "HistGradientBoostingRegressor" => true,
        "RandomForestClassifier" | "RandomForestRegressor" => version >= Version(1, 4),
        "ExtraTreesClassifier" | "ExtraTreesRegressor" => version >= Version(1, 6),
        _ => allows_missing(estimator, ctx)?,
    })
}

/// `scores_`, the least number in the place of NaN.
fn scores(value: &View<'_, '_>, ctx: &mut Context) -> Result<Vec<f64>, BuildError> {
    let scores = vector(value, "scores_", ctx)?;
    Ok(scores.into_iter().map(|score| if score.is_nan() { f64::MIN } else { score }).collect())
}

/// The columns with the `k` highest scores, or all; of equal ones the last.
fn best(k: &View<'_, '_>, scores: &[f64]) -> Result<Vec<usize>, BuildError> {
    let k = if k.str() == Ok("all") { scores.len() } else { k.usize()?.min(scores.len()) };
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let mut kept = order.split_off(scores.len() - k);
    kept.sort_unstable();
    Ok(kept)
}

/// The columns above a percentile of the scores, and of those on it as many as fit, the first before the others.
fn upper(percent: f64, scores: &[f64]) -> Vec<usize> {
    if percent == 100.0 || percent == 0.0 {
        return if percent == 0.0 { vec![] } else { (0..scores.len()).collect() };
    }
    let threshold = percentile(scores, 100.0 - percent);
    let above = scores.iter().filter(|score| **score > threshold).count();
    let most = (scores.len() as f64 * percent / 100.0) as usize;
    let mut on = most.saturating_sub(above);
    let kept = |column: &usize| match scores[*column] {
        score if score > threshold => true,
        score if score == threshold && on > 0 => {
            on -= 1;
            true
        }
        _ => false,
    };
    (0..scores.len()).filter(kept).collect()
}

/// `numpy.percentile` with linear interpolation; NaN of no values.
fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = percent / 100.0 * (sorted.len().saturating_sub(1)) as f64;
    let (Some(low), Some(high)) = (sorted.get(place.floor() as usize), sorted.get(place.ceil() as usize)) else {
        return f64::NAN;
    };
    let share = place - place.floor();
    // numpy's, which keeps order where it rounds.
    if share >= 0.5 { high - (high - low) * (1.0 - share) } else { low + (high - low) * share }
}

/// The columns whose p-value passes a test: `fpr`, `fdr` or `fwe`, in either case.
fn unlikely(test: &str, alpha: f64, p_values: &[f64]) -> Vec<usize> {
    let n = p_values.len() as f64;
    let (bound, inclusive) = match test.to_ascii_lowercase().as_str() {
        "fpr" => (alpha, false),
        "fwe" => (alpha / n, false),
        _ => {
            let mut sorted = p_values.to_vec();
            sorted.sort_by(f64::total_cmp);
            let passes = |(at, p): &(usize, &f64)| **p <= alpha / n * (*at + 1) as f64;
            let last = sorted.iter().enumerate().rfind(passes);
            (last.map_or(f64::NEG_INFINITY, |(_, p)| *p), true)
        }
    };
    let passes = |p: f64| p < bound || inclusive && p == bound;
    (0..p_values.len()).filter(|column| passes(p_values[*column])).collect()
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
            // scikit-learn checks nothing where it lets NaN pass, or hands on a table as it is.
            let unchecked = allow_nan || gives_tables(value, ctx);
            let policy = InputPolicy { allow_infinite: unchecked, ..policy(value, unchecked) };
            Ok(Selector { policy, n_features, kept, passes_none: ctx.sources.any() })
        }
    }
}

/// Whether `set_output` asked for tables, from whose columns `SelectorMixin.transform` takes its own since 1.3.
fn gives_tables(value: &View<'_, '_>, ctx: &Context) -> bool {
    let asked = value.some("_sklearn_output_config").and_then(|config| config.some("transform"));
    Version::of(value, ctx) >= Version(1, 3) && asked.is_some_and(|kind| kind.str() != Ok("default"))
}
