//! `FixedThresholdClassifier` and `TunedThresholdClassifierCV`.

use super::attributes::class_name;
use super::labels::labels;
use super::members::{Handed, classes_of, gives, member};
use super::{BuildError, Context};
use crate::model::{Classes, Method, Threshold};
use crate::value::View;

/// Metrics whose `pos_label` is 1 unless said otherwise: what the search for a threshold then takes as positive.
const ONE_IS_POSITIVE: [&str; 5] = ["f1_score", "fbeta_score", "jaccard_score", "precision_score", "recall_score"];

/// Reads the estimator, what of it is held against which threshold, and for which class that speaks.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks the estimator.
pub fn threshold(value: &View<'_, '_>, ctx: &mut Context) -> Result<Threshold, BuildError> {
    // A fixed threshold may be put on a fitted estimator without a fit.
    let inner = value.some("estimator_").map_or_else(|| value.attr("estimator"), Ok)?;
    let estimator = member(&inner, ctx, Handed::Same)?;
    let classes = classes_of(&inner, &estimator)?;
    if classes.len() != 2 {
        return Err(inner.error(format!("expected two classes, found {}", classes.len())).into());
    }
    let has = |method: &Method| estimator.methods().contains(method);
    let method = match value.attr("response_method")?.str()? {
        "auto" => [Method::PredictProba, Method::DecisionFunction].into_iter().find(has),
        name => Method::from_name(name).filter(has),
    };
    let Some(method) = method else { return Err(inner.error("it does not have the response_method").into()) };
    let fixed = class_name(value) == "FixedThresholdClassifier";
    let positive = if fixed { positive(value, "pos_label", &classes)? } else { tuned_positive(value, &classes)? };
    // Without a positive label the second class is.
    let class = positive.unwrap_or(1);
    let threshold = match (fixed, method) {
        (false, _) => value.attr("best_threshold_")?.f64()?,
        (true, _) if value.attr("threshold")?.str() != Ok("auto") => value.attr("threshold")?.f64()?,
        (true, Method::PredictProba) => 0.5,
        (true, _) => 0.0,
    };
    let probability = method == Method::PredictProba;
    gives(&inner, &estimator, method, if probability { 2 } else { 1 })?;
    let column = if probability { class } else { 0 };
    let labels = if class == 1 { [0, 1] } else { [1, 0] };
    Ok(Threshold { estimator, classes, method, column, negated: !probability && class == 0, threshold, labels })
}

/// Where the label of an attribute stands among the classes; `None` for Python's `None`.
fn positive<'g>(value: &View<'g, '_>, key: &'g str, classes: &Classes) -> Result<Option<usize>, BuildError> {
    let Some(label) = value.some(key) else { return Ok(None) };
    place(&label, classes).map(Some)
}

fn place(label: &View<'_, '_>, classes: &Classes) -> Result<usize, BuildError> {
    let own = labels(label)?;
    let equal = |at: &usize| match (own.numbers(), classes.numbers()) {
        (Some(own), Some(numbers)) => own.first() == numbers.get(*at),
        _ => own.position(0, classes) == Some(*at),
    };
    (0..classes.len()).find(equal).ok_or_else(|| label.error("it is not one of the classes").into())
}

/// The positive label of the metric that the threshold was tuned for (`_BaseScorer._get_pos_label`).
fn tuned_positive(value: &View<'_, '_>, classes: &Classes) -> Result<Option<usize>, BuildError> {
    let scorer = value.attr("_curve_scorer")?;
    let arguments = scorer.attr("_kwargs")?;
    if arguments.get("pos_label").is_some() {
        return positive(&arguments, "pos_label", classes);
    }
    let metric = scorer.attr("_score_func")?;
    let Some(name) = metric.class() else {
        return Err(metric.error(format!("expected a metric of scikit-learn, found {}", metric.kind())).into());
    };
    if !ONE_IS_POSITIVE.contains(&name.name.as_ref()) {
        return Ok(None);
    }
    let one = classes.numbers().and_then(|numbers| numbers.iter().position(|label| *label == 1.0));
    one.map(Some).ok_or_else(|| metric.error("its positive label, 1, is not one of the classes").into())
}
