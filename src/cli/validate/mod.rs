//! `scorelet validate`: holds a model against thresholds, a baseline and budgets before it is deployed.

mod settings;
mod text;

use super::model::{self, Model, unloadable};
use super::train::{Progress, unread};
use super::{Failure, output};
use crate::bundle::Bundle;
use crate::data::{self, Loaded};
use crate::gate::{self, Case, GateError, Subject, Verdict};
use crate::model::Classes;
use anyhow::{Context, anyhow};
use settings::Settings;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was typed.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_long_help = NOTES)]
pub struct Args {
    /// The bundle: a file, a folder that holds one, or a version of a registry: NAME, NAME@7, NAME@champion
    #[arg(env = "SCORELET_MODEL")]
    model: PathBuf,
    #[command(flatten)]
    from: model::From,
    /// Rows that no model was fitted on: files, folders, patterns or URLs; several are read as one table
    #[arg(long, env = "SCORELET_DATA", value_name = "URL", num_args = 1..)]
    data: Vec<String>,
    /// The column that holds the truth
    #[arg(long, env = "SCORELET_TARGET", value_name = "COLUMN")]
    target: Option<String>,
    /// A metric must be at least this: roc_auc=0.9
    #[arg(long, env = "SCORELET_MIN", value_name = "METRIC=VALUE")]
    min: Vec<String>,
    /// A metric must be at most this: root_mean_squared_error=2.5
    #[arg(long, env = "SCORELET_MAX", value_name = "METRIC=VALUE")]
    max: Vec<String>,
    /// A TOML file of thresholds with MLflow's names, and of everything below; flags beat it
    #[arg(long, env = "SCORELET_GATE", value_name = "FILE")]
    gate: Option<PathBuf>,
    /// The model to compare with, such as the one that serves now; none for none [default: NAME@champion where MODEL is a
    /// version of a registry, and the alias means another one]
    #[arg(long, env = "SCORELET_BASELINE", value_name = "MODEL")]
    baseline: Option<PathBuf>,
    /// Requests with the replies that are expected, as JSON; those in the bundle itself are always replayed
    #[arg(long, env = "SCORELET_GOLDEN", value_name = "FILE")]
    golden: Option<PathBuf>,
    /// How far numbers of golden replies may be off: |difference| <= X * (1 + |expected|) [default: not at all]
    #[arg(long, env = "SCORELET_GOLDEN_TOLERANCE", value_name = "X")]
    golden_tolerance: Option<f64>,
    /// The share of rows that may be answered with another label than the baseline's
    #[arg(long, env = "SCORELET_MAX_LABEL_FLIP_RATE", value_name = "SHARE")]
    max_label_flip_rate: Option<f64>,
    /// How far any number (prediction, probability, score) may be from the baseline's
    #[arg(long, env = "SCORELET_MAX_ABS_DELTA", value_name = "X")]
    max_abs_delta: Option<f64>,
    /// The 99th percentile of the time that one row takes, without the network, in milliseconds
    #[arg(long, env = "SCORELET_MAX_P99_MS", value_name = "MS")]
    max_p99_ms: Option<f64>,
    /// The largest bundle: 50MB, 64MiB
    #[arg(long, env = "SCORELET_MAX_SIZE", value_name = "SIZE")]
    max_size: Option<String>,
    /// Features, their types or outputs may differ from the baseline's; the difference is still named
    #[arg(long, env = "SCORELET_ALLOW_SCHEMA_CHANGE", value_parser = clap::builder::FalseyValueParser::new())]
    allow_schema_change: bool,
    /// Metrics may be worse than the baseline's beyond chance
    #[arg(long, env = "SCORELET_ALLOW_REGRESSION", value_parser = clap::builder::FalseyValueParser::new())]
    allow_regression: bool,
    /// Column names in the order of the model's features, for a model fitted without names
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    features: Option<String>,
    /// What separates the values of CSV [default: ,]
    #[arg(long, env = "SCORELET_DELIMITER", value_name = "CHAR")]
    delimiter: Option<char>,
    /// Threads to use; the verdict is the same with any number [default: number of cores]
    #[arg(long, env = "SCORELET_THREADS", value_name = "N")]
    threads: Option<usize>,
    /// Write the verdict as JSON
    #[arg(long, env = "SCORELET_OUTPUT", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the verdict as JSON for scripts
    #[arg(long, env = "SCORELET_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

/// The alias of what serves now.
const CHAMPION: &str = "champion";

const NOTES: &str = "\
Exit codes: 0 every check holds, 1 one does not or the data cannot be used, 2 wrong usage, 3 a bundle cannot be loaded.

Metrics have scikit-learn's names and definitions, and are those that `train` reports:
  classifiers   accuracy balanced_accuracy precision recall f1 (of two classes), precision_macro recall_macro f1_macro
                precision_weighted recall_weighted f1_weighted roc_auc (of two), roc_auc_ovr (of more)
                average_precision log_loss brier_score
  regressors    r2 mean_absolute_error root_mean_squared_error mean_squared_error median_absolute_error
                mean_absolute_percentage_error explained_variance
  anomalies     anomaly_rate; with a --target of two values roc_auc average_precision precision recall f1
  clusters      clusters inertia silhouette

With a baseline each metric that has a bound, or else the first, must not be worse than the baseline's beyond chance: if the
whole 95 % interval of the difference (paired bootstrap) is on the bad side, the model fails. A metric that is missing or
undefined fails its bound. The verdict over a version of a registry is recorded there; `registry promote` asks for it.
docs/gate.md has a gate.toml to copy.";

/// Gives the verdict.
///
/// # Errors
/// When a check does not hold, the usage is wrong, the data cannot be used, or a bundle cannot be loaded.
pub fn run(args: Args) -> Result<(), Failure> {
    let settings = Settings::new(args)?;
    output::clean_up_when_interrupted();
    let progress = Progress::new();
    let found = model::find(&settings.model, &settings.from)?;
    let model = subject(&settings.model, &found, &settings)?;
    let before = baseline(&found, &settings)?;
    let before = before.map(|(name, found)| subject(&name, &found, &settings)).transpose()?;
    let data = read(&settings, &[Some(&model), before.as_ref()], &progress)?;
    let case = Case {
        model: &model,
        baseline: before.as_ref(),
        data: data.as_ref(),
        target: settings.target.as_deref(),
        golden: &settings.golden,
        threads: settings.threads,
        now: settings.now.clone(),
    };
    let verdict = gate::judge(&case, &settings.limits).map_err(refused)?;
    progress.done();
    publish(&settings, &found, &verdict)
}

/// Loads a model. A version is called by its number: what an alias means today says nothing tomorrow.
fn subject(name: &Path, found: &Model, settings: &Settings) -> Result<Subject, Failure> {
    let (file, options) = found.read(settings.load.clone())?;
    let name = match found {
        Model::Path(_) => name.display().to_string(),
        Model::Version { record, .. } => record.reference(),
    };
    Ok(Subject { name, bundle: Arc::new(file.load(&options)?) })
}

/// What was named to compare with, else the champion of the same model, where there is one and it is another version.
fn baseline(model: &Model, settings: &Settings) -> Result<Option<(PathBuf, Model)>, Failure> {
    match (&settings.baseline, model) {
        (Some(name), _) if name.as_os_str() == "none" && !name.exists() => Ok(None),
        (Some(name), _) => Ok(Some((name.clone(), model::find(name, &settings.from)?))),
        (None, Model::Path(_)) => Ok(None),
        (None, Model::Version { registry, record }) => {
            let champion = registry.state(&record.name).map_err(unloadable)?.aliases.get(CHAMPION).copied();
            let other = champion.filter(|version| *version != record.version);
            let name = other.map(|version| PathBuf::from(format!("{}@{version}", record.name)));
            name.map(|name| Ok((name.clone(), model::find(&name, &settings.from)?))).transpose()
        }
    }
}

/// The holdout. Columns that a model takes as text are text though they may look like numbers, and so are labels.
fn read(settings: &Settings, subjects: &[Option<&Subject>], progress: &Progress) -> Result<Option<Loaded>, Failure> {
    if settings.data.is_empty() {
        return Ok(None);
    }
    let mut text: Vec<String> = Vec::new();
    for bundle in subjects.iter().flatten().map(|subject| &subject.bundle) {
        text.extend(bundle.vocabulary.text_columns().map(|at| bundle.feature_order[at].clone()));
        text.extend(settings.target.clone().filter(|_| has_text_labels(bundle)));
    }
    let told = |at: data::Progress| progress.read(at);
    let options = data::ReadOptions {
        delimiter: settings.delimiter,
        text,
        progress: progress.shown().then_some(&told),
        ..data::ReadOptions::default()
    };
    data::read(&settings.data, &options).map(Some).map_err(unread)
}

fn has_text_labels(bundle: &Bundle) -> bool {
    matches!(bundle.estimator.classes().as_deref(), Some(Classes::Str(_)))
}

fn refused(error: GateError) -> Failure {
    match error {
        GateError::Holdout(gate::HoldoutError::NoTarget { .. }) => Failure::Usage(error.to_string()),
        other => Failure::Work(anyhow!(other)),
    }
}

/// The verdict goes to the registry and to its file, then to stdout; only then the exit code says no.
fn publish(settings: &Settings, model: &Model, verdict: &Verdict) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(verdict).map_err(anyhow::Error::from)? + "\n";
    if let Some(path) = &settings.output {
        output::write(path, json.as_bytes(), |_| Ok(()))?;
    }
    super::print(&if settings.json { json } else { text::text(verdict) })?;
    if let Model::Version { registry, record } = model {
        let said = serde_json::to_value(verdict).map_err(anyhow::Error::from)?;
        let kept = registry.record_verdict(record, verdict.passed, said);
        kept.with_context(|| format!("the verdict over {} cannot be recorded", record.reference()))?;
    }
    if verdict.passed {
        return Ok(());
    }
    let failed: Vec<&str> = verdict.failed().map(|check| check.name.as_str()).collect();
    let (count, of) = (failed.len(), verdict.checks.len());
    Err(Failure::Work(anyhow!("the gate says no: {count} of {of} checks failed\n  {}", failed.join(", "))))
}
