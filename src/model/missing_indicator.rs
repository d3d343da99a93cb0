//! `MissingIndicator`: where values are missing, as zeros and ones.

use super::{InputError, InputPolicy};
use ndarray::Array2;

/// Which columns are told of.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingIndicator {
    pub policy: InputPolicy,
    pub n_features: usize,
    /// The value that counts as missing; NaN is matched by being NaN.
    pub missing_value: f64,
    /// Each below `n_features`.
    pub columns: Vec<usize>,
    /// Refuses a gap in any other column (`error_on_new`).
    pub refuses_others: bool,
}

impl MissingIndicator {
    /// `MissingIndicator.transform`.
    ///
    /// # Errors
    /// When a value is infinite, or a column has a gap that had none in training.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let is_missing = |value: f64| value == self.missing_value || value.is_nan() && self.missing_value.is_nan();
        if self.refuses_others {
            let mut others: Vec<(usize, usize)> =
                x.indexed_iter().filter(|(_, value)| is_missing(**value)).map(|(place, _)| place).collect();
            others.retain(|(_, column)| !self.columns.contains(column));
            if let Some((row, column)) = others.first().copied() {
                let mut columns: Vec<usize> = others.iter().map(|(_, column)| *column).collect();
                columns.sort_unstable();
                columns.dedup();
                let columns: Vec<String> = columns.iter().map(usize::to_string).collect();
                let (columns, rest) =
                    (columns.join(" "), "have missing values in transform but have no missing values in fit.");
                return Err(InputError::Refused { row, column, message: format!("The features [{columns}] {rest}") });
            }
        }
        Ok(Array2::from_shape_fn((x.nrows(), self.columns.len()), |(row, at)| {
            f64::from(u8::from(is_missing(x[(row, self.columns[at])])))
        }))
    }
}
