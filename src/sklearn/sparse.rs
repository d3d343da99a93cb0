//! Sparse matrices of scipy in compressed rows: what estimators keep that were fitted on texts.

use super::Context;
use super::attributes::numbers;
use crate::value::{ValueError, View};

/// What a sparse matrix holds: how many columns it has, and of each row the columns and values.
pub struct Rows {
    pub n_columns: usize,
    pub rows: Vec<Vec<(usize, f64)>>,
}

/// Reads a sparse matrix of compressed rows (`csr_matrix`, `csr_array`).
///
/// # Errors
/// When it is none, or its parts contradict each other.
pub fn rows(value: &View<'_, '_>, ctx: &mut Context) -> Result<Rows, ValueError> {
    if !value.class().is_some_and(|class| matches!(class.name.as_ref(), "csr_matrix" | "csr_array")) {
        return Err(value.error(format!("expected a matrix of compressed rows, found {}", value.kind())));
    }
    let shape = value.get("_shape").map_or_else(|| value.attr("shape"), Ok)?;
    let [n_rows, n_columns] = shape.i64s()?[..] else { return Err(shape.error("expected rows and columns")) };
    let n_columns = usize::try_from(n_columns).unwrap_or(0);
    let (starts, places) = (value.attr("indptr")?, value.attr("indices")?);
    for part in [&starts, &places] {
        ctx.read(part)?;
    }
    let (starts, places) = (starts.i64s()?, places.i64s()?);
    let values = numbers(&value.attr("data")?, ctx)?;
    let place = |place: &i64| usize::try_from(*place).ok().filter(|place| *place < n_columns);
    let pair = |(at, value): (&i64, &f64)| Some((place(at)?, *value));
    let pairs: Option<Vec<(usize, f64)>> = places.iter().zip(&values).map(pair).collect();
    let span = |pair: &[i64]| Some(usize::try_from(pair[0]).ok()?..usize::try_from(pair[1]).ok()?);
    // Spans that follow each other hold each value once.
    let whole = starts.first() == Some(&0) && starts.last() == Some(&(values.len() as i64)) && starts.is_sorted();
    let found = pairs.filter(|pairs| whole && pairs.len() == values.len() && places.len() == values.len());
    let rows = found.and_then(|pairs| {
        let row = |pair: &[i64]| pairs.get(span(pair)?).map(<[_]>::to_vec);
        starts.windows(2).map(row).collect::<Option<Vec<_>>>()
    });
    match rows {
        Some(rows) if i64::try_from(rows.len()) == Ok(n_rows) => Ok(Rows { n_columns, rows }),
        _ => Err(value.error("it is no sparse matrix of compressed rows")),
    }
}

/// Reads a matrix that may be sparse: how many rows and columns, and its numbers row by row.
///
/// # Errors
/// When it is no matrix, or takes far more memory than the file gives it.
pub fn matrix(value: &View<'_, '_>, ctx: &mut Context) -> Result<(usize, usize, Vec<f64>), ValueError> {
    /// Cells of any sparse matrix, and for each value that it stores.
    const FREE: usize = 1 << 21;
    const EACH: usize = 64;
    if value.object().is_none() {
        return match value.shape()[..] {
            [rows, columns] => Ok((rows, columns, numbers(value, ctx)?)),
            _ => Err(value.error(format!("expected a matrix, found {}", value.kind()))),
        };
    }
    let Rows { n_columns, rows } = rows(value, ctx)?;
    let stored: usize = rows.iter().map(Vec::len).sum();
    let most = stored.saturating_mul(EACH).saturating_add(FREE);
    let Some(cells) = rows.len().checked_mul(n_columns).filter(|cells| *cells <= most) else {
        let shape = format!("{} rows of {n_columns} columns", rows.len());
        return Err(value.error(format!("{shape} for {stored} values are too sparse to be kept whole")));
    };
    let mut whole = vec![0.0; cells];
    for (row, cells) in rows.iter().zip(whole.chunks_exact_mut(n_columns.max(1))) {
        row.iter().for_each(|(column, value)| cells[*column] += value);
    }
    Ok((rows.len(), n_columns, whole))
}
