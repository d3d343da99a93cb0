//! `Isomap` and `LocallyLinearEmbedding`.

use super::attributes::{numbers, policy};
use super::kernel_pca::kernel_pca;
use super::neighbors::{count, search};
use super::{BuildError, Context};
use crate::model::Manifold;
use crate::model::manifold::Embedded;
use crate::model::neighbors::Reach;
use crate::value::{ValueError, View};
use ndarray::Array2;

/// Reads the training rows, the ways between them, and the projection of these.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn isomap(value: &View<'_, '_>, ctx: &mut Context) -> Result<Manifold, BuildError> {
    let nearest = value.attr("nbrs_")?;
    let search = search(&nearest, ctx)?;
    let n = search.n_rows();
    let reach = match value.some("n_neighbors") {
        Some(_) => Reach::Count(count(&nearest, "n_neighbors", n)?),
        None => Reach::Radius(nearest.attr("radius")?.f64()?),
    };
    let ways = table(value, "dist_matrix_", n, Some(n), ctx)?;
    let projection = value.attr("kernel_pca_")?;
    let built = kernel_pca(&projection, ctx)?;
    if built.n_features != n {
        return Err(projection.error(format!("takes {} ways, but there are {n} rows", built.n_features)).into());
    }
    let embedding = Embedded::Isomap { reach, ways, projection: Box::new(built) };
    Ok(Manifold { policy: policy(&nearest, false), search, embedding })
}

/// Reads the training rows and where they came to lie.
///
/// # Errors
/// When its attributes are not what scikit-learn writes.
pub fn locally_linear(value: &View<'_, '_>, ctx: &mut Context) -> Result<Manifold, BuildError> {
    let search = search(&value.attr("nbrs_")?, ctx)?;
    let n = search.n_rows();
    let embedding = Embedded::LocallyLinear {
        n_neighbors: count(value, "n_neighbors", n)?,
        regularization: value.attr("reg")?.f64()?,
        places: table(value, "embedding_", n, None, ctx)?,
    };
    Ok(Manifold { policy: policy(value, false), search, embedding })
}

/// A matrix with that many rows, and columns where they are known.
fn table<'g>(
    value: &View<'g, '_>,
    key: &'g str,
    rows: usize,
    columns: Option<usize>,
    ctx: &mut Context,
) -> Result<Array2<f64>, ValueError> {
    let array = value.attr(key)?;
    match array.shape()[..] {
        [found, width] if found == rows && width > 0 && columns.is_none_or(|columns| columns == width) => {
            Ok(Array2::from_shape_vec((rows, width), numbers(&array, ctx)?).expect("as many as its shape says"))
        }
        _ => Err(array.error(format!("expected a row for each of {rows} training rows, found {}", array.kind()))),
    }
}
