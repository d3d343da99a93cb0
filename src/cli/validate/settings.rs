//! What was typed, checked: thresholds of flags over those of the file, files read, numbers in their ranges.

use super::Args;
use crate::cli::Failure;
use crate::cli::model::{From, is_reference};
use crate::cli::train::{delimiter, now};
use crate::gate::{self, Limits, Threshold};
use crate::load::LoadOptions;
use crate::train::evaluate::Golden;
use std::fs;
use std::path::{Path, PathBuf};

/// A run that can begin.
#[derive(Debug)]
pub(super) struct Settings {
    pub model: PathBuf,
    pub from: From,
    pub baseline: Option<PathBuf>,
    pub data: Vec<String>,
    pub target: Option<String>,
    pub limits: Limits,
    pub golden: Vec<Golden>,
    pub load: LoadOptions,
    pub delimiter: Option<u8>,
    pub threads: usize,
    pub now: String,
    pub output: Option<PathBuf>,
    pub json: bool,
}

impl Settings {
    /// # Errors
    /// When what was typed cannot be meant, or a file that it names cannot be used.
    pub fn new(args: Args) -> Result<Settings, Failure> {
        let limits = limits(&args)?;
        let golden = args.golden.as_deref().map(golden).transpose()?.unwrap_or_default();
        let settings = Settings {
            limits,
            golden,
            load: LoadOptions { features: args.features.as_deref().map(crate::cli::names).transpose()? },
            delimiter: delimiter(args.delimiter)?,
            threads: args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1),
            now: now(),
            model: args.model,
            from: args.from,
            baseline: args.baseline,
            data: args.data,
            target: args.target,
            output: args.output,
            json: args.json,
        };
        settings.check()?;
        Ok(settings)
    }

    /// Whether there is something to look at, and something to hold it against.
    fn check(&self) -> Result<(), Failure> {
        let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
        let limits = &self.limits;
        if limits.needs_data() && self.data.is_empty() {
            return usage("there is nothing to measure on: name rows that were held out with --data");
        }
        // A first version has no champion to be compared with; whoever names a file has a baseline in mind.
        if limits.compares() && self.baseline.is_none() && !is_reference(&self.model, &self.from) {
            return usage("the gate compares with a baseline: name the model that serves now with --baseline");
        }
        let asks = limits.needs_data() || limits.max_bytes.is_some() || limits.max_p99_ms.is_some();
        if !asks && self.baseline.is_none() && self.golden.is_empty() {
            return usage(
                "a gate that asks for nothing says yes to every model\n  give --min METRIC=VALUE, --max, --baseline, \
                 --golden or --gate FILE",
            );
        }
        Ok(())
    }
}

fn limits(args: &Args) -> Result<Limits, Failure> {
    let mut limits = args.gate.as_deref().map(read).transpose()?.unwrap_or_default();
    for (flag, at_least, bounds) in [("--min", true, &args.min), ("--max", false, &args.max)] {
        for bound in bounds {
            limits.add(threshold(flag, at_least, bound)?);
        }
    }
    let usage = |error: gate::LimitsError| Failure::Usage(error.to_string().replacen("max_size = ", "--max-size ", 1));
    limits.max_bytes = args.max_size.as_deref().map(gate::size).transpose().map_err(usage)?.or(limits.max_bytes);
    limits.max_label_flip_rate = args.max_label_flip_rate.or(limits.max_label_flip_rate);
    limits.max_abs_delta = args.max_abs_delta.or(limits.max_abs_delta);
    limits.max_p99_ms = args.max_p99_ms.or(limits.max_p99_ms);
    limits.golden_tolerance = args.golden_tolerance.or(limits.golden_tolerance);
    limits.allow_schema_change |= args.allow_schema_change;
    limits.allow_regression |= args.allow_regression;
    limits.check().map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(limits)
}

/// What no gate holds: larger files are some other file.
const MAX_FILE: u64 = 16 << 20;

fn text(path: &Path, flag: &str) -> Result<String, Failure> {
    let wrong = |why: String| Failure::Usage(format!("{flag} {}: {why}", path.display()));
    let size = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > MAX_FILE {
        return Err(wrong(format!("it has {size} bytes; no such file is larger than {MAX_FILE}")));
    }
    fs::read_to_string(path).map_err(|error| wrong(error.to_string()))
}

fn read(path: &Path) -> Result<Limits, Failure> {
    Limits::from_toml(&text(path, "--gate")?)
        .map_err(|error| Failure::Usage(format!("--gate {}: {error}", path.display())))
}

fn golden(path: &Path) -> Result<Vec<Golden>, Failure> {
    gate::golden_requests(&text(path, "--golden")?)
        .map_err(|error| Failure::Usage(format!("--golden {}: {error}", path.display())))
}

fn threshold(flag: &str, at_least: bool, bound: &str) -> Result<Threshold, Failure> {
    let wrong = |why: String| Failure::Usage(format!("{flag} {bound:?}: {why}"));
    let (metric, value) =
        bound.split_once('=').ok_or_else(|| wrong("write METRIC=VALUE, such as roc_auc=0.9".to_owned()))?;
    let number: f64 = value.trim().parse().map_err(|_| wrong(format!("{value:?} is no number")))?;
    Threshold::bound(metric.trim(), at_least, number).map_err(|error| wrong(error.to_string()))
}
