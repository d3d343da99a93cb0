//! What is written down of a run: in the bundle's metadata and further keys, in `metrics.json`, on the model card.

use super::{Facts, Job, Order, Trained};
use crate::train::evaluate::profile::Profile;
use crate::train::evaluate::{Answers, Card, Detail, Metrics, Predicted, shown};
use crate::train::features::Plan;
use crate::train::params::Task;
use serde_json::{Map, Value, json};

/// Keys of `metadata`, beside those that follow from the specifications.
pub(super) fn metadata(job: &Job, trained: &Trained) -> Map<String, Value> {
    let facts = &trained.facts;
    let Value::Object(mut metadata) = json!({
        "trained_at": job.trained_at,
        "source_rows": facts.source_rows,
        "clean_rows": facts.clean_rows,
        "train_rows": facts.train_rows,
        "holdout_rows": facts.holdout_rows,
        "task": task(job.spec.estimator.class().task),
        "target": facts.target,
        "split": facts.split,
        "data_fingerprint": facts.fingerprint,
        "data_sources": facts.sources,
    }) else {
        return Map::new();
    };
    if let Some(plan) = plan(job) {
        metadata.insert("feature_plan".to_owned(), plan);
    }
    if let Some(commit) = &job.git_commit {
        metadata.insert("git_commit".to_owned(), json!(commit));
    }
    metadata
}

/// How columns became features, where that differs from the default.
fn plan(job: &Job) -> Option<Value> {
    let said = |plan: &Plan| match json!(plan) {
        Value::Object(said) => said,
        _ => Map::new(),
    };
    let (mut plan, default) = (said(&job.plan), said(&Plan::default()));
    plan.retain(|key, value| default.get(key) != Some(value));
    (!plan.is_empty()).then_some(Value::Object(plan))
}

fn task(task: Task) -> &'static str {
    match task {
        Task::Classification => "classification",
        Task::Regression => "regression",
        Task::Clustering => "clustering",
        Task::AnomalyDetection => "anomaly detection",
        Task::Scaling => "scaling",
    }
}

/// Further keys of the bundle: what drift is measured against, and what a deployment is checked with.
pub(super) fn extra(job: &Job, trained: &Trained) -> Map<String, Value> {
    let profiles = |profiles: &[(String, Profile)]| -> Map<String, Value> {
        profiles.iter().map(|(name, profile)| (name.clone(), json!(profile))).collect()
    };
    let mut extra = Map::new();
    extra.insert(
        "profile".to_owned(),
        json!({
            "features": profiles(&trained.features),
            "predictions": profiles(&trained.predictions),
            "predictions_on": on(trained),
        }),
    );
    extra.insert("golden_requests".to_owned(), json!(trained.golden));
    extra.insert("evaluation".to_owned(), evaluation(job, trained));
    extra.insert("importances".to_owned(), importances(trained));
    extra
}

fn on(trained: &Trained) -> &'static str {
    if trained.held_out { "holdout" } else { "training" }
}

