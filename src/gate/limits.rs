//! What a gate asks for: its TOML form (`gate.toml`), checked, and what flags add to it. Never reads a file.

use super::threshold::{self, Threshold, ThresholdError};
use crate::data::schema::toml_problem;
use serde::Deserialize;
use std::collections::BTreeMap;

/// All that is asked of a model; by default nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    pub thresholds: Vec<Threshold>,
    /// Bounds that must hold in each group of rows, too.
    pub slices: Vec<Slice>,
    /// The share of rows that may be answered otherwise than by the baseline.
    pub max_label_flip_rate: Option<f64>,
    /// How far a number of an answer may be from the baseline's.
    pub max_abs_delta: Option<f64>,
    /// Of one row, from bytes to bytes, in milliseconds.
    pub max_p99_ms: Option<f64>,
    /// Of the bundle's file.
    pub max_bytes: Option<u64>,
    pub allow_schema_change: bool,
    /// A metric may be worse than the baseline's beyond chance.
    pub allow_regression: bool,
    /// How far numbers of golden replies may be from those that are expected: |difference| <= tolerance * (1 + |expected|).
    /// Without it they are the same.
    pub golden_tolerance: Option<f64>,
    pub bootstrap: Bootstrap,
}

/// Bounds for the rows of each value of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    pub column: String,
    /// Smaller groups are not judged.
    pub min_rows: usize,
    pub thresholds: Vec<Threshold>,
}

/// How the chance in a difference of metrics is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    pub resamples: usize,
    /// Of the interval, such as 0.95.
    pub confidence: f64,
    pub seed: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            thresholds: Vec::new(),
            slices: Vec::new(),
            max_label_flip_rate: None,
            max_abs_delta: None,
            max_p99_ms: None,
            max_bytes: None,
            allow_schema_change: false,
            allow_regression: false,
            golden_tolerance: None,
            bootstrap: Bootstrap { resamples: 1000, confidence: 0.95, seed: 0 },
        }
    }
}

/// Why a text is no gate. The message names line and column, or the key.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LimitsError {
    #[error("{0}")]
    Toml(String),
    #[error("{place}: {problem}")]
    Threshold { place: String, problem: ThresholdError },
    #[error("{key} = {value}: it must be {expected}")]
    Range { key: &'static str, value: String, expected: &'static str },
    #[error("max_size = {0:?}: write bytes with a unit, such as \"50MB\" or \"64MiB\"")]
    Size(String),
}

/// Rows that a group needs to be judged, where nothing else is said.
const MIN_ROWS: usize = 30;

