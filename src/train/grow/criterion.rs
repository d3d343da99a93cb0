//! Impurity of a node and of its two halves (`tree/_criterion.pyx`): the arithmetic, and its order, decide the split.
//!
//! All sums are f64 and run in the order of the samples array. No fused operations: Rust never contracts on its own.

use super::view::Rows;
use super::{Loss, Target};

/// How a classifier measures impurity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassImpurity {
    Gini,
    /// Also `log_loss`.
    Entropy,
}

/// What the splitter asks of a criterion. Positions count from the start of the node.
pub trait Criterion {
    /// From now on samples are positions in `samples`, until [`Criterion::widen`]: see [`super::view`].
    fn narrow(&mut self, samples: &[u32]);
    /// Undoes the last [`Criterion::narrow`].
    fn widen(&mut self);
    /// Starts on the node that holds `samples`: all of it to the right.
    fn init(&mut self, samples: &[u32]);
    /// Moves everything back to the right.
    fn reset(&mut self);
    /// Moves the border to `pos`, from whichever end is nearer, as scikit-learn does.
    fn update(&mut self, samples: &[u32], pos: usize);
    /// Weights of the node, its left and its right part.
    fn weights(&self) -> Weights;
    fn node_impurity(&self) -> f64;
    /// Impurities left and right of the border.
    fn children(&self, samples: &[u32]) -> (f64, f64);
    /// A number that orders splits as the improvement does, without its constant terms.
    fn proxy(&self) -> f64;
    /// Appends the node's value: class fractions, or the mean.
    fn push_value(&self, out: &mut Vec<f64>);
    /// Numbers that hold the sums over some samples.
    fn bin_len(&self) -> usize;
    /// Adds a sample to the sums in `bin`, `times` times: 0 adds nothing, and costs less than a branch that the processor
    /// cannot foresee.
    fn tally(&self, sample: u32, times: f64, bin: &mut [f64]);
    /// Moves samples whose sums are `bin` to the left. Equal to [`Criterion::update`] where sums are exact.
    fn shift(&mut self, bin: &[f64]);
}

/// Weighted sample counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weights {
    pub node: f64,
    pub left: f64,
    pub right: f64,
}

/// Whether the sums over any samples are exact, and so the same in every order: whole numbers below 2^53. `whole` says
/// that weights are whole numbers, of which `total` is the sum.
pub fn sums_are_exact(target: Target<'_>, whole: bool, total: f64) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let numbers = match target {
        Target::Classes { .. } => Some(1.0),
        Target::Numbers { y, loss: Loss::SquaredError } => {
            y.iter().try_fold(1.0f64, |max, y| (y.fract() == 0.0).then(|| max.max(y.abs())))
        }
        // Logarithms and medians are not exact.
        Target::Numbers { .. } => None,
    };
    whole && numbers.is_some_and(|largest| largest * largest * total < EXACT)
}

/// `improvement = wn/wN * (impurity - wr/wn * right - wl/wn * left)`.
pub fn improvement(weights: Weights, total: f64, parent: f64, (left, right): (f64, f64)) -> f64 {
    let Weights { node, left: wl, right: wr } = weights;
    (node / total) * (parent - (wr / node * right) - (wl / node * left))
}

/// `squared_error` of one output.
pub struct SquaredError {
    /// `w`, `w * y` and `w * y * y` of each row, side by side: they are read together and at random.
    rows: Rows<[f64; 3]>,
    pos: usize,
    len: usize,
    weights: Weights,
    total: f64,
    left: f64,
    right: f64,
    squares: f64,
}

impl SquaredError {
    pub fn new(w: &[f64], y: &[f64]) -> Self {
        let rows = w.iter().zip(y).map(|(w, y)| [*w, w * y, w * y * y]).collect();
        let (weights, rows) = (Weights::default(), Rows::new(rows));
        SquaredError { rows, pos: 0, len: 0, weights, total: 0.0, left: 0.0, right: 0.0, squares: 0.0 }
    }

