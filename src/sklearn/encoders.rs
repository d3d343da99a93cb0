//! `OneHotEncoder`, `OrdinalEncoder` and `TargetEncoder`.

use super::{BuildError, Context, Version};
use crate::model::encoders::{Categories, Encoded, OneHot, Scalars, Unknown};
use crate::model::{OneHotEncoder, ValueEncoder};
use crate::value::{Node, ValueError, View};
use ndarray::Array2;

/// One column's `categories_`, and how infrequent ones are grouped.
struct Column {
    categories: Categories,
    /// Number of the missing value among the categories, as the encoder sees it: its NaN, which is last.
    nan: Option<u32>,
    /// For each category the group that it is encoded as; as many as there are categories.
    groups: Vec<u32>,
    n_groups: u32,
    /// The first infrequent category.
    infrequent: Option<u32>,
}

/// Reads a `OneHotEncoder`.
pub fn one_hot_encoder(value: &View<'_, '_>, ctx: &mut Context) -> Result<OneHotEncoder, BuildError> {
    let handling = value.attr("handle_unknown")?;
    let columns = columns(value, ctx, false)?;
    let drop = match value.some("_drop_idx_after_grouping").or_else(|| value.some("drop_idx_")) {
        Some(indices) => dropped(&indices, columns.len())?,
        None => vec![None; columns.len()],
    };
    let mut out = Vec::with_capacity(columns.len());
    for (column, drop) in columns.into_iter().zip(drop) {
        let unknown = match (handling.str()?, column.infrequent) {
            ("error", _) => Unknown::Refuse,
            ("infrequent_if_exist" | "warn", Some(category)) => Unknown::Like(category),
            ("ignore" | "infrequent_if_exist" | "warn", _) => Unknown::Ignore,
            (other, _) => return Err(BuildError::option(value, format!("handle_unknown={other:?}"))),
        };
        if drop.is_some_and(|drop| drop >= column.n_groups) {
            return Err(value.error("it drops a category that is not there").into());
        }
        let output = |group: u32| match drop {
            Some(drop) if group == drop => None,
            Some(drop) if group > drop => Some(group - 1),
            _ => Some(group),
        };
        let outputs = column.groups.iter().map(|group| output(*group)).collect();
        let width = column.n_groups as usize - usize::from(drop.is_some());
        out.push(OneHot { categories: column.categories, outputs, width, unknown });
    }
    Ok(OneHotEncoder::new(out, scalars(value, ctx)))
}

/// Reads an `OrdinalEncoder`.
pub fn ordinal_encoder(value: &View<'_, '_>, ctx: &mut Context) -> Result<ValueEncoder, BuildError> {
    let unknown = match value.attr("handle_unknown")?.str()? {
        "error" => None,
        "use_encoded_value" => Some(vec![value.attr("unknown_value")?.f64()?]),
        other => return Err(BuildError::option(value, format!("handle_unknown={other:?}"))),
    };
    let missing = value.get("encoded_missing_value").map_or(Ok(f64::NAN), |missing| missing.f64())?;
    let encode = |column: Column| {
        let mut values: Vec<f64> = column.groups.iter().map(|group| f64::from(*group)).collect();
        if let Some(nan) = column.nan {
            values[nan as usize] = missing;
        }
        let values = Array2::from_shape_vec((values.len(), 1), values).expect("one column");
        Encoded { categories: column.categories, values, unknown: unknown.clone() }
    };
    let encoded = columns(value, ctx, true)?.into_iter().map(encode).collect();
    Ok(ValueEncoder::new(encoded, scalars(value, ctx)))
}

