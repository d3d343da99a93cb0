//! Stacking: an estimator that learns from the answers of others.

use super::answers::side_by_side;
use super::{Classes, Estimator, InputError, Method, Output};
use ndarray::{Array2, ArrayView1, ArrayView2, s};
use std::sync::Arc;

/// `StackingClassifier` and `StackingRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stacking {
    /// At least one.
    pub members: Vec<Member>,
    /// The input itself stands behind the answers.
    pub passthrough: bool,
    /// All answers are integers, and `transform` keeps them so.
    pub integers: bool,
    pub last: Estimator,
    /// The labels that the last estimator knows as 0, 1, 2…; `None` for a regressor.
    pub classes: Option<Arc<Classes>>,
}

/// An estimator and what is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub estimator: Estimator,
    pub method: Method,
    /// Of two probabilities only the second is used.
    pub second_only: bool,
}

impl Stacking {
    pub fn methods(&self) -> Vec<Method> {
        let of_last = self.last.methods();
        let has = |method: &Method| match method {
            Method::Transform => true,
            Method::ScoreSamples => false,
            method => of_last.contains(method) && (self.classes.is_some() || *method == Method::Predict),
        };
        Method::ALL.into_iter().filter(has).collect()
    }

    pub fn n_features(&self) -> usize {
        self.members[0].estimator.n_features()
    }

    /// `sklearn.ensemble._stacking`.
    ///
    /// # Errors
    /// When an estimator in it refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let answers = self.answers(x)?;
        if method == Method::Transform {
            let column = |column: ArrayView1<'_, f64>| Output::Ints(column.iter().map(|code| *code as i64).collect());
            return Ok(match self.integers {
                true => Output::Columns(answers.columns().into_iter().map(column).collect()),
                false => Output::Matrix(answers),
            });
        }
        // Columns of the answers are none of the request.
        let output = self.last.call(method, answers.view()).map_err(|error| error.moved(|_| 0))?;
        Ok(match (output, &self.classes) {
            (Output::Labels { indices, classes: codes }, Some(classes)) => {
                let codes = codes.numbers().expect("codes are numbers");
                let indices = indices.into_iter().map(|index| codes[index as usize] as u32).collect();
                Output::Labels { indices, classes: classes.clone() }
            }
            (output, _) => output,
        })
    }

    /// `_concatenate_predictions`.
    fn answers(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InputError> {
        let mut parts = Vec::with_capacity(self.members.len() + 1);
        for member in &self.members {
            let answer = member.estimator.table(member.method, x)?;
            parts.push(if member.second_only { answer.slice(s![.., 1..]).to_owned() } else { answer });
        }
        let tables = parts.iter().map(|part| part.view());
        Ok(if self.passthrough { side_by_side(tables.chain([x])) } else { side_by_side(tables) })
    }
}