    /// Weighted targets of the node, its left and its right part.
    pub(super) fn sums(&self) -> (f64, f64, f64) {
        (self.total, self.left, self.right)
    }

    /// Where the border is.
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    fn impurity(sum: f64, weight: f64, squares: f64) -> f64 {
        let mean = sum / weight;
        squares / weight - mean * mean
    }
}

impl Criterion for SquaredError {
    fn narrow(&mut self, samples: &[u32]) {
        self.rows.narrow(samples);
    }

    fn widen(&mut self) {
        self.rows.widen();
    }

    fn init(&mut self, samples: &[u32]) {
        let (mut total, mut weight, mut squares) = (0.0, 0.0, 0.0);
        for &i in samples {
            let [w, wy, wyy] = self.rows.get()[i as usize];
            total += wy;
            squares += wyy;
            weight += w;
        }
        (self.total, self.squares, self.len) = (total, squares, samples.len());
        self.weights.node = weight;
        self.reset();
    }

    fn reset(&mut self) {
        self.pos = 0;
        self.left = 0.0;
        self.right = self.total;
        self.weights.left = 0.0;
        self.weights.right = self.weights.node;
    }

    fn update(&mut self, samples: &[u32], pos: usize) {
        let rows = self.rows.get();
        let (mut left, mut weight);
        if pos - self.pos <= self.len - pos {
            (left, weight) = (self.left, self.weights.left);
            for &i in &samples[self.pos..pos] {
                let [w, wy, _] = rows[i as usize];
                left += wy;
                weight += w;
            }
        } else {
            (left, weight) = (self.total, self.weights.node);
            for &i in samples[pos..self.len].iter().rev() {
                let [w, wy, _] = rows[i as usize];
                left -= wy;
                weight -= w;
            }
        }
        self.left = left;
        self.right = self.total - left;
        self.weights.left = weight;
        self.weights.right = self.weights.node - weight;
        self.pos = pos;
    }

    fn weights(&self) -> Weights {
        self.weights
    }

    fn node_impurity(&self) -> f64 {
        Self::impurity(self.total, self.weights.node, self.squares)
    }

    fn children(&self, samples: &[u32]) -> (f64, f64) {
        let rows = self.rows.get();
        let left = samples[..self.pos].iter().fold(0.0, |sum, &i| sum + rows[i as usize][2]);
        (
            Self::impurity(self.left, self.weights.left, left),
            Self::impurity(self.right, self.weights.right, self.squares - left),
        )
    }

    fn proxy(&self) -> f64 {
        self.left * self.left / self.weights.left + self.right * self.right / self.weights.right
    }

    fn push_value(&self, out: &mut Vec<f64>) {
        out.push(self.total / self.weights.node);
    }

    fn bin_len(&self) -> usize {
        2
    }

    fn tally(&self, sample: u32, times: f64, bin: &mut [f64]) {
        let [w, wy, _] = self.rows.get()[sample as usize];
        bin[0] += times * w;
        bin[1] += times * wy;
    }

    fn shift(&mut self, bin: &[f64]) {
        self.weights.left += bin[0];
        self.weights.right = self.weights.node - self.weights.left;
        self.left += bin[1];
        self.right = self.total - self.left;
    }
}

