//! `scorelet train`: from tables to a bundle.
//!
//! What was typed, what the environment says and what a configuration file says become one checked [`settings::Settings`];
//! the work is `train::job`. The bundle appears last: where it is, all else is.

mod config;
mod parameters;
mod plan;
mod progress;
mod settings;
mod text;

use super::{Failure, output};
use crate::data::{self, DataError, schema::Schema};
use crate::train::features::Plan;
use crate::train::job::{self, TrainError, Trained};
use anyhow::{Context, anyhow};
use parameters::Parameters;
pub(super) use parameters::hint;
pub(super) use progress::Progress;
use serde::{Deserialize, Serialize};
use settings::Settings;
pub(super) use settings::{delimiter, now};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What was typed, or stands in a configuration file; names and defaults are those of the help.
#[derive(Debug, Clone, Default, PartialEq, clap::Args, Serialize, Deserialize)]
#[command(after_long_help = NOTES)]
#[serde(default)]
pub struct Args {
    /// A TOML file with flags as keys; flags and variables beat it
    #[arg(long, env = "SCORELET_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// The tables: files, folders, patterns or URLs; several are read as one table
    #[arg(long, env = "SCORELET_DATA", value_name = "URL", num_args = 1..)]
    #[serde(deserialize_with = "config::one_or_more")]
    data: Vec<String>,
    /// What to fit: isolation-forest, random-forest-, extra-trees-, decision-tree-classifier or -regressor,
    /// linear-regression, ridge, lasso, elastic-net, logistic-regression, kmeans, k-neighbors-classifier,
    /// k-neighbors-regressor, gaussian-nb, svc, svr
    #[arg(long, env = "SCORELET_ESTIMATOR", value_name = "NAME")]
    estimator: Option<String>,
    /// The bundle to write; an older native bundle there is replaced
    #[arg(long, env = "SCORELET_OUTPUT_PATH", value_name = "FILE")]
    output_path: Option<PathBuf>,
    /// The column to learn; of an unsupervised estimator, to measure it by
    #[arg(long, env = "SCORELET_TARGET", value_name = "COLUMN")]
    target: Option<String>,
    /// The columns to learn from, in this order [default: all but the target]
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    #[serde(deserialize_with = "config::names")]
    features: Option<String>,
    /// What becomes of missing values: keep, drop (the row), mean, median, most-frequent, constant=VALUE; of one column
    /// COLUMN=median [default: keep]
    #[arg(long, env = "SCORELET_MISSING", value_name = "HOW")]
    #[serde(skip)]
    missing: Vec<String>,
    /// How columns of text become numbers: one-hot or ordinal; of one column COLUMN=ordinal [default: one-hot]
    #[arg(long, env = "SCORELET_ENCODE", value_name = "HOW")]
    #[serde(skip)]
    encode: Vec<String>,
    /// A new column: NAME=EXPRESSION over the columns, such as speed="distance / air_time * 60"
    #[arg(long, env = "SCORELET_DERIVE", value_name = "NAME=EXPR")]
    #[serde(skip)]
    derive: Vec<String>,
    /// Parts of a column of dates that become columns: COLUMN=month,dayofweek,hour
    #[arg(long, env = "SCORELET_DATES", value_name = "COLUMN=PARTS")]
    #[serde(skip)]
    dates: Vec<String>,
    /// Features that are read by derived columns alone
    #[arg(long, env = "SCORELET_INPUTS_ONLY", value_name = "A,B,...")]
    #[serde(skip)]
    inputs_only: Option<String>,
    /// What the configuration file says of all these.
    #[arg(skip)]
    #[serde(skip)]
    plan: Plan,
    /// Scale columns first: standard, minmax, robust, maxabs or none [default: standard]
    #[arg(long, env = "SCORELET_SCALER", value_name = "NAME")]
    scaler: Option<String>,
    /// Parameters of the scaler: "{'with_mean': False}"
    #[arg(long, env = "SCORELET_SCALER_PARAMS", value_name = "DICT")]
    #[serde(deserialize_with = "config::literal")]
    scaler_params: Option<String>,
    /// The part that is held out to measure the model: a fraction, or a count of rows; 0 fits on every row [default: 0.25]
    #[arg(long, env = "SCORELET_TEST_SIZE", value_name = "SIZE", allow_negative_numbers = true)]
    #[serde(deserialize_with = "config::literal")]
    test_size: Option<String>,
    /// The seed of everything that is drawn [default: 0]
    #[arg(long, env = "SCORELET_RANDOM_STATE", value_name = "SEED")]
    random_state: Option<u32>,
    /// Give each class its share of the rows that are held out
    #[arg(long, env = "SCORELET_STRATIFY", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", require_equals = true, value_parser = clap::builder::FalseyValueParser::new())]
    stratify: Option<bool>,
    /// Hold out the latest rows by this column of dates or numbers
    #[arg(long, env = "SCORELET_TIME_COLUMN", value_name = "COLUMN")]
    time_column: Option<String>,
    /// Also cross-validate over the rows that are fitted, with this many folds
    #[arg(long, env = "SCORELET_CV", value_name = "FOLDS")]
    cv: Option<usize>,
    /// Shuffle the rows with the seed before they are dealt out to folds, as `KFold(shuffle=True)` does
    #[arg(long, env = "SCORELET_CV_SHUFFLE", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", require_equals = true, value_parser = clap::builder::FalseyValueParser::new())]
    cv_shuffle: Option<bool>,
    /// The schema that the table must have (see `scorelet schema infer`)
    #[arg(long, env = "SCORELET_SCHEMA", value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Read only this many rows, drawn at random
    #[arg(long, env = "SCORELET_SAMPLE", value_name = "ROWS")]
    sample: Option<usize>,
    /// What separates the values of CSV [default: ,]
    #[arg(long, env = "SCORELET_DELIMITER", value_name = "CHAR")]
    delimiter: Option<char>,
    /// The share of rows that cleaning may drop before the run fails [default: 0.5]
    #[arg(long, env = "SCORELET_MAX_LOST", value_name = "FRACTION")]
    max_lost: Option<f64>,
    /// Write a model card: one HTML page with plots
    #[arg(long, env = "SCORELET_REPORT", value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write all numbers as JSON
    #[arg(long, env = "SCORELET_METRICS", value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Threads to use; the model is the same with any number [default: number of cores]
    #[arg(long, env = "SCORELET_THREADS", value_name = "N")]
    threads: Option<usize>,
    /// What the bundle says of when it was trained: ISO 8601, or seconds since 1970 [default: $SOURCE_DATE_EPOCH, else now]
    #[arg(long, env = "SCORELET_TRAINED_AT", value_name = "TIME")]
    #[serde(deserialize_with = "config::literal")]
    trained_at: Option<String>,
    /// What the bundle says of the commit [default: that of the CI job, else that of the working folder]
    #[arg(long, env = "SCORELET_GIT_COMMIT", value_name = "COMMIT")]
    git_commit: Option<String>,
    /// Replace the output also if it is no native bundle
    #[arg(long, env = "SCORELET_FORCE", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", require_equals = true, value_parser = clap::builder::FalseyValueParser::new())]
    force: Option<bool>,
    /// Print JSON for scripts
    #[arg(long, env = "SCORELET_JSON", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", require_equals = true, value_parser = clap::builder::FalseyValueParser::new())]
    json: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    parameters: Parameters,
}

