//! `MissingIndicator`.

use super::attributes::{flag, n_features, policy};
use super::{BuildError, Context};
use crate::model::MissingIndicator;
use crate::value::{Node, View};

/// Reads which columns it tells of.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or texts count as missing.
pub fn missing_indicator(value: &View<'_, '_>, ctx: &mut Context) -> Result<MissingIndicator, BuildError> {
    let missing = value.attr("missing_values")?;
    let missing_value = match missing.node() {
        Node::None => f64::NAN,
        Node::Str(_) => return Err(BuildError::option(value, "a text as missing_values")),
        _ => missing.f64()?,
    };
    let n_features = n_features(value, value.some("_n_features").map(|n| n.usize()).transpose()?, ctx)?;
    let features = value.attr("features_")?;
    ctx.read(&features)?;
    let column = |column: i64| usize::try_from(column).ok().filter(|column| *column < n_features);
    let columns: Option<Vec<usize>> = features.i64s()?.into_iter().map(column).collect();
    let columns = columns.filter(|columns| columns.is_sorted_by(|a, b| a < b));
    let columns = columns.ok_or_else(|| features.error(format!("expected some of {n_features} columns, in order")))?;
    if columns.is_empty() {
        return Err(BuildError::option(value, "no column that had a gap in training"));
    }
    let only = value.attr("features")?.str()? == "missing-only";
    let refuses_others = only && flag(value, "error_on_new", true)?;
    Ok(MissingIndicator {
        policy: policy(value, missing_value.is_nan()),
        n_features,
        missing_value,
        columns,
        refuses_others,
    })
}
