//! The mean logistic loss with its penalty, its gradient, and products with its second derivative.
//!
//! Sums run over chunks of fixed size, in order, so they do not depend on the number of threads.

use crate::train::fit::centered::{add_scaled, dot};
use crate::train::grow::in_parallel;

/// Rows of one sum.
const CHUNK: usize = 4096;
/// Sums that are held at once where each is a matrix.
const MATRICES: usize = 8;

/// What is minimized.
pub(super) struct Objective<'d> {
    /// Row-major, shape (rows, n_features).
    pub x: &'d [f64],
    /// Class of each row.
    pub y: &'d [u32],
    pub weights: Option<&'d [f64]>,
    /// Sum of the weights.
    pub total: f64,
    pub n_features: usize,
    pub intercept: bool,
    /// Rows of coefficients: 1 for two classes, else one for each class.
    pub outputs: usize,
    pub penalty: f64,
    pub threads: usize,
}

/// Coefficients and what the objective is there. `theta` and `gradient` hold, for each output, its coefficients and its
/// intercept.
pub(super) struct Point {
    pub theta: Vec<f64>,
    pub loss: f64,
    pub gradient: Vec<f64>,
    /// Probability of each output, for each row.
    probabilities: Vec<f64>,
}

impl Point {
    pub fn largest_slope(&self) -> f64 {
        self.gradient.iter().fold(0.0, |max: f64, g| max.max(g.abs()))
    }
}

