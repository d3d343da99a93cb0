//! Calibrated classifiers: decision values or probabilities, mapped to better probabilities.

use super::isotonic::Isotonic;
use super::math::{argmax, expit, softmax};
use super::tree::pairwise_sum;
use super::{Classes, Estimator, InputError, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// `CalibratedClassifierCV`.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    pub classes: Arc<Classes>,
    /// Distinct estimators; at least one.
    pub estimators: Vec<Estimator>,
    /// At least one: each averages in equally.
    pub calibrators: Vec<Calibrator>,
}

/// An estimator and the maps of its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrator {
    /// Which estimator is asked.
    pub estimator: usize,
    pub method: Method,
    /// Of two probabilities only the second is used.
    pub second_only: bool,
    pub maps: Maps,
}

/// From an estimator's answers to probabilities.
#[derive(Debug, Clone, PartialEq)]
pub enum Maps {
    /// For each column of the answer, the class that it stands for and its map.
    Each(Vec<(usize, Map)>),
    /// All columns by one inverse temperature.
    Temperature(f64),
}

/// From a number to a probability.
#[derive(Debug, Clone, PartialEq)]
pub enum Map {
    /// Platt's: `expit(-(a x + b))`.
    Sigmoid {
        a: f64,
        b: f64,
    },
    Isotonic(Isotonic),
}

impl Calibrated {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::PredictProba]
    }

    pub fn n_features(&self) -> usize {
        self.estimators[0].n_features()
    }

    /// `sklearn.calibration.CalibratedClassifierCV`.
    ///
    /// # Errors
    /// When an estimator in it refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let mut mean = Array2::zeros((x.nrows(), self.classes.len()));
        for calibrator in &self.calibrators {
            mean += &calibrator.probabilities(&self.estimators[calibrator.estimator], self.classes.len(), x)?;
        }
        mean /= self.calibrators.len() as f64;
        if method == Method::PredictProba {
            return Ok(Output::Matrix(mean));
        }
        let indices = mean.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
        Ok(Output::Labels { indices, classes: self.classes.clone() })
    }
}

impl Calibrator {
    /// `_CalibratedClassifier.predict_proba`, for `n` classes.
    fn probabilities(
        &self,
        estimator: &Estimator,
        n: usize,
        x: ArrayView2<'_, f64>,
    ) -> Result<Array2<f64>, InputError> {
        let answers = estimator.table(self.method, x)?;
        let first = usize::from(self.second_only);
        let mut all = match &self.maps {
            Maps::Temperature(beta) if self.second_only => temperature(&complemented(&answers), *beta),
            Maps::Temperature(beta) => temperature(&answers, *beta),
            Maps::Each(maps) => {
                let mut all = Array2::zeros((x.nrows(), n));
                for (column, (class, map)) in answers.columns().into_iter().skip(first).zip(maps) {
                    all.column_mut(*class).assign(&column.map(|value| map.probability(*value)));
                }
                normalise(&mut all);
                all
            }
        };
        all.iter_mut().filter(|p| 1.0 < **p && **p <= 1.0 + 1e-5).for_each(|p| *p = 1.0);
        Ok(all)
    }
}

impl Map {
    fn probability(&self, value: f64) -> f64 {
        match self {
            Map::Sigmoid { a, b } => expit(-(a * value + b)),
            Map::Isotonic(isotonic) => isotonic.at(value).unwrap_or(f64::NAN),
        }
    }
}

/// The first of two classes gets what the second leaves; more than two are divided by their sum, if there is any.
fn normalise(all: &mut Array2<f64>) {
    let n = all.ncols();
    for mut row in all.rows_mut() {
        if n == 2 {
            row[0] = 1.0 - row[1];
            continue;
        }
        let sum = pairwise_sum(&row.to_vec());
        row.mapv_inplace(|p| if sum == 0.0 { 1.0 / n as f64 } else { p / sum });
    }
}

/// The first of two probabilities as what the second leaves.
fn complemented(answers: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn((answers.nrows(), 2), |(row, class)| match class {
        0 => 1.0 - answers[(row, 1)],
        _ => answers[(row, 1)],
    })
}

/// `_TemperatureScaling.predict`: whether all answers of a request look like probabilities decides what they are.
fn temperature(answers: &Array2<f64>, beta: f64) -> Array2<f64> {
    let close = |sum: f64| (sum - 1.0).abs() <= 1e-8 + 1e-5;
    let is_probability = answers.ncols() > 1
        && answers.iter().all(|value| (0.0..=1.0).contains(value))
        && answers.rows().into_iter().all(|row| close(row.sum()));
    let mut logits =
        match answers.ncols() {
            1 => Array2::from_shape_fn((answers.nrows(), 2), |(row, class)| {
                if class == 0 { -answers[(row, 0)] } else { answers[(row, 0)] }
            }),
            _ if is_probability => answers.mapv(|p| (p + 1e-12).ln()),
            _ => answers.clone(),
        };
    for mut row in logits.rows_mut() {
        row.mapv_inplace(|logit| beta * logit);
        softmax(row.as_slice_mut().expect("rows of a new matrix are contiguous"));
    }
    logits
}
