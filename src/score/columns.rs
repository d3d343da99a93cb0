//! Tables written by columns: a dict of lists and scalars, a dict of dicts; and MLflow's split form.
//!
//! Two passes: the first checks the text and notes where each column's value stands, the second reads the columns that
//! the model wants. Extra columns count as they do in pandas: for the number of rows and the union of their index.

use super::ReplyStyle;
use super::decode::Decoder;
use super::error::ScoreError;
use super::json::{Parse, Scanner, Text};
use super::problem;
use std::borrow::Cow;
use std::collections::HashMap;

/// One key of the dict.
pub(super) struct Column<'a> {
    pub name: Text<'a>,
    /// The feature of that name.
    pub feature: Option<usize>,
    pub values: Values,
    /// Where the value stands in the body.
    at: usize,
}

/// The form of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// Repeated for every row.
    Scalar,
    /// A list of so many values.
    List(usize),
    /// A dict from row label to value.
    Dict,
}

impl<'a> Decoder<'a> {
    /// Reads a dict, which pandas reads by columns.
    pub fn columns(&mut self, scan: &mut Scanner<'a>) -> Parse<()> {
        let columns = self.survey(scan)?;
        if let Some(split) = self.split(&columns) {
            return self.read_split(scan.text(), split);
        }
        match self.shape(&columns) {
            Err(problem) => self.problem = Some(problem),
            Ok(Values::List(rows)) => self.read_lists(scan.text(), &columns, rows)?,
            Ok(_) => self.read_dicts(scan.text(), &columns)?,
        }
        Ok(())
    }

