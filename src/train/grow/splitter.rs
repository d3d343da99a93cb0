//! Search for the split of one node (`tree/_splitter.pyx`, `_partitioner.pyx`): the best threshold of each feature
//! drawn, or one random threshold each.

use super::criterion::{Criterion, Weights, improvement};
use super::random::Xorshift;
use super::sort::sort;

/// Values closer than this count as equal (`FEATURE_THRESHOLD`); compared in f32.
const FEATURE_THRESHOLD: f32 = 1e-7;

/// The training matrix as the splitter needs it.
pub struct Columns<'d> {
    /// One column for each feature, each with one value a row.
    pub values: &'d [Vec<f32>],
    /// Which columns hold NaN anywhere.
    pub missing: Vec<bool>,
}

impl<'d> Columns<'d> {
    pub fn new(values: &'d [Vec<f32>]) -> Self {
        let missing = values.iter().map(|column| column.iter().any(|x| x.is_nan())).collect();
        Columns { values, missing }
    }
}

/// Best thresholds or random ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// `DecisionTree*`, `RandomForest*`.
    Best,
    /// `ExtraTree*`, `ExtraTrees*`, `IsolationForest`.
    Random,
}

/// Bounds on what is a valid split.
#[derive(Debug, Clone, Copy)]
pub struct SplitLimits {
    /// Features tried at each node; constant ones count.
    pub max_features: usize,
    pub min_samples_leaf: usize,
    pub min_weight_leaf: f64,
}

/// A way to divide a node. `pos` is absolute; `pos == end` says that there is none.
#[derive(Debug, Clone, Copy)]
pub struct Split {
    pub pos: usize,
    pub feature: usize,
    pub threshold: f64,
    pub missing_left: bool,
    pub improvement: f64,
    pub impurities: (f64, f64),
    /// Features that are constant in this node, passed on to its children.
    pub n_constant: usize,
}

/// The state of one tree's search. `features` keeps its permutation from node to node.
pub struct Splitter<'d, C> {
    pub criterion: C,
    /// Rows, grouped by node; each node owns a range.
    pub samples: Vec<u32>,
    values: Vec<f32>,
    columns: &'d Columns<'d>,
    strategy: Strategy,
    limits: SplitLimits,
    total_weight: f64,
    rng: Xorshift,
    features: Vec<u32>,
    constants: Vec<u32>,
}

/// Where the draw of features stands within one node.
struct Draw {
    /// Features not yet tried end here.
    end: usize,
    known: usize,
    drawn: usize,
    found: usize,
    visited: usize,
}

impl<'d, C: Criterion> Splitter<'d, C> {
    /// `samples` are the rows with weight; `total_weight` is the sum over all rows.
    pub fn new(
        criterion: C,
        samples: Vec<u32>,
        columns: &'d Columns<'d>,
        (strategy, limits): (Strategy, SplitLimits),
        total_weight: f64,
        rng: Xorshift,
    ) -> Self {
        let n_features = columns.values.len();
        Splitter {
            criterion,
            values: vec![0.0; samples.len()],
            samples,
            columns,
            strategy,
            limits,
            total_weight,
            rng,
            features: (0..n_features as u32).collect(),
            constants: vec![0; n_features],
        }
    }

    /// Finds the split of the node `start..end`, which the criterion was initialised on, and orders its samples by it.
    pub fn split(&mut self, start: usize, end: usize, impurity: f64, n_constant: usize) -> Split {
        let mut best = Split {
            pos: end,
            feature: usize::MAX,
            threshold: 0.0,
            missing_left: false,
            improvement: f64::NEG_INFINITY,
            impurities: (0.0, 0.0),
            n_constant,
        };
        let mut best_proxy = f64::NEG_INFINITY;
        let mut last = usize::MAX;
        let mut draw = Draw { end: self.features.len(), known: n_constant, drawn: 0, found: 0, visited: 0 };
        while let Some((at, feature)) = self.draw(&mut draw) {
            last = feature;
            let constant = match self.strategy {
                Strategy::Best => self.try_best(feature, start, end, &mut best, &mut best_proxy),
                Strategy::Random => self.try_random(feature, start, end, &mut best, &mut best_proxy),
            };
            self.drawn(&mut draw, at, constant);
        }
        let (known, total) = (draw.known, draw.known + draw.found);
        self.features[..known].copy_from_slice(&self.constants[..known]);
        self.constants[known..total].copy_from_slice(&self.features[known..total]);
        best.n_constant = total;
        if best.pos < end {
            // The random splitter left the samples in the order of the last feature it tried.
            if self.strategy == Strategy::Best || last != best.feature {
                self.partition(best.feature, best.threshold, best.missing_left, start, end);
            }
            let samples = &self.samples[start..end];
            self.criterion.reset();
            self.criterion.update(samples, best.pos - start);
            best.impurities = self.criterion.children(samples);
            best.improvement = improvement(self.criterion.weights(), self.total_weight, impurity, best.impurities);
        }
        best
    }

    /// The next feature to try, with its place in `features`: Fisher-Yates, skipping what is known to be constant.
    fn draw(&mut self, d: &mut Draw) -> Option<(usize, usize)> {
        while d.end > d.known + d.found && (d.visited < self.limits.max_features || d.visited <= d.found + d.drawn) {
            d.visited += 1;
            let j = self.rng.int(d.drawn, d.end - d.found);
            if j < d.known {
                self.features.swap(d.drawn, j);
                d.drawn += 1;
                continue;
            }
            return Some((j + d.found, self.features[j + d.found] as usize));
        }
        None
    }

