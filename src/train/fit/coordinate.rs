//! `Lasso` and `ElasticNet` by coordinate descent with gap safe screening (`linear_model/_cd_fast.pyx`): the same
//! order of coordinates, the same stop, so the same number of iterations and coefficients within rounding.

use super::super::grow::{RandomState, Xorshift};
use super::super::params::{Estimator, Params, Spec};
use super::centered::{Centered, Coefficients, add_scaled, dot};
use super::{Data, FitError, Fitted};
use crate::value::Builder;
use nalgebra::{DMatrix, DVector};

/// Minimizes `|y - Xw|² / 2n + alpha * l1_ratio * |w|₁ + alpha * (1 - l1_ratio) / 2 * |w|²`.
pub(super) fn fit(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let params = &spec.params;
    let Centered { x, y, x_mean, y_mean } = Centered::of(spec, data)?;
    let lasso = spec.estimator == Estimator::Lasso;
    let l1_ratio = if lasso { 1.0 } else { params.number("l1_ratio").unwrap_or_default() };
    let mut descent = Descent::new(&x, &y, params, l1_ratio);
    let converged = descent.run(params);
    if !descent.w.iter().all(|w| w.is_finite()) {
        return Err(FitError::Parameter(
            "Coordinate descent iterations resulted in non-finite parameter values. The input data may contain large \
             values and need to be preprocessed."
                .to_owned(),
        ));
    }
    let mut b = Builder::new();
    let coefficients = Coefficients { coef: descent.w, x_mean, y_mean };
    let mut state = coefficients.state(&mut b, spec, data);
    state.float(&mut b, "l1_ratio", l1_ratio);
    state.int(&mut b, "n_iter_", descent.n_iter);
    state.float(&mut b, "dual_gap_", descent.gap / data.n_rows() as f64);
    let warning = || {
        format!(
            "Objective did not converge. You might want to increase the number of iterations, check the scale of the \
             features or consider increasing regularisation. Duality gap: {:e}, tolerance: {:e}",
            descent.gap, descent.tol
        )
    };
    let warnings = if converged { vec![] } else { vec![warning()] };
    Ok(Fitted::new(b, state, warnings))
}

/// The state of `enet_coordinate_descent`.
struct Descent<'d> {
    x: &'d DMatrix<f64>,
    y: &'d DVector<f64>,
    w: Vec<f64>,
    /// What the coefficients so far leave of the target.
    residual: Vec<f64>,
    /// Squared length of each column.
    norms: Vec<f64>,
    /// Weights of |w|₁ and |w|², of the sum over rows.
    alpha: f64,
    beta: f64,
    positive: bool,
    /// Columns that may have a coefficient yet.
    active: Vec<usize>,
    tol: f64,
    gap: f64,
    n_iter: usize,
}

impl<'d> Descent<'d> {
    fn new(x: &'d DMatrix<f64>, y: &'d DVector<f64>, params: &Params, l1_ratio: f64) -> Descent<'d> {
        let (alpha, rows) = (params.number("alpha").unwrap_or_default(), x.nrows() as f64);
        Descent {
            w: vec![0.0; x.ncols()],
            residual: y.as_slice().to_vec(),
            norms: (0..x.ncols()).map(|j| dot(column(x, j), column(x, j))).collect(),
            alpha: alpha * l1_ratio * rows,
            beta: alpha * (1.0 - l1_ratio) * rows,
            positive: params.flag("positive"),
            active: (0..x.ncols()).collect(),
            tol: params.number("tol").unwrap_or_default() * dot(y.as_slice(), y.as_slice()),
            gap: 0.0,
            n_iter: 0,
            x,
            y,
        }
    }

    /// Descends until the duality gap is small; false when `max_iter` came first.
    fn run(&mut self, params: &Params) -> bool {
        let (max_iter, step_tol) = (params.count("max_iter").unwrap_or(1), params.number("tol").unwrap_or_default());
        let random = params.text("selection") == Some("random");
        let mut draws = Xorshift::new(RandomState::new(params.random_state()).seed());
        if self.settled() {
            return true;
        }
        for iteration in 0..max_iter {
            self.n_iter = iteration + 1;
            let (mut largest, mut largest_step) = (0.0f64, 0.0f64);
            for at in 0..self.active.len() {
                let j = self.active[if random { draws.int(0, self.active.len()) } else { at }];
                if self.norms[j] > 0.0 {
                    largest_step = largest_step.max(self.update(j));
                    largest = largest.max(self.w[j].abs());
                }
            }
            let small = largest == 0.0 || largest_step / largest <= step_tol;
            if (small || iteration == max_iter - 1) && self.settled() {
                return true;
            }
        }
        false
    }

    /// Minimizes along one coordinate; returns how far it moved.
    fn update(&mut self, j: usize) -> f64 {
        let (column, old) = (column(self.x, j), self.w[j]);
        let pull = dot(column, &self.residual) + old * self.norms[j];
        let new = match self.positive && pull < 0.0 {
            true => 0.0,
            false => sign(pull) * (pull.abs() - self.alpha).max(0.0) / (self.norms[j] + self.beta),
        };
        if new != old {
            add_scaled(&mut self.residual, old - new, column);
        }
        self.w[j] = new;
        (new - old).abs()
    }

    /// Whether the duality gap is within tolerance; else drops the columns that cannot have a coefficient.
    fn settled(&mut self) -> bool {
        let (gap, correlations, dual_norm) = self.duality_gap();
        self.gap = gap;
        if gap <= self.tol {
            return true;
        }
        if self.alpha > 0.0 {
            for j in std::mem::take(&mut self.active) {
                let theta = correlations[j] / self.alpha.max(dual_norm);
                let distance = (1.0 - theta.abs()) / (self.norms[j] + self.beta).sqrt();
                if self.norms[j] > 0.0 && distance <= (2.0 * gap).sqrt() / self.alpha {
                    self.active.push(j);
                    continue;
                }
                add_scaled(&mut self.residual, self.w[j], column(self.x, j));
                self.w[j] = 0.0;
            }
        }
        false
    }

    /// `gap_enet`: the gap, `X'R - beta w`, and its norm.
    fn duality_gap(&self) -> (f64, Vec<f64>, f64) {
        let (w, r, alpha, beta) = (&self.w, &self.residual, self.alpha, self.beta);
        let residual = dot(r, r);
        let against_target = dot(r, self.y.as_slice());
        let shrink = if alpha == 0.0 { 0.0 } else { beta };
        let correlations: Vec<f64> = (0..w.len()).map(|j| dot(column(self.x, j), r) - shrink * w[j]).collect();
        if alpha == 0.0 {
            // Without the l1 penalty: the gradient of least squares, or the dual of ridge regression.
            let norm = dot(&correlations, &correlations);
            let ridge = residual + 0.5 * beta * dot(w, w) - against_target + norm / (2.0 * beta);
            return (if beta == 0.0 { norm } else { ridge }, correlations, norm);
        }
        let size = |c: &f64| if self.positive { *c } else { c.abs() };
        let dual_norm = correlations.iter().map(size).fold(f64::NEG_INFINITY, f64::max);
        let l1: f64 = w.iter().map(|w| w.abs()).sum();
        let squares = residual + beta * dot(w, w);
        let scale = if dual_norm > alpha { alpha / dual_norm } else { 1.0 };
        let gap = 0.5 * squares + alpha * l1 - (-0.5 * scale * scale * squares + scale * against_target);
        (gap, correlations, dual_norm)
    }
}

fn column(x: &DMatrix<f64>, j: usize) -> &[f64] {
    &x.as_slice()[j * x.nrows()..][..x.nrows()]
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}
