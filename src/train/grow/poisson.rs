//! `poisson` (`Poisson` of `tree/_criterion.pyx`): half the mean Poisson deviance, for targets of at least 0.

use super::criterion::{Criterion, SquaredError, Weights};
use super::view::Rows;

/// Sums up to this are none: a leaf cannot predict 0.
const EPSILON: f64 = 10.0 * f64::EPSILON;

/// The sums are those of the squared error.
pub struct Poisson {
    sums: SquaredError,
    /// Weight and target of each row, side by side.
    rows: Rows<[f64; 2]>,
    /// Of the node: computed when it is begun, since the samples are at hand only there.
    impurity: f64,
}

impl Poisson {
    pub fn new(w: &[f64], y: &[f64]) -> Self {
        let rows = Rows::new(w.iter().zip(y).map(|(w, y)| [*w, *y]).collect());
        Poisson { sums: SquaredError::new(w, y), rows, impurity: 0.0 }
    }

    /// `poisson_loss`.
    fn loss(&self, samples: &[u32], sum: f64, weight: f64) -> f64 {
        if sum <= EPSILON {
            return f64::INFINITY;
        }
        let (mean, rows) = (sum / weight, self.rows.get());
        let deviance = |i: &u32| {
            let [w, y] = rows[*i as usize];
            w * if y == 0.0 { 0.0 } else { y * (y / mean).ln() }
        };
        samples.iter().fold(0.0, |sum, i| sum + deviance(i)) / weight
    }
}

impl Criterion for Poisson {
    fn narrow(&mut self, samples: &[u32]) {
        self.sums.narrow(samples);
        self.rows.narrow(samples);
    }

    fn widen(&mut self) {
        self.sums.widen();
        self.rows.widen();
    }

    fn init(&mut self, samples: &[u32]) {
        self.sums.init(samples);
        self.impurity = self.loss(samples, self.sums.sums().0, self.sums.weights().node);
    }

    fn reset(&mut self) {
        self.sums.reset();
    }

    fn update(&mut self, samples: &[u32], pos: usize) {
        self.sums.update(samples, pos);
    }

    fn weights(&self) -> Weights {
        self.sums.weights()
    }

    fn node_impurity(&self) -> f64 {
        self.impurity
    }

    fn children(&self, samples: &[u32]) -> (f64, f64) {
        let (weights, (_, left, right)) = (self.sums.weights(), self.sums.sums());
        let (lower, upper) = samples.split_at(self.sums.pos());
        (self.loss(lower, left, weights.left), self.loss(upper, right, weights.right))
    }

    fn proxy(&self) -> f64 {
        let (weights, (_, left, right)) = (self.sums.weights(), self.sums.sums());
        if left <= EPSILON || right <= EPSILON {
            return f64::NEG_INFINITY;
        }
        // The logarithm of `tree/_utils.pyx` is that to base 2.
        let log = |mean: f64| mean.ln() / std::f64::consts::LN_2;
        left * log(left / weights.left) + right * log(right / weights.right)
    }

    fn push_value(&self, out: &mut Vec<f64>) {
        self.sums.push_value(out);
    }

    fn bin_len(&self) -> usize {
        self.sums.bin_len()
    }

    fn tally(&self, sample: u32, times: f64, bin: &mut [f64]) {
        self.sums.tally(sample, times, bin);
    }

    fn shift(&mut self, bin: &[f64]) {
        self.sums.shift(bin);
    }
}
