//! scikit-learn's checks of input values (`check_array`), with its messages.

use super::product::all_finite;
use ndarray::ArrayView2;

/// The float type that scikit-learn converts the input to before it checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatType {
    F32,
    F64,
}

impl FloatType {
    fn name(self) -> &'static str {
        match self {
            FloatType::F32 => "float32",
            FloatType::F64 => "float64",
        }
    }

    /// The least magnitude that becomes infinite in this type.
    fn overflow(self) -> f64 {
        match self {
            // Halfway between the largest float32 and 2^128: rounds up.
            FloatType::F32 => 3.402_823_567_797_336_6e38,
            FloatType::F64 => f64::INFINITY,
        }
    }
}

/// A value that an estimator refuses. The text is scikit-learn's own.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InputError {
    #[error("Input X contains infinity or a value too large for dtype('{}').", .dtype.name())]
    Infinite { row: usize, column: usize, dtype: FloatType },
    /// `hint` is the rest of scikit-learn's message: which estimator, and what to use instead.
    #[error("Input X contains NaN.{hint}")]
    Missing { row: usize, column: usize, hint: String },
    /// `own` is the column as the encoder counts; both are the same unless something stands before it.
    #[error("Found unknown categories [{value}] in column {own} during transform")]
    UnknownCategory { row: usize, column: usize, own: usize, value: String },
    /// Any other refusal, in scikit-learn's words.
    #[error("{message}")]
    Refused { row: usize, column: usize, message: String },
}

impl InputError {
    /// Row and column of the value, both from 0; the column counts the estimator's own input, or that of what it stands
    /// in where [`InputError::moved`] told so.
    pub fn place(&self) -> (usize, usize) {
        match self {
            InputError::Infinite { row, column, .. }
            | InputError::Missing { row, column, .. }
            | InputError::UnknownCategory { row, column, .. }
            | InputError::Refused { row, column, .. } => (*row, *column),
        }
    }

    /// The same refusal where scikit-learn does not say whose input it checks.
    pub fn unnamed(self) -> InputError {
        let message = self.to_string();
        let message = message.lines().next().unwrap_or_default().replacen("Input X", "Input", 1);
        let (row, column) = self.place();
        InputError::Refused { row, column, message }
    }

    /// The same error so many rows further down.
    pub fn below(mut self, rows: usize) -> InputError {
        match &mut self {
            InputError::Infinite { row, .. }
            | InputError::Missing { row, .. }
            | InputError::UnknownCategory { row, .. }
            | InputError::Refused { row, .. } => *row += rows,
        }
        self
    }

    /// The same error at another column: what an estimator calls 0 may be another one of its surroundings.
    pub fn moved(mut self, to: impl Fn(usize) -> usize) -> InputError {
        match &mut self {
            InputError::Infinite { column, .. }
            | InputError::Missing { column, .. }
            | InputError::UnknownCategory { column, .. }
            | InputError::Refused { column, .. } => *column = to(*column),
        }
        self
    }
}

/// What an estimator accepts, in the version that wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct InputPolicy {
    /// scikit-learn's class name, for the message.
    pub estimator: String,
    pub dtype: FloatType,
    pub allow_nan: bool,
    /// Infinity and overflow of the dtype are accepted (`ensure_all_finite=False`).
    pub allow_infinite: bool,
}

impl InputPolicy {
    /// Checks all values of `x`, shape (rows, features): `sklearn.utils.validation._assert_all_finite`.
    ///
    /// # Errors
    /// The first kind of value that scikit-learn would complain of: NaN before infinity, with its place.
    pub fn check(&self, x: ArrayView2<'_, f64>) -> Result<(), InputError> {
        if self.allow_nan && self.allow_infinite || within(x, self.dtype.overflow()) {
            return Ok(());
        }
        if !self.allow_nan
            && let Some((row, column)) = find(x, f64::is_nan)
        {
            return Err(InputError::Missing { row, column, hint: missing_hint(&self.estimator) });
        }
        if !self.allow_infinite
            && let Some((row, column)) = find(x, |value| value.abs() >= self.dtype.overflow())
        {
            return Err(InputError::Infinite { row, column, dtype: self.dtype });
        }
        Ok(())
    }

    /// The same after the fact: `products` are sums of products of every value of `x`, which are finite only when all of
    /// these are, so that mostly nothing has to be looked at twice.
    ///
    /// # Errors
    /// As [`InputPolicy::check`].
    pub fn check_by(&self, products: &[f64], x: ArrayView2<'_, f64>) -> Result<(), InputError> {
        if self.dtype == FloatType::F64 && all_finite(products) { Ok(()) } else { self.check(x) }
    }
}

