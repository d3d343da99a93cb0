//! From what was said to a checked job. Pure: the environment is passed in.

use super::Args;
use super::plan::{self, plan};
use crate::calendar;
use crate::cli::{Failure, git, names};
use crate::data::Sample;
use crate::data::schema::{ColumnSchema, Schema};
use crate::train::evaluate::TestSize;
use crate::train::job::{Job, Order};
use crate::train::params::{Estimator, Literal, ParamError, ScalerKind, ScalerSpec, Spec};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a run does and where it writes.
pub(super) struct Settings {
    pub data: Vec<String>,
    pub schema: Option<PathBuf>,
    pub sample: Option<Sample>,
    pub delimiter: Option<u8>,
    pub job: Job,
    pub report: Option<PathBuf>,
    pub metrics: Option<PathBuf>,
    pub force: bool,
    pub json: bool,
    /// All of it, as a configuration file.
    pub shown: String,
}

impl Settings {
    /// Checks everything that can be checked without the data.
    ///
    /// # Errors
    /// [`Failure::Usage`], naming the flag.
    pub fn new(args: Args, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let usage = |text: &str| Failure::Usage(text.to_owned());
        if args.data.is_empty() {
            return Err(usage("no data are named\n  give files, folders, patterns or URLs with --data"));
        }
        let name = args.estimator.as_deref().ok_or_else(|| {
            let known: Vec<&str> = Estimator::ALL.iter().map(|estimator| estimator.class().name).collect();
            Failure::Usage(format!("no estimator is named\n  give --estimator one of {}", known.join(", ")))
        })?;
        let output = args.output_path.clone().ok_or_else(|| {
            usage("no output is named\n  give the file to write with --output-path, such as model.bundle")
        })?;
        for (flag, path) in [("--report", &args.report), ("--metrics", &args.metrics)] {
            if let Some(path) = path {
                writable(flag, path, &output)?;
            }
        }
        let job = Job {
            spec: spec(&args, name)?,
            scaler: scaler(&args)?,
            target: args.target.clone(),
            features: args.features.as_deref().map(names).transpose()?,
            plan: plan(&args)?,
            test_size: test_size(args.test_size.as_deref().unwrap_or("0.25"))?,
            order: order(&args)?,
            folds: folds(args.cv)?,
            shuffle_folds: shuffle_folds(args.cv_shuffle, args.cv)?,
            max_lost: max_lost(args.max_lost)?,
            threads: threads(args.threads)?,
            trained_at: trained_at(args.trained_at.as_deref(), variable)?,
            git_commit: args.git_commit.clone().or_else(|| git::commit(variable)),
            output,
        };
        let seed = u64::from(job.spec.params.random_state());
        Ok(Settings {
            shown: shown(&args, &job),
            sample: sample(args.sample, seed)?,
            delimiter: delimiter(args.delimiter)?,
            data: args.data,
            schema: args.schema,
            report: args.report,
            metrics: args.metrics,
            force: args.force.unwrap_or(false),
            json: args.json.unwrap_or(false),
            job,
        })
    }
}

impl Settings {
    /// The columns that must be read: the schema's, else those that are named, where they are.
    pub fn columns(&self, schema: Option<&Schema>) -> Option<Vec<String>> {
        if let Some(schema) = schema {
            let names = |column: &ColumnSchema| [vec![column.name.clone()], column.aliases.clone()].concat();
            return Some(schema.columns.iter().flat_map(names).collect());
        }
        let time = match &self.job.order {
            Order::Time(column) => Some(column),
            _ => None,
        };
        let features = self.job.features.as_ref()?;
        Some(features.iter().chain(&self.job.target).chain(time).cloned().collect())
    }
}

fn spec(args: &Args, name: &str) -> Result<Spec, Failure> {
    let mut params = args.parameters.literals();
    params.insert("random_state".to_owned(), Literal::Int(i64::from(args.random_state.unwrap_or(0))));
    Estimator::parse(name, &params).map_err(param)
}

fn scaler(args: &Args) -> Result<Option<ScalerSpec>, Failure> {
    let text = args.scaler_params.as_deref().unwrap_or("{}");
    let wrong =
        || Failure::Usage(format!("--scaler-params {text:?} is no dict of names\n  write {{'with_mean': False}}"));
    let Literal::Dict(pairs) = Literal::parse(text) else { return Err(wrong()) };
    let pair = |(key, value)| match key {
        Literal::Str(name) => Ok((name, value)),
        _ => Err(wrong()),
    };
    let params = pairs.into_iter().map(pair).collect::<Result<BTreeMap<_, _>, _>>()?;
    ScalerKind::parse(args.scaler.as_deref().unwrap_or("standard"), &params).map_err(param)
}

fn param(error: ParamError) -> Failure {
    Failure::Usage(error.to_string())
}

