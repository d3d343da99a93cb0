//! Isotonic regression: a line through thresholds, as numpy draws it.

use super::{FloatType, InputError, Method, Output};
use ndarray::ArrayView2;

/// `IsotonicRegression`, also as a calibrator.
#[derive(Debug, Clone, PartialEq)]
pub struct Isotonic {
    /// Ascending; at least one.
    pub x: Vec<f64>,
    /// One for each of `x`.
    pub y: Vec<f64>,
    /// What the thresholds were fitted and are computed in.
    pub dtype: FloatType,
    pub outside: Outside,
}

/// What becomes of inputs outside the thresholds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outside {
    Missing,
    /// They count as the bound.
    Clip {
        low: f64,
        high: f64,
    },
    Refuse,
}

impl Isotonic {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::Transform]
    }

    pub fn n_features(&self) -> usize {
        1
    }

    /// `IsotonicRegression.predict` and `transform`, which are the same.
    ///
    /// # Errors
    /// Where an input is not finite, or outside the thresholds where that is refused.
    pub fn call(&self, _: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let values = x.iter().enumerate().map(|(row, value)| {
            let refused = |message: String| InputError::Refused { row, column: 0, message };
            let overflows = self.dtype == FloatType::F32 && (*value as f32).is_infinite();
            if value.is_nan() {
                return Err(refused("Input contains NaN.".into()));
            } else if value.is_infinite() || overflows {
                let dtype = if self.dtype == FloatType::F32 { "float32" } else { "float64" };
                let message = format!("Input contains infinity or a value too large for dtype('{dtype}').");
                return Err(refused(message));
            }
            self.at(*value).ok_or_else(|| refused(self.out_of_range(*value)))
        });
        Ok(Output::Floats(values.collect::<Result<_, _>>()?))
    }

    /// The value at `x`; `None` where that is refused.
    pub fn at(&self, x: f64) -> Option<f64> {
        let x = if self.dtype == FloatType::F32 { f64::from(x as f32) } else { x };
        let x = match self.outside {
            Outside::Clip { low, .. } if x < low => low,
            Outside::Clip { high, .. } if x > high => high,
            _ => x,
        };
        if let [only] = self.y[..] {
            return Some(only);
        }
        let (first, last) = (self.x[0], self.x[self.x.len() - 1]);
        match self.outside {
            Outside::Refuse if x < first || x > last => None,
            _ if x < first || x > last || x.is_nan() => Some(f64::NAN),
            _ if self.dtype == FloatType::F32 => Some(f64::from(self.float32(x as f32))),
            _ => Some(interpolate(x, &self.x, &self.y)),
        }
    }

    /// `scipy.interpolate.interp1d._call_linear`, in single precision: what numpy's interpolation is not used for.
    fn float32(&self, x: f32) -> f32 {
        let above = self.x.partition_point(|threshold| (*threshold as f32) < x).clamp(1, self.x.len() - 1);
        let (low, high) = (self.x[above - 1] as f32, self.x[above] as f32);
        let (from, to) = (self.y[above - 1] as f32, self.y[above] as f32);
        (to - from) / (high - low) * (x - low) + from
    }

    fn out_of_range(&self, x: f64) -> String {
        let x = if self.dtype == FloatType::F32 { f64::from(x as f32) } else { x };
        let (side, bound, limit) = match x < self.x[0] {
            true => ("below", "minimum", self.x[0]),
            false => ("above", "maximum", self.x[self.x.len() - 1]),
        };
        let (x, limit) = (python_float(x), python_float(limit));
        format!("A value ({x}) in x_new is {side} the interpolation range's {bound} value ({limit}).")
    }
}

/// A float as Python writes it.
fn python_float(x: f64) -> String {
    if x == 0.0 || (1e-4..1e16).contains(&x.abs()) {
        return format!("{x:?}");
    }
    let text = format!("{x:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}

/// `numpy.interp` of one number within ascending `xs`, at least two.
pub fn interpolate(x: f64, xs: &[f64], ys: &[f64]) -> f64 {
    let at = xs.partition_point(|threshold| *threshold <= x);
    if at == 0 {
        return ys[0];
    }
    let at = at - 1;
    if at + 1 == xs.len() || xs[at] == x {
        return ys[at];
    }
    let slope = (ys[at + 1] - ys[at]) / (xs[at + 1] - xs[at]);
    let value = slope * (x - xs[at]) + ys[at];
    if !value.is_nan() {
        return value;
    }
    let value = slope * (x - xs[at + 1]) + ys[at + 1];
    if value.is_nan() && ys[at] == ys[at + 1] { ys[at] } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (x, expected) in [
            (1e30, "1e+30"),
            (-0.5, "-0.5"),
            (1.5e-5, "1.5e-05"),
            (1e-4, "0.0001"),
            (1e15, "1000000000000000.0"),
            (0.0, "0.0"),
        ] {
            assert_eq!(python_float(x), expected);
        }
    }

    fn model(outside: Outside) -> Isotonic {
        Isotonic { x: vec![1.0, 2.0, 4.0], y: vec![0.0, 1.0, 1.5], dtype: FloatType::F64, outside }
    }

    #[test]
    fn inputs_outside_are_missing_clipped_or_refused() {
        let x = array![[0.0], [1.0], [1.25], [3.0], [4.0], [9.0]];
        let clip = Outside::Clip { low: 1.0, high: 4.0 };
        let Ok(Output::Floats(clipped)) = model(clip).call(Method::Predict, x.view()) else { panic!() };
        assert_eq!(clipped, [0.0, 0.0, 0.25, 1.25, 1.5, 1.5]);
        let Ok(Output::Floats(missing)) = model(Outside::Missing).call(Method::Predict, x.view()) else { panic!() };
        assert_eq!(missing.iter().map(|y| y.is_nan()).collect::<Vec<_>>(), [true, false, false, false, false, true]);
        let error = model(Outside::Refuse).call(Method::Predict, x.view()).unwrap_err();
        assert_eq!(error.to_string(), "A value (0.0) in x_new is below the interpolation range's minimum value (1.0).");
    }
}
