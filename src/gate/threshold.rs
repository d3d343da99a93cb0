//! Bounds of metrics, with the names and the meaning of MLflow's `MetricThreshold`
//! (`mlflow/models/evaluation/validation.py`), and checks of them.

use super::check::Check;
use crate::train::evaluate::METRICS;

/// What a relative change is measured by where the baseline is 0, as in MLflow.
const BETTER_THAN_ZERO: f64 = 1e-10;

/// Bounds of one metric; at least one of the three is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    pub metric: &'static str,
    pub greater_is_better: bool,
    /// The least value, or the greatest where the smaller is the better.
    pub threshold: Option<f64>,
    /// By how much it must be better than the baseline's, in the metric's unit; positive.
    pub min_absolute_change: Option<f64>,
    /// The same as a fraction of the size of the baseline's, from 0 to 1.
    pub min_relative_change: Option<f64>,
}

/// Why bounds make no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ThresholdError {
    #[error("there is no metric {name:?}{hint}\n  the metrics are {}", METRICS.map(|(name, _)| name).join(", "))]
    Unknown { name: String, hint: String },
    #[error("{metric}: threshold must be a finite number")]
    NotFinite { metric: &'static str },
    #[error("{metric}: min_absolute_change must be a positive number")]
    AbsoluteChange { metric: &'static str },
    #[error("{metric}: min_relative_change must be from 0 to 1")]
    RelativeChange { metric: &'static str },
    #[error("{metric}: say greater_is_better = true or false; this metric is good or bad only by what it is used for")]
    NoDirection { metric: &'static str },
    #[error("{metric}: give a threshold, a min_absolute_change or a min_relative_change")]
    Nothing { metric: &'static str },
}

/// What a metric is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Baseline {
    /// There is no other model.
    None,
    /// The other model's value; `None` where that model has no such metric.
    Value(Option<f64>),
}

impl Threshold {
    /// The only bound that flags give: `--min metric=value` or `--max metric=value`.
    ///
    /// # Errors
    /// When there is no such metric, or the value is no bound.
    pub fn bound(name: &str, at_least: bool, value: f64) -> Result<Threshold, ThresholdError> {
        let metric = known(name)?;
        let none = Threshold {
            metric,
            greater_is_better: at_least,
            threshold: Some(value),
            min_absolute_change: None,
            min_relative_change: None,
        };
        none.checked()
    }

    /// The same bounds, where they make sense.
    ///
    /// # Errors
    /// When a number is out of its range, or there is none.
    pub fn checked(self) -> Result<Threshold, ThresholdError> {
        let metric = self.metric;
        if self.threshold.is_some_and(|threshold| !threshold.is_finite()) {
            return Err(ThresholdError::NotFinite { metric });
        }
        if self.min_absolute_change.is_some_and(|change| !(change > 0.0 && change.is_finite())) {
            return Err(ThresholdError::AbsoluteChange { metric });
        }
        if self.min_relative_change.is_some_and(|change| !(0.0..=1.0).contains(&change)) {
            return Err(ThresholdError::RelativeChange { metric });
        }
        if self.threshold.is_none() && !self.compares() {
            return Err(ThresholdError::Nothing { metric });
        }
        Ok(self)
    }

    /// Whether it needs another model.
    pub fn compares(&self) -> bool {
        self.min_absolute_change.is_some() || self.min_relative_change.is_some()
    }

    /// Whether `flag` sets the same bound anew.
    pub fn is_replaced_by(&self, flag: &Threshold) -> bool {
        self.metric == flag.metric && self.greater_is_better == flag.greater_is_better
    }

    /// Holds a model's value against the bounds; `None` where it has no such metric, which fails.
    pub fn checks(&self, candidate: Option<f64>, baseline: Baseline, absent: &str) -> Vec<Check> {
        let value = candidate.unwrap_or(f64::NAN);
        let or_absent = |check: Check| if candidate.is_some() { check } else { check.missing(absent) };
        let threshold = self.threshold.map(|threshold| self.bounded(self.metric.to_owned(), value, threshold));
        let mut checks: Vec<Check> = threshold.map(or_absent).into_iter().collect();
        for (kind, limit) in [("change", self.min_absolute_change), ("relative change", self.min_relative_change)] {
            let Some(limit) = limit else { continue };
            let name = format!("{} {kind}", self.metric);
            let check = match baseline {
                Baseline::None => Check::bound(name, f64::NAN, true, limit).skipped("there is no baseline yet"),
                Baseline::Value(None) => {
                    Check::bound(name, f64::NAN, true, limit).missing("the baseline has no such metric")
                }
                Baseline::Value(Some(before)) if kind == "change" => self.absolute(name, value, before, limit),
                Baseline::Value(Some(before)) => self.relative(name, value, before, limit),
            };
            checks.push(if candidate.is_some() { check } else { check.missing(absent) });
        }
        checks
    }

    /// `value >= limit`, or `<=` where the smaller is the better.
    pub fn bounded(&self, name: String, value: f64, limit: f64) -> Check {
        Check::bound(name, value, self.greater_is_better, limit)
    }

    /// Decides on `value >= baseline + change`, as MLflow does: the sum is rounded, not the difference.
    fn absolute(&self, name: String, value: f64, before: f64, limit: f64) -> Check {
        let edge = if self.greater_is_better { before + limit } else { before - limit };
        let holds = if self.greater_is_better { value >= edge } else { value <= edge };
        let mut check = Check::bound(name, self.better_by(value, before), true, limit);
        check.passed = Some(holds);
        check.because(format!("{value} after {before}"))
    }

    fn relative(&self, name: String, value: f64, before: f64, limit: f64) -> Check {
        if before == 0.0 {
            let mut check = self.absolute(name, value, before, BETTER_THAN_ZERO);
            check.why = format!("the baseline is 0, so that any gain of {BETTER_THAN_ZERO:e} will do: {}", check.why);
            return check;
        }
        let check = Check::bound(name, self.better_by(value, before) / before.abs(), true, limit);
        check.because(format!("{value} after {before}"))
    }

    fn better_by(&self, value: f64, before: f64) -> f64 {
        if self.greater_is_better { value - before } else { before - value }
    }
}

/// The name as the list has it.
///
/// # Errors
/// When no metric is called so.
pub fn known(name: &str) -> Result<&'static str, ThresholdError> {
    let distance = |metric: &str| strsim::damerau_levenshtein(name, metric);
    let unknown = || {
        let nearest = METRICS.iter().map(|(metric, _)| *metric).min_by_key(|metric| distance(metric));
        let near = nearest.filter(|metric| distance(metric) <= 1 + name.chars().count() / 3);
        let prefixed = METRICS.iter().map(|(metric, _)| *metric).filter(|metric| {
            name.len() > 2 && (metric.contains(name) || metric.split('_').map(|w| &w[..1]).collect::<String>() == name)
        });
        let near: Vec<&str> = near.into_iter().chain(prefixed).collect();
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        ThresholdError::Unknown { name: name.to_owned(), hint }
    };
    METRICS.iter().map(|(metric, _)| *metric).find(|metric| *metric == name).ok_or_else(unknown)
}

/// Whether the greater is the better of a known metric, where either is.
pub fn direction(metric: &str) -> Option<bool> {
    METRICS.iter().find(|(name, _)| *name == metric).and_then(|(_, greater_is_better)| *greater_is_better)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threshold(greater_is_better: bool, of: [Option<f64>; 3]) -> Threshold {
        let [threshold, min_absolute_change, min_relative_change] = of;
        Threshold { metric: "r2", greater_is_better, threshold, min_absolute_change, min_relative_change }
    }

    /// What MLflow's `_validate` says of the same numbers (tests/python/gate.py asks it).
    #[test]
    fn bounds_hold_as_in_mlflow() {
        let check = |greater: bool,
                     of: [Option<f64>; 3],
                     candidate: Option<f64>,
                     baseline: Baseline,
                     expected: &[Option<bool>]| {
            let checks = threshold(greater, of).checks(candidate, baseline, "absent");
            let passed: Vec<Option<bool>> = checks.iter().map(|check| check.passed).collect();
            assert_eq!(passed, expected, "{greater} {of:?} {candidate:?} {baseline:?}");
        };
        let before = |value: f64| Baseline::Value(Some(value));
        let (yes, no) = ([Some(true)], [Some(false)]);
        check(true, [Some(0.5), None, None], Some(0.5), Baseline::None, &yes);
        check(true, [Some(0.5), None, None], Some(0.4), Baseline::None, &no);
        check(false, [Some(0.5), None, None], Some(0.4), Baseline::None, &yes);
        check(true, [Some(0.5), None, None], None, Baseline::None, &no);
        check(true, [Some(0.5), None, None], Some(f64::NAN), Baseline::None, &no);
        check(true, [None, Some(0.1), None], Some(0.4), before(0.3), &yes);
        // 0.1 + 0.2 is more than 0.3.
        check(true, [None, Some(0.2), None], Some(0.3), before(0.1), &no);
        check(false, [None, Some(0.1), None], Some(0.2), before(0.4), &yes);
        check(false, [None, Some(0.1), None], Some(0.35), before(0.4), &no);
        check(true, [None, None, Some(0.5)], Some(0.375), before(0.25), &yes);
        // 0.3 - 0.2 is less than 0.1.
        check(true, [None, None, Some(0.5)], Some(0.3), before(0.2), &no);
        // Of a negative baseline by its size.
        check(true, [None, None, Some(0.5)], Some(-0.4), before(-1.0), &yes);
        check(true, [None, None, Some(0.5)], Some(-0.6), before(-1.0), &no);
        check(false, [None, None, Some(0.5)], Some(-1.6), before(-1.0), &yes);
        check(true, [None, None, Some(0.5)], Some(1e-10), before(0.0), &yes);
        check(true, [None, None, Some(0.5)], Some(0.0), before(0.0), &no);
        check(false, [None, None, Some(0.5)], Some(-1e-10), before(0.0), &yes);
        check(true, [None, None, Some(0.0)], Some(0.2), before(0.2), &yes);
        check(true, [Some(0.1), Some(0.1), Some(0.1)], Some(0.5), Baseline::None, &[Some(true), None, None]);
        check(true, [Some(0.1), Some(0.1), None], Some(0.5), Baseline::Value(None), &[Some(true), Some(false)]);
    }

    #[test]
    fn bounds_that_make_no_sense_are_refused() {
        let check = |of: [Option<f64>; 3], expected: &str| {
            assert_eq!(threshold(true, of).checked().unwrap_err().to_string(), expected);
        };
        check([None; 3], "r2: give a threshold, a min_absolute_change or a min_relative_change");
        check([Some(f64::NAN), None, None], "r2: threshold must be a finite number");
        check([None, Some(0.0), None], "r2: min_absolute_change must be a positive number");
        check([None, None, Some(1.5)], "r2: min_relative_change must be from 0 to 1");
    }

    #[test]
    fn a_misspelt_metric_is_told_the_nearest() {
        let check = |name: &str, expected: &str| {
            let text = known(name).unwrap_err().to_string();
            assert!(text.starts_with(expected), "{text}");
        };
        check("acuracy", "there is no metric \"acuracy\"; did you mean accuracy?\n  the metrics are accuracy, ");
        check("rmse", "there is no metric \"rmse\"; did you mean root_mean_squared_error?\n");
        check(
            "mean_absolute",
            "there is no metric \"mean_absolute\"; did you mean mean_absolute_error or mean_absolute_percentage_error?\n",
        );
        check("xyzzy", "there is no metric \"xyzzy\"\n  the metrics are");
        assert_eq!(known("f1"), Ok("f1"));
    }
}
