//! The gate before a deployment: is this model good enough, is it no worse than the one that serves now, and can clients
//! live with it?
//!
//! `limits + model + holdout + baseline → checks → verdict`. Files, clock and registry are the caller's: nothing here
//! does I/O but for timing. The same inputs give the same verdict, its latency aside.

mod check;
mod compare;
mod golden;
mod holdout;
mod infra;
mod limits;
mod slices;
mod threshold;
mod verdict;

pub use check::Check;
pub use compare::Difference;
pub use golden::{GoldenError, parse as golden_requests};
pub use holdout::HoldoutError;
pub use infra::Latency;
pub use limits::{Bootstrap, Limits, LimitsError, Slice, size};
pub use threshold::{Threshold, ThresholdError, direction};
pub use verdict::{Comparison, Data, Identity, Verdict};

use crate::bundle::Bundle;
use crate::data::{Column, Loaded, Table};
use crate::train::evaluate::{Golden, request};
use holdout::Measured;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use threshold::Baseline;

/// A model that is held against limits, or against which one is held.
pub struct Subject {
    /// As it was named: a path, or `NAME@VERSION` of a registry.
    pub name: String,
    pub bundle: Arc<Bundle>,
}

/// What a gate looks at.
pub struct Case<'c> {
    pub model: &'c Subject,
    /// What serves now.
    pub baseline: Option<&'c Subject>,
    /// Rows that no model was fitted on.
    pub data: Option<&'c Loaded>,
    pub target: Option<&'c str>,
    /// Requests with replies that are expected, beside those in the bundle itself.
    pub golden: &'c [Golden],
    pub threads: usize,
    /// ISO 8601.
    pub now: String,
}

/// Why no verdict can be given.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    #[error(transparent)]
    Holdout(#[from] HoldoutError),
    #[error(
        "these are the rows that {model} was trained on (fingerprint {fingerprint}): it would be judged by what it has \
         seen\n  hold out rows before training, and give those to --data"
    )]
    Seen { model: String, fingerprint: String },
    #[error("{model} and the baseline {baseline} answer different questions: {what}; name another --baseline")]
    Incomparable { model: String, baseline: String, what: &'static str },
}

/// Rows whose requests are timed.
const TIMED_ROWS: usize = 200;

/// Holds a model against the limits.
///
/// # Errors
/// When the data cannot be used, or the baseline cannot be compared with.
pub fn judge(case: &Case<'_>, limits: &Limits) -> Result<Verdict, GateError> {
    let mut warnings = Vec::new();
    if let Some(data) = case.data {
        unseen(case, data, &mut warnings)?;
    }
    let measured = measure(case, case.model)?;
    let before = case.baseline.map(|baseline| measure(case, baseline)).transpose()?.flatten();
    if let (Some(own), Some(other), Some(baseline)) = (&measured, &before, case.baseline) {
        comparable(case.model, own, baseline, other)?;
    }
    let mut checks = vec![Check::equal("loads", true, None)];
    let mut comparison = None;
    if let Some(own) = &measured {
        checks.extend(metrics(case, limits, own, before.as_ref()));
        for slice in &limits.slices {
            checks.extend(slices::checks(slice, &case.data.expect("it was measured on them").table, own)?);
        }
        comparison = before.as_ref().map(|before| compared(case, limits, own, before));
        checks.extend(comparison.iter().flat_map(|comparison| against(limits, comparison)));
    }
    checks.extend(goldens(case, limits));
    checks.extend(
        case.baseline.map(|baseline| infra::schema(&case.model.bundle, &baseline.bundle, limits.allow_schema_change)),
    );
    let latency = infra::latency(&case.model.bundle, &requests(case, measured.as_ref()));
    checks.extend(budgets(case, limits, latency));
    warnings.extend(odd(limits));
    Ok(Verdict {
        passed: checks.iter().all(|check| check.passed != Some(false)),
        checks,
        model: identity(case.model),
        baseline: case.baseline.map(identity),
        data: case.data.map(|data| Data {
            sources: data.sources.clone(),
            fingerprint: data.fingerprint.clone(),
            rows: data.table.rows,
            target: case.target.map(str::to_owned),
        }),
        metrics: said(measured.as_ref()),
        baseline_metrics: said(before.as_ref()),
        comparison,
        latency,
        warnings,
        validated_at: case.now.clone(),
        tool: concat!("scorelet ", env!("CARGO_PKG_VERSION")),
    })
}

