//! `FactorAnalysis`, and `SparsePCA`: components that rows are solved for, once and for all when they are read.

use super::attributes::{matrix, policy, vector};
use super::{BuildError, Context};
use crate::model::decomposition::Center;
use crate::model::solve::Cholesky;
use crate::model::{FactorAnalysis, Projection};
use crate::value::{ValueError, View};
use ndarray::{Array1, Array2, Axis};

/// Reads a `FactorAnalysis`.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or a feature has no noise of its own.
pub fn factor_analysis(value: &View<'_, '_>, ctx: &mut Context) -> Result<FactorAnalysis, BuildError> {
    let (components, mean) = components(value, ctx)?;
    let noise = vector(value, "noise_variance_", ctx)?;
    if noise.len() != mean.len() || !noise.iter().all(|noise| *noise > 0.0) {
        return Err(value.error("noise_variance_ is not a number above 0 for each feature").into());
    }
    let precision: Vec<f64> = noise.iter().map(|noise| 1.0 / noise).collect();
    let loadings = &components / &Array1::from(noise.clone());
    let explained = Array2::eye(components.nrows()) + loadings.dot(&components.t());
    let factors = factored(value, &explained)?;
    let log_determinant = noise.iter().map(|noise| noise.ln()).sum::<f64>() + factors.log_determinant();
    let components = row_major(&factors.solve_columns(loadings.clone()));
    let projection =
        Projection { policy: policy(value, false), components, center: Center::Input(mean.clone()), scale: None };
    Ok(FactorAnalysis { projection, mean, precision, loadings: row_major(&loadings), log_determinant })
}

/// Reads a `SparsePCA` or `MiniBatchSparsePCA`: a ridge regression of each row on the components.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the components depend on each other and nothing is added.
pub fn sparse_pca(value: &View<'_, '_>, ctx: &mut Context) -> Result<Projection, BuildError> {
    let (components, mean) = components(value, ctx)?;
    let mut gram = components.dot(&components.t());
    let alpha = value.attr("ridge_alpha")?.f64()?;
    gram.diag_mut().mapv_inplace(|value| value + alpha);
    let components = row_major(&factored(value, &gram)?.solve_columns(components));
    Ok(Projection { policy: policy(value, false), components, center: Center::Input(mean), scale: None })
}

/// `components_`, at least one, and `mean_`.
fn components(value: &View<'_, '_>, ctx: &mut Context) -> Result<(Array2<f64>, Vec<f64>), ValueError> {
    let (rows, columns, values) = matrix(value, "components_", ctx)?;
    let mean = vector(value, "mean_", ctx)?;
    match rows > 0 && mean.len() == columns {
        true => Ok((Array2::from_shape_vec((rows, columns), values).expect("as many as its shape says"), mean)),
        false => Err(value.error("mean_ and components_ disagree")),
    }
}

fn factored(value: &View<'_, '_>, matrix: &Array2<f64>) -> Result<Cholesky, BuildError> {
    /// As many components take a quarter of a second.
    const MOST: usize = 1024;
    if matrix.nrows() > MOST {
        return Err(BuildError::option(value, format!("{} components (more than {MOST})", matrix.nrows())));
    }
    Cholesky::new(matrix.view()).ok_or_else(|| BuildError::option(value, "components that depend on each other"))
}

fn row_major(matrix: &Array2<f64>) -> Array2<f64> {
    let rows: Vec<f64> = matrix.axis_iter(Axis(0)).flat_map(|row| row.to_vec()).collect();
    Array2::from_shape_vec(matrix.dim(), rows).expect("as many as its shape says")
}
