//! The configuration file of `train`, merged under what was typed. Keys are the flags' names, with `-` or `_`; keys that
//! are no flags are parameters of the estimator.

use super::Args;
use crate::cli::Failure;
use crate::data::schema::toml_problem;
use crate::train::params::Literal;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Map, Value};
use std::fs;

/// What was typed, and below it what the file says.
///
/// # Errors
/// When the file cannot be read, or a value in it is not of the flag's type.
pub(super) fn complete(typed: Args) -> Result<Args, Failure> {
    let Some(path) = &typed.config else { return Ok(typed) };
    let wrong = |why: String| Failure::Usage(format!("the configuration {}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(toml_problem(&text, &error)))?;
    merge(&typed, table).map_err(wrong)
}

fn merge(typed: &Args, mut table: toml::Table) -> Result<Args, String> {
    let plan = super::plan::of_file(&mut table)?;
    let own = fields(&Args::default());
    let mut merged = Map::new();
    for (key, value) in table {
        let name = key.replace('-', "_");
        // What is no flag is a parameter, and parameters are kept as Python literals.
        let value = if own.contains_key(&name) {
            serde_json::to_value(value).map_err(|error| format!("{key}: {error}"))?
        } else {
            Value::String(literal_of(value).to_string())
        };
        if merged.insert(name, value).is_some() {
            return Err(format!("{key} is said twice"));
        }
    }
    merged
        .extend(fields(typed).into_iter().filter(|(_, value)| !value.is_null() && *value != Value::Array(Vec::new())));
    let args = serde_path(merged)?;
    let Args { missing, encode, derive, dates, inputs_only, .. } = typed.clone();
    Ok(Args { plan, missing, encode, derive, dates, inputs_only, ..args })
}

/// The flags by name; null where nothing was said.
fn fields(args: &Args) -> Map<String, Value> {
    match serde_json::to_value(args) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Reads the merged flags one by one, so that an error names its key.
fn serde_path(merged: Map<String, Value>) -> Result<Args, String> {
    for (key, value) in &merged {
        let one = Map::from_iter([(key.clone(), value.clone())]);
        serde_json::from_value::<Args>(Value::Object(one)).map_err(|error| format!("{key}: {error}"))?;
    }
    serde_json::from_value(Value::Object(merged)).map_err(|error| error.to_string())
}

/// A value of the file as a parameter: texts are read as Python literals, as on the command line.
fn literal_of(value: toml::Value) -> Literal {
    match value {
        toml::Value::Integer(i) => Literal::Int(i),
        toml::Value::Float(x) => Literal::Float(x),
        toml::Value::Boolean(b) => Literal::Bool(b),
        toml::Value::String(text) => Literal::parse(&text),
        toml::Value::Datetime(time) => Literal::Str(time.to_string()),
        toml::Value::Array(items) => Literal::Tuple(items.into_iter().map(literal_of).collect()),
        toml::Value::Table(pairs) => {
            Literal::Dict(pairs.into_iter().map(|(key, value)| (Literal::parse(&key), literal_of(value))).collect())
        }
    }
}

/// One text or a list of them.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::String(text) => Ok(vec![text]),
        other => serde_json::from_value(other).map_err(|_| D::Error::custom("expected a text or a list of texts")),
    }
}

/// Names of columns: a text as on the command line, or a list.
pub(super) fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        list @ Value::Array(_) => Ok(Some(list.to_string())),
        _ => Err(D::Error::custom("expected a list of names")),
    }
}

/// A text, or a number or table that is read as one.
pub(super) fn literal<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => {
            let value = toml::Value::deserialize(other).map_err(D::Error::custom)?;
            Ok(Some(literal_of(value).to_string()))
        }
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

    fn typed(flags: &[&str]) -> Args {
        Typed::try_parse_from([&["train"], flags].concat()).map_err(|error| error.to_string()).unwrap().args
    }

    #[test]
    fn the_file_says_what_flags_say() {
        let file = "data = \"a.csv\"\nestimator = 'random-forest-classifier'\ntest-size = 0.3\nmax_lost = 0\n\
                    features = ['a', 'b, c']\nn_estimators = 200\nmax-samples = 1.0\nclass_weight = { 0 = 1, 1 = 5 }\n\
                    bootstrap = true\nmax_features = 'sqrt'\nstratify = true";
        let flags = typed(&[
            "--data",
            "a.csv",
            "--estimator",
            "random-forest-classifier",
            "--test-size",
            "0.3",
            "--max-lost",
            "0",
            "--features",
            "[\"a\",\"b, c\"]",
            "--n-estimators",
            "200",
            "--max-samples",
            "1.0",
            "--class-weight",
            "{0: 1, 1: 5}",
            "--bootstrap",
            "True",
            "--max-features",
            "'sqrt'",
            "--stratify",
        ]);
        assert_eq!(merge(&Args::default(), file.parse().unwrap()), Ok(flags));
    }

    #[test]
    fn flags_beat_the_file() {
        let file: toml::Table = "data = ['a', 'b']\nestimator = 'ridge'\nalpha = 2\nrandom_state = 7".parse().unwrap();
        let merged = merge(&typed(&["--data", "c", "--alpha", "0.5"]), file).unwrap();
        assert_eq!((merged.data, merged.random_state), (vec!["c".to_owned()], Some(7)));
        assert_eq!(merged.parameters.0["alpha"], "0.5");
    }

    #[test]
    fn a_wrong_value_names_its_key() {
        for (file, expected) in [
            ("cv = 'five'", "cv: invalid type: string \"five\", expected usize"),
            ("data = [1]", "data: expected a text or a list of texts"),
            ("features = 3", "features: expected a list of names"),
            ("test-size = 0.1\ntest_size = 0.2", "test_size is said twice"),
        ] {
            assert_eq!(merge(&Args::default(), file.parse().unwrap()), Err(expected.to_owned()), "{file}");
        }
    }
}
