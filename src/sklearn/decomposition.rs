//! `PCA` and `TruncatedSVD`.

use super::attributes::{flag, n_features, policy, vector};
use super::{BuildError, Context, Version};
use crate::model::Projection;
use crate::model::decomposition::Center;
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
