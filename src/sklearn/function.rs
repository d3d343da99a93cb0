//! `FunctionTransformer`: functions of numpy and `scipy.special` by their names; a function of the user's own is code and refused.

use super::attributes::{flag, n_features, policy};
use super::{BuildError, Context};
use crate::model::FunctionTransformer;
use crate::model::function::Function;
use crate::value::View;

/// Reads which function is applied.
pub fn function_transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<FunctionTransformer, BuildError> {
    let n_features = n_features(value, None, ctx)?;
    let func = value.attr("func")?;
    let function = match func.class() {
        _ if func.is_none() => Function::Identity,
        Some(name) if name.module == "numpy" && name.name == "clip" && func.object().is_none() => clip(value)?,
        Some(name) if is_library(&name.module) && func.object().is_none() => {
            Function::from_name(&name.name).ok_or_else(|| BuildError::option(value, format!("func={name}")))?
        }
        _ => return Err(BuildError::option(value, format!("func that is {}", func.kind()))),
    };
    let bound = matches!(function, Function::Clip { .. });
    if !bound
        && value.some("kw_args").is_some_and(|arguments| arguments.entries().map_or(true, |list| !list.is_empty()))
    {
        return Err(BuildError::option(value, "kw_args"));
    }
    let policy = flag(value, "validate", false)?.then(|| policy(value, false));
    if function == Function::Identity && policy.is_none() {
        ctx.gives = ctx.sources.clone();
    } else {
        ctx.takes_numbers();
    }
    let refuses_objects = ctx.sources.any() && policy.is_none();
    Ok(FunctionTransformer { n_features, function, policy, refuses_objects })
}

/// Whether functions of this module are known by their names.
pub(super) fn is_library(module: &str) -> bool {
    matches!(
        module,
        "numpy"
            | "numpy._core._multiarray_umath"
            | "numpy.core._multiarray_umath"
            | "scipy.special._special_ufuncs"
            | "scipy.special._ufuncs"
    )
}

/// `numpy.clip`, whose bounds have had two names each.
fn clip(value: &View<'_, '_>) -> Result<Function, BuildError> {
    let mut bounds = (f64::NEG_INFINITY, f64::INFINITY);
    let given = value.some("kw_args").map_or(Ok(vec![]), |given| given.entries())?;
    for (name, limit) in given {
        let bound = match name {
            "a_min" | "min" => &mut bounds.0,
            "a_max" | "max" => &mut bounds.1,
            other => return Err(BuildError::option(value, format!("kw_args that name {other}"))),
        };
        if !limit.is_none() {
            *bound = limit.f64()?;
        }
    }
    match bounds.0.is_nan() || bounds.1.is_nan() {
        true => Err(BuildError::option(value, "a bound that is NaN")),
        false => Ok(Function::Clip { low: bounds.0, high: bounds.1 }),
    }
}
