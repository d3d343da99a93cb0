//! `PowerTransformer`.

use super::attributes::{flag, n_features, policy, vector};
use super::{BuildError, Context, Version, preprocessing};
use crate::model::PowerTransformer;
use crate::model::power::PowerMethod;
use crate::value::View;

/// Reads the exponents, and the scaler behind them.
pub fn power_transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<PowerTransformer, BuildError> {
    let method = match value.attr("method")?.str()? {
        "box-cox" => PowerMethod::BoxCox,
        "yeo-johnson" if Version::of(value, ctx) >= Version(1, 7) => PowerMethod::YeoJohnsonStable,
        "yeo-johnson" => PowerMethod::YeoJohnson,
        other => return Err(BuildError::option(value, format!("method={other:?}"))),
    };
    let lambdas = vector(value, "lambdas_", ctx)?;
    let n = n_features(value, Some(lambdas.len()), ctx)?;
    if lambdas.iter().any(|lambda| lambda.is_nan()) {
        return Err(BuildError::option(value, "a column that was empty in training"));
    }
    let scaler = match flag(value, "standardize", true)? {
        true => {
            let own = value.attr("_scaler")?;
            let scaler = preprocessing::standard_scaler(&own, ctx)?;
            if scaler.n_features() != n {
                return Err(own.error(format!("takes {} features of {n}", scaler.n_features())).into());
            }
            Some(scaler)
        }
        false => None,
    };
    Ok(PowerTransformer { policy: policy(value, true), method, lambdas, scaler })
}
