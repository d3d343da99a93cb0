//! What a finished run says on stdout: for people, or as JSON.

use super::settings::Settings;
use crate::html::{bytes, count};
use crate::train::job::{Job, Trained};
use serde_json::{Value, json};
use std::fmt::Write;

/// How long it took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seconds {
    pub read: f64,
    pub all: f64,
}

/// Importances that are listed.
const LISTED: usize = 8;

pub(super) fn json(trained: &Trained, job: &Job, seconds: Seconds) -> Value {
    let mut said = trained.metrics(job);
    said["bundle"]["path"] = json!(job.output.display().to_string());
    said["seconds"] = json!({ "read": seconds.read, "all": seconds.all });
    said
}

pub(super) fn text(trained: &Trained, settings: &Settings, seconds: Seconds) -> String {
    let (mut out, facts) = (String::new(), &trained.facts);
    let class = settings.job.spec.estimator.class().class;
    let rows = |n: usize| count(n as u64);
    line(
        &mut out,
        "model",
        &format!("{class}{}", facts.target.as_ref().map(|t| format!(" of {t:?}")).unwrap_or_default()),
    );
    let holdout = if trained.held_out {
        format!(", {} held out ({})", rows(facts.holdout_rows), facts.split)
    } else {
        String::new()
    };
    line(
        &mut out,
        "rows",
        &format!(
            "{} read, {} kept, {} fitted{holdout}",
            rows(facts.source_rows),
            rows(facts.clean_rows),
            rows(facts.train_rows)
        ),
    );
    for warning in &trained.warnings {
        line(&mut out, "warning", warning);
    }
    if let Some(evaluation) = &trained.evaluation {
        let on = if trained.held_out { "held out" } else { "training rows" };
        line(
            &mut out,
            "metrics",
            &format!("{:<34}{on}{}", "", if trained.folds.is_empty() { "" } else { "     cross-validation" }),
        );
        for (name, value) in &evaluation.metrics {
            let fold = trained.folds.iter().find(|(known, ..)| known == name);
            let fold = fold
                .map(|(_, mean, deviation)| format!("     {} ± {}", shown(*mean), shown(*deviation)))
                .unwrap_or_default();
            line(&mut out, "", &format!("  {name:<32}{}{fold}", shown(*value)));
        }
    }
    for (source, ranked) in &trained.importances {
        line(&mut out, "features", &source.to_lowercase());
        for (name, value) in ranked.iter().take(LISTED) {
            line(&mut out, "", &format!("  {:<32}{}", crate::html::shortened(name, 28), shown(*value)));
        }
    }
    for (label, path) in [("report", &settings.report), ("metrics", &settings.metrics)] {
        if let Some(path) = path {
            line(&mut out, label, &path.display().to_string());
        }
    }
    let file = &trained.assembled.file;
    line(
        &mut out,
        "bundle",
        &format!("{}: {}, sha256 {}", settings.job.output.display(), bytes(file.len()), file.sha256()),
    );
    line(&mut out, "time", &format!("{:.1} s, {:.1} s of it reading", seconds.all, seconds.read));
    out
}

fn line(out: &mut String, label: &str, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{label:<10}{}", crate::cli::visible(text).trim_end());
}

fn shown(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "undefined".to_owned(),
        1e9.. => format!("{value:.6e}"),
        _ => format!("{value:.6}"),
    }
}
