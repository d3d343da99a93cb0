//! What a table must look like before anything is trained on it: a file that its owner reads, edits and commits.
//!
//! [`infer`] writes down what a table is; [`Schema::check`] holds another table to it and tells everything that is
//! wrong at once. Columns that a schema does not name are left out, so that a new column in the data never becomes a
//! feature by itself.

mod check;
mod infer;
#[cfg(test)]
mod tests;

pub use check::Violation;
pub use infer::infer;

use super::names::plain;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The columns that a table must have, in the order that they get, and the rows that it must have at least.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    #[serde(default)]
    pub minimum_rows: usize,
    pub columns: Vec<ColumnSchema>,
}

/// What one column must be. What is left out is not asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSchema {
    /// The name that the column gets.
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether values may be missing.
    #[serde(default = "yes")]
    pub nullable: bool,
    /// Least value: a number, or for times their text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Bound>,
    /// Greatest value, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Bound>,
    /// The only texts that may stand there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// Other names under which the column may come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

fn yes() -> bool {
    true
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Float,
    Integer,
    Boolean,
    Text,
    Time,
}

impl Kind {
    fn what(self) -> &'static str {
        match self {
            Kind::Float => "a number",
            Kind::Integer => "an integer",
            Kind::Boolean => "a boolean",
            Kind::Text => "text",
            Kind::Time => "a date or time",
        }
    }
}

/// The end of a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    Integer(i64),
    Number(f64),
    Time(String),
}

/// Why a file is no schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("{0}")]
    Toml(String),
    #[error("there are no columns in it")]
    NoColumns,
    #[error("{name:?} names two columns, {first:?} and {second:?}")]
    Twice { name: String, first: String, second: String },
    #[error("column {column:?}: {problem}")]
    Column { column: String, problem: &'static str },
}

/// What is wrong with a TOML file, and where, in one line.
pub fn toml_problem(text: &str, error: &toml::de::Error) -> String {
    let problem = error.message().replace('\n', "; ");
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.split('\n').count();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}: {problem}")
        }
        None => problem,
    }
}

/// What stands above the columns of a written schema.
const HEAD: &str = "# What a table must be before scorelet trains on it: read, edit and commit this file.\n\
    # type: float, integer, boolean, text or time. Keys that are left out ask for nothing. minimum, maximum (times as\n\
    # \"2024-05-31\"), categories and nullable = false are held against every row. Names match whatever their case,\n\
    # blanks and underscores; aliases = [\"other name\"] takes a column under other names too.\n\n";

impl Schema {
    /// Reads a schema file.
    ///
    /// # Errors
    /// When it is no TOML, has a key that is not known, or contradicts itself.
    pub fn from_toml(text: &str) -> Result<Schema, SchemaError> {
        let schema: Schema = toml::from_str(text).map_err(|error| SchemaError::Toml(toml_problem(text, &error)))?;
        schema.validated()
    }

    /// The text of a schema file, which [`Schema::from_toml`] reads back as the same schema.
    pub fn to_toml(&self) -> String {
        // No map with keys that are no text, no nested list: nothing in it that TOML cannot say.
        HEAD.to_owned() + &toml::to_string_pretty(self).unwrap_or_default()
    }

    /// Names and aliases of the columns that must be read as text, though all their values may be numbers.
    pub fn text_columns(&self) -> Vec<String> {
        let text = self.columns.iter().filter(|column| column.kind == Kind::Text);
        text.flat_map(ColumnSchema::names).map(str::to_owned).collect()
    }

    fn validated(self) -> Result<Schema, SchemaError> {
        if self.columns.is_empty() {
            return Err(SchemaError::NoColumns);
        }
        let (mut names, mut aliases) = (HashMap::new(), HashMap::new());
        for column in &self.columns {
            if names.insert(column.name.as_str(), column).is_some() {
                let name = || column.name.clone();
                return Err(SchemaError::Twice { name: name(), first: name(), second: name() });
            }
        }
        for column in &self.columns {
            if let Some(problem) = column.problem() {
                return Err(SchemaError::Column { column: column.name.clone(), problem });
            }
            for alias in &column.aliases {
                let other = names.get(alias.as_str()).copied().or(aliases.insert(plain(alias), column));
                if let Some(other) = other.filter(|other| other.name != column.name) {
                    let (first, second) = (other.name.clone(), column.name.clone());
                    return Err(SchemaError::Twice { name: alias.clone(), first, second });
                }
            }
        }
        Ok(self)
    }
}

impl ColumnSchema {
    /// A column of which nothing but its type is asked.
    pub fn new(name: &str, kind: Kind) -> ColumnSchema {
        ColumnSchema {
            name: name.to_owned(),
            kind,
            nullable: true,
            minimum: None,
            maximum: None,
            categories: None,
            aliases: Vec::new(),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    fn problem(&self) -> Option<&'static str> {
        let bounds = || self.minimum.iter().chain(&self.maximum);
        match self.kind {
            Kind::Text if bounds().next().is_some() => Some("text has no minimum or maximum"),
            Kind::Time if bounds().any(|bound| bound.micros().is_none()) => {
                Some("the range of times is given as texts: minimum = \"2024-05-31\"")
            }
            Kind::Float | Kind::Integer | Kind::Boolean if bounds().any(|bound| bound.number().is_none()) => {
                Some("the range of numbers is given as numbers")
            }
            Kind::Text => None,
            _ if self.categories.is_some() => Some("only text has categories"),
            _ => None,
        }
    }
}

impl Bound {
    fn number(&self) -> Option<f64> {
        match self {
            Bound::Integer(value) => Some(*value as f64),
            Bound::Number(value) => Some(*value).filter(|value| !value.is_nan()),
            Bound::Time(_) => None,
        }
    }

    fn micros(&self) -> Option<i64> {
        match self {
            Bound::Time(text) => super::cell::time(text.as_bytes()),
            _ => None,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bound::Integer(value) => write!(f, "{value}"),
            Bound::Number(value) => write!(f, "{value}"),
            Bound::Time(text) => f.write_str(text),
        }
    }
}
