//! `XGBClassifier`, `XGBRegressor`, `XGBRanker`, their random forests, and a bare `Booster`: finds the bytes of the
//! booster, and reads what the wrapper adds to them.

use super::attributes::class_name;
use super::labels::classes;
use super::{BuildError, Context};
use crate::boosters::BoosterError;
use crate::boosters::xgboost::{self, Model, Settings};
use crate::model::xgboost::{Link, Target};
use crate::model::{Classes, Xgboost};
use crate::value::View;
use std::sync::Arc;

/// A fitted wrapper.
///
/// # Errors
/// When it is not fitted, the booster's bytes are damaged, or scorelet cannot reproduce the model exactly.
pub fn estimator(value: &View<'_, '_>, ctx: &mut Context) -> Result<Xgboost, BuildError> {
    let booster = value.attr("_Booster")?;
    if booster.is_none() {
        return Err(booster.error("it is None; was it fitted?").into());
    }
    ctx.read(&booster)?;
    let own = |key| value.some(key).and_then(|name| name.str().ok());
    let by_matrix = own("booster") == Some("gblinear") || !matches!(own("predictor"), None | Some("auto"));
    let settings = Settings {
        until_best: own("booster") != Some("gblinear"),
        best_iteration: booster.some("best_iteration").map(|best| best.usize()).transpose()?,
        in_place: !by_matrix,
        missing: missing(value)?,
    };
    let model = read(&booster, &settings)?;
    let target = match class_name(value) {
        "XGBClassifier" | "XGBRFClassifier" => labels(value, &model)?,
        _ => Target::Numbers,
    };
    // `multi:softmax` has probabilities from 1.7 on.
    let probabilities = model.link != Link::Largest || model.version >= [1, 7];
    Ok(Xgboost { margins: model.margins, link: model.link, target, probabilities })
}

/// A bare `Booster`, which gives the numbers of its objective.
///
/// # Errors
/// As [`estimator`].
pub fn booster(value: &View<'_, '_>, _: &mut Context) -> Result<Xgboost, BuildError> {
    let model = read(value, &Settings::default())?;
    Ok(Xgboost { margins: model.margins, link: model.link, target: Target::Numbers, probabilities: false })
}

/// Columns that a wrapper or booster was fitted on; `None` where they had no names, or nothing can be read.
pub fn feature_names(value: &View<'_, '_>) -> Option<Vec<String>> {
    let booster = value.some("_Booster").unwrap_or_else(|| value.clone());
    let handle = booster.get("handle")?;
    let names = xgboost::feature_names(handle.bytes().ok()?).ok()?;
    (!names.is_empty()).then_some(names)
}

fn read(booster: &View<'_, '_>, settings: &Settings) -> Result<Model, BuildError> {
    let handle = booster.attr("handle")?;
    if handle.is_none() {
        return Err(handle.error("the booster is empty; was it fitted?").into());
    }
    let model = xgboost::read(handle.bytes()?, settings);
    model.map_err(|error| match error {
        BoosterError::Unsupported(what) => BuildError::option(booster, what),
        error => handle.error(error.to_string()).into(),
    })
}

/// `missing`, where it is not NaN.
fn missing(value: &View<'_, '_>) -> Result<Option<f32>, BuildError> {
    let missing = value.some("missing").map_or(Ok(f64::NAN), |missing| missing.f64())? as f32;
    Ok((!missing.is_nan()).then_some(missing))
}

/// How `XGBClassifier.predict` makes labels: by the shape of what the booster gives.
fn labels(value: &View<'_, '_>, model: &Model) -> Result<Target, BuildError> {
    let columns = model.margins.columns();
    let n_classes = value.attr("n_classes_")?.usize()?;
    let largest = model.link == Link::Largest;
    if columns > 1 && !largest && n_classes == 2 {
        return Ok(Target::ManyLabels);
    }
    let expected = if columns == 1 { 2 } else { columns };
    if n_classes != expected && !(columns == 1 && n_classes <= 2) {
        return Err(value.error(format!("{n_classes} classes, but the booster has {columns} columns")).into());
    }
    // Before 1.6 labels were numbered by an encoder of its own.
    let encoder = value.some("_le").and_then(|encoder| encoder.some("classes_")).filter(|_| !largest);
    let classes = match encoder {
        Some(labels) => classes(&labels)?,
        None => Classes::Int((0..expected as i64).collect()),
    };
    match classes.len() == expected {
        true => Ok(Target::Labels(Arc::new(classes))),
        false => Err(value.error(format!("{} labels for {expected} classes", classes.len())).into()),
    }
}
