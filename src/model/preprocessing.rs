//! TO BE WRITTEN: see the brief.

use super::InputError;
use ndarray::Array2;

#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {}
#[derive(Debug, Clone, PartialEq)]
pub struct Normalizer {}

impl Scaler {
    pub fn n_features(&self) -> usize {
        todo!()
    }
    pub fn transform(&self, _x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        todo!()
    }
}
impl Normalizer {
    pub fn n_features(&self) -> usize {
        todo!()
    }
    pub fn transform(&self, _x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        todo!()
    }
}
