//! One map of a file, read field by field: unknown names, wrong kinds and values outside their limits become findings.

use super::yaml::{Key, Kind, Node};
use serde::Serialize;
use std::fmt;
use std::ops::RangeInclusive;

/// Whether a finding stops a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Note,
}

/// One thing that is wrong with a file, or that its author should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub file: String,
    /// From 1; 0 for the file as a whole.
    pub line: u64,
    /// The field, with dots: `liveness_probe.period`. Empty for the file as a whole.
    pub field: String,
    pub severity: Severity,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.severity == Severity::Note {
            f.write_str(": note")?;
        }
        match self.field.as_str() {
            "" => write!(f, ": {}", self.what),
            field => write!(f, ": {field}: {}", self.what),
        }
    }
}

/// What was found so far.
#[derive(Debug)]
pub struct Findings {
    file: String,
    problems: Vec<Problem>,
}

impl Findings {
    pub fn new(file: &str) -> Findings {
        Findings { file: file.to_owned(), problems: Vec::new() }
    }

    /// What follows is of this file.
    pub fn file(&mut self, name: &str) {
        name.clone_into(&mut self.file);
    }

    pub fn current(&self) -> &str {
        &self.file
    }

    pub fn error(&mut self, line: u64, field: &str, what: impl Into<String>) {
        self.add(Severity::Error, line, field, what.into());
    }

    pub fn note(&mut self, line: u64, field: &str, what: impl Into<String>) {
        self.add(Severity::Note, line, field, what.into());
    }

    fn add(&mut self, severity: Severity, line: u64, field: &str, what: String) {
        self.problems.push(Problem { file: self.file.clone(), line, field: field.to_owned(), severity, what });
    }

    /// All of them: file by file in the order of reading, each from top to bottom.
    pub fn into_problems(mut self) -> Vec<Problem> {
        let mut order: Vec<String> = Vec::new();
        for problem in &self.problems {
            if !order.contains(&problem.file) {
                order.push(problem.file.clone());
            }
        }
        let place = |file: &String| order.iter().position(|other| other == file);
        self.problems.sort_by_key(|problem| (place(&problem.file), problem.line));
        self.problems
    }
}

/// A map of fields.
#[derive(Debug, Clone, Copy)]
pub struct Section<'n> {
    entries: &'n [(Key, Node)],
    line: u64,
    path: &'n str,
}

