//! `SimpleImputer` on numbers; on text it is refused.

use super::attributes::{flag, n_features, numbers, policy};
use super::{BuildError, Context, Version};
use crate::model::SimpleImputer;
use crate::value::{DType, Node, View};

/// Reads fill values and indicators.
pub fn simple_imputer(value: &View<'_, '_>, ctx: &mut Context) -> Result<SimpleImputer, BuildError> {
    let missing = value.attr("missing_values")?;
    let Ok(missing_value) = missing.f64() else {
        return Err(BuildError::option(value, format!("missing_values that is {}", missing.kind())));
    };
    if value.get("_fit_dtype").is_some_and(|dtype| matches!(dtype.node(), Node::DType(d) if **d == DType::Object)) {
        return Err(BuildError::option(value, "columns of text or other objects"));
    }
    let statistics = value.attr("statistics_")?;
    let fill = numbers(&statistics, ctx)?;
    let n = n_features(value, Some(fill.len()), ctx)?;
    let keeps_empty = keeps_empty_columns(value, ctx)?;
    let fill = fill.into_iter().map(|fill| (keeps_empty || !fill.is_nan()).then_some(fill)).collect();
    let mut indicators = vec![];
    if flag(value, "add_indicator", false)? {
        let features = value.attr("indicator_")?.attr("features_")?;
        ctx.read(&features)?;
        for feature in features.i64s()? {
            let column = usize::try_from(feature).ok().filter(|column| *column < n);
            indicators.push(column.ok_or_else(|| features.error(format!("there is no column {feature}")))?);
        }
        if indicators.len() > n {
            return Err(features.error("more indicators than columns").into());
        }
    }
    let keeps_objects = ctx.raw && matches!(value.attr("strategy")?.str()?, "most_frequent" | "constant");
    let policy = policy(value, missing_value.is_nan());
    let imputer = SimpleImputer { policy, missing_value, fill, indicators, keeps_objects };
    match imputer.n_features_out() {
        0 => Err(value.error("every column was empty in training").into()),
        _ => Ok(imputer),
    }
}

/// Whether a column without a statistic stays: asked for, or before 1.8 with `strategy='constant'`.
fn keeps_empty_columns(value: &View<'_, '_>, ctx: &Context) -> Result<bool, BuildError> {
    let constant = value.attr("strategy")?.str()? == "constant";
    Ok(flag(value, "keep_empty_features", false)? || constant && Version::of(value, ctx) < Version(1, 8))
}
