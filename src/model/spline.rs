//! `SplineTransformer`: each column as the B-splines that are not 0 where it is.

use super::{InputError, InputPolicy};
use ndarray::Array2;
use std::sync::Arc;

/// B-splines of every column.
#[derive(Debug, Clone, PartialEq)]
pub struct SplineTransformer {
    pub(crate) policy: InputPolicy,
    /// One for each input column, all of as many functions.
    pub(crate) splines: Vec<Spline>,
    pub(crate) beyond: Beyond,
    /// The last function of each column is left out.
    pub(crate) drops_last: bool,
    /// What scikit-learn says of values beyond the knots, where it refuses them.
    pub(crate) refusal: &'static str,
}

/// What becomes of values beyond the outer knots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    Refuse,
    /// The value at the outer knot.
    Constant,
    /// From there with its slope.
    Linear,
    /// The outer polynomials go on.
    Continue,
    /// The values between the outer knots come again.
    Periodic,
}

/// `scipy.interpolate.BSpline` of several functions.
#[derive(Debug, Clone, PartialEq)]
pub struct Spline {
    /// Ascending; at least 2 (`degree` + 1).
    pub knots: Vec<f64>,
    pub degree: usize,
    /// Row-major, of `n_functions` columns and at least as many rows as there are knots, less `degree` + 1. Columns of the
    /// input have them in common.
    pub coefficients: Arc<Vec<f64>>,
    /// At least one.
    pub n_functions: usize,
    /// Which knot from either end is the outer one: the degree. scikit-learn takes a later one for all columns but the
    /// first where lines go on from functions of degree 0 or 1.
    pub edge: usize,
    /// How many functions are not 0 beyond it; at most `n_functions`.
    pub outer: usize,
}

impl SplineTransformer {
    pub fn n_features_in(&self) -> usize {
        self.splines.len()
    }

    pub fn n_features_out(&self) -> usize {
        self.splines.len() * (self.splines[0].n_functions - usize::from(self.drops_last))
    }

    /// `SplineTransformer.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite, or beyond the knots, where that is refused.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut out = Vec::with_capacity(x.nrows() * self.n_features_out());
        for (row, values) in x.rows().into_iter().enumerate() {
            for (column, (value, spline)) in values.iter().zip(&self.splines).enumerate() {
                let refused = || InputError::Refused { row, column, message: self.refusal.into() };
                let mut functions = spline.of(*value, self.beyond).ok_or_else(refused)?;
                functions.truncate(spline.n_functions - usize::from(self.drops_last));
                out.extend(functions);
            }
        }
        let shape = (x.nrows(), self.n_features_out());
        Ok(Array2::from_shape_vec(shape, out).expect("n_features_out values for each row"))
    }
}

impl Spline {
    /// All functions at `x`; `None` where that is refused. Zeros for NaN.
    fn of(&self, x: f64, beyond: Beyond) -> Option<Vec<f64>> {
        let (low, high) = (self.knots[self.edge], self.knots[self.knots.len() - self.edge - 1]);
        if x.is_nan() {
            return Some(vec![0.0; self.n_functions]);
        }
        let outside = x < low || x > high;
        match beyond {
            Beyond::Refuse if outside => None,
            Beyond::Periodic => Some(self.at(low + modulo(x - low, high - low), 0)),
            // There scikit-learn puts all values into no column.
            Beyond::Constant if x > high && self.outer == 0 => None,
            Beyond::Constant | Beyond::Linear if x < low => Some(self.outside(low, x, beyond, |at| at < self.outer)),
            Beyond::Constant | Beyond::Linear if x > high => {
                Some(self.outside(high, x, beyond, |at| at + self.outer >= self.n_functions))
            }
            _ => Some(self.at(x, 0)),
        }
    }

    /// The functions that are not 0 at an outer knot: as they are there, or on the line from there.
    fn outside(&self, knot: f64, x: f64, beyond: Beyond, counts: impl Fn(usize) -> bool) -> Vec<f64> {
        let mut values = self.at(knot, 0);
        if beyond == Beyond::Linear {
            values.iter_mut().zip(self.at(knot, 1)).for_each(|(value, slope)| *value += (x - knot) * slope);
        }
        values.iter_mut().enumerate().filter(|(at, _)| !counts(*at)).for_each(|(_, value)| *value = 0.0);
        values
    }

