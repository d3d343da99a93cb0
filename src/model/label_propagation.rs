//! `LabelPropagation` and `LabelSpreading`: a row has the labels of the training rows it is like.

use super::math::argmax;
use super::neighbors::Search;
use super::pairwise::Pairwise;
use super::tree::rows_of;
use super::{Classes, InputError, InputPolicy, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// Labels spread over the training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelPropagation {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub reach: Alike,
    /// `label_distributions_`, shape (training rows, classes).
    pub shares: Array2<f64>,
    pub classes: Arc<Classes>,
}

/// Which training rows count, and how much.
#[derive(Debug, Clone, PartialEq)]
pub enum Alike {
    /// All, by a kernel; row-major, of `n_features` columns.
    Kernel { kernel: Pairwise, rows: Vec<f64> },
    /// That many of the nearest, each as much.
    Nearest { search: Box<Search>, n_neighbors: usize },
}

impl LabelPropagation {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::PredictProba]
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `predict` and `predict_proba` of `BaseLabelPropagation`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let shares: Vec<f64> = x.rows().into_iter().flat_map(|row| self.shares(&row.to_vec())).collect();
        let n = self.classes.len();
        Ok(match method {
            Method::PredictProba => Output::Matrix(rows_of(shares, n)),
            _ => {
                let indices = shares.chunks_exact(n).map(argmax).collect();
                Output::Labels { indices, classes: Arc::clone(&self.classes) }
            }
        })
    }

    fn shares(&self, row: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.classes.len()];
        let mut add = |at: usize, weight: f64| {
            sums.iter_mut().zip(self.shares.row(at)).for_each(|(sum, share)| *sum += weight * share);
        };
        match &self.reach {
            Alike::Kernel { kernel, rows } => {
                let known = rows.chunks_exact(self.n_features).enumerate();
                known.for_each(|(at, known)| add(at, kernel.of(row, known)));
            }
            Alike::Nearest { search, n_neighbors } => {
                search.nearest(row, *n_neighbors).into_iter().for_each(|(_, at)| add(at, 1.0));
            }
        }
        let whole: f64 = super::tree::pairwise_sum(&sums);
        sums.into_iter().map(|sum| sum / whole).collect()
    }
}
