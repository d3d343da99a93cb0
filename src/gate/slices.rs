//! Bounds within groups of rows: a model that is good on the whole may be bad for one region.

use super::check::Check;
use super::holdout::{self, HoldoutError, Measured};
use super::limits::Slice;
use crate::data::{Column, NumberKind, Table, Values};
use std::collections::BTreeMap;

/// A column with more values than this has no groups that anyone looks at.
const MAX_GROUPS: usize = 100;

/// Holds each group of rows against the bounds of its slice.
///
/// # Errors
/// When the data have no such column, or it has too many values.
pub fn checks(slice: &Slice, table: &Table, measured: &Measured) -> Result<Vec<Check>, HoldoutError> {
    let at = table.find(&slice.column).map_err(HoldoutError::Slice)?;
    let column = &table.columns[at];
    let groups = groups(column, table.rows);
    if groups.len() > MAX_GROUPS {
        return Err(HoldoutError::Groups { column: column.name.clone(), groups: groups.len() });
    }
    let mut checks = Vec::new();
    for (value, rows) in groups {
        let evaluation = (rows.len() >= slice.min_rows).then(|| measured.on(&rows));
        for threshold in &slice.thresholds {
            let name = format!("{} where {} = {value}", threshold.metric, column.name);
            let found = evaluation.as_ref().map(|evaluation| holdout::of(evaluation, threshold.metric));
            let check = |value| threshold.bounded(name, value, threshold.threshold.unwrap_or(f64::NAN));
            checks.push(match found {
                None => check(f64::NAN).skipped(format!("{} rows, of at least {}", rows.len(), slice.min_rows)),
                Some(None) => check(f64::NAN).missing("the model has no such metric"),
                Some(Some(found)) => check(found).because(format!("{} rows", rows.len())),
            });
        }
    }
    Ok(checks)
}

/// Rows by what a column holds, in the order of its texts.
fn groups(column: &Column, rows: usize) -> BTreeMap<String, Vec<usize>> {
    let mut groups = BTreeMap::<String, Vec<usize>>::new();
    for row in 0..rows {
        groups.entry(value(&column.values, row)).or_default().push(row);
        if groups.len() > 10 * MAX_GROUPS {
            break;
        }
    }
    groups
}

fn value(values: &Values, row: usize) -> String {
    match values {
        values if values.is_missing(row) => "(missing)".to_owned(),
        Values::Numbers { kind: NumberKind::Boolean, values } => (values[row] != 0.0).to_string(),
        Values::Numbers { values, .. } => values[row].to_string(),
        Values::Texts(texts) => texts.get(row).unwrap_or_default().to_owned(),
        Values::Times(times) => crate::calendar::text(times[row]),
    }
}
