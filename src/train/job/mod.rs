//! One training run from a table to a bundle: clean, split, fit, measure, record.
//!
//! `table → rows that can be used → split → scaler and estimator → bundle → the same bundle with what was measured`
//!
//! Everything is measured on the finished bundle, through the path that a request takes. No files, no clock, no
//! environment: they are arguments. The same table and job give the same bytes, whatever the number of threads.

mod columns;
mod record;

use super::evaluate::profile::Profile;
use super::evaluate::{self, Answers, Evaluation, Golden, Refused, Split, SplitError, TestSize, importance};
use super::features::{self, FeatureError, Plan};
use super::fit::{FitError, fit, fit_scaler};
use super::params::{Estimator, ScalerSpec, Spec, Task};
use super::{AssembleError, Assembled, Parts, Target, TargetError, assemble};
use crate::bundle::Bundle;
use crate::data::{Loaded, NameError};
use crate::model::InputError;
use crate::value::ValueError;
use columns::Prepared;
use serde_json::Map;
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
    let data = Prepared::new(job, &table)?;
    let split = data.split(job)?;
    let folds = cross_validate(job, &data, &split, on)?;
    on(Stage::Fit);
    let fitted = fit_rows(job, &data, &split.train)?;
    let (mut warnings, own) = (fitted.warnings, fitted.importances);
    warnings.extend(data.warnings.iter().cloned());
    on(Stage::Measure);
    let held_out = !split.holdout.is_empty();
    let measured = if held_out { &split.holdout } else { &split.train };
    let bundle = Arc::new(fitted.assembled.bundle);
    let measures = Measures::new(job, &data, &bundle, measured)?;
    let rows = data.table_rows(&split.train);
    let features =
        data.columns.iter().map(|column| (column.name.clone(), Profile::of(&column.values, &rows))).collect();
    let golden_rows: Vec<usize> = measured.iter().take(4 * evaluate::REQUESTS).map(|at| data.rows[*at]).collect();
    let mut trained = Trained {
        facts: Facts {
            source_rows: table.rows,
            clean_rows: data.rows.len(),
            train_rows: split.train.len(),
            holdout_rows: split.holdout.len(),
            target: data.target_name.clone(),
            fingerprint,
            sources,
            split: job.split_in_words(held_out),
        },
        held_out,
        folds,
        importances: importances(job, &data, &bundle, own, &split)?,
        predictions: record::predictions(&measures.answers),
        evaluation: measures.evaluation,
        golden: evaluate::golden(&bundle, &data.columns, &golden_rows),
        features,
        warnings,
        assembled: Assembled { file: fitted.assembled.file, bundle: Arc::unwrap_or_clone(bundle) },
    };
    on(Stage::Write);
    let (metadata, extra) = (record::metadata(job, &trained), record::extra(job, &trained));
    trained.assembled = trained.assembled.with(&metadata, &extra)?;
    Ok(trained)
}

/// A fitted bundle.
struct FittedRows {
    assembled: Assembled,
    warnings: Vec<String>,
    /// What the model itself says, for each input of it, most important first.
    importances: Option<Vec<(String, f64)>>,
}

fn fit_rows(job: &Job, data: &Prepared<'_>, rows: &[usize]) -> Result<FittedRows, TrainError> {
    let prepared = data.plan.fit_rows(data.table, &data.names, &data.table_rows(rows))?;
    let features::Prepared { mut x, step, names: inputs, .. } = prepared;
    let target = data.learned().map(|target| target.take(rows));
    let mut scaler = None;
    // As in scikit-learn, where transformers give arrays without names.
    let mut names = if step.is_some() { &[] } else { data.names.as_slice() };
    if let Some(spec) = &job.scaler {
        let fitted = fit_scaler(spec, x.view(), names).map_err(|error| located(error, job, data, &inputs, rows))?;
        let transformer = fitted.transformer().map_err(FitError::from)?;
        x = transformer.transform(x).map_err(|error| Refused { row: error.place().0, error })?;
        scaler = Some((spec, fitted));
        names = &[];
    }
    let model = fit(&job.spec, x.view(), names, target.as_ref(), job.threads);
    let model = model.map_err(|error| located(error, job, data, &inputs, rows))?;
    drop(x);
    let warnings = model.warnings.clone();
    let importances = importance::own(&model.graph.root())?.map(|own| ranked(&inputs, own));
    let parts = Parts {
        spec: &job.spec,
        model,
        scaler,
        features: step,
        feature_order: data.names.clone(),
        metadata: Map::new(),
        extra: Map::new(),
    };
    Ok(FittedRows { assembled: assemble(parts, job.output.clone())?, warnings, importances })
}

/// The error with the name of the column, which a scaler takes away, and the row as the table counts it, from 1.
fn located(error: FitError, job: &Job, data: &Prepared<'_>, inputs: &[String], rows: &[usize]) -> TrainError {
    let FitError::Value { problem, .. } = error else { return error.into() };
    let (row, at) = problem.place();
    let row = data.rows[rows[row]] + 1;
    let column = inputs.get(at).cloned().unwrap_or_default();
    match problem {
        InputError::Missing { .. } => TrainError::MissingValue { column, row, class: job.spec.estimator.class().class },
        problem => TrainError::Value { column, row, problem },
    }
}

/// What the finished bundle is worth on some rows.
struct Measures {
    answers: Answers,
    evaluation: Option<Evaluation>,
}

impl Measures {
    fn new(job: &Job, data: &Prepared<'_>, bundle: &Bundle, rows: &[usize]) -> Result<Measures, TrainError> {
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
    data: &Prepared<'_>,
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
        let bundle = fit_rows(job, data, &pick(&fold.train))?.assembled.bundle;
        measured.extend(Measures::new(job, data, &bundle, &pick(&fold.holdout))?.evaluation);
    }
    Ok(evaluate::over_folds(&measured))
}

fn importances(
    job: &Job,
    data: &Prepared<'_>,
    bundle: &Bundle,
    own: Option<Vec<(String, f64)>>,
    split: &Split,
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
    let rows = &split.holdout[..split.holdout.len().min(SHUFFLED_ROWS)];
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
