//! Selectors such as `SelectKBest`: some of the columns.

use super::{Estimator, InputError, InputPolicy, Method, NULL, Output};
use ndarray::{Array2, ArrayView2, Axis};

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

/// `RFE` and `RFECV` as the model itself: an estimator on the columns that it was left with.
#[derive(Debug, Clone, PartialEq)]
pub struct Elimination {
    pub selector: Selector,
    /// Takes as many columns as the selector keeps.
    pub estimator: Estimator,
}

impl Elimination {
    pub fn methods(&self) -> Vec<Method> {
        const HANDED_ON: [Method; 3] = [Method::Predict, Method::PredictProba, Method::DecisionFunction];
        let mut methods = self.estimator.methods();
        methods.retain(|method| HANDED_ON.contains(method));
        methods.push(Method::Transform);
        methods
    }

    pub fn n_features(&self) -> usize {
        self.selector.n_features
    }

    /// `transform`, and what `estimator_` makes of it.
    ///
    /// # Errors
    /// When the selector or the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let kept = self.selector.transform(x.to_owned())?;
        match method {
            Method::Transform => Ok(Output::Matrix(kept)),
            _ => {
                let place = |column: usize| self.selector.kept.get(column).copied().unwrap_or(column);
                self.estimator.call(method, kept.view()).map_err(|error| error.moved(place))
            }
        }
    }
}
