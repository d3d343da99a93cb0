//! Kernels as columns: `Nystroem`, `RBFSampler`, `SkewedChi2Sampler`, `AdditiveChi2Sampler`, `PolynomialCountSketch`.

use super::math::dot;
use super::pairwise::Pairwise;
use super::{InputError, InputPolicy};
use ndarray::Array2;
use std::f64::consts::PI;

/// Rows whose products approximate a kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelApproximation {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub map: Map,
}

/// How a row is mapped.
#[derive(Debug, Clone, PartialEq)]
pub enum Map {
    /// The kernel with some of the training rows, projected.
    Nystroem {
        kernel: Pairwise,
        /// Row-major, of `n_features` columns.
        rows: Vec<f64>,
        /// `normalization_`, square.
        normalization: Array2<f64>,
    },
    /// Cosines of random projections.
    Fourier {
        /// What is added before the logarithm, where one is taken (`SkewedChi2Sampler`).
        skewedness: Option<f64>,
        /// Transposed: shape (components, features).
        weights: Array2<f64>,
        offsets: Vec<f64>,
        scale: f64,
    },
    AdditiveChi2 {
        steps: usize,
        interval: f64,
    },
    /// Products of sketches: of each degree, where each feature counts, and its sign.
    CountSketch {
        gamma: f64,
        coef0: f64,
        n_components: usize,
        sketches: Vec<Vec<(usize, f64)>>,
    },
}

impl KernelApproximation {
    pub fn n_features_out(&self) -> usize {
        match &self.map {
            Map::Nystroem { normalization, .. } => normalization.nrows(),
            Map::Fourier { offsets, .. } => offsets.len(),
            Map::AdditiveChi2 { steps, .. } => self.n_features * (2 * steps - 1),
            Map::CountSketch { n_components, .. } => *n_components,
        }
    }

    /// `transform` of the samplers of `sklearn.kernel_approximation`.
    ///
    /// # Errors
    /// When a value is NaN or infinite, or negative where that is refused.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut out = Vec::with_capacity(x.nrows() * self.n_features_out());
        for (at, row) in x.rows().into_iter().enumerate() {
            self.refuse(at, &row.to_vec())?;
            self.map.extend(row.to_vec(), self.n_features, &mut out);
        }
        Ok(super::tree::rows_of(out, self.n_features_out()))
    }

    fn refuse(&self, at: usize, row: &[f64]) -> Result<(), InputError> {
        let refused = |value: &f64| match &self.map {
            Map::Fourier { skewedness: Some(skewedness), .. } => *value <= -skewedness,
            Map::AdditiveChi2 { .. } => *value < 0.0,
            _ => false,
        };
        let message = match &self.map {
            Map::Nystroem { kernel, .. } => return kernel.refuse_negative(at, row),
            Map::Fourier { .. } => "X may not contain entries smaller than -skewedness.",
            _ => "Negative values in data passed to AdditiveChi2Sampler.",
        };
        match row.iter().position(refused) {
            Some(column) => Err(InputError::Refused { row: at, column, message: message.into() }),
            None => Ok(()),
        }
    }
}

impl Map {
    /// Appends the columns of one row.
    fn extend(&self, mut row: Vec<f64>, n_features: usize, out: &mut Vec<f64>) {
        match self {
            Map::Nystroem { kernel, rows, normalization } => {
                let alike: Vec<f64> = rows.chunks_exact(n_features).map(|known| kernel.of(&row, known)).collect();
                out.extend(normalization.rows().into_iter().map(|weights| dot(&alike, &weights.to_vec())));
            }
            Map::Fourier { skewedness, weights, offsets, scale } => {
                if let Some(skewedness) = skewedness {
                    row.iter_mut().for_each(|x| *x = (*x + skewedness).ln());
                }
                let projected = weights.rows().into_iter().zip(offsets);
                let value = |(weights, offset): (ndarray::ArrayView1<'_, f64>, &f64)| {
                    (dot(&row, weights.as_slice().expect("weights are row-major")) + offset).cos() * scale
                };
                out.extend(projected.map(value));
            }
            Map::AdditiveChi2 { steps, interval } => additive_chi2(&row, *steps, *interval, out),
            Map::CountSketch { gamma, coef0, n_components, sketches } => {
                row.iter_mut().for_each(|x| *x *= gamma.sqrt());
                if *coef0 != 0.0 {
                    row.push(coef0.sqrt());
                }
                let sketched = sketches.iter().map(|sketch| {
                    let mut counts = vec![0.0; *n_components];
                    sketch.iter().zip(&row).for_each(|((place, sign), x)| counts[*place] += sign * x);
                    counts
                });
                out.extend(sketched.reduce(|a, b| circular(&a, &b)).unwrap_or_default());
            }
        }
    }
}

/// `_transform_dense` of `AdditiveChi2Sampler`: zeros stay zero.
fn additive_chi2(row: &[f64], steps: usize, interval: f64, out: &mut Vec<f64>) {
    let nonzero = |value: fn(f64, f64, f64) -> f64, j: f64, x: f64, interval: f64| match x == 0.0 {
        true => 0.0,
        false => {
            let factor = (2.0 * x * interval / (PI * j * interval).cosh()).sqrt();
            value(factor, j, interval * x.ln())
        }
    };
    out.extend(row.iter().map(|x| (x * interval).sqrt()));
    for j in 1..steps {
        let j = j as f64;
        out.extend(row.iter().map(|x| nonzero(|factor, j, log| factor * (j * log).cos(), j, *x, interval)));
        out.extend(row.iter().map(|x| nonzero(|factor, j, log| factor * (j * log).sin(), j, *x, interval)));
    }
}

/// The circular convolution, which scikit-learn computes through Fourier transforms.
fn circular(a: &[f64], b: &[f64]) -> Vec<f64> {
    let n = a.len();
    let mut out = vec![0.0; n];
    for (i, a) in a.iter().enumerate().filter(|(_, a)| **a != 0.0) {
        let (head, tail) = out.split_at_mut(i);
        tail.iter_mut().zip(b).for_each(|(sum, b)| *sum += a * b);
        head.iter_mut().zip(&b[n - i..]).for_each(|(sum, b)| *sum += a * b);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: `numpy.real(ifft(fft(a) * fft(b)))`.
    #[test]
    fn convolutions_go_round() {
        assert_eq!(circular(&[1.0, 2.0, 0.0], &[3.0, 4.0, 5.0]), [13.0, 10.0, 13.0]);
        assert_eq!(circular(&[2.0], &[3.0]), [6.0]);
    }
}
