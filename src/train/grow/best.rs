//! Tries every threshold of a feature (`node_split_best`).
//!
//! Samples are sorted by value. Sums over them run in that order, so where rounding could show (`exact` is false) equal
//! values must come to lie as scikit-learn's sort leaves them. Otherwise any sort will do, and few values need none.

use super::columns::Ranks;
use super::criterion::Criterion;
use super::sort::sort;
use super::splitter::{FEATURE_THRESHOLD, Search, Split, Splitter};

/// A position between two values.
struct Border {
    feature: usize,
    pos: usize,
    /// The values on its two sides; the right one is missing where all that is left are missing values.
    between: (f32, Option<f32>),
    /// Where missing values go, if there are any.
    missing_left: Option<bool>,
}

impl<C: Criterion> Splitter<'_, C> {
    /// Tries every threshold of `feature`; true if it is constant here.
    pub(super) fn try_best(&mut self, feature: usize, search: &mut Search) -> bool {
        let columns = self.columns;
        if let (true, Some(ranks)) = (self.exact, &columns.ranks[feature]) {
            return self.try_ranks(feature, ranks, search);
        }
        let (start, end) = (search.start, search.end);
        let n_missing = self.sort_by(feature, start, end);
        let values = &self.scratch.values;
        let present_end = end - n_missing;
        let constant = present_end == start || (n_missing == 0 && values[end - 1] <= values[start] + FEATURE_THRESHOLD);
        if constant {
            return true;
        }
        self.scan(feature, present_end, present_end, (n_missing > 0).then_some(false), search);
        if n_missing > 0 {
            self.samples[start..end].rotate_right(n_missing);
            self.scratch.values[start..end].rotate_right(n_missing);
            self.scan(feature, start + n_missing, end, Some(true), search);
        }
        false
    }

    /// Tries the positions up to `limit`: of values that begin after missing ones at `from`, or after which missing ones
    /// follow.
    fn scan(&mut self, feature: usize, from: usize, limit: usize, missing_left: Option<bool>, search: &mut Search) {
        let mut p = if missing_left == Some(true) { from } else { search.start };
        self.criterion.reset();
        while p < limit {
            p += 1;
            let values = &self.scratch.values;
            while p < limit && values[p] <= values[p - 1] + FEATURE_THRESHOLD {
                p += 1;
            }
            if p == search.end || !self.large_enough(p - search.start, search.end - p) {
                continue;
            }
            let right = (p < limit).then(|| values[p]);
            let between = (values[p - 1], right);
            self.criterion.update(&self.samples[search.start..search.end], p - search.start);
            self.judge(Border { feature, pos: p, between, missing_left }, search);
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
    fn try_ranks(&mut self, feature: usize, ranks: &Ranks, search: &mut Search) -> bool {
        let samples = &self.samples[search.start..search.end];
        let width = self.criterion.bin_len();
        // Sums for values that do not occur here cost less than a sort, unless there are too many of them.
        if ranks.values.len() > 2 * samples.len() {
            return self.try_few(feature, ranks, search);
        }
        let (mut bins, mut counts) = (std::mem::take(&mut self.scratch.bins), std::mem::take(&mut self.scratch.counts));
        bins.clear();
        bins.resize(ranks.values.len() * width, 0.0);
        counts.clear();
        counts.resize(ranks.values.len(), 0);
        for &sample in samples {
            let code = usize::from(ranks.codes[sample as usize]);
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
    fn try_few(&mut self, feature: usize, ranks: &Ranks, search: &mut Search) -> bool {
        let (mut keys, mut bins) = (std::mem::take(&mut self.scratch.keys), std::mem::take(&mut self.scratch.bins));
        let samples = &self.samples[search.start..search.end];
        keys.clear();
        keys.extend(samples.iter().map(|s| u64::from(ranks.codes[*s as usize]) << 32 | u64::from(*s)));
        keys.sort_unstable();
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

    /// Sorts the node's samples by `feature`, NaN last; returns how many are NaN.
    fn sort_by(&mut self, feature: usize, start: usize, end: usize) -> usize {
        let column = &self.columns.values[feature];
        let (samples, values) = (&mut self.samples[start..end], &mut self.scratch.values[start..end]);
        if self.columns.missing[feature] {
            let present = gather_present(column, samples, values);
            sort(&mut values[..present], &mut samples[..present]);
            return end - start - present;
        }
        let quick = self.exact || self.columns.probably_distinct(feature, samples.len());
        if quick && sort_keys(column, samples, values, (self.exact, &mut self.scratch.keys)) {
            return 0;
        }
        for (value, &i) in values.iter_mut().zip(samples.iter()) {
            *value = column[i as usize];
        }
        sort(values, samples);
        0
    }
}

/// Sorts samples and their values as one number each, which is faster. False, and nothing is done, when values are equal
/// and their order counts (`any_order` is false).
fn sort_keys(
    column: &[f32],
    samples: &mut [u32],
    values: &mut [f32],
    (any_order, keys): (bool, &mut Vec<u64>),
) -> bool {
    const SIGN: u32 = 0x8000_0000;
    keys.clear();
    keys.extend(samples.iter().map(|sample| {
        // Floats of one sign sort as their bits do; adding 0.0 makes -0.0 of them 0.0.
        let bits = (column[*sample as usize] + 0.0).to_bits();
        let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
        u64::from(ordered) << 32 | u64::from(*sample)
    }));
    keys.sort_unstable();
    if !any_order && keys.windows(2).any(|pair| pair[0] >> 32 == pair[1] >> 32) {
        return false;
    }
    for ((key, sample), value) in keys.iter().zip(samples).zip(values) {
        let ordered = (key >> 32) as u32;
        *value = f32::from_bits(if ordered & SIGN != 0 { ordered & !SIGN } else { !ordered });
        *sample = *key as u32;
    }
    true
}

/// Moves samples with NaN to the end by swaps and copies the other values; returns how many those are.
fn gather_present(column: &[f32], samples: &mut [u32], values: &mut [f32]) -> usize {
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
        values[i] = column[samples[i] as usize];
        i += 1;
    }
    end
}
