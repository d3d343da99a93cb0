//! `GaussianRandomProjection`, `SparseRandomProjection`, `NeighborhoodComponentsAnalysis` and `BernoulliRBM`: rows on
//! directions.

use super::attributes::{matrix, n_features, policy, vector};
use super::{BuildError, Context, sparse};
use crate::model::decomposition::Center;
use crate::model::{BoltzmannMachine, Projection, SparseProjection};
use crate::value::View;
use ndarray::Array2;

/// Reads directions that nothing is taken from before.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn projection(value: &View<'_, '_>, ctx: &mut Context) -> Result<Projection, BuildError> {
    let (rows, columns, components) = matrix(value, "components_", ctx)?;
    if rows == 0 {
        return Err(value.error("there are no components").into());
    }
    let components = Array2::from_shape_vec((rows, columns), components).expect("as many as its shape says");
    Ok(Projection { policy: policy(value, false), components, center: Center::Never, scale: None })
}

/// Reads directions that are a sparse matrix, or a dense one where they are not sparse (`density=1`).
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn sparse_projection(value: &View<'_, '_>, ctx: &mut Context) -> Result<SparseProjection, BuildError> {
    let stored = value.attr("components_")?;
    let (n_columns, components) = match stored.object() {
        Some(_) => {
            let found = sparse::rows(&stored, ctx)?;
            (found.n_columns, found.rows)
        }
        None => {
            let (_, columns, values) = matrix(value, "components_", ctx)?;
            (columns, values.chunks_exact(columns).map(|row| row.iter().copied().enumerate().collect()).collect())
        }
    };
    if components.is_empty() {
        return Err(value.error("there are no components").into());
    }
    Ok(SparseProjection {
        policy: policy(value, false),
        n_features: n_features(value, Some(n_columns), ctx)?,
        components,
    })
}

/// Reads weights and intercepts of hidden units.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn boltzmann_machine(value: &View<'_, '_>, ctx: &mut Context) -> Result<BoltzmannMachine, BuildError> {
    let projection = projection(value, ctx)?;
    let intercepts = vector(value, "intercept_hidden_", ctx)?;
    match intercepts.len() == projection.n_features_out() {
        true => Ok(BoltzmannMachine { projection, intercepts }),
        false => Err(value.error("intercept_hidden_ and components_ disagree").into()),
    }
}
