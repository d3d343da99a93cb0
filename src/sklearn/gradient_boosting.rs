//! `GradientBoostingClassifier` and `GradientBoostingRegressor`.

use super::attributes::class_name;
use super::labels::classes;
use super::tree::{Distinct, TreeArrays, float32_policy};
use super::{BuildError, Context, Version};
use crate::model::gradient_boosting::{Decide, Guess, Init, Link, Target, raw_of};
use crate::model::tree::ForestBuilder;
use crate::model::{Estimator, GradientBoosting, Method, Output};
use crate::value::{ValueError, View};
use ndarray::Array2;
use std::sync::Arc;

/// Reads the stages, the first guess and the loss.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, its nodes are not trees, or scorelet lacks its `init_`.
pub fn gradient_boosting(value: &View<'_, '_>, ctx: &mut Context) -> Result<GradientBoosting, BuildError> {
    let version = Version::of(value, ctx);
    let n_features = value.attr("n_features_in_")?.usize()?;
    let stages = value.attr("estimators_")?;
    let columns = match stages.shape()[..] {
        [_, columns] if columns > 0 => columns,
        _ => return Err(stages.error(format!("expected stages of trees, found {}", stages.kind())).into()),
    };
    let target = target(value, columns, version)?;
    let learning_rate = value.attr("learning_rate")?.f64()?;
    let (mut trees, mut distinct) = (ForestBuilder::new(n_features, 1, columns), Distinct::default());
    for tree in stages.items()? {
        let mut arrays = TreeArrays::read(&tree, &mut distinct)?;
        if arrays.n_features != n_features || arrays.n_outputs * arrays.max_n_classes != 1 {
            return Err(tree.error(format!("expected a tree of {n_features} features and one output")).into());
        }
        arrays.values.iter_mut().for_each(|value| *value *= learning_rate);
        arrays.plant(&mut trees, &arrays.values, Some)?;
    }
    let forest = trees.finish().map_err(|error| value.error(error.to_string()))?;
    let init = init(value, ctx, n_features, columns, &target, version)?;
    Ok(GradientBoosting { policy: float32_policy(value, false), forest, init, target })
}

fn target(value: &View<'_, '_>, columns: usize, version: Version) -> Result<Target, BuildError> {
    if class_name(value) == "GradientBoostingRegressor" {
        return match columns {
            1 => Ok(Target::Number),
            _ => Err(value.error(format!("a regressor with {columns} trees a stage")).into()),
        };
    }
    let labels = value.attr("classes_")?;
    let classes = classes(&labels)?;
    if columns != if classes.len() == 2 { 1 } else { classes.len() } {
        return Err(labels.error(format!("{} classes, but {columns} trees a stage", classes.len())).into());
    }
    let loss = value.attr("loss")?.str()?;
    let link = match loss {
        "exponential" if columns == 1 => Link::HalfLogit,
        "log_loss" | "deviance" if columns == 1 => Link::Logit,
        "log_loss" | "deviance" if version < Version(1, 4) => Link::Log,
        "log_loss" | "deviance" => Link::CenteredLog,
        _ => return Err(BuildError::option(value, format!("loss={loss:?}"))),
    };
    let by_probability = version < Version(1, 4) && link != Link::HalfLogit;
    let decide = if by_probability { Decide::Probability } else { Decide::Raw };
    Ok(Target::Labels { classes: Arc::new(classes), link, decide })
}

/// What `init_` says before the first tree; a `DummyClassifier` or `DummyRegressor` says the same of every row.
fn init(
    value: &View<'_, '_>,
    ctx: &mut Context,
    n_features: usize,
    columns: usize,
    target: &Target,
    version: Version,
) -> Result<Init, BuildError> {
    let first = value.attr("init_")?;
    if first.str().is_ok_and(|text| text == "zero") {
        return Ok(Init::Constant(vec![0.0; columns]));
    }
    let inputs = ctx.inputs.replace(n_features);
    let estimator = super::estimator(&first, ctx);
    ctx.inputs = inputs;
    let estimator = estimator?;
    if let Some(reason) = irreproducible(&first, &estimator, columns, version) {
        return Err(BuildError::option(value, format!("init={} ({reason})", class_name(&first))));
    }
    let link = match target {
        Target::Number => Link::Logit,
        Target::Labels { link, .. } => *link,
    };
    let epsilon = if version < Version(1, 8) { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let guess = Guess { epsilon, link };
    let row = try_out(&first, &estimator, n_features, columns, target, guess)?;
    Ok(match estimator {
        Estimator::Dummy(_) => Init::Constant(row),
        _ => Init::Estimator { estimator: Box::new(estimator), guess },
    })
}

/// Why the first guess of scikit-learn is nothing to reproduce. It hands `init_` a `float32` input: scalers, and
/// coefficients of that type (mainly from 1.9), compute in it, and then the last bits hang on the processor. And before
/// 1.3 the trees took a column-major guess for a row-major one, so that rows of one request changed each other.
fn irreproducible(
    first: &View<'_, '_>,
    estimator: &Estimator,
    columns: usize,
    version: Version,
) -> Option<&'static str> {
    let is_float64 = |key| first.attr(key).is_ok_and(|value| value.array().is_none_or(|a| a.dtype.size() == 8));
    match estimator {
        Estimator::Linear(_) if is_float64("coef_") && is_float64("intercept_") => None,
        Estimator::HistGradientBoosting(_) if columns > 1 && version < Version(1, 3) => {
            Some("before scikit-learn 1.3, which mixed up its rows")
        }
        Estimator::Tree(_)
        | Estimator::IsolationForest(_)
        | Estimator::GradientBoosting(_)
        | Estimator::HistGradientBoosting(_)
        | Estimator::Dummy(_) => None,
        _ => Some("computed in float32"),
    }
}

/// The raw scores of one row of zeros, after a look at what `estimator` gives.
fn try_out(
    first: &View<'_, '_>,
    estimator: &Estimator,
    n_features: usize,
    columns: usize,
    target: &Target,
    guess: Guess,
) -> Result<Vec<f64>, ValueError> {
    let zeros = Array2::zeros((1, n_features));
    let labels = matches!(target, Target::Labels { .. });
    let method = if labels { Method::PredictProba } else { Method::Predict };
    let fits = estimator.n_features() == n_features
        && estimator.methods().contains(&method)
        && labels == estimator.methods().contains(&Method::PredictProba)
        && match estimator.call(method, zeros.view()).map_err(|error| first.error(error.to_string()))? {
            Output::Floats(_) | Output::Ints(_) => !labels,
            Output::Matrix(values) => values.ncols() == if labels { columns.max(2) } else { 1 },
            _ => false,
        };
    if !fits {
        return Err(first.error(format!("{} does not give the first guess that the trees need", first.kind())));
    }
    raw_of(estimator, guess, zeros.view()).map_err(|error| first.error(error.to_string()))
}
