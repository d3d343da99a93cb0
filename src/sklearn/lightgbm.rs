//! `LGBMClassifier`, `LGBMRegressor`, `LGBMRanker`, and a bare `Booster`: finds the text of the booster, and reads what
//! the wrapper adds to it.

use super::attributes::class_name;
use super::encoders::{Label, labels};
use super::labels::classes;
use super::{BuildError, Context};
use crate::boosters::BoosterError;
use crate::boosters::lightgbm::{self, Model};
use crate::model::LightGbm;
use crate::model::lightgbm::{PandasCategories, Target};
use crate::value::{ValueError, View};
use std::sync::Arc;

/// A fitted wrapper.
///
/// # Errors
/// When it is not fitted, the booster's text is damaged, or scorelet cannot reproduce the model exactly.
pub fn estimator(value: &View<'_, '_>, ctx: &mut Context) -> Result<LightGbm, BuildError> {
    let own = value.attr("_Booster")?;
    if own.is_none() {
        return Err(own.error("it is None; was it fitted?").into());
    }
    ctx.read(&own)?;
    stops_early(value)?;
    let mut model = booster(&own, ctx)?;
    if class_name(value) == "LGBMClassifier" {
        model.target = target(value, model.scores.columns)?;
    }
    Ok(model)
}

/// A bare `Booster`, which gives the numbers of its objective.
///
/// # Errors
/// As [`estimator`].
pub fn booster(value: &View<'_, '_>, ctx: &mut Context) -> Result<LightGbm, BuildError> {
    let handle = handle(value)?;
    let best = value.some("best_iteration").map_or(Ok(-1), |best| best.i64())?;
    let model = lightgbm::read(handle.str()?, usize::try_from(best).ok().filter(|best| *best > 0));
    let model = model.map_err(|error| match error {
        BoosterError::Unsupported(what) => BuildError::option(value, what),
        error => handle.error(error.to_string()).into(),
    })?;
    let categories = pandas_categories(value, &model, ctx)?;
    let Model { scores, link, .. } = model;
    Ok(LightGbm { scores, link, target: Target::Numbers, categories })
}

/// Columns that a wrapper or booster was fitted on; `None` where they had no names, or nothing can be read.
pub fn feature_names(value: &View<'_, '_>) -> Option<Vec<String>> {
    let booster = value.some("_Booster").unwrap_or_else(|| value.clone());
    let names = lightgbm::feature_names(handle(&booster).ok()?.str().ok()?).ok()?;
    let numbered = names.iter().enumerate().all(|(i, name)| *name == format!("Column_{i}"));
    (!numbered).then_some(names)
}

/// The text; `handle` before 4.0.
fn handle<'g, 'a>(booster: &View<'g, 'a>) -> Result<View<'g, 'a>, ValueError> {
    let handle = booster.some("_handle").or_else(|| booster.some("handle"));
    handle.ok_or_else(|| booster.error("the booster is empty; was it fitted?"))
}

/// A wrapper hands its parameters on when it predicts, and one of them makes rows leave early.
fn stops_early(value: &View<'_, '_>) -> Result<(), BuildError> {
    let own = [Some(value.clone()), value.some("_other_params")];
    let set = own.iter().flatten().find_map(|parameters| parameters.some("pred_early_stop"));
    match set {
        Some(flag) if flag.bool() != Ok(false) => Err(BuildError::option(value, "pred_early_stop")),
        _ => Ok(()),
    }
}

fn target(value: &View<'_, '_>, columns: usize) -> Result<Target, BuildError> {
    let objective = value.some("_objective").or_else(|| value.some("objective"));
    if objective.is_some_and(|objective| objective.str().is_err()) {
        return Err(BuildError::option(value, "an objective of one's own, which has no labels,"));
    }
    let list = value.attr("_le")?.attr("classes_")?;
    let classes = classes(&list)?;
    let expected = if columns == 1 { 2 } else { columns };
    if classes.len() != expected || columns == 2 {
        return Err(list.error(format!("{} classes, but the booster has {columns} columns", classes.len())).into());
    }
    // What 4.7 began to keep tells that it was written by a LightGBM with a `decision_function`.
    let raw = value.get("_fitted_with_feature_names").is_some();
    Ok(Target::Labels { classes: Arc::new(classes), raw })
}

/// Columns that were categories of pandas when it was fitted: their values become the numbers that they had.
fn pandas_categories(
    booster: &View<'_, '_>,
    model: &Model,
    ctx: &mut Context,
) -> Result<Vec<PandasCategories>, BuildError> {
    let lists = booster.some("pandas_categorical").map_or(Ok(vec![]), |lists| lists.items())?;
    if !lists.is_empty() && lists.len() != model.categorical.len() {
        // An ordered category is a number to LightGBM, and its text does not say which column it was.
        let option = format!("{} columns of pandas categories, of which not all are unordered,", lists.len());
        return Err(BuildError::option(booster, option));
    }
    let mut read = vec![];
    for (list, column) in lists.iter().zip(&model.categorical) {
        ctx.read(list)?;
        read.push(PandasCategories { column: *column, values: values(list, *column, ctx)? });
    }
    for column in (0..model.scores.n_features).filter(|column| read.iter().all(|own| own.column != *column)) {
        ctx.takes_number(column);
    }
    Ok(read)
}

/// The values of one list, ascending, each with its number.
fn values(list: &View<'_, '_>, column: usize, ctx: &mut Context) -> Result<Vec<(f64, u32)>, BuildError> {
    let labels = labels(list)?;
    let texts: Vec<&str> = labels.iter().filter_map(Label::text).collect();
    match texts.len() {
        0 => ctx.takes_number(column),
        n if n == labels.len() => ctx.takes_text(list, column, texts.into_iter())?,
        _ => return Err(list.error("texts and numbers cannot be categories of one column").into()),
    }
    let mut values = vec![];
    for (label, code) in labels.iter().zip(0u32..) {
        values.push(match label {
            Label::Text(text) => (f64::from(ctx.vocabulary.intern(text)), code),
            Label::Number(number) => (*number, code),
            Label::None => return Err(list.error("None cannot be a category").into()),
        });
    }
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(values)
}