/// Reads a `TargetEncoder`: for each category the smoothed mean of the target, one for each class beyond two.
pub fn target_encoder(value: &View<'_, '_>, ctx: &mut Context) -> Result<ValueEncoder, BuildError> {
    let mean = value.attr("target_mean_")?;
    let means = mean.f64s()?;
    let encodings = value.attr("encodings_")?;
    let lists = encodings.items()?;
    let columns = columns(value, ctx, false)?;
    if means.is_empty() || columns.len().checked_mul(means.len()) != Some(lists.len()) {
        let problem = format!("{} encodings of {} columns for {} targets", lists.len(), columns.len(), means.len());
        return Err(encodings.error(problem).into());
    }
    let mut out = Vec::with_capacity(columns.len());
    for (column, lists) in columns.into_iter().zip(lists.chunks_exact(means.len())) {
        let mut values = Array2::zeros((column.groups.len(), means.len()));
        for (target, list) in lists.iter().enumerate() {
            ctx.read(list)?;
            let encoded = list.f64s()?;
            if encoded.len() != values.nrows() {
                return Err(list
                    .error(format!("expected one number for each of {} categories", values.nrows()))
                    .into());
            }
            values.column_mut(target).iter_mut().zip(encoded).for_each(|(value, encoded)| *value = encoded);
        }
        out.push(Encoded { categories: column.categories, values, unknown: Some(means.clone()) });
    }
    Ok(ValueEncoder::new(out, scalars(value, ctx)))
}

/// How numpy showed numbers then: releases since 1.6 came with numpy 2.
fn scalars(value: &View<'_, '_>, ctx: &Context) -> Scalars {
    if Version::of(value, ctx) >= Version(1, 6) { Scalars::Typed } else { Scalars::Plain }
}

/// `drop_idx_`: for each column the number of a category, or `None`.
fn dropped(indices: &View<'_, '_>, columns: usize) -> Result<Vec<Option<u32>>, ValueError> {
    let index =
        |number: i64| u32::try_from(number).map_err(|_| indices.error(format!("there is no category {number}")));
    let list: Vec<Option<u32>> = match indices.items() {
        Ok(items) => {
            let read = |item: &View<'_, '_>| match item.is_none() {
                true => Ok(None),
                false => index(item.i64()?).map(Some),
            };
            items.iter().map(read).collect::<Result<_, _>>()?
        }
        Err(_) => indices.i64s()?.into_iter().map(|number| index(number).map(Some)).collect::<Result<_, _>>()?,
    };
    match list.len() == columns {
        true => Ok(list),
        false => Err(indices.error(format!("expected one entry for each of {columns} columns"))),
    }
}

/// Reads `categories_` and the grouping of infrequent ones. `nan_apart`: a missing value is not part of the grouping
/// (`OrdinalEncoder`).
fn columns(value: &View<'_, '_>, ctx: &mut Context, nan_apart: bool) -> Result<Vec<Column>, BuildError> {
    let lists = value.attr("categories_")?.items()?;
    let n = super::attributes::n_features(value, Some(lists.len()), ctx)?;
    let grouping = match value.get("_infrequent_enabled").map_or(Ok(false), |enabled| enabled.bool())? {
        true => {
            Some((of_each(value, "_infrequent_indices", n)?, of_each(value, "_default_to_infrequent_mappings", n)?))
        }
        false => None,
    };
    let mut columns = Vec::with_capacity(n);
    for (at, list) in lists.iter().enumerate() {
        ctx.read(list)?;
        let (categories, nan) = categories(list, at, value, ctx)?;
        let n_categories = categories.len() as u32;
        let mut column =
            Column { categories, nan, groups: (0..n_categories).collect(), n_groups: n_categories, infrequent: None };
        if let Some((indices, mappings)) = &grouping
            && !indices[at].is_none()
        {
            group(&mut column, &indices[at], &mappings[at], nan_apart, ctx)?;
        }
        columns.push(column);
    }
    Ok(columns)
}

fn of_each<'g, 'a>(value: &View<'g, 'a>, key: &'g str, n: usize) -> Result<Vec<View<'g, 'a>>, ValueError> {
    let list = value.attr(key)?;
    let items = list.items()?;
    match items.len() == n {
        true => Ok(items),
        false => Err(list.error(format!("expected one entry for each of {n} columns"))),
    }
}