/// A number that may be undefined, which is null.
fn numbers(metrics: &Metrics) -> Map<String, Value> {
    metrics.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

fn evaluation(job: &Job, trained: &Trained) -> Value {
    let mut said = Map::new();
    if let Some(evaluation) = &trained.evaluation {
        said.insert("on".to_owned(), json!(on(trained)));
        said.insert("rows".to_owned(), json!(evaluation.rows));
        said.insert("metrics".to_owned(), Value::Object(numbers(&evaluation.metrics)));
    }
    if let Some(folds) = job.folds {
        let of = |value: fn(&(&'static str, f64, f64)) -> f64| -> Map<String, Value> {
            trained.folds.iter().map(|row| (row.0.to_owned(), json!(value(row)))).collect()
        };
        let said_of_folds =
            json!({ "folds": folds, "shuffle": job.shuffle_folds, "mean": of(|row| row.1), "std": of(|row| row.2) });
        said.insert("cross_validation".to_owned(), said_of_folds);
    }
    Value::Object(said)
}

fn importances(trained: &Trained) -> Value {
    let named = |ranked: &[(String, f64)]| -> Map<String, Value> {
        ranked.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
    };
    let all = trained.importances.iter().map(|(source, ranked)| {
        let key = if source.starts_with("What") { "permutation" } else { "model" };
        (key.to_owned(), Value::Object(named(ranked)))
    });
    Value::Object(all.collect())
}

/// Profiles of what the model answered.
pub(super) fn predictions(answers: &Answers) -> Vec<(String, Profile)> {
    let predicted = match &answers.predicted {
        Predicted::Labels { codes, classes } => {
            let labels = shown(classes);
            Profile::labels(codes.iter().map(|code| labels[*code as usize].as_str()))
        }
        Predicted::Groups(groups) => {
            let texts: Vec<String> = groups.iter().map(ToString::to_string).collect();
            Profile::labels(texts.iter().map(String::as_str))
        }
        Predicted::Numbers(numbers) => Profile::numbers(numbers.clone()),
    };
    let mut profiles = vec![("predict".to_owned(), predicted)];
    if let Some(scores) = &answers.scores {
        let name =
            if matches!(answers.predicted, Predicted::Groups(_)) { "score_samples" } else { "decision_function" };
        profiles.push((name.to_owned(), Profile::numbers(scores.clone())));
    }
    if let Some(probabilities) = answers.probabilities.as_ref().filter(|p| p.ncols() == 2) {
        profiles.push(("predict_proba".to_owned(), Profile::numbers(probabilities.column(1).to_vec())));
    }
    profiles
}

impl Trained {
    /// All numbers of the run, for scripts: `metrics.json` and `--json`.
    pub fn metrics(&self, job: &Job) -> Value {
        let facts = &self.facts;
        let mut said = json!({
            "estimator": job.spec.estimator.class().name,
            "target": facts.target,
            "features": self.assembled.bundle.feature_order,
            "rows": {
                "source": facts.source_rows,
                "clean": facts.clean_rows,
                "train": facts.train_rows,
                "holdout": facts.holdout_rows,
            },
            "evaluation": evaluation(job, self),
            "importances": importances(self),
            "data": { "fingerprint": facts.fingerprint, "sources": facts.sources },
            "bundle": { "bytes": self.assembled.file.len(), "sha256": self.assembled.file.sha256() },
            "warnings": self.warnings,
        });
        if let Some(Detail::Classification { classes, confusion, .. }) = self.evaluation.as_ref().map(|e| &e.detail) {
            let row = |truth: usize| (0..confusion.classes()).map(|p| confusion.at(truth, p)).collect::<Vec<_>>();
            let per_class: Map<String, Value> = classes.iter().enumerate().map(|(at, class)| {
                let scores = confusion.of_class(at);
                let said = json!({ "precision": scores.precision, "recall": scores.recall, "f1": scores.f1, "support": scores.support });
                (class.clone(), said)
            }).collect();
            said["classes"] = Value::Object(per_class);
            said["confusion_matrix"] = json!((0..confusion.classes()).map(row).collect::<Vec<_>>());
        }
        said
    }

    /// The model card.
    pub fn page(&self, job: &Job) -> String {
        let facts = facts(job, &self.facts);
        crate::train::evaluate::page(&Card {
            bundle: &self.assembled.bundle,
            class: job.spec.estimator.class().class,
            target: self.facts.target.as_deref(),
            evaluation: self.evaluation.as_ref(),
            held_out: self.held_out,
            train_rows: self.facts.train_rows,
            folds: &self.folds,
            n_folds: job.folds.unwrap_or_default(),
            importances: &self.importances,
            features: &self.features,
            predictions: &self.predictions,
            facts: &facts,
            warnings: &self.warnings,
            golden: &self.golden,
        })
    }
}

fn facts(job: &Job, facts: &Facts) -> Vec<(&'static str, String)> {
    let count = |n: usize| crate::html::count(n as u64);
    let mut said = vec![
        ("Data", facts.sources.join(", ")),
        ("Fingerprint", format!("sha256 {}", facts.fingerprint)),
        ("Rows read", count(facts.source_rows)),
        ("Rows kept", count(facts.clean_rows)),
        ("Rows fitted", count(facts.train_rows)),
        ("Rows held out", format!("{}; {}", count(facts.holdout_rows), facts.split)),
        ("Trained at", job.trained_at.clone()),
        ("Seed", job.spec.params.random_state().to_string()),
        ("Behaves as", format!("scikit-learn {}", crate::train::fit::SKLEARN_VERSION)),
    ];
    if let Some(Value::Object(plan)) = plan(job) {
        let parts: Vec<String> =
            plan.iter().map(|(key, value)| format!("{key}: {}", crate::html::plain(value))).collect();
        said.push(("Features", parts.join("; ")));
    }
    if let Order::Time(column) = &job.order {
        said.push(("Ordered by", column.clone()));
    }
    if let Some(commit) = &job.git_commit {
        said.push(("Git commit", commit.clone()));
    }
    said
}
