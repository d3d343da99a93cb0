//! How columns become features, from the configuration file and the flags over it.

use super::Args;
use crate::cli::{Failure, names};
use crate::train::features::{ColumnPlan, Encoding, Missing, Plan};
use serde::Deserialize;

/// Keys of the configuration file that make the plan.
const KEYS: [&str; 6] = ["missing", "encode", "inputs_only", "derived", "dates", "columns"];

/// Takes the plan out of a configuration file.
///
/// # Errors
/// When a key of it does not hold what it should.
pub(super) fn of_file(table: &mut toml::Table) -> Result<Plan, String> {
    let mut found = toml::Table::new();
    for key in KEYS {
        for spelt in [key.to_owned(), key.replace('_', "-")] {
            if let Some(value) = table.remove(&spelt) {
                found.insert(key.to_owned(), value);
            }
        }
    }
    if let Some(derived) = table.remove("derive") {
        found.insert("derived".to_owned(), derived);
    }
    for (key, value) in &found {
        // One by one, so that an error names its key.
        let one = toml::Table::from_iter([(key.clone(), value.clone())]);
        Plan::deserialize(one).map_err(|error| format!("{key}: {}", error.message()))?;
    }
    Plan::deserialize(found).map_err(|error| error.message().to_owned())
}

/// The file's plan with what was typed over it.
///
/// # Errors
/// [`Failure::Usage`], naming the flag.
pub(super) fn plan(args: &Args) -> Result<Plan, Failure> {
    let mut plan = args.plan.clone();
    for text in &args.missing {
        match text.parse::<Missing>() {
            Ok(all) => plan.missing = all,
            Err(why) => {
                let (column, how) = pair("--missing", text, &why)?;
                let how = how.parse().map_err(|why| wrong("--missing", text, why))?;
                own(&mut plan, column).missing = Some(how);
            }
        }
    }
    for text in &args.encode {
        match text.parse::<Encoding>() {
            Ok(all) => plan.encode = all,
            Err(why) => {
                let (column, how) = pair("--encode", text, &why)?;
                let how = how.parse().map_err(|why| wrong("--encode", text, why))?;
                own(&mut plan, column).encode = Some(how);
            }
        }
    }
    for text in &args.derive {
        let (name, expression) = pair("--derive", text, "write NAME=EXPRESSION")?;
        plan.derived.insert(name.to_owned(), expression.to_owned());
    }
    for text in &args.dates {
        let (column, parts) = pair("--dates", text, "write COLUMN=month,hour")?;
        let parts = parts.split(',').map(|part| serde_json::from_value(part.trim().into()));
        let parts = parts.collect::<Result<_, _>>().map_err(|error| wrong("--dates", text, error.to_string()))?;
        plan.dates.insert(column.to_owned(), parts);
    }
    if let Some(text) = &args.inputs_only {
        plan.inputs_only = names(text)?;
    }
    Ok(plan)
}

fn own<'p>(plan: &'p mut Plan, column: &str) -> &'p mut ColumnPlan {
    plan.columns.entry(column.to_owned()).or_default()
}

fn pair<'t>(flag: &str, text: &'t str, why: &str) -> Result<(&'t str, &'t str), Failure> {
    let found = text.split_once('=').map(|(name, rest)| (name.trim(), rest.trim()));
    found.filter(|(name, rest)| !name.is_empty() && !rest.is_empty()).ok_or_else(|| wrong(flag, text, why.to_owned()))
}

fn wrong(flag: &str, text: &str, why: String) -> Failure {
    Failure::Usage(format!("{flag} {text:?}: {why}"))
}

/// What differs from the default, as lines of a configuration file.
pub(super) fn shown(plan: &Plan) -> Vec<(String, toml::Value)> {
    let table = |plan: &Plan| toml::Table::try_from(plan).unwrap_or_default();
    let default = table(&Plan::default());
    table(plan).into_iter().filter(|(key, value)| default.get(key) != Some(value)).collect()
}
