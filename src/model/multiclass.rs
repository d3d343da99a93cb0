//! Several classes from estimators of two: one against the rest, one against one, codes.

use super::math::{argmax, dot};
use super::tree::pairwise_sum;
use super::{Classes, Estimator, InputError, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// `OneVsRestClassifier`, `OneVsOneClassifier`, `OutputCodeClassifier`.
#[derive(Debug, Clone, PartialEq)]
pub struct Multiclass {
    pub n_features: usize,
    pub classes: Arc<Classes>,
    /// At least one.
    pub estimators: Vec<Binary>,
    pub scheme: Scheme,
}

/// How the estimators' answers make one.
#[derive(Debug, Clone, PartialEq)]
pub enum Scheme {
    /// An estimator for each class; for two classes, one.
    Rest(Rest),
    /// An estimator for each pair of classes.
    One,
    /// An estimator for each bit of a code; `book` holds the code of each class, row by row.
    Code { book: Vec<f64> },
}

/// Options of one against the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    pub multilabel: bool,
    /// Of equal answers the last one wins: before scikit-learn 1.8.
    pub last_wins: bool,
    /// Rows without any probability stay zero: from 1.7.
    pub keeps_zeros: bool,
    /// Which outputs all estimators have.
    pub proba: bool,
    pub decision: bool,
}

/// An estimator of two classes, or of no choice at all.
#[derive(Debug, Clone, PartialEq)]
pub enum Binary {
    /// `_ConstantPredictor`: every training row had this label, 0 or 1 (a bit of a code: also -1).
    Constant(i64),
    /// `confidence`: the method and column that speaks for the second class, and the value above which it wins.
    Estimator { estimator: Box<Estimator>, confidence: Method, column: usize },
}

impl Binary {
    /// `_predict_binary`.
    fn confidences(&self, x: ArrayView2<'_, f64>) -> Result<Vec<f64>, InputError> {
        match self {
            Binary::Constant(label) => Ok(vec![*label as f64; x.nrows()]),
            Binary::Estimator { estimator, confidence, column } => {
                Ok(estimator.table(*confidence, x)?.column(*column).to_vec())
            }
        }
    }

    fn probabilities(&self, x: ArrayView2<'_, f64>) -> Result<Vec<f64>, InputError> {
        match self {
            Binary::Constant(label) => Ok(vec![*label as f64; x.nrows()]),
            Binary::Estimator { estimator, .. } => Ok(estimator.table(Method::PredictProba, x)?.column(1).to_vec()),
        }
    }

    fn decisions(&self, x: ArrayView2<'_, f64>) -> Result<Vec<f64>, InputError> {
        match self {
            Binary::Constant(label) => Ok(vec![*label as f64; x.nrows()]),
            Binary::Estimator { estimator, .. } => Ok(estimator.table(Method::DecisionFunction, x)?.column(0).to_vec()),
        }
    }

    /// `predict`: 0 or 1.
    fn labels(&self, x: ArrayView2<'_, f64>) -> Result<Vec<f64>, InputError> {
        match self {
            Binary::Constant(label) => Ok(vec![*label as f64; x.nrows()]),
            Binary::Estimator { estimator, .. } => Ok(estimator.table(Method::Predict, x)?.column(0).to_vec()),
        }
    }

    /// `_threshold_for_binary_predict`.
    fn threshold(&self) -> f64 {
        match self {
            Binary::Constant(_) | Binary::Estimator { confidence: Method::DecisionFunction, .. } => 0.0,
            Binary::Estimator { .. } => 0.5,
        }
    }
}