    /// `BSpline.__call__` with extrapolation, of one number; or its derivative.
    fn at(&self, x: f64, derivative: usize) -> Vec<f64> {
        let k = self.degree;
        let interval = self.interval(x);
        let basis = self.basis(x, interval, derivative);
        let mut values = vec![0.0; self.n_functions];
        for (row, weight) in basis.iter().take(k + 1).enumerate() {
            let coefficients = &self.coefficients[(interval + row - k) * self.n_functions..][..self.n_functions];
            values.iter_mut().zip(coefficients).for_each(|(value, c)| *value += c * weight);
        }
        values
    }

    /// The place of the knot at or before `x`, among those that have `degree` knots on either side.
    fn interval(&self, x: f64) -> usize {
        let (k, n) = (self.degree, self.knots.len() - self.degree - 1);
        let behind = self.knots[k + 1..n].partition_point(|knot| *knot <= x);
        k + behind
    }

    /// `_deBoor_D`: the functions that are not 0 in the interval, or their derivatives.
    fn basis(&self, x: f64, interval: usize, derivative: usize) -> Vec<f64> {
        let (k, t) = (self.degree, &self.knots);
        let mut h = vec![0.0; k + 1];
        h[0] = 1.0;
        for j in 1..=k {
            let before = h[..j].to_vec();
            h[0] = 0.0;
            let derives = j + derivative > k;
            for n in 1..=j {
                let (upper, lower) = (t[interval + n], t[interval + n - j]);
                if upper == lower {
                    h[if derives { derivative } else { n }] = 0.0;
                } else if derives {
                    let w = j as f64 * before[n - 1] / (upper - lower);
                    h[n - 1] -= w;
                    h[n] = w;
                } else {
                    let w = before[n - 1] / (upper - lower);
                    h[n - 1] += w * (upper - x);
                    h[n] = w * (x - lower);
                }
            }
        }
        if derivative > k { vec![0.0; k + 1] } else { h }
    }
}

/// `numpy.mod` by a positive number: the sign is that of the divisor.
fn modulo(x: f64, by: f64) -> f64 {
    let rest = x % by;
    if rest != 0.0 && rest < 0.0 { rest + by } else { rest + 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Degree 2 over the knots 0, 1, 2.
    fn spline() -> Spline {
        let knots = vec![-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0];
        let identity = (0..16).map(|at| f64::from(u8::from(at % 5 == 0))).collect();
        Spline { knots, degree: 2, coefficients: Arc::new(identity), n_functions: 4, edge: 2, outer: 2 }
    }

    /// Expected: `SplineTransformer(3, 2, extrapolation=…).fit([[0], [2]])` of scikit-learn 1.9.1.
    #[test]
    fn values_beyond_the_knots() {
        for (beyond, x, expected) in [
            (Beyond::Constant, 0.5, Some([0.125, 0.75, 0.125, 0.0])),
            (Beyond::Constant, 2.0, Some([0.0, 0.0, 0.5, 0.5])),
            (Beyond::Constant, -1.0, Some([0.5, 0.5, 0.0, 0.0])),
            (Beyond::Constant, 9.0, Some([0.0, 0.0, 0.5, 0.5])),
            (Beyond::Linear, -1.0, Some([1.5, -0.5, 0.0, 0.0])),
            (Beyond::Linear, 3.0, Some([0.0, 0.0, -0.5, 1.5])),
            (Beyond::Continue, -1.0, Some([2.0, -1.5, 0.5, 0.0])),
            (Beyond::Refuse, 2.5, None),
            (Beyond::Refuse, 1.0, Some([0.0, 0.5, 0.5, 0.0])),
            (Beyond::Refuse, f64::NAN, Some([0.0; 4])),
        ] {
            assert_eq!(spline().of(x, beyond), expected.map(|values| values.to_vec()), "{beyond:?} {x}");
        }
    }

    #[test]
    fn modulo_is_numpys() {
        for (x, by, expected) in [(5.5, 2.0, 1.5), (-0.5, 2.0, 1.5), (-4.0, 2.0, 0.0), (0.0, 2.0, 0.0)] {
            assert_eq!(modulo(x, by).to_bits(), f64::to_bits(expected), "{x} {by}");
        }
    }
}
