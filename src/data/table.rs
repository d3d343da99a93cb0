//! A table in memory, column by column.

use super::names::NameError;
use super::{cell, names};

/// Columns of equal length, with distinct names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub values: Values,
}

/// What a column holds, one value for each row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// NaN where a value is missing.
    Numbers {
        kind: NumberKind,
        values: Vec<f64>,
    },
    Texts(Texts),
    /// Microseconds since 1970-01-01 UTC; `i64::MIN` where a value is missing.
    Times(Vec<i64>),
}

/// How a column's numbers were written; labels keep their type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    Float,
    Integer,
    Boolean,
}

/// Texts, each stored once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Texts {
    /// Distinct texts in the order of their first row.
    pub dictionary: Vec<String>,
    /// Index into `dictionary`; [`Texts::MISSING`] where a value is missing.
    pub codes: Vec<u32>,
}

impl Texts {
    pub const MISSING: u32 = u32::MAX;

    /// The text of a row, if it has one.
    pub fn get(&self, row: usize) -> Option<&str> {
        let code = self.codes[row];
        (code != Texts::MISSING).then(|| self.dictionary[code as usize].as_str())
    }
}

impl Texts {
    /// The first row whose text is no number, in a column where most are: what kept it from being one of numbers.
    pub fn first_not_a_number(&self) -> Option<(usize, &str)> {
        let is_number: Vec<bool> =
            self.dictionary.iter().map(|text| cell::number(text.as_bytes().trim_ascii()).is_some()).collect();
        let texts = || self.codes.iter().enumerate().filter(|(_, code)| **code != Texts::MISSING);
        let numbers = texts().filter(|(_, code)| is_number[**code as usize]).count();
        let (row, _) = texts().find(|(_, code)| !is_number[**code as usize])?;
        (2 * numbers >= texts().count()).then(|| Some((row, self.get(row)?)))?
    }
}

impl Table {
    /// Where the column is that a person means by a name: exactly that one, else the one whose name differs in case,
    /// blanks and underscores only.
    ///
    /// # Errors
    /// When there is none, or several that differ only so.
    pub fn find(&self, name: &str) -> Result<usize, NameError> {
        names::find(self.columns.iter().map(|column| column.name.as_str()), name)
    }

    /// The column of exactly that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl Column {
    /// The same column with some rows alone, in that order.
    pub fn take(&self, rows: &[usize]) -> Column {
        Column { name: self.name.clone(), values: self.values.take(rows) }
    }
}

impl Values {
    /// The values of some rows, in that order.
    pub fn take(&self, rows: &[usize]) -> Values {
        match self {
            Values::Numbers { kind, values } => {
                Values::Numbers { kind: *kind, values: rows.iter().map(|row| values[*row]).collect() }
            }
            Values::Texts(texts) => Values::Texts(Texts {
                dictionary: texts.dictionary.clone(),
                codes: rows.iter().map(|row| texts.codes[*row]).collect(),
            }),
            Values::Times(times) => Values::Times(rows.iter().map(|row| times[*row]).collect()),
        }
    }

    /// Whether a row has no value.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Values::Numbers { values, .. } => values[row].is_nan(),
            Values::Texts(texts) => texts.codes[row] == Texts::MISSING,
            Values::Times(times) => times[row] == i64::MIN,
        }
    }
}
