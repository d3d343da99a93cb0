//! `IterativeImputer`: a missing value is what a regression on the other columns says, round after round.

use super::{Estimator, InputError, Method, SimpleImputer};
use ndarray::{Array2, Axis};

/// Gaps filled with simple values first, then again and again from the other columns.
#[derive(Debug, Clone, PartialEq)]
pub struct IterativeImputer {
    /// Without indicators of its own; its policy is the whole imputer's.
    pub(crate) initial: SimpleImputer,
    /// Of each column that `initial` gives: which column of the input it is, and `None` where it stays as it was filled.
    pub(crate) columns: Vec<Option<usize>>,
    /// In the order of training, round after round.
    pub(crate) steps: Vec<Step>,
    /// Input columns whose missingness is appended as 0 or 1.
    pub(crate) indicators: Vec<usize>,
}

/// One column filled from others, all counted as `initial` gives them.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub column: usize,
    pub neighbors: Vec<usize>,
    /// Takes as many columns as there are neighbors, and predicts one number.
    pub estimator: Estimator,
    /// What is filled in is at least and at most this.
    pub least: f64,
    pub most: f64,
}

impl IterativeImputer {
    pub fn n_features_in(&self) -> usize {
        self.initial.n_features_in()
    }

    pub fn n_features_out(&self) -> usize {
        self.columns.len() + self.indicators.len()
    }

    /// `IterativeImputer.transform`.
    ///
    /// # Errors
    /// When the imputer or an estimator in it refuses a value.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        let missing = x.map(|value| self.initial.is_missing(*value));
        let mut filled = self.initial.transform(x)?;
        let gaps = |column: &Option<usize>| -> Vec<usize> {
            let rows = 0..missing.nrows();
            column.map_or(vec![], |column| rows.filter(|row| missing[(*row, column)]).collect())
        };
        let gaps: Vec<Vec<usize>> = self.columns.iter().map(gaps).collect();
        // scikit-learn stops here where nothing at all is known.
        if !gaps.iter().all(|rows| rows.len() == missing.nrows()) {
            self.steps.iter().try_for_each(|step| step.fill(&mut filled, &gaps[step.column]))?;
        }
        if self.indicators.is_empty() {
            return Ok(filled);
        }
        let flags = missing.select(Axis(1), &self.indicators).map(|missing| f64::from(u8::from(*missing)));
        Ok(super::answers::side_by_side([filled.view(), flags.view()].into_iter()))
    }
}

impl Step {
    /// `_impute_one_feature` of the rows that miss the column.
    fn fill(&self, filled: &mut Array2<f64>, rows: &[usize]) -> Result<(), InputError> {
        if rows.is_empty() {
            return Ok(());
        }
        let known = filled.select(Axis(0), rows).select(Axis(1), &self.neighbors);
        let known = known.as_standard_layout();
        let column = |column| self.neighbors.get(column).copied().unwrap_or_default();
        let said = self.estimator.table(Method::Predict, known.view()).map_err(|error| error.moved(column))?;
        for (row, said) in rows.iter().zip(said.column(0)) {
            let within = said.max(self.least).min(self.most);
            filled[(*row, self.column)] = if said.is_nan() { *said } else { within };
        }
        Ok(())
    }
}
