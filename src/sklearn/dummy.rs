//! `DummyClassifier` and `DummyRegressor`, with every strategy that gives the same answer twice.

use super::attributes::{flag, n_features, numbers};
use super::labels::{classes, labels};
use super::{BuildError, Context};
use crate::model::Dummy;
use crate::model::dummy::{Answer, Label};
use crate::value::{DType, ScalarKind, View};
use std::sync::Arc;

/// Reads `constant_`, shape (1, n_outputs); its integers (`strategy='constant'`) are predicted as integers.
pub fn regressor(value: &View<'_, '_>, ctx: &mut Context) -> Result<Dummy, BuildError> {
    let constant = value.attr("constant_")?;
    ctx.read(&constant)?;
    let dtype = constant.array().map(|array| &array.dtype);
    let answer = match dtype {
        Some(DType::Scalar { kind: ScalarKind::Int | ScalarKind::Uint, .. }) => Answer::Integers(constant.i64s()?),
        _ => Answer::Values(constant.f64s()?),
    };
    if constant.shape().contains(&0) {
        return Err(constant.error("it is empty").into());
    }
    Ok(Dummy::new(n_features(value, None, ctx)?, answer))
}

/// Reads classes and priors. `stratified` and `uniform` draw from numpy's generator and are refused.
pub fn classifier(value: &View<'_, '_>, ctx: &mut Context) -> Result<Dummy, BuildError> {
    let strategy = match value.some("_strategy") {
        Some(strategy) => strategy.str()?,
        None => value.attr("strategy")?.str()?,
    };
    if flag(value, "sparse_output_", false)? {
        return Err(BuildError::option(value, "a sparse target"));
    }
    let n_outputs = value.get("n_outputs_").map_or(Ok(1), |n| n.usize())?;
    let (all_classes, priors) = (value.attr("classes_")?, value.attr("class_prior_")?);
    let (all_classes, priors) = match n_outputs {
        1 => (vec![all_classes], vec![priors]),
        _ => (all_classes.items()?, priors.items()?),
    };
    if all_classes.len() != n_outputs || priors.len() != n_outputs || n_outputs == 0 {
        return Err(value.error("classes_ and class_prior_ are not one for each of n_outputs_").into());
    }
    let constants = match strategy {
        "prior" | "most_frequent" => None,
        "constant" => Some(labels(&value.attr("constant")?)?),
        other => return Err(BuildError::option(value, format!("strategy={other:?}, whose answers are random,"))),
    };
    let mut answers = Vec::with_capacity(n_outputs);
    for (output, (names, prior)) in all_classes.iter().zip(&priors).enumerate() {
        ctx.read(names)?;
        let (classes, prior) = (Arc::new(classes(names)?), numbers(prior, ctx)?);
        if classes.is_empty() || classes.len() != prior.len() {
            return Err(names.error(format!("{} classes, but {} priors", classes.len(), prior.len())).into());
        }
        let index = match &constants {
            None => argmax(&prior),
            Some(constants) => constants
                .position(output, &classes)
                .ok_or_else(|| BuildError::option(value, "a constant of another type than the labels"))?,
        };
        let certain = |class: usize| f64::from(u8::from(class == index));
        let probabilities = if strategy == "prior" { prior } else { (0..classes.len()).map(certain).collect() };
        answers.push(Label { classes, index: index as u32, probabilities });
    }
    Ok(Dummy::new(n_features(value, None, ctx)?, Answer::Labels(answers)))
}

/// The first of the largest.
fn argmax(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, at| if values[at] > values[best] { at } else { best })
}
