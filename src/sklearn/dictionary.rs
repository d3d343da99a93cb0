//! `DictionaryLearning`, `MiniBatchDictionaryLearning`, `SparseCoder`.

use super::attributes::{class_name, flag, n_features, numbers, policy};
use super::{BuildError, Context};
use crate::model::Dictionary;
use crate::model::dictionary::Code;
use crate::value::View;
use ndarray::Array2;

/// Reads the atoms and how rows are coded with them.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or rows are coded by the lasso or by least angles.
pub fn dictionary(value: &View<'_, '_>, ctx: &mut Context) -> Result<Dictionary, BuildError> {
    let stored = value.attr(if class_name(value) == "SparseCoder" { "dictionary" } else { "components_" })?;
    let [n_atoms, columns] = stored.shape()[..] else {
        return Err(stored.error(format!("expected a matrix, found {}", stored.kind())).into());
    };
    let n_features = n_features(value, Some(columns), ctx)?;
    const MOST: usize = 2048;
    if !(1..=MOST).contains(&n_atoms) {
        return Err(BuildError::option(value, format!("{n_atoms} atoms (from 1 to {MOST} are read)")));
    }
    let atoms =
        Array2::from_shape_vec((n_atoms, n_features), numbers(&stored, ctx)?).expect("as many as its shape says");
    let code = match value.attr("transform_algorithm")?.str()? {
        "threshold" => {
            let alpha = value.some("transform_alpha").or_else(|| value.some("alpha"));
            let alpha = alpha.map_or(Ok(1.0), |alpha| alpha.f64())?;
            Code::Threshold { alpha, positive: flag(value, "positive_code", false)? }
        }
        "omp" => {
            let given = value.some("transform_n_nonzero_coefs").map(|most| most.usize()).transpose()?;
            Code::Pursuit { atoms: given.unwrap_or((n_features / 10).max(1)).min(n_atoms) }
        }
        other => return Err(BuildError::option(value, format!("transform_algorithm={other:?}"))),
    };
    let gram = atoms.dot(&atoms.t());
    Ok(Dictionary { policy: policy(value, false), atoms, gram, code, split: flag(value, "split_sign", false)? })
}
