//! How much alike two rows are: the kernels of `sklearn.metrics.pairwise`.

use super::InputError;
use super::math::dot;
use super::svm::squared_distance;

/// A kernel with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pairwise {
    Linear,
    /// The power is a float here, where libsvm takes an integer.
    Polynomial {
        gamma: f64,
        coef0: f64,
        degree: f64,
    },
    Rbf {
        gamma: f64,
    },
    Laplacian {
        gamma: f64,
    },
    Sigmoid {
        gamma: f64,
        coef0: f64,
    },
    Cosine,
    AdditiveChi2,
    Chi2 {
        gamma: f64,
    },
}

impl Pairwise {
    /// `pairwise_kernels` of two rows of equal length.
    pub fn of(self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Pairwise::Linear => dot(x, y),
            Pairwise::Polynomial { gamma, coef0, degree } => (dot(x, y) * gamma + coef0).powf(degree),
            Pairwise::Rbf { gamma } => (squared_distance(x, y) * -gamma).exp(),
            Pairwise::Laplacian { gamma } => {
                (x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + (x - y).abs()) * -gamma).exp()
            }
            Pairwise::Sigmoid { gamma, coef0 } => (dot(x, y) * gamma + coef0).tanh(),
            Pairwise::Cosine => dot(&unit(x), &unit(y)),
            Pairwise::AdditiveChi2 => additive_chi2(x, y),
            Pairwise::Chi2 { gamma } => (additive_chi2(x, y) * gamma).exp(),
        }
    }

    /// The chi-squared kernels take counts.
    ///
    /// # Errors
    /// When row `at` holds a negative number.
    pub fn refuse_negative(self, at: usize, row: &[f64]) -> Result<(), InputError> {
        match row.iter().position(|value| *value < 0.0) {
            Some(column) if self.is_chi2() => {
                Err(InputError::Refused { row: at, column, message: "X contains negative values.".into() })
            }
            _ => Ok(()),
        }
    }

    /// Whether it refuses negative numbers.
    pub fn is_chi2(self) -> bool {
        matches!(self, Pairwise::AdditiveChi2 | Pairwise::Chi2 { .. })
    }
}

/// `normalize` of one row: a row of zeros stays.
fn unit(row: &[f64]) -> Vec<f64> {
    let length = dot(row, row).sqrt();
    let length = if length == 0.0 { 1.0 } else { length };
    row.iter().map(|x| x / length).collect()
}

/// `_chi2_kernel_fast`.
fn additive_chi2(x: &[f64], y: &[f64]) -> f64 {
    let terms = x.iter().zip(y).map(|(x, y)| ((x - y) * (x - y), x + y)).filter(|(_, sum)| *sum != 0.0);
    -terms.fold(0.0, |total, (square, sum)| total + square / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: `sklearn.metrics.pairwise.pairwise_kernels([[1., 0., 2.]], [[3., 0., 1.]], …)` of 1.9.1.
    #[test]
    fn kernels_are_scikit_learns() {
        for (kernel, expected) in [
            (Pairwise::Linear, 5.0),
            (Pairwise::Polynomial { gamma: 0.5, coef0: 1.0, degree: 2.0 }, 12.25),
            (Pairwise::Rbf { gamma: 0.1 }, 0.606_530_659_712_633_4),
            (Pairwise::Laplacian { gamma: 0.5 }, 0.223_130_160_148_429_82),
            (Pairwise::Sigmoid { gamma: 0.1, coef0: -0.25 }, 0.244_918_662_403_709_12),
            (Pairwise::Cosine, 0.707_106_781_186_547_5),
            (Pairwise::AdditiveChi2, -1.333_333_333_333_333_3),
            (Pairwise::Chi2 { gamma: 0.5 }, 0.513_417_119_032_592),
        ] {
            let got = kernel.of(&[1.0, 0.0, 2.0], &[3.0, 0.0, 1.0]);
            assert!((got - expected).abs() <= 1e-15 * expected.abs().max(1.0), "{kernel:?}: {got}");
        }
        assert_eq!(Pairwise::Cosine.of(&[0.0, 0.0], &[1.0, 2.0]), 0.0);
    }
}
