//! Rows of a table as a request would bring them: numbers, codes of texts, moments in microseconds.

use super::FeatureError;
use crate::data::{Column, Table, Texts, Values};
use crate::model::Vocabulary;
use crate::sklearn::derived::Kind;
use ndarray::Array2;

/// Some columns of a table, in order.
pub(super) struct Raw<'t> {
    pub columns: Vec<&'t Column>,
}

impl<'t> Raw<'t> {
    /// # Errors
    /// When the table has no column of a name.
    pub fn new(table: &'t Table, names: &[String]) -> Result<Raw<'t>, FeatureError> {
        let find = |name: &String| table.column(name).ok_or_else(|| FeatureError::NoColumn { column: name.clone() });
        Ok(Raw { columns: names.iter().map(find).collect::<Result<_, _>>()? })
    }

    /// The columns with what they hold.
    pub fn kinds(&self) -> Vec<(String, Kind)> {
        self.columns.iter().map(|column| (column.name.clone(), kind(column))).collect()
    }

    /// What turns rows into a matrix, once for all of them.
    pub fn cells(&self, vocabulary: &Vocabulary) -> Vec<Cells<'t>> {
        let cells = |column: &&'t Column| match &column.values {
            Values::Numbers { values, .. } => Cells::Numbers(values),
            Values::Times(values) => Cells::Times(values),
            Values::Texts(texts) => {
                Cells::Texts { texts, codes: texts.dictionary.iter().map(|text| vocabulary.code(text)).collect() }
            }
        };
        self.columns.iter().map(cells).collect()
    }
}

/// What a column of the table holds.
pub(super) fn kind(column: &Column) -> Kind {
    match column.values {
        Values::Numbers { .. } => Kind::Number,
        Values::Texts(_) => Kind::Text,
        Values::Times(_) => Kind::Date,
    }
}

/// The values of one column as a matrix holds them.
pub(super) enum Cells<'t> {
    Numbers(&'t [f64]),
    Times(&'t [i64]),
    Texts { texts: &'t Texts, codes: Vec<f64> },
}

impl Cells<'_> {
    fn get(&self, row: usize) -> f64 {
        match self {
            Cells::Numbers(values) => values[row],
            Cells::Times(values) if values[row] == i64::MIN => f64::NAN,
            Cells::Times(values) => values[row] as f64,
            Cells::Texts { texts, codes } => match texts.codes[row] {
                Texts::MISSING => f64::NAN,
                code => codes[code as usize],
            },
        }
    }
}

/// The matrix of some rows, shape (rows, columns).
pub(super) fn matrix(cells: &[Cells<'_>], rows: &[usize]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), cells.len()), |(row, column)| cells[column].get(rows[row]))
}
