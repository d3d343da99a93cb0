//! A table in memory, column by column.

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

impl Table {
    /// The column of exactly that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
