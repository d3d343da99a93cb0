//! `PCA`, `IncrementalPCA`, `FastICA` and `TruncatedSVD`.

use super::attributes::{flag, n_features, policy, vector};
use super::{BuildError, Context, Version};
use crate::model::decomposition::{Center, Likelihood};
use crate::model::{Pca, Projection};
use crate::value::{ValueError, View};
use ndarray::Array2;

/// Reads components, mean and scale of a `PCA`.
pub fn pca(value: &View<'_, '_>, ctx: &mut Context) -> Result<Projection, BuildError> {
    let components = components(value, ctx)?;
    let mean = value.some("mean_").map(|_| vector(value, "mean_", ctx)).transpose()?;
    if mean.as_ref().is_some_and(|mean| mean.len() != components.ncols()) {
        return Err(value.error("mean_ and components_ disagree").into());
    }
    let by_projection = Version::of(value, ctx) >= Version(1, 5);
    let center = match mean {
        None => Center::Never,
        Some(mean) if by_projection => Center::Output(
            components.rows().into_iter().map(|component| component.dot(&ndarray::aview1(&mean))).collect(),
        ),
        Some(mean) => Center::Input(mean),
    };
    let scale = match flag(value, "whiten", false)? {
        true => Some(scale(value, components.nrows(), by_projection, ctx)?),
        false => None,
    };
    Ok(Projection { policy: policy(value, false), components, center, scale })
}

/// Reads a `PCA` that is the model itself.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn pca_model(value: &View<'_, '_>, ctx: &mut Context) -> Result<Pca, BuildError> {
    let projection = pca(value, ctx)?;
    let likelihood = likelihood(value, &projection, ctx)?;
    Ok(Pca { projection, likelihood })
}

/// `PCA.get_covariance` along the components and across them. None where it has no inverse, or is computed in single
/// precision.
fn likelihood(
    value: &View<'_, '_>,
    projection: &Projection,
    ctx: &mut Context,
) -> Result<Option<Likelihood>, ValueError> {
    let single = value.attr("components_")?.array().is_some_and(|array| array.dtype.size() == 4);
    let (n, d) = (projection.n_features_out(), projection.n_features_in());
    let noise = value.attr("noise_variance_")?.f64()?;
    let stored = vector(value, "explained_variance_", ctx)?;
    if stored.len() != n {
        return Err(value.error("explained_variance_ and components_ disagree"));
    }
    // `whiten` stretches the components once more, also here.
    let whiten = flag(value, "whiten", false)?;
    let above = |variance: f64| (variance - noise) * if whiten { variance } else { 1.0 } + noise;
    let variances: Vec<f64> = stored.iter().map(|variance| above(*variance)).collect();
    let spreads = stored.iter().zip(&variances).all(|(own, all)| *all > 0.0 && (noise == 0.0 || *own > noise));
    let inverts = noise >= 0.0 && spreads && (noise > 0.0 || n == d) && n <= d;
    if single || !inverts || value.some("mean_").is_none() {
        return Ok(None);
    }
    let mean = vector(value, "mean_", ctx)?;
    Ok(Some(Likelihood { mean, variances, noise: (n < d).then_some(noise) }))
}

/// Reads the components of a `FastICA`; the mean is only taken off where it whitens.
pub fn fast_ica(value: &View<'_, '_>, ctx: &mut Context) -> Result<Projection, BuildError> {
    let components = components(value, ctx)?;
    let center = match value.some("mean_").map(|_| vector(value, "mean_", ctx)).transpose()? {
        None => Center::Never,
        Some(mean) if mean.len() == components.ncols() => Center::Input(mean),
        Some(_) => return Err(value.error("mean_ and components_ disagree").into()),
    };
    Ok(Projection { policy: policy(value, false), components, center, scale: None })
}

/// Reads the components of a `TruncatedSVD`.
pub fn truncated_svd(value: &View<'_, '_>, ctx: &mut Context) -> Result<Projection, BuildError> {
    let components = components(value, ctx)?;
    Ok(Projection { policy: policy(value, false), components, center: Center::Never, scale: None })
}

/// Square roots of `explained_variance_`; newer versions never divide by less than the smallest step from 1.
fn scale(value: &View<'_, '_>, n: usize, clips: bool, ctx: &mut Context) -> Result<Vec<f64>, ValueError> {
    let variances = vector(value, "explained_variance_", ctx)?;
    if variances.len() != n {
        return Err(value.error("explained_variance_ and components_ disagree"));
    }
    let least = if clips { f64::EPSILON } else { 0.0 };
    Ok(variances.into_iter().map(|variance| variance.sqrt().max(least)).collect())
}

fn components(value: &View<'_, '_>, ctx: &mut Context) -> Result<Array2<f64>, ValueError> {
    let array = value.attr("components_")?;
    let &[rows, columns] = &array.shape()[..] else {
        return Err(array.error(format!("expected a matrix, found {}", array.kind())));
    };
    n_features(value, Some(columns), ctx)?;
    let values = super::attributes::numbers(&array, ctx)?;
    match rows {
        0 => Err(array.error("there are no components")),
        _ => Ok(Array2::from_shape_vec((rows, columns), values).expect("an array has as many values as its shape")),
    }
}
