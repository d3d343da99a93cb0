//! Tries one random threshold of a feature (`node_split_random`): extremely randomized trees.

use super::criterion::Criterion;
use super::splitter::{FEATURE_THRESHOLD, Scratch, Search, Side, Split, Splitter, divide};

impl<C: Criterion> Splitter<'_, C> {
    /// Tries one random threshold of `feature`; true if it is constant here.
    pub(super) fn try_random(&mut self, feature: usize, search: &mut Search) -> bool {
        let (start, end) = (search.start, search.end);
        let Some((low, high, n_missing)) = self.gather(feature, start, end) else { return true };
        if n_missing == 0 && high <= low + FEATURE_THRESHOLD {
            return true;
        }
        let (low, high) = (f64::from(low), f64::from(high));
        let mut threshold = self.rng.uniform(low, high);
        let mut missing_left = n_missing > 0 && self.rng.int(0, 2) == 1;
        if threshold == high {
            threshold = low;
        }
        let side = Side::new(threshold, missing_left);
        let left = match self.exact {
            true => self.arrange(side, start, end),
            false => divide(&self.scratch.values, &mut self.samples[start..end], side),
        };
        let pos = start + left;
        if !self.large_enough(left, end - pos) {
            return false;
        }
        let samples = if self.exact { &self.scratch.order[..end - start] } else { &self.samples[start..end] };
        self.criterion.reset();
        self.criterion.update(samples, left);
        if !self.heavy_enough(self.criterion.weights()) {
            return false;
        }
        let proxy = self.criterion.proxy();
        if proxy > search.proxy {
            search.proxy = proxy;
            if n_missing == 0 {
                missing_left = pos - start > end - pos;
            }
            search.best = Split { pos, feature, threshold, missing_left, ..search.best };
        }
        false
    }

    /// Copies the node's values; returns the smallest and largest that is present, and how many are missing; `None` when
    /// all are.
    fn gather(&mut self, feature: usize, start: usize, end: usize) -> Option<(f32, f32, usize)> {
        let (columns, column) = (self.view.columns, self.view.values(feature));
        let values = &mut self.scratch.values;
        values.clear();
        values.extend(self.samples[start..end].iter().map(|sample| column[*sample as usize]));
        if !columns.missing[feature] {
            let (low, high) = ends(values);
            return Some((low, high, 0));
        }
        let mut present = values.iter().copied().filter(|x| !x.is_nan());
        let first = present.next()?;
        let (low, high, n) = present.fold((first, first, 1), |(low, high, n), x| {
            (if x < low { x } else { low }, if x > high { x } else { high }, n + 1)
        });
        Some((low, high, values.len() - n))
    }

    /// Copies the node's samples, those with gathered values that go left first; returns how many they are.
    fn arrange(&mut self, side: Side, start: usize, end: usize) -> usize {
        let Scratch { values, order, .. } = &mut self.scratch;
        order.resize(order.len().max(end - start), 0);
        let (mut left, mut right) = (0, end - start);
        for (&x, &sample) in values.iter().zip(&self.samples[start..end]) {
            let goes_left = side.is_left(x);
            order[if goes_left { left } else { right - 1 }] = sample;
            left += usize::from(goes_left);
            right -= usize::from(!goes_left);
        }
        left
    }
}

/// Least and greatest of values without NaN, at least one: in lanes that the processor compares side by side.
fn ends(values: &[f32]) -> (f32, f32) {
    const LANES: usize = 16;
    let (mut low, mut high) = ([values[0]; LANES], [values[0]; LANES]);
    let lanes = values.chunks_exact(LANES);
    let rest = lanes.remainder();
    for chunk in lanes {
        for k in 0..LANES {
            low[k] = if chunk[k] < low[k] { chunk[k] } else { low[k] };
            high[k] = if chunk[k] > high[k] { chunk[k] } else { high[k] };
        }
    }
    let least = low.iter().chain(rest).fold(values[0], |a, x| if *x < a { *x } else { a });
    let greatest = high.iter().chain(rest).fold(values[0], |a, x| if *x > a { *x } else { a });
    (least, greatest)
}
