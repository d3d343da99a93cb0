//! `LinearDiscriminantAnalysis` and `QuadraticDiscriminantAnalysis`.

use super::attributes::{n_features, numbers, policy, vector};
use super::members::own_classes;
use super::{BuildError, Context, linear};
use crate::model::discriminant_analysis::{Density, Projection};
use crate::model::tree::pairwise_sum;
use crate::model::{LinearDiscriminant, Quadratic};
use crate::value::View;
use ndarray::{Array2, s};

/// Reads the linear classifier, and the projection of the solvers that have one.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn linear(value: &View<'_, '_>, ctx: &mut Context) -> Result<LinearDiscriminant, BuildError> {
    let classifier = linear::discriminant(value, ctx)?;
    let solver = value.attr("solver")?.str()?;
    let projection = match solver {
        "lsqr" => None,
        _ => {
            let n = classifier.n_features();
            let scalings = value.attr("scalings_")?;
            let columns = match scalings.shape()[..] {
                [rows, columns] if rows == n => columns,
                _ => return Err(scalings.error(format!("expected {n} rows, found {}", scalings.kind())).into()),
            };
            let most = value.attr("_max_components")?.usize()?.min(columns);
            let directions = Array2::from_shape_vec((n, columns), numbers(&scalings, ctx)?).expect("as its shape says");
            let center = (solver == "svd").then(|| vector(value, "xbar_", ctx)).transpose()?;
            if center.as_ref().is_some_and(|center| center.len() != n) {
                return Err(value.error(format!("xbar_ is not for {n} features")).into());
            }
            Some(Projection { center, directions: directions.slice(s![.., ..most]).to_owned() })
        }
    };
    Ok(LinearDiscriminant { policy: policy(value, false), linear: classifier, projection })
}

/// Reads each class's center, rotation and scaling.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn quadratic(value: &View<'_, '_>, ctx: &mut Context) -> Result<Quadratic, BuildError> {
    let classes = own_classes(value, ctx)?;
    let means = value.attr("means_")?;
    let [rows, columns] = means.shape()[..] else {
        return Err(means.error(format!("expected a row for each class, found {}", means.kind())).into());
    };
    let n_features = n_features(value, Some(columns), ctx)?;
    let (means, priors) = (numbers(&means, ctx)?, vector(value, "priors_", ctx)?);
    let (rotations, scalings) = (value.attr("rotations_")?.items()?, value.attr("scalings_")?.items()?);
    let counts = [rows, priors.len(), rotations.len(), scalings.len()];
    if counts.iter().any(|count| *count != classes.len()) {
        return Err(value.error(format!("its arrays are not for {} classes", classes.len())).into());
    }
    let mut densities = vec![];
    for (at, (rotation, scaling)) in rotations.iter().zip(&scalings).enumerate() {
        let spreads = numbers(scaling, ctx)?;
        if rotation.shape() != [n_features, spreads.len()] {
            return Err(rotation.error(format!("expected {n_features} rows of {}", spreads.len())).into());
        }
        let matrix = numbers(rotation, ctx)?;
        let direction = |(column, spread): (usize, &f64)| {
            (0..n_features).map(|row| matrix[row * spreads.len() + column] * spread.powf(-0.5)).collect()
        };
        densities.push(Density {
            mean: means[at * n_features..][..n_features].to_vec(),
            directions: spreads.iter().enumerate().map(direction).collect(),
            log_spread: pairwise_sum(&spreads.iter().map(|spread| spread.ln()).collect::<Vec<_>>()),
            log_prior: priors[at].ln(),
        });
    }
    Ok(Quadratic { policy: policy(value, false), n_features, classes, densities })
}