fn test_size(text: &str) -> Result<TestSize, Failure> {
    match Literal::parse(text) {
        Literal::Int(0) => Ok(TestSize::Nothing),
        Literal::Int(rows) if rows > 0 => Ok(TestSize::Rows(rows as usize)),
        Literal::Float(0.0) => Ok(TestSize::Nothing),
        Literal::Float(share) if share > 0.0 && share < 1.0 => Ok(TestSize::Fraction(share)),
        _ => Err(Failure::Usage(format!(
            "--test-size {text}: give a fraction between 0.0 and 1.0, a count of rows, or 0 to fit on every row"
        ))),
    }
}

fn order(args: &Args) -> Result<Order, Failure> {
    match (args.stratify.unwrap_or(false), &args.time_column) {
        (true, Some(_)) => {
            Err(Failure::Usage("--stratify and --time-column contradict each other\n  choose one".to_owned()))
        }
        (true, None) => Ok(Order::Stratified),
        (false, Some(column)) => Ok(Order::Time(column.clone())),
        (false, None) => Ok(Order::Random),
    }
}

fn folds(cv: Option<usize>) -> Result<Option<usize>, Failure> {
    match cv {
        Some(0) => Ok(None),
        Some(1) => Err(Failure::Usage("--cv 1 would leave nothing to fit\n  give 2 or more, or 0 for none".to_owned())),
        folds => Ok(folds),
    }
}

fn shuffle_folds(shuffle: Option<bool>, cv: Option<usize>) -> Result<bool, Failure> {
    match (shuffle, cv) {
        (Some(true), None | Some(0)) => {
            Err(Failure::Usage("--cv-shuffle needs folds to deal rows out to\n  say how many with --cv".to_owned()))
        }
        (shuffle, _) => Ok(shuffle == Some(true)),
    }
}

fn max_lost(given: Option<f64>) -> Result<f64, Failure> {
    let share = given.unwrap_or(0.5);
    let wrong = || Failure::Usage(format!("--max-lost {share}: give a fraction from 0 to 1"));
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(wrong()) }
}

fn threads(given: Option<usize>) -> Result<usize, Failure> {
    match given {
        Some(0) => Err(Failure::Usage("--threads 0 would do nothing\n  give at least 1".to_owned())),
        Some(threads) => Ok(threads),
        None => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
    }
}

fn sample(rows: Option<usize>, seed: u64) -> Result<Option<Sample>, Failure> {
    match rows {
        Some(0) => Err(Failure::Usage("--sample 0 would read nothing".to_owned())),
        rows => Ok(rows.map(|rows| Sample { rows, seed })),
    }
}

pub(in crate::cli) fn delimiter(given: Option<char>) -> Result<Option<u8>, Failure> {
    given.map(|c| u8::try_from(c).ok().filter(u8::is_ascii)).map_or(Ok(None), |byte| match byte {
        Some(byte) => Ok(Some(byte)),
        None => Err(Failure::Usage("--delimiter: give one ASCII character".to_owned())),
    })
}

/// A report must have a folder, and must not take the bundle's place: said before hours of work.
fn writable(flag: &str, path: &Path, output: &Path) -> Result<(), Failure> {
    if path == output {
        return Err(Failure::Usage(format!("{flag} and --output-path are the same file {}", path.display())));
    }
    let folder = crate::cli::output::folder_of(path);
    match folder.is_dir() && !path.is_dir() {
        true => Ok(()),
        false if path.is_dir() => Err(Failure::Usage(format!("{flag} {} is a folder: name a file", path.display()))),
        false => Err(Failure::Usage(format!("{flag}: there is no folder {}", folder.display()))),
    }
}

/// The present, in ISO 8601.
pub fn now() -> String {
    calendar::moment(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64)
}

/// The time that was given, else that of reproducible builds, else now.
fn trained_at(given: Option<&str>, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Failure> {
    let said = given.map(str::to_owned).or_else(|| variable("SOURCE_DATE_EPOCH"));
    let Some(text) = said else { return Ok(now()) };
    match text.parse::<i64>() {
        Ok(seconds @ 0..=253_402_300_799) => Ok(calendar::moment(seconds)),
        Ok(_) => Err(Failure::Usage(format!("--trained-at {text}: no year has so many seconds"))),
        // Any text that begins as a date: it is only shown.
        Err(_) if text.len() >= 10 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) => Ok(text),
        Err(_) => {
            Err(Failure::Usage(format!("--trained-at {text:?}: write 2026-01-31T12:00:00Z, or seconds since 1970")))
        }
    }
}

