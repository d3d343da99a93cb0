//! `FactorAnalysis`: rows as factors, and how likely they are.

use super::decomposition::Projection;
use super::math::dot;
use super::{InputError, Method, Output};
use ndarray::{Array2, ArrayView2};

/// Factor analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorAnalysis {
    pub projection: Projection,
    pub mean: Vec<f64>,
    /// One over the variance of each feature's own noise.
    pub precision: Vec<f64>,
    /// `components_` divided by the noise, shape (factors, features).
    pub loadings: Array2<f64>,
    /// The logarithm of the determinant of the covariance.
    pub log_determinant: f64,
}

impl FactorAnalysis {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::ScoreSamples, Method::Transform]
    }

    pub fn n_features(&self) -> usize {
        self.projection.n_features_in()
    }

    /// `FactorAnalysis.transform` and `score_samples`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let factors = self.projection.transform(x.to_owned())?;
        if method == Method::Transform {
            return Ok(Output::Matrix(factors));
        }
        let rows = x.rows().into_iter().zip(factors.rows());
        Ok(Output::Floats(rows.map(|(row, factors)| self.log_density(&row.to_vec(), &factors.to_vec())).collect()))
    }

    /// The distance by the noise alone, less what the factors explain. scikit-learn multiplies with the inverse of the
    /// covariance instead.
    fn log_density(&self, row: &[f64], factors: &[f64]) -> f64 {
        let moved: Vec<f64> = row.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        let alone: f64 = moved.iter().zip(&self.precision).map(|(x, precision)| x * x * precision).sum();
        let loadings = self.loadings.rows().into_iter().map(|row| dot(&moved, &row.to_vec()));
        let explained: f64 = loadings.zip(factors).map(|(loading, factor)| loading * factor).sum();
        let n = row.len() as f64;
        -0.5 * (alone - explained) - 0.5 * (n * (2.0 * std::f64::consts::PI).ln() + self.log_determinant)
    }
}
