//! `QuantileTransformer`: numbers to their place among those of training, or to the normal distribution.

use super::math::{norm_cdf, norm_ppf};
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

    /// `QuantileTransformer.inverse_transform` of one value of a column.
    pub fn back(&self, x: f64, column: usize) -> f64 {
        let quantiles = &self.quantiles[column];
        let place = if self.normal { norm_cdf(x) } else { x };
        let (below, above) = match self.normal {
            true => (place - BOUNDS_THRESHOLD < 0.0, place + BOUNDS_THRESHOLD > 1.0),
            false => (place == 0.0, place == 1.0),
        };
        match (below, above) {
            (true, _) => quantiles[0],
            (_, true) => quantiles[quantiles.len() - 1],
            _ => interp(place, &self.references, quantiles),
        }
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

    /// Expected: `inverse_transform` of 1.9.1.
    #[test]
    fn places_are_taken_back() {
        let policy = InputPolicy {
            estimator: "QuantileTransformer".into(),
            dtype: crate::model::FloatType::F64,
            allow_nan: true,
            allow_infinite: false,
        };
        let (quantiles, references) = (vec![vec![1.0, 2.0, 2.0, 4.0, 10.0]], vec![0.0, 0.25, 0.5, 0.75, 1.0]);
        let uniform = QuantileTransformer { policy, quantiles, references, normal: false };
        let normal = QuantileTransformer { normal: true, ..uniform.clone() };
        for (x, of_uniform, of_normal) in [
            (0.0, 1.0, 2.0),
            (1.0, 10.0, 6.19227390564503),
            (0.6, 2.8, 3.8059750579994116),
            (-7.0, 1.0, 1.0),
            (7.0, 10.0, 10.0),
            (-1.9, 1.0, 1.1148662392640072),
        ] {
            assert_eq!(uniform.back(x, 0), of_uniform, "{x}");
            assert!((normal.back(x, 0) - of_normal).abs() <= 4.0 * f64::EPSILON, "{x}: {}", normal.back(x, 0));
        }
        assert!(normal.back(f64::NAN, 0).is_nan());
    }

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
