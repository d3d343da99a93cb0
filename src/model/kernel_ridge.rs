//! `KernelRidge`: a sum over the training rows, each as much as it is like the row.

use super::math::dot;
use super::pairwise::Pairwise;
use super::tree::rows_of;
use super::{InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;

/// Kernel ridge regression.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelRidge {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub similarity: Similarity,
    /// `dual_coef_` transposed: a row of as many numbers as there are training rows for each target, at least one.
    pub coef: Vec<f64>,
    pub targets: usize,
    /// A single target as one number a row, not as a row of one.
    pub flat: bool,
}

/// What tells how much a row is like each training row.
#[derive(Debug, Clone, PartialEq)]
pub enum Similarity {
    Kernel {
        kernel: Pairwise,
        /// Row-major, of `n_features` columns.
        rows: Vec<f64>,
    },
    /// The input holds it already.
    Precomputed,
}

impl KernelRidge {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict]
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.kernel_ridge.KernelRidge.predict`.
    ///
    /// # Errors
    /// When the estimator or its kernel refuses a value.
    pub fn call(&self, _: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let n = self.coef.len() / self.targets;
        let mut values = Vec::with_capacity(x.nrows() * self.targets);
        for (at, row) in x.rows().into_iter().enumerate() {
            let alike = self.similarity.to_all(at, &row.to_vec())?;
            values.extend(self.coef.chunks_exact(n).map(|coef| dot(&alike, coef)));
        }
        Ok(if self.flat { Output::Floats(values) } else { Output::Matrix(rows_of(values, self.targets)) })
    }
}

impl Similarity {
    /// How much row `at` is like each training row.
    ///
    /// # Errors
    /// When the kernel refuses a value.
    pub fn to_all(&self, at: usize, row: &[f64]) -> Result<Vec<f64>, InputError> {
        match self {
            Similarity::Precomputed => Ok(row.to_vec()),
            Similarity::Kernel { kernel, rows } => {
                kernel.refuse_negative(at, row)?;
                Ok(rows.chunks_exact(row.len()).map(|known| kernel.of(row, known)).collect())
            }
        }
    }
}