/// Gini and entropy of one output with classes from 0.
pub struct ClassCounts {
    kind: ClassImpurity,
    /// Weight and class of each row, side by side.
    rows: Rows<(f64, u32)>,
    pos: usize,
    len: usize,
    weights: Weights,
    total: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl ClassCounts {
    pub fn new(kind: ClassImpurity, w: &[f64], y: &[u32], n_classes: usize) -> Self {
        let zeros = vec![0.0; n_classes];
        let rows = w.iter().copied().zip(y.iter().copied()).collect();
        let (weights, rows) = (Weights::default(), Rows::new(rows));
        ClassCounts { kind, rows, pos: 0, len: 0, weights, total: zeros.clone(), left: zeros.clone(), right: zeros }
    }

    fn impurity(&self, counts: &[f64], weight: f64) -> f64 {
        match self.kind {
            ClassImpurity::Gini => 1.0 - counts.iter().fold(0.0, |s, c| s + c * c) / (weight * weight),
            ClassImpurity::Entropy => counts.iter().filter(|c| **c > 0.0).fold(0.0, |e, c| {
                let p = c / weight;
                e - p * (p.ln() / std::f64::consts::LN_2)
            }),
        }
    }

    fn set_right(&mut self) {
        for ((right, total), left) in self.right.iter_mut().zip(&self.total).zip(&self.left) {
            *right = total - left;
        }
        self.weights.right = self.weights.node - self.weights.left;
    }
}

impl Criterion for ClassCounts {
    fn narrow(&mut self, samples: &[u32]) {
        self.rows.narrow(samples);
    }

    fn widen(&mut self) {
        self.rows.widen();
    }

    fn init(&mut self, samples: &[u32]) {
        self.total.fill(0.0);
        let weight = add(self.rows.get(), samples.iter(), 1.0, (&mut self.total, 0.0));
        self.len = samples.len();
        self.weights.node = weight;
        self.reset();
    }

    fn reset(&mut self) {
        self.pos = 0;
        self.left.fill(0.0);
        self.right.copy_from_slice(&self.total);
        self.weights.left = 0.0;
        self.weights.right = self.weights.node;
    }

    fn update(&mut self, samples: &[u32], pos: usize) {
        let rows = self.rows.get();
        let weight = if pos - self.pos <= self.len - pos {
            add(rows, samples[self.pos..pos].iter(), 1.0, (&mut self.left, self.weights.left))
        } else {
            self.left.copy_from_slice(&self.total);
            add(rows, samples[pos..self.len].iter().rev(), -1.0, (&mut self.left, self.weights.node))
        };
        self.weights.left = weight;
        self.pos = pos;
        self.set_right();
    }

    fn weights(&self) -> Weights {
        self.weights
    }

    fn node_impurity(&self) -> f64 {
        self.impurity(&self.total, self.weights.node)
    }

    fn children(&self, _samples: &[u32]) -> (f64, f64) {
        (self.impurity(&self.left, self.weights.left), self.impurity(&self.right, self.weights.right))
    }

    fn proxy(&self) -> f64 {
        let (left, right) = self.children(&[]);
        -self.weights.right * right - self.weights.left * left
    }

    fn push_value(&self, out: &mut Vec<f64>) {
        out.extend(self.total.iter().map(|c| c / self.weights.node));
    }

    fn bin_len(&self) -> usize {
        self.total.len()
    }

    fn tally(&self, sample: u32, times: f64, bin: &mut [f64]) {
        let (w, class) = self.rows.get()[sample as usize];
        bin[class as usize] += times * w;
    }

    fn shift(&mut self, bin: &[f64]) {
        for (left, sum) in self.left.iter_mut().zip(bin) {
            *left += sum;
            self.weights.left += sum;
        }
        self.set_right();
    }
}

/// Adds the weights of samples, with a sign, to the sums of their classes and to `weight`, which is returned.
fn add<'s>(
    rows: &[(f64, u32)],
    samples: impl Iterator<Item = &'s u32>,
    sign: f64,
    (sums, mut weight): (&mut [f64], f64),
) -> f64 {
    if let [zero, one] = sums {
        // Without a detour through memory; the class that a sample is not of gets a 0, which changes nothing.
        let (mut first, mut second) = (*zero, *one);
        for &i in samples {
            let (w, class) = rows[i as usize];
            let of_second = sign * w * f64::from(class);
            (first, second, weight) = (first + (sign * w - of_second), second + of_second, weight + sign * w);
        }
        (*zero, *one) = (first, second);
        return weight;
    }
    for &i in samples {
        let (w, class) = rows[i as usize];
        sums[class as usize] += sign * w;
        weight += sign * w;
    }
    weight
}
