//! The matrix Q of libsvm's problems, row by row as the solver asks for them: kernels in float32, kept in a cache.
//!
//! How much is cached changes time only, never a result.

use super::super::centered::dot;
use crate::model::svm::{Kernel, power};

/// Kernels that are computed on one thread: fewer take less time than a thread takes to begin, on a busy machine much less.
const FEW: usize = 1 << 14;

/// Q in the order in which the solver has put its variables.
pub(super) trait Matrix {
    /// Makes the first `len` values of row `at` what `row(slot)` gives, until the next swap. There are two slots.
    fn load(&mut self, slot: usize, at: usize, len: usize);
    fn row(&self, slot: usize) -> &[f32];
    /// The diagonal, not rounded to float32.
    fn diagonal(&self) -> &[f64];
    fn swap(&mut self, i: usize, j: usize);
}

/// Training rows as a kernel sees them.
#[derive(Clone)]
pub(super) struct Rows<'d> {
    kernel: Kernel,
    threads: usize,
    rows: Vec<&'d [f64]>,
    /// Squared lengths.
    squares: Vec<f64>,
}

impl<'d> Rows<'d> {
    /// Kernels are computed on `threads` threads, each on its own: their number changes none.
    pub fn new(kernel: Kernel, rows: Vec<&'d [f64]>, threads: usize) -> Rows<'d> {
        let squares = rows.iter().map(|row| dot(row, row)).collect();
        Rows { kernel, threads, rows, squares }
    }

    /// Appends the kernels of row `i` and others, up to `len`, each with its sign.
    fn extend(&self, row: &mut Vec<f32>, i: usize, len: usize, sign: impl Fn(usize) -> f32 + Sync) {
        let from = row.len();
        row.resize(len.max(from), 0.0);
        let missing = &mut row[from..];
        let share = missing.len().div_ceil(self.threads.clamp(1, missing.len() / FEW + 1)).max(1);
        let fill = |first: usize, part: &mut [f32]| {
            part.iter_mut().zip(first..).for_each(|(value, j)| *value = sign(j) * self.between(i, j) as f32);
        };
        let mut parts = missing.chunks_mut(share).zip((from..).step_by(share));
        let own = parts.next();
        std::thread::scope(|scope| {
            parts.for_each(|(part, first)| drop(scope.spawn(move || fill(first, part))));
            own.into_iter().for_each(|(part, first)| fill(first, part));
        });
    }

    /// `kernel_function`: the distance of the radial kernel from three inner products.
    fn between(&self, i: usize, j: usize) -> f64 {
        let product = dot(self.rows[i], self.rows[j]);
        match self.kernel {
            Kernel::Linear | Kernel::Precomputed => product,
            Kernel::Poly { gamma, coef0, degree } => power(gamma * product + coef0, degree),
            Kernel::Rbf { gamma } => (-gamma * (self.squares[i] + self.squares[j] - 2.0 * product)).exp(),
            Kernel::Sigmoid { gamma, coef0 } => (gamma * product + coef0).tanh(),
        }
    }

    fn diagonal(&self) -> Vec<f64> {
        (0..self.rows.len()).map(|i| self.between(i, i)).collect()
    }

    fn swap(&mut self, i: usize, j: usize) {
        self.rows.swap(i, j);
        self.squares.swap(i, j);
    }
}

/// Q of a classifier: `y_i y_j K(x_i, x_j)`.
pub(super) struct Signed<'d> {
    rows: Rows<'d>,
    positive: Vec<bool>,
    diagonal: Vec<f64>,
    cache: Cache,
    slots: [usize; 2],
}

impl<'d> Signed<'d> {
    pub fn new(rows: Rows<'d>, positive: Vec<bool>, cache_bytes: usize) -> Signed<'d> {
        let cache = Cache::new(rows.rows.len(), cache_bytes);
        Signed { diagonal: rows.diagonal(), rows, positive, cache, slots: [0; 2] }
    }
}

impl Matrix for Signed<'_> {
    fn load(&mut self, slot: usize, at: usize, len: usize) {
        self.slots[slot] = at;
        let row = self.cache.row(at, len);
        let positive = &self.positive;
        self.rows.extend(row, at, len, |j| if positive[at] == positive[j] { 1.0 } else { -1.0 });
    }

    fn row(&self, slot: usize) -> &[f32] {
        &self.cache.rows[self.slots[slot]]
    }

    fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    fn swap(&mut self, i: usize, j: usize) {
        self.cache.swap(i, j);
        self.rows.swap(i, j);
        self.positive.swap(i, j);
        self.diagonal.swap(i, j);
    }
}

/// Q of a regressor: each row stands for two variables, one with either sign. The cache has whole rows of the kernel.
pub(super) struct Doubled<'d> {
    rows: Rows<'d>,
    /// The row of each variable, and its sign.
    variables: Vec<(usize, f32)>,
    diagonal: Vec<f64>,
    cache: Cache,
    /// Which row each slot holds, if any.
    slots: [(Option<usize>, Vec<f32>); 2],
}

