//! Search for the split of one node (`tree/_splitter.pyx`, `_partitioner.pyx`): draws features, tries each by its
//! strategy, and orders the samples by the best.

use super::columns::Columns;
use super::criterion::{Criterion, Weights, improvement};
use super::random::Xorshift;
use super::view::View;
use std::hint::select_unpredictable;

/// Values closer than this count as equal (`FEATURE_THRESHOLD`); compared in f32.
pub(super) const FEATURE_THRESHOLD: f32 = 1e-7;

/// How thresholds are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// All of them: `DecisionTree*`, `RandomForest*`.
    Best,
    /// One random threshold for each feature: `ExtraTree*`, `IsolationForest`.
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
    pub(super) view: View<'d>,
    /// Sums do not depend on the order of samples: any sort, and any order within a node, give the same tree.
    pub(super) exact: bool,
    pub(super) scratch: Scratch,
    pub(super) rng: Xorshift,
    strategy: Strategy,
    limits: SplitLimits,
    total_weight: f64,
    features: Vec<u32>,
    constants: Vec<u32>,
}

/// Room for the work on one node.
#[derive(Default)]
pub(super) struct Scratch {
    /// A feature's values, in the order of the node's samples, from the first on.
    pub values: Vec<f32>,
    /// Values and samples as one number each, to be sorted.
    pub keys: Vec<u64>,
    /// Samples in another order than the node has them in.
    pub order: Vec<u32>,
    /// Sums over the samples of each value.
    pub bins: Vec<f64>,
    /// Samples of each value.
    pub counts: Vec<u32>,
}

/// A node, and the best split of it so far.
pub(super) struct Search {
    pub start: usize,
    pub end: usize,
    pub best: Split,
    pub proxy: f64,
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
        (total_weight, exact): (f64, bool),
        rng: Xorshift,
    ) -> Self {
        let n_features = columns.values.len();
        let scratch = Scratch::default();
        let (features, constants) = ((0..n_features as u32).collect(), vec![0; n_features]);
        Splitter {
            criterion,
            samples,
            view: View::new(columns),
            exact,
            scratch,
            rng,
            strategy,
            limits,
            total_weight,
            features,
            constants,
        }
    }

    /// Goes to the node `start..end`. Nodes must come depth first.
    pub fn enter(&mut self, start: usize, end: usize) {
        while self.view.widen(start) {
            self.criterion.widen();
        }
        if self.view.is_wide_for(end - start) {
            let samples = &mut self.samples[start..end];
            self.criterion.narrow(samples);
            self.view.narrow(samples, end);
        }
    }

    /// Finds the split of the node `start..end`, which the criterion was initialised on, and orders its samples by it.
    pub fn split(&mut self, start: usize, end: usize, impurity: f64, n_constant: usize) -> Split {
        let best = Split {
            pos: end,
            feature: usize::MAX,
            threshold: 0.0,
            missing_left: false,
            improvement: f64::NEG_INFINITY,
            impurities: (0.0, 0.0),
            n_constant,
        };
        let mut search = Search { start, end, best, proxy: f64::NEG_INFINITY };
        let mut last = usize::MAX;
        let mut draw = Draw { end: self.features.len(), known: n_constant, drawn: 0, found: 0, visited: 0 };
        while let Some((at, feature)) = self.draw(&mut draw) {
            last = feature;
            let constant = match self.strategy {
                Strategy::Best => self.try_best(feature, &mut search),
                Strategy::Random => self.try_random(feature, &mut search),
            };
            self.drawn(&mut draw, at, constant);
        }
        let (known, total) = (draw.known, draw.known + draw.found);
        self.features[..known].copy_from_slice(&self.constants[..known]);
        self.constants[known..total].copy_from_slice(&self.features[known..total]);
        let mut best = search.best;
        best.n_constant = total;
        if best.pos < end {
            // Where order counts, the random splitter left the samples in that of the last feature it tried.
            if self.strategy == Strategy::Best || self.exact || last != best.feature {
                self.partition(&best, start, end);
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

    pub(super) fn large_enough(&self, left: usize, right: usize) -> bool {
        left >= self.limits.min_samples_leaf && right >= self.limits.min_samples_leaf
    }

    pub(super) fn heavy_enough(&self, weights: Weights) -> bool {
        weights.left >= self.limits.min_weight_leaf && weights.right >= self.limits.min_weight_leaf
    }

    /// Puts the samples that go left first.
    fn partition(&mut self, split: &Split, start: usize, end: usize) {
        let column = self.view.values(split.feature);
        let samples = &mut self.samples[start..end];
        let side = Side::new(split.threshold, split.missing_left);
        if self.exact {
            // In their order, so that columns are read from front to back.
            let order = &mut self.scratch.order;
            order.resize(order.len().max(samples.len()), 0);
            let right = &mut order[..samples.len()];
            let (mut left, mut others) = (0, 0);
            for i in 0..samples.len() {
                let sample = samples[i];
                // Written on both sides, kept on one: no branch to stumble over.
                samples[left] = sample;
                right[others] = sample;
                let goes = usize::from(side.is_left(column[sample as usize]));
                left += goes;
                others += 1 - goes;
            }
            samples[left..].copy_from_slice(&right[..others]);
            return;
        }
        let Scratch { values, keys, .. } = &mut self.scratch;
        values.clear();
        values.extend(samples.iter().map(|sample| column[*sample as usize]));
        divide(values, samples, side, keys);
    }
}

/// Where a threshold sends values.
#[derive(Clone, Copy)]
pub(super) struct Side {
    /// The greatest float32 that is not above the threshold.
    highest: f32,
    missing_left: bool,
}

impl Side {
    pub fn new(threshold: f64, missing_left: bool) -> Side {
        let nearest = threshold as f32;
        let highest = if f64::from(nearest) > threshold { nearest.next_down() } else { nearest };
        Side { highest, missing_left }
    }

    pub fn is_left(self, x: f32) -> bool {
        (x <= self.highest) | (x.is_nan() & self.missing_left)
    }
}

/// Puts samples with values that go left first; returns how many they are. Not stable: what goes right changes places with
/// the last sample that was not looked at, which is next then, as in scikit-learn. `sides` is room to work in.
pub(super) fn divide(values: &[f32], samples: &mut [u32], side: Side, sides: &mut Vec<u64>) -> usize {
    const RIGHT: u64 = 1 << 32;
    sides.clear();
    let marked = |(x, sample): (&f32, &u32)| u64::from(!side.is_left(*x)) << 32 | u64::from(*sample);
    sides.extend(values.iter().zip(samples.iter()).map(marked));
    let (sides, mut a, mut b) = (sides.as_slice(), 0, sides.len());
    let mut sample = sides.first().copied().unwrap_or_default();
    while a < b {
        let left = sample < RIGHT;
        let (next, last) = (sides[(a + 1).min(sides.len() - 1)], sides[b - 1]);
        samples[b - 1] = select_unpredictable(left, last, sample) as u32;
        samples[a] = sample as u32;
        sample = select_unpredictable(left, next, last);
        a += usize::from(left);
        b -= usize::from(!left);
    }
    a
}
