//! Least squares with coefficients of at least 0, by active sets (Lawson and Hanson, 1974; `scipy.optimize.nnls`).

use super::FitError;
use nalgebra::{DMatrix, DVector};

/// Minimizes `|y - Xw|² + alpha |w|²` over `w >= 0`.
///
/// # Errors
/// When it does not come to an end, as with values that are not finite.
pub(super) fn least_squares(x: &DMatrix<f64>, y: &DVector<f64>, alpha: f64) -> Result<Vec<f64>, FitError> {
    let (gram, target) = (x.tr_mul(x), x.tr_mul(y));
    let n = gram.nrows();
    let largest = (0..n).fold(0.0f64, |most, j| most.max(gram[(j, j)]));
    // What rounding leaves of a slope that is 0.
    let noise = 10.0 * f64::EPSILON * largest.sqrt() * y.norm() * n as f64;
    let (mut w, mut free) = (vec![0.0; n], vec![false; n]);
    let slope = |w: &[f64], j: usize| {
        let others: f64 = gram.column(j).iter().zip(w).map(|(g, w)| g * w).sum();
        target[j] - others - alpha * w[j]
    };
    for _ in 0..3 * n.max(10) {
        let blocked = (0..n).filter(|j| !free[*j]).map(|j| (slope(&w, j), j));
        let Some((_, enters)) = blocked.filter(|(slope, _)| *slope > noise).min_by(|a, b| b.0.total_cmp(&a.0)) else {
            return Ok(w);
        };
        free[enters] = true;
        loop {
            let of: Vec<usize> = (0..n).filter(|j| free[*j]).collect();
            let Some(best) = solve(&gram, &target, alpha, &of) else {
                // It says nothing that the others do not say.
                free[enters] = false;
                return Ok(w);
            };
            let steps = of.iter().zip(&best).filter(|(_, to)| **to <= 0.0).map(|(j, to)| w[*j] / (w[*j] - to));
            let length = steps.fold(f64::INFINITY, f64::min);
            if length.is_infinite() {
                of.iter().zip(best).for_each(|(j, to)| w[*j] = to);
                break;
            }
            for (j, to) in of.iter().zip(best) {
                let reached = w[*j] + length * (to - w[*j]);
                free[*j] = to > 0.0 || reached > 0.0 && reached > f64::EPSILON * w[*j];
                w[*j] = if free[*j] { reached } else { 0.0 };
            }
        }
    }
    Err(FitError::Parameter(
        "positive=True: no solution was found; scale the data, or drop columns that are alike".into(),
    ))
}

/// Least squares with these coefficients alone; `None` where they depend on each other.
fn solve(gram: &DMatrix<f64>, target: &DVector<f64>, alpha: f64, of: &[usize]) -> Option<Vec<f64>> {
    let part = DMatrix::from_fn(of.len(), of.len(), |i, j| gram[(of[i], of[j])] + if i == j { alpha } else { 0.0 });
    let target = DVector::from_iterator(of.len(), of.iter().map(|j| target[*j]));
    let solved = part.cholesky()?.solve(&target);
    solved.iter().all(|w| w.is_finite()).then(|| solved.as_slice().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(x: &[[f64; 2]], y: &[f64], alpha: f64, expected: [f64; 2]) {
        let x = DMatrix::from_row_iterator(x.len(), 2, x.iter().flatten().copied());
        let found = least_squares(&x, &DVector::from_row_slice(y), alpha).unwrap();
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12), "{found:?} instead of {expected:?}");
    }

    #[test]
    fn coefficients_below_zero_become_zero() {
        check(&[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], &[2.0, 3.0, 5.0], 0.0, [2.0, 3.0]);
        check(&[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], &[2.0, -3.0, -1.0], 0.0, [0.5, 0.0]);
        check(&[[1.0, 0.0], [0.0, 1.0]], &[-2.0, -3.0], 0.0, [0.0, 0.0]);
        check(&[[1.0, 0.0], [0.0, 2.0]], &[2.0, 3.0], 1.0, [1.0, 1.2]);
        check(&[[1.0, 1.0], [2.0, 2.0]], &[1.0, 2.0], 0.0, [1.0, 0.0]);
    }
}
