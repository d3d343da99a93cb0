//! Tries one random threshold of a feature (`node_split_random`): extremely randomized trees.

use super::criterion::Criterion;
use super::splitter::{FEATURE_THRESHOLD, Scratch, Search, Side, Split, Splitter, divide};
use std::hint::select_unpredictable;

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
            false => {
                let Scratch { values, keys, .. } = &mut self.scratch;
                divide(values, &mut self.samples[start..end], side, keys)
            }
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
        let (n, Scratch { values, order, .. }) = (end - start, &mut self.scratch);
        order.resize(order.len().max(n), 0);
        let (order, mut left) = (&mut order[..n], 0);
        for (i, (&x, &sample)) in values.iter().zip(&self.samples[start..end]).enumerate() {
            let goes_left = side.is_left(x);
            // Those that go right from the end on: of those before this one, `i - left`.
            order[select_unpredictable(goes_left, left, n - 1 - (i - left))] = sample;
            left += usize::from(goes_left);
        }
        left
    }
}

/// Least and greatest of values without NaN, at least one: in lanes that the processor compares side by side.
fn ends(values: &[f32]) -> (f32, f32) {
    const LANES: usize = 16;
    let wider = |(low, high): (f32, f32), x: f32| (if x < low { x } else { low }, if x > high { x } else { high });
    let (lanes, rest) = values.as_chunks::<LANES>();
    let mut found = (values[0], values[0]);
    if let [first, more @ ..] = lanes {
        let mut ends = first.map(|x| (x, x));
        for chunk in more {
            for k in 0..LANES {
                ends[k] = wider(ends[k], chunk[k]);
            }
        }
        found = ends.into_iter().fold(found, |found, (low, high)| wider(wider(found, low), high));
    }
    rest.iter().fold(found, |found, x| wider(found, *x))
}
