//! The tables of the page: metrics, classes, columns, parameters, provenance, golden requests.

use super::{Card, title};
use crate::html::{Text, count, plain, shortened};
use crate::train::evaluate::evaluation::Detail;
use crate::train::evaluate::plot::{number, strip};
use crate::train::evaluate::profile::{NumberProfile, Profile};
use serde_json::Value;
use std::fmt::Write;

/// Columns and classes that are listed.
const LISTED: usize = 300;
/// Categories that are named in a cell.
const NAMED: usize = 4;

pub(super) fn metrics(card: &Card<'_>) -> String {
    let Some(evaluation) = card.evaluation else { return String::new() };
    let folds = !card.folds.is_empty();
    let mut rows = String::new();
    for (name, value) in &evaluation.metrics {
        let _ = write!(
            rows,
            "<tr><td>{}</td><td class=\"name\">{name}</td><td class=\"num\">{}</td>",
            title(name),
            precise(*value)
        );
        if let Some((_, mean, deviation)) = card.folds.iter().find(|(known, ..)| known == name) {
            let _ = write!(rows, "<td class=\"num\">{} ± {}</td>", precise(*mean), precise(*deviation));
        } else if folds {
            rows.push_str("<td class=\"num\">–</td>");
        }
        rows.push_str("</tr>\n");
    }
    let on = if card.held_out { "Held out" } else { "Training rows" };
    let fold_head =
        if folds { format!("<th class=\"num\" scope=\"col\">{} folds</th>", card.n_folds) } else { String::new() };
    format!(
        "<section id=\"metrics\" aria-labelledby=\"metrics-title\">\n<h2 id=\"metrics-title\">Metrics</h2>\n\
         <div class=\"scroll\"><table><thead><tr><th scope=\"col\">Metric</th><th scope=\"col\">Key</th>\
         <th class=\"num\" scope=\"col\">{on}</th>{fold_head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n\
         <p class=\"quiet\">Definitions are scikit-learn's; – is undefined on these rows.</p>\n</section>\n"
    )
}

