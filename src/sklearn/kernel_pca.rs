//! `KernelPCA` and `KernelCenterer`.

use super::attributes::{matrix, n_features, numbers, policy, vector};
use super::pairwise::kernel;
use super::{BuildError, Context};
use crate::model::kernel_ridge::Similarity;
use crate::model::{KernelCenterer, KernelPca};
use crate::value::View;
use ndarray::Array2;

/// Reads the means of a kernel with the training rows.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn kernel_centerer(value: &View<'_, '_>, ctx: &mut Context) -> Result<KernelCenterer, BuildError> {
    let means = vector(value, "K_fit_rows_", ctx)?;
    n_features(value, Some(means.len()), ctx)?;
    Ok(KernelCenterer { policy: policy(value, false), means, mean: value.attr("K_fit_all_")?.f64()? })
}

/// Reads the training rows, the kernel and its eigenvectors.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the kernel is a function.
pub fn kernel_pca(value: &View<'_, '_>, ctx: &mut Context) -> Result<KernelPca, BuildError> {
    let name = value.attr("kernel")?;
    let Ok(name) = name.str() else {
        return Err(BuildError::option(value, format!("a kernel that is {}", name.kind())));
    };
    let values = vector(value, "eigenvalues_", ctx)?;
    let vectors = value.attr("eigenvectors_")?;
    let [n_rows, n_components] = vectors.shape()[..] else {
        return Err(vectors.error(format!("expected a matrix, found {}", vectors.kind())).into());
    };
    let centerer = kernel_centerer(&value.attr("_centerer")?, ctx)?;
    if values.len() != n_components || n_components == 0 || centerer.means.len() != n_rows {
        return Err(vectors
            .error(format!("expected {} components of {} rows", values.len(), centerer.means.len()))
            .into());
    }
    let (n_features, similarity) = match name {
        "precomputed" => (n_rows, Similarity::Precomputed),
        _ => {
            let (known, n_features, rows) = matrix(value, "X_fit_", ctx)?;
            if known != n_rows {
                return Err(vectors.error(format!("{n_rows} rows, but {known} training rows")).into());
            }
            // `gamma_` is what a gamma that was not given became (1.3 and newer).
            let parameter =
                |key| if key == "gamma" { value.some("gamma_").or(value.some(key)) } else { value.some(key) };
            (n_features, Similarity::Kernel { kernel: kernel(value, name, n_features, parameter)?, rows })
        }
    };
    let vectors = numbers(&vectors, ctx)?;
    let weight = |(component, row)| match values[component] {
        0.0 => 0.0,
        value => vectors[row * n_components + component] / f64::sqrt(value),
    };
    let components = Array2::from_shape_fn((n_components, n_rows), weight);
    Ok(KernelPca { policy: policy(value, false), n_features, similarity, centerer, components })
}
