//! `PCA` and `TruncatedSVD`: rows projected on components.

use super::math::dot;
use super::tree::pairwise_sum;
use super::{InputError, InputPolicy, Method, Output};
use ndarray::{Array2, ArrayView2};

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

/// `PCA` as the model itself: it also tells how likely a row is.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    pub projection: Projection,
    /// Missing where scikit-learn's own covariance has no inverse.
    pub likelihood: Option<Likelihood>,
}

/// The normal distribution that the components span, noise in all other directions.
#[derive(Debug, Clone, PartialEq)]
pub struct Likelihood {
    pub mean: Vec<f64>,
    /// The variance along each component; above 0.
    pub variances: Vec<f64>,
    /// The variance in the other directions; above 0, or there are none.
    pub noise: Option<f64>,
}

impl Pca {
    pub fn methods(&self) -> Vec<Method> {
        match self.likelihood {
            Some(_) => vec![Method::ScoreSamples, Method::Transform],
            None => vec![Method::Transform],
        }
    }

    pub fn n_features(&self) -> usize {
        self.projection.n_features_in()
    }

    /// `PCA.transform` and `PCA.score_samples`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        match &self.likelihood {
            Some(likelihood) if method == Method::ScoreSamples => {
                self.projection.policy.check(x)?;
                let components = self.projection.components.view();
                let rows = x.rows().into_iter();
                Ok(Output::Floats(rows.map(|row| likelihood.log_density(&row.to_vec(), components)).collect()))
            }
            _ => self.projection.transform(x.to_owned()).map(Output::Matrix),
        }
    }
}

impl Likelihood {
    /// The squared distance along each component by its variance, and what is left by the noise. scikit-learn
    /// multiplies with the inverse of the covariance instead, which loses more digits.
    fn log_density(&self, row: &[f64], components: ArrayView2<'_, f64>) -> f64 {
        let mut rest: Vec<f64> = row.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        let (mut distance, mut log_variance) = (0.0, 0.0);
        let moved = rest.clone();
        for (component, variance) in components.rows().into_iter().zip(&self.variances) {
            let component = component.as_slice().expect("components are row-major");
            let along = dot(&moved, component);
            rest.iter_mut().zip(component).for_each(|(rest, c)| *rest -= along * c);
            distance += along * along / variance;
            log_variance += variance.ln();
        }
        if let Some(noise) = self.noise {
            let squares: Vec<f64> = rest.iter().map(|rest| rest * rest).collect();
            distance += pairwise_sum(&squares) / noise;
            log_variance += (row.len() - self.variances.len()) as f64 * noise.ln();
        }
        -0.5 * distance - 0.5 * (row.len() as f64 * (2.0 * std::f64::consts::PI).ln() + log_variance)
    }
}
