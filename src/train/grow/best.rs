//! Tries every threshold of a feature (`node_split_best`).
//!
//! Samples are sorted by value. Sums over them run in that order, so where rounding could show (`exact` is false) equal
//! values must come to lie as scikit-learn's sort leaves them. Otherwise any sort will do, and few values need none.

use super::columns::Ranks;
use super::criterion::Criterion;
use super::sort::{self, SHORT};
use super::splitter::{FEATURE_THRESHOLD, Scratch, Search, Split, Splitter};
use std::ops::Range;

/// A position between two values.
struct Border {
    feature: usize,
    pos: usize,
    /// The values on its two sides; the right one is missing where all that is left are missing values.
    between: (f32, Option<f32>),
    /// Where missing values go, if there are any.
    missing_left: Option<bool>,
}

impl<'d, C: Criterion> Splitter<'d, C> {
    /// Tries every threshold of `feature`; true if it is constant here.
    pub(super) fn try_best(&mut self, feature: usize, search: &mut Search) -> bool {
        let columns = self.view.columns;
        if let (true, Some(ranks)) = (self.exact, &columns.ranks[feature]) {
            return self.try_ranks(feature, ranks, search);
        }
        let n = search.end - search.start;
        let n_missing = self.sort_by(feature, search);
        let (values, present) = (&self.scratch.values, n - n_missing);
        let constant = present == 0 || (n_missing == 0 && values[n - 1] <= values[0] + FEATURE_THRESHOLD);
        if constant {
            return true;
        }
        self.scan(feature, 0..present, (n_missing > 0).then_some(false), search);
        if n_missing > 0 {
            self.samples[search.start..search.end].rotate_right(n_missing);
            self.scratch.values.rotate_right(n_missing);
            self.scan(feature, n_missing..n, Some(true), search);
        }
        false
    }

    /// Tries the positions between values that are present, those of `range`. Missing ones come before it, or after it; then
    /// its end is a position, too.
    fn scan(&mut self, feature: usize, range: Range<usize>, missing_left: Option<bool>, search: &mut Search) {
        let n = search.end - search.start;
        let mut p = range.start;
        self.criterion.reset();
        while p < range.end {
            p += 1;
            let values = &self.scratch.values;
            while p < range.end && values[p] <= values[p - 1] + FEATURE_THRESHOLD {
                p += 1;
            }
            if p == n || !self.large_enough(p, n - p) {
                continue;
            }
            let right = (p < range.end).then(|| values[p]);
            let between = (values[p - 1], right);
            self.criterion.update(&self.samples[search.start..search.end], p);
            self.judge(Border { feature, pos: search.start + p, between, missing_left }, search);
        }
    }

    /// Keeps the border where the criterion stands, if it is the best so far.
    fn judge(&self, border: Border, search: &mut Search) {
        if !self.heavy_enough(self.criterion.weights()) {
            return;
        }
        let proxy = self.criterion.proxy();
        if proxy > search.proxy {
            search.proxy = proxy;
            let (left, right) = (border.pos - search.start, search.end - border.pos);
            search.best = Split {
                pos: border.pos,
                feature: border.feature,
                threshold: match border.between {
                    (low, Some(high)) => f64::from(low) / 2.0 + f64::from(high) / 2.0,
                    (_, None) => f64::INFINITY,
                },
                missing_left: border.missing_left.unwrap_or(left > right),
                ..search.best
            };
        }
    }

    /// The same for a column of ranks: sums over the samples of each value, value by value.
    fn try_ranks(&mut self, feature: usize, ranks: &'d Ranks, search: &mut Search) -> bool {
        let samples = &self.samples[search.start..search.end];
        let width = self.criterion.bin_len();
        // Sums for values that do not occur here cost less than a sort, unless there are too many of them.
        if ranks.values.len() > 2 * samples.len() {
            return self.try_few(feature, ranks, search);
        }
        let (mut bins, mut counts) = (std::mem::take(&mut self.scratch.bins), std::mem::take(&mut self.scratch.counts));
        let codes = self.view.codes(feature, &ranks.codes);
        bins.clear();
        bins.resize(ranks.values.len() * width, 0.0);
        counts.clear();
        counts.resize(ranks.values.len(), 0);
        for &sample in samples {
            let code = usize::from(codes[sample as usize]);
            counts[code] += 1;
            self.criterion.tally(sample, 1.0, &mut bins[code * width..][..width]);
        }
        let groups = counts.iter().enumerate().filter(|(_, n)| **n > 0);
        let groups = groups.map(|(code, n)| (ranks.values[code], *n as usize, &bins[code * width..][..width]));
        let constant = self.try_groups(feature, groups, search);
        (self.scratch.bins, self.scratch.counts) = (bins, counts);
        constant
    }

