//! `LogisticRegression` (`linear_model/_logistic.py`).
//!
//! The objective is strictly that of scikit-learn for the same `solver` and penalty. scikit-learn's solvers stop at a
//! gradient of about `tol`; here Newton's steps go on until it is a millionth of that, so that all of them approach what
//! this finds.

mod objective;
mod penalty;
mod sparse;

use super::super::params::Spec;
use super::state::{self, State};
use super::{Data, FitError, Fitted, weights};
use crate::model::{Classes, FloatType};
use crate::value::{Builder, DType, ScalarKind};
use objective::{Objective, Point};
use penalty::Penalty;
use std::borrow::Cow;

/// How much smaller than `tol` the gradient becomes.
const TIGHTER: f64 = 1e-6;

/// Finds the minimum. Two classes have one row of coefficients, more have one each.
pub(super) fn fit(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let (class, params) = (spec.estimator.class(), &spec.params);
    let (classes, codes) = data.labels(class.class)?;
    data.check_values(class.class, FloatType::F64, false)?;
    let penalty = Penalty::of(params, classes.len())?;
    let weights = weights::row_weights(params, classes, codes)?;
    let total = weights.as_ref().map_or(data.n_rows() as f64, |w| super::super::grow::pairwise_sum(w));
    let scaling =
        (penalty.liblinear && params.flag("fit_intercept")).then(|| params.number("intercept_scaling").unwrap_or(1.0));
    let x = rows(data, scaling);
    let objective = Objective {
        x: &x,
        y: codes,
        total,
        weights: weights.as_deref(),
        n_features: data.n_features() + usize::from(scaling.is_some()),
        intercept: params.flag("fit_intercept") && scaling.is_none(),
        outputs: if classes.len() == 2 { 1 } else { classes.len() },
        penalty: penalty.l2 / total,
        threads: data.threads,
    };
    let tol = params.number("tol").unwrap_or_default();
    let max_iter = params.count("max_iter").unwrap_or_default();
    let (mut point, n_iter, slope) = match penalty.l1 {
        0.0 => minimize(&objective, tol * TIGHTER, max_iter),
        l1 => sparse::minimize(&objective, l1 / total, tol * TIGHTER, max_iter),
    };
    let warning =
        || format!("LogisticRegression did not converge in {max_iter} iterations; increase max_iter or scale the data");
    let warnings = if slope > tol { vec![warning()] } else { vec![] };
    objective.center(&mut point.theta, penalty.l1 > 0.0);
    let found = Found { theta: &point.theta, width: objective.width(), scaling, n_iter };
    Ok(found.write(spec, data, classes, warnings))
}

/// Where the solver stopped.
struct Found<'f> {
    /// For each output its coefficients, then its intercept, if it has one.
    theta: &'f [f64],
    width: usize,
    /// What the constant column holds, if there is one.
    scaling: Option<f64>,
    n_iter: usize,
}

impl Found<'_> {
    fn write(&self, spec: &Spec, data: &Data<'_>, classes: &Classes, warnings: Vec<String>) -> Fitted {
        let (params, n) = (&spec.params, data.n_features());
        let mut b = Builder::new();
        let mut state = State::new(&mut b, spec.estimator.class(), params);
        state.features(&mut b, data);
        let labels = state::classes(&mut b, classes);
        state.set("classes_", labels);
        let int32 = DType::Scalar { kind: ScalarKind::Int, size: 4, big_endian: false };
        let iterations = b.bytes(int32, &[1], (self.n_iter as i32).to_le_bytes().to_vec());
        state.set("n_iter_", iterations);
        let outputs = || self.theta.chunks_exact(self.width);
        let coef: Vec<f64> = outputs().flat_map(|output| &output[..n]).copied().collect();
        let coef = b.f64s(&[outputs().len(), n], &coef);
        state.set("coef_", coef);
        if params.text("solver") == Some("liblinear") && !params.flag("fit_intercept") {
            state.float(&mut b, "intercept_", 0.0);
        } else {
            let last = |output: &[f64]| output.get(n).copied().unwrap_or(0.0) * self.scaling.unwrap_or(1.0);
            state.f64s(&mut b, "intercept_", &outputs().map(last).collect::<Vec<f64>>());
        }
        Fitted::new(b, state, warnings)
    }
}

/// The features row by row, and the constant column, if there is one.
fn rows<'d>(data: &Data<'d>, constant: Option<f64>) -> Cow<'d, [f64]> {
    match (constant, data.x.to_slice()) {
        (None, Some(x)) => Cow::Borrowed(x),
        _ => Cow::Owned(data.x.rows().into_iter().flat_map(|row| row.to_vec().into_iter().chain(constant)).collect()),
    }
}

/// Newton's method with a line search; returns the last point, the number of steps, and the largest slope there.
fn minimize(objective: &Objective<'_>, tol: f64, max_iter: usize) -> (Point, usize, f64) {
    let mut point = objective.at(vec![0.0; objective.width() * objective.outputs]);
    let mut n_iter = 0;
    while n_iter < max_iter && point.largest_slope() > tol {
        let step = newton_step(objective, &point);
        let Some(next) = descend(objective, &point, &step) else { break };
        point = next;
        n_iter += 1;
    }
    let slope = point.largest_slope();
    (point, n_iter, slope)
}

/// The first point along `step` that is low enough; `None` when rounding hides any descent.
fn descend(objective: &Objective<'_>, from: &Point, step: &[f64]) -> Option<Point> {
    let slope: f64 = step.iter().zip(&from.gradient).map(|(s, g)| s * g).sum();
    let noise = 4.0 * f64::EPSILON * from.loss.abs();
    for halvings in 0..40 {
        let length = 0.5f64.powi(halvings);
        let theta = from.theta.iter().zip(step).map(|(t, s)| t + length * s).collect();
        let next = objective.at(theta);
        let lower = next.loss <= from.loss + 1e-4 * length * slope;
        let flat = (next.loss - from.loss).abs() <= noise && next.largest_slope() < 0.5 * from.largest_slope();
        if lower && next.loss < from.loss || flat {
            return Some(next);
        }
    }
    None
}

/// Solves `H step = -gradient` by conjugate gradients, scaled by the diagonal of H.
fn newton_step(objective: &Objective<'_>, point: &Point) -> Vec<f64> {
    let diagonal = objective.hessian_diagonal(point);
    let scaled = |r: &[f64]| r.iter().zip(&diagonal).map(|(r, d)| r / d).collect::<Vec<f64>>();
    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut step = vec![0.0; point.theta.len()];
    let mut residual: Vec<f64> = point.gradient.iter().map(|g| -g).collect();
    let mut preconditioned = scaled(&residual);
    let mut direction = preconditioned.clone();
    let start = inner(&residual, &preconditioned);
    let mut energy = start;
    // The nearer the minimum, the more exact the step: that makes Newton's convergence quadratic.
    let accuracy = (start.sqrt().min(0.1)).powi(2).max(1e-24);
    for _ in 0..20 * step.len() {
        let product = objective.hessian_times(point, &direction);
        let curvature = inner(&direction, &product);
        if curvature <= 0.0 || energy <= start * accuracy {
            break;
        }
        let length = energy / curvature;
        for i in 0..step.len() {
            step[i] += length * direction[i];
            residual[i] -= length * product[i];
        }
        preconditioned = scaled(&residual);
        let next = inner(&residual, &preconditioned);
        direction.iter_mut().zip(&preconditioned).for_each(|(d, p)| *d = p + next / energy * *d);
        energy = next;
    }
    step
}
