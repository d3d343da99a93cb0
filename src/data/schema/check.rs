//! A table held against a schema: everything that is wrong with it, with the first row that shows it.

use super::infer::kind;
use super::{Bound, ColumnSchema, Kind, Schema};
use crate::data::names::{plain, some};
use crate::data::{Column, NumberKind, Table, Texts, Values, cell};
use std::collections::HashSet;

/// One thing that is wrong with a table. Rows count from 1, the header not included.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Violation {
    #[error("the table has {rows} rows, fewer than the minimum of {minimum}")]
    Rows { rows: usize, minimum: usize },
    #[error("column {column:?} is missing; there are {columns}")]
    Absent { column: String, columns: String },
    #[error("column {column:?} may be any of {candidates:?}: rename or drop all but one")]
    Ambiguous { column: String, candidates: Vec<String> },
    #[error("column {column:?}, row {row}: {value} is not {expected}{}", Others(*.rows))]
    Type { column: String, row: usize, value: String, expected: &'static str, rows: usize },
    #[error("column {column:?}, row {row}: the value is missing{}", Others(*.rows))]
    Null { column: String, row: usize, rows: usize },
    #[error("column {column:?}, row {row}: {value} is {side} {bound}{}", Others(*.rows))]
    Range { column: String, row: usize, value: String, side: &'static str, bound: Bound, rows: usize },
    #[error("column {column:?}, row {row}: {value:?} is none of the categories{}", Others(*.rows))]
    Category { column: String, row: usize, value: String, rows: usize },
}

/// How many rows beside the first have the same fault.
struct Others(usize);

impl std::fmt::Display for Others {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 | 1 => Ok(()),
            2 => f.write_str(" (and in 1 more row)"),
            rows => write!(f, " (and in {} more rows)", rows - 1),
        }
    }
}

/// The first row with a fault, and how many rows have it.
type Fault = Option<(usize, usize)>;

impl Schema {
    /// The table with the schema's columns alone, in its order, under its names and of its types.
    ///
    /// # Errors
    /// Everything that is wrong, column by column.
    pub fn check(&self, table: Table) -> Result<Table, Vec<Violation>> {
        let mut violations = Vec::new();
        if table.rows < self.minimum_rows {
            violations.push(Violation::Rows { rows: table.rows, minimum: self.minimum_rows });
        }
        let places: Vec<_> = self.columns.iter().map(|column| self.place(column, &table)).collect();
        let rows = table.rows;
        let mut given: Vec<_> = table.columns.into_iter().map(Some).collect();
        let mut columns = Vec::new();
        for (schema, place) in self.columns.iter().zip(places) {
            // No two columns of a schema have the same place: names are distinct, and aliases too.
            match place.map(|at| given[at].take()) {
                Ok(Some(column)) => columns.extend(schema.check(column, &mut violations)),
                Ok(None) => {}
                Err(violation) => violations.push(violation),
            }
        }
        if violations.is_empty() { Ok(Table { columns, rows }) } else { Err(violations) }
    }

    /// Which of the table's columns is meant. One that another column of the schema names exactly is not.
    fn place(&self, column: &ColumnSchema, table: &Table) -> Result<usize, Violation> {
        let names: HashSet<String> = column.names().map(plain).collect();
        let anothers = |name: &str| name != column.name && self.columns.iter().any(|other| other.name == name);
        let matching = |(_, given): &(usize, &Column)| names.contains(&plain(&given.name)) && !anothers(&given.name);
        let found: Vec<_> = table.columns.iter().enumerate().filter(matching).collect();
        match found.as_slice() {
            [(at, _)] => Ok(*at),
            [] => {
                let columns = some(table.columns.iter().map(|given| given.name.as_str()));
                Err(Violation::Absent { column: column.name.clone(), columns })
            }
            several => {
                let candidates = several.iter().map(|(_, given)| given.name.clone()).collect();
                Err(Violation::Ambiguous { column: column.name.clone(), candidates })
            }
        }
    }
}

impl ColumnSchema {
    /// The column under this name and of this type; its faults are added to `violations`.
    fn check(&self, column: Column, violations: &mut Vec<Violation>) -> Option<Column> {
        let before = violations.len();
        let values = match self.typed(column.values) {
            Ok(values) => values,
            Err(violation) => {
                violations.push(violation);
                return None;
            }
        };
        if !self.nullable
            && let Some((row, rows)) = missing(&values)
        {
            violations.push(Violation::Null { column: self.name.clone(), row: row + 1, rows });
        }
        violations.extend(self.ranges(&values));
        violations.extend(self.category(&values));
        (violations.len() == before).then(|| Column { name: self.name.clone(), values })
    }

