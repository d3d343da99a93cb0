//! `DummyClassifier` and `DummyRegressor`: the same answer for every row, whatever it holds.

use super::{Classes, InputError, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// A model that ignores its input.
#[derive(Debug, Clone, PartialEq)]
pub struct Dummy {
    n_features: usize,
    answer: Answer,
}

/// What every row gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One value for each target.
    Values(Vec<f64>),
    /// One integer for each target.
    Integers(Vec<i64>),
    /// One label and its probabilities for each output.
    Labels(Vec<Label>),
}

/// The answer of a classifier for one output.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub classes: Arc<Classes>,
    /// Index of the class that is always predicted.
    pub index: u32,
    /// One probability for each class.
    pub probabilities: Vec<f64>,
}

impl Dummy {
    /// `answer` must hold at least one target or output.
    pub fn new(n_features: usize, answer: Answer) -> Self {
        Dummy { n_features, answer }
    }

    pub fn methods(&self) -> Vec<Method> {
        match &self.answer {
            Answer::Values(_) | Answer::Integers(_) => vec![Method::Predict],
            Answer::Labels(_) => vec![Method::Predict, Method::PredictProba],
        }
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let rows = x.nrows();
        Ok(match (&self.answer, method) {
            (Answer::Values(values), _) => match values[..] {
                [value] => Output::Floats(vec![value; rows]),
                _ => Output::Matrix(repeat(values, rows)),
            },
            (Answer::Integers(values), _) => match values[..] {
                [value] => Output::Ints(vec![value; rows]),
                _ => Output::Columns(values.iter().map(|value| Output::Ints(vec![*value; rows])).collect()),
            },
            (Answer::Labels(labels), Method::PredictProba) => match &labels[..] {
                [label] => Output::Matrix(repeat(&label.probabilities, rows)),
                _ => Output::List(labels.iter().map(|label| repeat(&label.probabilities, rows)).collect()),
            },
            (Answer::Labels(labels), _) => {
                let column = |l: &Label| Output::Labels { indices: vec![l.index; rows], classes: l.classes.clone() };
                match &labels[..] {
                    [label] => column(label),
                    _ => Output::Columns(labels.iter().map(column).collect()),
                }
            }
        })
    }
}

/// `row`, as often as asked.
fn repeat(row: &[f64], rows: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, row.len()), |(_, column)| row[column])
}
