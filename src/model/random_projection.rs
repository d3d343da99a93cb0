//! `SparseRandomProjection`: rows on directions that are mostly zero.

use super::tree::rows_of;
use super::{InputError, InputPolicy};
use ndarray::Array2;

/// A projection whose components are kept as they are stored: only what is not zero.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseProjection {
    pub policy: InputPolicy,
    pub n_features: usize,
    /// For each component the features that count in it, each below `n_features`, and how much. At least one component.
    pub components: Vec<Vec<(usize, f64)>>,
}

impl SparseProjection {
    /// `SparseRandomProjection.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut out = Vec::with_capacity(x.nrows() * self.components.len());
        for row in x.rows() {
            let along =
                |component: &Vec<(usize, f64)>| component.iter().map(|(at, weight)| row[*at] * weight).sum::<f64>();
            out.extend(self.components.iter().map(along));
        }
        Ok(rows_of(out, self.components.len()))
    }
}
