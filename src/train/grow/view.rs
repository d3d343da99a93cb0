//! The rows of one subtree, copied side by side: deep in a tree a node's rows lie far apart in the whole table, and most
//! of the time would go into waiting for memory.
//!
//! A view is narrowed again and again on the way down, and each copy is at most a [`RATIO`]th of the one before, so that all
//! of them take a seventh of the columns at most. Only for growth depth first, where a subtree is done before the next.

use super::Columns;

/// A view is narrowed to a node with at most this part of its rows.
const RATIO: usize = 16;
/// A view with at most that many rows fits into the nearest cache and is not narrowed.
const SMALL: usize = 1024;
/// So few rows are not worth a copy.
const FEW: usize = 32;

/// Columns as the current subtree reads them; a row is its position in the view.
pub struct View<'d> {
    pub columns: &'d Columns<'d>,
    /// One in another; buffers beyond `depth` wait to be used again.
    levels: Vec<Level>,
    depth: usize,
}

#[derive(Default)]
struct Level {
    /// Where the subtree's range of samples ends.
    end: usize,
    /// Rows of the whole table.
    rows: Vec<u32>,
    /// Copies, each made when it is first asked for.
    values: Vec<Vec<f32>>,
    codes: Vec<Vec<u16>>,
}

impl<'d> View<'d> {
    /// The whole table.
    pub fn new(columns: &'d Columns<'d>) -> Self {
        View { columns, levels: Vec::new(), depth: 0 }
    }

    /// Whether the current view is that of a subtree which ends before `start`; then it is widened.
    pub fn widen(&mut self, start: usize) -> bool {
        let ended = self.depth > 0 && self.levels[self.depth - 1].end <= start;
        self.depth -= usize::from(ended);
        ended
    }

    /// Whether the view is worth narrowing to a node of `n` samples.
    pub fn is_wide_for(&self, n: usize) -> bool {
        let rows = self.level().map_or(self.columns.rows(), |level| level.rows.len());
        rows > SMALL && n >= FEW && n <= rows / RATIO
    }

    /// Narrows the view to `samples`, the range that ends at `end`; they are numbered anew, in their order.
    pub fn narrow(&mut self, samples: &mut [u32], end: usize) {
        if self.levels.len() == self.depth {
            let features = self.columns.values.len();
            let (values, codes) = (vec![Vec::new(); features], vec![Vec::new(); features]);
            self.levels.push(Level { values, codes, ..Level::default() });
        }
        let (outer, inner) = self.levels.split_at_mut(self.depth);
        let (outer, level) = (outer.last(), &mut inner[0]);
        level.end = end;
        level.rows.clear();
        level.rows.extend(samples.iter().map(|at| outer.map_or(*at, |outer| outer.rows[*at as usize])));
        level.values.iter_mut().for_each(Vec::clear);
        level.codes.iter_mut().for_each(Vec::clear);
        samples.iter_mut().zip(0..).for_each(|(sample, at)| *sample = at);
        self.depth += 1;
    }

    /// The values of a column, by row of the view.
    pub fn values(&mut self, feature: usize) -> &[f32] {
        let whole = &self.columns.values[feature];
        match self.depth {
            0 => whole,
            depth => {
                let Level { rows, values, .. } = &mut self.levels[depth - 1];
                copied(&mut values[feature], whole, rows)
            }
        }
    }

    /// The positions of a column's values among its ranks, by row of the view; `whole` are those of the table.
    pub fn codes(&mut self, feature: usize, whole: &'d [u16]) -> &[u16] {
        match self.depth {
            0 => whole,
            depth => {
                let Level { rows, codes, .. } = &mut self.levels[depth - 1];
                copied(&mut codes[feature], whole, rows)
            }
        }
    }

    fn level(&self) -> Option<&Level> {
        self.levels[..self.depth].last()
    }
}

fn copied<'c, T: Copy>(copy: &'c mut Vec<T>, whole: &[T], rows: &[u32]) -> &'c [T] {
    if copy.is_empty() {
        copy.extend(rows.iter().map(|row| whole[*row as usize]));
    }
    copy
}

/// What a criterion knows of each row, narrowed along with the view.
pub struct Rows<T> {
    current: Vec<T>,
    /// Those of the wider views, the whole table first.
    wider: Vec<Vec<T>>,
    /// Buffers that wait to be used again.
    spare: Vec<Vec<T>>,
}

impl<T: Copy> Rows<T> {
    /// Of the whole table.
    pub fn new(rows: Vec<T>) -> Self {
        Rows { current: rows, wider: Vec::new(), spare: Vec::new() }
    }

    /// By row of the current view.
    pub fn get(&self) -> &[T] {
        &self.current
    }

    /// Narrows them to some rows of the current view.
    pub fn narrow(&mut self, samples: &[u32]) {
        let mut narrower = self.spare.pop().unwrap_or_default();
        narrower.clear();
        narrower.extend(samples.iter().map(|at| self.current[*at as usize]));
        self.wider.push(std::mem::replace(&mut self.current, narrower));
    }

    /// Undoes the last [`Rows::narrow`].
    pub fn widen(&mut self) {
        if let Some(wider) = self.wider.pop() {
            self.spare.push(std::mem::replace(&mut self.current, wider));
        }
    }
}
