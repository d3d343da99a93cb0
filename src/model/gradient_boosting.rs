//! Gradient boosting: trees on top of a first guess.

use super::math::{argmax, expit, softmax};
use super::tree::{AsFloat32, Forest, rows_of};
use super::{Classes, Estimator, InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;
use std::sync::Arc;

/// `GradientBoostingClassifier` and `GradientBoostingRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientBoosting {
    pub policy: InputPolicy,
    /// A leaf holds its value times the learning rate. One column for each raw score.
    pub forest: Forest,
    pub init: Init,
    pub target: Target,
}

/// Raw scores before the first tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// The same for every row, one for each column.
    Constant(Vec<f64>),
    /// Those of a fitted estimator, which gives one number a row, or probabilities where the target has labels.
    Estimator { estimator: Box<Estimator>, guess: Guess },
}

/// From an estimator's probabilities to raw scores (`_gb._init_raw_predictions`, before 1.4
/// `_gb_losses.*.get_init_raw_predictions`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guess {
    /// Probabilities are kept this far from 0 and 1.
    pub epsilon: f64,
    pub link: Link,
}

/// What raw scores stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Logit,
    /// Half of it, for the exponential loss.
    HalfLogit,
    Log,
    /// The logarithm less its mean over the classes: from 1.4.
    CenteredLog,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Number,
    Labels { classes: Arc<Classes>, link: Link, decide: Decide },
}

/// How a label is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decide {
    /// The largest raw score; of two classes, the second from 0 upward.
    Raw,
    /// The largest probability, the first of equal ones: before 1.4, except with the exponential loss.
    Probability,
}

impl GradientBoosting {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Number => vec![Method::Predict],
            Target::Labels { .. } => vec![Method::Predict, Method::PredictProba, Method::DecisionFunction],
        }
    }

    pub fn n_features(&self) -> usize {
        self.forest.n_features()
    }

    /// `predict`, `decision_function` (raw scores), `predict_proba`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let mut raw = self.init.raw(x)?;
        self.forest.add(x, &AsFloat32, &mut raw);
        let Target::Labels { classes, link, decide } = &self.target else { return Ok(Output::Floats(raw)) };
        let columns = self.forest.columns();
        Ok(match method {
            Method::DecisionFunction if columns == 1 => Output::Floats(raw),
            Method::DecisionFunction => Output::Matrix(rows_of(raw, columns)),
            Method::PredictProba => Output::Matrix(rows_of(probabilities(raw, columns, *link), columns.max(2))),
            _ => Output::Labels { indices: labels(raw, columns, *link, *decide), classes: classes.clone() },
        })
    }
}

fn labels(raw: Vec<f64>, columns: usize, link: Link, decide: Decide) -> Vec<u32> {
    match decide {
        Decide::Raw if columns == 1 => raw.iter().map(|raw| u32::from(*raw >= 0.0)).collect(),
        Decide::Raw => raw.chunks_exact(columns).map(argmax).collect(),
        Decide::Probability => probabilities(raw, columns, link).chunks_exact(columns.max(2)).map(argmax).collect(),
    }
}

/// Probabilities from raw scores, both row by row: two columns from one raw score, else as many as there are.
fn probabilities(mut raw: Vec<f64>, columns: usize, link: Link) -> Vec<f64> {
    if columns == 1 {
        let second = |raw: f64| expit(if link == Link::HalfLogit { 2.0 * raw } else { raw });
        return raw.into_iter().map(second).flat_map(|second| [1.0 - second, second]).collect();
    }
    for row in raw.chunks_exact_mut(columns) {
        if link == Link::CenteredLog { softmax(row) } else { log_softmax_exp(row) }
    }
    raw
}

/// `np.nan_to_num(np.exp(raw - logsumexp(raw)))`: `MultinomialDeviance._raw_prediction_to_proba`.
fn log_softmax_exp(row: &mut [f64]) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = row.iter().map(|raw| (raw - max).exp()).sum();
    let total = sum.ln() + max;
    for raw in row {
        let probability = (*raw - total).exp();
        *raw = if probability.is_nan() { 0.0 } else { probability };
    }
}

impl Init {
    /// Raw scores of each row, row by row.
    fn raw(&self, x: ArrayView2<'_, f64>) -> Result<Vec<f64>, InputError> {
        match self {
            Init::Constant(row) => Ok(row.repeat(x.nrows())),
            Init::Estimator { estimator, guess } => {
                // scikit-learn hands its own float32 copy on.
                let x = x.mapv(|value| f64::from(value as f32));
                raw_of(estimator, *guess, x.view())
            }
        }
    }
}

/// Raw scores of a first guess. An estimator without probabilities predicts the raw score itself.
///
/// # Errors
/// When `estimator` refuses a value.
pub fn raw_of(estimator: &Estimator, guess: Guess, x: ArrayView2<'_, f64>) -> Result<Vec<f64>, InputError> {
    let probabilities = estimator.methods().contains(&Method::PredictProba);
    match estimator.call(if probabilities { Method::PredictProba } else { Method::Predict }, x)? {
        Output::Floats(values) => Ok(values),
        Output::Ints(values) => Ok(values.into_iter().map(|value| value as f64).collect()),
        Output::Matrix(values) if !probabilities => Ok(values.into_iter().collect()),
        Output::Matrix(values) => Ok(values.rows().into_iter().flat_map(|row| guess.raw(row.to_vec())).collect()),
        _ => unreachable!("checked when it was built"),
    }
}

impl Guess {
    fn raw(self, mut row: Vec<f64>) -> Vec<f64> {
        row.iter_mut().for_each(|p| *p = p.clamp(self.epsilon, 1.0 - self.epsilon));
        match self.link {
            Link::Logit => vec![logit(row[1])],
            Link::HalfLogit => vec![0.5 * logit(row[1])],
            Link::Log => row.into_iter().map(f64::ln).collect(),
            Link::CenteredLog => {
                let mean = row.iter().map(|p| p.ln()).sum::<f64>() / row.len() as f64;
                let geometric = mean.exp();
                row.into_iter().map(|p| (p / geometric).ln()).collect()
            }
        }
    }
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}
