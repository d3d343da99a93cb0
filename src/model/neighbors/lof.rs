//! The local outlier factor: how much thinner a row's surroundings are than its neighbours'.

use super::search::Search;
use crate::model::tree::pairwise_sum;
use crate::model::{InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;

/// `LocalOutlierFactor` with `novelty=True`.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalOutlierFactor {
    pub policy: InputPolicy,
    pub search: Search,
    /// `n_neighbors_`, at most as many as there are rows.
    pub n_neighbors: usize,
    /// Of each training row, the distance to its own last neighbour.
    pub reaches: Vec<f64>,
    /// `_lrd`: local reachability density of each training row.
    pub densities: Vec<f64>,
    pub offset: f64,
}

impl LocalOutlierFactor {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::DecisionFunction, Method::ScoreSamples]
    }

    pub fn n_features(&self) -> usize {
        self.search.n_features
    }

    /// `score_samples`, `decision_function` and `predict` (1 inlier, -1 outlier).
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x).map_err(InputError::unnamed)?;
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.search.n_features);
        let scores = rows.map(|row| self.score(row));
        Ok(match method {
            Method::ScoreSamples => Output::Floats(scores.collect()),
            Method::DecisionFunction => Output::Floats(scores.map(|score| score - self.offset).collect()),
            _ => Output::Ints(scores.map(|score| if score - self.offset < 0.0 { -1 } else { 1 }).collect()),
        })
    }

    /// `_local_reachability_density`, and the mean of the neighbours' own in relation to it.
    fn score(&self, row: &[f64]) -> f64 {
        let found = self.search.nearest(row, self.n_neighbors);
        let mean = |values: Vec<f64>| pairwise_sum(&values) / values.len() as f64;
        let reached = mean(found.iter().map(|(distance, at)| distance.max(self.reaches[*at])).collect());
        let density = 1.0 / (reached + 1e-10);
        -mean(found.iter().map(|(_, at)| self.densities[*at] / density).collect())
    }
}
