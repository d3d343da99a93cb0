//! `KernelPCA` and `KernelCenterer`: a kernel with the training rows, centered and projected.

use super::kernel_ridge::Similarity;
use super::math::dot;
use super::{InputError, InputPolicy};
use ndarray::Array2;

/// `KernelCenterer`.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelCenterer {
    pub policy: InputPolicy,
    /// `K_fit_rows_`, at least one.
    pub means: Vec<f64>,
    /// `K_fit_all_`.
    pub mean: f64,
}

/// `KernelPCA`.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelPca {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub similarity: Similarity,
    pub centerer: KernelCenterer,
    /// Eigenvectors by the square root of their value, transposed: shape (components, training rows).
    pub components: Array2<f64>,
}

impl KernelCenterer {
    /// Centers the kernel of one row with each training row.
    fn center(&self, alike: &mut [f64]) {
        let own = alike.iter().sum::<f64>() / self.means.len() as f64;
        alike.iter_mut().zip(&self.means).for_each(|(value, mean)| *value = *value - mean - own + self.mean);
    }

    /// `KernelCenterer.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        for mut row in x.rows_mut() {
            let mut alike = row.to_vec();
            self.center(&mut alike);
            row.iter_mut().zip(alike).for_each(|(cell, value)| *cell = value);
        }
        Ok(x)
    }
}

impl KernelPca {
    /// `KernelPCA.transform`.
    ///
    /// # Errors
    /// When the estimator or its kernel refuses a value.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut out = Vec::with_capacity(x.nrows() * self.components.nrows());
        for (at, row) in x.rows().into_iter().enumerate() {
            let mut alike = self.similarity.to_all(at, &row.to_vec())?;
            self.centerer.center(&mut alike);
            let components = self.components.rows().into_iter();
            out.extend(components.map(|weights| dot(&alike, weights.as_slice().expect("components are row-major"))));
        }
        Ok(super::tree::rows_of(out, self.components.nrows()))
    }
}
