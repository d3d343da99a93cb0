//! Linear models: one dot product for each output, then a link, a label or a probability.

use super::math::{argmax, expit, softmax};
use super::product::products;
use super::{Classes, InputError, InputPolicy, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// A linear model. `n_outputs` is 1 for one target or two classes, else the number of targets or classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    policy: InputPolicy,
    /// Row-major, shape (n_outputs, n_features).
    coef: Vec<f64>,
    /// Shape (n_outputs,).
    intercept: Vec<f64>,
    head: Head,
}

/// What follows the dot product.
#[derive(Debug, Clone, PartialEq)]
pub enum Head {
    /// `predict` is the link's inverse; a matrix, even of one column, where `coef_` has two dimensions.
    Regressor { link: Link, matrix: bool },
    /// `predict` is the class of the largest value (two classes: above 0, the second).
    Classifier { classes: Arc<Classes>, probability: Option<Probability> },
    /// A `RidgeClassifier` of several labels a row: 1 for each decision above 0.
    Multilabel,
    /// `SGDOneClassSVM`: the decision is the score less the offset; below 0 is an outlier, -1.
    OutlierDetector { offset: f64 },
}

/// From the linear predictor to the mean, in generalized linear models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Identity,
    /// The mean is the exponential.
    Log,
}

/// From decision values to `predict_proba`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probability {
    /// One-versus-rest: `LinearClassifierMixin._predict_proba_lr`.
    Logistic,
    /// Multinomial; of two classes with one decision value d, softmax of (-d, d).
    Softmax,
    /// `SGDClassifier` with `modified_huber`: (clip(d, -1, 1) + 1) / 2, normalised over several classes.
    ModifiedHuber,
}

impl Linear {
    /// The lengths must agree: `coef` is `intercept.len()` rows of equal, positive length, and a classifier has one
    /// row for two classes or one for each of several.
    pub fn new(policy: InputPolicy, coef: Vec<f64>, intercept: Vec<f64>, head: Head) -> Self {
        debug_assert!(!coef.is_empty() && coef.len().is_multiple_of(intercept.len()));
        Linear { policy, coef, intercept, head }
    }

    pub fn methods(&self) -> Vec<Method> {
        match &self.head {
            Head::Regressor { .. } => vec![Method::Predict],
            Head::Classifier { probability: None, .. } | Head::Multilabel => {
                vec![Method::Predict, Method::DecisionFunction]
            }
            Head::Classifier { .. } => vec![Method::Predict, Method::PredictProba, Method::DecisionFunction],
            Head::OutlierDetector { .. } => vec![Method::Predict, Method::DecisionFunction, Method::ScoreSamples],
        }
    }

    pub fn n_features(&self) -> usize {
        self.coef.len() / self.intercept.len()
    }

    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let mut scores = self.scores(x);
        self.policy.check_by(&scores, x)?;
        Ok(match &self.head {
            Head::Regressor { link, matrix } => {
                if *link == Link::Log {
                    scores.iter_mut().for_each(|score| *score = score.exp());
                }
                if *matrix { self.matrix(scores) } else { Output::Floats(scores) }
            }
            Head::Classifier { classes, probability } => match (method, probability) {
                (Method::DecisionFunction, _) if self.intercept.len() == 1 => Output::Floats(scores),
                (Method::DecisionFunction, _) => self.matrix(scores),
                (Method::PredictProba, Some(probability)) => self.probabilities(scores, *probability),
                _ => Output::Labels { indices: self.labels(&scores, classes), classes: classes.clone() },
            },
            Head::Multilabel if method == Method::DecisionFunction => self.matrix(scores),
            Head::Multilabel => {
                let n = self.intercept.len();
                let column = |at| scores.iter().skip(at).step_by(n).map(|score| i64::from(*score > 0.0)).collect();
                Output::Columns((0..n).map(column).map(Output::Ints).collect())
            }
            Head::OutlierDetector { offset } => {
                scores.iter_mut().for_each(|score| *score -= offset);
                match method {
                    Method::DecisionFunction => Output::Floats(scores),
                    Method::ScoreSamples => Output::Floats(scores.into_iter().map(|score| score + offset).collect()),
                    _ => Output::Ints(scores.into_iter().map(|score| if score >= 0.0 { 1 } else { -1 }).collect()),
                }
            }
        })
    }

    /// `X @ coef_.T + intercept_`, row-major, shape (rows, n_outputs).
    fn scores(&self, x: ArrayView2<'_, f64>) -> Vec<f64> {
        let x = x.as_standard_layout();
        let mut scores = vec![0.0; x.nrows() * self.intercept.len()];
        products(x.as_slice().unwrap_or_default(), &self.coef, self.n_features(), &mut scores);
        for scores in scores.chunks_exact_mut(self.intercept.len()) {
            scores.iter_mut().zip(&self.intercept).for_each(|(score, intercept)| *score += intercept);
        }
        scores
    }

    fn matrix(&self, scores: Vec<f64>) -> Output {
        let columns = self.intercept.len();
        Output::Matrix(matrix(scores, columns))
    }

    fn labels(&self, scores: &[f64], classes: &Classes) -> Vec<u32> {
        match self.intercept.len() {
            1 => scores.iter().map(|score| u32::from(*score > 0.0 && classes.len() > 1)).collect(),
            n => scores.chunks_exact(n).map(argmax).collect(),
        }
    }

    fn probabilities(&self, mut scores: Vec<f64>, probability: Probability) -> Output {
        let n = self.intercept.len();
        let huber = |score: f64| (score.clamp(-1.0, 1.0) + 1.0) / 2.0;
        if n == 1 {
            let pair = |score: &f64| match probability {
                Probability::Logistic => {
                    let second = expit(*score);
                    [1.0 - second, second]
                }
                Probability::ModifiedHuber => [1.0 - huber(*score), huber(*score)],
                Probability::Softmax => {
                    let mut pair = [-score, *score];
                    softmax(&mut pair);
                    pair
                }
            };
            let mut pairs = vec![0.0; scores.len() * 2];
            pairs.as_chunks_mut().0.iter_mut().zip(&scores).for_each(|(out, score)| *out = pair(score));
            return Output::Matrix(matrix(pairs, 2));
        }
        for row in scores.chunks_exact_mut(n) {
            match probability {
                Probability::Softmax => softmax(row),
                Probability::Logistic => {
                    row.iter_mut().for_each(|score| *score = expit(*score));
                    normalise(row);
                }
                Probability::ModifiedHuber => {
                    row.iter_mut().for_each(|score| *score = huber(*score));
                    normalise(row);
                }
            }
        }
        self.matrix(scores)
    }
}

