//! Whether clients and machines can live with the model: its interface beside the baseline's, its size, its latency.

use super::check::Check;
use crate::bundle::Bundle;
use crate::model::{Content, Method, Output};
use crate::score::{Form, ReplyStyle, Scorer};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// Requests that are timed, after some that warm caches.
const TIMED: usize = 1_000;
const WARMING: usize = 50;

/// How long one row takes from bytes to bytes, in milliseconds; without the network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub requests: usize,
}

/// Times requests of one row each, one after the other; `None` without any that the model answers.
pub fn latency(bundle: &Arc<Bundle>, requests: &[String]) -> Option<Latency> {
    let scorer = Scorer::new(Arc::clone(bundle), ReplyStyle::Plain);
    let mut reply = Vec::new();
    let mut milliseconds = |request: &String| {
        reply.clear();
        let began = Instant::now();
        scorer.score(Form::Json, request.as_bytes(), &mut reply).ok()?;
        Some(began.elapsed().as_secs_f64() * 1e3)
    };
    let mut times: Vec<f64> =
        requests.iter().cycle().take(WARMING + TIMED).map(&mut milliseconds).collect::<Option<_>>()?;
    times.drain(..WARMING.min(times.len()));
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied();
    Some(Latency { p50_ms: at(0.5)?, p99_ms: at(0.99)?, requests: times.len() })
}

/// Whether requests that the baseline answers are answered by the candidate in the same form; each break is named.
pub fn schema(candidate: &Bundle, baseline: &Bundle, allowed: bool) -> Check {
    let breaks = breaks(candidate, baseline);
    let named = (!breaks.is_empty()).then(|| breaks.join("; "));
    let mut check = Check::equal("schema", "as the baseline", named);
    if allowed && check.passed == Some(false) {
        check.passed = Some(true);
        check.why = format!("allowed: {}", check.why);
    }
    check
}

fn breaks(candidate: &Bundle, baseline: &Bundle) -> Vec<String> {
    let mut breaks = Vec::new();
    let listed = |names: Vec<&str>| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let beyond = |own: &Bundle, other: &Bundle| {
        let beyond = own.feature_order.iter().filter(|name| !other.feature_order.contains(name));
        listed(beyond.map(String::as_str).collect())
    };
    for (verb, names) in [("added", beyond(candidate, baseline)), ("removed", beyond(baseline, candidate))] {
        if !names.is_empty() {
            breaks.push(format!("features {verb}: {names}"));
        }
    }
    if breaks.is_empty() && candidate.feature_order != baseline.feature_order {
        breaks.push("the features have another order, so that rows without names mean something else".to_owned());
    }
    for (at, name) in candidate.feature_order.iter().enumerate() {
        let Some(before) = baseline.feature_order.iter().position(|other| other == name) else { continue };
        let (now, then) = (takes(candidate, at), takes(baseline, before));
        if now != then {
            breaks.push(format!("{name:?} takes {now} instead of {then}"));
        }
    }
    let methods = candidate.methods();
    let lost: Vec<&str> =
        baseline.methods().into_iter().filter(|method| !methods.contains(method)).map(Method::name).collect();
    if !lost.is_empty() {
        breaks.push(format!("outputs removed: {}", lost.join(", ")));
    }
    let (now, then) = (answers(candidate), answers(baseline));
    if now != then {
        breaks.push(format!("it answers with {now} instead of {then}"));
    }
    breaks
}

fn takes(bundle: &Bundle, column: usize) -> &'static str {
    match bundle.vocabulary.content(column) {
        Content::Number => "numbers",
        Content::Text(_) | Content::Document(_) => "texts",
        Content::Date => "dates",
        Content::Unused => "anything",
    }
}

/// What the default output holds.
fn answers(bundle: &Bundle) -> String {
    match bundle.estimator.shape_of(bundle.default_method()) {
        Some(Output::Labels { classes, .. }) => {
            format!("the labels {}", json!(crate::train::evaluate::shown(&classes)))
        }
        Some(Output::Ints(_)) => "integers".to_owned(),
        Some(Output::Floats(_)) => "numbers".to_owned(),
        Some(Output::Matrix(matrix)) => format!("{} numbers a row", matrix.ncols()),
        Some(Output::Columns(columns)) => format!("{} labels a row", columns.len()),
        Some(Output::List(_)) | None => "several matrices".to_owned(),
    }
}
