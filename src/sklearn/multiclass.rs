//! `OneVsRestClassifier`, `OneVsOneClassifier`, `OutputCodeClassifier`.

use super::attributes::numbers;
use super::members::{Handed, gives, member, own_classes};
use super::{BuildError, Context, Version};
use crate::model::multiclass::{Binary, Rest, Scheme};
use crate::model::{Classes, Method, Multiclass};
use crate::value::View;
use std::sync::Arc;

/// One against the rest: an estimator for each class, or a single one for two; with several labels a row, one for each.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks an estimator in it.
pub fn one_vs_rest(value: &View<'_, '_>, ctx: &mut Context) -> Result<Multiclass, BuildError> {
    let version = Version::of(value, ctx);
    let (classes, estimators, n_features) = parts(value, ctx)?;
    let kind = value.attr("label_binarizer_")?.attr("y_type_")?;
    let multilabel = match kind.str()? {
        "binary" | "multiclass" => false,
        "multilabel-indicator" => true,
        other => return Err(BuildError::option(value, format!("a target of kind {other:?}"))),
    };
    let expected = if classes.len() <= 2 && !multilabel { 1 } else { classes.len() };
    if estimators.len() != expected {
        return Err(value.error(format!("{} estimators for {} classes", estimators.len(), classes.len())).into());
    }
    let all = |method: Method| {
        estimators.iter().all(|estimator| match estimator {
            Binary::Constant(_) => true,
            Binary::Estimator { estimator, .. } => estimator.methods().contains(&method),
        })
    };
    let (proba, decision) = (all(Method::PredictProba), all(Method::DecisionFunction));
    check_widths(value, &estimators, proba, decision)?;
    let rest =
        Rest { multilabel, last_wins: version < Version(1, 8), keeps_zeros: version >= Version(1, 7), proba, decision };
    Ok(Multiclass { n_features, classes, estimators, scheme: Scheme::Rest(rest) })
}

/// One against one: an estimator for each pair of classes.
///
/// # Errors
/// As [`one_vs_rest`].
pub fn one_vs_one(value: &View<'_, '_>, ctx: &mut Context) -> Result<Multiclass, BuildError> {
    let (classes, estimators, n_features) = parts(value, ctx)?;
    let n = classes.len();
    if n < 2 || estimators.len() != n * (n - 1) / 2 {
        return Err(value.error(format!("{} estimators for pairs of {n} classes", estimators.len())).into());
    }
    if value.some("pairwise_indices_").is_some() {
        return Err(BuildError::option(value, "a precomputed kernel"));
    }
    Ok(Multiclass { n_features, classes, estimators, scheme: Scheme::One })
}

/// Codes: an estimator for each bit.
///
/// # Errors
/// As [`one_vs_rest`].
pub fn output_code(value: &View<'_, '_>, ctx: &mut Context) -> Result<Multiclass, BuildError> {
    let (classes, estimators, n_features) = parts(value, ctx)?;
    let book = value.attr("code_book_")?;
    if book.shape() != [classes.len(), estimators.len()] {
        return Err(book.error(format!("expected a code of {} bits for each class", estimators.len())).into());
    }
    let book = numbers(&book, ctx)?;
    Ok(Multiclass { n_features, classes, estimators, scheme: Scheme::Code { book } })
}

/// Classes, estimators, and the number of columns that these take.
fn parts(value: &View<'_, '_>, ctx: &mut Context) -> Result<(Arc<Classes>, Vec<Binary>, usize), BuildError> {
    // `classes_` of one against the rest is a property of its binarizer in 1.1.
    let classes = match value.get("classes_") {
        None => own_classes(&value.attr("label_binarizer_")?, ctx)?,
        Some(_) => own_classes(value, ctx)?,
    };
    let list = value.attr("estimators_")?;
    let (mut estimators, mut errors, mut n_features) = (vec![], vec![], None);
    for item in list.items()? {
        match binary(&item, ctx) {
            Ok(estimator) => {
                if let Binary::Estimator { estimator, .. } = &estimator {
                    let takes = estimator.n_features();
                    if *n_features.get_or_insert(takes) != takes {
                        return Err(item.error(format!("takes {takes} features, and others do not")).into());
                    }
                }
                estimators.push(estimator);
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(BuildError::all(errors));
    }
    if estimators.is_empty() {
        return Err(list.error("it holds no estimator").into());
    }
    let n_features = match n_features {
        Some(n) => n,
        None => super::attributes::n_features(value, None, ctx)?,
    };
    Ok((classes, estimators, n_features))
}

/// One estimator, and what speaks for its second class: a regressor's prediction, `decision_function`, or the second
/// probability.
fn binary(item: &View<'_, '_>, ctx: &mut Context) -> Result<Binary, BuildError> {
    if item.class().is_some_and(|class| class.module == "sklearn.multiclass" && class.name == "_ConstantPredictor") {
        return match item.attr("y_")?.i64s()?[..] {
            [label @ -1..=1] => Ok(Binary::Constant(label)),
            _ => Err(item.error("expected one label, 0 or 1").into()),
        };
    }
    let estimator = member(item, ctx, Handed::Same)?;
    let methods = estimator.methods();
    let (confidence, column) = if methods.contains(&Method::DecisionFunction) {
        (Method::DecisionFunction, 0)
    } else if methods.contains(&Method::PredictProba) {
        (Method::PredictProba, 1)
    } else {
        (Method::Predict, 0)
    };
    gives(item, &estimator, confidence, column + 1)?;
    gives(item, &estimator, Method::Predict, 1)?;
    Ok(Binary::Estimator { estimator: Box::new(estimator), confidence, column })
}

/// That every estimator gives two probabilities and one decision value.
fn check_widths(value: &View<'_, '_>, estimators: &[Binary], proba: bool, decision: bool) -> Result<(), BuildError> {
    for estimator in estimators {
        let Binary::Estimator { estimator, .. } = estimator else { continue };
        if proba {
            gives(value, estimator, Method::PredictProba, 2)?;
        }
        if decision {
            gives(value, estimator, Method::DecisionFunction, 1)?;
        }
    }
    Ok(())
}
