//! Multi-layer perceptrons: matrix products with an activation after each.

use super::math::{argmax, expit, softmax};
use super::product::{BLOCK, forward};
use super::tanh::tanh;
use super::tree::rows_of;
use super::{Classes, InputError, InputPolicy, Method, Output};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use std::sync::Arc;

/// `MLPClassifier` and `MLPRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Perceptron {
    pub policy: InputPolicy,
    /// At least one; each takes as many columns as the one before it gives.
    pub layers: Vec<Layer>,
    pub hidden: Activation,
    pub last: Activation,
    pub target: Target,
}

/// `coefs_[i]`, shape (inputs, outputs), and `intercepts_[i]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub weights: Array2<f64>,
    pub bias: Array1<f64>,
}

/// What follows a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    Identity,
    Logistic,
    Tanh,
    Relu,
    Softmax,
    Exp,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A column of its own where there are several.
    Numbers,
    Labels(Arc<Classes>),
    /// 0 or 1 for each column.
    Multilabel,
}

impl Perceptron {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Numbers => vec![Method::Predict],
            _ => vec![Method::Predict, Method::PredictProba],
        }
    }

    pub fn n_features(&self) -> usize {
        self.layers[0].weights.nrows()
    }

    /// `sklearn.neural_network._multilayer_perceptron`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let values = self.forward(x)?;
        let columns = values.ncols();
        let single = || values.column(0);
        Ok(match (&self.target, method) {
            (Target::Numbers, _) if columns == 1 => Output::Floats(single().to_vec()),
            (Target::Numbers, _) => Output::Matrix(values),
            (Target::Labels(_), Method::PredictProba) if columns == 1 => {
                Output::Matrix(rows_of(single().iter().flat_map(|p| [1.0 - p, *p]).collect(), 2))
            }
            (_, Method::PredictProba) => Output::Matrix(values),
            (Target::Labels(classes), _) => {
                let label = |row: ndarray::ArrayView1<'_, f64>| match columns {
                    1 => u32::from(row[0] > 0.5 && classes.len() > 1),
                    _ => argmax(&row.to_vec()),
                };
                let indices = values.rows().into_iter().map(label).collect();
                Output::Labels { indices, classes: classes.clone() }
            }
            (Target::Multilabel, _) => {
                let column =
                    |column: ndarray::ArrayView1<'_, f64>| column.iter().map(|p| i64::from(*p > 0.5)).collect();
                Output::Columns(values.columns().into_iter().map(column).map(Output::Ints).collect())
            }
        })
    }

    /// `_forward_pass_fast`.
    fn forward(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InputError> {
        let columns = self.layers[self.layers.len() - 1].bias.len();
        let mut out = Array2::zeros((x.nrows(), columns));
        for (rows, mut out) in x.axis_chunks_iter(Axis(0), BLOCK).zip(out.axis_chunks_iter_mut(Axis(0), BLOCK)) {
            let mut values: Option<Array2<f64>> = None;
            for (at, layer) in self.layers.iter().enumerate() {
                let mut next = Array2::zeros((rows.nrows(), layer.bias.len()));
                forward(values.as_ref().map_or(rows, |values| values.view()), &layer.weights, next.view_mut());
                let next_values = next.as_slice_mut().expect("a new matrix is contiguous");
                if at == 0 {
                    self.policy.check_by(next_values, x)?;
                }
                for row in next_values.chunks_exact_mut(layer.bias.len()) {
                    row.iter_mut().zip(&layer.bias).for_each(|(value, bias)| *value += bias);
                }
                let activation = if at + 1 == self.layers.len() { self.last } else { self.hidden };
                activation.apply(next_values, layer.bias.len());
                values = Some(next);
            }
            out.assign(&values.expect("a perceptron has a layer"));
        }
        Ok(out)
    }
}

impl Activation {
    /// To rows of `columns` values.
    fn apply(self, values: &mut [f64], columns: usize) {
        match self {
            Activation::Identity => {}
            Activation::Logistic => values.iter_mut().for_each(|value| *value = expit(*value)),
            Activation::Tanh => tanh(values),
            Activation::Relu => values.iter_mut().for_each(|x| *x = if *x > 0.0 || x.is_nan() { *x } else { 0.0 }),
            Activation::Exp => values.iter_mut().for_each(|value| *value = value.exp()),
            Activation::Softmax => values.chunks_exact_mut(columns).for_each(softmax),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FloatType;

    fn perceptron(sizes: &[usize], hidden: Activation) -> Perceptron {
        let weight = |at: usize| ((at * 37 % 23) as f64 - 11.0) / 20.0;
        let layer = |pair: &[usize]| Layer {
            weights: Array2::from_shape_fn((pair[0], pair[1]), |(i, j)| weight(i * pair[1] + j)),
            bias: (0..pair[1]).map(weight).collect(),
        };
        let policy =
            InputPolicy { estimator: "MLP".into(), dtype: FloatType::F64, allow_nan: false, allow_infinite: false };
        let layers = sizes.windows(2).map(layer).collect();
        Perceptron { policy, layers, hidden, last: Activation::Identity, target: Target::Numbers }
    }

    /// Blocks and kernels differ with the number of rows, and what they give only in the last places.
    #[test]
    fn many_rows_at_once_are_what_each_is_alone() {
        for hidden in [Activation::Tanh, Activation::Relu, Activation::Logistic, Activation::Identity] {
            let model = perceptron(&[5, 9, 4, 3], hidden);
            let x = Array2::from_shape_fn((BLOCK + 7, 5), |(i, j)| ((i * 7 + j * 3) % 19) as f64 / 9.0 - 1.0);
            let Ok(Output::Matrix(all)) = model.call(Method::Predict, x.view()) else { panic!() };
            for row in 0..x.nrows() {
                let one = model.call(Method::Predict, x.slice(ndarray::s![row..=row, ..]));
                let Ok(Output::Matrix(one)) = one else { panic!() };
                let close = all.row(row).iter().zip(one.iter()).all(|(a, b)| (a - b).abs() < 1e-14);
                assert!(close, "{hidden:?}: {} {one}", all.row(row));
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_refused_with_its_place() {
        let model = perceptron(&[5, 9, 1], Activation::Relu);
        for (bad, rows) in [(f64::NAN, 1), (f64::INFINITY, BLOCK + 7)] {
            let mut x = Array2::zeros((rows, 5));
            x[(rows - 1, 3)] = bad;
            assert_eq!(model.call(Method::Predict, x.view()).unwrap_err().place(), (rows - 1, 3));
        }
    }
}