    /// The values as what they must be: any number is a float, a float without a fraction an integer, 0 and 1 booleans.
    fn typed(&self, values: Values) -> Result<Values, Violation> {
        let wrong = |row: usize, value: String, rows: usize| Violation::Type {
            column: self.name.clone(),
            row: row + 1,
            value,
            expected: self.kind.what(),
            rows,
        };
        match (self.kind, values) {
            (Kind::Float, Values::Numbers { values, .. }) => Ok(Values::Numbers { kind: NumberKind::Float, values }),
            (Kind::Integer, Values::Numbers { values, kind }) if kind != NumberKind::Boolean => {
                match faults(&values, |value| value.is_nan() || value.fract() == 0.0) {
                    Some((row, rows)) => Err(wrong(row, values[row].to_string(), rows)),
                    None => Ok(Values::Numbers { kind: NumberKind::Integer, values }),
                }
            }
            (Kind::Boolean, Values::Numbers { values, .. }) => {
                match faults(&values, |value| value.is_nan() || *value == 0.0 || *value == 1.0) {
                    Some((row, rows)) => Err(wrong(row, values[row].to_string(), rows)),
                    None => Ok(Values::Numbers { kind: NumberKind::Boolean, values }),
                }
            }
            (Kind::Text, values @ Values::Texts(_)) | (Kind::Time, values @ Values::Times(_)) => Ok(values),
            // A column without a value fits any type.
            (Kind::Text, values) if no_value(&values) => {
                Ok(Values::Texts(Texts { dictionary: Vec::new(), codes: vec![Texts::MISSING; len(&values)] }))
            }
            (Kind::Time, values) if no_value(&values) => Ok(Values::Times(vec![i64::MIN; len(&values)])),
            (_, values) if no_value(&values) => {
                let kind = if self.kind == Kind::Integer { NumberKind::Integer } else { NumberKind::Float };
                Ok(Values::Numbers { kind, values: vec![f64::NAN; len(&values)] })
            }
            (_, values) => {
                let (row, rows) = self.not_of_type(&values);
                Err(wrong(row, shown(&values, row), rows))
            }
        }
    }

    /// The rows of a column of another type that do not fit: of text those that are not what is wanted, else all.
    fn not_of_type(&self, values: &Values) -> (usize, usize) {
        let all = || present(values);
        let faults = match values {
            Values::Texts(texts) => text_faults(texts, |text| match (self.kind, cell::read(text.as_bytes())) {
                (Kind::Float, cell::Cell::Number(..)) | (Kind::Time, cell::Cell::Time(_)) => true,
                (Kind::Integer, cell::Cell::Number(_, kind)) => kind == NumberKind::Integer,
                (Kind::Boolean, cell::Cell::Number(_, kind)) => kind == NumberKind::Boolean,
                _ => false,
            }),
            _ => all(),
        };
        faults.or_else(all).unwrap_or((0, 0))
    }

    fn ranges(&self, values: &Values) -> Vec<Violation> {
        let sides = [(&self.minimum, "below the minimum"), (&self.maximum, "above the maximum")];
        let found = sides.into_iter().filter_map(|(bound, side)| {
            let bound = bound.as_ref()?;
            let low = side.starts_with("below");
            let (row, rows) = match values {
                Values::Numbers { values, .. } => {
                    let limit = bound.number()?;
                    faults(values, |value| value.is_nan() || if low { *value >= limit } else { *value <= limit })
                }
                Values::Times(values) => {
                    let limit = bound.micros()?;
                    faults(values, |value| *value == i64::MIN || if low { *value >= limit } else { *value <= limit })
                }
                Values::Texts(_) => None,
            }?;
            let (column, value, bound) = (self.name.clone(), shown(values, row), bound.clone());
            Some(Violation::Range { column, row: row + 1, value, side, bound, rows })
        });
        found.collect()
    }

    fn category(&self, values: &Values) -> Option<Violation> {
        let (Values::Texts(texts), Some(categories)) = (values, &self.categories) else { return None };
        let known: HashSet<&str> = categories.iter().map(String::as_str).collect();
        let (row, rows) = text_faults(texts, |text| known.contains(text))?;
        let value = texts.get(row).unwrap_or_default().to_owned();
        Some(Violation::Category { column: self.name.clone(), row: row + 1, value, rows })
    }
}

fn faults<T>(values: &[T], good: impl Fn(&T) -> bool) -> Fault {
    let mut bad = values.iter().enumerate().filter(|(_, value)| !good(value));
    let (first, _) = bad.next()?;
    Some((first, 1 + bad.count()))
}

/// Asks once for each distinct text.
fn text_faults(texts: &Texts, good: impl Fn(&str) -> bool) -> Fault {
    let good: Vec<bool> = texts.dictionary.iter().map(|text| good(text)).collect();
    faults(&texts.codes, |code| *code == Texts::MISSING || good[*code as usize])
}

fn missing(values: &Values) -> Fault {
    match values {
        Values::Numbers { values, .. } => faults(values, |value| !value.is_nan()),
        Values::Times(values) => faults(values, |value| *value != i64::MIN),
        Values::Texts(texts) => faults(&texts.codes, |code| *code != Texts::MISSING),
    }
}

fn present(values: &Values) -> Fault {
    match values {
        Values::Numbers { values, .. } => faults(values, |value| value.is_nan()),
        Values::Times(values) => faults(values, |value| *value == i64::MIN),
        Values::Texts(texts) => faults(&texts.codes, |code| *code == Texts::MISSING),
    }
}

fn no_value(values: &Values) -> bool {
    present(values).is_none()
}

fn len(values: &Values) -> usize {
    match values {
        Values::Numbers { values, .. } => values.len(),
        Values::Times(values) => values.len(),
        Values::Texts(texts) => texts.codes.len(),
    }
}

/// A value as a message shows it.
fn shown(values: &Values, row: usize) -> String {
    match values {
        Values::Numbers { kind: NumberKind::Boolean, values } => (values[row] != 0.0).to_string(),
        Values::Numbers { values, .. } => values[row].to_string(),
        Values::Times(values) => cell::time_text(values[row]),
        Values::Texts(texts) => format!("{:?}", texts.get(row).unwrap_or_default()),
    }
}

impl Table {
    /// What each column holds, for messages and reports.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.columns.iter().map(|column| (column.name.as_str(), kind(&column.values)))
    }
}
