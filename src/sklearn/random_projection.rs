//! `GaussianRandomProjection`, `SparseRandomProjection`, `NeighborhoodComponentsAnalysis` and `BernoulliRBM`: rows on
//! directions.

use super::attributes::{matrix, n_features, numbers, policy, vector};
use super::{BuildError, Context};
use crate::model::decomposition::Center;
use crate::model::{BoltzmannMachine, Projection, SparseProjection};
use crate::value::{ValueError, View};
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
        Some(_) => sparse_rows(&stored, ctx)?,
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

/// What a sparse matrix of compressed rows holds: how many columns it has, and of each row the columns and values.
fn sparse_rows(value: &View<'_, '_>, ctx: &mut Context) -> Result<(usize, Vec<Vec<(usize, f64)>>), ValueError> {
    let shape = value.get("_shape").map_or_else(|| value.attr("shape"), Ok)?;
    let [n_rows, n_columns] = shape.i64s()?[..] else { return Err(shape.error("expected rows and columns")) };
    let n_columns = usize::try_from(n_columns).unwrap_or(0);
    let (starts, places) = (value.attr("indptr")?, value.attr("indices")?);
    for part in [&starts, &places] {
        ctx.read(part)?;
    }
    let (starts, places) = (starts.i64s()?, places.i64s()?);
    let values = numbers(&value.attr("data")?, ctx)?;
    let place = |place: i64| usize::try_from(place).ok().filter(|place| *place < n_columns);
    let pairs: Option<Vec<(usize, f64)>> =
        places.iter().zip(&values).map(|(at, value)| Some((place(*at)?, *value))).collect();
    let span = |pair: &[i64]| Some(usize::try_from(pair[0]).ok()?..usize::try_from(pair[1]).ok()?);
    let rows = pairs.filter(|pairs| pairs.len() == values.len() && places.len() == values.len()).and_then(|pairs| {
        starts.windows(2).map(|pair| pairs.get(span(pair)?).map(<[_]>::to_vec)).collect::<Option<Vec<_>>>()
    });
    // Spans that follow each other hold each value once.
    let whole = starts.first() == Some(&0) && starts.last() == Some(&(values.len() as i64)) && starts.is_sorted();
    match rows {
        Some(rows) if whole && i64::try_from(rows.len()) == Ok(n_rows) => Ok((n_columns, rows)),
        _ => Err(value.error("it is no sparse matrix of compressed rows")),
    }
}
