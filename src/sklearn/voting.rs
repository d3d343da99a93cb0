//! `VotingClassifier` and `VotingRegressor`.

use super::attributes::{class_name, flag, numbers};
use super::members::{codes_of, gives, members, own_classes};
use super::{BuildError, Context};
use crate::model::voting::Target;
use crate::model::{Method, Voting};
use crate::value::View;

/// Reads estimators and weights; those of estimators that were dropped do not count.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks an estimator in it.
pub fn voting(value: &View<'_, '_>, ctx: &mut Context) -> Result<Voting, BuildError> {
    let list = value.attr("estimators_")?;
    let estimators = members(&list, ctx)?;
    let items = list.items()?;
    let each = || items.iter().zip(&estimators);
    let target = if class_name(value) == "VotingRegressor" {
        each().try_for_each(|(item, one)| gives(item, one, Method::Predict, 1))?;
        Target::Number
    } else {
        let classes = own_classes(value, ctx)?;
        match value.attr("voting")?.str()? {
            "soft" => {
                each().try_for_each(|(item, one)| gives(item, one, Method::PredictProba, classes.len()))?;
                Target::Soft { classes, flatten: flag(value, "flatten_transform", true)? }
            }
            "hard" => {
                for (item, one) in each() {
                    codes_of(item, one, classes.len())?;
                }
                Target::Hard(classes)
            }
            other => return Err(BuildError::option(value, format!("voting={other:?}"))),
        }
    };
    let weights = weights(value, estimators.len(), ctx)?;
    Ok(Voting { estimators, weights, target })
}

/// `_weights_not_none`.
fn weights(value: &View<'_, '_>, n: usize, ctx: &mut Context) -> Result<Option<Vec<f64>>, BuildError> {
    let Some(given) = value.some("weights") else { return Ok(None) };
    let mut kept = vec![];
    let all = numbers(&given, ctx)?;
    let named = value.attr("estimators")?.items()?;
    for (weight, named) in all.iter().zip(&named) {
        if named.items()?.get(1).is_some_and(|estimator| estimator.str() != Ok("drop")) {
            kept.push(*weight);
        }
    }
    match kept.len() == n && all.len() == named.len() {
        true => Ok(Some(kept)),
        false => Err(given.error(format!("{} weights for {n} estimators", kept.len())).into()),
    }
}
