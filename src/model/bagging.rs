//! Bagging: the mean of estimators that each saw other rows, and perhaps other columns.

use super::math::argmax;
use super::{Classes, Estimator, InputError, Method, Output};
use ndarray::{Array2, ArrayView2, Axis};
use std::sync::Arc;

/// `BaggingClassifier` and `BaggingRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bagging {
    pub n_features: usize,
    pub members: Vec<Member>,
    /// Members are summed in this many runs, then the sums are: `n_jobs`, where it says so.
    pub jobs: usize,
    pub target: Target,
}

/// An estimator and what it sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub estimator: Estimator,
    /// Columns of the input; `None` for all of them in order.
    pub columns: Option<Vec<usize>>,
    /// Where its classes stand among those of the whole; empty for a regressor.
    pub places: Vec<usize>,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// This many numbers; a column of its own where members give a matrix.
    Numbers { columns: usize, matrix: bool },
    /// `decision`: columns of `decision_function`, where all members have one.
    Labels { classes: Arc<Classes>, decision: Option<Decision> },
}

/// The form of `decision_function`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub columns: usize,
    pub matrix: bool,
}

impl Bagging {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Numbers { .. } => vec![Method::Predict],
            Target::Labels { decision: None, .. } => vec![Method::Predict, Method::PredictProba],
            Target::Labels { .. } => vec![Method::Predict, Method::PredictProba, Method::DecisionFunction],
        }
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.ensemble._bagging`.
    ///
    /// # Errors
    /// When an estimator in it refuses a value; the column is that of the whole input.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        match &self.target {
            Target::Numbers { columns, matrix } => {
                let mean = self.mean(x, *columns, |member, x| member.estimator.table(Method::Predict, x))?;
                Ok(shaped(mean, *matrix))
            }
            Target::Labels { decision: Some(decision), .. } if method == Method::DecisionFunction => {
                let mean =
                    self.mean(x, decision.columns, |member, x| member.estimator.table(Method::DecisionFunction, x))?;
                Ok(shaped(mean, decision.matrix))
            }
            Target::Labels { classes, .. } => {
                let mean = self.mean(x, classes.len(), |member, x| member.probabilities(x, classes.len()))?;
                if method == Method::PredictProba {
                    return Ok(Output::Matrix(mean));
                }
                let indices = mean.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
                Ok(Output::Labels { indices, classes: classes.clone() })
            }
        }
    }

    /// The mean over all members of what `answer` gives, summed in the order of scikit-learn.
    fn mean(
        &self,
        x: ArrayView2<'_, f64>,
        columns: usize,
        answer: impl Fn(&Member, ArrayView2<'_, f64>) -> Result<Array2<f64>, InputError>,
    ) -> Result<Array2<f64>, InputError> {
        let mut total = Array2::zeros((x.nrows(), columns));
        let mut rest = &self.members[..];
        for job in 0..self.jobs {
            let share = self.members.len() / self.jobs + usize::from(job < self.members.len() % self.jobs);
            let (run, later) = rest.split_at(share);
            rest = later;
            let mut sum = Array2::zeros((x.nrows(), columns));
            for member in run {
                sum += &member.seeing(x, &answer)?;
            }
            total += &sum;
        }
        Ok(total / self.members.len() as f64)
    }
}

impl Member {
    /// What `answer` gives for this member's own columns.
    fn seeing(
        &self,
        x: ArrayView2<'_, f64>,
        answer: impl Fn(&Member, ArrayView2<'_, f64>) -> Result<Array2<f64>, InputError>,
    ) -> Result<Array2<f64>, InputError> {
        match &self.columns {
            None => answer(self, x),
            Some(columns) => {
                answer(self, x.select(Axis(1), columns).view()).map_err(|error| error.moved(|own| columns[own]))
            }
        }
    }

    /// Probabilities in the order of the whole's `n` classes; of a member that has none, one vote.
    fn probabilities(&self, x: ArrayView2<'_, f64>, n: usize) -> Result<Array2<f64>, InputError> {
        let mut all = Array2::zeros((x.nrows(), n));
        if self.estimator.methods().contains(&Method::PredictProba) {
            let own = self.estimator.table(Method::PredictProba, x)?;
            for (column, place) in own.columns().into_iter().zip(&self.places) {
                all.column_mut(*place).assign(&column);
            }
        } else {
            for (mut row, label) in all.rows_mut().into_iter().zip(self.estimator.labels(x)?) {
                row[self.places[label as usize]] = 1.0;
            }
        }
        Ok(all)
    }
}

fn shaped(values: Array2<f64>, matrix: bool) -> Output {
    if matrix { Output::Matrix(values) } else { Output::Floats(values.into_iter().collect()) }
}
