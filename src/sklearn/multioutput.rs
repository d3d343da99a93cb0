//! `MultiOutputClassifier`, `MultiOutputRegressor`, `ClassifierChain`, `RegressorChain`.

use super::attributes::{class_name, n_features, policy};
use super::members::{Handed, gives, member, members};
use super::{BuildError, Context};
use crate::model::multioutput::Answer;
use crate::model::{Chain, Classes, Estimator, Method, MultiOutput, Output};
use crate::value::View;

/// An estimator for each output.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks an estimator in it.
pub fn multi_output(value: &View<'_, '_>, ctx: &mut Context) -> Result<MultiOutput, BuildError> {
    let list = value.attr("estimators_")?;
    let estimators = members(&list, ctx)?;
    let items = list.items()?;
    if class_name(value) == "MultiOutputRegressor" {
        items.iter().zip(&estimators).try_for_each(|(item, one)| gives(item, one, Method::Predict, 1))?;
        return Ok(MultiOutput { estimators, classifies: false, proba: false });
    }
    // numpy makes one array of all labels: other types would become those of the first, or texts.
    let kind = |estimator: &Estimator| match estimator.shape_of(Method::Predict)? {
        Output::Labels { classes, .. } => Some(std::mem::discriminant::<Classes>(&classes)),
        _ => None,
    };
    let first = kind(&estimators[0]);
    if let Some(odd) = estimators.iter().position(|one| kind(one).is_none() || kind(one) != first) {
        return Err(items[odd].error("its labels have another type than those of the other outputs").into());
    }
    let proba = estimators.iter().all(|estimator| estimator.width(Method::PredictProba).is_some());
    Ok(MultiOutput { estimators, classifies: true, proba })
}

/// A chain: each estimator sees what those before it said.
///
/// # Errors
/// As [`multi_output`].
pub fn chain(value: &View<'_, '_>, ctx: &mut Context) -> Result<Chain, BuildError> {
    let n_features = n_features(value, None, ctx)?;
    let items = value.attr("estimators_")?.items()?;
    if items.is_empty() {
        return Err(value.error("it holds no estimator").into());
    }
    let handed_on = value.get("chain_method_").map_or(Ok("predict"), |method| method.str())?;
    let Some(handed_on) = Method::from_name(handed_on) else {
        return Err(BuildError::option(value, format!("chain_method={handed_on:?}")));
    };
    let (mut estimators, mut errors) = (vec![], vec![]);
    for (at, item) in items.iter().enumerate() {
        let columns = (0..n_features).map(Some).chain(std::iter::repeat_n(None, at)).collect();
        match member(item, ctx, Handed::Columns(columns)) {
            Ok(estimator) => estimators.push(estimator),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(BuildError::all(errors));
    }
    items.iter().zip(&estimators).try_for_each(|(item, one)| gives(item, one, Method::Predict, 1))?;
    let classifies = class_name(value) == "ClassifierChain";
    let answer = |method| self::answer(&estimators, method).filter(|_| classifies || method == Method::Predict);
    let Some(handed_on) = answer(handed_on) else {
        return Err(BuildError::option(value, format!("chain_method={:?}", handed_on.name())));
    };
    let (proba, decision) = (answer(Method::PredictProba), answer(Method::DecisionFunction));
    let order = order(value, estimators.len())?;
    Ok(Chain { policy: policy(value, false), n_features, estimators, order, handed_on, proba, decision })
}

/// The column of an answer that stands for one output, if every estimator gives one.
fn answer(estimators: &[Estimator], method: Method) -> Option<Answer> {
    let has = |one: &Estimator| match (method, one.width(method)) {
        // Of more than two classes too it is the second that counts.
        (Method::PredictProba, width) => width >= Some(2),
        (_, width) => width == Some(1),
    };
    let column = usize::from(method == Method::PredictProba);
    estimators.iter().all(has).then_some(Answer { method, column })
}

/// `order_`: a permutation.
fn order(value: &View<'_, '_>, n: usize) -> Result<Vec<usize>, BuildError> {
    let order = value.attr("order_")?;
    let places: Vec<usize> = order.i64s()?.into_iter().map(|at| usize::try_from(at).unwrap_or(n)).collect();
    let mut seen = vec![false; n];
    let distinct = places.iter().all(|at| *at < n && !std::mem::replace(&mut seen[*at], true));
    match distinct && places.len() == n {
        true => Ok(places),
        false => Err(order.error(format!("expected the numbers below {n}, each once")).into()),
    }
}
