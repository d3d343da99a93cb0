//! `PLSRegression`, `PLSCanonical`, `CCA`, `PLSSVD`: rows centred and scaled, then rotated or regressed on.

use super::math::dot;
use super::tree::rows_of;
use super::{InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;

/// Two tables that were explained by each other; only the first is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossDecomposition {
    pub policy: InputPolicy,
    /// Of each feature.
    pub mean: Vec<f64>,
    pub scale: Vec<f64>,
    /// One row for each component, of as many numbers as there are features.
    pub rotations: Vec<f64>,
    /// `PLSSVD` predicts nothing.
    pub regression: Option<Regression>,
}

/// What targets are predicted by.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// One row for each target, of as many numbers as there are features.
    pub coef: Vec<f64>,
    /// Of each target; at least one.
    pub intercept: Vec<f64>,
    /// Rows are divided by the scale first; later versions have it in `coef`.
    pub scales: bool,
    /// A single target as one number a row, not as a row of one.
    pub flat: bool,
}

impl CrossDecomposition {
    pub fn methods(&self) -> Vec<Method> {
        match self.regression {
            Some(_) => vec![Method::Predict, Method::Transform],
            None => vec![Method::Transform],
        }
    }

    pub fn n_features(&self) -> usize {
        self.mean.len()
    }

    /// `sklearn.cross_decomposition._pls`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let n = self.n_features();
        match &self.regression {
            Some(regression) if method == Method::Predict => {
                let targets = regression.intercept.len();
                let mut values = Vec::with_capacity(x.nrows() * targets);
                for row in x.rows() {
                    let row = self.centred(row.iter(), regression.scales);
                    let coef = regression.coef.chunks_exact(n).zip(&regression.intercept);
                    values.extend(coef.map(|(coef, intercept)| dot(&row, coef) + intercept));
                }
                Ok(if regression.flat { Output::Floats(values) } else { Output::Matrix(rows_of(values, targets)) })
            }
            _ => {
                let scores = x.rows().into_iter().flat_map(|row| {
                    let row = self.centred(row.iter(), true);
                    self.rotations.chunks_exact(n).map(move |rotation| dot(&row, rotation))
                });
                Ok(Output::Matrix(rows_of(scores.collect(), self.rotations.len() / n)))
            }
        }
    }

    fn centred<'x>(&self, row: impl Iterator<Item = &'x f64>, scaled: bool) -> Vec<f64> {
        let moved = row.zip(&self.mean).map(|(x, mean)| x - mean);
        match scaled {
            true => moved.zip(&self.scale).map(|(x, scale)| x / scale).collect(),
            false => moved.collect(),
        }
    }
}