impl<'n> Section<'n> {
    /// The fields of `node`, each of which must be one of `known`.
    pub fn open(node: &'n Node, path: &'n str, known: &[&str], findings: &mut Findings) -> Option<Section<'n>> {
        let Kind::Map(entries) = &node.kind else {
            findings.error(node.line, path, format!("is {}, not a map of fields", node.what()));
            return None;
        };
        let section = Section { entries, line: node.line, path };
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            let what = match nearest(&key.name, known) {
                Some(name) => format!("there is no such field; did you mean {name:?}?"),
                None => format!("there is no such field; there are {}", known.join(", ")),
            };
            findings.error(key.line, &section.named(&key.name), what);
        }
        Some(section)
    }

    pub fn get(&self, name: &str) -> Option<&'n Node> {
        let found = self.entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node);
        found.filter(|node| node.kind != Kind::Null)
    }

    pub fn line_of(&self, name: &str) -> u64 {
        self.entries.iter().find(|(key, _)| key.name == name).map_or(self.line, |(key, _)| key.line)
    }

    /// A field's name with all that it stands in.
    pub fn named(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub fn error(&self, name: &str, findings: &mut Findings, what: impl Into<String>) {
        findings.error(self.line_of(name), &self.named(name), what);
    }

    pub fn note(&self, name: &str, findings: &mut Findings, what: impl Into<String>) {
        findings.note(self.line_of(name), &self.named(name), what);
    }

    /// The text of a field.
    pub fn text(&self, name: &str, findings: &mut Findings) -> Option<&'n str> {
        let node = self.get(name)?;
        match &node.kind {
            Kind::Text(text) => Some(text),
            _ => {
                self.error(name, findings, format!("is {}, not text", node.what()));
                None
            }
        }
    }

    /// The text of a field that must be there.
    pub fn required(&self, name: &str, findings: &mut Findings) -> Option<&'n str> {
        if self.get(name).is_none() {
            self.error(name, findings, "is missing");
        }
        self.text(name, findings)
    }

    /// A whole number within limits.
    pub fn integer(&self, name: &str, limits: RangeInclusive<i64>, findings: &mut Findings) -> Option<i64> {
        let node = self.get(name)?;
        let Kind::Integer(value) = node.kind else {
            self.error(name, findings, format!("is {}, not a whole number", node.what()));
            return None;
        };
        if !limits.contains(&value) {
            let (low, high) = (limits.start(), limits.end());
            let what = match *high {
                i64::MAX => format!("is {value}; it must be at least {low}"),
                _ => format!("is {value}; it must lie between {low} and {high}"),
            };
            self.error(name, findings, what);
            return None;
        }
        Some(value)
    }

    pub fn boolean(&self, name: &str, findings: &mut Findings) -> Option<bool> {
        let node = self.get(name)?;
        match node.kind {
            Kind::Bool(value) => Some(value),
            _ => {
                self.error(name, findings, format!("is {}, not true or false", node.what()));
                None
            }
        }
    }

    /// One of a few words.
    pub fn choice(&self, name: &str, words: &[&str], findings: &mut Findings) -> Option<&'n str> {
        let text = self.text(name, findings)?;
        if words.contains(&text) {
            return Some(text);
        }
        self.error(name, findings, format!("{text:?} is none of {}", words.join(", ")));
        None
    }

    /// Texts by name, such as tags: numbers and booleans are read as Azure reads them.
    pub fn texts(&self, name: &str, findings: &mut Findings) -> Vec<(&'n str, String, u64)> {
        let Some(node) = self.get(name) else { return Vec::new() };
        let Kind::Map(entries) = &node.kind else {
            self.error(name, findings, format!("is {}, not a map", node.what()));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (key, value) in entries {
            let text = match &value.kind {
                Kind::Text(text) => text.clone(),
                Kind::Integer(number) => number.to_string(),
                Kind::Bool(truth) => truth.to_string(),
                _ => {
                    let path = format!("{}.{}", self.named(name), key.name);
                    findings.error(key.line, &path, format!("is {}; write it as text in quotes", value.what()));
                    continue;
                }
            };
            texts.push((key.name.as_str(), text, key.line));
        }
        texts
    }
}

/// The known name that a misspelt one is likely to mean.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |known: &&&str| strsim::damerau_levenshtein(&name.to_lowercase(), known);
    known.iter().min_by_key(distance).filter(|known| distance(known) <= 1 + known.len() / 3).copied()
}

/// Whether Azure takes this for the name of an endpoint or a deployment.
pub fn is_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (3..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(inner)
}

/// What is wrong with a name, if anything.
pub const NAME_RULE: &str =
    "a name has 3 to 32 letters, digits and hyphens, begins with a letter and does not end with a hyphen";

/// Names every `<placeholder>` in a file that nobody has filled.
pub fn placeholders(node: &Node, findings: &mut Findings) {
    node.texts("", &mut |path, line, text| {
        let found: Vec<_> = placeholders_of(text).collect();
        match found.as_slice() {
            [] => {}
            [one] => findings.error(line, path, format!("the placeholder {one} is not filled")),
            several => findings.error(line, path, format!("the placeholders {} are not filled", several.join(", "))),
        }
    });
}

/// Whether somebody has still to fill in something.
pub fn is_unfilled(text: &str) -> bool {
    placeholders_of(text).next().is_some()
}

/// Each `<word-with-hyphens>` of a text.
fn placeholders_of(text: &str) -> impl Iterator<Item = &str> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.match_indices('<').filter_map(move |(at, _)| {
        let (name, _) = text[at + 1..].split_once('>')?;
        (!name.is_empty() && name.chars().all(inner)).then(|| &text[at..at + name.len() + 2])
    })
}