/// What scikit-learn adds to "Input X contains NaN." when it knows the estimator; empty when `estimator` is.
pub fn missing_hint(estimator: &str) -> String {
    if estimator.is_empty() {
        return String::new();
    }
    format!(
        "\n{estimator} does not accept missing values encoded as NaN natively. For supervised learning, you might want \
         to consider sklearn.ensemble.HistGradientBoostingClassifier and Regressor which accept missing values encoded \
         as NaNs natively. Alternatively, it is possible to preprocess the data, for instance by using an imputer \
         transformer in a pipeline or drop samples with missing values. See \
         https://scikit-learn.org/stable/modules/impute.html You can find a list of all estimators that handle NaN \
         values at the following page: \
         https://scikit-learn.org/stable/modules/impute.html#estimators-that-handle-nan-values"
    )
}

/// Whether every value is a number below `bound` in magnitude: the whole check for nearly every request, so it has no
/// branch for the compiler to stumble over.
fn within(x: ArrayView2<'_, f64>, bound: f64) -> bool {
    let all = |values: &[f64]| values.iter().fold(true, |ok, value| ok & (value.abs() < bound));
    match x.as_slice() {
        Some(values) => all(values),
        None => x.iter().all(|value| value.abs() < bound),
    }
}

/// Row and column of the first value that is `bad`, in row order.
fn find(x: ArrayView2<'_, f64>, bad: impl Fn(f64) -> bool) -> Option<(usize, usize)> {
    x.indexed_iter().find(|(_, value)| bad(**value)).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    fn policy(dtype: FloatType, allow_nan: bool, allow_infinite: bool) -> InputPolicy {
        InputPolicy { estimator: "Ridge".into(), dtype, allow_nan, allow_infinite }
    }

    /// `expected`: the first words of the message and its place, or `None` when the values pass.
    #[track_caller]
    fn check(policy: InputPolicy, x: [[f64; 2]; 2], expected: Option<(&str, (usize, usize))>) {
        let x = Array2::from(x.to_vec());
        // The same values as a view with gaps, which takes the slow path.
        let mut wide = Array2::zeros((2, 4));
        wide.slice_mut(s![.., ..;2]).assign(&x);
        for view in [x.view(), wide.slice(s![.., ..;2])] {
            let got = policy.check(view).err().map(|e| (e.to_string(), e.place()));
            match (&got, expected) {
                (None, None) => {}
                (Some((message, place)), Some((text, at))) => {
                    assert!(message.starts_with(text), "{message}");
                    assert_eq!(*place, at);
                }
                _ => panic!("got {got:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn nan_is_reported_before_infinity() {
        let f64_policy = policy(FloatType::F64, false, false);
        let nan = "Input X contains NaN.\nRidge does not accept missing values encoded as NaN natively. For supervised";
        let infinite = "Input X contains infinity or a value too large for dtype('float64').";
        check(f64_policy.clone(), [[1.0, 2.0], [f64::MAX, f64::MAX]], None);
        check(f64_policy.clone(), [[INF, 2.0], [3.0, NAN]], Some((nan, (1, 1))));
        check(f64_policy.clone(), [[1.0, -INF], [3.0, INF]], Some((infinite, (0, 1))));
        check(policy(FloatType::F64, true, false), [[NAN, 1.0], [NAN, 1.0]], None);
        check(policy(FloatType::F64, true, false), [[NAN, 1.0], [INF, 1.0]], Some((infinite, (1, 0))));
        check(policy(FloatType::F64, false, true), [[NAN, INF], [1.0, 1.0]], Some((nan, (0, 0))));
        check(policy(FloatType::F64, true, true), [[NAN, INF], [1.0, 1.0]], None);
    }

    #[test]
    fn a_value_too_large_for_float32_is_infinite_there() {
        let infinite = "Input X contains infinity or a value too large for dtype('float32').";
        let largest = FloatType::F32.overflow().next_down();
        for (value, fits) in [(largest, true), (FloatType::F32.overflow(), false), (-1e39, false)] {
            assert_eq!((value as f32).is_finite(), fits, "{value}");
            let expected = (!fits).then_some((infinite, (1, 0)));
            check(policy(FloatType::F32, false, false), [[0.0, 1.0], [value, 1.0]], expected);
        }
        check(policy(FloatType::F32, true, false), [[NAN, 1.0], [1e39, 1.0]], Some((infinite, (1, 0))));
    }
}
