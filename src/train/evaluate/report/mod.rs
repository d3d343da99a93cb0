//! The model card: one HTML page that needs nothing else, in the style of the server's pages. What was trained on what,
//! how good it is, what it goes by.
//!
//! Pure: a text from numbers. Names come from foreign tables: all of them pass through one escape.

mod charts;
mod tables;

use super::evaluation::Evaluation;
use super::golden::Golden;
use super::plot::number;
use super::profile::Profile;
use crate::bundle::Bundle;
use crate::html::{BRAND, CSS, ICON, Text, count};
use std::fmt::Write;

/// What the page shows.
pub struct Card<'c> {
    pub bundle: &'c Bundle,
    /// The estimator's class, also where it stands at the end of a pipeline.
    pub class: &'c str,
    /// Empty for an unsupervised model without one.
    pub target: Option<&'c str>,
    /// `None` where the target cannot be compared with what the model says.
    pub evaluation: Option<&'c Evaluation>,
    /// Whether the evaluation looked at rows that were held out, or at those that were fitted.
    pub held_out: bool,
    pub train_rows: usize,
    /// Mean and deviation over folds.
    pub folds: &'c [(&'static str, f64, f64)],
    pub n_folds: usize,
    /// By the model itself, then by shuffling columns; most important first.
    pub importances: &'c [(&'static str, Vec<(String, f64)>)],
    pub features: &'c [(String, Profile)],
    pub predictions: &'c [(String, Profile)],
    /// Where the data came from, and how it was split: a label and a text.
    pub facts: &'c [(&'static str, String)],
    pub warnings: &'c [String],
    pub golden: &'c [Golden],
}

/// The style that only this page needs.
const OWN_CSS: &str = include_str!("report.css");

/// The whole document.
pub fn page(card: &Card<'_>) -> String {
    let name = Text(card.class).to_string();
    let mut main = String::new();
    let parts = [
        heading(card),
        tiles(card),
        warnings(card.warnings),
        charts::section(card),
        tables::metrics(card),
        tables::classes(card),
        tables::features(card),
        tables::parameters(card),
        tables::provenance(card),
        tables::golden(card),
    ];
    parts.iter().for_each(|part| main.push_str(part));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <title>{name} · Model card · scorelet</title>\n<link rel=\"icon\" href=\"{ICON}\">\n\
         <style>\n{CSS}{OWN_CSS}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to content</a>\n\
         <header class=\"top\"><div class=\"wrap\">\n{BRAND}\n\
         <nav aria-label=\"Sections\">{}</nav>\n</div></header>\n\
         <main id=\"main\" class=\"wrap\">\n{main}</main>\n\
         <footer class=\"wrap\">scorelet {}</footer>\n</body>\n</html>\n",
        links(&main),
        env!("CARGO_PKG_VERSION")
    )
}

/// Links to the sections that the page has.
fn links(main: &str) -> String {
    let sections = [
        ("plots", "Plots"),
        ("metrics", "Metrics"),
        ("data", "Data"),
        ("parameters", "Parameters"),
        ("provenance", "Provenance"),
    ];
    let there = sections.iter().filter(|(id, _)| main.contains(&format!("<section id=\"{id}\"")));
    there.map(|(id, name)| format!("<a href=\"#{id}\">{name}</a>")).collect()
}

fn heading(card: &Card<'_>) -> String {
    let predicts = match card.target {
        Some(target) if supervised(card) => format!(" <span class=\"chip\">predicts {}</span>", Text(target)),
        Some(target) => format!(" <span class=\"chip\">measured by {}</span>", Text(target)),
        None => String::new(),
    };
    let columns = card.bundle.feature_order.len();
    let mut lead = format!("Fitted on {} rows of {columns} columns", count(card.train_rows as u64));
    match card.evaluation {
        Some(evaluation) if card.held_out => {
            let _ = write!(lead, ", measured on {} rows that were held out", count(evaluation.rows as u64));
        }
        Some(_) => lead.push_str(", measured on the same rows: such numbers flatter the model"),
        None => {}
    }
    let trained = card.bundle.metadata.trained_at.as_deref().unwrap_or("an unknown time");
    format!(
        "<div class=\"intro\">\n<h1>{}{predicts}</h1>\n<p class=\"lead\">{lead}. Trained at {}.</p>\n</div>\n",
        Text(card.class),
        Text(trained)
    )
}

/// Whether the target was learned.
fn supervised(card: &Card<'_>) -> bool {
    let task = card.bundle.metadata.extra.get("task").and_then(serde_json::Value::as_str);
    matches!(task, Some("classification" | "regression"))
}

/// The numbers that matter most, large.
fn tiles(card: &Card<'_>) -> String {
    let Some(evaluation) = card.evaluation else { return String::new() };
    let first = [
        "accuracy",
        "roc_auc",
        "roc_auc_ovr",
        "f1",
        "f1_macro",
        "r2",
        "mean_absolute_error",
        "root_mean_squared_error",
        "mean_absolute_percentage_error",
        "clusters",
        "inertia",
        "silhouette",
        "anomaly_rate",
        "precision",
        "recall",
        "log_loss",
    ];
    let shown = first.iter().filter_map(|name| evaluation.metrics.iter().find(|(known, _)| known == name));
    let mut tiles = String::new();
    for (name, value) in shown.filter(|(_, value)| value.is_finite()).take(6) {
        let fold = card.folds.iter().find(|(known, ..)| known == name);
        let note = fold.map(|(_, mean, deviation)| {
            format!("<dd class=\"note\">{} ± {} over {} folds</dd>", number(*mean), number(*deviation), card.n_folds)
        });
        let _ = writeln!(
            tiles,
            "<div class=\"tile\"><dt>{}</dt><dd>{}</dd>{}</div>",
            title(name),
            number(*value),
            note.unwrap_or_default()
        );
    }
    format!("<dl class=\"tiles\">\n{tiles}</dl>\n")
}

fn warnings(warnings: &[String]) -> String {
    let items: String = warnings.iter().map(|warning| format!("<li>{}</li>", Text(warning))).collect();
    if items.is_empty() { items } else { format!("<ul class=\"warnings card\">{items}</ul>\n") }
}

/// The name of a metric as a heading has it.
fn title(name: &str) -> String {
    match name {
        "r2" => "R²".to_owned(),
        "f1" => "F1".to_owned(),
        "roc_auc" => "ROC AUC".to_owned(),
        "roc_auc_ovr" => "ROC AUC, one vs rest".to_owned(),
        _ => {
            let text = name.replace('_', " ").replace("f1", "F1");
            let mut letters = text.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}
