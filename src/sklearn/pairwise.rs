//! Kernels by name, as `pairwise_kernels` takes them.

use super::BuildError;
use crate::model::pairwise::Pairwise;
use crate::value::View;

/// The kernel `name`. `parameter` gives what it needs: `gamma`, `coef0`, `degree`, and `None` where they are not given;
/// `n_features` stands in for the inverse of `gamma`.
///
/// # Errors
/// When there is no such kernel, or a parameter is missing or no number.
pub fn kernel<'g, 'a>(
    value: &View<'g, 'a>,
    name: &str,
    n_features: usize,
    parameter: impl Fn(&'static str) -> Option<View<'g, 'a>>,
) -> Result<Pairwise, BuildError> {
    let number = |key: &'static str, default: f64| parameter(key).map_or(Ok(default), |given| given.f64());
    let gamma = || number("gamma", 1.0 / n_features as f64);
    Ok(match name {
        "linear" => Pairwise::Linear,
        "poly" | "polynomial" => {
            Pairwise::Polynomial { gamma: gamma()?, coef0: number("coef0", 1.0)?, degree: number("degree", 3.0)? }
        }
        "rbf" => Pairwise::Rbf { gamma: gamma()? },
        "laplacian" => Pairwise::Laplacian { gamma: gamma()? },
        "sigmoid" => Pairwise::Sigmoid { gamma: gamma()?, coef0: number("coef0", 1.0)? },
        "cosine" => Pairwise::Cosine,
        "additive_chi2" => Pairwise::AdditiveChi2,
        // scikit-learn multiplies by the missing gamma and fails.
        "chi2" => match parameter("gamma") {
            Some(gamma) => Pairwise::Chi2 { gamma: gamma.f64()? },
            None => return Err(BuildError::option(value, "kernel='chi2' and no gamma")),
        },
        other => return Err(BuildError::option(value, format!("kernel={other:?}"))),
    })
}
