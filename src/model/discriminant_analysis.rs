//! Discriminant analysis: a Gaussian for each class, with one spread for all (linear) or each its own (quadratic).

use super::math::{argmax, dot, softmax};
use super::tree::{pairwise_sum, rows_of};
use super::{Classes, InputError, InputPolicy, Linear, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// `LinearDiscriminantAnalysis`: a linear classifier that also projects.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearDiscriminant {
    pub policy: InputPolicy,
    pub linear: Linear,
    /// None with the solver `lsqr`.
    pub projection: Option<Projection>,
}

/// `transform`.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// Subtracted first, with the solver `svd`.
    pub center: Option<Vec<f64>>,
    /// The directions projected on, shape (n_features, n_components).
    pub directions: Array2<f64>,
}

impl LinearDiscriminant {
    pub fn methods(&self) -> Vec<Method> {
        let mut methods = self.linear.methods();
        methods.extend(self.projection.is_some().then_some(Method::Transform));
        methods
    }

    pub fn n_features(&self) -> usize {
        self.linear.n_features()
    }

    /// `sklearn.discriminant_analysis.LinearDiscriminantAnalysis`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let (Method::Transform, Some(projection)) = (method, &self.projection) else {
            return self.linear.call(method, x);
        };
        self.policy.check(x)?;
        let mut centered = x.to_owned();
        for mut row in centered.rows_mut() {
            row.iter_mut().zip(projection.center.iter().flatten()).for_each(|(x, center)| *x -= center);
        }
        Ok(Output::Matrix(centered.dot(&projection.directions).as_standard_layout().into_owned()))
    }
}

/// `QuadraticDiscriminantAnalysis`.
#[derive(Debug, Clone, PartialEq)]
pub struct Quadratic {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub classes: Arc<Classes>,
    /// One for each class.
    pub densities: Vec<Density>,
}

/// A class: its center, the directions in which it spreads, and what does not hang on the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    pub mean: Vec<f64>,
    /// Each a direction divided by the spread along it, `n_features` numbers.
    pub directions: Vec<Vec<f64>>,
    /// Sum of the logarithms of the spreads.
    pub log_spread: f64,
    pub log_prior: f64,
}

impl Quadratic {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::PredictProba, Method::DecisionFunction]
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.n_features);
        let scores = rows.flat_map(|row| self.densities.iter().map(|density| density.score(row))).collect();
        Ok(answer(method, scores, &self.classes))
    }
}

impl Density {
    fn score(&self, row: &[f64]) -> f64 {
        let centered: Vec<f64> = row.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        let along: Vec<f64> = self.directions.iter().map(|direction| dot(&centered, direction).powi(2)).collect();
        -0.5 * (pairwise_sum(&along) + self.log_spread) + self.log_prior
    }
}

/// From a score for each class, row by row (`DiscriminantAnalysisPredictionMixin`).
pub fn answer(method: Method, mut scores: Vec<f64>, classes: &Arc<Classes>) -> Output {
    let n = classes.len();
    match method {
        Method::DecisionFunction if n == 2 => {
            Output::Floats(scores.chunks_exact(2).map(|row| row[1] - row[0]).collect())
        }
        Method::DecisionFunction => Output::Matrix(rows_of(scores, n)),
        Method::PredictProba => {
            scores.chunks_exact_mut(n).for_each(softmax);
            Output::Matrix(rows_of(scores, n))
        }
        _ => Output::Labels { indices: scores.chunks_exact(n).map(argmax).collect(), classes: classes.clone() },
    }
}
