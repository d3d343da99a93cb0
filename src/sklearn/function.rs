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
        Some(name) if is_library(&name.module) && func.object().is_none() => {
            Function::from_name(&name.name).ok_or_else(|| BuildError::option(value, format!("func={name}")))?
        }
        _ => return Err(BuildError::option(value, format!("func that is {}", func.kind()))),
    };
    if value.some("kw_args").is_some_and(|arguments| arguments.entries().map_or(true, |list| !list.is_empty())) {
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

fn is_library(module: &str) -> bool {
    matches!(
        module,
        "numpy"
            | "numpy._core._multiarray_umath"
            | "numpy.core._multiarray_umath"
            | "scipy.special._special_ufuncs"
            | "scipy.special._ufuncs"
    )
}
