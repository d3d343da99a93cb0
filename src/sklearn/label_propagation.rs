//! `LabelPropagation` and `LabelSpreading`.

use super::attributes::{matrix, numbers, policy};
use super::members::own_classes;
use super::neighbors::{count, search};
use super::pairwise::kernel;
use super::{BuildError, Context};
use crate::model::LabelPropagation;
use crate::model::label_propagation::Alike;
use crate::value::View;
use ndarray::Array2;

/// Reads the training rows, and the share of each label in them.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the kernel is a function.
pub fn label_propagation(value: &View<'_, '_>, ctx: &mut Context) -> Result<LabelPropagation, BuildError> {
    let classes = own_classes(value, ctx)?;
    let name = value.attr("kernel")?;
    let (n_rows, n_features, rows) = matrix(value, "X_", ctx)?;
    let reach = match name.str() {
        Ok("rbf") => Alike::Kernel { kernel: kernel(value, "rbf", n_features, |key| value.some(key))?, rows },
        Ok("knn") => {
            let nearest = value.attr("nn_fit")?;
            let search = search(&nearest, ctx)?;
            if search.n_rows() != n_rows || search.n_features != n_features {
                return Err(nearest.error("its rows are not those of X_").into());
            }
            Alike::Nearest { n_neighbors: count(&nearest, "n_neighbors", n_rows)?, search: Box::new(search) }
        }
        _ => return Err(BuildError::option(value, format!("a kernel that is {}", name.kind()))),
    };
    let shares = value.attr("label_distributions_")?;
    if shares.shape() != [n_rows, classes.len()] {
        return Err(shares
            .error(format!("expected {} shares for {n_rows} rows, found {}", classes.len(), shares.kind()))
            .into());
    }
    let shares =
        Array2::from_shape_vec((n_rows, classes.len()), numbers(&shares, ctx)?).expect("its shape was checked");
    Ok(LabelPropagation { policy: policy(value, false), n_features, reach, shares, classes })
}
