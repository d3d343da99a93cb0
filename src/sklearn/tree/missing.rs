//! Which trees accept NaN: a rule that changed with nearly every version.

use super::super::Version;
use super::super::attributes::class_name;
use crate::value::View;

/// `BaseDecisionTree._support_missing_values` of a decision or extra tree.
pub fn supports_missing(tree: &View<'_, '_>, version: Version) -> bool {
    let class = class_name(tree);
    let text = |key| tree.get(key).and_then(|value| value.str().ok());
    let splitter = text("splitter").unwrap_or_default();
    let (extra, regressor) = (class.starts_with("Extra"), class.ends_with("Regressor"));
    if version >= Version(1, 9) {
        return !extra || splitter == "random";
    }
    let criteria =
        if regressor { ["squared_error", "friedman_mse", "poisson"] } else { ["gini", "log_loss", "entropy"] };
    let criterion = text("criterion").is_some_and(|criterion| criteria.contains(&criterion));
    let plain = tree.some("monotonic_cst").is_none();
    let splitter = match version {
        Version(1, ..=2) | Version(0, _) => false,
        Version(1, 3..=5) => splitter == "best",
        // ExtraTreeRegressor.__sklearn_tags__ of 1.6 forgot to set its own rule.
        Version(1, 6) if extra && !regressor => splitter == "random",
        Version(1, 6) => ["best", "random"].contains(&splitter),
        _ if extra => splitter == "random",
        _ => ["best", "random"].contains(&splitter),
    };
    splitter && criterion && plain
}
