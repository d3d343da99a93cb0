//! `LinearRegression` and `Ridge` (`linear_model/_base.py`, `_ridge.py`).
//!
//! Coefficients agree with scikit-learn's within rounding, which LAPACK and BLAS also have between two machines.

use super::super::params::{Params, Spec};
use super::centered::{Centered, Coefficients};
use super::{Data, FitError, Fitted, positive};
use crate::value::Builder;
use nalgebra::{DMatrix, DVector, SVD};

/// Least squares by singular values (`scipy.linalg.lstsq` with `cond=tol`): where columns depend on each other, the
/// shortest of all solutions. With `positive`, by active sets.
pub(super) fn linear_regression(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let centered = Centered::of(spec, data)?;
    if spec.params.flag("positive") {
        let Centered { x, y, x_mean, y_mean } = centered;
        let coef = positive::least_squares(&x, &y, 0.0)?;
        let mut b = Builder::new();
        let state = Coefficients { coef, x_mean, y_mean }.state(&mut b, spec, data);
        return Ok(Fitted::new(b, state, vec![]));
    }
    let tol = spec.params.number("tol").unwrap_or_default();
    let (x_mean, y_mean) = (centered.x_mean.clone(), centered.y_mean);
    let parts = Singular::of(centered.x, centered.y)?;
    let largest = parts.values.iter().fold(0.0, |max: f64, s| max.max(*s));
    let kept = |s: f64| s > tol * largest;
    let coef = parts.solve(|s| if kept(s) { 1.0 / s } else { 0.0 });
    let coefficients = Coefficients { coef, x_mean, y_mean };
    let rank = parts.values.iter().filter(|s| kept(**s)).count();
    let mut b = Builder::new();
    let mut state = coefficients.state(&mut b, spec, data);
    state.int(&mut b, "rank_", rank);
    state.f64s(&mut b, "singular_", &parts.values);
    Ok(Fitted::new(b, state, vec![]))
}

/// `(X'X + alpha)^-1 X'y` by Cholesky, by its dual where there are more features than rows, by singular values where
/// that matrix is singular or `solver` says so. The solvers that come near it step by step (`lsqr`, `sparse_cg`, `sag`,
/// `saga`, and `lbfgs` for `positive`) are names for the same minimum.
pub(super) fn ridge(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let Centered { x, y, x_mean, y_mean } = Centered::of(spec, data)?;
    let alpha = spec.params.number("alpha").unwrap_or_default();
    let asked = solver(&spec.params)?;
    let solved = match asked {
        "svd" => None,
        "lbfgs" => Some(positive::least_squares(&x, &y, alpha)?),
        _ => cholesky(&x, &y, alpha),
    };
    let (coef, solver) = match solved {
        Some(coef) => (coef, asked),
        None => {
            let solver = if asked == "cholesky" { "svd" } else { asked };
            (Singular::of(x, y)?.solve(|s| if s > 1e-15 { s / (s * s + alpha) } else { 0.0 }), solver)
        }
    };
    let mut b = Builder::new();
    let mut state = Coefficients { coef, x_mean, y_mean }.state(&mut b, spec, data);
    let (solver, none) = (b.str(solver), b.none());
    state.set("n_iter_", none);
    state.set("solver_", solver);
    Ok(Fitted::new(b, state, vec![]))
}

/// The solver that `solver` and `positive` stand for.
fn solver(params: &Params) -> Result<&str, FitError> {
    let asked = params.text("solver").unwrap_or("auto");
    match (params.flag("positive"), asked) {
        (true, "auto") => Ok("lbfgs"),
        (false, "auto") => Ok("cholesky"),
        (false, "lbfgs") => Err(FitError::Parameter(
            "'lbfgs' solver can be used only when positive=True. Please use another solver.".to_owned(),
        )),
        (true, other) if other != "lbfgs" => Err(FitError::Parameter(format!(
            "solver='{other}' does not support positive fitting. Please set the solver to 'auto' or 'lbfgs', or set              `positive=False`."
        ))),
        (_, asked) => Ok(asked),
    }
}

/// `None` where the matrix is not positive definite.
fn cholesky(x: &DMatrix<f64>, y: &DVector<f64>, alpha: f64) -> Option<Vec<f64>> {
    let dual = x.ncols() > x.nrows();
    let mut gram = if dual { x * x.transpose() } else { x.tr_mul(x) };
    for i in 0..gram.nrows() {
        gram[(i, i)] += alpha;
    }
    let factor = gram.cholesky()?;
    let coef = if dual { x.tr_mul(&factor.solve(y)) } else { factor.solve(&x.tr_mul(y)) };
    let coef = coef.as_slice().to_vec();
    coef.iter().all(|c| c.is_finite()).then_some(coef)
}

/// Singular values, largest first, with what a solution needs of their vectors.
struct Singular {
    values: Vec<f64>,
    /// Shape (values, features).
    right: DMatrix<f64>,
    /// The target seen from each left vector.
    target: DVector<f64>,
}

impl Singular {
    /// A tall matrix is reduced to a square one first.
    fn of(x: DMatrix<f64>, mut y: DVector<f64>) -> Result<Singular, FitError> {
        let (rows, columns) = x.shape();
        let square = match rows > columns {
            true => {
                let qr = x.qr();
                qr.q_tr_mul(&mut y);
                y = y.rows(0, columns).into_owned();
                qr.unpack_r()
            }
            false => x,
        };
        let svd = SVD::try_new(square, true, true, f64::EPSILON, 0);
        let Some(SVD { u: Some(left), v_t: Some(right), singular_values }) = svd else {
            return Err(FitError::Parameter("the singular values of the training data cannot be found".to_owned()));
        };
        Ok(Singular { values: singular_values.as_slice().to_vec(), target: left.tr_mul(&y), right })
    }

    /// The coefficients, each direction weighed by a function of its singular value.
    fn solve(&self, weight: impl Fn(f64) -> f64) -> Vec<f64> {
        let weighed = self.values.iter().zip(self.target.iter()).map(|(s, target)| weight(*s) * target);
        let weighed = DVector::from_iterator(self.values.len(), weighed);
        self.right.tr_mul(&weighed).as_slice().to_vec()
    }
}
