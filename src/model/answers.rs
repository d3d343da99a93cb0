//! What meta-estimators ask of the estimators in them: tables of numbers, and which labels they know.
//!
//! Shapes never depend on the input, so a call without rows tells them: readers check members by it when a model is
//! built, and the code that scores relies on it.

use super::{Classes, Estimator, InputError, Method, Output};
use ndarray::{Array2, ArrayView2, Axis};
use std::sync::Arc;

impl Estimator {
    /// What `method` gives for no rows: the type, columns and labels of its answer. `None` when there is no such method.
    pub fn shape_of(&self, method: Method) -> Option<Output> {
        let nothing = Array2::zeros((0, self.n_features()));
        self.methods().contains(&method).then(|| self.call(method, nothing.view()).ok()).flatten()
    }

    /// How many numbers a row `method` gives; `None` when there is no such method, or it gives texts or several
    /// matrices.
    pub fn width(&self, method: Method) -> Option<usize> {
        self.shape_of(method)?.into_table().map(|table| table.ncols())
    }

    /// The labels that `predict` gives: a single output of a classifier.
    pub fn classes(&self) -> Option<Arc<Classes>> {
        match self.shape_of(Method::Predict)? {
            Output::Labels { classes, .. } => Some(classes),
            _ => None,
        }
    }

    /// Answers of `method` as numbers, shape (rows, [`Estimator::width`]).
    ///
    /// # Errors
    /// When the estimator refuses a value.
    ///
    /// # Panics
    /// When `method` has no width.
    pub fn table(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InputError> {
        Ok(self.call(method, x)?.into_table().expect("its width was asked for when it was built"))
    }

    /// Indices into [`Estimator::classes`].
    ///
    /// # Errors
    /// When the estimator refuses a value.
    ///
    /// # Panics
    /// When it has no classes.
    pub fn labels(&self, x: ArrayView2<'_, f64>) -> Result<Vec<u32>, InputError> {
        match self.call(Method::Predict, x)? {
            Output::Labels { indices, .. } => Ok(indices),
            _ => unreachable!("its classes were asked for when it was built"),
        }
    }
}

impl Output {
    /// The answers as numbers, one row each; `None` for texts, and for several matrices.
    pub fn into_table(self) -> Option<Array2<f64>> {
        let column = |values: Vec<f64>| Array2::from_shape_vec((values.len(), 1), values).ok();
        match self {
            Output::Labels { indices, classes } => {
                let numbers = classes.numbers()?;
                column(indices.into_iter().map(|index| numbers[index as usize]).collect())
            }
            Output::Ints(values) => column(values.into_iter().map(|value| value as f64).collect()),
            Output::Floats(values) => column(values),
            Output::Matrix(values) => Some(values),
            Output::Columns(columns) => {
                let columns: Vec<Array2<f64>> = columns.into_iter().map(Output::into_table).collect::<Option<_>>()?;
                Some(side_by_side(columns.iter().map(|column| column.view())))
            }
            Output::List(_) => None,
        }
    }
}

/// Tables of equally many rows as one, row-major; at least one.
pub(super) fn side_by_side<'t>(tables: impl Iterator<Item = ArrayView2<'t, f64>>) -> Array2<f64> {
    let tables: Vec<_> = tables.collect();
    let all = ndarray::concatenate(Axis(1), &tables).expect("as many rows each");
    all.as_standard_layout().into_owned()
}

impl Classes {
    /// The labels as numpy turns them into floats; `None` for texts.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        match self {
            Classes::Int(labels) => Some(labels.iter().map(|label| *label as f64).collect()),
            Classes::Float(labels) => Some(labels.clone()),
            Classes::Bool(labels) => Some(labels.iter().map(|label| f64::from(u8::from(*label))).collect()),
            Classes::Str(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn answers_become_numbers() {
        let labels =
            |classes, indices: &[u32]| Output::Labels { indices: indices.to_vec(), classes: Arc::new(classes) };
        for (output, expected) in [
            (Output::Ints(vec![-1, 1]), Some(array![[-1.0], [1.0]])),
            (Output::Floats(vec![0.5]), Some(array![[0.5]])),
            (labels(Classes::Int(vec![7, -3]), &[1, 0]), Some(array![[-3.0], [7.0]])),
            (labels(Classes::Bool(vec![false, true]), &[1]), Some(array![[1.0]])),
            (labels(Classes::Str(vec!["a".into()]), &[0]), None),
            (
                Output::Columns(vec![Output::Ints(vec![1, 2]), Output::Floats(vec![3.0, 4.0])]),
                Some(array![[1.0, 3.0], [2.0, 4.0]]),
            ),
            (Output::List(vec![]), None),
        ] {
            assert_eq!(output.into_table(), expected);
        }
    }
}