    fn drawn(&mut self, d: &mut Draw, at: usize, constant: bool) {
        if constant {
            self.features.swap(at, d.known + d.found);
            d.found += 1;
        } else {
            d.end -= 1;
            self.features.swap(d.end, at);
        }
    }

    /// Tries every threshold of `feature`; true if it is constant here.
    fn try_best(&mut self, feature: usize, start: usize, end: usize, best: &mut Split, best_proxy: &mut f64) -> bool {
        let n_missing = self.sort_by(feature, start, end);
        let present_end = end - n_missing;
        let constant =
            present_end == start || (n_missing == 0 && self.values[end - 1] <= self.values[start] + FEATURE_THRESHOLD);
        if constant {
            return true;
        }
        for missing_left in [false, true] {
            if missing_left && n_missing == 0 {
                break;
            }
            let limit = if missing_left { end } else { present_end };
            let mut p = start;
            if missing_left {
                self.samples[start..end].rotate_right(n_missing);
                self.values[start..end].rotate_right(n_missing);
                p += n_missing;
            }
            self.criterion.reset();
            while p < limit {
                p += 1;
                while p < limit && self.values[p] <= self.values[p - 1] + FEATURE_THRESHOLD {
                    p += 1;
                }
                if p == end || !self.large_enough(p - start, end - p) {
                    continue;
                }
                self.criterion.update(&self.samples[start..end], p - start);
                if !self.heavy_enough(self.criterion.weights()) {
                    continue;
                }
                let proxy = self.criterion.proxy();
                if proxy > *best_proxy {
                    *best_proxy = proxy;
                    best.pos = p;
                    best.feature = feature;
                    best.threshold = if p == present_end && !missing_left {
                        f64::INFINITY
                    } else {
                        f64::from(self.values[p - 1]) / 2.0 + f64::from(self.values[p]) / 2.0
                    };
                    best.missing_left = if n_missing == 0 { p - start > end - p } else { missing_left };
                }
            }
        }
        false
    }

    /// Tries one random threshold of `feature`; true if it is constant here.
    fn try_random(&mut self, feature: usize, start: usize, end: usize, best: &mut Split, best_proxy: &mut f64) -> bool {
        let Some((low, high, n_missing)) = self.range_of(feature, start, end) else { return true };
        if n_missing == 0 && high <= low + FEATURE_THRESHOLD {
            return true;
        }
        let (low, high) = (f64::from(low), f64::from(high));
        let mut threshold = self.rng.uniform(low, high);
        let mut missing_left = n_missing > 0 && self.rng.int(0, 2) == 1;
        if threshold == high {
            threshold = low;
        }
        let pos = self.partition(feature, threshold, missing_left, start, end);
        if !self.large_enough(pos - start, end - pos) {
            return false;
        }
        self.criterion.reset();
        self.criterion.update(&self.samples[start..end], pos - start);
        if !self.heavy_enough(self.criterion.weights()) {
            return false;
        }
        let proxy = self.criterion.proxy();
        if proxy > *best_proxy {
            *best_proxy = proxy;
            if n_missing == 0 {
                missing_left = pos - start > end - pos;
            }
            *best = Split { pos, feature, threshold, missing_left, ..*best };
        }
        false
    }

    fn large_enough(&self, left: usize, right: usize) -> bool {
        left >= self.limits.min_samples_leaf && right >= self.limits.min_samples_leaf
    }

    fn heavy_enough(&self, weights: Weights) -> bool {
        weights.left >= self.limits.min_weight_leaf && weights.right >= self.limits.min_weight_leaf
    }

    /// Smallest and largest value that is present, and how many are missing; `None` when all are.
    fn range_of(&self, feature: usize, start: usize, end: usize) -> Option<(f32, f32, usize)> {
        let column = &self.columns.values[feature];
        let mut present = self.samples[start..end].iter().map(|&i| column[i as usize]).filter(|x| !x.is_nan());
        let first = present.next()?;
        let (mut low, mut high, mut n) = (first, first, 1);
        for x in present {
            n += 1;
            if x < low {
                low = x;
            } else if x > high {
                high = x;
            }
        }
        Some((low, high, end - start - n))
    }

    /// Puts samples with values up to `threshold` first; returns where the others begin. Not stable.
    fn partition(&mut self, feature: usize, threshold: f64, missing_left: bool, start: usize, end: usize) -> usize {
        let column = &self.columns.values[feature];
        let (mut a, mut b) = (start, end);
        while a < b {
            let x = column[self.samples[a] as usize];
            let left = if x.is_nan() { missing_left } else { f64::from(x) <= threshold };
            if left {
                a += 1;
            } else {
                b -= 1;
                self.samples.swap(a, b);
            }
        }
        b
    }

    /// Sorts the node's samples by `feature`, NaN last; returns how many are NaN.
    fn sort_by(&mut self, feature: usize, start: usize, end: usize) -> usize {
        let column = &self.columns.values[feature];
        let (samples, values) = (&mut self.samples[start..end], &mut self.values[start..end]);
        let mut present = samples.len();
        if self.columns.missing[feature] {
            present = gather_present(column, samples, values);
        } else {
            for (value, &i) in values.iter_mut().zip(samples.iter()) {
                *value = column[i as usize];
            }
        }
        sort(&mut values[..present], &mut samples[..present]);
        end - start - present
    }
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
