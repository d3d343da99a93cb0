//! The nearest of the classes' centers, or the likeliest where classes differ in frequency.

use super::discriminant_analysis::answer;
use super::math::dot;
use super::neighbors::Metric;
use super::{Classes, InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;
use std::sync::Arc;

/// `NearestCentroid`.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestCentroid {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub classes: Arc<Classes>,
    /// Row-major, shape (n_classes, n_features).
    pub centroids: Vec<f64>,
    /// Euclidean or Manhattan.
    pub metric: Metric,
    /// From 1.6.
    pub scores: Option<Scores>,
}

/// What turns distances into scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Of each feature; 1 where it does not vary.
    pub spread: Vec<f64>,
    pub log_prior: Vec<f64>,
    /// Labels go by scores: the classes differ in frequency.
    pub decide: bool,
}

impl NearestCentroid {
    pub fn methods(&self) -> Vec<Method> {
        match self.scores.is_some() && self.metric == Metric::Euclidean {
            true => vec![Method::Predict, Method::PredictProba, Method::DecisionFunction],
            false => vec![Method::Predict],
        }
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.neighbors.NearestCentroid`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.n_features);
        match &self.scores {
            Some(scores) if scores.decide || method != Method::Predict => {
                Ok(answer(method, rows.flat_map(|row| self.scored(row, scores)).collect(), &self.classes))
            }
            _ => {
                let indices = rows.map(|row| self.nearest(row)).collect();
                Ok(Output::Labels { indices, classes: self.classes.clone() })
            }
        }
    }

    /// The first of the nearest: `pairwise_distances_argmin`.
    fn nearest(&self, row: &[f64]) -> u32 {
        let distances = self.distances(row, &self.centroids);
        (1..distances.len()).fold(0, |best, at| if distances[at] < distances[best] { at } else { best }) as u32
    }

    /// Distances from each center; of Euclidean ones the squares, from squared lengths and products.
    fn distances(&self, row: &[f64], centroids: &[f64]) -> Vec<f64> {
        let own = dot(row, row);
        let squared = |center: &[f64]| (own + -2.0 * dot(row, center) + dot(center, center)).max(0.0);
        let centers = centroids.chunks_exact(self.n_features);
        match &self.metric {
            Metric::Euclidean => centers.map(squared).collect(),
            metric => centers.map(|center| metric.reduced(row, center)).collect(),
        }
    }

    /// `_decision_function`.
    fn scored(&self, row: &[f64], scores: &Scores) -> Vec<f64> {
        let scaled = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(scores.spread.iter().cycle()).map(|(x, s)| x / s).collect()
        };
        let distances = self.distances(&scaled(row), &scaled(&self.centroids));
        let squared = |distance: f64| match self.metric {
            Metric::Euclidean => distance.sqrt() * distance.sqrt(),
            _ => distance * distance,
        };
        distances.into_iter().zip(&scores.log_prior).map(|(d, prior)| -squared(d) + 2.0 * prior).collect()
    }
}