/// Whether the rows are others than those that the model was trained on.
fn unseen(case: &Case<'_>, data: &Loaded, warnings: &mut Vec<String>) -> Result<(), GateError> {
    let is_seen = |subject: &Subject| {
        let trained = subject.bundle.metadata.extra.get("data_fingerprint").and_then(Value::as_str);
        trained.filter(|trained| prints(&subject.bundle, data).iter().any(|print| print == trained)).map(str::to_owned)
    };
    if let Some(fingerprint) = is_seen(case.model) {
        return Err(GateError::Seen { model: case.model.name.clone(), fingerprint });
    }
    if let Some(baseline) = case.baseline.filter(|baseline| is_seen(baseline).is_some()) {
        warnings.push(format!("the baseline {} was trained on these rows: it looks better than it is", baseline.name));
    }
    Ok(())
}

/// Fingerprints of the data: of the whole, and of the columns that training reads where features were named.
fn prints(bundle: &Bundle, data: &Loaded) -> Vec<String> {
    let target = bundle.metadata.extra.get("target").and_then(Value::as_str);
    let read: Vec<usize> = bundle
        .feature_order
        .iter()
        .map(String::as_str)
        .chain(target)
        .filter_map(|name| data.table.find(name).ok())
        .collect();
    let columns: Vec<Column> =
        data.table.columns.iter().enumerate().filter(|(at, _)| read.contains(at)).map(|(_, c)| c.clone()).collect();
    let mut prints = vec![data.fingerprint.clone()];
    if columns.len() < data.table.columns.len() {
        prints.push(crate::data::fingerprint(&Table { columns, rows: data.table.rows }));
    }
    prints
}

fn measure(case: &Case<'_>, subject: &Subject) -> Result<Option<Measured>, HoldoutError> {
    let measure = |data| Measured::new(&subject.name, &subject.bundle, data, case.target, case.threads);
    case.data.map(measure).transpose()
}

fn comparable(model: &Subject, own: &Measured, baseline: &Subject, other: &Measured) -> Result<(), GateError> {
    if own.task == other.task {
        return Ok(());
    }
    let what = "one tells classes, anomalies or clusters, the other numbers or others of them";
    Err(GateError::Incomparable { model: model.name.clone(), baseline: baseline.name.clone(), what })
}

/// The metrics of all rows against their bounds.
fn metrics(case: &Case<'_>, limits: &Limits, own: &Measured, before: Option<&Measured>) -> Vec<Check> {
    let names: Vec<&str> = own.evaluation.metrics.iter().map(|(name, _)| *name).collect();
    let absent =
        format!("{} has no such metric on these rows; it has {}", case.model.bundle.estimator_name, names.join(", "));
    let of = |threshold: &Threshold| {
        let baseline = before.map_or(Baseline::None, |before| Baseline::Value(before.metric(threshold.metric)));
        threshold.checks(own.metric(threshold.metric), baseline, &absent)
    };
    limits.thresholds.iter().flat_map(of).collect()
}

fn compared(case: &Case<'_>, limits: &Limits, own: &Measured, before: &Measured) -> Comparison {
    let mut names: Vec<&'static str> = Vec::new();
    limits.thresholds.iter().map(|threshold| threshold.metric).for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    if names.is_empty() {
        // What is named first of those that are good or bad.
        let all = own.evaluation.metrics.iter().map(|(name, _)| *name);
        names.extend(all.into_iter().find(|name| direction(name).is_some()));
    }
    let found = compare::differences(own, before, &names, &limits.bootstrap, case.threads);
    let flips = compare::label_flip_rate(&own.answers, &before.answers);
    Comparison::new(found, flips, compare::max_abs_delta(&own.answers, &before.answers), &limits.bootstrap)
}

