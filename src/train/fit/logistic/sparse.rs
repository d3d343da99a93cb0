//! The minimum with an l1 penalty: Newton's method whose steps are found coordinate by coordinate (proximal Newton, as in
//! Yuan, Ho and Lin, 2012), over those coefficients only that are not 0 or should not be.

use super::objective::{Objective, Point};

/// Passes over the coordinates within one step.
const SWEEPS: usize = 1000;

/// Returns the last point, the number of steps, and how far from the minimum its slopes are.
pub(super) fn minimize(objective: &Objective<'_>, l1: f64, tol: f64, max_iter: usize) -> (Point, usize, f64) {
    let mut point = objective.at(vec![0.0; objective.width() * objective.outputs]);
    for iteration in 0..max_iter {
        let worst = violation(objective, &point, l1);
        if worst <= tol {
            return (point, iteration, worst);
        }
        let step = step(objective, &point, l1, worst);
        let Some(next) = descend(objective, &point, &step, l1) else { return (point, iteration, worst) };
        point = next;
    }
    let worst = violation(objective, &point, l1);
    (point, max_iter, worst)
}

/// The largest slope that the sizes of coefficients do not hold.
fn violation(objective: &Objective<'_>, point: &Point, l1: f64) -> f64 {
    let slopes = objective.l1_weights(l1).zip(point.theta.iter().zip(&point.gradient));
    slopes.fold(0.0, |worst, (l1, (theta, g))| worst.max(excess(*theta, *g, l1)))
}

fn excess(theta: f64, gradient: f64, l1: f64) -> f64 {
    if theta != 0.0 { (gradient + l1 * theta.signum()).abs() } else { (gradient.abs() - l1).max(0.0) }
}

/// The minimum of the quadratic model with the penalty, along the coordinates that can move.
fn step(objective: &Objective<'_>, point: &Point, l1: f64, worst: f64) -> Vec<f64> {
    let l1: Vec<f64> = objective.l1_weights(l1).collect();
    let moves = |at: &usize| point.theta[*at] != 0.0 || point.gradient[*at].abs() >= l1[*at];
    let active: Vec<usize> = (0..point.theta.len()).filter(moves).collect();
    let (n, hessian) = (active.len(), objective.hessian(point, &active));
    let mut moved = vec![0.0; n];
    let mut slopes: Vec<f64> = active.iter().map(|at| point.gradient[*at]).collect();
    for _ in 0..SWEEPS {
        let mut largest = 0.0f64;
        for i in 0..n {
            let row = &hessian[i * n..][..n];
            // Without curvature there is nothing to weigh a step against.
            if row[i] <= 0.0 {
                continue;
            }
            let (at, now) = (active[i], point.theta[active[i]] + moved[i]);
            let target = now - slopes[i] / row[i];
            let new = target.signum() * (target.abs() - l1[at] / row[i]).max(0.0);
            let by = new - now;
            if by != 0.0 {
                moved[i] += by;
                slopes.iter_mut().zip(row).for_each(|(slope, h)| *slope += by * h);
                largest = largest.max((by * row[i]).abs());
            }
        }
        // The nearer the minimum, the more exact the step.
        if largest <= worst * worst.min(1e-3) {
            break;
        }
    }
    let mut step = vec![0.0; point.theta.len()];
    active.iter().zip(moved).for_each(|(at, by)| step[*at] = by);
    step
}

/// The first point along `step` that is low enough; `None` when rounding hides any descent.
fn descend(objective: &Objective<'_>, from: &Point, step: &[f64], l1: f64) -> Option<Point> {
    let size = |theta: &[f64]| objective.l1_weights(l1).zip(theta).map(|(l1, t)| l1 * t.abs()).sum::<f64>();
    let along = |length: f64| from.theta.iter().zip(step).map(|(t, s)| t + length * s).collect::<Vec<f64>>();
    let (value, worst) = (from.loss + size(&from.theta), violation(objective, from, l1));
    let slope: f64 = step.iter().zip(&from.gradient).map(|(s, g)| s * g).sum();
    let promised = slope + size(&along(1.0)) - size(&from.theta);
    let noise = 4.0 * f64::EPSILON * value.abs();
    for halvings in 0..40 {
        let length = 0.5f64.powi(halvings);
        let next = objective.at(along(length));
        let reached = next.loss + size(&next.theta);
        let lower = reached <= value + 1e-4 * length * promised && reached < value;
        let flat = (reached - value).abs() <= noise && violation(objective, &next, l1) < 0.5 * worst;
        if lower || flat {
            return Some(next);
        }
    }
    None
}
