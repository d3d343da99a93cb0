//! `VarianceThreshold`, `SelectKBest`: some of the columns.

use super::{InputError, InputPolicy};
use ndarray::{Array2, Axis};

/// The columns that are kept, of those that are there.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    pub(crate) policy: InputPolicy,
    pub(crate) n_features: usize,
    /// Each below `n_features`.
    pub(crate) kept: Vec<usize>,
}

impl Selector {
    /// `SelectorMixin.transform`.
    ///
    /// # Errors
    /// When a value is infinite, or NaN where the selector refuses it.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        Ok(x.select(Axis(1), &self.kept))
    }
}
