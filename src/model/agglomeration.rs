//! `FeatureAgglomeration`: groups of columns as one each.

use super::tree::{pairwise_sum, rows_of};
use super::{InputError, InputPolicy};
use ndarray::Array2;

/// Columns pooled by the group they are in.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureAgglomeration {
    pub policy: InputPolicy,
    pub n_features: usize,
    /// The columns of each group, ascending; at least one.
    pub groups: Vec<Vec<usize>>,
    pub pool: Pool,
}

/// `pooling_func`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    Mean,
    Median,
    Least,
    Greatest,
    Sum,
}

impl FeatureAgglomeration {
    /// `FeatureAgglomeration.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut out = Vec::with_capacity(x.nrows() * self.groups.len());
        for row in x.rows() {
            out.extend(self.groups.iter().map(|group| self.pool.of(group.iter().map(|column| row[*column]).collect())));
        }
        Ok(rows_of(out, self.groups.len()))
    }
}

impl Pool {
    fn of(self, mut values: Vec<f64>) -> f64 {
        match self {
            // `numpy.bincount` adds one after the other.
            Pool::Mean => values.iter().sum::<f64>() / values.len() as f64,
            Pool::Sum => pairwise_sum(&values),
            Pool::Least => values.into_iter().fold(f64::INFINITY, f64::min),
            Pool::Greatest => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
            Pool::Median => {
                values.sort_by(f64::total_cmp);
                let middle = values.len() / 2;
                match values.len() % 2 {
                    1 => values[middle],
                    _ => (values[middle - 1] + values[middle]) / 2.0,
                }
            }
        }
    }
}