impl Multiclass {
    pub fn methods(&self) -> Vec<Method> {
        let has = |method: &Method| match (&self.scheme, method) {
            (_, Method::Predict) | (Scheme::One, Method::DecisionFunction) => true,
            (Scheme::Rest(rest), Method::PredictProba) => rest.proba,
            (Scheme::Rest(rest), Method::DecisionFunction) => rest.decision,
            _ => false,
        };
        Method::ALL.into_iter().filter(has).collect()
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.multiclass`.
    ///
    /// # Errors
    /// When an estimator in it refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        match (&self.scheme, method) {
            (Scheme::Rest(rest), Method::PredictProba) => self.rest_probabilities(*rest, x),
            (Scheme::Rest(_), Method::DecisionFunction) => match &self.estimators[..] {
                [Binary::Constant(label)] => Ok(Output::Ints(vec![*label; x.nrows()])),
                [only] => Ok(Output::Floats(only.decisions(x)?)),
                _ => Ok(Output::Matrix(self.each(x, Binary::decisions)?)),
            },
            (Scheme::Rest(rest), _) => self.rest_labels(*rest, x),
            (Scheme::One, method) => self.one(method, x),
            (Scheme::Code { book }, _) => {
                let answers = self.each(x, Binary::confidences)?;
                let indices = answers.rows().into_iter().map(|row| nearest(&row.to_vec(), book)).collect();
                Ok(Output::Labels { indices, classes: self.classes.clone() })
            }
        }
    }

    /// What each estimator says, side by side.
    fn each(
        &self,
        x: ArrayView2<'_, f64>,
        ask: impl Fn(&Binary, ArrayView2<'_, f64>) -> Result<Vec<f64>, InputError>,
    ) -> Result<Array2<f64>, InputError> {
        let mut all = Array2::zeros((x.nrows(), self.estimators.len()));
        for (mut column, estimator) in all.columns_mut().into_iter().zip(&self.estimators) {
            column.iter_mut().zip(ask(estimator, x)?).for_each(|(value, said)| *value = said);
        }
        Ok(all)
    }

    fn rest_labels(&self, rest: Rest, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let answers = self.each(x, Binary::confidences)?;
        let threshold = self.estimators[0].threshold();
        let above = |value: &f64| *value > threshold;
        if rest.multilabel {
            let column = |column: ndarray::ArrayView1<'_, f64>| column.iter().map(|v| i64::from(above(v))).collect();
            return Ok(Output::Columns(answers.columns().into_iter().map(column).map(Output::Ints).collect()));
        }
        let last = self.classes.len() - 1;
        let label = |row: ndarray::ArrayView1<'_, f64>| match answers.ncols() {
            1 => u32::from(above(&row[0])).min(last as u32),
            _ if rest.last_wins => last_of_largest(row.iter().copied().enumerate()),
            _ => last_of_largest(row.iter().copied().enumerate().rev()),
        };
        let indices = answers.rows().into_iter().map(label).collect();
        Ok(Output::Labels { indices, classes: self.classes.clone() })
    }

    fn rest_probabilities(&self, rest: Rest, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let mut all = self.each(x, Binary::probabilities)?;
        if all.ncols() == 1 {
            all = Array2::from_shape_fn((x.nrows(), 2), |(row, class)| match class {
                0 => 1.0 - all[(row, 0)],
                _ => all[(row, 0)],
            });
        }
        for mut row in all.rows_mut().into_iter().filter(|_| !rest.multilabel) {
            let sum = pairwise_sum(&row.to_vec());
            if sum != 0.0 || !rest.keeps_zeros {
                row.mapv_inplace(|p| p / sum);
            }
        }
        Ok(Output::Matrix(all))
    }

    fn one(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let (labels, confidences) = (self.each(x, Binary::labels)?, self.each(x, Binary::confidences)?);
        let n = self.classes.len();
        let mut all = Array2::zeros((x.nrows(), n));
        for ((mut row, labels), confidences) in all.rows_mut().into_iter().zip(labels.rows()).zip(confidences.rows()) {
            let votes = labels.iter().map(|label| *label == 1.0);
            let scores = one_against_one(n, votes.zip(confidences.iter().copied()));
            row.iter_mut().zip(scores).for_each(|(value, score)| *value = score);
        }
        let binary = || all.column(1);
        Ok(match method {
            Method::DecisionFunction if n == 2 => Output::Floats(binary().to_vec()),
            Method::DecisionFunction => Output::Matrix(all),
            _ => {
                let threshold = self.estimators[0].threshold();
                let indices = match n {
                    2 => binary().iter().map(|value| u32::from(*value > threshold)).collect(),
                    _ => all.rows().into_iter().map(|row| argmax(&row.to_vec())).collect(),
                };
                Output::Labels { indices, classes: self.classes.clone() }
            }
        })
    }
}

/// `_ovr_decision_function`: votes, and confidences scaled to less than one vote. `pairs`: for each pair of classes in
/// order, whether the second one won, and how much speaks for it.
pub fn one_against_one(n: usize, mut pairs: impl Iterator<Item = (bool, f64)>) -> Vec<f64> {
    let (mut votes, mut sums) = (vec![0.0; n], vec![0.0; n]);
    for first in 0..n {
        for second in first + 1..n {
            let (won, confidence) = pairs.next().expect("one for each pair");
            sums[first] -= confidence;
            sums[second] += confidence;
            votes[if won { second } else { first }] += 1.0;
        }
    }
    votes.into_iter().zip(sums).map(|(votes, sum): (f64, f64)| votes + sum / (3.0 * (sum.abs() + 1.0))).collect()
}

/// The last of the largest, as `np.maximum` and `==` find it: nothing after a NaN is the largest.
fn last_of_largest(values: impl Iterator<Item = (usize, f64)>) -> u32 {
    let (mut largest, mut best) = (f64::NEG_INFINITY, 0);
    for (at, value) in values {
        largest = if value.is_nan() || largest.is_nan() { f64::NAN } else { largest.max(value) };
        if largest == value {
            best = at;
        }
    }
    best as u32
}

/// The first row of `book` that is nearest: `pairwise_distances_argmin`.
fn nearest(row: &[f64], book: &[f64]) -> u32 {
    let shared = dot(row, row);
    let codes = book.chunks_exact(row.len());
    let distances: Vec<f64> = codes.map(|code| (-2.0 * dot(row, code) + shared + dot(code, code)).max(0.0)).collect();
    (0..distances.len()).fold(0, |best, at| if distances[at] < distances[best] { at } else { best }) as u32
}
