//! Histogram-based gradient boosting: categories and missing values are part of the trees.

use super::math::{argmax, expit, softmax};
use super::tree::{Column, Forest, Ranks, rows_of};
use super::{Classes, InputError, Method, Output};
use ndarray::ArrayView2;
use std::sync::Arc;

/// `HistGradientBoostingClassifier` and `HistGradientBoostingRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct HistGradientBoosting {
    /// One column for each raw score.
    pub forest: Forest,
    pub ranks: Ranks,
    /// Raw scores before the first tree, one for each column.
    pub baseline: Vec<f64>,
    pub target: Target,
    /// Categories are looked up by `OrdinalEncoder` (from 1.4), which refuses infinity.
    pub encoded: bool,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Number {
        /// The loss has a logarithmic link: the prediction is the exponential of the raw score.
        exponential: bool,
    },
    Labels {
        classes: Arc<Classes>,
        /// A label is the largest probability (before 1.5), not the largest raw score.
        by_probability: bool,
    },
}

impl HistGradientBoosting {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Number { .. } => vec![Method::Predict],
            Target::Labels { .. } => vec![Method::Predict, Method::PredictProba, Method::DecisionFunction],
        }
    }

    pub fn n_features(&self) -> usize {
        self.forest.n_features()
    }

    /// `predict`, `decision_function` (raw scores), `predict_proba`.
    ///
    /// # Errors
    /// When a categorical column holds infinity.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.check(x)?;
        let mut raw = self.baseline.repeat(x.nrows());
        self.forest.add(x, &self.ranks, &mut raw);
        let columns = self.forest.columns();
        Ok(match (&self.target, method) {
            (Target::Number { exponential }, _) => {
                if *exponential {
                    raw.iter_mut().for_each(|raw| *raw = raw.exp());
                }
                Output::Floats(raw)
            }
            (_, Method::DecisionFunction) if columns == 1 => Output::Floats(raw),
            (_, Method::DecisionFunction) => Output::Matrix(rows_of(raw, columns)),
            (_, Method::PredictProba) => Output::Matrix(rows_of(probabilities(raw, columns), columns.max(2))),
            (Target::Labels { classes, by_probability }, _) => {
                Output::Labels { indices: labels(raw, columns, *by_probability), classes: classes.clone() }
            }
        })
    }

    /// The one check that is left to it: `check_array` of the encoder's columns.
    fn check(&self, x: ArrayView2<'_, f64>) -> Result<(), InputError> {
        if !self.encoded {
            return Ok(());
        }
        for column in &self.ranks.columns {
            let Column::Categorical { input, .. } = column else { continue };
            if let Some(row) = x.column(*input).iter().position(|value| value.is_infinite()) {
                let message = "Input contains infinity or a value too large for dtype('float64').".to_owned();
                return Err(InputError::Refused { row, column: *input, message });
            }
        }
        Ok(())
    }
}

fn labels(raw: Vec<f64>, columns: usize, by_probability: bool) -> Vec<u32> {
    match (columns, by_probability) {
        (_, true) => probabilities(raw, columns).chunks_exact(columns.max(2)).map(argmax).collect(),
        // Above 0, not from 0 upward as in the other gradient boosting.
        (1, false) => raw.iter().map(|raw| u32::from(*raw > 0.0)).collect(),
        (_, false) => raw.chunks_exact(columns).map(argmax).collect(),
    }
}

/// Probabilities from raw scores, both row by row: two columns from one raw score, else as many as there are.
fn probabilities(mut raw: Vec<f64>, columns: usize) -> Vec<f64> {
    if columns == 1 {
        return raw.into_iter().map(expit).flat_map(|second| [1.0 - second, second]).collect();
    }
    raw.chunks_exact_mut(columns).for_each(softmax);
    raw
}
