//! Scalers: element-wise arithmetic in exactly scikit-learn's order, so that results are equal bit for bit.

use super::{InputError, InputPolicy};
use ndarray::Array2;

/// `StandardScaler`, `MinMaxScaler`, `RobustScaler` or `MaxAbsScaler`: the operations that it applies to each row.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {
    policy: InputPolicy,
    n_features: usize,
    operations: Vec<Operation>,
}

/// One operation, with one operand for each column. Multiplying by the inverse instead of dividing would differ in
/// the last bit.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    Subtract(Vec<f64>),
    Divide(Vec<f64>),
    Multiply(Vec<f64>),
    Add(Vec<f64>),
    /// Into `[low, high]`; NaN stays.
    Clip {
        low: f64,
        high: f64,
    },
}

/// The row norm that `Normalizer` divides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    L1,
    L2,
    Max,
}

/// `Normalizer`: each row divided by its norm.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalizer {
    policy: InputPolicy,
    n_features: usize,
    norm: Norm,
}

impl Scaler {
    /// Every operand must have `n_features` values.
    pub fn new(policy: InputPolicy, n_features: usize, operations: Vec<Operation>) -> Self {
        Scaler { policy, n_features, operations }
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// What it does to each row, in order.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        if !x.is_standard_layout() {
            x = x.as_standard_layout().into_owned();
        }
        // Rows that lie in one piece are taken several values at a time.
        let cells = x.as_slice_mut().unwrap_or_default();
        cells.chunks_exact_mut(self.n_features.max(1)).for_each(|row| self.apply(row));
        Ok(x)
    }

    fn apply(&self, row: &mut [f64]) {
        for operation in &self.operations {
            let values = row.iter_mut();
            match operation {
                Operation::Subtract(operand) => values.zip(operand).for_each(|(x, by)| *x -= by),
                Operation::Divide(operand) => values.zip(operand).for_each(|(x, by)| *x /= by),
                Operation::Multiply(operand) => values.zip(operand).for_each(|(x, by)| *x *= by),
                Operation::Add(operand) => values.zip(operand).for_each(|(x, by)| *x += by),
                Operation::Clip { low, high } => values.for_each(|x| {
                    if *x < *low {
                        *x = *low;
                    } else if *x > *high {
                        *x = *high;
                    }
                }),
            }
        }
    }

    /// The input that becomes zero (or, clipped, would have): `mean_` of `StandardScaler`, `center_` of `RobustScaler`,
    /// `data_min_` of `MinMaxScaler` as a rule, zero of `MaxAbsScaler`. Not finite where a column is scaled by zero.
    pub fn center(&self) -> Vec<f64> {
        let mut row = vec![0.0; self.n_features];
        for operation in self.operations.iter().rev() {
            let values = row.iter_mut();
            match operation {
                Operation::Subtract(operand) => values.zip(operand).for_each(|(x, by)| *x += by),
                Operation::Divide(operand) => values.zip(operand).for_each(|(x, by)| *x *= by),
                Operation::Multiply(operand) => values.zip(operand).for_each(|(x, by)| *x /= by),
                Operation::Add(operand) => values.zip(operand).for_each(|(x, by)| *x -= by),
                Operation::Clip { .. } => {}
            }
        }
        row
    }
}

impl Normalizer {
    pub fn new(policy: InputPolicy, n_features: usize, norm: Norm) -> Self {
        Normalizer { policy, n_features, norm }
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.preprocessing.normalize`; a norm below 10 eps counts as 1 (`_handle_zeros_in_scale`).
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        for mut row in x.rows_mut() {
            let norm = match self.norm {
                Norm::L1 => row.iter().map(|x| x.abs()).sum(),
                Norm::L2 => row.iter().map(|x| x * x).sum::<f64>().sqrt(),
                Norm::Max => row.iter().fold(0.0, |max: f64, x| max.max(x.abs())),
            };
            if norm >= 10.0 * f64::EPSILON {
                row.iter_mut().for_each(|x| *x /= norm);
            }
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FloatType;
    use ndarray::array;

    fn policy(allow_nan: bool) -> InputPolicy {
        InputPolicy { estimator: "StandardScaler".into(), dtype: FloatType::F64, allow_nan, allow_infinite: false }
    }

    #[test]
    fn operations_apply_in_order_and_keep_nan() {
        let scaler = Scaler::new(
            policy(true),
            2,
            vec![
                Operation::Multiply(vec![2.0, 0.1]),
                Operation::Add(vec![0.5, 0.0]),
                Operation::Subtract(vec![0.0, 0.0]),
                Operation::Divide(vec![1.0, 3.0]),
                Operation::Clip { low: 0.0, high: 1.0 },
            ],
        );
        let got = scaler.transform(array![[0.1, 3.0], [f64::NAN, -1.0], [7.0, 1.0]]).unwrap();
        assert_eq!(got.row(0), array![0.7, 3.0 * 0.1 / 3.0]);
        assert!(got[(1, 0)].is_nan());
        assert_eq!([got[(1, 1)], got[(2, 0)]], [0.0, 1.0]);
    }

    #[test]
    fn a_row_of_zeros_stays_and_infinity_is_refused() {
        for (norm, expected) in [(Norm::L1, [0.75, -0.25]), (Norm::Max, [1.0, -1.0 / 3.0])] {
            let got = Normalizer::new(policy(false), 2, norm).transform(array![[3.0, -1.0], [0.0, 1e-16]]).unwrap();
            assert_eq!(got, array![expected, [0.0, 1e-16]]);
        }
        let got = Normalizer::new(policy(false), 2, Norm::L2).transform(array![[3.0, 4.0]]).unwrap();
        assert_eq!(got, array![[0.6, 0.8]]);
        assert!(Normalizer::new(policy(false), 2, Norm::L2).transform(array![[f64::NAN, 4.0]]).is_err());
        assert!(Scaler::new(policy(true), 1, vec![]).transform(array![[f64::INFINITY]]).is_err());
    }
}
