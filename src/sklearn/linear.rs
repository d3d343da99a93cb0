//! Linear regressors, classifiers and generalized linear models: `coef_` and `intercept_`, and what follows them.

use super::attributes::{n_features, numbers, policy, vector};
use super::labels::classes;
use super::{BuildError, Context, Version};
use crate::model::Linear;
use crate::model::linear::{Head, Link, Probability};
use crate::value::View;
use std::sync::Arc;

/// Any regressor whose `predict` is `X @ coef_.T + intercept_` (`LinearModel._decision_function`).
pub fn regressor(value: &View<'_, '_>, ctx: &mut Context) -> Result<Linear, BuildError> {
    let weights = Weights::read(value, ctx)?;
    let head = Head::Regressor { link: Link::Identity, matrix: weights.matrix };
    Ok(weights.model(value, head))
}

/// `PoissonRegressor` and `GammaRegressor`: the mean is the exponential.
pub fn log_link_regressor(value: &View<'_, '_>, ctx: &mut Context) -> Result<Linear, BuildError> {
    let weights = Weights::read(value, ctx)?;
    let head = Head::Regressor { link: Link::Log, matrix: weights.matrix };
    Ok(weights.model(value, head))
}

/// `TweedieRegressor`: `link='auto'` is the logarithm for a positive power.
pub fn tweedie_regressor(value: &View<'_, '_>, ctx: &mut Context) -> Result<Linear, BuildError> {
    let weights = Weights::read(value, ctx)?;
    let link = match value.attr("link")?.str()? {
        "identity" => Link::Identity,
        "log" => Link::Log,
        "auto" if value.attr("power")?.f64()? > 0.0 => Link::Log,
        "auto" => Link::Identity,
        other => return Err(BuildError::option(value, format!("link={other:?}"))),
    };
    let head = Head::Regressor { link, matrix: weights.matrix };
    Ok(weights.model(value, head))
}

/// A classifier with `predict` and `decision_function` only: `LinearSVC`, `RidgeClassifier`, `Perceptron`.
pub fn classifier(value: &View<'_, '_>, ctx: &mut Context) -> Result<Linear, BuildError> {
    classifier_with(value, ctx, |_| Ok(None))
}

/// `SGDClassifier`: probabilities for two of its losses.
pub fn sgd_classifier(value: &View<'_, '_>, ctx: &mut Context) -> Result<Linear, BuildError> {
    let probability = match value.attr("loss")?.str()? {
        "log_loss" | "log" => Some(Probability::Logistic),
        "modified_huber" => Some(Probability::ModifiedHuber),
        _ => None,
    };
    classifier_with(value, ctx, |_| Ok(probability))
}

/// `LogisticRegression` and `LogisticRegressionCV`.
pub fn logistic_regression(value: &View<'_, '_>, ctx: &mut Context) -> Result<Linear, BuildError> {
    let version = Version::of(value, ctx);
    classifier_with(value, ctx, |n_classes| Ok(Some(logistic_probability(value, version, n_classes)?)))
}

/// `LinearDiscriminantAnalysis`: of two classes the logistic function of the difference, else softmax.
pub fn discriminant(value: &View<'_, '_>, ctx: &mut Context) -> Result<Linear, BuildError> {
    let probability = |n_classes| if n_classes == 2 { Probability::Logistic } else { Probability::Softmax };
    classifier_with(value, ctx, |n_classes| Ok(Some(probability(n_classes))))
}

/// `SGDOneClassSVM`: `offset_` stands for an intercept of the other sign.
pub fn one_class_svm(value: &View<'_, '_>, ctx: &mut Context) -> Result<Linear, BuildError> {
    let coef = vector(value, "coef_", ctx)?;
    let weights =
        Weights { n_features: n_features(value, Some(coef.len()), ctx)?, coef, intercept: vec![0.0], matrix: false };
    let offset = value.attr("offset_")?.f64()?;
    Ok(weights.model(value, Head::OutlierDetector { offset }))
}