/// What is used, as a configuration file that would say the same.
fn shown(args: &Args, job: &Job) -> String {
    let mut out = String::from("# the configuration of this run\n");
    let mut line = |key: &str, value: toml::Value| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{key} = {value}");
    };
    let text = |text: &str| toml::Value::String(text.to_owned());
    let path = |path: &Path| text(&path.display().to_string());
    line("data", args.data.iter().map(|source| text(&crate::data::shown(source))).collect::<Vec<_>>().into());
    line("estimator", text(job.spec.estimator.class().name));
    line("output-path", path(&job.output));
    job.target.iter().for_each(|target| line("target", text(target)));
    job.features
        .iter()
        .for_each(|names| line("features", names.iter().map(|name| text(name)).collect::<Vec<_>>().into()));
    for (key, value) in plan::shown(&job.plan) {
        line(&key, value);
    }
    line("scaler", text(args.scaler.as_deref().unwrap_or("standard")));
    args.scaler_params.iter().for_each(|params| line("scaler-params", text(params)));
    line("test-size", text(args.test_size.as_deref().unwrap_or("0.25")));
    match &job.order {
        Order::Random => {}
        Order::Stratified => line("stratify", true.into()),
        Order::Time(column) => line("time-column", text(column)),
    }
    job.folds.iter().for_each(|folds| line("cv", (*folds as i64).into()));
    job.shuffle_folds.then(|| line("cv-shuffle", true.into()));
    line("random-state", i64::from(job.spec.params.random_state()).into());
    args.schema.iter().for_each(|schema| line("schema", path(schema)));
    args.sample.iter().for_each(|rows| line("sample", (*rows as i64).into()));
    args.delimiter.iter().for_each(|c| line("delimiter", text(&c.to_string())));
    line("max-lost", job.max_lost.into());
    args.report.iter().for_each(|report| line("report", path(report)));
    args.metrics.iter().for_each(|metrics| line("metrics", path(metrics)));
    line("threads", (job.threads as i64).into());
    line("trained-at", text(&job.trained_at));
    job.git_commit.iter().for_each(|commit| line("git-commit", text(commit)));
    for (name, value) in job.spec.params.iter().filter(|(name, _)| *name != "random_state") {
        line(&name.replace('_', "-"), parameter(value));
    }
    out
}

/// A parameter as TOML has it, else as the text of a Python literal.
fn parameter(value: &Literal) -> toml::Value {
    match value {
        Literal::Bool(b) => (*b).into(),
        Literal::Int(i) => (*i).into(),
        Literal::Float(x) if x.is_finite() => (*x).into(),
        Literal::Str(text) => toml::Value::String(text.clone()),
        other => toml::Value::String(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        args: Args,
    }

    fn settings(typed: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let words = std::iter::once("train").chain(typed.split_whitespace());
        let args = Typed::try_parse_from(words).map_err(|error| error.to_string())?.args;
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Settings::new(args, &variable).map_err(|failure| failure.to_string())
    }

    const LEAST: &str = "--data a.csv --estimator isolation-forest --output-path m.bundle";

    #[test]
    fn defaults_are_those_of_the_contract() {
        let settings = settings(LEAST, &[("SOURCE_DATE_EPOCH", "0"), ("GITHUB_SHA", "abc")]).unwrap();
        let job = settings.job;
        assert_eq!(job.scaler.map(|scaler| scaler.kind), Some(ScalerKind::Standard));
        assert_eq!((job.test_size, job.order, job.folds), (TestSize::Fraction(0.25), Order::Random, None));
        assert_eq!((job.spec.params.random_state(), job.trained_at.as_str()), (0, "1970-01-01T00:00:00Z"));
        assert_eq!(job.git_commit.as_deref(), Some("abc"));
    }

    #[test]
    fn what_is_printed_configures_the_same_run() {
        let typed =
            format!("{LEAST} --n-estimators 7 --max-samples 0.5 --features a,b --cv 3 --trained-at 5 --git-commit c");
        let first = settings(&typed, &[]).unwrap().shown;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("train.toml");
        std::fs::write(&file, &first).unwrap();
        let args = Args { config: Some(file), ..Args::default() };
        let again = Settings::new(super::super::config::complete(args).unwrap(), &|_| None).unwrap().shown;
        assert_eq!(again, first);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fails = |typed: &str, expected: &str| {
            let error = settings(typed, &[]).err().unwrap_or_default();
            assert!(error.contains(expected), "{typed}: {error}");
        };
        fails("", "no data are named");
        fails("--data a", "no estimator is named\n  give --estimator one of isolation-forest");
        fails("--data a --estimator ridge", "no output is named");
        for (more, expected) in [
            ("--test-size 1.5", "--test-size 1.5: give a fraction"),
            ("--test-size -1", "--test-size"),
            ("--cv 1", "--cv 1"),
            ("--threads 0", "--threads 0"),
            ("--sample 0", "--sample 0"),
            ("--max-lost 2", "--max-lost 2"),
            ("--scaler standart", "there is no scaler \"standart\" (did you mean \"standard\"?)"),
            ("--scaler-params 3", "is no dict"),
            ("--alpha 1", "IsolationForest has no parameter \"alpha\""),
            ("--n-estimators 0", "The 'n_estimators' parameter of IsolationForest must be"),
            ("--stratify --time-column t", "contradict"),
            ("--report m.bundle", "are the same file"),
            ("--report no/such/r.html", "there is no folder no/such"),
            ("--trained-at soon", "--trained-at \"soon\""),
            ("--delimiter é", "--delimiter"),
        ] {
            fails(&format!("{LEAST} {more}"), expected);
        }
    }
}