/// Reads which categories are encoded as one.
fn group(
    column: &mut Column,
    indices: &View<'_, '_>,
    mapping: &View<'_, '_>,
    nan_apart: bool,
    ctx: &mut Context,
) -> Result<(), ValueError> {
    ctx.read(indices)?;
    ctx.read(mapping)?;
    let n = column.groups.len();
    let apart = column.nan.filter(|_| nan_apart);
    let groups = mapping.i64s()?;
    let first = indices.i64s()?.first().copied().and_then(|first| u32::try_from(first).ok());
    column.infrequent = Some(first.filter(|first| (*first as usize) < n).ok_or_else(|| indices.error("no category"))?);
    if groups.len() != n - usize::from(apart.is_some()) {
        return Err(mapping.error(format!("{} entries for {n} categories", groups.len())));
    }
    let valid = |group: &i64| u32::try_from(*group).ok().filter(|group| (*group as usize) < n);
    let mut groups: Vec<u32> =
        groups.iter().map(valid).collect::<Option<_>>().ok_or_else(|| mapping.error("no group"))?;
    column.n_groups = groups.iter().max().map_or(0, |max| max + 1);
    groups.extend(apart);
    column.groups = groups;
    Ok(())
}

/// The categories of column `at`, and which of them is NaN. `None` is a category of its own; where there is no NaN, a
/// missing value is `None`.
fn categories(
    list: &View<'_, '_>,
    at: usize,
    encoder: &View<'_, '_>,
    ctx: &mut Context,
) -> Result<(Categories, Option<u32>), BuildError> {
    let twice = || list.error("a category stands in it twice");
    if let Ok(numbers) = list.f64s() {
        ctx.takes_number(at);
        let nan = numbers.iter().position(|number| number.is_nan()).map(|nan| nan as u32);
        return Ok((Categories::new(&numbers).ok_or_else(twice)?, nan));
    }
    let labels = labels(list)?;
    let texts = || labels.iter().filter_map(Label::text);
    if labels.iter().any(|label| matches!(label, Label::Number(number) if !number.is_nan())) {
        if texts().next().is_some() {
            return Err(BuildError::option(encoder, "texts and numbers as categories of one column"));
        }
        ctx.takes_number(at);
    } else {
        ctx.takes_text(encoder, at, texts())?;
    }
    let (mut values, mut nan, mut none) = (Vec::with_capacity(labels.len()), None, None);
    for (label, number) in labels.iter().zip(0u32..) {
        let value = match label {
            Label::Text(text) => f64::from(ctx.vocabulary.intern(text)),
            Label::Number(value) if value.is_nan() => {
                nan = Some(number);
                continue;
            }
            Label::Number(value) => *value,
            Label::None => {
                none = Some(number);
                continue;
            }
        };
        values.push((value, number));
    }
    let categories = Categories::numbered(values, nan, none, labels.len()).ok_or_else(twice)?;
    Ok((categories, nan))
}

/// One entry of a list of categories.
pub(super) enum Label {
    Text(String),
    Number(f64),
    None,
}

impl Label {
    pub fn text(&self) -> Option<&str> {
        match self {
            Label::Text(text) => Some(text),
            Label::Number(_) | Label::None => None,
        }
    }
}

/// The entries of a list of categories, whatever they are.
pub(super) fn labels(list: &View<'_, '_>) -> Result<Vec<Label>, ValueError> {
    if let Ok(numbers) = list.f64s() {
        return Ok(numbers.into_iter().map(Label::Number).collect());
    }
    if let Ok(texts) = list.strings() {
        return Ok(texts.into_iter().map(Label::Text).collect());
    }
    let label = |item: &View<'_, '_>| match item.node() {
        Node::None => Ok(Label::None),
        Node::Str(text) => Ok(Label::Text(text.to_string())),
        _ => item.f64().map(Label::Number),
    };
    list.items()?.iter().map(label).collect()
}
