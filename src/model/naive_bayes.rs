//! Naive Bayes: a log-likelihood for each class, features on their own.

use super::math::{argmax, dot, log_normalise};
use super::tree::{pairwise_sum, rows_of};
use super::{Classes, InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;
use std::sync::Arc;

/// `GaussianNB`, `BernoulliNB`, `MultinomialNB`, `ComplementNB`, `CategoricalNB`.
#[derive(Debug, Clone, PartialEq)]
pub struct NaiveBayes {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub classes: Arc<Classes>,
    /// What is added for each class.
    pub prior: Vec<f64>,
    pub likelihood: Likelihood,
}

/// The part of the log-likelihood that hangs on the input.
#[derive(Debug, Clone, PartialEq)]
pub enum Likelihood {
    /// Mean and variance of each class and feature, both row-major, shape (n_classes, n_features).
    Gaussian { mean: Vec<f64>, variance: Vec<f64> },
    /// A weight for each class and feature, row-major. Above the threshold a value counts as 1, else as 0, where there is
    /// a threshold.
    Linear { weights: Vec<f64>, threshold: Option<f64> },
    /// For each feature a log-probability for each class and category, row-major, shape (n_classes, n_categories). `raw`:
    /// the input comes straight from the request, where a column of nothing but null is one of Python's `None`.
    Categories { tables: Vec<Vec<f64>>, raw: bool },
}

impl NaiveBayes {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::PredictProba]
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.naive_bayes._BaseNB`.
    ///
    /// # Errors
    /// When the estimator refuses a value, among them categories that it does not know.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        if let Likelihood::Categories { raw: true, .. } = self.likelihood {
            refuse_none(x)?;
        }
        self.policy.check(x)?;
        let n = self.classes.len();
        let x = x.as_standard_layout();
        let mut all = Vec::with_capacity(x.nrows() * n);
        for (at, row) in x.as_slice().unwrap_or_default().chunks_exact(self.n_features).enumerate() {
            all.extend(self.joint(at, row)?);
        }
        if method == Method::PredictProba {
            all.chunks_exact_mut(n).for_each(log_normalise);
            return Ok(Output::Matrix(rows_of(all, n)));
        }
        Ok(Output::Labels { indices: all.chunks_exact(n).map(argmax).collect(), classes: self.classes.clone() })
    }

    /// `_joint_log_likelihood` of one row.
    fn joint(&self, at: usize, row: &[f64]) -> Result<Vec<f64>, InputError> {
        let n_features = self.n_features;
        let with_prior = |parts: &mut dyn Iterator<Item = f64>| -> Vec<f64> {
            parts.zip(&self.prior).map(|(part, prior)| part + prior).collect()
        };
        Ok(match &self.likelihood {
            Likelihood::Gaussian { mean, variance } => {
                let classes = mean.chunks_exact(n_features).zip(variance.chunks_exact(n_features));
                with_prior(&mut classes.map(|(mean, variance)| gaussian(row, mean, variance)))
            }
            Likelihood::Linear { weights, threshold: None } => {
                with_prior(&mut weights.chunks_exact(n_features).map(|weights| dot(row, weights)))
            }
            Likelihood::Linear { weights, threshold: Some(threshold) } => {
                let row: Vec<f64> = row.iter().map(|value| f64::from(u8::from(value > threshold))).collect();
                with_prior(&mut weights.chunks_exact(n_features).map(|weights| dot(&row, weights)))
            }
            Likelihood::Categories { tables, .. } => {
                let mut sums = vec![0.0; self.classes.len()];
                for (column, (value, table)) in row.iter().zip(tables).enumerate() {
                    let n_categories = table.len() / sums.len();
                    let category = category(*value, n_categories, (at, column))?;
                    sums.iter_mut().zip(table.chunks_exact(n_categories)).for_each(|(sum, of)| *sum += of[category]);
                }
                with_prior(&mut sums.into_iter())
            }
        })
    }
}

/// The log of a product of normal densities.
fn gaussian(row: &[f64], mean: &[f64], variance: &[f64]) -> f64 {
    let logs: Vec<f64> = variance.iter().map(|variance| (2.0 * std::f64::consts::PI * variance).ln()).collect();
    let terms = row.iter().zip(mean).zip(variance).map(|((x, mean), variance)| (x - mean) * (x - mean) / variance);
    -0.5 * pairwise_sum(&logs) - 0.5 * pairwise_sum(&terms.collect::<Vec<_>>())
}

/// A column of `None` cannot become integers.
fn refuse_none(x: ArrayView2<'_, f64>) -> Result<(), InputError> {
    let none = (0..x.ncols()).find(|column| x.nrows() > 0 && x.column(*column).iter().all(|value| value.is_nan()));
    match none {
        None => Ok(()),
        Some(column) => {
            let message = "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'";
            Err(InputError::Refused { row: 0, column, message: message.into() })
        }
    }
}

/// The number of a category: numpy cuts a float off to an integer, and what is too large for one becomes the least.
fn category(value: f64, n_categories: usize, (row, column): (usize, usize)) -> Result<usize, InputError> {
    let refused = |message: String| InputError::Refused { row, column, message };
    let cut = value.trunc();
    if !(0.0..9_223_372_036_854_775_808.0).contains(&cut) {
        return Err(refused("Negative values in data passed to CategoricalNB (input X).".into()));
    }
    match cut < n_categories as f64 {
        true => Ok(cut as usize),
        false => Err(refused(format!("index {cut} is out of bounds for axis 1 with size {n_categories}"))),
    }
}
