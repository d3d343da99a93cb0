//! `MLPClassifier` and `MLPRegressor`.

use super::attributes::{class_name, n_features, numbers, policy};
use super::members::own_classes;
use super::{BuildError, Context};
use crate::model::Perceptron;
use crate::model::neural_network::{Activation, Layer, Target};
use crate::value::View;
use ndarray::{Array1, Array2};

/// Reads weights and activations.
///
/// # Errors
/// When layers do not fit each other, or an activation is unknown.
pub fn perceptron(value: &View<'_, '_>, ctx: &mut Context) -> Result<Perceptron, BuildError> {
    let (coefs, intercepts) = (value.attr("coefs_")?.items()?, value.attr("intercepts_")?.items()?);
    if coefs.is_empty() || coefs.len() != intercepts.len() {
        return Err(value.error(format!("{} products, but {} intercepts", coefs.len(), intercepts.len())).into());
    }
    let mut layers: Vec<Layer> = vec![];
    for (coef, intercept) in coefs.iter().zip(&intercepts) {
        let (weights, bias) = (numbers(coef, ctx)?, numbers(intercept, ctx)?);
        let weights = match coef.shape()[..] {
            [rows, columns] if columns == bias.len() && columns > 0 => {
                Array2::from_shape_vec((rows, columns), weights).ok()
            }
            _ => None,
        };
        let takes = weights.as_ref().map(Array2::nrows);
        match (weights, layers.last()) {
            (Some(_), Some(before)) if takes != Some(before.weights.ncols()) => {
                return Err(coef.error("it does not take what the layer before it gives").into());
            }
            (Some(weights), _) => layers.push(Layer { weights, bias: Array1::from(bias) }),
            (None, _) => return Err(coef.error(format!("expected a matrix, found {}", coef.kind())).into()),
        }
    }
    n_features(value, Some(layers[0].weights.nrows()), ctx)?;
    let hidden = activation(&value.attr("activation")?)?;
    let last = activation(&value.attr("out_activation_")?)?;
    let outputs = layers[layers.len() - 1].bias.len();
    let target = target(value, outputs, ctx)?;
    Ok(Perceptron { policy: policy(value, false), layers, hidden, last, target })
}

fn target(value: &View<'_, '_>, outputs: usize, ctx: &mut Context) -> Result<Target, BuildError> {
    if class_name(value) == "MLPRegressor" {
        return Ok(Target::Numbers);
    }
    let classes = own_classes(value, ctx)?;
    let kind = value.attr("_label_binarizer")?.attr("y_type_")?;
    if kind.str()?.starts_with("multilabel") {
        return Ok(Target::Multilabel);
    }
    match (outputs, classes.len()) {
        // A single class has an output as well: probabilities of two columns, and labels that are all the same.
        (1, 1 | 2) => Ok(Target::Labels(classes)),
        (outputs, n) if outputs == n && n > 2 => Ok(Target::Labels(classes)),
        (outputs, n) => Err(value.error(format!("{n} classes, but {outputs} outputs")).into()),
    }
}

fn activation(name: &View<'_, '_>) -> Result<Activation, BuildError> {
    match name.str()? {
        "identity" => Ok(Activation::Identity),
        "logistic" => Ok(Activation::Logistic),
        "tanh" => Ok(Activation::Tanh),
        "relu" => Ok(Activation::Relu),
        "softmax" => Ok(Activation::Softmax),
        "exp" => Ok(Activation::Exp),
        other => Err(name.error(format!("no activation is called {other:?}")).into()),
    }
}
