//! What a gate found, whole: for the registry, for files, for scripts. Only gains keys from version to version.

use super::check::Check;
use super::compare::Difference;
use super::infra::Latency;
use super::limits::Bootstrap;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The answer of a gate and everything that it rests on.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// Every check that was made holds.
    pub passed: bool,
    pub checks: Vec<Check>,
    pub model: Identity,
    /// What the model was compared with; null without one.
    pub baseline: Option<Identity>,
    /// Null where nothing was measured.
    pub data: Option<Data>,
    /// Every metric that the model has on the data, also those that nothing was asked of; null is undefined.
    pub metrics: Map<String, Value>,
    pub baseline_metrics: Map<String, Value>,
    pub comparison: Option<Comparison>,
    /// Null without a row to time.
    pub latency: Option<Latency>,
    pub warnings: Vec<String>,
    /// ISO 8601.
    pub validated_at: String,
    /// `scorelet 0.1.0`.
    pub tool: &'static str,
}

/// Which model, to the byte.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Identity {
    /// As it was named: a path, or `NAME@VERSION` of a registry.
    pub name: String,
    pub sha256: String,
    pub bytes: u64,
    pub estimator: String,
    pub trained_at: Option<String>,
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Data {
    pub sources: Vec<String>,
    /// SHA-256 of the content, as `train` records it.
    pub fingerprint: String,
    pub rows: usize,
    pub target: Option<String>,
}

/// How model and baseline differ on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub differences: BTreeMap<&'static str, Difference>,
    /// Null for models of numbers.
    pub label_flip_rate: Option<f64>,
    /// Null where the models have no numbers in common.
    pub max_abs_delta: Option<f64>,
    pub resamples: usize,
    pub confidence: f64,
    pub seed: u32,
}

impl Comparison {
    pub(super) fn new(
        (differences, resamples): (Vec<(&'static str, Difference)>, usize),
        label_flip_rate: Option<f64>,
        max_abs_delta: Option<f64>,
        how: &Bootstrap,
    ) -> Comparison {
        Comparison {
            differences: differences.into_iter().collect(),
            label_flip_rate,
            max_abs_delta,
            resamples,
            confidence: how.confidence,
            seed: how.seed,
        }
    }
}

impl Verdict {
    /// Checks that do not hold.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.passed == Some(false))
    }
}