const NOTES: &str = "\
Parameters have scikit-learn's names and defaults, and values are written as in Python: --max-samples 100 is a count, 1.0 a
fraction, None is None. Which estimator has which is said with each.

The configuration file holds the same names as keys: data = [\"a.csv\"], estimator = \"ridge\", alpha = 0.5. It can say more of
single columns: derived = { speed = \"distance / air_time\" }, dates = { day = [\"month\"] }, columns = { origin = { missing =
\"drop\", encode = { kind = \"one-hot\", min_frequency = 100 } } }. The configuration that is used is printed to stderr.

The same data and seed give the same bytes, whatever the number of threads, if --trained-at or SOURCE_DATE_EPOCH is set.";

/// Trains one model.
///
/// # Errors
/// When the configuration is wrong, the data cannot be had or used, or the output cannot be written.
pub fn run(args: Args) -> Result<(), Failure> {
    let args = config::complete(args)?;
    let settings = Settings::new(args, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
    let place = output::bundle_place(&settings.job.output, settings.force)?;
    output::clean_up_when_interrupted();
    let says = io::stderr().lock().write_all(super::visible(&settings.shown).as_bytes());
    // Nobody reads stderr: no reason not to train.
    drop(says);
    let progress = Progress::new();
    let began = Instant::now();
    let loaded = load(&settings, &progress)?;
    let read = began.elapsed();
    let trained = job::run(&settings.job, loaded, &|stage| progress.stage(stage)).map_err(failure)?;
    progress.done();
    let seconds = text::Seconds { read: read.as_secs_f64(), all: began.elapsed().as_secs_f64() };
    write(&settings, &place, &trained)?;
    let shown = if settings.json {
        let said = text::json(&trained, &settings.job, seconds);
        serde_json::to_string_pretty(&said).map_err(anyhow::Error::from)? + "\n"
    } else {
        text::text(&trained, &settings, seconds)
    };
    super::print(&shown)
}

/// The table, as the schema has it where there is one.
fn load(settings: &Settings, progress: &Progress) -> Result<data::Loaded, Failure> {
    let schema = settings.schema.as_deref().map(read_schema).transpose()?;
    let told = |at: data::Progress| progress.read(at);
    let read = |columns| {
        let options = data::ReadOptions {
            delimiter: settings.delimiter,
            sample: settings.sample,
            progress: progress.shown().then_some(&told),
            columns,
            text: schema.as_ref().map(Schema::text_columns).unwrap_or_default(),
            ..data::ReadOptions::default()
        };
        data::read(&settings.data, &options).map_err(unread)
    };
    let wanted = settings.columns(schema.as_ref());
    let mut loaded = read(wanted.clone())?;
    if schema.is_none() && wanted.iter().flatten().any(|name| loaded.table.find(name).is_err()) {
        // Whoever asked for a column that is not there wants to know which ones are.
        loaded = read(None)?;
    }
    if let (Some(schema), Some(path)) = (schema, &settings.schema) {
        loaded.table = schema.check(loaded.table).map_err(|violations| {
            let listed: Vec<String> = violations.iter().map(|violation| format!("\n  {violation}")).collect();
            anyhow!("the data break {} in {} ways:{}", path.display(), violations.len(), listed.concat())
        })?;
    }
    Ok(loaded)
}

/// Reads a schema file.
///
/// # Errors
/// When it cannot be read, or is no schema.
fn read_schema(path: &Path) -> anyhow::Result<Schema> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Schema::from_toml(&text).with_context(|| format!("{} is no schema", path.display()))
}

pub(super) fn unread(error: DataError) -> Failure {
    if error.is_usage() { Failure::Usage(error.to_string()) } else { Failure::Work(error.into()) }
}

fn failure(error: TrainError) -> Failure {
    if error.is_usage() { Failure::Usage(error.to_string()) } else { Failure::Work(error.into()) }
}

/// The card and the numbers first: where a bundle is, they are, too.
fn write(settings: &Settings, place: &Path, trained: &Trained) -> anyhow::Result<()> {
    let unchecked = |_: &Path| Ok(());
    if let Some(report) = &settings.report {
        output::write(report, trained.page(&settings.job).as_bytes(), unchecked)?;
    }
    if let Some(metrics) = &settings.metrics {
        let said = serde_json::to_string_pretty(&trained.metrics(&settings.job))? + "\n";
        output::write(metrics, said.as_bytes(), unchecked)?;
    }
    output::write_bundle(place, trained.assembled.file.bytes(), &trained.assembled.bundle)
}
