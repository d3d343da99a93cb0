//! `FeatureAgglomeration`.

use super::attributes::{n_features, policy};
use super::{BuildError, Context};
use crate::model::FeatureAgglomeration;
use crate::model::agglomeration::Pool;
use crate::value::View;

/// Reads which columns are in a group, and how groups are pooled.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or a function of the user's own pools.
pub fn feature_agglomeration(value: &View<'_, '_>, ctx: &mut Context) -> Result<FeatureAgglomeration, BuildError> {
    let labels = value.attr("labels_")?;
    ctx.read(&labels)?;
    let found = labels.i64s()?;
    let n_features = n_features(value, Some(found.len()), ctx)?;
    let mut groups: Vec<Vec<usize>> = vec![];
    for (column, label) in found.into_iter().enumerate() {
        let Some(label) = usize::try_from(label).ok().filter(|label| *label < n_features) else {
            return Err(labels.error(format!("{label} is no group of {n_features} columns")).into());
        };
        if groups.len() <= label {
            groups.resize(label + 1, vec![]);
        }
        groups[label].push(column);
    }
    if groups.iter().any(Vec::is_empty) {
        return Err(labels.error("a group without a column").into());
    }
    let function = value.attr("pooling_func")?;
    let pool = match function.class() {
        Some(name) if function.object().is_none() && name.module.split('.').next() == Some("numpy") => {
            match &*name.name {
                "mean" => Some(Pool::Mean),
                "median" => Some(Pool::Median),
                "amin" | "min" => Some(Pool::Least),
                "amax" | "max" => Some(Pool::Greatest),
                "sum" => Some(Pool::Sum),
                _ => None,
            }
        }
        _ => None,
    };
    let pool = pool.ok_or_else(|| BuildError::option(value, format!("pooling_func that is {}", function.kind())))?;
    Ok(FeatureAgglomeration { policy: policy(value, false), n_features, groups, pool })
}
