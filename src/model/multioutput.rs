//! One estimator for each of several outputs: side by side, or each behind the answers of those before it.

use super::answers::side_by_side;
use super::{Estimator, InputError, InputPolicy, Method, Output};
use ndarray::{Array2, ArrayView2, s};

/// `MultiOutputClassifier`, `MultiOutputRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiOutput {
    /// At least one.
    pub estimators: Vec<Estimator>,
    pub classifies: bool,
    pub proba: bool,
}

/// `ClassifierChain`, `RegressorChain`.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    pub policy: InputPolicy,
    pub n_features: usize,
    /// At least one; each takes one column more than the one before it.
    pub estimators: Vec<Estimator>,
    /// Where the answer of each estimator stands among the outputs.
    pub order: Vec<usize>,
    /// What each hands on to those behind it.
    pub handed_on: Answer,
    /// `predict_proba` and `decision_function`, where all have them.
    pub proba: Option<Answer>,
    pub decision: Option<Answer>,
}

/// A method and the column of its answer that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub method: Method,
    pub column: usize,
}

impl MultiOutput {
    pub fn methods(&self) -> Vec<Method> {
        if self.proba { vec![Method::Predict, Method::PredictProba] } else { vec![Method::Predict] }
    }

    pub fn n_features(&self) -> usize {
        self.estimators[0].n_features()
    }

    /// `sklearn.multioutput._MultiOutputEstimator.predict`, `MultiOutputClassifier.predict_proba`.
    ///
    /// # Errors
    /// When an estimator in it refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        if method == Method::Predict && self.classifies {
            let columns: Result<Vec<_>, _> = self.estimators.iter().map(|one| one.call(method, x)).collect();
            return Ok(Output::Columns(columns?));
        }
        let tables: Result<Vec<_>, _> = self.estimators.iter().map(|one| one.table(method, x)).collect();
        let tables = tables?;
        if method == Method::PredictProba {
            return Ok(Output::List(tables));
        }
        Ok(Output::Matrix(side_by_side(tables.iter().map(|table| table.view()))))
    }
}

impl Chain {
    pub fn methods(&self) -> Vec<Method> {
        let has = |method: &Method| match method {
            Method::Predict => true,
            Method::PredictProba => self.proba.is_some(),
            Method::DecisionFunction => self.decision.is_some(),
            _ => false,
        };
        Method::ALL.into_iter().filter(has).collect()
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.multioutput._BaseChain._get_predictions`.
    ///
    /// # Errors
    /// When it, or an estimator in it, refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let wanted = match method {
            Method::PredictProba => self.proba,
            Method::DecisionFunction => self.decision,
            _ => None,
        };
        let wanted = wanted.unwrap_or(Answer { method: Method::Predict, column: 0 });
        let mut seen = Array2::zeros((x.nrows(), self.n_features + self.estimators.len()));
        seen.slice_mut(s![.., ..self.n_features]).assign(&x);
        let mut all = Array2::zeros((x.nrows(), self.estimators.len()));
        for (at, (estimator, place)) in self.estimators.iter().zip(&self.order).enumerate() {
            let columns = self.n_features + at;
            let input = seen.slice(s![.., ..columns]).to_owned();
            let ask = |answer: Answer| -> Result<Array2<f64>, InputError> {
                let last = self.n_features - 1;
                estimator.table(answer.method, input.view()).map_err(|error| error.moved(|own| own.min(last)))
            };
            let handed_on = ask(self.handed_on)?;
            seen.column_mut(columns).assign(&handed_on.column(self.handed_on.column));
            let answer = if wanted == self.handed_on { handed_on } else { ask(wanted)? };
            all.column_mut(*place).assign(&answer.column(wanted.column));
        }
        Ok(Output::Matrix(all))
    }
}
