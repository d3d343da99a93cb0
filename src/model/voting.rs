//! Voting: several estimators, heard by mean or by majority.

use super::answers::side_by_side;
use super::math::argmax;
use super::tree::pairwise_sum;
use super::{Classes, Estimator, InputError, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// `VotingClassifier` and `VotingRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Voting {
    /// At least one. Those of a classifier know the labels as 0, 1, 2…
    pub estimators: Vec<Estimator>,
    /// One for each estimator.
    pub weights: Option<Vec<f64>>,
    pub target: Target,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Number,
    /// The class of most votes.
    Hard(Arc<Classes>),
    /// The class of the largest mean probability. `flatten`: `transform` puts all probabilities side by side.
    Soft {
        classes: Arc<Classes>,
        flatten: bool,
    },
}

impl Voting {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Soft { .. } => vec![Method::Predict, Method::PredictProba, Method::Transform],
            _ => vec![Method::Predict, Method::Transform],
        }
    }

    pub fn n_features(&self) -> usize {
        self.estimators[0].n_features()
    }

    /// `sklearn.ensemble._voting`.
    ///
    /// # Errors
    /// When an estimator in it refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let Target::Soft { classes, flatten } = &self.target else { return self.of_predictions(method, x) };
        let all = self.ask(Method::PredictProba, x)?;
        Ok(match method {
            Method::Transform if *flatten => Output::Matrix(beside(&all)),
            Method::Transform => Output::List(all),
            Method::PredictProba => Output::Matrix(self.mean(&all)),
            _ => {
                let indices = self.mean(&all).rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
                Output::Labels { indices, classes: classes.clone() }
            }
        })
    }

    fn of_predictions(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let all = self.ask(Method::Predict, x)?;
        Ok(match (&self.target, method) {
            (Target::Number, Method::Transform) => Output::Matrix(beside(&all)),
            (Target::Hard(classes), Method::Predict) => {
                let all = beside(&all);
                let indices = all.rows().into_iter().map(|row| self.majority(&row.to_vec(), classes.len())).collect();
                Output::Labels { indices, classes: classes.clone() }
            }
            (_, Method::Transform) => {
                let codes = |column: &Array2<f64>| Output::Ints(column.iter().map(|code| *code as i64).collect());
                Output::Columns(all.iter().map(codes).collect())
            }
            _ => Output::Floats(self.means(&beside(&all))),
        })
    }

    fn ask(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Vec<Array2<f64>>, InputError> {
        self.estimators.iter().map(|estimator| estimator.table(method, x)).collect()
    }

    /// `np.average(…, axis=0)`: in the order of the estimators.
    fn mean(&self, all: &[Array2<f64>]) -> Array2<f64> {
        let mut sum = Array2::zeros(all[0].dim());
        for (at, values) in all.iter().enumerate() {
            match &self.weights {
                None => sum += values,
                Some(weights) => sum.zip_mut_with(values, |sum, value| *sum += value * weights[at]),
            }
        }
        sum / self.divisor()
    }

    /// `np.average(…, axis=1)` of the transposed predictions. numpy adds along the estimators for all rows at once; only
    /// for a single row does it add in its own order.
    fn means(&self, all: &Array2<f64>) -> Vec<f64> {
        let weighted = |row: ndarray::ArrayView1<'_, f64>| -> Vec<f64> {
            match &self.weights {
                None => row.to_vec(),
                Some(weights) => row.iter().zip(weights).map(|(value, weight)| value * weight).collect(),
            }
        };
        let single = all.nrows() == 1;
        let sum = |values: Vec<f64>| if single { pairwise_sum(&values) } else { values.iter().sum() };
        all.rows().into_iter().map(|row| sum(weighted(row)) / self.divisor()).collect()
    }

    fn divisor(&self) -> f64 {
        self.weights.as_ref().map_or(self.estimators.len() as f64, |weights| pairwise_sum(weights))
    }

    /// `np.argmax(np.bincount(codes, weights))`.
    fn majority(&self, codes: &[f64], n_classes: usize) -> u32 {
        let mut counts = vec![0.0; n_classes];
        for (at, code) in codes.iter().enumerate() {
            counts[*code as usize] += self.weights.as_ref().map_or(1.0, |weights| weights[at]);
        }
        // bincount ends at the largest code: what lies behind is no candidate, not even with negative weights.
        let end = codes.iter().fold(0, |end, code| end.max(*code as usize));
        argmax(&counts[..=end])
    }
}

fn beside(all: &[Array2<f64>]) -> Array2<f64> {
    side_by_side(all.iter().map(|table| table.view()))
}
