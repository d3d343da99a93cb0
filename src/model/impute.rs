//! `SimpleImputer` on numbers.

use super::{InputError, InputPolicy};
use ndarray::Array2;

/// A cell that a request leaves empty with `null`, as opposed to NaN: the same to every estimator but this one.
pub const NULL: f64 = f64::from_bits(0x7ff8_0000_0000_0001);

/// Replaces missing values column by column, drops columns that were empty in training, and may append indicators.
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleImputer {
    pub(crate) policy: InputPolicy,
    /// The value that counts as missing; NaN is matched by being NaN.
    pub(crate) missing_value: f64,
    /// One fill value for each input column; `None` drops the column.
    pub(crate) fill: Vec<Option<f64>>,
    /// Input columns (each below `fill.len()`) whose missingness is appended as 0 or 1.
    pub(crate) indicators: Vec<usize>,
    /// Sees the request's own columns, and keeps their type (`strategy` `most_frequent` or `constant`). pandas makes a
    /// column of nothing but null one of objects, and `None` is not NaN: scikit-learn leaves it missing.
    pub(crate) keeps_objects: bool,
}

impl SimpleImputer {
    pub fn n_features_in(&self) -> usize {
        self.fill.len()
    }

    pub fn n_features_out(&self) -> usize {
        self.fill.iter().flatten().count() + self.indicators.len()
    }

    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let objects = self.object_columns(&x);
        let is_missing = |column: usize, value: f64| self.is_missing(value) && !objects.contains(&column);
        if self.indicators.is_empty() && self.fill.iter().all(Option::is_some) {
            for mut row in x.rows_mut() {
                for (column, (value, fill)) in row.iter_mut().zip(self.fill.iter().flatten()).enumerate() {
                    if is_missing(column, *value) {
                        *value = *fill;
                    }
                }
            }
            return Ok(x);
        }
        let mut out = Vec::with_capacity(x.nrows() * self.n_features_out());
        for row in x.rows() {
            let columns = row.iter().zip(&self.fill).enumerate();
            out.extend(columns.filter_map(|(column, (value, fill))| {
                fill.map(|fill| if is_missing(column, *value) { fill } else { *value })
            }));
            out.extend(self.indicators.iter().map(|column| f64::from(u8::from(is_missing(*column, row[*column])))));
        }
        let shape = (x.nrows(), self.n_features_out());
        Ok(Array2::from_shape_vec(shape, out).expect("n_features_out values for each row"))
    }

    /// Columns that stay as they are.
    fn object_columns(&self, x: &Array2<f64>) -> Vec<usize> {
        if !self.keeps_objects || x.nrows() == 0 {
            return vec![];
        }
        let is_null = |value: &f64| value.to_bits() == NULL.to_bits();
        (0..x.ncols()).filter(|column| x.column(*column).iter().all(is_null)).collect()
    }

    /// `sklearn.utils._mask._get_mask`.
    pub(super) fn is_missing(&self, value: f64) -> bool {
        value == self.missing_value || value.is_nan() && self.missing_value.is_nan()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FloatType;
    use ndarray::array;

    fn imputer(missing_value: f64, fill: &[Option<f64>], indicators: &[usize]) -> SimpleImputer {
        let policy = InputPolicy {
            estimator: "SimpleImputer".into(),
            dtype: FloatType::F64,
            allow_nan: missing_value.is_nan(),
            allow_infinite: false,
        };
        SimpleImputer {
            policy,
            missing_value,
            fill: fill.to_vec(),
            indicators: indicators.to_vec(),
            keeps_objects: false,
        }
    }

    #[test]
    fn fills_drops_and_indicates() {
        let nan = f64::NAN;
        let x = array![[nan, 1.0, nan], [2.0, nan, 3.0]];
        let fill = imputer(nan, &[Some(7.0), Some(8.0), Some(9.0)], &[]);
        assert_eq!(fill.transform(x.clone()), Ok(array![[7.0, 1.0, 9.0], [2.0, 8.0, 3.0]]));
        let drop = imputer(nan, &[Some(7.0), None, Some(9.0)], &[1, 2]);
        assert_eq!(drop.n_features_out(), 4);
        assert_eq!(drop.transform(x), Ok(array![[7.0, 9.0, 0.0, 1.0], [2.0, 3.0, 1.0, 0.0]]));
    }

    #[test]
    fn a_column_of_nothing_but_null_stays_missing_with_some_strategies() {
        let mut imputer = imputer(f64::NAN, &[Some(7.0), Some(8.0)], &[]);
        for (keeps_objects, x, filled) in [
            (true, array![[NULL, 1.0]], false),
            (true, array![[NULL, NULL], [NULL, 2.0]], false),
            (true, array![[NULL, 1.0], [3.0, 1.0]], true),
            (true, array![[f64::NAN, 1.0]], true),
            (false, array![[NULL, 1.0]], true),
        ] {
            imputer.keeps_objects = keeps_objects;
            let got = imputer.transform(x).unwrap();
            assert_eq!(got[(0, 0)] == 7.0, filled, "{got}");
            assert!(!got[(0, 1)].is_nan());
        }
    }

    #[test]
    fn nan_is_refused_where_another_value_means_missing() {
        let imputer = imputer(-1.0, &[Some(5.0)], &[]);
        assert_eq!(imputer.transform(array![[-1.0], [0.0]]), Ok(array![[5.0], [0.0]]));
        assert!(imputer.transform(array![[f64::NAN]]).is_err());
    }
}
