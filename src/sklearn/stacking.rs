//! `StackingClassifier` and `StackingRegressor`.

use super::attributes::{class_name, flag};
use super::members::{Handed, codes_of, gives, member, members, own_classes};
use super::{BuildError, Context};
use crate::model::stacking::Member;
use crate::model::{Classes, Method, Output, Stacking};
use crate::value::View;

/// Reads estimators, what is asked of each, and the one that learned from their answers.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks an estimator in it.
pub fn stacking(value: &View<'_, '_>, ctx: &mut Context) -> Result<Stacking, BuildError> {
    let is_classifier = class_name(value) == "StackingClassifier";
    // `_le` in 1.1.
    let encoder = value.some("_label_encoder").or_else(|| value.some("_le"));
    if encoder.is_some_and(|encoder| encoder.object().is_none()) {
        return Err(BuildError::option(value, "several labels a row"));
    }
    let classes = is_classifier.then(|| own_classes(value, ctx)).transpose()?;
    let list = value.attr("estimators_")?;
    let estimators = members(&list, ctx)?;
    let methods = value.attr("stack_method_")?.items()?;
    let methods: Vec<&View<'_, '_>> = methods.iter().filter(|method| !method.is_none()).collect();
    if methods.len() != estimators.len() {
        return Err(list.error(format!("{} estimators, but {} methods", estimators.len(), methods.len())).into());
    }
    let passthrough = flag(value, "passthrough", false)?;
    let passed = if passthrough { estimators[0].n_features() } else { 0 };
    let mut computed = 0;
    let mut asked = Vec::with_capacity(estimators.len());
    for ((item, estimator), method) in list.items()?.iter().zip(estimators).zip(methods) {
        let found = Method::from_name(method.str()?).filter(|method| estimator.methods().contains(method));
        let Some(method) = found else { return Err(method.error(format!("{} does not have it", item.kind())).into()) };
        let Some(width) = estimator.width(method) else {
            return Err(item.error(format!("{} gives no numbers", method.name())).into());
        };
        let second_only = method == Method::PredictProba && classes.as_ref().is_some_and(|classes| classes.len() == 2);
        if second_only {
            gives(item, &estimator, method, 2)?;
        }
        computed += width - usize::from(second_only);
        asked.push(Member { estimator, method, second_only });
    }
    let final_estimator = value.attr("final_estimator_")?;
    let columns = std::iter::repeat_n(None, computed).chain((0..passed).map(Some)).collect();
    let last = member(&final_estimator, ctx, Handed::Columns(columns))?;
    match &classes {
        Some(classes) => drop(codes_of(&final_estimator, &last, classes.len())?),
        None if matches!(last.shape_of(Method::Predict), None | Some(Output::Labels { .. })) => {
            return Err(final_estimator.error("expected a regressor").into());
        }
        None => {}
    }
    let is_integer = |member: &Member| match member.estimator.shape_of(member.method) {
        Some(Output::Labels { classes, .. }) => matches!(*classes, Classes::Int(_)),
        Some(Output::Ints(_)) => true,
        _ => false,
    };
    let integers = !passthrough && asked.iter().all(is_integer);
    Ok(Stacking { members: asked, passthrough, integers, last, classes })
}