impl<'d> Doubled<'d> {
    pub fn new(rows: Rows<'d>, cache_bytes: usize) -> Doubled<'d> {
        let n = rows.rows.len();
        let variables = (0..n).map(|i| (i, 1.0)).chain((0..n).map(|i| (i, -1.0))).collect();
        let diagonal = rows.diagonal();
        let cache = Cache::new(n, cache_bytes);
        Doubled { rows, variables, diagonal: [&diagonal[..]; 2].concat(), cache, slots: Default::default() }
    }
}

impl Matrix for Doubled<'_> {
    fn load(&mut self, slot: usize, at: usize, len: usize) {
        let (held, values) = &mut self.slots[slot];
        if *held == Some(at) && values.len() >= len {
            return;
        }
        let (own, sign) = self.variables[at];
        let n = self.rows.rows.len();
        let row = self.cache.row(own, n);
        self.rows.extend(row, own, n, |_| 1.0);
        values.clear();
        values.extend(self.variables[..len].iter().map(|(other, other_sign)| sign * other_sign * row[*other]));
        *held = Some(at);
    }

    fn row(&self, slot: usize) -> &[f32] {
        &self.slots[slot].1
    }

    fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    fn swap(&mut self, i: usize, j: usize) {
        self.variables.swap(i, j);
        self.diagonal.swap(i, j);
        self.slots.iter_mut().for_each(|(held, _)| *held = None);
    }
}

/// Rows of float32, those least recently used given up first.
struct Cache {
    rows: Vec<Vec<f32>>,
    /// When each was used last.
    used: Vec<u64>,
    clock: u64,
    /// Values that still fit.
    room: usize,
}

impl Cache {
    /// Always with room for two rows.
    fn new(rows: usize, bytes: usize) -> Cache {
        let room = (bytes / size_of::<f32>()).max(2 * rows);
        Cache { rows: vec![Vec::new(); rows], used: vec![0; rows], clock: 0, room }
    }

    /// Row `at`, with capacity for `len` values; what it holds is right, and may be less.
    fn row(&mut self, at: usize, len: usize) -> &mut Vec<f32> {
        self.clock += 1;
        self.used[at] = self.clock;
        let more = len.saturating_sub(self.rows[at].len());
        while self.room < more {
            let filled = (0..self.rows.len()).filter(|i| *i != at && !self.rows[*i].is_empty());
            let Some(oldest) = filled.min_by_key(|i| self.used[*i]) else { break };
            self.room += std::mem::take(&mut self.rows[oldest]).len();
        }
        self.room = self.room.saturating_sub(more);
        self.rows[at].reserve_exact(more);
        &mut self.rows[at]
    }

    /// Puts two variables in each other's place, as rows and within rows; a row that has only one of them is given up.
    fn swap(&mut self, i: usize, j: usize) {
        self.rows.swap(i, j);
        self.used.swap(i, j);
        let (i, j) = (i.min(j), i.max(j));
        for row in &mut self.rows {
            if row.len() > j {
                row.swap(i, j);
            } else if row.len() > i {
                self.room += std::mem::take(row).len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever has to be given up, rows are what they would be without a cache.
    #[test]
    fn a_small_cache_gives_the_same_rows() {
        let x: Vec<[f64; 2]> = (0..12).map(|i| [f64::from(i * i % 7), f64::from(i % 5)]).collect();
        let rows = || Rows::new(Kernel::Rbf { gamma: 0.3 }, x.iter().map(|row| &row[..]).collect(), 1);
        let positive: Vec<bool> = (0..12).map(|i| i % 3 == 0).collect();
        let mut small = Signed::new(rows(), positive.clone(), 0);
        let mut large = Signed::new(rows(), positive, 1 << 20);
        for step in 0..200 {
            let (i, j, len) = (step * 5 % 12, step * 7 % 11, 1 + step * 3 % 12);
            for matrix in [&mut small, &mut large] {
                matrix.load(0, i, len);
                matrix.load(1, j, len);
            }
            for slot in 0..2 {
                assert_eq!(small.row(slot)[..len], large.row(slot)[..len], "step {step}");
            }
            if step % 4 == 0 {
                small.swap(i, j);
                large.swap(i, j);
            }
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_kernel() {
        let x: Vec<[f64; 1]> = (0..3 * FEW).map(|i| [(i as f64).sin()]).collect();
        let rows = |threads| Rows::new(Kernel::Rbf { gamma: 2.0 }, x.iter().map(|row| &row[..]).collect(), threads);
        let row = |threads, from| {
            let mut row = vec![0.0; from];
            rows(threads).extend(&mut row, 7, x.len(), |j| if j % 2 == 0 { 1.0 } else { -1.0 });
            row
        };
        for (threads, from) in [(2, 0), (3, 11), (9, x.len() - 5)] {
            assert_eq!(row(threads, from), row(1, from), "{threads} threads from {from}");
        }
    }
}