/// What the comparison with the baseline must be like.
fn against(limits: &Limits, comparison: &Comparison) -> Vec<Check> {
    let mut checks = Vec::new();
    for (metric, difference) in comparison.differences.iter().filter(|_| !limits.allow_regression) {
        let stated = limits.thresholds.iter().find(|threshold| threshold.metric == *metric);
        let Some(greater) = direction(metric).or(stated.map(|threshold| threshold.greater_is_better)) else { continue };
        // The most that the candidate may still be better by.
        let best = if greater { difference.high } else { -difference.low };
        let check = Check::bound(format!("{metric} no worse than baseline"), best, true, 0.0);
        let said = format!(
            "{:.6} after {:.6}; {} % interval of the difference {:.6} to {:.6}",
            difference.candidate,
            difference.baseline,
            comparison.confidence * 100.0,
            difference.low,
            difference.high
        );
        checks.push(if best.is_nan() {
            check.skipped("the difference is undefined on these rows")
        } else {
            check.because(said)
        });
    }
    let limited = [
        (
            "label flip rate",
            limits.max_label_flip_rate,
            comparison.label_flip_rate,
            "the models predict numbers, no labels",
        ),
        ("largest difference", limits.max_abs_delta, comparison.max_abs_delta, "the models have no numbers in common"),
    ];
    for (name, limit, measured, absent) in limited {
        let Some(limit) = limit else { continue };
        let check = Check::bound(name, measured.unwrap_or(f64::NAN), false, limit);
        checks.push(if measured.is_some() { check } else { check.missing(absent) });
    }
    checks
}

/// Golden requests of the bundle itself to the bit, those of a file and of the baseline as near as was asked for.
fn goldens(case: &Case<'_>, limits: &Limits) -> Vec<Check> {
    let bundle = &case.model.bundle;
    let of_baseline = case.baseline.filter(|_| limits.golden_tolerance.is_some());
    let of_baseline = of_baseline.map(|baseline| golden::of_bundle(&baseline.bundle)).unwrap_or_default();
    let sets = [
        ("golden requests of the bundle", golden::of_bundle(bundle), None),
        ("golden requests", case.golden.to_vec(), limits.golden_tolerance),
        ("golden requests of the baseline", of_baseline, limits.golden_tolerance),
    ];
    let replayed = sets.iter().filter(|(_, requests, _)| !requests.is_empty());
    replayed.map(|(name, requests, tolerance)| golden::replay(name, bundle, requests, *tolerance)).collect()
}

/// Requests to time: rows of the data, else the golden ones.
fn requests(case: &Case<'_>, measured: Option<&Measured>) -> Vec<String> {
    let Some(measured) = measured else {
        let own = golden::of_bundle(&case.model.bundle);
        return own.into_iter().chain(case.golden.iter().cloned()).map(|golden| golden.request).collect();
    };
    let columns: Vec<&Column> = measured.columns.iter().collect();
    (0..measured.answers.len().min(TIMED_ROWS)).map(|row| request(&columns, row)).collect()
}

fn budgets(case: &Case<'_>, limits: &Limits, latency: Option<Latency>) -> Vec<Check> {
    let p99 = limits.max_p99_ms.map(|limit| {
        let check =
            Check::bound("p99 latency of one row (ms)", latency.map_or(f64::NAN, |found| found.p99_ms), false, limit);
        if latency.is_some() { check } else { check.missing("there is no row to time: give --data") }
    });
    let bytes = case.model.bundle.source.bytes;
    let size = limits.max_bytes.map(|limit| {
        let mut check = Check::bound("size (bytes)", bytes as f64, false, limit as f64);
        (check.measured, check.limit) = (json!(bytes), json!(limit));
        check
    });
    p99.into_iter().chain(size).collect()
}

/// Bounds that are asked for in the direction that nobody wants.
fn odd(limits: &Limits) -> Vec<String> {
    let odd =
        limits.thresholds.iter().filter(|own| direction(own.metric).is_some_and(|good| good != own.greater_is_better));
    let said = |own: &Threshold| match own.greater_is_better {
        true => {
            format!("{} is better the smaller, but is bounded from below (--min, greater_is_better = true)", own.metric)
        }
        false => format!(
            "{} is better the greater, but is bounded from above (--max, greater_is_better = false)",
            own.metric
        ),
    };
    odd.map(said).collect()
}

fn identity(subject: &Subject) -> Identity {
    let bundle = &subject.bundle;
    Identity {
        name: subject.name.clone(),
        sha256: bundle.source.sha256.hex().to_owned(),
        bytes: bundle.source.bytes,
        estimator: bundle.estimator_name.clone(),
        trained_at: bundle.metadata.trained_at.clone(),
    }
}

/// All metrics; null is undefined.
fn said(measured: Option<&Measured>) -> Map<String, Value> {
    let metrics = measured.into_iter().flat_map(|measured| &measured.evaluation.metrics);
    metrics.map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}
