//! The report of `scorelet inspect` for people.
//!
//! Text from the file is shown with control characters escaped: a bundle must not be able to write to a terminal.

use crate::load::{Contents, Inputs, Outline, Report};
use serde_json::{Map, Value};
use std::fmt::Write;

/// How many columns and labels are listed.
const LISTED: usize = 60;
/// How long one line of a value may become.
const WIDTH: usize = 160;

/// The whole report.
pub(super) fn text(report: &Report) -> String {
    let mut out = Lines::default();
    out.line("file", &report.path);
    out.line("format", report.format.as_deref().unwrap_or("not a bundle"));
    out.line("size", &size(report.bytes, report.content.bytes));
    out.line("sha256", &report.sha256);
    match report.servable {
        true => out.line("serve", "yes"),
        false => report.problems.iter().for_each(|problem| out.line("serve", &format!("no: {problem}"))),
    }
    if let Some(model) = &report.model {
        out.outline("model", model);
    }
    if let Some(scaler) = &report.scaler {
        out.outline("scaler", scaler);
    }
    if let Some(inputs) = &report.inputs {
        out.line("accepts", &accepts(inputs));
    }
    if let Some(order) = &report.feature_order {
        out.line("features", &format!("{} columns in this order: {}", order.len(), listed(order.iter().map(quoted))));
    }
    if let [default, others @ ..] = report.outputs.as_slice() {
        out.line("outputs", &[&[format!("{default} (default)").as_str()], others].concat().join(", "));
    }
    if let Some(classes) = &report.classes {
        out.line("classes", &labels(classes));
    }
    out.map("metadata", &report.metadata);
    out.map("extra", &report.extra);
    out.contents(&report.content);
    out.0
}

/// Lines of a label and a text; a label that stays the same is written once.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, label: &str, text: &str) {
        let text = crate::cli::visible(text).replace('\n', "\n          ");
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{label:<10}{text}");
    }

    fn map(&mut self, label: &str, map: &Map<String, Value>) {
        for (at, (key, value)) in map.iter().enumerate() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.line(if at == 0 { label } else { "" }, &format!("{key}: {}", cut(&value)));
        }
    }

    fn outline(&mut self, label: &str, root: &Outline) {
        let mut waiting = vec![(root, 0)];
        let mut first = true;
        while let Some((outline, depth)) = waiting.pop() {
            let indent = "  ".repeat(depth);
            self.line(if first { label } else { "" }, &format!("{indent}{}", headline(outline)));
            first = false;
            let parameters: Vec<String> =
                outline.parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
            if !parameters.is_empty() {
                self.line("", &format!("{indent}  {}", cut(&parameters.join(" "))));
            }
            waiting.extend(outline.parts.iter().rev().map(|part| (part, depth + 1)));
        }
    }

    fn contents(&mut self, content: &Contents) {
        if content.classes.is_empty() && content.refused.is_empty() {
            return;
        }
        self.line("content", &format!("{} arrays of {} in all", content.arrays, bytes(content.array_bytes)));
        for (class, objects) in &content.classes {
            let objects = if *objects == 0 { String::new() } else { objects.to_string() };
            let mark = if content.unsupported.contains(class) { "  (not supported)" } else { "" };
            self.line("", &format!("{objects:>6} {class}{mark}"));
        }
        for name in &content.refused {
            let place = match (name.offset, &name.path) {
                (Some(byte), _) => format!("byte {byte}"),
                (None, path) => path.clone().unwrap_or_default(),
            };
            self.line("refused", &format!("{} at {place}, used {} times", name.name, name.uses));
        }
    }
}

/// `scaler: StandardScaler, scikit-learn 1.9.1, 100 trees with 1,234 nodes, at most 8 deep`.
fn headline(outline: &Outline) -> String {
    let mut text = outline.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    if outline.count > 1 {
        text += &format!("{} × ", outline.count);
    }
    text += outline.class_name();
    if let Some(version) = &outline.version {
        text += &format!(", scikit-learn {version}");
    }
    if let Some(trees) = outline.trees {
        let plural = if trees.count == 1 { "" } else { "s" };
        text += &format!(", {} tree{plural} with {} nodes, at most {} deep", trees.count, trees.nodes, trees.max_depth);
    }
    text
}

fn accepts(inputs: &Inputs) -> String {
    let missing = if inputs.missing { "missing values accepted" } else { "missing values refused" };
    let infinite = if inputs.infinite { "infinities accepted" } else { "infinities refused" };
    match inputs.text_columns.as_slice() {
        [] => format!("numbers; {missing}, {infinite}"),
        columns => format!("text in {}, else numbers; {missing}, {infinite}", listed(columns.iter().map(quoted))),
    }
}

fn labels(classes: &Value) -> String {
    match classes {
        Value::Array(labels) => listed(labels.iter().map(ToString::to_string)),
        other => other.to_string(),
    }
}

fn quoted(name: &String) -> String {
    format!("{name:?}")
}

fn listed(items: impl ExactSizeIterator<Item = String>) -> String {
    let more = items.len().saturating_sub(LISTED);
    let shown = items.take(LISTED).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn size(file: u64, content: u64) -> String {
    match content {
        0 => bytes(file),
        content if content == file => bytes(file),
        content => format!("{}, {} decompressed", bytes(file), bytes(content)),
    }
}

/// `1,234 bytes` in the unit that people compare.
fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..10_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}
