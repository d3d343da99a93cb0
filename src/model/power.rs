//! `PowerTransformer`: Yeo-Johnson and Box-Cox.

use super::{InputError, InputPolicy, Scaler};
use ndarray::Array2;

/// `PowerTransformer`.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerTransformer {
    pub(crate) policy: InputPolicy,
    pub(crate) method: PowerMethod,
    /// One for each column.
    pub(crate) lambdas: Vec<f64>,
    /// `standardize`.
    pub(crate) scaler: Option<Scaler>,
}

/// Which formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerMethod {
    /// `scipy.special.boxcox`.
    BoxCox,
    /// scikit-learn's own: a difference of powers.
    YeoJohnson,
    /// `scipy.stats.yeojohnson`: by expm1, which keeps more digits.
    YeoJohnsonStable,
}

impl PowerTransformer {
    pub fn n_features(&self) -> usize {
        self.lambdas.len()
    }

    /// `PowerTransformer.transform`.
    ///
    /// # Errors
    /// When a value is infinite; with Box-Cox, also when it is not positive.
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        if self.method == PowerMethod::BoxCox
            && let Some(((row, column), _)) = x.indexed_iter().find(|(_, value)| **value <= 0.0)
        {
            let message = "The Box-Cox transformation can only be applied to strictly positive data".to_owned();
            return Err(InputError::Refused { row, column, message });
        }
        for (mut column, lambda) in x.columns_mut().into_iter().zip(&self.lambdas) {
            column.mapv_inplace(|x| self.method.apply(x, *lambda));
        }
        match &self.scaler {
            Some(scaler) => scaler.transform(x),
            None => Ok(x),
        }
    }
}

impl PowerMethod {
    fn apply(self, x: f64, lambda: f64) -> f64 {
        match self {
            PowerMethod::BoxCox if lambda.abs() < 1e-19 => x.ln(),
            PowerMethod::BoxCox => (lambda * x.ln()).exp_m1() / lambda,
            _ if x >= 0.0 => self.half(x, lambda),
            _ => -self.half(-x, 2.0 - lambda),
        }
    }

    /// Of a number from 0 upward.
    fn half(self, x: f64, lambda: f64) -> f64 {
        if lambda.abs() < f64::EPSILON {
            x.ln_1p()
        } else if self == PowerMethod::YeoJohnson {
            ((x + 1.0).powf(lambda) - 1.0) / lambda
        } else {
            (lambda * x.ln_1p()).exp_m1() / lambda
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_agree_where_they_should() {
        for method in [PowerMethod::YeoJohnson, PowerMethod::YeoJohnsonStable] {
            assert_eq!(method.apply(3.0, 0.0), 4f64.ln());
            assert_eq!(method.apply(-3.0, 2.0), -4f64.ln());
            assert!((method.apply(3.0, 0.5) - 2.0).abs() < 1e-15);
            assert!((method.apply(-3.0, 1.5) + 2.0).abs() < 1e-15);
            assert!(method.apply(f64::NAN, 0.5).is_nan());
        }
        assert_eq!(PowerMethod::BoxCox.apply(1.0, 0.0), 0.0);
        assert!((PowerMethod::BoxCox.apply(4.0, 0.5) - 2.0).abs() < 1e-15);
    }
}
