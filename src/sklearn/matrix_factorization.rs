//! `NMF` and `MiniBatchNMF`.

use super::attributes::{class_name, flag, matrix, policy};
use super::{BuildError, Context};
use crate::model::MatrixFactorization;
use crate::model::matrix_factorization::{Solver, Watch};
use crate::value::View;
use ndarray::Array2;

/// Reads the components and how rows are solved for.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the loss is one that takes no zeros.
pub fn matrix_factorization(value: &View<'_, '_>, ctx: &mut Context) -> Result<MatrixFactorization, BuildError> {
    let (n_components, n_features, components) = matrix(value, "components_", ctx)?;
    if n_components == 0 {
        return Err(value.error("there are no components").into());
    }
    if flag(value, "shuffle", false)? && n_components > 1 {
        return Err(BuildError::option(value, "shuffle=True, which solves in an order drawn at random,"));
    }
    let in_batches = class_name(value) == "MiniBatchNMF";
    let watch = if in_batches { Watch::Weights } else { Watch::Divergence };
    let solver = match value.some("solver").map(|solver| solver.str()).transpose()? {
        Some("cd") => Solver::CoordinateDescent,
        Some("mu") => Solver::Multiplicative { beta: beta(value)?, watch },
        None if in_batches => Solver::Multiplicative { beta: beta(value)?, watch },
        other => return Err(BuildError::option(value, format!("solver={:?}", other.unwrap_or("None")))),
    };
    let most_rounds = value.some("transform_max_iter").map_or_else(|| value.attr("max_iter"), Ok)?.usize()?;
    let cost = n_features as f64 * value.attr("alpha_W")?.f64()?;
    let ratio = value.attr("l1_ratio")?.f64()?;
    ctx.needs_all_rows();
    Ok(MatrixFactorization {
        policy: policy(value, false),
        components: Array2::from_shape_vec((n_components, n_features), components).expect("as many as its shape says"),
        solver,
        tolerance: value.attr("tol")?.f64()?,
        most_rounds,
        penalties: (cost * ratio, cost * (1.0 - ratio)),
    })
}

fn beta(value: &View<'_, '_>) -> Result<f64, BuildError> {
    let loss = value.attr("beta_loss")?;
    let beta = match loss.str() {
        Ok("frobenius") => 2.0,
        Ok("kullback-leibler") => 1.0,
        Ok(other) => return Err(BuildError::option(value, format!("beta_loss={other:?}"))),
        Err(_) => loss.f64()?,
    };
    match beta > 0.0 {
        true => Ok(beta),
        false => Err(BuildError::option(value, format!("beta_loss={beta}"))),
    }
}
