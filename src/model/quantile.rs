//! `QuantileTransformer`: numbers to their place among those of training, or to the normal distribution.

use super::math::norm_ppf;
use super::{InputError, InputPolicy};
use ndarray::Array2;

/// `sklearn.preprocessing._data.BOUNDS_THRESHOLD`.
const BOUNDS_THRESHOLD: f64 = 1e-7;

/// `QuantileTransformer`.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileTransformer {
    pub(crate) policy: InputPolicy,
    /// For each column its quantiles, ascending.
    pub(crate) quantiles: Vec<Vec<f64>>,
    /// As many, from 0 to 1.
    pub(crate) references: Vec<f64>,
    /// `output_distribution='normal'`.
    pub(crate) normal: bool,
}

impl QuantileTransformer {
    pub fn n_features(&self) -> usize {
        self.quantiles.len()
    }

    /// `QuantileTransformer.transform`. Tied quantiles are met from both sides: the mean of the two.
    ///
    /// # Errors
    /// When a value is infinite.
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let references: Vec<f64> = self.references.iter().rev().map(|value| -value).collect();
        for (mut column, quantiles) in x.columns_mut().into_iter().zip(&self.quantiles) {
            let mirrored: Vec<f64> = quantiles.iter().rev().map(|value| -value).collect();
            column.mapv_inplace(|x| {
                let place = self.bound(x, quantiles).unwrap_or_else(|| {
                    0.5 * (interp(x, quantiles, &self.references) - interp(-x, &mirrored, &references))
                });
                if self.normal { normal(place) } else { place }
            });
        }
        Ok(x)
    }

    /// 0 or 1 at and beyond the ends; the lower one counts where they are the same.
    fn bound(&self, x: f64, quantiles: &[f64]) -> Option<f64> {
        let (low, high) = (quantiles[0], quantiles[quantiles.len() - 1]);
        let (below, above) = match self.normal {
            true => (x - BOUNDS_THRESHOLD < low, x + BOUNDS_THRESHOLD > high),
            false => (x == low, x == high),
        };
        if below { Some(0.0) } else { above.then_some(1.0) }
    }
}

/// `scipy.stats.norm.ppf`, clipped as scikit-learn does.
fn normal(place: f64) -> f64 {
    let low = norm_ppf(BOUNDS_THRESHOLD - f64::EPSILON);
    let high = norm_ppf(1.0 - (BOUNDS_THRESHOLD - f64::EPSILON));
    let value = norm_ppf(place);
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}

/// `numpy.interp` of one value; `xp` ascends.
fn interp(x: f64, xp: &[f64], fp: &[f64]) -> f64 {
    if x.is_nan() {
        return x;
    }
    let last = xp.len() - 1;
    let above = xp.partition_point(|known| *known <= x);
    match above.checked_sub(1) {
        None => fp[0],
        Some(at) if at == last || xp[at] == x => fp[at],
        Some(at) => (fp[at + 1] - fp[at]) / (xp[at + 1] - xp[at]) * (x - xp[at]) + fp[at],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_is_numpys() {
        let (xp, fp) = ([1.0, 2.0, 2.0, 4.0], [0.0, 0.25, 0.5, 1.0]);
        let check = |x: f64, expected: f64| assert_eq!(interp(x, &xp, &fp), expected, "{x}");
        check(0.0, 0.0);
        check(1.0, 0.0);
        check(1.5, 0.125);
        check(2.0, 0.5);
        check(3.0, 0.75);
        check(4.0, 1.0);
        check(9.0, 1.0);
        assert!(interp(f64::NAN, &xp, &fp).is_nan());
    }
}
