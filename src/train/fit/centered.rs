//! What linear regressors have in common: columns and target without their means, and an intercept afterwards
//! (`_preprocess_data`, `_set_intercept`).

use super::super::grow::pairwise_sum;
use super::super::params::Spec;
use super::state::State;
use super::{Data, FitError};
use crate::model::FloatType;
use crate::value::Builder;
use nalgebra::{DMatrix, DVector};

/// The training data, centered where `fit_intercept` says so.
pub(super) struct Centered {
    /// Column by column, shape (rows, features): the one copy of the data that a linear model makes.
    pub x: DMatrix<f64>,
    pub y: DVector<f64>,
    pub x_mean: Vec<f64>,
    pub y_mean: f64,
}

impl Centered {
    /// # Errors
    /// When a value is missing or infinite, or the target does not hold numbers.
    pub fn of(spec: &Spec, data: &Data<'_>) -> Result<Centered, FitError> {
        let class = spec.estimator.class().class;
        let y = data.numbers(class)?;
        data.check_values(class, FloatType::F64, false)?;
        let center = spec.params.flag("fit_intercept");
        let mut x = DMatrix::zeros(data.n_rows(), data.n_features());
        let mut x_mean = vec![0.0; data.n_features()];
        for ((mut column, from), mean) in x.column_iter_mut().zip(data.x.columns()).zip(&mut x_mean) {
            column.iter_mut().zip(from).for_each(|(to, x)| *to = *x);
            if center {
                *mean = pairwise_sum(column.as_slice()) / data.n_rows() as f64;
                column.iter_mut().for_each(|x| *x -= *mean);
            }
        }
        let y_mean = if center { pairwise_sum(y) / y.len() as f64 } else { 0.0 };
        let y = DVector::from_iterator(y.len(), y.iter().map(|y| y - y_mean));
        Ok(Centered { x, y, x_mean, y_mean })
    }
}

/// What was found.
pub(super) struct Coefficients {
    pub coef: Vec<f64>,
    pub x_mean: Vec<f64>,
    pub y_mean: f64,
}

impl Coefficients {
    /// Writes `coef_` and `intercept_`; without an intercept the means are 0, and so is it.
    pub fn state(&self, b: &mut Builder, spec: &Spec, data: &Data<'_>) -> State {
        let mut state = State::new(b, spec.estimator.class(), &spec.params);
        state.features(b, data);
        state.f64s(b, "coef_", &self.coef);
        state.float(b, "intercept_", self.y_mean - dot(&self.x_mean, &self.coef));
        state
    }
}

/// The inner product, in eight sums that the processor makes side by side.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for k in 0..8 {
            sums[k] += x[k] * y[k];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// `y += a * x`.
pub(super) fn add_scaled(y: &mut [f64], a: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}
