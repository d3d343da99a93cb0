//! `NMF` and `MiniBatchNMF`: rows as sums of components, none of which counts below zero. Solved anew for each request:
//! when it stops depends on all its rows together, as in scikit-learn.

use super::{InputError, InputPolicy};
use ndarray::{Array2, Axis};

/// The components and how rows are solved for.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixFactorization {
    pub policy: InputPolicy,
    /// `components_`, shape (components, features), none below zero.
    pub components: Array2<f64>,
    pub solver: Solver,
    pub tolerance: f64,
    pub most_rounds: usize,
    /// What a weight costs, and half its square.
    pub penalties: (f64, f64),
}

/// How the weights of a row are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Solver {
    CoordinateDescent,
    /// By products, which lessen the beta divergence, of a beta above 0.
    Multiplicative {
        beta: f64,
        watch: Watch,
    },
}

/// What tells a multiplicative solver to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// The divergence, every tenth round (`NMF`).
    Divergence,
    /// How much the weights change (`MiniBatchNMF`).
    Weights,
}

/// Least number that is divided by: float32's, also here.
const SMALL: f64 = f32::EPSILON as f64;

impl MatrixFactorization {
    pub fn n_features(&self) -> usize {
        self.components.ncols()
    }

    /// `NMF.transform`, `MiniBatchNMF.transform`.
    ///
    /// # Errors
    /// When a value is NaN, infinite or, as only `NMF` looks, negative.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        if !self.in_batches()
            && let Some(((row, column), _)) = x.indexed_iter().find(|(_, value)| **value < 0.0)
        {
            let message = format!("Negative values in data passed to {}.", self.policy.estimator);
            return Err(InputError::Refused { row, column, message });
        }
        if x.is_empty() {
            return Ok(Array2::zeros((0, self.components.nrows())));
        }
        Ok(match self.solver {
            Solver::CoordinateDescent => self.descend(&x),
            Solver::Multiplicative { beta, watch } => self.multiply(&x, beta, watch),
        })
    }

    /// `MiniBatchNMF`.
    fn in_batches(&self) -> bool {
        matches!(self.solver, Solver::Multiplicative { watch: Watch::Weights, .. })
    }

    /// `_fit_coordinate_descent` with the components as they are.
    fn descend(&self, x: &Array2<f64>) -> Array2<f64> {
        let (l1, l2) = self.penalties;
        let mut gram = self.components.dot(&self.components.t());
        gram.diag_mut().mapv_inplace(|value| value + l2);
        let target = x.dot(&self.components.t()) - l1;
        let mut weights = Array2::zeros(target.dim());
        let mut first = 0.0;
        for round in 0..self.most_rounds {
            let violation = sweep(&mut weights, &gram, &target);
            if round == 0 {
                first = violation;
            }
            if first == 0.0 || violation / first <= self.tolerance {
                break;
            }
        }
        weights
    }

    /// `_fit_multiplicative_update` and `_solve_W`.
    fn multiply(&self, x: &Array2<f64>, beta: f64, watch: Watch) -> Array2<f64> {
        let n = self.components.nrows();
        let start = (x.mean().unwrap_or_default() / n as f64).sqrt();
        let mut weights = Array2::from_elem((x.nrows(), n), start);
        let at_start = self.divergence(x, &weights, beta);
        let mut before = at_start;
        for round in 1..=self.most_rounds {
            let last = weights.clone();
            self.update(x, &mut weights, beta);
            match watch {
                Watch::Divergence => {
                    if beta < 1.0 {
                        weights.mapv_inplace(|weight| if weight < f64::EPSILON { 0.0 } else { weight });
                    }
                    if self.tolerance > 0.0 && round % 10 == 0 {
                        let now = self.divergence(x, &weights, beta);
                        if (before - now) / at_start < self.tolerance {
                            break;
                        }
                        before = now;
                    }
                }
                Watch::Weights => {
                    let norm = |values: &Array2<f64>| values.iter().map(|value| value * value).sum::<f64>().sqrt();
                    if self.tolerance > 0.0 && norm(&(&weights - &last)) / norm(&weights) <= self.tolerance {
                        break;
                    }
                }
            }
        }
        weights
    }

    /// `_multiplicative_update_w`.
    fn update(&self, x: &Array2<f64>, weights: &mut Array2<f64>, beta: f64) {
        let (h, (l1, l2)) = (&self.components, self.penalties);
        let (numerator, mut denominator) = if beta == 2.0 {
            (x.dot(&h.t()), weights.dot(&h.dot(&h.t())))
        } else {
            let product = weights.dot(h);
            let floored = |least: bool| product.mapv(|value| if least && value < SMALL { SMALL } else { value });
            let ratio = match beta {
                1.0 => x / &floored(true),
                _ => floored(beta < 2.0).mapv(|value| value.powf(beta - 2.0)) * x,
            };
            let denominator = match beta {
                1.0 => h.sum_axis(Axis(1)).broadcast(weights.dim()).expect("one number for each component").to_owned(),
                _ => floored(beta < 1.0).mapv(|value| value.powf(beta - 1.0)).dot(&h.t()),
            };
            (ratio.dot(&h.t()), denominator)
        };
        denominator.zip_mut_with(weights, |value, weight| {
            *value += l1 + l2 * weight;
            if *value == 0.0 {
                *value = SMALL;
            }
        });
        let gamma = match beta {
            beta if beta < 1.0 => 1.0 / (2.0 - beta),
            beta if beta > 2.0 => 1.0 / (beta - 1.0),
            _ => 1.0,
        };
        let step = (numerator / denominator).mapv(|step| if gamma == 1.0 { step } else { step.powf(gamma) });
        *weights *= &step;
    }

    /// `_beta_divergence`, the square root of twice it.
    fn divergence(&self, x: &Array2<f64>, weights: &Array2<f64>, beta: f64) -> f64 {
        let product = weights.dot(&self.components);
        if beta == 2.0 {
            return (x - &product).mapv(|value| value * value).sum().sqrt();
        }
        // Where the row holds zero, its part is another.
        let of = |x: f64, value: f64| match beta {
            _ if x <= SMALL && beta == 1.0 => value,
            1.0 => x * (x / value.max(SMALL)).ln() - x + value,
            _ => {
                let floor = value.max(SMALL);
                let cross = if x <= SMALL { 0.0 } else { x.powf(beta) - beta * x * floor.powf(beta - 1.0) };
                (cross + (beta - 1.0) * value.powf(beta)) / (beta * (beta - 1.0))
            }
        };
        let total: f64 = x.iter().zip(&product).map(|(x, value)| of(*x, *value)).sum();
        (2.0 * total.max(0.0)).sqrt()
    }
}

/// `_update_cdnmf_fast`: one step for each weight; how far they were from their place.
fn sweep(weights: &mut Array2<f64>, gram: &Array2<f64>, target: &Array2<f64>) -> f64 {
    let mut violation = 0.0;
    for component in 0..weights.ncols() {
        for (mut row, target) in weights.rows_mut().into_iter().zip(target.rows()) {
            let products = gram.row(component).into_iter().zip(row.iter()).map(|(g, weight)| g * weight);
            let gradient = products.fold(-target[component], |sum, product| sum + product);
            violation += if row[component] == 0.0 { gradient.min(0.0).abs() } else { gradient.abs() };
            let curvature = gram[(component, component)];
            if curvature != 0.0 {
                row[component] = (row[component] - gradient / curvature).max(0.0);
            }
        }
    }
    violation
}
