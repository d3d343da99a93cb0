//! `BernoulliRBM`: how likely each hidden unit is on. Its likelihood is drawn at random, and not offered.

use super::InputError;
use super::decomposition::Projection;
use super::math::expit;
use ndarray::Array2;

/// A restricted Boltzmann machine.
#[derive(Debug, Clone, PartialEq)]
pub struct BoltzmannMachine {
    pub projection: Projection,
    /// `intercept_hidden_`, one for each component.
    pub intercepts: Vec<f64>,
}

impl BoltzmannMachine {
    /// `BernoulliRBM.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        let mut hidden = self.projection.transform(x)?;
        for mut row in hidden.rows_mut() {
            row.iter_mut().zip(&self.intercepts).for_each(|(value, intercept)| *value = expit(*value + intercept));
        }
        Ok(hidden)
    }
}
