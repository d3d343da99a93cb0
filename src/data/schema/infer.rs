//! What a table is, as the schema that it just fulfils.

use super::{Bound, ColumnSchema, Kind, Schema};
use crate::data::{Column, NumberKind, Table, Texts, Values};

/// Texts are categories when there are at most so many of them, and each stands in several rows on average.
const MOST_CATEGORIES: usize = 50;
const ROWS_PER_CATEGORY: usize = 5;

/// The schema of a table: types, whether values are missing, ranges of numbers, texts where they are few. Half of its
/// rows are the minimum. Times get no range, since a later table has later times.
pub fn infer(table: &Table) -> Schema {
    Schema { minimum_rows: table.rows / 2, columns: table.columns.iter().map(column).collect() }
}

fn column(column: &Column) -> ColumnSchema {
    let mut schema = ColumnSchema::new(&column.name, kind(&column.values));
    match &column.values {
        Values::Numbers { kind, values } => {
            schema.nullable = values.iter().any(|value| value.is_nan());
            if *kind != NumberKind::Boolean {
                let finite = || values.iter().copied().filter(|value| !value.is_nan());
                schema.minimum = finite().reduce(f64::min).map(|value| bound(value, *kind));
                schema.maximum = finite().reduce(f64::max).map(|value| bound(value, *kind));
            }
        }
        Values::Times(values) => schema.nullable = values.contains(&i64::MIN),
        Values::Texts(texts) => {
            schema.nullable = texts.codes.contains(&Texts::MISSING);
            schema.categories = categories(texts);
        }
    }
    schema
}

pub(super) fn kind(values: &Values) -> Kind {
    match values {
        Values::Numbers { kind: NumberKind::Float, .. } => Kind::Float,
        Values::Numbers { kind: NumberKind::Integer, .. } => Kind::Integer,
        Values::Numbers { kind: NumberKind::Boolean, .. } => Kind::Boolean,
        Values::Texts(_) => Kind::Text,
        Values::Times(_) => Kind::Time,
    }
}

fn bound(value: f64, kind: NumberKind) -> Bound {
    // Beyond 2^53 not every integer is a double.
    match kind {
        NumberKind::Integer if value.abs() < 9_007_199_254_740_992.0 => Bound::Integer(value as i64),
        _ => Bound::Number(value),
    }
}

fn categories(texts: &Texts) -> Option<Vec<String>> {
    let count = texts.dictionary.len();
    let few = (1..=MOST_CATEGORIES).contains(&count) && count * ROWS_PER_CATEGORY <= texts.codes.len();
    few.then(|| {
        let mut sorted = texts.dictionary.clone();
        sorted.sort();
        sorted
    })
}
