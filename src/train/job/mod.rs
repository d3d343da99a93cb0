//! One training run from a table to a bundle: clean, split, fit, measure, record.
//!
//! `table → rows that can be used → split → scaler and estimator → bundle → the same bundle with what was measured`
//!
//! Everything is measured on the finished bundle, through the path that a request takes. No files, no clock, no
//! environment: they are arguments. The same table and job give the same bytes, whatever the number of threads.

mod columns;
mod fitting;
mod record;

use super::evaluate::profile::Profile;
use super::evaluate::{self, Answers, Evaluation, Golden, Refused, Split, SplitError, TestSize, importance};
use super::features::{FeatureError, Plan};
use super::fit::FitError;
use super::params::{Estimator, ScalerSpec, Spec, Task};
use super::{AssembleError, Assembled, Target, TargetError};
use crate::bundle::Bundle;
use crate::data::{Column, Loaded, NameError};
use crate::model::InputError;
use crate::value::ValueError;
use columns::Prepared;
use fitting::Fitting;
use std::path::PathBuf;
use std::sync::Arc;

/// What a run does; checked, but for what only the table can tell.
pub struct Job {
    pub spec: Spec,
    pub scaler: Option<ScalerSpec>,
    pub target: Option<String>,
    /// All columns but the target and that of the times, where none are named.
    pub features: Option<Vec<String>>,
    /// Derived columns, dates, missing values, encodings.
    pub plan: Plan,
    pub test_size: TestSize,
    pub order: Order,
    /// Cross-validation over the rows to be fitted.
    pub folds: Option<usize>,
    /// Rows are dealt out to folds at random, from the seed; else as they stand.
    pub shuffle_folds: bool,
    /// The share of rows that cleaning may drop.
    pub max_lost: f64,
    pub threads: usize,
    /// ISO 8601.
    pub trained_at: String,
    pub git_commit: Option<String>,
    /// Where the bundle will be written, for messages.
    pub output: PathBuf,
}

/// Which rows are held out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    Random,
    /// Each class has its share in both parts.
    Stratified,
    /// The latest rows by this column.
    Time(String),
}

/// What a run is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Fold { number: usize, of: usize },
    Fit,
    Measure,
    Write,
}

