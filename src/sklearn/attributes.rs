//! Attributes that many families have in common.

use super::{Context, sparse};
use crate::model::{FloatType, InputPolicy};
use crate::value::{ValueError, View};

/// Class name without its module: `Ridge`; empty for what is no object.
pub fn class_name<'g>(value: &View<'g, '_>) -> &'g str {
    value.class().map_or("", |class| class.name.as_ref())
}

/// The check of most estimators: float64, no infinity.
pub fn policy(value: &View<'_, '_>, allow_nan: bool) -> InputPolicy {
    InputPolicy { estimator: class_name(value).to_owned(), dtype: FloatType::F64, allow_nan, allow_infinite: false }
}

/// A bool, or `default` where the version that wrote the object had no such parameter.
///
/// # Errors
/// When it is anything but a bool.
pub fn flag<'g>(value: &View<'g, '_>, key: &'g str, default: bool) -> Result<bool, ValueError> {
    value.get(key).map_or(Ok(default), |flag| flag.bool())
}

/// Number of features: `n_features_in_`, else `counted` from another attribute, else what the context knows.
///
/// # Errors
/// When nothing says it, `n_features_in_` contradicts `counted`, or it is 0.
pub fn n_features(value: &View<'_, '_>, counted: Option<usize>, ctx: &Context) -> Result<usize, ValueError> {
    let stored = value.some("n_features_in_").map(|n| n.usize()).transpose()?;
    match (stored, counted) {
        (Some(stored), Some(counted)) if stored != counted => {
            Err(value.error(format!("n_features_in_ is {stored}, but its arrays are for {counted} features")))
        }
        (stored, counted) => match stored.or(counted).or(ctx.inputs) {
            None => Err(value.error("nothing says how many features it takes")),
            Some(0) => Err(value.error("it takes no features")),
            Some(n) => Ok(n),
        },
    }
}

/// Numbers of an array of one dimension.
///
/// # Errors
/// When it is missing, or anything else.
pub fn vector<'g>(value: &View<'g, '_>, key: &'g str, ctx: &mut Context) -> Result<Vec<f64>, ValueError> {
    let array = value.attr(key)?;
    match array.shape().len() {
        1 => numbers(&array, ctx),
        _ => Err(array.error(format!("expected an array of one dimension, found {}", array.kind()))),
    }
}

/// A matrix with a column for each feature of the estimator: how many rows and columns, and its numbers row by row.
/// Of what was fitted on sparse rows it may be sparse.
///
/// # Errors
/// When it is missing or anything else, or the estimator takes another number of features.
pub fn matrix<'g>(
    value: &View<'g, '_>,
    key: &'g str,
    ctx: &mut Context,
) -> Result<(usize, usize, Vec<f64>), ValueError> {
    let (rows, columns, values) = sparse::matrix(&value.attr(key)?, ctx)?;
    Ok((rows, n_features(value, Some(columns), ctx)?, values))
}

/// All numbers of an array or list.
///
/// # Errors
/// When it holds anything else, or was read too often.
pub fn numbers(array: &View<'_, '_>, ctx: &mut Context) -> Result<Vec<f64>, ValueError> {
    if !array.shape().is_empty() {
        ctx.read(array)?;
    }
    array.f64s()
}