    /// Checks the text and notes the columns: each at the place of its first key, with the value of its last.
    fn survey(&self, scan: &mut Scanner<'a>) -> Parse<Vec<Column<'a>>> {
        let mut columns: Vec<Column<'a>> = Vec::new();
        let mut known: HashMap<Cow<'a, [u8]>, usize> = HashMap::new();
        scan.object(|scan, name| {
            let at = scan.at;
            let values = survey_values(scan)?;
            let key = name.bytes();
            let feature = self.schema.find(&key);
            let column = Column { name, feature, values, at };
            let place = *known.entry(key).or_insert(columns.len());
            match columns.get_mut(place) {
                Some(first) => *first = column,
                None => columns.push(column),
            }
            Ok(())
        })?;
        Ok(columns)
    }

    /// pandas' checks of the lengths, in its order.
    fn shape(&self, columns: &[Column<'_>]) -> Result<Values, ScoreError> {
        if columns.is_empty() {
            return Err(problem::missing_columns(self.schema, &(0..self.schema.width()).collect::<Vec<_>>()));
        }
        let length = |column: &Column<'_>| match column.values {
            Values::List(length) => Some(length),
            _ => None,
        };
        let first = columns.iter().find_map(length);
        if let Some(other) = columns.iter().find(|column| length(column).is_some_and(|n| Some(n) != first)) {
            return Err(problem::unequal_lengths(columns, other));
        }
        let dicts = columns.iter().any(|column| column.values == Values::Dict);
        match (first, dicts) {
            (Some(_), true) => Err(problem::mixed_dicts()),
            (Some(rows), false) => Ok(Values::List(rows)),
            (None, true) => Ok(Values::Dict),
            (None, false) => Err(problem::only_scalars()),
        }
    }

    /// Fills the table from lists of `rows` values, and scalars.
    fn read_lists(&mut self, text: &'a str, columns: &[Column<'a>], rows: usize) -> Parse<()> {
        let Some(first) = self.allot(columns, rows)? else { return Ok(()) };
        let width = self.schema.width();
        for (column, feature) in features(columns) {
            let mut scan = Scanner::new(text, column.at);
            if column.values == Values::Scalar {
                self.broadcast(&mut scan, feature, first)?;
                continue;
            }
            let mut row = first;
            scan.elements(|scan| {
                self.cell(scan, row, feature)?;
                row += width;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Fills the table from dicts of values by row label, and scalars. The rows are the union of all labels, each at
    /// the place of its first appearance.
    fn read_dicts(&mut self, text: &'a str, columns: &[Column<'a>]) -> Parse<()> {
        let mut labels = Labels::default();
        for column in columns.iter().filter(|column| column.values == Values::Dict) {
            labels.restart();
            Scanner::new(text, column.at).object(|scan, label| {
                labels.row(label);
                scan.skip(3)
            })?;
        }
        let rows = labels.rows.len();
        let Some(first) = self.allot(columns, rows)? else { return Ok(()) };
        let width = self.schema.width();
        for (column, feature) in features(columns) {
            let mut scan = Scanner::new(text, column.at);
            if column.values == Values::Scalar {
                self.broadcast(&mut scan, feature, first)?;
                continue;
            }
            labels.restart();
            scan.object(|scan, label| {
                let row = first + labels.row(label) * width;
                self.cell(scan, row, feature)
            })?;
        }
        Ok(())
    }

    /// Makes the rows and notes the features that have a column; `None` when one lacks, before any cell is made.
    fn allot(&mut self, columns: &[Column<'_>], rows: usize) -> Parse<Option<usize>> {
        features(columns).for_each(|(_, feature)| self.table.mark(feature));
        let missing: Vec<usize> = self.table.unseen().collect();
        if !missing.is_empty() {
            self.problem = Some(problem::missing_keys(self.schema, &missing, columns));
            return Ok(None);
        }
        let place = columns.first().map_or(0, |column| column.at);
        self.table.push_rows(rows, place).map(Some)
    }

    /// Reads the scalar at the position once and repeats it for all rows from cell `first` on.
    fn broadcast(&mut self, scan: &mut Scanner<'a>, feature: usize, first: usize) -> Parse<()> {
        let width = self.schema.width();
        if self.table.rows > 0 {
            self.cell(scan, first, feature)?;
            self.table.repeat(first + feature, width);
        }
        Ok(())
    }

    /// The values of `columns` and `data`, if this is the split form and not a table with columns of these names.
    fn split(&self, columns: &[Column<'a>]) -> Option<[usize; 2]> {
        let of = |name: &str| columns.iter().find(|column| column.name.raw == name);
        let (names, data) = (of("columns")?, of("data")?);
        let split_key = |column: &Column<'_>| matches!(column.name.raw, "columns" | "index" | "data");
        let lists = [names, data].iter().all(|column| matches!(column.values, Values::List(_)));
        let features = names.feature.or(data.feature).is_some();
        let plain = self.style == ReplyStyle::Plain;
        (plain && lists && !features && columns.iter().all(split_key)).then_some([names.at, data.at])
    }

    fn read_split(&mut self, text: &'a str, [names, data]: [usize; 2]) -> Parse<()> {
        let mut columns = Vec::new();
        Scanner::new(text, names).elements(|scan| {
            if scan.peek() != b'"' {
                self.problem.get_or_insert_with(problem::unnamed_column);
                return scan.skip(3);
            }
            columns.push(self.schema.find(&scan.string()?.bytes()));
            Ok(())
        })?;
        let mut wanted = vec![true; self.schema.width()];
        columns.iter().flatten().for_each(|feature| wanted[*feature] = false);
        let missing: Vec<usize> = (0..wanted.len()).filter(|feature| wanted[*feature]).collect();
        if !missing.is_empty() {
            self.problem.get_or_insert_with(|| problem::missing_columns(self.schema, &missing));
        }
        if self.problem.is_some() {
            return Ok(());
        }
        self.rows(&mut Scanner::new(text, data), Some(&columns))
    }
}

/// Columns that are features, with the feature.
fn features<'c, 'a>(columns: &'c [Column<'a>]) -> impl Iterator<Item = (&'c Column<'a>, usize)> {
    columns.iter().filter_map(|column| Some((column, column.feature?)))
}

/// Reads over a column's value, checking it.
fn survey_values(scan: &mut Scanner<'_>) -> Parse<Values> {
    match scan.peek() {
        b'[' => {
            let mut length = 0;
            scan.elements(|scan| {
                length += 1;
                scan.skip(3)
            })?;
            Ok(Values::List(length))
        }
        b'{' => scan.skip(2).map(|()| Values::Dict),
        _ => scan.skip(2).map(|()| Values::Scalar),
    }
}

/// Row labels in the order of their first appearance.
#[derive(Default)]
struct Labels<'a> {
    rows: Vec<&'a str>,
    index: HashMap<Cow<'a, [u8]>, usize>,
    /// The row that comes next when a column has the labels of the one before.
    next: usize,
}

impl<'a> Labels<'a> {
    /// Starts a column.
    fn restart(&mut self) {
        self.next = 0;
    }

    /// The row of a label. Labels in the order of the earlier columns are not hashed.
    fn row(&mut self, label: Text<'a>) -> usize {
        let row = match self.rows.get(self.next) {
            Some(expected) if *expected == label.raw => self.next,
            _ => {
                let next = self.rows.len();
                *self.index.entry(label.bytes()).or_insert_with(|| {
                    self.rows.push(label.raw);
                    next
                })
            }
        };
        self.next = row + 1;
        row
    }
}
