//! `SimpleImputer`.

use super::attributes::{flag, n_features, policy};
use super::encoders::{Label, labels};
use super::sources::Sources;
use super::{BuildError, Context, Version};
use crate::model::SimpleImputer;
use crate::value::{Node, View};

/// Reads fill values and indicators.
pub fn simple_imputer(value: &View<'_, '_>, ctx: &mut Context) -> Result<SimpleImputer, BuildError> {
    let missing = value.attr("missing_values")?;
    let missing_value = match missing.node() {
        // A request has one way to say that a value is missing.
        Node::None => f64::NAN,
        Node::Str(text) => f64::from(ctx.vocabulary.intern(text)),
        _ => missing.f64()?,
    };
    let statistics = value.attr("statistics_")?;
    let fill = statistics_of(&statistics, ctx)?;
    let n = n_features(value, Some(fill.len()), ctx)?;
    let keeps_empty = keeps_empty_columns(value, ctx)?;
    let fill: Vec<Option<f64>> = fill.into_iter().map(|fill| (keeps_empty || !fill.is_nan()).then_some(fill)).collect();
    let indicators = indicators(value, n, ctx)?;
    let keeps_objects = ctx.sources.any() && matches!(value.attr("strategy")?.str()?, "most_frequent" | "constant");
    let policy = policy(value, missing_value.is_nan());
    if ctx.sources.any() {
        let kept = (0..n).filter(|column| fill[*column].is_some()).map(|column| ctx.sources.of(column));
        let sources = kept.chain(std::iter::repeat_n(None, indicators.len()));
        ctx.gives = Sources::Each(sources.collect());
    }
    let imputer = SimpleImputer { policy, missing_value, fill, indicators, keeps_objects };
    match imputer.n_features_out() {
        0 => Err(value.error("every column was empty in training").into()),
        _ => Ok(imputer),
    }
}

/// The columns, of `n`, whose gaps an imputer also tells as 0 or 1.
///
/// # Errors
/// When there is no such column.
pub(super) fn indicators(value: &View<'_, '_>, n: usize, ctx: &mut Context) -> Result<Vec<usize>, BuildError> {
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
    Ok(indicators)
}

/// What is filled in, column by column: a number, or the code of a text. What else reads a column without a text says
/// what it holds.
fn statistics_of(statistics: &View<'_, '_>, ctx: &mut Context) -> Result<Vec<f64>, BuildError> {
    ctx.read(statistics)?;
    if let Ok(numbers) = statistics.f64s() {
        return Ok(numbers);
    }
    let mut fill = vec![];
    for (column, label) in labels(statistics)?.into_iter().enumerate() {
        fill.push(match label {
            Label::Number(number) => number,
            Label::None => f64::NAN,
            Label::Text(text) => {
                ctx.takes_text(statistics, column, std::iter::empty())?;
                f64::from(ctx.vocabulary.intern(&text))
            }
        });
    }
    Ok(fill)
}

/// Whether a column without a statistic stays: asked for, or before 1.8 with `strategy='constant'`.
fn keeps_empty_columns(value: &View<'_, '_>, ctx: &Context) -> Result<bool, BuildError> {
    let constant = value.attr("strategy")?.str()? == "constant";
    Ok(flag(value, "keep_empty_features", false)? || constant && Version::of(value, ctx) < Version(1, 8))
}
