//! The matrix under construction: row-major cells that remember where a value was that is no number.

use super::json::{Fault, Parse, What};
use crate::model::Texts;

/// Bytes of matrix that any body may ask for, however small.
const FREE_BYTES: usize = 16 << 20;
/// Bytes of matrix for each byte of body. Full rows need at most 4 (`0,` in a list of lists).
const BYTES_PER_BYTE: usize = 16;

/// Rows of `width` cells. Cells that no value was given for are NaN.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub cells: Vec<f64>,
    pub rows: usize,
    width: usize,
    max_cells: usize,
    /// Columns that some row has.
    seen: Vec<bool>,
    /// Whether a cell was set to [`bad`]; a later value may have replaced it.
    any_bad: bool,
    /// Cells with a text that the vocabulary lacks, and where it stands in the body.
    unknown: Vec<(usize, usize)>,
    /// What cells of documents stand for.
    pub texts: Texts,
}

impl Table {
    /// An empty table for a body of `body_len` bytes.
    pub fn new(width: usize, body_len: usize) -> Self {
        let max_cells = body_len.saturating_mul(BYTES_PER_BYTE).saturating_add(FREE_BYTES) / size_of::<f64>();
        let seen = vec![false; width];
        Table {
            cells: Vec::new(),
            rows: 0,
            width,
            max_cells,
            seen,
            any_bad: false,
            unknown: Vec::new(),
            texts: Texts::default(),
        }
    }

    pub fn clear(&mut self) {
        self.cells.clear();
        self.rows = 0;
        self.seen.fill(false);
        self.any_bad = false;
        self.unknown.clear();
        self.texts.clear();
    }

    /// Appends `rows` rows without values; the index of their first cell. `at` is the place in the body.
    ///
    /// # Errors
    /// When the body is too small to ask for that many cells.
    #[inline]
    pub fn push_rows(&mut self, rows: usize, at: usize) -> Parse<usize> {
        let first = self.cells.len();
        match rows.checked_mul(self.width).and_then(|more| first.checked_add(more)) {
            Some(cells) if cells <= self.max_cells => self.cells.resize(cells, f64::NAN),
            _ => return Err(Fault { what: What::TooSparse, at }),
        }
        self.rows += rows;
        Ok(first)
    }

    /// Sets the cell of `column` in the row that starts at cell `row`.
    #[inline(always)]
    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        if let Some(cell) = self.cells.get_mut(row + column) {
            *cell = value;
        }
        self.mark(column);
    }

    /// Copies a cell to every `step`-th cell behind it.
    pub fn repeat(&mut self, cell: usize, step: usize) {
        if let Some((value, rest)) = self.cells.get_mut(cell..).and_then(<[_]>::split_first_mut) {
            rest.iter_mut().skip(step.saturating_sub(1)).step_by(step.max(1)).for_each(|other| *other = *value);
        }
    }

    /// Notes that the request has `column`.
    #[inline(always)]
    pub fn mark(&mut self, column: usize) {
        if let Some(seen) = self.seen.get_mut(column) {
            *seen = true;
        }
    }

    /// The cell value that stands for "no number at byte `at` of the body": a NaN that holds the place, so that a
    /// duplicate key can still replace it and no list of errors is kept.
    pub fn bad(&mut self, at: usize) -> f64 {
        self.any_bad = true;
        f64::from_bits(BAD | (at as u64 + 1) & PLACE)
    }

    /// Notes a text that the vocabulary lacks.
    pub fn note_unknown(&mut self, row: usize, column: usize, at: usize) {
        self.unknown.push((row + column, at));
    }

    /// Columns that no row has.
    pub fn unseen(&self) -> impl Iterator<Item = usize> + '_ {
        self.seen.iter().enumerate().filter(|(_, seen)| !**seen).map(|(column, _)| column)
    }

    /// The first value that is no number, by rows or by columns: its row, column and place in the body.
    pub fn first_bad(&self, by_columns: bool) -> Option<(usize, usize, usize)> {
        if !self.any_bad {
            return None;
        }
        let bad = self.cells.iter().enumerate().filter_map(|(cell, value)| {
            let place = value.to_bits().checked_sub(BAD).filter(|place| (1..=PLACE).contains(place))?;
            Some((cell / self.width, cell % self.width, place as usize - 1))
        });
        if by_columns { bad.min_by_key(|(row, column, _)| (*column, *row)) } else { bad.into_iter().next() }
    }

    /// Where the unknown text of a cell stands in the body.
    pub fn unknown_at(&self, row: usize, column: usize) -> Option<usize> {
        let cell = row.checked_mul(self.width)?.checked_add(column)?;
        self.unknown.iter().rev().find(|(noted, _)| *noted == cell).map(|(_, at)| *at)
    }
}

/// A quiet NaN with its sign set, which no decoded value is.
const BAD: u64 = 0xfff8_0000_0000_0000;
const PLACE: u64 = (1 << 51) - 1;