/// Six significant digits: enough to compare runs.
fn precise(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = if value == 0.0 { 0 } else { (5 - value.abs().log10().floor() as i32).clamp(0, 8) as usize };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

pub(super) fn classes(card: &Card<'_>) -> String {
    let Some(Detail::Classification { classes, confusion, .. }) = card.evaluation.map(|evaluation| &evaluation.detail)
    else {
        return String::new();
    };
    let mut rows = String::new();
    for (at, class) in classes.iter().enumerate().take(LISTED) {
        let scores = confusion.of_class(at);
        let numbers =
            [scores.precision, scores.recall, scores.f1].map(|v| format!("<td class=\"num\">{}</td>", number(v)));
        let _ = writeln!(
            rows,
            "<tr><td class=\"name\">{}</td>{}<td class=\"num\">{}</td></tr>",
            Text(&shortened(class, 60)),
            numbers.concat(),
            count(scores.support)
        );
    }
    format!(
        "<section aria-labelledby=\"classes-title\">\n<h2 id=\"classes-title\">Classes</h2>\n<div class=\"scroll tall\"><table>\
         <thead><tr><th scope=\"col\">Label</th><th class=\"num\" scope=\"col\">Precision</th>\
         <th class=\"num\" scope=\"col\">Recall</th><th class=\"num\" scope=\"col\">F1</th>\
         <th class=\"num\" scope=\"col\">Rows</th></tr></thead>\n<tbody>{rows}</tbody></table></div>\n</section>\n"
    )
}

pub(super) fn features(card: &Card<'_>) -> String {
    let mut rows = String::new();
    let outputs = card.predictions.iter().map(|(name, profile)| (format!("→ {name}"), profile));
    let columns = card.features.iter().take(LISTED).map(|(name, profile)| (name.clone(), profile));
    for (name, profile) in columns.chain(outputs) {
        let _ = writeln!(rows, "<tr><td class=\"name\">{}</td>{}</tr>", Text(&shortened(&name, 80)), cells(profile));
    }
    let cut = match card.features.len().saturating_sub(LISTED) {
        0 => String::new(),
        rest => format!(" {rest} more columns are in the bundle."),
    };
    format!(
        "<section id=\"data\" aria-labelledby=\"data-title\">\n<h2 id=\"data-title\">Data</h2>\n<div class=\"scroll tall\"><table>\
         <thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Type</th><th class=\"num\" scope=\"col\">Missing</th>\
         <th class=\"num\" scope=\"col\">Min</th><th class=\"num\" scope=\"col\">Median</th><th class=\"num\" scope=\"col\">Max</th>\
         <th scope=\"col\">Distribution</th></tr></thead>\n<tbody>{rows}</tbody></table></div>\n\
         <p class=\"quiet\">The profile of the rows that were fitted, and (→) of what the model answered; it lies in the bundle, \
         for drift to be measured against. Boxes run from the 25th to the 75th percentile, lines from the 5th to the 95th.{cut}</p>\n\
         </section>\n"
    )
}

fn cells(profile: &Profile) -> String {
    let missing = format!("<td class=\"num\">{}</td>", percent(profile.null_rate()));
    match profile {
        Profile::Numbers(numbers) => {
            let shown = [numbers.min, numbers.median, numbers.max].map(|v| v.map_or_else(|| "–".to_owned(), number));
            let shown = shown.map(|text| format!("<td class=\"num\">{text}</td>")).concat();
            format!("<td>number</td>{missing}{shown}<td>{}</td>", boxed(numbers))
        }
        Profile::Categories(texts) => {
            let named: Vec<String> = texts
                .categories
                .iter()
                .zip(&texts.counts)
                .take(NAMED)
                .map(|(text, rows)| {
                    format!(
                        "{} <span class=\"quiet\">{}</span>",
                        Text(&shortened(text, 24)),
                        percent(*rows as f64 / texts.rows.max(1) as f64)
                    )
                })
                .collect();
            let rest = texts.distinct.saturating_sub(NAMED as u64);
            let more = if rest > 0 { format!(" <span class=\"quiet\">and {rest} more</span>") } else { String::new() };
            format!("<td>category</td>{missing}<td colspan=\"4\">{}{more}</td>", named.join(", "))
        }
    }
}

fn boxed(numbers: &NumberProfile) -> String {
    let (Some(from), Some(to)) = (numbers.min, numbers.max) else { return String::new() };
    // Edges are missing where values repeat: the quantile is then found by its share of the rows.
    let rows = numbers.counts.iter().sum::<u64>() as f64;
    let at = |share: f64| {
        let mut below = 0.0;
        for (bin, edge) in numbers.edges.iter().enumerate() {
            below += numbers.counts[bin] as f64;
            if below >= share * rows - 0.5 {
                return *edge;
            }
        }
        to
    };
    strip(from, to, [at(0.05), at(0.25), numbers.median.unwrap_or(from), at(0.75), at(0.95)])
}

fn percent(share: f64) -> String {
    match share {
        0.0 => "0 %".to_owned(),
        _ if share < 0.001 => "< 0.1 %".to_owned(),
        _ => format!("{:.1} %", share * 100.0),
    }
}

pub(super) fn parameters(card: &Card<'_>) -> String {
    let extra = &card.bundle.metadata.extra;
    let list = |key: &str| -> String {
        let Some(Value::Object(params)) = extra.get(key) else { return String::new() };
        params
            .iter()
            .map(|(name, value)| format!("<dt>{}</dt><dd class=\"mono\">{}</dd>\n", Text(name), Text(&python(value))))
            .collect()
    };
    let scaler = match list("scaler_params") {
        none if none.is_empty() => "<p class=\"quiet\">No scaler.</p>".to_owned(),
        params => format!("<dl class=\"facts\">{params}</dl>"),
    };
    let scaler_name = extra.get("scaler").map(plain).unwrap_or_else(|| "none".to_owned());
    format!(
        "<section id=\"parameters\" aria-labelledby=\"parameters-title\">\n<h2 id=\"parameters-title\">Parameters</h2>\n\
         <div class=\"pair\"><div class=\"card\"><h3>{}</h3><dl class=\"facts\">{}</dl></div>\n\
         <div class=\"card\"><h3>Scaler: {}</h3>{scaler}</div></div>\n</section>\n",
        Text(card.class),
        list("params"),
        Text(&scaler_name)
    )
}

/// A parameter as Python writes it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

pub(super) fn provenance(card: &Card<'_>) -> String {
    let rows: String = card
        .facts
        .iter()
        .map(|(name, text)| format!("<dt>{name}</dt><dd>{}</dd>\n", Text(&shortened(text, 400))))
        .collect();
    format!(
        "<section id=\"provenance\" aria-labelledby=\"provenance-title\">\n<h2 id=\"provenance-title\">Provenance</h2>\n\
         <div class=\"card\"><dl class=\"facts\">\n{rows}</dl></div>\n</section>\n"
    )
}

pub(super) fn golden(card: &Card<'_>) -> String {
    let Some(first) = card.golden.first() else { return String::new() };
    format!(
        "<section aria-labelledby=\"golden-title\">\n<h2 id=\"golden-title\">A request and its reply</h2>\n\
         <div class=\"pair\"><pre tabindex=\"0\">{}</pre><pre tabindex=\"0\">{}</pre></div>\n\
         <p class=\"quiet\">{} such pairs lie in the bundle: whoever serves it must give the same replies.</p>\n</section>\n",
        Text(&shortened(&first.request, 4_000)),
        Text(&shortened(&first.reply, 4_000)),
        card.golden.len()
    )
}
