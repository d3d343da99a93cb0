//! `StandardScaler`, `MinMaxScaler`, `RobustScaler`, `MaxAbsScaler` and `Normalizer`.

use super::attributes::{flag, n_features, policy, vector};
use super::{BuildError, Context};
use crate::model::preprocessing::{Norm, Operation};
use crate::model::{Normalizer, Scaler};
use crate::value::{ValueError, View};

/// `(x - mean_) / scale_`; either may be off.
pub fn standard_scaler(value: &View<'_, '_>, ctx: &mut Context) -> Result<Scaler, BuildError> {
    let mut operations = vec![];
    if flag(value, "with_mean", true)? {
        operations.push(Operation::Subtract(vector(value, "mean_", ctx)?));
    }
    if flag(value, "with_std", true)? {
        operations.push(Operation::Divide(vector(value, "scale_", ctx)?));
    }
    scaler(value, ctx, operations)
}

/// `x * scale_ + min_`, clipped to `feature_range` when `clip`.
pub fn min_max_scaler(value: &View<'_, '_>, ctx: &mut Context) -> Result<Scaler, BuildError> {
    let mut operations =
        vec![Operation::Multiply(vector(value, "scale_", ctx)?), Operation::Add(vector(value, "min_", ctx)?)];
    if flag(value, "clip", false)? {
        let range = value.attr("feature_range")?;
        match range.f64s()?[..] {
            [low, high] if low < high => operations.push(Operation::Clip { low, high }),
            _ => return Err(range.error("expected a lower and a higher number").into()),
        }
    }
    scaler(value, ctx, operations)
}

/// `(x - center_) / scale_`; either may be off.
pub fn robust_scaler(value: &View<'_, '_>, ctx: &mut Context) -> Result<Scaler, BuildError> {
    let mut operations = vec![];
    if flag(value, "with_centering", true)? {
        operations.push(Operation::Subtract(vector(value, "center_", ctx)?));
    }
    if flag(value, "with_scaling", true)? {
        operations.push(Operation::Divide(vector(value, "scale_", ctx)?));
    }
    scaler(value, ctx, operations)
}

/// `x / scale_`, clipped to [-1, 1] when `clip` (1.8 and newer).
pub fn max_abs_scaler(value: &View<'_, '_>, ctx: &mut Context) -> Result<Scaler, BuildError> {
    let mut operations = vec![Operation::Divide(vector(value, "scale_", ctx)?)];
    if flag(value, "clip", false)? {
        operations.push(Operation::Clip { low: -1.0, high: 1.0 });
    }
    scaler(value, ctx, operations)
}

/// Checks that every operand has one number for each feature.
fn scaler(value: &View<'_, '_>, ctx: &Context, operations: Vec<Operation>) -> Result<Scaler, BuildError> {
    let mut counted = None;
    for operation in &operations {
        let n = match operation {
            Operation::Subtract(v) | Operation::Divide(v) | Operation::Multiply(v) | Operation::Add(v) => v.len(),
            Operation::Clip { .. } => continue,
        };
        if counted.is_some_and(|counted| counted != n) {
            return Err(value.error("its arrays differ in length").into());
        }
        counted = Some(n);
    }
    Ok(Scaler::new(policy(value, true), n_features(value, counted, ctx)?, operations))
}

/// Rows divided by their norm.
pub fn normalizer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Normalizer, BuildError> {
    let norm = value.attr("norm")?;
    let norm = match norm.str()? {
        "l1" => Norm::L1,
        "l2" => Norm::L2,
        "max" => Norm::Max,
        other => return Err(ValueError::into(norm.error(format!("{other:?} is no norm")))),
    };
    Ok(Normalizer::new(policy(value, false), n_features(value, None, ctx)?, norm))
}