    /// The same for a node with fewer samples than the column has values.
    fn try_few(&mut self, feature: usize, ranks: &'d Ranks, search: &mut Search) -> bool {
        let (mut keys, mut bins) = (std::mem::take(&mut self.scratch.keys), std::mem::take(&mut self.scratch.bins));
        let (samples, codes) = (&self.samples[search.start..search.end], self.view.codes(feature, &ranks.codes));
        keys.clear();
        keys.extend(samples.iter().map(|s| u64::from(codes[*s as usize]) << 32 | u64::from(*s)));
        sort_in_any_order(&mut keys);
        bins.resize(self.criterion.bin_len().max(bins.len()), 0.0);
        let width = self.criterion.bin_len();
        let bin = &mut bins[..width];
        let constant = self.try_sorted(feature, ranks, &keys, bin, search);
        (self.scratch.keys, self.scratch.bins) = (keys, bins);
        constant
    }

    fn try_sorted(
        &mut self,
        feature: usize,
        ranks: &Ranks,
        keys: &[u64],
        bin: &mut [f64],
        search: &mut Search,
    ) -> bool {
        let value = |key: u64| ranks.values[(key >> 32) as usize];
        let constant = value(keys[keys.len() - 1]) <= value(keys[0]) + FEATURE_THRESHOLD;
        if constant {
            return true;
        }
        self.criterion.reset();
        let mut pos = search.start;
        for group in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
            let here = value(group[0]);
            if pos > search.start {
                let before = value(keys[pos - search.start - 1]);
                self.judge_groups(feature, pos, (before, here), search);
            }
            bin.fill(0.0);
            group.iter().for_each(|key| self.criterion.tally(*key as u32, 1.0, bin));
            self.criterion.shift(bin);
            pos += group.len();
        }
        false
    }

    fn try_groups<'b>(
        &mut self,
        feature: usize,
        groups: impl Iterator<Item = (f32, usize, &'b [f64])> + Clone,
        search: &mut Search,
    ) -> bool {
        let ends = (groups.clone().next(), groups.clone().last());
        if let (Some((low, ..)), Some((high, ..))) = ends
            && high <= low + FEATURE_THRESHOLD
        {
            return true;
        }
        self.criterion.reset();
        let (mut pos, mut before) = (search.start, 0.0);
        for (here, n, bin) in groups {
            if pos > search.start {
                self.judge_groups(feature, pos, (before, here), search);
            }
            self.criterion.shift(bin);
            (pos, before) = (pos + n, here);
        }
        false
    }

    /// Judges a border between two groups of samples, if the values differ enough.
    fn judge_groups(&self, feature: usize, pos: usize, (before, here): (f32, f32), search: &mut Search) {
        let apart = here > before + FEATURE_THRESHOLD;
        if apart && self.large_enough(pos - search.start, search.end - pos) {
            self.judge(Border { feature, pos, between: (before, Some(here)), missing_left: None }, search);
        }
    }

    /// Sorts the node's samples by `feature`, NaN last, and sets the values beside them; returns how many are NaN.
    fn sort_by(&mut self, feature: usize, search: &Search) -> usize {
        let samples = &mut self.samples[search.start..search.end];
        let (columns, column) = (self.view.columns, self.view.values(feature));
        let Scratch { values, keys, order, .. } = &mut self.scratch;
        let mut present = samples.len();
        if columns.missing[feature] {
            present = missing_last(column, samples);
        }
        let gather = |keys: &mut Vec<u64>, samples: &[u32]| {
            keys.clear();
            keys.extend(samples[..present].iter().map(|sample| sort::key(column[*sample as usize], *sample)));
        };
        gather(keys, samples);
        let first = keys.first().map_or(0, |key| key >> 32);
        let equal = keys.iter().all(|key| key >> 32 == first);
        if self.exact {
            sort_in_any_order(keys);
        } else if present <= SHORT {
            sort::settle(keys);
        } else if !equal {
            let distinct = columns.probably_distinct(feature, present) && {
                keys.sort_unstable();
                !keys.windows(2).any(|pair| pair[0] >> 32 == pair[1] >> 32)
            };
            if !distinct {
                gather(keys, samples);
                sort::sort(keys, order);
            }
        }
        for (key, sample) in keys.iter().zip(samples.iter_mut()) {
            *sample = *key as u32;
        }
        values.clear();
        values.extend(keys.iter().map(|key| sort::value(*key)));
        values.resize(samples.len(), f32::NAN);
        samples.len() - present
    }
}

/// Sorts keys of which equal values may come to lie in any order.
fn sort_in_any_order(keys: &mut [u64]) {
    if keys.len() <= SHORT { sort::settle(keys) } else { keys.sort_unstable() }
}

/// Moves samples with NaN to the end by swaps, as scikit-learn does; returns how many others there are.
fn missing_last(column: &[f32], samples: &mut [u32]) -> usize {
    let (mut i, mut end) = (0, samples.len());
    while i < end {
        if column[samples[end - 1] as usize].is_nan() {
            end -= 1;
            continue;
        }
        if column[samples[i] as usize].is_nan() {
            end -= 1;
            samples.swap(i, end);
        }
        i += 1;
    }
    end
}
