//! Tries one random threshold of a feature (`node_split_random`): extremely randomized trees.

use super::criterion::Criterion;
use super::splitter::{FEATURE_THRESHOLD, Search, Split, Splitter};

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
        let pos = start
            + match self.exact {
                true => self.tally(threshold, missing_left, start, end),
                false => self.divide(threshold, missing_left, start, end),
            };
        if !self.large_enough(pos - start, end - pos) {
            return false;
        }
        self.criterion.reset();
        match self.exact {
            true => self.criterion.shift(&self.scratch.bins),
            false => self.criterion.update(&self.samples[start..end], pos - start),
        }
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
        let column = &self.columns.values[feature];
        let values = &mut self.scratch.values[start..end];
        for (value, &sample) in values.iter_mut().zip(&self.samples[start..end]) {
            *value = column[sample as usize];
        }
        if !self.columns.missing[feature] {
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

    /// Sums over the samples with gathered values up to `threshold`, which stay where they are; returns how many they are.
    fn tally(&mut self, threshold: f64, missing_left: bool, start: usize, end: usize) -> usize {
        let bin = &mut self.scratch.bins;
        bin.clear();
        bin.resize(self.criterion.bin_len(), 0.0);
        let mut n = 0;
        for (&x, &sample) in self.scratch.values[start..end].iter().zip(&self.samples[start..end]) {
            let left = (f64::from(x) <= threshold) | (x.is_nan() & missing_left);
            self.criterion.tally(sample, f64::from(u8::from(left)), bin);
            n += usize::from(left);
        }
        n
    }

    /// Puts samples with gathered values up to `threshold` first; returns how many they are. Not stable.
    fn divide(&mut self, threshold: f64, missing_left: bool, start: usize, end: usize) -> usize {
        let (samples, values) = (&mut self.samples[start..end], &mut self.scratch.values[start..end]);
        let (mut a, mut b) = (0, samples.len());
        while a < b {
            let x = values[a];
            let left = if x.is_nan() { missing_left } else { f64::from(x) <= threshold };
            if left {
                a += 1;
            } else {
                b -= 1;
                samples.swap(a, b);
                values.swap(a, b);
            }
        }
        b
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
