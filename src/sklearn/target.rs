//! `TransformedTargetRegressor`.

use super::attributes::{class_name, flag, numbers};
use super::function::is_library;
use super::members::{Handed, member};
use super::{BuildError, Context, pipeline, preprocessing, quantile};
use crate::model::function::Function;
use crate::model::preprocessing::Operation;
use crate::model::target::{Back, Power};
use crate::model::{Method, Output, TransformedTarget};
use crate::value::View;

/// Reads the regressor, and how its predictions become the target.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks the regressor or the transformer.
pub fn transformed_target(value: &View<'_, '_>, ctx: &mut Context) -> Result<TransformedTarget, BuildError> {
    let inner = value.attr("regressor_")?;
    let regressor = member(&inner, ctx, Handed::Same)?;
    let columns = match regressor.shape_of(Method::Predict) {
        None | Some(Output::Labels { .. }) => None,
        Some(_) => regressor.width(Method::Predict),
    };
    let Some(columns) = columns else { return Err(inner.error("expected a regressor").into()) };
    let mut back = vec![];
    take_back(&value.attr("transformer_")?, columns, ctx, &mut back)?;
    let flat = value.attr("_training_dim")?.usize()? == 1;
    Ok(TransformedTarget { regressor, back, flat })
}

/// What `inverse_transform` does.
fn take_back(value: &View<'_, '_>, columns: usize, ctx: &mut Context, back: &mut Vec<Back>) -> Result<(), BuildError> {
    match class_name(value) {
        "FunctionTransformer" => back.extend(function(value)?.map(Back::Function)),
        "StandardScaler" | "MinMaxScaler" | "RobustScaler" | "MaxAbsScaler" => {
            let forward = match class_name(value) {
                "StandardScaler" => preprocessing::standard_scaler(value, ctx)?,
                "MinMaxScaler" => preprocessing::min_max_scaler(value, ctx)?,
                "RobustScaler" => preprocessing::robust_scaler(value, ctx)?,
                _ => preprocessing::max_abs_scaler(value, ctx)?,
            };
            fits(value, forward.n_features(), columns)?;
            back.extend(forward.operations().iter().rev().filter_map(reverse).map(Back::Operation));
        }
        "PowerTransformer" => {
            if flag(value, "standardize", true)? {
                take_back(&value.attr("_scaler")?, columns, ctx, back)?;
            }
            let lambdas = numbers(&value.attr("lambdas_")?, ctx)?;
            fits(value, lambdas.len(), columns)?;
            let kind = match value.attr("method")?.str()? {
                "box-cox" => Power::BoxCox,
                "yeo-johnson" => Power::YeoJohnson,
                other => return Err(BuildError::option(value, format!("method={other:?}"))),
            };
            back.push(Back::Power { lambdas, kind });
        }
        "QuantileTransformer" => {
            let quantiles = quantile::quantile_transformer(value, ctx)?;
            fits(value, quantiles.n_features(), columns)?;
            back.push(Back::Quantiles(quantiles));
        }
        "Pipeline" => {
            ctx.read(value)?;
            pipeline::steps(value)?.iter().rev().try_for_each(|step| take_back(step, columns, ctx, back))?;
        }
        other => return Err(BuildError::option(value, format!("inverse_transform of a {other}"))),
    }
    Ok(())
}

fn fits(value: &View<'_, '_>, found: usize, columns: usize) -> Result<(), BuildError> {
    match found == columns {
        true => Ok(()),
        false => Err(value.error(format!("it was fitted on {found} columns, but there are {columns} targets")).into()),
    }
}

/// The inverse of one operation of a scaler.
fn reverse(operation: &Operation) -> Option<Operation> {
    match operation.clone() {
        Operation::Subtract(operand) => Some(Operation::Add(operand)),
        Operation::Add(operand) => Some(Operation::Subtract(operand)),
        Operation::Multiply(operand) => Some(Operation::Divide(operand)),
        Operation::Divide(operand) => Some(Operation::Multiply(operand)),
        Operation::Clip { .. } => None,
    }
}

/// `inverse_func`: a function of numpy or scipy; `None` changes nothing.
fn function(value: &View<'_, '_>) -> Result<Option<Function>, BuildError> {
    let inverse = value.attr("inverse_func")?;
    if value.some("inv_kw_args").is_some_and(|arguments| arguments.entries().map_or(true, |list| !list.is_empty())) {
        return Err(BuildError::option(value, "inv_kw_args"));
    }
    match inverse.class() {
        _ if inverse.is_none() => Ok(None),
        Some(name) if is_library(&name.module) && inverse.object().is_none() => {
            let function = Function::from_name(&name.name);
            function.map(Some).ok_or_else(|| BuildError::option(value, format!("inverse_func={name}")))
        }
        _ => Err(BuildError::option(value, format!("inverse_func that is {}", inverse.kind()))),
    }
}
