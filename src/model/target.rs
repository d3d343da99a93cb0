//! A regressor whose target was transformed: its predictions are transformed back.

use super::function::Function;
use super::preprocessing::Operation;
use super::{Estimator, InputError, Method, Output, QuantileTransformer};
use ndarray::{Array2, ArrayView2};

/// `TransformedTargetRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct TransformedTarget {
    pub regressor: Estimator,
    /// What is done to predictions, in order; columns fit.
    pub back: Vec<Back>,
    /// The target had one dimension, so one column of predictions is none.
    pub flat: bool,
}

/// One step from a prediction to the target.
#[derive(Debug, Clone, PartialEq)]
pub enum Back {
    Function(Function),
    /// A scaler's inverse, with an operand for each column.
    Operation(Operation),
    /// `PowerTransformer`'s inverse, with an exponent for each column.
    Power {
        lambdas: Vec<f64>,
        kind: Power,
    },
    Quantiles(QuantileTransformer),
}

/// The transformation that `PowerTransformer` takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    BoxCox,
    YeoJohnson,
}

impl TransformedTarget {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict]
    }

    pub fn n_features(&self) -> usize {
        self.regressor.n_features()
    }

    /// `sklearn.compose.TransformedTargetRegressor.predict`.
    ///
    /// # Errors
    /// When the regressor refuses a value, or predicts one that the transformer does.
    pub fn call(&self, _: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let mut predictions = self.regressor.table(Method::Predict, x)?;
        for step in &self.back {
            step.apply(&mut predictions)?;
        }
        Ok(match predictions.ncols() {
            1 if self.flat => Output::Floats(predictions.into_iter().collect()),
            _ => Output::Matrix(predictions),
        })
    }
}

impl Back {
    fn apply(&self, values: &mut Array2<f64>) -> Result<(), InputError> {
        if let Back::Function(function) = self {
            values.mapv_inplace(|value| function.apply(value));
            return Ok(());
        }
        // Scalers check what they get, as `check_array` does.
        if let Some(((row, _), _)) = values.indexed_iter().find(|(_, value)| value.is_infinite()) {
            let message = "Input contains infinity or a value too large for dtype('float64').".to_owned();
            return Err(InputError::Refused { row, column: 0, message });
        }
        for ((_, column), value) in values.indexed_iter_mut() {
            *value = match self {
                Back::Operation(Operation::Subtract(operand)) => *value - operand[column],
                Back::Operation(Operation::Divide(operand)) => *value / operand[column],
                Back::Operation(Operation::Multiply(operand)) => *value * operand[column],
                Back::Operation(Operation::Add(operand)) => *value + operand[column],
                Back::Power { lambdas, kind } => kind.back(*value, lambdas[column]),
                Back::Quantiles(quantiles) => quantiles.back(*value, column),
                Back::Operation(Operation::Clip { .. }) | Back::Function(_) => *value,
            };
        }
        Ok(())
    }
}

impl Power {
    /// `PowerTransformer._box_cox_inverse_tranform`, `_yeo_johnson_inverse_transform`.
    fn back(self, x: f64, lambda: f64) -> f64 {
        const SPACING: f64 = f64::EPSILON;
        match self {
            Power::BoxCox if lambda == 0.0 => x.exp(),
            Power::BoxCox => (x * lambda + 1.0).powf(1.0 / lambda),
            Power::YeoJohnson if x >= 0.0 && lambda.abs() < SPACING => x.exp() - 1.0,
            Power::YeoJohnson if x >= 0.0 => (x * lambda + 1.0).powf(1.0 / lambda) - 1.0,
            Power::YeoJohnson if (lambda - 2.0).abs() > SPACING => {
                1.0 - (-(2.0 - lambda) * x + 1.0).powf(1.0 / (2.0 - lambda))
            }
            Power::YeoJohnson => 1.0 - (-x).exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: scikit-learn's own functions.
    #[test]
    fn powers_are_taken_back() {
        for (kind, lambda, x, expected) in [
            (Power::BoxCox, 0.0, 1.0, 1f64.exp()),
            (Power::BoxCox, 2.0, 4.0, 3.0),
            (Power::YeoJohnson, 2.0, 1.5, 1.0),
            (Power::YeoJohnson, 0.0, 2.0, 2f64.exp() - 1.0),
            (Power::YeoJohnson, 2.0, -1.0, 1.0 - 1f64.exp()),
            (Power::YeoJohnson, 0.0, -1.5, -1.0),
        ] {
            assert_eq!(kind.back(x, lambda), expected, "{kind:?} {lambda} {x}");
        }
    }
}
