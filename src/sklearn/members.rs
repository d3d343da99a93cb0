//! Estimators inside estimators: built for what their owner hands on, and checked for what it asks of them.

use super::attributes::class_name;
use super::labels::classes;
use super::{BuildError, Context};
use crate::model::{Classes, Estimator, Method};
use crate::value::{ValueError, View};
use std::sync::Arc;

/// What members see of their owner's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// The input itself.
    Same,
    /// Columns of the input by number, and `None` for those that the owner computes.
    Columns(Vec<Option<usize>>),
}

/// A single member.
///
/// # Errors
/// When it cannot be built, or takes another number of columns than it is handed.
pub fn member(value: &View<'_, '_>, ctx: &mut Context, handed: Handed) -> Result<Estimator, BuildError> {
    let Handed::Columns(columns) = handed else { return super::estimator(value, ctx) };
    let estimator = ctx.with_columns(&columns, |ctx| super::estimator(value, ctx))?;
    let (takes, gets) = (estimator.n_features(), columns.len());
    if takes != gets {
        return Err(value.error(format!("takes {takes} features, but {gets} are handed to it")).into());
    }
    Ok(estimator)
}

/// Every member of a list, all of which see the owner's input.
///
/// # Errors
/// Every reason for which one cannot be built; when there is none, or they take different numbers of columns.
pub fn members(list: &View<'_, '_>, ctx: &mut Context) -> Result<Vec<Estimator>, BuildError> {
    let (mut built, mut errors) = (vec![], vec![]);
    for value in list.items()? {
        match member(&value, ctx, Handed::Same) {
            Ok(estimator) => built.push(estimator),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(BuildError::all(errors));
    }
    same_input(list, &built)?;
    Ok(built)
}

/// That all members take as many columns, and that there are any.
///
/// # Errors
/// When not.
pub fn same_input(list: &View<'_, '_>, members: &[Estimator]) -> Result<usize, ValueError> {
    let Some(first) = members.first() else { return Err(list.error("it holds no estimator")) };
    let takes = first.n_features();
    match members.iter().all(|estimator| estimator.n_features() == takes) {
        true => Ok(takes),
        false => Err(list.error("its estimators take different numbers of features")),
    }
}

/// That a member gives exactly `width` numbers for `method`.
///
/// # Errors
/// When not.
pub fn gives(value: &View<'_, '_>, estimator: &Estimator, method: Method, width: usize) -> Result<(), BuildError> {
    match estimator.width(method) {
        Some(found) if found == width => Ok(()),
        Some(found) => {
            let name = method.name();
            Err(value.error(format!("{name} gives {found} columns where {width} are expected")).into())
        }
        None => {
            let (class, name) = (class_name(value), method.name());
            Err(value.error(format!("{class} has no {name} of numbers, which the model around it needs")).into())
        }
    }
}

/// The labels of a member that must be a classifier.
///
/// # Errors
/// When it is none.
pub fn classes_of(value: &View<'_, '_>, estimator: &Estimator) -> Result<Arc<Classes>, ValueError> {
    estimator.classes().ok_or_else(|| value.error(format!("expected a classifier, found {}", value.kind())))
}

/// Where the labels of a member stand among `n` codes 0, 1, 2…
///
/// # Errors
/// When a label is no such code.
pub fn codes_of(value: &View<'_, '_>, estimator: &Estimator, n: usize) -> Result<Vec<usize>, ValueError> {
    let labels = classes_of(value, estimator)?;
    let code = |label: f64| (label >= 0.0 && label < n as f64 && label.fract() == 0.0).then_some(label as usize);
    let codes: Option<Vec<usize>> = labels.numbers().and_then(|numbers| numbers.into_iter().map(code).collect());
    codes.ok_or_else(|| value.error(format!("its labels are not codes of {n} classes")))
}

/// `classes_` of the owner, at least one.
///
/// # Errors
/// When it is missing or no list of labels.
pub fn own_classes(value: &View<'_, '_>, ctx: &mut Context) -> Result<Arc<Classes>, BuildError> {
    let labels = value.attr("classes_")?;
    ctx.read(&labels)?;
    let classes = classes(&labels)?;
    match classes.is_empty() {
        true => Err(labels.error("no labels").into()),
        false => Ok(Arc::new(classes)),
    }
}
