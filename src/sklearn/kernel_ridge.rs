//! `KernelRidge`.

use super::attributes::{matrix, n_features, numbers, policy};
use super::pairwise::kernel;
use super::{BuildError, Context};
use crate::model::KernelRidge;
use crate::model::kernel_ridge::Similarity;
use crate::value::View;

/// Reads the training rows, their coefficients and the kernel.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the kernel is a function.
pub fn kernel_ridge(value: &View<'_, '_>, ctx: &mut Context) -> Result<KernelRidge, BuildError> {
    let name = value.attr("kernel")?;
    let Ok(name) = name.str() else {
        return Err(BuildError::option(value, format!("a kernel that is {}", name.kind())));
    };
    let dual = value.attr("dual_coef_")?;
    let (rows, targets, flat) = match dual.shape()[..] {
        [rows] => (rows, 1, true),
        [rows, targets] if targets > 0 => (rows, targets, false),
        _ => return Err(dual.error(format!("expected a number for each training row, found {}", dual.kind())).into()),
    };
    let (n_features, known, similarity) = match name {
        "precomputed" => (n_features(value, Some(rows), ctx)?, rows, Similarity::Precomputed),
        _ => {
            let (known, n_features, rows) = matrix(value, "X_fit_", ctx)?;
            let kernel = kernel(value, name, n_features, |key| value.some(key))?;
            (n_features, known, Similarity::Kernel { kernel, rows })
        }
    };
    if known != rows || rows == 0 {
        return Err(dual.error(format!("{rows} coefficients for {known} training rows")).into());
    }
    let columns = numbers(&dual, ctx)?;
    let coef = (0..targets).flat_map(|at| columns.iter().skip(at).step_by(targets).copied()).collect();
    Ok(KernelRidge { policy: policy(value, false), n_features, similarity, coef, targets, flat })
}
