//! `BaggingClassifier` and `BaggingRegressor`.

use super::attributes::{class_name, n_features};
use super::members::{Handed, classes_of, codes_of, gives, member, own_classes};
use super::{BuildError, Context};
use crate::model::bagging::{Decision, Member, Target};
use crate::model::{Bagging, Method, Output};
use crate::value::{ValueError, View};

/// Reads estimators with the columns that each was given. A classifier's members know the labels as 0, 1, 2…
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks an estimator in it.
pub fn bagging(value: &View<'_, '_>, ctx: &mut Context) -> Result<Bagging, BuildError> {
    let n_features = n_features(value, None, ctx)?;
    let (list, subsets) = (value.attr("estimators_")?, value.attr("estimators_features_")?);
    let (items, subsets) = (list.items()?, subsets.items()?);
    if items.is_empty() || items.len() != subsets.len() {
        return Err(list.error(format!("{} estimators with columns for {}", items.len(), subsets.len())).into());
    }
    let (mut members, mut errors) = (vec![], vec![]);
    for (item, subset) in items.iter().zip(&subsets) {
        let columns = columns(subset, n_features, ctx)?;
        let handed = match &columns {
            Some(columns) => Handed::Columns(columns.iter().copied().map(Some).collect()),
            None => Handed::Same,
        };
        match member(item, ctx, handed) {
            Ok(estimator) => members.push(Member { estimator, columns, places: vec![] }),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(BuildError::all(errors));
    }
    if let Some(odd) = members.iter().position(|one| one.columns.is_none() && one.estimator.n_features() != n_features)
    {
        return Err(items[odd].error(format!("expected an estimator of {n_features} features")).into());
    }
    let target = match class_name(value) {
        "BaggingRegressor" => numbers(&items, &members)?,
        _ => labels(value, &items, &mut members, ctx)?,
    };
    // Only a number of jobs that does not depend on the machine divides the sum.
    let jobs = value.some("n_jobs").and_then(|jobs| jobs.usize().ok()).unwrap_or(1).clamp(1, members.len());
    Ok(Bagging { n_features, members, jobs, target })
}

/// Columns of one estimator; `None` for all in order.
fn columns(subset: &View<'_, '_>, n_features: usize, ctx: &mut Context) -> Result<Option<Vec<usize>>, ValueError> {
    if subset.shape() != [n_features] {
        ctx.read(subset)?;
    }
    let place = |at: i64| usize::try_from(at).ok().filter(|at| *at < n_features);
    let columns: Option<Vec<usize>> = subset.i64s()?.into_iter().map(place).collect();
    let columns = columns.ok_or_else(|| subset.error(format!("a feature is outside the model's {n_features}")))?;
    Ok((!columns.iter().copied().eq(0..n_features)).then_some(columns))
}

fn numbers(items: &[View<'_, '_>], members: &[Member]) -> Result<Target, BuildError> {
    let first = members[0].estimator.shape_of(Method::Predict);
    let matrix = matches!(first, Some(Output::Matrix(_)));
    let columns = members[0].estimator.width(Method::Predict).unwrap_or(1);
    for (item, member) in items.iter().zip(members) {
        gives(item, &member.estimator, Method::Predict, columns)?;
        if matches!(member.estimator.shape_of(Method::Predict), Some(Output::Matrix(_))) != matrix {
            return Err(item.error("its predictions have another shape than those of the first").into());
        }
    }
    Ok(Target::Numbers { columns, matrix })
}

fn labels(
    value: &View<'_, '_>,
    items: &[View<'_, '_>],
    members: &mut [Member],
    ctx: &mut Context,
) -> Result<Target, BuildError> {
    let classes = own_classes(value, ctx)?;
    for (item, member) in items.iter().zip(members.iter_mut()) {
        let n_own = classes_of(item, &member.estimator)?.len();
        member.places = codes_of(item, &member.estimator, classes.len())?;
        if member.estimator.methods().contains(&Method::PredictProba) {
            gives(item, &member.estimator, Method::PredictProba, n_own)?;
        }
    }
    let shape = |member: &Member| match member.estimator.shape_of(Method::DecisionFunction)? {
        Output::Matrix(table) => Some(Decision { columns: table.ncols(), matrix: true }),
        _ => Some(Decision { columns: 1, matrix: false }),
    };
    let decision = shape(&members[0]).filter(|first| members.iter().all(|member| shape(member) == Some(*first)));
    Ok(Target::Labels { classes, decision })
}
