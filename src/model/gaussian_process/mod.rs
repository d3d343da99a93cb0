//! Gaussian processes: what is known of the training rows, each as much as the kernel says that it is like the row.

mod bessel;
mod kernel;

pub use kernel::{Kernel, Op, Smoothness};

use super::math::{dot, erf};
use super::tree::rows_of;
use super::{Classes, InputError, InputPolicy, Method, Multiclass, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// `GaussianProcessRegressor`, `GaussianProcessClassifier`.
#[derive(Debug, Clone, PartialEq)]
pub enum GaussianProcess {
    Regressor(Process, Regression),
    /// Of two classes.
    Classifier(Process, Laplace),
    /// Of more: classifiers of two, against each other or against the rest.
    Classifiers(Multiclass),
}

/// The training rows and the kernel that compares with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub kernel: Kernel,
    /// Row-major, of `n_features` columns; at least one row.
    pub rows: Vec<f64>,
}

/// The mean of the posterior.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// `alpha_` transposed: a number for each training row, target after target.
    pub alpha: Vec<f64>,
    /// What was taken from each target, at least one, and what it was divided by.
    pub mean: Vec<f64>,
    pub scale: Vec<f64>,
}

/// Laplace's approximation of the posterior of a function that a logistic link turns into a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Laplace {
    /// Two.
    pub classes: Arc<Classes>,
    /// `y_train_ - pi_`, one for each training row.
    pub residuals: Vec<f64>,
    /// `W_sr_`, one for each training row.
    pub root: Vec<f64>,
    /// `L_`, lower triangular, row-major, without a 0 on its diagonal.
    pub factor: Vec<f64>,
}

impl GaussianProcess {
    pub fn methods(&self) -> Vec<Method> {
        match self {
            GaussianProcess::Regressor(..) => vec![Method::Predict],
            GaussianProcess::Classifier(..) => vec![Method::Predict, Method::PredictProba],
            GaussianProcess::Classifiers(all) => {
                all.methods().into_iter().filter(|method| *method != Method::DecisionFunction).collect()
            }
        }
    }

    pub fn n_features(&self) -> usize {
        match self {
            GaussianProcess::Regressor(process, _) | GaussianProcess::Classifier(process, _) => process.n_features,
            GaussianProcess::Classifiers(all) => all.n_features(),
        }
    }

    /// `sklearn.gaussian_process`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        match self {
            GaussianProcess::Regressor(process, regression) => {
                process.policy.check(x)?;
                Ok(regression.means(process, x))
            }
            GaussianProcess::Classifier(process, laplace) => {
                process.policy.check(x)?;
                Ok(match method {
                    Method::PredictProba => Output::Matrix(laplace.probabilities(process, x)),
                    _ => laplace.labels(process, x),
                })
            }
            GaussianProcess::Classifiers(all) => all.call(method, x),
        }
    }
}

impl Regression {
    /// `GaussianProcessRegressor.predict` without the deviation.
    fn means(&self, process: &Process, x: ArrayView2<'_, f64>) -> Output {
        let targets = self.mean.len();
        let n = self.alpha.len() / targets;
        let mut means = Vec::with_capacity(x.nrows() * targets);
        for row in x.rows() {
            let alike = process.kernel.against(&row.to_vec(), &process.rows);
            let raw = self.alpha.chunks_exact(n).map(|alpha| dot(&alike, alpha));
            means.extend(raw.zip(self.scale.iter().zip(&self.mean)).map(|(raw, (scale, mean))| scale * raw + mean));
        }
        if targets == 1 { Output::Floats(means) } else { Output::Matrix(rows_of(means, targets)) }
    }
}

/// Five error functions that together are nearly the logistic function (Williams and Barber, 1998, appendix A).
const LAMBDAS: [f64; 5] = [0.41, 0.4, 0.37, 0.44, 0.39];
const COEFS: [f64; 5] = [-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654];

impl Laplace {
    fn labels(&self, process: &Process, x: ArrayView2<'_, f64>) -> Output {
        let label = |row: Vec<f64>| dot(&process.kernel.against(&row, &process.rows), &self.residuals) > 0.0;
        let indices = x.rows().into_iter().map(|row| u32::from(label(row.to_vec()))).collect();
        Output::Labels { indices, classes: self.classes.clone() }
    }

    /// Algorithm 3.2 of Rasmussen and Williams, with the integral of the five error functions.
    fn probabilities(&self, process: &Process, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut all = Array2::zeros((x.nrows(), 2));
        for (row, mut out) in x.rows().into_iter().zip(all.rows_mut()) {
            let row = row.to_vec();
            let alike = process.kernel.against(&row, &process.rows);
            let mean = dot(&alike, &self.residuals);
            let explained = self.solve(alike.iter().zip(&self.root).map(|(alike, root)| root * alike));
            let variance = process.kernel.own(&row) - explained.iter().fold(0.0, |sum, v| sum + v * v);
            let second = second_class(mean, variance);
            (out[0], out[1]) = (1.0 - second, second);
        }
        all
    }

    /// The solution of `L_ v = right`, from the first equation to the last.
    fn solve(&self, right: impl Iterator<Item = f64>) -> Vec<f64> {
        let n = self.residuals.len();
        let mut solved: Vec<f64> = Vec::with_capacity(n);
        for (at, right) in right.enumerate() {
            let row = &self.factor[at * n..][..=at];
            solved.push((right - dot(&row[..at], &solved)) / row[at]);
        }
        solved
    }
}

/// The integral of the link over a normal distribution of the function's value.
fn second_class(mean: f64, variance: f64) -> f64 {
    let alpha = 1.0 / (2.0 * variance);
    let integral = |lambda: f64| {
        let gamma = lambda * mean;
        (std::f64::consts::PI / alpha).sqrt() * erf(gamma * (alpha / (alpha + lambda * lambda)).sqrt())
            / (2.0 * (variance * 2.0 * std::f64::consts::PI).sqrt())
    };
    let terms = LAMBDAS.iter().zip(&COEFS).map(|(lambda, coef)| coef * integral(*lambda));
    terms.fold(0.0, |sum, term| sum + term) + 0.5 * COEFS.iter().sum::<f64>()
}