impl Objective<'_> {
    /// Coefficients of one output, its intercept among them.
    pub fn width(&self) -> usize {
        self.n_features + usize::from(self.intercept)
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[row]) / self.total
    }

    /// Loss and gradient at `theta`.
    pub fn at(&self, theta: Vec<f64>) -> Point {
        let parts = self.over_rows(|rows| {
            let (mut loss, mut gradient) = (0.0, vec![0.0; theta.len()]);
            let mut probabilities = Vec::with_capacity(rows.len() * self.outputs);
            for row in rows {
                let mut z = self.outputs_of(row, &theta);
                loss += self.weight(row) * self.to_probabilities(&mut z, self.y[row] as usize);
                probabilities.extend_from_slice(&z);
                for (k, p) in z.iter().enumerate() {
                    let is_class = if self.outputs == 1 { self.y[row] == 1 } else { self.y[row] as usize == k };
                    let slope = self.weight(row) * (p - f64::from(u8::from(is_class)));
                    self.add_row(&mut gradient, k, slope, row);
                }
            }
            (loss, gradient, probabilities)
        });
        let (mut loss, mut gradient) = (0.0, vec![0.0; theta.len()]);
        let mut probabilities = Vec::with_capacity(self.y.len() * self.outputs);
        for (part_loss, part, part_probabilities) in parts {
            loss += part_loss;
            add_scaled(&mut gradient, 1.0, &part);
            probabilities.extend_from_slice(&part_probabilities);
        }
        for (t, g) in self.penalized(&theta).zip(&mut gradient) {
            loss += 0.5 * self.penalty * t * t;
            *g += self.penalty * t;
        }
        Point { theta, loss, gradient, probabilities }
    }

    /// The second derivative at `point` times `v`.
    pub fn hessian_times(&self, point: &Point, v: &[f64]) -> Vec<f64> {
        let parts = self.over_rows(|rows| {
            let mut product = vec![0.0; v.len()];
            for row in rows {
                let along = self.outputs_of(row, v);
                let p = &point.probabilities[row * self.outputs..][..self.outputs];
                let mean = if self.outputs == 1 { p[0] * along[0] } else { dot(p, &along) };
                for k in 0..self.outputs {
                    self.add_row(&mut product, k, self.weight(row) * p[k] * (along[k] - mean), row);
                }
            }
            product
        });
        let mut product: Vec<f64> = self.penalized(v).map(|v| self.penalty * v).collect();
        parts.iter().for_each(|part| add_scaled(&mut product, 1.0, part));
        product
    }

    /// The diagonal of the second derivative, 1 where it vanishes.
    pub fn hessian_diagonal(&self, point: &Point) -> Vec<f64> {
        let width = self.width();
        let parts = self.over_rows(|rows| {
            let mut diagonal = vec![0.0; width * self.outputs];
            for row in rows {
                for (k, p) in point.probabilities[row * self.outputs..][..self.outputs].iter().enumerate() {
                    let curvature = self.weight(row) * p * (1.0 - p);
                    let (to, x) = (&mut diagonal[k * width..][..width], self.row(row));
                    to.iter_mut().zip(x).for_each(|(d, x)| *d += curvature * x * x);
                    if self.intercept {
                        to[self.n_features] += curvature;
                    }
                }
            }
            diagonal
        });
        let mut diagonal: Vec<f64> =
            self.penalized(&vec![1.0; width * self.outputs]).map(|one| self.penalty * one).collect();
        parts.iter().for_each(|part| add_scaled(&mut diagonal, 1.0, part));
        diagonal.into_iter().map(|d| if d > 1e-300 { d } else { 1.0 }).collect()
    }

    /// The second derivative at `point` by some of the coefficients, row-major.
    pub fn hessian(&self, point: &Point, of: &[usize]) -> Vec<f64> {
        let n = of.len();
        let places: Vec<(usize, usize)> = of.iter().map(|at| (at / self.width(), at % self.width())).collect();
        let value = |row: &[f64], j: usize| row.get(j).copied().unwrap_or(1.0);
        let part = |rows: std::ops::Range<usize>| {
            let (mut sum, mut x) = (vec![0.0; n * n], vec![0.0; n]);
            for row in rows {
                let (weight, own) = (self.weight(row), self.row(row));
                let p = &point.probabilities[row * self.outputs..][..self.outputs];
                x.iter_mut().zip(&places).for_each(|(x, (_, j))| *x = value(own, *j));
                for (i, (k, _)) in places.iter().enumerate() {
                    for (other, p_other) in p.iter().enumerate() {
                        let same = f64::from(u8::from(other == *k));
                        let factor = weight * p[*k] * (same - p_other) * x[i];
                        let span = places.partition_point(|place| place.0 < other)
                            ..places.partition_point(|place| place.0 <= other).min(i + 1);
                        if span.start < span.end {
                            add_scaled(&mut sum[i * n..][span.clone()], factor, &x[span]);
                        }
                    }
                }
            }
            sum
        };
        let mut sum = vec![0.0; n * n];
        let chunks: Vec<usize> = (0..self.y.len().div_ceil(CHUNK)).collect();
        for some in chunks.chunks(MATRICES) {
            let parts = in_parallel(self.threads, some.len(), |at| {
                part(some[at] * CHUNK..self.y.len().min((some[at] + 1) * CHUNK))
            });
            parts.iter().for_each(|part| add_scaled(&mut sum, 1.0, part));
        }
        for (i, (_, j)) in places.iter().enumerate() {
            sum[i * n + i] += if *j < self.n_features { self.penalty } else { 0.0 };
            for other in 0..i {
                sum[other * n + i] = sum[i * n + other];
            }
        }
        sum
    }

    /// The weight of each coefficient's size: 0 for intercepts.
    pub fn l1_weights(&self, l1: f64) -> impl Iterator<Item = f64> + '_ {
        (0..self.width() * self.outputs).map(move |at| if at % self.width() < self.n_features { l1 } else { 0.0 })
    }

    /// Of many classes, all may move together without changing any probability. What scikit-learn's solvers find from a
    /// start at 0 has mean 0 wherever the penalty does not decide.
    pub fn center(&self, theta: &mut [f64], sparse: bool) {
        if self.outputs == 1 {
            return;
        }
        let from = if self.penalty > 0.0 || sparse { self.n_features } else { 0 };
        for j in from..self.width() {
            let mean = theta.iter().skip(j).step_by(self.width()).sum::<f64>() / self.outputs as f64;
            theta.iter_mut().skip(j).step_by(self.width()).for_each(|t| *t -= mean);
        }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.x[row * self.n_features..][..self.n_features]
    }

    /// `theta` applied to a row.
    fn outputs_of(&self, row: usize, theta: &[f64]) -> Vec<f64> {
        let x = self.row(row);
        let output = |theta: &[f64]| dot(x, &theta[..self.n_features]) + theta.get(self.n_features).unwrap_or(&0.0);
        theta.chunks_exact(self.width()).map(output).collect()
    }

    fn add_row(&self, to: &mut [f64], output: usize, factor: f64, row: usize) {
        let to = &mut to[output * self.width()..][..self.width()];
        add_scaled(&mut to[..self.n_features], factor, self.row(row));
        if self.intercept {
            to[self.n_features] += factor;
        }
    }

    /// Turns outputs into probabilities; returns the loss of class `y`.
    fn to_probabilities(&self, z: &mut [f64], y: usize) -> f64 {
        if let [z] = z {
            let raw = *z;
            // Both forms without overflow: exp of what is never positive.
            let e = (-raw.abs()).exp();
            *z = if raw >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
            return raw.max(0.0) + e.ln_1p() - if y == 1 { raw } else { 0.0 };
        }
        let (largest, own) = (z.iter().copied().fold(f64::NEG_INFINITY, f64::max), z[y]);
        z.iter_mut().for_each(|z| *z = (*z - largest).exp());
        let sum: f64 = z.iter().sum();
        z.iter_mut().for_each(|z| *z /= sum);
        sum.ln() + largest - own
    }

    /// The coefficients, with 0 for the intercepts, which are never penalized.
    fn penalized<'v>(&'v self, v: &'v [f64]) -> impl Iterator<Item = f64> + 'v {
        v.iter().enumerate().map(|(i, v)| if i % self.width() < self.n_features { *v } else { 0.0 })
    }

    /// Runs `part` over chunks of rows; results in order.
    fn over_rows<T: Send>(&self, part: impl Fn(std::ops::Range<usize>) -> T + Sync) -> Vec<T> {
        let rows = self.y.len();
        in_parallel(self.threads, rows.div_ceil(CHUNK), |chunk| part(chunk * CHUNK..rows.min((chunk + 1) * CHUNK)))
    }
}
