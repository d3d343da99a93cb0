//! A verdict for people: what was looked at, every check on a line, and the answer last.

use crate::gate::{Check, Identity, Verdict};
use crate::html::{bytes, count, shortened};
use serde_json::Value;
use std::fmt::Write;

pub(super) fn text(verdict: &Verdict) -> String {
    let mut out = String::new();
    line(&mut out, "model", &model(&verdict.model));
    if let Some(baseline) = &verdict.baseline {
        line(&mut out, "baseline", &model(baseline));
    }
    if let Some(data) = &verdict.data {
        let target = data.target.as_ref().map(|target| format!(", target {target:?}")).unwrap_or_default();
        line(&mut out, "data", &format!("{} rows of {}{target}", count(data.rows as u64), data.sources.join(", ")));
    }
    for (at, (name, value)) in verdict.metrics.iter().enumerate() {
        let before = verdict.baseline_metrics.get(name).map(|value| format!("  baseline {}", number(value)));
        let label = if at == 0 { "metrics" } else { "" };
        line(&mut out, label, &format!("{name:<32}{:>14}{}", number(value), before.unwrap_or_default()));
    }
    if let Some(latency) = &verdict.latency {
        line(
            &mut out,
            "latency",
            &format!("{:.3} ms in the middle, {:.3} ms at the 99th percentile", latency.p50_ms, latency.p99_ms),
        );
    }
    for warning in &verdict.warnings {
        line(&mut out, "warning", warning);
    }
    for (at, check) in verdict.checks.iter().enumerate() {
        line(&mut out, if at == 0 { "checks" } else { "" }, &checked(check));
    }
    line(&mut out, "verdict", &answer(verdict));
    out
}

fn model(model: &Identity) -> String {
    let trained = model.trained_at.as_ref().map(|at| format!(", trained {at}")).unwrap_or_default();
    format!("{}: {}, {}, sha256 {}{trained}", model.name, model.estimator, bytes(model.bytes), &model.sha256[..12])
}

fn checked(check: &Check) -> String {
    let mark = match check.passed {
        Some(true) => "ok  ",
        Some(false) => "FAIL",
        None => "-   ",
    };
    let said = match (&check.measured, check.relation) {
        (Value::Bool(_), _) | (Value::String(_), "=") => String::new(),
        (measured, relation) => format!("{:>14} {relation} {}", number(measured), number(&check.limit)),
    };
    let why = if check.why.is_empty() { String::new() } else { format!("  ({})", shortened(&check.why, 400)) };
    format!("{mark}  {:<42}{said}{why}", check.name)
}

fn answer(verdict: &Verdict) -> String {
    let of = |passed: Option<bool>| verdict.checks.iter().filter(|check| check.passed == passed).count();
    let left_out = match of(None) {
        0 => String::new(),
        n => format!(", {n} could not be made"),
    };
    match verdict.passed {
        true => format!("passed: {} checks hold{left_out}", of(Some(true))),
        false => format!("FAILED: {} of {} checks do not hold{left_out}", of(Some(false)), verdict.checks.len()),
    }
}

/// A number as a table has it.
fn number(value: &Value) -> String {
    match value {
        Value::Number(n) if n.is_f64() => match n.as_f64().unwrap_or(f64::NAN) {
            x if x != 0.0 && !(1e-4..1e9).contains(&x.abs()) => format!("{x:.4e}"),
            x => {
                let text = format!("{x:.6}");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
        },
        Value::Null => "undefined".to_owned(),
        other => other.to_string(),
    }
}

fn line(out: &mut String, label: &str, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{label:<10}{}", crate::cli::visible(text).trim_end());
}
