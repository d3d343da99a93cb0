//! `PCA` and `TruncatedSVD`: rows projected on components.

use super::math::dot;
use super::{InputError, InputPolicy};
use ndarray::Array2;

/// A projection. Sums are made in another order than BLAS makes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    pub(crate) policy: InputPolicy,
    /// Shape (components, features), row-major.
    pub(crate) components: Array2<f64>,
    pub(crate) center: Center,
    /// What each projected value is divided by (`whiten`).
    pub(crate) scale: Option<Vec<f64>>,
}

/// Where the mean is subtracted.
#[derive(Debug, Clone, PartialEq)]
pub enum Center {
    Never,
    /// From the rows, before scikit-learn 1.5.
    Input(Vec<f64>),
    /// From what is projected: the mean's own projection, one value for each component.
    Output(Vec<f64>),
}

impl Projection {
    pub fn n_features_in(&self) -> usize {
        self.components.ncols()
    }

    pub fn n_features_out(&self) -> usize {
        self.components.nrows()
    }

    /// `PCA.transform`, `TruncatedSVD.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut out = Vec::with_capacity(x.nrows() * self.n_features_out());
        for mut row in x.rows_mut() {
            if let Center::Input(mean) = &self.center {
                row.iter_mut().zip(mean).for_each(|(x, mean)| *x -= mean);
            }
            let row = row.to_vec();
            for (at, component) in self.components.rows().into_iter().enumerate() {
                let mut value = dot(&row, component.as_slice().expect("components are row-major"));
                if let Center::Output(mean) = &self.center {
                    value -= mean[at];
                }
                if let Some(scale) = &self.scale {
                    value /= scale[at];
                }
                out.push(value);
            }
        }
        Ok(Array2::from_shape_vec((x.nrows(), self.n_features_out()), out).expect("components for each row"))
    }
}
