//! AdaBoost: weighted votes of classifiers, or the weighted median of regressors.

use super::math::{argmax, softmax};
use super::tree::{pairwise_sum, rows_of};
use super::{Classes, Estimator, InputError, InputPolicy, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// `AdaBoostClassifier` and `AdaBoostRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaBoost {
    pub policy: InputPolicy,
    /// The input comes straight from the request: what is null there is `None`.
    pub raw: bool,
    pub n_features: usize,
    pub estimators: Vec<Estimator>,
    /// One for each estimator.
    pub weights: Vec<f64>,
    pub target: Target,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The prediction at which half of the weight is reached.
    Number,
    Labels {
        classes: Arc<Classes>,
        vote: Vote,
        /// Sum of all weights, also of rounds that added no estimator.
        total: f64,
    },
}

/// How estimators are heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Vote {
    /// SAMME: where each estimator's labels stand among the classes; a vote is worth the weight, any other class
    /// `miss` times it.
    Label { places: Vec<Vec<Option<u32>>>, miss: f64 },
    /// SAMME.R: logarithms of probabilities.
    Probability,
}

impl AdaBoost {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Number => vec![Method::Predict],
            Target::Labels { .. } => vec![Method::Predict, Method::PredictProba, Method::DecisionFunction],
        }
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.ensemble._weight_boosting`.
    ///
    /// # Errors
    /// When it, or an estimator in it, refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.check(x)?;
        let Target::Labels { classes, vote, total } = &self.target else { return self.medians(x) };
        let n = classes.len();
        let mut scores = match vote {
            Vote::Label { places, miss } => self.votes(x, n, places, *miss)?,
            Vote::Probability => self.log_probabilities(x, n)?,
        };
        if n == 1 {
            scores.fill(0.0);
        } else {
            scores.iter_mut().for_each(|score| *score /= total);
        }
        let binary = |row: &[f64]| -row[0] + row[1];
        Ok(match method {
            Method::DecisionFunction if n == 2 => Output::Floats(scores.chunks_exact(2).map(binary).collect()),
            Method::DecisionFunction => Output::Matrix(rows_of(scores, n)),
            Method::PredictProba => Output::Matrix(rows_of(probabilities(scores, n, binary), n)),
            _ => {
                let label = |row: &[f64]| if n == 2 { u32::from(binary(row) > 0.0) } else { argmax(row) };
                Output::Labels { indices: scores.chunks_exact(n).map(label).collect(), classes: classes.clone() }
            }
        })
    }

    /// `check_array(dtype=None)`: a column of the request that is null in every row makes the whole input one of Python
    /// objects, whose `None` and infinities pass this check, though not its NaN.
    fn check(&self, x: ArrayView2<'_, f64>) -> Result<(), InputError> {
        let empty: Vec<bool> =
            x.columns().into_iter().map(|column| column.iter().all(|value| value.is_nan())).collect();
        if !self.raw || x.nrows() == 0 || !empty.contains(&true) {
            return self.policy.check(x);
        }
        let mut objects = x.to_owned();
        for ((_, column), value) in objects.indexed_iter_mut() {
            if empty[column] || value.is_infinite() {
                *value = 0.0;
            }
        }
        self.policy.check(objects.view())
    }

    /// SAMME, row by row.
    fn votes(
        &self,
        x: ArrayView2<'_, f64>,
        n: usize,
        places: &[Vec<Option<u32>>],
        miss: f64,
    ) -> Result<Vec<f64>, InputError> {
        let mut scores = vec![0.0; x.nrows() * n];
        for ((estimator, weight), places) in self.estimators.iter().zip(&self.weights).zip(places) {
            for (row, label) in scores.chunks_exact_mut(n).zip(estimator.labels(x)?) {
                let hit = places[label as usize];
                for (class, score) in (0..).zip(row) {
                    *score += if hit == Some(class) { *weight } else { miss * weight };
                }
            }
        }
        Ok(scores)
    }

    /// SAMME.R, row by row (`_samme_proba`).
    fn log_probabilities(&self, x: ArrayView2<'_, f64>, n: usize) -> Result<Vec<f64>, InputError> {
        let mut scores = vec![0.0; x.nrows() * n];
        for estimator in &self.estimators {
            let logs = estimator
                .table(Method::PredictProba, x)?
                .mapv(|p| if p < f64::EPSILON { f64::EPSILON.ln() } else { p.ln() });
            for (row, logs) in scores.chunks_exact_mut(n).zip(logs.rows()) {
                let shared = 1.0 / n as f64 * pairwise_sum(&logs.to_vec());
                row.iter_mut().zip(logs).for_each(|(score, log)| *score += (n as f64 - 1.0) * (log - shared));
            }
        }
        Ok(scores)
    }

    /// `AdaBoostRegressor._get_median_predict`.
    fn medians(&self, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let mut predictions = Array2::zeros((x.nrows(), self.estimators.len()));
        for (mut column, estimator) in predictions.columns_mut().into_iter().zip(&self.estimators) {
            column.assign(&estimator.table(Method::Predict, x)?.column(0));
        }
        Ok(Output::Floats(predictions.rows().into_iter().map(|row| self.median(row.to_vec())).collect()))
    }

    fn median(&self, predictions: Vec<f64>) -> f64 {
        let mut sorted: Vec<(f64, f64)> = predictions.into_iter().zip(self.weights.iter().copied()).collect();
        sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let reached: Vec<f64> = sorted
            .iter()
            .scan(0.0, |sum, (_, weight)| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        let half = 0.5 * reached.last().copied().unwrap_or_default();
        sorted[reached.iter().position(|sum| *sum >= half).unwrap_or(0)].0
    }
}

/// `_compute_proba_from_decision`, row by row.
fn probabilities(mut scores: Vec<f64>, n: usize, binary: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    for row in scores.chunks_exact_mut(n) {
        match n {
            1 => row[0] = 1.0,
            2 => {
                let decision = binary(row);
                row.copy_from_slice(&[-decision / 2.0, decision / 2.0]);
                softmax(row);
            }
            _ => {
                row.iter_mut().for_each(|score| *score /= n as f64 - 1.0);
                softmax(row);
            }
        }
    }
    scores
}
