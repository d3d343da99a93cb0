//! TO BE WRITTEN: see the brief.

use super::InputError;
use ndarray::Array2;

#[derive(Debug, Clone, PartialEq)]
pub struct SimpleImputer {}

impl SimpleImputer {
    pub fn n_features_in(&self) -> usize {
        todo!()
    }
    pub fn n_features_out(&self) -> usize {
        todo!()
    }
    pub fn transform(&self, _x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        todo!()
    }
}