/// What stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    metrics: BTreeMap<String, MetricTable>,
    #[serde(default)]
    slices: BTreeMap<String, SliceTable>,
    max_label_flip_rate: Option<f64>,
    max_abs_delta: Option<f64>,
    max_p99_ms: Option<f64>,
    max_size: Option<String>,
    #[serde(default)]
    allow_schema_change: bool,
    #[serde(default)]
    allow_regression: bool,
    golden_tolerance: Option<f64>,
    bootstrap: Option<BootstrapTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricTable {
    threshold: Option<f64>,
    min_absolute_change: Option<f64>,
    min_relative_change: Option<f64>,
    greater_is_better: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SliceTable {
    min_rows: Option<usize>,
    metrics: BTreeMap<String, MetricTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BootstrapTable {
    resamples: Option<usize>,
    confidence: Option<f64>,
    seed: Option<u32>,
}

impl Limits {
    /// Reads `gate.toml`.
    ///
    /// # Errors
    /// When it is no TOML, says what no gate has, or asks for what makes no sense.
    pub fn from_toml(text: &str) -> Result<Limits, LimitsError> {
        let file: File = toml::from_str(text).map_err(|error| LimitsError::Toml(toml_problem(text, &error)))?;
        let slices = file.slices.into_iter().map(|(column, table)| {
            let thresholds = thresholds(&format!("[slices.{column}.metrics]"), table.metrics)?;
            Ok(Slice { column, min_rows: table.min_rows.unwrap_or(MIN_ROWS), thresholds })
        });
        let mut limits = Limits {
            thresholds: thresholds("[metrics]", file.metrics)?,
            slices: slices.collect::<Result<_, LimitsError>>()?,
            max_label_flip_rate: file.max_label_flip_rate,
            max_abs_delta: file.max_abs_delta,
            max_p99_ms: file.max_p99_ms,
            max_bytes: file.max_size.as_deref().map(size).transpose()?,
            allow_schema_change: file.allow_schema_change,
            allow_regression: file.allow_regression,
            golden_tolerance: file.golden_tolerance,
            bootstrap: Bootstrap::default_with(file.bootstrap),
        };
        limits.check()?;
        limits.slices.retain(|slice| !slice.thresholds.is_empty());
        Ok(limits)
    }

    /// Whether every number is in its range.
    ///
    /// # Errors
    /// When one is not.
    pub fn check(&self) -> Result<(), LimitsError> {
        let within = |key, value: Option<f64>, most: f64, expected| match value {
            Some(value) if !(0.0..=most).contains(&value) => {
                Err(LimitsError::Range { key, value: value.to_string(), expected })
            }
            _ => Ok(()),
        };
        within("max_label_flip_rate", self.max_label_flip_rate, 1.0, "a share of rows from 0 to 1")?;
        within("max_abs_delta", self.max_abs_delta, f64::MAX, "0 or more")?;
        within("max_p99_ms", self.max_p99_ms, f64::MAX, "milliseconds, 0 or more")?;
        within("golden_tolerance", self.golden_tolerance, f64::MAX, "0 or more")?;
        let Bootstrap { resamples, confidence, .. } = self.bootstrap;
        if !(0.5..1.0).contains(&confidence) {
            let value = confidence.to_string();
            return Err(LimitsError::Range { key: "confidence", value, expected: "from 0.5 to less than 1" });
        }
        if !(100..=100_000).contains(&resamples) {
            let value = resamples.to_string();
            return Err(LimitsError::Range { key: "resamples", value, expected: "from 100 to 100000" });
        }
        Ok(())
    }

    /// Adds the bound of a flag; the file's bound of the same metric in the same direction gives way.
    pub fn add(&mut self, flag: Threshold) {
        match self.thresholds.iter_mut().find(|own| own.is_replaced_by(&flag)) {
            Some(own) => own.threshold = flag.threshold,
            None => self.thresholds.push(flag),
        }
    }

    /// Whether anything here needs data.
    pub fn needs_data(&self) -> bool {
        let compared = self.max_label_flip_rate.or(self.max_abs_delta);
        !self.thresholds.is_empty() || !self.slices.is_empty() || compared.is_some()
    }

    /// Whether anything here needs another model.
    pub fn compares(&self) -> bool {
        let compared = self.max_label_flip_rate.or(self.max_abs_delta);
        self.thresholds.iter().any(Threshold::compares) || compared.is_some()
    }
}

impl Bootstrap {
    fn default_with(table: Option<BootstrapTable>) -> Bootstrap {
        let default = Limits::default().bootstrap;
        let Some(table) = table else { return default };
        Bootstrap {
            resamples: table.resamples.unwrap_or(default.resamples),
            confidence: table.confidence.unwrap_or(default.confidence),
            seed: table.seed.unwrap_or(default.seed),
        }
    }
}

fn thresholds(place: &str, tables: BTreeMap<String, MetricTable>) -> Result<Vec<Threshold>, LimitsError> {
    let threshold = |(name, table): (String, MetricTable)| {
        let metric = threshold::known(&name)?;
        // MLflow asks for it always; here most metrics are known to be scores or errors.
        let direction = table.greater_is_better.or(threshold::direction(metric));
        let made = Threshold {
            metric,
            greater_is_better: direction.ok_or(ThresholdError::NoDirection { metric })?,
            threshold: table.threshold,
            min_absolute_change: table.min_absolute_change,
            min_relative_change: table.min_relative_change,
        };
        made.checked()
    };
    let placed = |problem| LimitsError::Threshold { place: place.to_owned(), problem };
    tables.into_iter().map(|pair| threshold(pair).map_err(placed)).collect()
}

/// Bytes of `50MB`, `64MiB`, `1048576`.
///
/// # Errors
/// When the text is no size.
pub fn size(text: &str) -> Result<u64, LimitsError> {
    let wrong = || LimitsError::Size(text.to_owned());
    let digits = text.trim().len() - text.trim().trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.trim().split_at(digits);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file() {
        let limits = Limits::from_toml(
            "max_label_flip_rate = 0.05\nmax_abs_delta = 0.2\nmax_p99_ms = 5.0\nmax_size = \"50MB\"\n\
             allow_schema_change = true\ngolden_tolerance = 0.1\n\
             [metrics.roc_auc]\nthreshold = 0.9\nmin_absolute_change = 0.01\nmin_relative_change = 0.05\n\
             [metrics.log_loss]\nthreshold = 1\n\
             [metrics.anomaly_rate]\nthreshold = 0.1\ngreater_is_better = false\n\
             [slices.region.metrics.accuracy]\nthreshold = 0.8\n\
             [bootstrap]\nresamples = 200\n",
        )
        .unwrap();
        let bound = |metric, greater_is_better, threshold, absolute, relative| Threshold {
            metric,
            greater_is_better,
            threshold: Some(threshold),
            min_absolute_change: absolute,
            min_relative_change: relative,
        };
        let expected = Limits {
            thresholds: vec![
                bound("anomaly_rate", false, 0.1, None, None),
                bound("log_loss", false, 1.0, None, None),
                bound("roc_auc", true, 0.9, Some(0.01), Some(0.05)),
            ],
            slices: vec![Slice {
                column: "region".to_owned(),
                min_rows: 30,
                thresholds: vec![bound("accuracy", true, 0.8, None, None)],
            }],
            max_label_flip_rate: Some(0.05),
            max_abs_delta: Some(0.2),
            max_p99_ms: Some(5.0),
            max_bytes: Some(50_000_000),
            allow_schema_change: true,
            allow_regression: false,
            golden_tolerance: Some(0.1),
            bootstrap: Bootstrap { resamples: 200, confidence: 0.95, seed: 0 },
        };
        assert_eq!(limits, expected);
        assert_eq!(Limits::from_toml(""), Ok(Limits::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expected: &str| {
            let error = Limits::from_toml(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        };
        check("[metrics.f1]\ntreshold = 1", "line 2, column 1: unknown field `treshold`, expected one of `threshold`");
        check("max_p99 = 1", "line 1, column 1: unknown field `max_p99`, expected");
        check("[metrics.f2]\nthreshold = 1", "[metrics]: there is no metric \"f2\"; did you mean f1?");
        check("[metrics.f1]\n", "[metrics]: f1: give a threshold, ");
        check("[metrics.clusters]\nthreshold = 3", "[metrics]: clusters: say greater_is_better = ");
        check("[metrics.f1]\nthreshold = \"high\"", "line 2, column 13: invalid type");
        check("max_label_flip_rate = 5", "max_label_flip_rate = 5: it must be a share of rows from 0 to 1");
        check("max_size = \"50 bananas\"", "max_size = \"50 bananas\": write bytes with a unit");
        check("[bootstrap]\nresamples = 1", "resamples = 1: it must be from 100 to 100000");
        check("[metrics.f1", "line 1, column 12: ");
    }

    #[test]
    fn a_flag_replaces_the_files_bound() {
        let mut limits = Limits::from_toml("[metrics.f1]\nthreshold = 0.5\nmin_absolute_change = 0.1").unwrap();
        limits.add(Threshold::bound("f1", true, 0.7).unwrap());
        limits.add(Threshold::bound("f1", false, 0.99).unwrap());
        let bounds: Vec<_> = limits.thresholds.iter().map(|t| (t.threshold, t.min_absolute_change)).collect();
        assert_eq!(bounds, [(Some(0.7), Some(0.1)), (Some(0.99), None)]);
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("50MB", 50_000_000), ("64 MiB", 64 << 20), ("7", 7), ("1gb", 1_000_000_000)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "MB", "-1", "1.5MB", "99999999999GiB"] {
            assert_eq!(size(wrong), Err(LimitsError::Size(wrong.to_owned())));
        }
    }
}