/// A bundle and all that is known of it.
pub struct Trained {
    pub assembled: Assembled,
    pub facts: Facts,
    pub held_out: bool,
    /// `None` where the target cannot be compared with what the model says.
    pub evaluation: Option<Evaluation>,
    /// Mean and deviation of each metric over folds.
    pub folds: Vec<(&'static str, f64, f64)>,
    /// Where they come from, and the features with theirs, most important first.
    pub importances: Vec<(&'static str, Vec<(String, f64)>)>,
    /// Of the rows that were fitted.
    pub features: Vec<(String, Profile)>,
    pub predictions: Vec<(String, Profile)>,
    pub golden: Vec<Golden>,
    pub warnings: Vec<String>,
}

/// Counts and origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub source_rows: usize,
    pub clean_rows: usize,
    pub train_rows: usize,
    pub holdout_rows: usize,
    pub target: Option<String>,
    pub fingerprint: String,
    pub sources: Vec<String>,
    /// How rows were held out, in words.
    pub split: String,
}

/// Why a run gives no bundle.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("{what}: {problem}")]
    Column { what: &'static str, problem: NameError },
    #[error("--features names {0:?} twice")]
    Twice(String),
    #[error("--features names the target {0:?}; a model that sees its target learns nothing")]
    TargetAmongFeatures(String),
    #[error("{class} needs a target; name its column with --target")]
    NoTarget { class: &'static str },
    #[error("--stratify needs a target of labels; leave it out, or name such a column with --target")]
    NothingToStratify,
    #[error("no features are left: the table has no column but {0}")]
    NoFeatures(String),
    #[error("--time-column {column:?}: row {row} has no time; drop such rows first, or split without it")]
    NoTime { column: String, row: usize },
    #[error("--time-column {column:?} holds text; it must hold dates or numbers")]
    TextTime { column: String },
    #[error(
        "column {column:?} holds numbers but for row {row}: {value:?}\n  correct the data, or treat the column as text with \
         --encode \"{column}=one-hot\""
    )]
    NotNumbers { column: String, row: usize, value: String },
    #[error(
        "column {column:?}, row {row}: the value is missing, and {class} takes none\n  fill it in (--missing median) or drop \
         such rows (--missing drop)"
    )]
    MissingValue { column: String, row: usize, class: &'static str },
    #[error("column {column:?}, row {row}: {problem}")]
    Value { column: String, row: usize, problem: InputError },
    #[error("no rows are left: {0}")]
    AllLost(String),
    #[error(
        "cleaning drops {lost} of {rows} rows ({:.1} %), more than --max-lost {limit} allows: {why}\n  look at the data, \
         or raise --max-lost", *.lost as f64 * 100.0 / *.rows as f64
    )]
    TooManyLost { lost: usize, rows: usize, limit: f64, why: String },
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Feature(#[from] FeatureError),
    #[error(transparent)]
    Split(#[from] SplitError),
    #[error(transparent)]
    Fit(#[from] FitError),
    #[error("the finished model refuses {0}")]
    Refused(#[from] Refused),
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    #[error("the fitted model cannot be read: {0}")]
    Read(#[from] ValueError),
}

impl TrainError {
    /// Whether what was asked for is wrong in itself, whatever the table.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            TrainError::Twice(_)
                | TrainError::TargetAmongFeatures(_)
                | TrainError::NoTarget { .. }
                | TrainError::NothingToStratify
        )
    }
}

/// Rows whose columns are shuffled for importances: what it costs grows with rows times columns.
const SHUFFLED_ROWS: usize = 1_000;
/// Tables with more columns get no such importances.
const SHUFFLED_COLUMNS: usize = 200;

/// Models whose importances are coefficients.
const LINEAR: [Estimator; 5] = [
    Estimator::LinearRegression,
    Estimator::Ridge,
    Estimator::Lasso,
    Estimator::ElasticNet,
    Estimator::LogisticRegression,
];

/// Does the whole run; `on` is told what it is busy with.
///
/// # Errors
/// When the table does not fit the job, or no model can be fitted; nothing is left half done.
pub fn run(job: &Job, loaded: Loaded, on: &dyn Fn(Stage)) -> Result<Trained, TrainError> {
    let Loaded { table, fingerprint, sources } = loaded;
    let source_rows = table.rows;
    let mut data = Prepared::new(job, table)?;
    let split = data.split(job)?;
    let folds = cross_validate(job, &data, &split, on)?;
    on(Stage::Fit);
    let held_out = !split.holdout.is_empty();
    let facts = Facts {
        source_rows,
        clean_rows: data.rows.len(),
        train_rows: split.train.len(),
        holdout_rows: split.holdout.len(),
        target: data.target_name.clone(),
        fingerprint,
        sources,
        split: job.split_in_words(held_out),
    };
    let features = profiles(&data, &split.train);
    let fitting = Fitting::new(&data, &split.train)?;
    data.keep(if held_out { &split.holdout } else { &split.train });
    drop(split);
    let fitted = fitting.fit(job)?;
    let (mut warnings, own) = (fitted.warnings, fitted.importances);
    warnings.extend(data.warnings.iter().cloned());
    on(Stage::Measure);
    let bundle = Arc::new(fitted.assembled.bundle);
    let measures = Measures::new(job, &data, &bundle, &data.rows)?;
    let columns: Vec<&Column> = data.columns().collect();
    let golden_rows = &data.rows[..data.rows.len().min(4 * evaluate::REQUESTS)];
    let mut trained = Trained {
        facts,
        held_out,
        folds,
        importances: importances(job, &data, &bundle, own, held_out)?,
        predictions: record::predictions(&measures.answers),
        evaluation: measures.evaluation,
        golden: evaluate::golden(&bundle, &columns, golden_rows),
        features,
        warnings,
        assembled: Assembled { file: fitted.assembled.file, bundle: Arc::unwrap_or_clone(bundle) },
    };
    drop(data);
    on(Stage::Write);
    let (metadata, extra) = (record::metadata(job, &trained), record::extra(job, &trained));
    trained.assembled = trained.assembled.with(&metadata, &extra)?;
    Ok(trained)
}

/// What the finished bundle is worth on some rows.
struct Measures {
    answers: Answers,
    evaluation: Option<Evaluation>,
}

impl Measures {
    fn new(job: &Job, data: &Prepared, bundle: &Bundle, rows: &[usize]) -> Result<Measures, TrainError> {
        let x = data.request(bundle, rows)?;
        let answers = evaluate::answers(bundle, x.view(), job.threads)?;
        let task = job.spec.estimator.class().task;
        let truth = data.target.as_ref().map(|target| target.select(rows));
        let seen = if task == Task::Clustering { evaluate::seen_by_model(bundle, x) } else { x };
        let comparable = truth.is_some() || matches!(task, Task::Clustering | Task::AnomalyDetection);
        let seed = job.spec.params.random_state();
        let evaluation = comparable.then(|| evaluate::evaluate(task, &answers, truth.as_ref(), seen.view(), seed));
        Ok(Measures { answers, evaluation })
    }
}

fn cross_validate(
    job: &Job,
    data: &Prepared,
    split: &Split,
    on: &dyn Fn(Stage),
) -> Result<Vec<(&'static str, f64, f64)>, TrainError> {
    let Some(of) = job.folds else { return Ok(Vec::new()) };
    let rows = &split.train;
    let seed = job.shuffle_folds.then(|| job.spec.params.random_state());
    let folds = match data.target.as_ref() {
        Some(target @ Target::Labels { .. }) if job.spec.estimator.class().task == Task::Classification => {
            match target.select(rows) {
                Target::Labels { codes, .. } => evaluate::stratified_k_fold(&codes, of, seed)?,
                Target::Numbers(_) => Vec::new(),
            }
        }
        _ => evaluate::k_fold(rows.len(), of, seed)?,
    };
    let pick = |part: &[usize]| part.iter().map(|at| rows[*at]).collect::<Vec<_>>();
    let mut measured = Vec::new();
    for (at, fold) in folds.iter().enumerate() {
        on(Stage::Fold { number: at + 1, of });
        let bundle = Fitting::new(data, &pick(&fold.train))?.fit(job)?.assembled.bundle;
        measured.extend(Measures::new(job, data, &bundle, &pick(&fold.holdout))?.evaluation);
    }
    Ok(evaluate::over_folds(&measured))
}

/// Profiles of the columns of a request, over some rows.
fn profiles(data: &Prepared, rows: &[usize]) -> Vec<(String, Profile)> {
    let rows = data.table_rows(rows);
    data.columns().map(|column| (column.name.clone(), Profile::of(&column.values, &rows))).collect()
}

fn importances(
    job: &Job,
    data: &Prepared,
    bundle: &Bundle,
    own: Option<Vec<(String, f64)>>,
    held_out: bool,
) -> Result<Vec<(&'static str, Vec<(String, f64)>)>, TrainError> {
    let mut found = Vec::new();
    if let Some(own) = own {
        let source = if LINEAR.contains(&job.spec.estimator) {
            "Size of the coefficients of scaled columns"
        } else {
            "Share of the impurity that splits on the column remove"
        };
        found.push((source, own));
    }
    let rows = if held_out { &data.rows[..data.rows.len().min(SHUFFLED_ROWS)] } else { &[] };
    if let Some(truth) = data.target.as_ref().filter(|_| rows.len() > 1 && data.names.len() <= SHUFFLED_COLUMNS) {
        let (x, truth) = (data.request(bundle, rows)?, truth.select(rows));
        let shuffled = importance::permutation(bundle, &x, &truth, job.spec.params.random_state(), job.threads)?;
        found.extend(
            shuffled
                .map(|lost| ("What the held-out score loses when the column is shuffled", ranked(&data.names, lost))),
        );
    }
    Ok(found)
}

/// Features with their importances, most important first.
fn ranked(names: &[String], importances: Vec<f64>) -> Vec<(String, f64)> {
    let mut ranked: Vec<(String, f64)> = names.iter().cloned().zip(importances).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

impl Job {
    fn split_in_words(&self, held_out: bool) -> String {
        let seed = self.spec.params.random_state();
        match &self.order {
            _ if !held_out => "none: all rows were fitted".to_owned(),
            Order::Random => format!("at random, seed {seed}"),
            Order::Stratified => format!("at random within each class, seed {seed}"),
            Order::Time(column) => format!("the latest rows by {column}"),
        }
    }
}
