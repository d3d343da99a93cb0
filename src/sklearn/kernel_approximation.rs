//! `Nystroem`, `RBFSampler`, `SkewedChi2Sampler`, `AdditiveChi2Sampler`, `PolynomialCountSketch`.

use super::attributes::{matrix, n_features, numbers, policy, vector};
use super::pairwise::kernel;
use super::{BuildError, Context};
use crate::model::KernelApproximation;
use crate::model::kernel_approximation::Map;
use crate::value::View;
use ndarray::Array2;

/// Reads the kernel, some of the training rows and their normalization.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the kernel is a function or precomputed.
pub fn nystroem(value: &View<'_, '_>, ctx: &mut Context) -> Result<KernelApproximation, BuildError> {
    let name = value.attr("kernel")?;
    let Ok(name) = name.str() else {
        return Err(BuildError::option(value, format!("a kernel that is {}", name.kind())));
    };
    let (n_rows, n_features, rows) = matrix(value, "components_", ctx)?;
    let parameters = value.some("kernel_params");
    let parameter = |key| value.some(key).or_else(|| parameters.as_ref()?.some(key));
    let kernel = kernel(value, name, n_features, parameter)?;
    let stored = value.attr("normalization_")?;
    if stored.shape() != [n_rows, n_rows] || n_rows == 0 {
        return Err(stored
            .error(format!("expected a square matrix for {n_rows} rows, found {}", stored.kind()))
            .into());
    }
    let normalization = square(numbers(&stored, ctx)?, n_rows);
    let map = Map::Nystroem { kernel, rows, normalization };
    Ok(KernelApproximation { policy: policy(value, false), n_features, map })
}

/// Reads an `RBFSampler` or a `SkewedChi2Sampler`.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn fourier(value: &View<'_, '_>, ctx: &mut Context) -> Result<KernelApproximation, BuildError> {
    let stored = value.attr("random_weights_")?;
    let offsets = vector(value, "random_offset_", ctx)?;
    let [rows, columns] = stored.shape()[..] else {
        return Err(stored.error(format!("expected a matrix, found {}", stored.kind())).into());
    };
    let n_features = n_features(value, Some(rows), ctx)?;
    if columns != offsets.len() || columns == 0 {
        return Err(stored.error(format!("{columns} components, but {} offsets", offsets.len())).into());
    }
    let by_feature =
        Array2::from_shape_vec((rows, columns), numbers(&stored, ctx)?).expect("as many as its shape says");
    let weights = by_feature.t().as_standard_layout().into_owned();
    let skewedness = value.some("skewedness").map(|skewedness| skewedness.f64()).transpose()?;
    let scale = match skewedness {
        None => (2.0 / columns as f64).sqrt(),
        Some(_) => 2.0_f64.sqrt() / (columns as f64).sqrt(),
    };
    let map = Map::Fourier { skewedness, weights, offsets, scale };
    Ok(KernelApproximation { policy: policy(value, false), n_features, map })
}

/// Reads an `AdditiveChi2Sampler`, which learns nothing.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn additive_chi2(value: &View<'_, '_>, ctx: &mut Context) -> Result<KernelApproximation, BuildError> {
    const MOST_STEPS: usize = 64;
    let steps = match value.attr("sample_steps")?.usize()? {
        steps @ 1..=MOST_STEPS => steps,
        steps => return Err(BuildError::option(value, format!("sample_steps={steps}"))),
    };
    let interval = match (value.some("sample_interval"), steps) {
        (Some(interval), _) => interval.f64()?,
        (None, 1) => 0.8,
        (None, 2) => 0.5,
        (None, 3) => 0.4,
        (None, _) => return Err(value.error("nothing says its sample_interval").into()),
    };
    let map = Map::AdditiveChi2 { steps, interval };
    Ok(KernelApproximation { policy: policy(value, false), n_features: n_features(value, None, ctx)?, map })
}

/// Reads where each feature counts in the sketch of each degree.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or it gives so many columns that their products take long.
pub fn count_sketch(value: &View<'_, '_>, ctx: &mut Context) -> Result<KernelApproximation, BuildError> {
    const MOST_COMPONENTS: usize = 4096;
    let n_components = match value.attr("n_components")?.usize()? {
        n @ 1..=MOST_COMPONENTS => n,
        n => return Err(BuildError::option(value, format!("n_components={n} (more than {MOST_COMPONENTS})"))),
    };
    let (gamma, coef0) = (value.attr("gamma")?.f64()?, value.attr("coef0")?.f64()?);
    let (places, signs) = (value.attr("indexHash_")?, value.attr("bitHash_")?);
    let shape = places.shape();
    let &[degree, width] = &shape[..] else {
        return Err(places.error(format!("expected a matrix, found {}", places.kind())).into());
    };
    let n_features = n_features(value, width.checked_sub(usize::from(coef0 != 0.0)), ctx)?;
    if degree == 0 || signs.shape() != shape {
        return Err(signs.error("expected a sign for each hash").into());
    }
    ctx.read(&places)?;
    let place = |place: i64| usize::try_from(place).ok().filter(|place| *place < n_components);
    let found: Option<Vec<usize>> = places.i64s()?.into_iter().map(place).collect();
    let found = found.ok_or_else(|| places.error(format!("a place beyond {n_components} columns")))?;
    let pairs: Vec<(usize, f64)> = found.into_iter().zip(numbers(&signs, ctx)?).collect();
    let sketches = pairs.chunks_exact(width).map(<[_]>::to_vec).collect();
    let map = Map::CountSketch { gamma, coef0, n_components, sketches };
    Ok(KernelApproximation { policy: policy(value, false), n_features, map })
}

fn square(values: Vec<f64>, n: usize) -> Array2<f64> {
    Array2::from_shape_vec((n, n), values).expect("as many as its shape says")
}