fn matrix(values: Vec<f64>, columns: usize) -> Array2<f64> {
    let rows = values.len() / columns;
    Array2::from_shape_vec((rows, columns), values).expect("whole rows")
}

/// Divides by the sum; a row of zeros becomes uniform.
fn normalise(row: &mut [f64]) {
    let sum: f64 = row.iter().sum();
    let n = row.len() as f64;
    for value in row {
        *value = if sum == 0.0 { 1.0 / n } else { *value / sum };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FloatType;
    use ndarray::array;

    fn model(coef: &[f64], intercept: &[f64], head: Head) -> Linear {
        let policy =
            InputPolicy { estimator: "Ridge".into(), dtype: FloatType::F64, allow_nan: false, allow_infinite: false };
        Linear::new(policy, coef.to_vec(), intercept.to_vec(), head)
    }

    fn classifier(coef: &[f64], intercept: &[f64], probability: Probability) -> Linear {
        let n = intercept.len().max(2) as i64;
        let classes = Arc::new(Classes::Int((0..n).collect()));
        model(coef, intercept, Head::Classifier { classes, probability: Some(probability) })
    }

    #[test]
    fn probabilities_of_two_classes() {
        let x = array![[0.0], [2.0]];
        for (probability, expected) in [
            (Probability::Logistic, [[0.5, 0.5], [1.0 - expit(2.0), expit(2.0)]]),
            (Probability::Softmax, [[0.5, 0.5], [1.0 / (1.0 + 4f64.exp()), 1.0 / (1.0 + (-4f64).exp())]]),
            (Probability::ModifiedHuber, [[0.5, 0.5], [0.0, 1.0]]),
        ] {
            let got = classifier(&[1.0], &[0.0], probability).call(Method::PredictProba, x.view()).unwrap();
            let Output::Matrix(got) = got else { panic!("{got:?}") };
            for (got, expected) in got.iter().zip(expected.iter().flatten()) {
                assert!((got - expected).abs() < 1e-15, "{probability:?}: {got} {expected}");
            }
        }
    }

    #[test]
    fn a_row_without_any_probability_becomes_uniform() {
        let model = classifier(&[1.0, 1.0, 1.0, 1.0], &[-9.0; 4], Probability::ModifiedHuber);
        let got = model.call(Method::PredictProba, array![[1.0]].view());
        assert_eq!(got, Ok(Output::Matrix(array![[0.25, 0.25, 0.25, 0.25]])));
    }

    #[test]
    fn a_decision_of_exactly_zero_is_the_first_class() {
        let model = classifier(&[1.0], &[0.0], Probability::Logistic);
        let got = model.call(Method::Predict, array![[0.0], [1e-300], [-1.0]].view()).unwrap();
        assert!(matches!(got, Output::Labels { indices, .. } if indices == [0, 1, 0]));
    }

    #[test]
    fn the_shape_of_a_regression_follows_coef() {
        let one = |matrix| model(&[1.0, 2.0], &[0.5], Head::Regressor { link: Link::Identity, matrix });
        let x = array![[1.0, 1.0], [0.0, -1.0]];
        assert_eq!(one(false).call(Method::Predict, x.view()), Ok(Output::Floats(vec![3.5, -1.5])));
        assert_eq!(one(true).call(Method::Predict, x.view()), Ok(Output::Matrix(array![[3.5], [-1.5]])));
        // Column-major input is the same input.
        let transposed = array![[1.0, 0.0], [1.0, -1.0]];
        assert_eq!(one(false).call(Method::Predict, transposed.t()), Ok(Output::Floats(vec![3.5, -1.5])));
    }

    #[test]
    fn an_outlier_is_below_the_offset() {
        let model = model(&[1.0], &[0.0], Head::OutlierDetector { offset: 2.0 });
        let x = array![[2.0], [1.5]];
        assert_eq!(model.call(Method::Predict, x.view()), Ok(Output::Ints(vec![1, -1])));
        assert_eq!(model.call(Method::ScoreSamples, x.view()), Ok(Output::Floats(vec![2.0, 1.5])));
    }
}
