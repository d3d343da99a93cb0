//! A classifier of two classes with a threshold of its own.

use super::{Classes, Estimator, InputError, Method, Output};
use ndarray::ArrayView2;
use std::sync::Arc;

/// `FixedThresholdClassifier`, `TunedThresholdClassifierCV`.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    pub estimator: Estimator,
    pub classes: Arc<Classes>,
    /// What is held against the threshold; `negated` when it speaks for the other class.
    pub method: Method,
    pub column: usize,
    pub negated: bool,
    pub threshold: f64,
    /// The class below the threshold, and the one from it upward.
    pub labels: [u32; 2],
}

impl Threshold {
    pub fn methods(&self) -> Vec<Method> {
        let own = self.estimator.methods();
        let has = |method: &Method| {
            let known = [Method::Predict, Method::PredictProba, Method::DecisionFunction].contains(method);
            known && own.contains(method)
        };
        Method::ALL.into_iter().filter(has).collect()
    }

    pub fn n_features(&self) -> usize {
        self.estimator.n_features()
    }

    /// `sklearn.model_selection._classification_threshold`.
    ///
    /// # Errors
    /// When the estimator in it refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        if method != Method::Predict {
            return self.estimator.call(method, x);
        }
        let scores = self.estimator.table(self.method, x)?;
        let sign = if self.negated { -1.0 } else { 1.0 };
        let label = |score: &f64| self.labels[usize::from(sign * score >= self.threshold)];
        let indices = scores.column(self.column).iter().map(label).collect();
        Ok(Output::Labels { indices, classes: self.classes.clone() })
    }
}
