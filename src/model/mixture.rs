//! Gaussian mixtures: the log-density of each component.

use super::math::{argmax, dot, log_normalise, log_sum_exp};
use super::tree::{pairwise_sum, rows_of};
use super::{InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;

/// `GaussianMixture` and `BayesianGaussianMixture`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    pub policy: InputPolicy,
    pub n_features: usize,
    /// Row-major, shape (n_components, n_features).
    pub means: Vec<f64>,
    pub precision: Precision,
    /// Of each component: half the log-determinant of its precision, log-weight, and what a Bayesian mixture adds.
    pub constants: Vec<f64>,
}

/// The Cholesky factors of the inverse covariances, column after column where they are matrices.
#[derive(Debug, Clone, PartialEq)]
pub enum Precision {
    /// A matrix for each component, or one for all; and the means in the same frame, shape (n_components, n_features).
    Matrices { columns: Vec<f64>, means: Vec<f64>, shared: bool },
    /// The squares of a number for each component and feature.
    Diagonal(Vec<f64>),
    /// The square of a number for each component.
    Spherical(Vec<f64>),
}

impl Mixture {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::PredictProba, Method::ScoreSamples]
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.mixture._base.BaseMixture`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let n = self.constants.len();
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.n_features);
        let mut all: Vec<f64> = rows.flat_map(|row| self.log_densities(row)).collect();
        Ok(match method {
            Method::ScoreSamples => Output::Floats(all.chunks_exact(n).map(log_sum_exp).collect()),
            Method::PredictProba => {
                all.chunks_exact_mut(n).for_each(log_normalise);
                Output::Matrix(rows_of(all, n))
            }
            _ => Output::Ints(all.chunks_exact(n).map(|row| i64::from(argmax(row))).collect()),
        })
    }

    /// `_estimate_weighted_log_prob` of one row.
    fn log_densities(&self, row: &[f64]) -> Vec<f64> {
        let scale = self.n_features as f64 * (2.0 * std::f64::consts::PI).ln();
        let distances = (0..self.constants.len()).map(|at| self.distance(at, row));
        distances.zip(&self.constants).map(|(distance, constant)| -0.5 * (scale + distance) + constant).collect()
    }

    /// The squared distance from a component's mean, in its spread (`_estimate_log_gaussian_prob`).
    fn distance(&self, at: usize, row: &[f64]) -> f64 {
        let d = self.n_features;
        let mean = &self.means[at * d..][..d];
        match &self.precision {
            Precision::Matrices { columns, means, shared } => {
                let matrix = &columns[if *shared { 0 } else { at * d * d }..][..d * d];
                let moved = matrix.chunks_exact(d).zip(&means[at * d..]).map(|(column, mean)| dot(row, column) - mean);
                pairwise_sum(&moved.map(|value| value * value).collect::<Vec<_>>())
            }
            Precision::Diagonal(all) => {
                let precision = &all[at * d..][..d];
                let scaled: Vec<f64> = mean.iter().zip(precision).map(|(mean, p)| mean * p).collect();
                let squares: Vec<f64> = row.iter().map(|x| x * x).collect();
                let own: Vec<f64> = mean.iter().zip(precision).map(|(mean, p)| mean * mean * p).collect();
                pairwise_sum(&own) - 2.0 * dot(row, &scaled) + dot(&squares, precision)
            }
            Precision::Spherical(all) => {
                let own: Vec<f64> = mean.iter().map(|mean| mean * mean).collect();
                pairwise_sum(&own) * all[at] - 2.0 * (dot(row, mean) * all[at]) + dot(row, row) * all[at]
            }
        }
    }
}
