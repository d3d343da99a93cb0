//! Reads an estimator or a transformer wherever one stands, also inside of others: finds the reader of its class and keeps
//! count of the depth. Which class is read by which reader stands in `class.rs`.

use super::attributes::class_name;
use super::class::{Reader, reader};
use super::sources::Sources;
use super::{BuildError, Context, decomposition, pipeline, selection, survey};
use crate::model::{Estimator, Method, Output, Transformer};
use crate::value::View;

/// Estimators in estimators in estimators: real pipelines are two or three deep.
const MAX_DEPTH: usize = 32;

pub(super) fn estimator(value: &View<'_, '_>, ctx: &mut Context) -> Result<Estimator, BuildError> {
    nested(value, ctx, |value, reader, ctx| match reader {
        Reader::Estimator(read) | Reader::EstimatorOfAny(read) | Reader::Meta(read) => read(value, ctx),
        // As the model itself it has a likelihood too.
        Reader::Transformer(_) if class_name(value) == "PCA" => {
            Ok(Estimator::Pca(Box::new(decomposition::pca_model(value, ctx)?)))
        }
        // And these have what they were asked with.
        Reader::Composite(_) if matches!(class_name(value), "RFE" | "RFECV") => {
            Ok(Estimator::Elimination(Box::new(selection::elimination(value, ctx)?)))
        }
        Reader::Transformer(read) | Reader::TransformerOfAny(read) | Reader::Composite(read) => {
            Ok(Estimator::Transformer(Box::new(read(value, ctx)?)))
        }
        Reader::Pipeline => pipeline::estimator(value, ctx),
    })
}

pub(super) fn transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Transformer, BuildError> {
    nested(value, ctx, |value, reader, ctx| match reader {
        Reader::Transformer(read) | Reader::TransformerOfAny(read) | Reader::Composite(read) => read(value, ctx),
        Reader::Pipeline => pipeline::transformer(value, ctx),
        Reader::Estimator(read) | Reader::EstimatorOfAny(read) | Reader::Meta(read) => match read(value, ctx)? {
            Estimator::Transformer(transformer) => Ok(*transformer),
            estimator if is_table(&estimator) => Ok(Transformer::Estimator(Box::new(estimator))),
            _ => Err(value.error(format!("{} does not transform", value.kind())).into()),
        },
    })
}

/// Whether `transform` gives rows of numbers, not one number a row.
fn is_table(estimator: &Estimator) -> bool {
    matches!(estimator.shape_of(Method::Transform), Some(Output::Matrix(_) | Output::Columns(_)))
}

/// Finds the reader of an object and runs it one level deeper.
fn nested<T>(
    value: &View<'_, '_>,
    ctx: &mut Context,
    read: impl FnOnce(&View<'_, '_>, Reader, &mut Context) -> Result<T, BuildError>,
) -> Result<T, BuildError> {
    let Some(object) = value.object() else {
        return Err(value.error(format!("expected a fitted estimator, found {}", value.kind())).into());
    };
    let Some(reader) = reader(&object.class) else { return Err(unsupported(value)) };
    ctx.read(value)?;
    if ctx.depth == MAX_DEPTH {
        return Err(value.error(format!("estimators are nested more than {MAX_DEPTH} deep")).into());
    }
    if matches!(reader, Reader::Estimator(_) | Reader::Transformer(_)) {
        ctx.takes_numbers();
    }
    ctx.gives = Sources::Computed;
    ctx.depth += 1;
    let result = read(value, reader, ctx);
    if matches!(reader, Reader::Meta(_)) {
        ctx.gives = Sources::Computed;
    }
    ctx.depth -= 1;
    result
}

/// The class itself, and every estimator inside it that would be missing next.
fn unsupported(value: &View<'_, '_>) -> BuildError {
    let path = value.path();
    let own = value.class().map(|class| class.to_string()).unwrap_or_default();
    let inside = survey(value).into_iter().filter(|found| found.support == survey::Support::Unsupported);
    let inside = inside
        .map(|found| found.class)
        .filter(|class| *class != own)
        .map(|class| BuildError::Unsupported { path: format!("in {path}"), class });
    let error = BuildError::Unsupported { path: path.clone(), class: own.clone() };
    BuildError::all(std::iter::once(error).chain(inside).collect())
}
