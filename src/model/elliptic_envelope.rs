//! A Gaussian around the inliers: outliers lie far from its center.

use super::math::dot;
use super::{InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;

/// `EllipticEnvelope`.
#[derive(Debug, Clone, PartialEq)]
pub struct EllipticEnvelope {
    pub policy: InputPolicy,
    pub location: Vec<f64>,
    /// Row-major, a row and a column for each feature.
    pub precision: Vec<f64>,
    pub offset: f64,
}

impl EllipticEnvelope {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::DecisionFunction, Method::ScoreSamples]
    }

    pub fn n_features(&self) -> usize {
        self.location.len()
    }

    /// `sklearn.covariance.EllipticEnvelope`: the negative squared distance of Mahalanobis, less the offset.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.location.len());
        let scores = rows.map(|row| self.score(row));
        Ok(match method {
            Method::ScoreSamples => Output::Floats(scores.collect()),
            Method::DecisionFunction => Output::Floats(scores.map(|score| score - self.offset).collect()),
            _ => Output::Ints(scores.map(|score| if score - self.offset >= 0.0 { 1 } else { -1 }).collect()),
        })
    }

    fn score(&self, row: &[f64]) -> f64 {
        let centered: Vec<f64> = row.iter().zip(&self.location).map(|(x, center)| x - center).collect();
        let turned = self.precision.chunks_exact(centered.len()).map(|row| dot(row, &centered));
        let distance = centered.iter().zip(turned).map(|(a, b)| a * b).sum::<f64>().sqrt();
        -(distance * distance)
    }
}