/// `LogisticRegression.predict_proba` of each version. `multi_class` was `'auto'` to 1.4, may be `'deprecated'` from
/// 1.5 to 1.7, and has no effect from 1.8; `newton-cholesky` was one-versus-rest from 1.2 to 1.5.
fn logistic_probability(value: &View<'_, '_>, version: Version, n_classes: usize) -> Result<Probability, BuildError> {
    if version >= Version(1, 8) {
        return Ok(if n_classes <= 2 { Probability::Logistic } else { Probability::Softmax });
    }
    let multi_class = value.get("multi_class").map_or(Ok("auto"), |choice| choice.str())?;
    let solver = value.get("solver").map_or(Ok("lbfgs"), |solver| solver.str())?;
    let one_versus_rest = match multi_class {
        "ovr" | "warn" => true,
        "multinomial" => false,
        "auto" | "deprecated" => {
            n_classes <= 2 || solver == "liblinear" || solver == "newton-cholesky" && version < Version(1, 6)
        }
        other => return Err(BuildError::option(value, format!("multi_class={other:?}"))),
    };
    Ok(if one_versus_rest { Probability::Logistic } else { Probability::Softmax })
}

/// Reads the labels and checks them against the rows of `coef_`.
fn classifier_with(
    value: &View<'_, '_>,
    ctx: &mut Context,
    probability: impl FnOnce(usize) -> Result<Option<Probability>, BuildError>,
) -> Result<Linear, BuildError> {
    let weights = Weights::read(value, ctx)?;
    let binarizer = value.some("_label_binarizer");
    if let Some(kind) = binarizer.as_ref().and_then(|binarizer| binarizer.some("y_type_"))
        && kind.str()?.starts_with("multilabel")
    {
        return Ok(weights.model(value, Head::Multilabel));
    }
    // RidgeClassifier has no labels of its own before 1.3: `classes_` was a property of its binarizer.
    let labels = match (value.some("classes_"), binarizer) {
        (None, Some(binarizer)) => binarizer.attr("classes_")?,
        _ => value.attr("classes_")?,
    };
    ctx.read(&labels)?;
    let classes = classes(&labels)?;
    let rows = weights.intercept.len();
    // A single class has a row as well, which never decides for a second one.
    if !matches!((rows, classes.len()), (1, 1 | 2)) && (rows < 3 || rows != classes.len()) {
        return Err(labels.error(format!("{} classes, but coef_ has {rows} rows", classes.len())).into());
    }
    let probability = probability(classes.len())?;
    Ok(weights.model(value, Head::Classifier { classes: Arc::new(classes), probability }))
}

/// Checked `coef_` and `intercept_`.
struct Weights {
    n_features: usize,
    coef: Vec<f64>,
    /// One for each row of `coef_`.
    intercept: Vec<f64>,
    /// `coef_` has two dimensions.
    matrix: bool,
}

impl Weights {
    fn read(value: &View<'_, '_>, ctx: &mut Context) -> Result<Weights, BuildError> {
        let coef = value.attr("coef_")?;
        let (rows, columns, matrix) = match coef.shape()[..] {
            [columns] => (1, columns, false),
            [rows, columns] if rows > 0 => (rows, columns, true),
            _ => return Err(coef.error(format!("expected a row for each output, found {}", coef.kind())).into()),
        };
        let n_features = n_features(value, Some(columns), ctx)?;
        let intercept = value.attr("intercept_")?;
        let values = numbers(&intercept, ctx)?;
        let values = match values[..] {
            [one] => vec![one; rows],
            _ if values.len() == rows => values,
            _ => return Err(intercept.error(format!("{} values for {rows} rows of coef_", values.len())).into()),
        };
        Ok(Weights { n_features, coef: numbers(&coef, ctx)?, intercept: values, matrix })
    }

    fn model(self, value: &View<'_, '_>, head: Head) -> Linear {
        debug_assert_eq!(self.coef.len(), self.n_features * self.intercept.len());
        Linear::new(policy(value, false), self.coef, self.intercept, head)
    }
}
