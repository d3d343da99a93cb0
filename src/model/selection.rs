//! `VarianceThreshold`, `SelectKBest`: some of the columns.

use super::{InputError, InputPolicy, NULL};
use ndarray::{Array2, Axis};

/// The columns that are kept, of those that are there.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    pub(crate) policy: InputPolicy,
    pub(crate) n_features: usize,
    /// Each below `n_features`.
    pub(crate) kept: Vec<usize>,
    /// Sees columns of the request. pandas makes a column of nothing but null one of objects, whose `None` is not NaN.
    pub(crate) passes_none: bool,
}

impl Selector {
    /// `SelectorMixin.transform`.
    ///
    /// # Errors
    /// When a value is infinite, or NaN where the selector refuses it.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        if let Err(error) = self.policy.check(x.view()) {
            let is_none = |column: &usize| x.column(*column).iter().all(|value| value.to_bits() == NULL.to_bits());
            let none: Vec<usize> = (0..x.ncols()).filter(is_none).collect();
            if !self.passes_none || none.is_empty() {
                return Err(error);
            }
            let mut others = x.clone();
            none.into_iter().for_each(|column| others.column_mut(column).fill(0.0));
            self.policy.check(others.view())?;
        }
        Ok(x.select(Axis(1), &self.kept))
    }
}
