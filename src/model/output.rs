//! What an estimator gives back: typed columns, not yet JSON.

use ndarray::{Array2, Axis};
use std::sync::Arc;

/// A method of a scikit-learn estimator that scorelet offers as an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Predict,
    PredictProba,
    DecisionFunction,
    ScoreSamples,
    Transform,
}

impl Method {
    pub const ALL: [Method; 5] =
        [Method::Predict, Method::PredictProba, Method::DecisionFunction, Method::ScoreSamples, Method::Transform];

    /// scikit-learn's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Method::Predict => "predict",
            Method::PredictProba => "predict_proba",
            Method::DecisionFunction => "decision_function",
            Method::ScoreSamples => "score_samples",
            Method::Transform => "transform",
        }
    }

    /// The method of that name.
    pub fn from_name(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|m| m.name() == name)
    }
}

/// The labels a classifier was trained on, in scikit-learn's order (`classes_`).
#[derive(Debug, Clone, PartialEq)]
pub enum Classes {
    Int(Vec<i64>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
    Str(Vec<String>),
}

impl Classes {
    pub fn len(&self) -> usize {
        match self {
            Classes::Int(v) => v.len(),
            Classes::Float(v) => v.len(),
            Classes::Bool(v) => v.len(),
            Classes::Str(v) => v.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where label `at` of this list stands in `other`; `None` when it does not, or the types differ.
    pub fn position(&self, at: usize, other: &Classes) -> Option<usize> {
        fn find<T: PartialEq>(label: Option<&T>, labels: &[T]) -> Option<usize> {
            let label = label?;
            labels.iter().position(|other| other == label)
        }
        match (self, other) {
            (Classes::Int(own), Classes::Int(labels)) => find(own.get(at), labels),
            (Classes::Float(own), Classes::Float(labels)) => find(own.get(at), labels),
            (Classes::Bool(own), Classes::Bool(labels)) => find(own.get(at), labels),
            (Classes::Str(own), Classes::Str(labels)) => find(own.get(at), labels),
            _ => None,
        }
    }
}

/// One output of a batch of rows. The first axis is always the row.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// One label a row: an index into the classes.
    Labels { indices: Vec<u32>, classes: Arc<Classes> },
    /// One integer a row (cluster numbers, outlier labels).
    Ints(Vec<i64>),
    /// One float a row.
    Floats(Vec<f64>),
    /// Several floats a row: shape (rows, columns).
    Matrix(Array2<f64>),
    /// `predict` of a multi-output classifier: one column each, all with the same number of rows; written row by row.
    Columns(Vec<Output>),
    /// `predict_proba` of a multi-output classifier: one matrix for each output, as scikit-learn returns a list.
    List(Vec<Array2<f64>>),
}

impl Output {
    /// Puts the rows of another answer of the same model below.
    pub fn extend(&mut self, below: Output) {
        fn append(own: &mut Array2<f64>, more: &Array2<f64>) {
            own.append(Axis(0), more.view()).expect("answers of one model are equally wide");
        }
        match (self, below) {
            (Output::Labels { indices, .. }, Output::Labels { indices: more, .. }) => indices.extend(more),
            (Output::Ints(own), Output::Ints(more)) => own.extend(more),
            (Output::Floats(own), Output::Floats(more)) => own.extend(more),
            (Output::Matrix(own), Output::Matrix(more)) => append(own, &more),
            (Output::Columns(own), Output::Columns(more)) => {
                own.iter_mut().zip(more).for_each(|(own, more)| own.extend(more));
            }
            (Output::List(own), Output::List(more)) => {
                own.iter_mut().zip(&more).for_each(|(own, more)| append(own, more))
            }
            _ => unreachable!("answers of one model are of one kind"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn answers_are_put_below_each_other() {
        let labels =
            |indices: &[u32]| Output::Labels { indices: indices.to_vec(), classes: Arc::new(Classes::Int(vec![5, 6])) };
        let matrix = |values: Array2<f64>| Output::Matrix(values);
        for (above, below, expected) in [
            (labels(&[0]), labels(&[1, 1]), labels(&[0, 1, 1])),
            (Output::Ints(vec![1]), Output::Ints(vec![2]), Output::Ints(vec![1, 2])),
            (matrix(array![[1.0, 2.0]]), matrix(array![[3.0, 4.0]]), matrix(array![[1.0, 2.0], [3.0, 4.0]])),
            (
                Output::Columns(vec![Output::Floats(vec![1.0]), labels(&[0])]),
                Output::Columns(vec![Output::Floats(vec![2.0]), labels(&[1])]),
                Output::Columns(vec![Output::Floats(vec![1.0, 2.0]), labels(&[0, 1])]),
            ),
            (
                Output::List(vec![array![[1.0]]]),
                Output::List(vec![array![[2.0]]]),
                Output::List(vec![array![[1.0], [2.0]]]),
            ),
        ] {
            let mut all = above;
            all.extend(below);
            assert_eq!(all, expected);
        }
    }
}
