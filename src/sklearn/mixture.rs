//! `GaussianMixture` and `BayesianGaussianMixture`.

use super::attributes::{class_name, n_features, numbers, policy, vector};
use super::{BuildError, Context};
use crate::model::Mixture;
use crate::model::mixture::Precision;
use crate::value::View;

/// Reads means, precisions and weights.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn mixture(value: &View<'_, '_>, ctx: &mut Context) -> Result<Mixture, BuildError> {
    let means = value.attr("means_")?;
    let (n, d) = match means.shape()[..] {
        [n, d] if n > 0 => (n, n_features(value, Some(d), ctx)?),
        _ => return Err(means.error(format!("expected a row for each component, found {}", means.kind())).into()),
    };
    let means = numbers(&means, ctx)?;
    let (precision, mut constants) = precision(value, &means, (n, d), ctx)?;
    let weights = match class_name(value) {
        "BayesianGaussianMixture" => bayesian(value, (n, d), ctx)?,
        _ => vector(value, "weights_", ctx)?.into_iter().map(f64::ln).collect(),
    };
    if weights.len() != n {
        return Err(value.error(format!("{} weights for {n} components", weights.len())).into());
    }
    constants.iter_mut().zip(weights).for_each(|(constant, weight)| *constant += weight);
    Ok(Mixture { policy: policy(value, false), n_features: d, means, precision, constants })
}

/// The factors of the precisions, and the logarithms of their determinants (`_compute_log_det_cholesky`).
fn precision(
    value: &View<'_, '_>,
    means: &[f64],
    (n, d): (usize, usize),
    ctx: &mut Context,
) -> Result<(Precision, Vec<f64>), BuildError> {
    let factors = value.attr("precisions_cholesky_")?;
    let kind = value.attr("covariance_type")?;
    let shape = factors.shape();
    let stored = numbers(&factors, ctx)?;
    let log_sum = |values: &mut dyn Iterator<Item = f64>| values.map(f64::ln).sum::<f64>();
    Ok(match kind.str()? {
        "full" | "tied" if shape == [n, d, d] && shape.len() == 3 || shape == [d, d] && kind.str() == Ok("tied") => {
            let shared = shape.len() == 2;
            let matrices = stored.chunks_exact(d * d);
            let columns: Vec<f64> = matrices.clone().flat_map(|matrix| transposed(matrix, d)).collect();
            let of = |at: usize| &columns[if shared { 0 } else { at * d * d }..][..d * d];
            let product = |column: &[f64], mean: &[f64]| column.iter().zip(mean).map(|(a, b)| a * b).sum::<f64>();
            let moved = |at: usize| {
                let mean = &means[at * d..][..d];
                of(at).chunks_exact(d).map(|column| product(column, mean)).collect::<Vec<_>>()
            };
            let moved = (0..n).flat_map(moved).collect();
            let constants = (0..n).map(|at| log_sum(&mut (0..d).map(|i| of(at)[i * d + i]))).collect();
            (Precision::Matrices { columns: columns.clone(), means: moved, shared }, constants)
        }
        "diag" if shape == [n, d] => {
            let constants = stored.chunks_exact(d).map(|row| log_sum(&mut row.iter().copied())).collect();
            (Precision::Diagonal(stored.iter().map(|factor| factor * factor).collect()), constants)
        }
        "spherical" if shape == [n] => {
            let constants = stored.iter().map(|factor| d as f64 * factor.ln()).collect();
            (Precision::Spherical(stored.iter().map(|factor| factor * factor).collect()), constants)
        }
        other => return Err(factors.error(format!("covariance_type={other:?}, but {}", factors.kind())).into()),
    })
}

fn transposed(matrix: &[f64], d: usize) -> Vec<f64> {
    (0..d * d).map(|at| matrix[at % d * d + at / d]).collect()
}

/// Log-weights, and what the spread of means and precisions adds (`BayesianGaussianMixture._estimate_log_prob`).
fn bayesian(value: &View<'_, '_>, (n, d): (usize, usize), ctx: &mut Context) -> Result<Vec<f64>, BuildError> {
    // One number where all components share their spread.
    let mut freedom = numbers(&value.attr("degrees_of_freedom_")?, ctx)?;
    if let [shared] = freedom[..] {
        freedom = vec![shared; n];
    }
    let certainty = vector(value, "mean_precision_", ctx)?;
    if freedom.len() != n || certainty.len() != n {
        return Err(value.error(format!("degrees of freedom are not for {n} components")).into());
    }
    let concentration = value.attr("weight_concentration_")?;
    let weights = match value.attr("weight_concentration_prior_type")?.str()? {
        "dirichlet_process" => {
            let [a, b] = &concentration.items()?[..] else {
                return Err(concentration.error("expected two arrays").into());
            };
            stick_breaking(&numbers(a, ctx)?, &numbers(b, ctx)?)
        }
        _ => {
            let all = numbers(&concentration, ctx)?;
            let total = digamma(all.iter().sum());
            all.into_iter().map(|weight| digamma(weight) - total).collect()
        }
    };
    let size = d as f64;
    let spread = |(freedom, certainty): (f64, f64)| {
        let digammas: f64 = (0..d).map(|i| digamma(0.5 * (freedom - i as f64))).sum();
        0.5 * (size * 2f64.ln() + digammas - size / certainty) - 0.5 * size * freedom.ln()
    };
    let spreads = freedom.into_iter().zip(certainty).map(spread);
    Ok(weights.into_iter().zip(spreads).map(|(weight, spread)| weight + spread).collect())
}

fn stick_breaking(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut rest = 0.0;
    let weight = |(a, b): (&f64, &f64)| {
        let total = digamma(a + b);
        let weight = digamma(*a) - total + rest;
        rest += digamma(*b) - total;
        weight
    };
    a.iter().zip(b).map(weight).collect()
}

/// The derivative of the logarithm of the gamma function, for positive numbers: upward by recurrence, then the
/// asymptotic series (Abramowitz and Stegun, 6.3.18).
fn digamma(x: f64) -> f64 {
    const ENOUGH: f64 = 12.0;
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut sum) = (x, 0.0);
    while x < ENOUGH {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let terms = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0];
    let series = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * y);
    sum + x.ln() - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::digamma;

    /// Expected: `scipy.special.digamma`.
    #[test]
    fn digamma_is_scipys() {
        for (x, expected) in [
            (0.5, -1.963_510_026_021_423_5),
            (1.0, -0.577_215_664_901_532_9),
            (3.7, 1.167_153_539_361_511_3),
            (20.0, 2.970_523_992_242_149),
        ] {
            let got = digamma(x);
            assert!(((got - expected) / expected).abs() < 1e-14, "{x}: {got} {expected}");
        }
        assert!(digamma(0.0).is_nan() && digamma(-1.0).is_nan());
    }
}
