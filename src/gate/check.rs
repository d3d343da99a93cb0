//! One thing that a gate looked at: what was measured, what was asked for, and whether it holds.

use serde::Serialize;
use serde_json::{Value, json};

/// The answer to one question of a gate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// `roc_auc`, `roc_auc change`, `schema`, `p99 latency`; stable from version to version.
    pub name: String,
    /// Null where it could not be measured.
    pub measured: Value,
    /// How `measured` must stand to `limit`: `>=`, `<=`, `=`.
    pub relation: &'static str,
    pub limit: Value,
    /// Null where there was nothing to hold it against.
    pub passed: Option<bool>,
    /// For people; empty where the numbers say it all.
    pub why: String,
}

impl Check {
    /// A number that must be at least `limit`, or at most where `at_least` is false. What is undefined does not hold.
    pub fn bound(name: impl Into<String>, measured: f64, at_least: bool, limit: f64) -> Check {
        let holds = if at_least { measured >= limit } else { measured <= limit };
        let why = if measured.is_nan() { "it is undefined on these rows" } else { "" };
        Check {
            name: name.into(),
            measured: json!(measured),
            relation: if at_least { ">=" } else { "<=" },
            limit: json!(limit),
            passed: Some(holds),
            why: why.to_owned(),
        }
    }

    /// Something that is as it should be, or else is not for the reason given.
    pub fn equal(name: impl Into<String>, limit: impl Into<Value>, different: Option<String>) -> Check {
        let limit = limit.into();
        Check {
            name: name.into(),
            measured: if different.is_some() { json!("different") } else { limit.clone() },
            relation: "=",
            limit,
            passed: Some(different.is_none()),
            why: different.unwrap_or_default(),
        }
    }

    /// The same check, failed for want of something to measure.
    pub fn missing(mut self, why: impl Into<String>) -> Check {
        self.measured = Value::Null;
        self.passed = Some(false);
        self.why = why.into();
        self
    }

    /// The same check, not made.
    pub fn skipped(mut self, why: impl Into<String>) -> Check {
        self.passed = None;
        self.why = why.into();
        self
    }

    /// The same check with something to add for people.
    pub fn because(mut self, why: impl Into<String>) -> Check {
        self.why = why.into();
        self
    }
}
