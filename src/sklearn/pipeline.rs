//! `Pipeline`: steps may be transformers, pipelines, `'passthrough'` or `None`.

use super::{BuildError, Context, nested};
use crate::model::{Estimator, Pipeline, Transformer};
use crate::value::View;

/// A pipeline used as a model: the last step predicts, or only transforms.
pub fn estimator(value: &View<'_, '_>, ctx: &mut Context) -> Result<Estimator, BuildError> {
    let mut steps = steps(value)?;
    let Some(last) = steps.pop() else {
        return Err(BuildError::option(value, "no step that does anything"));
    };
    let given = (ctx.inputs, ctx.sources.clone());
    let mut errors = vec![];
    let transformers = transformers(&steps, ctx, &mut errors);
    let predictor = nested::estimator(&last, ctx);
    (ctx.inputs, ctx.sources) = given;
    match predictor {
        Ok(predictor) if errors.is_empty() => {
            if let Some(before) = transformers.last() {
                fits(&last, before, predictor.n_features())?;
            }
            Ok(Estimator::Pipeline(Box::new(Pipeline::new(transformers, predictor))))
        }
        predictor => {
            errors.extend(predictor.err());
            Err(BuildError::all(errors))
        }
    }
}

/// A pipeline used as a transformer: every step transforms.
pub fn transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Transformer, BuildError> {
    let given = (ctx.inputs, ctx.sources.clone());
    let mut errors = vec![];
    let transformers = transformers(&steps(value)?, ctx, &mut errors);
    ctx.gives = std::mem::take(&mut ctx.sources);
    (ctx.inputs, ctx.sources) = given;
    match (errors.is_empty(), transformers.is_empty()) {
        (false, _) => Err(BuildError::all(errors)),
        (true, true) => Err(BuildError::option(value, "no step that does anything")),
        (true, false) => Ok(Transformer::Pipeline(transformers)),
    }
}

/// The steps that do something, without their names.
pub(super) fn steps<'g, 'a>(value: &View<'g, 'a>) -> Result<Vec<View<'g, 'a>>, BuildError> {
    let mut found = vec![];
    for step in value.attr("steps")?.items()? {
        let Ok([_, estimator]) = <[View; 2]>::try_from(step.items()?) else {
            return Err(step.error("a step is not a name and an estimator").into());
        };
        if !estimator.is_none() && estimator.str() != Ok("passthrough") {
            found.push(estimator);
        }
    }
    Ok(found)
}

/// Builds each step for as many columns as the step before it gives, and collects what cannot be built.
fn transformers(steps: &[View<'_, '_>], ctx: &mut Context, errors: &mut Vec<BuildError>) -> Vec<Transformer> {
    let mut built: Vec<Transformer> = Vec::with_capacity(steps.len());
    for step in steps {
        match nested::transformer(step, ctx) {
            Ok(transformer) => {
                if let (Some(before), true) = (built.last(), errors.is_empty()) {
                    errors.extend(fits(step, before, transformer.n_features_in()).err());
                }
                ctx.inputs = Some(transformer.n_features_out());
                ctx.sources = std::mem::take(&mut ctx.gives);
                built.push(transformer);
            }
            Err(error) => {
                ctx.inputs = None;
                errors.push(error);
            }
        }
    }
    built
}

/// Whether a step takes what the one before it gives.
fn fits(step: &View<'_, '_>, before: &Transformer, takes: usize) -> Result<(), BuildError> {
    let gives = before.n_features_out();
    if gives == takes {
        return Ok(());
    }
    Err(step.error(format!("takes {takes} features, but the step before it gives {gives}")).into())
}
