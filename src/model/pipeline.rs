//! `Pipeline`: transformers one after the other, then an estimator.

use super::{Estimator, InputError, Method, Output, Transformer};
use ndarray::ArrayView2;

/// Transformers and the estimator that gets their output.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    steps: Vec<Transformer>,
    last: Estimator,
}

impl Pipeline {
    /// Each step must take as many features as the one before it gives.
    pub fn new(steps: Vec<Transformer>, last: Estimator) -> Self {
        Pipeline { steps, last }
    }

    /// The transformers before the last step.
    pub fn steps(&self) -> &[Transformer] {
        &self.steps
    }

    pub fn methods(&self) -> Vec<Method> {
        self.last.methods()
    }

    pub fn n_features(&self) -> usize {
        self.steps.first().map_or_else(|| self.last.n_features(), Transformer::n_features_in)
    }

    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        match &self.steps[..] {
            [] => self.last.call(method, x),
            [first, rest @ ..] => {
                let x = first.transform(x.to_owned())?;
                let x = rest.iter().try_fold(x, |x, step| step.transform(x))?;
                self.last.call(method, x.view())
            }
        }
    }
}
