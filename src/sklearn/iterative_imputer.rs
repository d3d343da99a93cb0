//! `IterativeImputer`.

use super::attributes::{flag, n_features, policy, vector};
use super::impute::{indicators, simple_imputer};
use super::members::{Handed, gives, member};
use super::{BuildError, Context, Version};
use crate::model::iterative_imputer::Step;
use crate::model::{IterativeImputer, Method, SimpleImputer};
use crate::value::{ValueError, View};

/// Reads the first imputer and the sequence of estimators.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, scorelet lacks an estimator in it, or it draws at random.
pub fn iterative_imputer(value: &View<'_, '_>, ctx: &mut Context) -> Result<IterativeImputer, BuildError> {
    ctx.takes_numbers();
    if flag(value, "sample_posterior", false)? {
        return Err(BuildError::option(value, "sample_posterior=True, whose answers are random,"));
    }
    let initial = value.attr("initial_imputer_")?;
    ctx.read(&initial)?;
    let n = n_features(value, None, ctx)?;
    let initial = ctx.with_columns(&vec![None; n], |ctx| simple_imputer(&initial, ctx))?;
    let policy = policy(value, initial.missing_value.is_nan());
    let initial = SimpleImputer { policy, ..initial };
    if initial.n_features_in() != n || !initial.indicators.is_empty() {
        return Err(value.error(format!("initial_imputer_ is not for {n} features")).into());
    }
    let (columns, only_initial) = columns(value, &initial, ctx)?;
    let steps = match only_initial || value.attr("n_iter_")?.usize()? == 0 {
        true => vec![],
        false => steps(value, columns.len(), ctx)?,
    };
    Ok(IterativeImputer { initial, columns, steps, indicators: indicators(value, n, ctx)? })
}

/// Which input column stands behind each column that the first imputer gives; and whether it is the only one, as before
/// 1.6 where columns that were empty in training are kept.
fn columns(
    value: &View<'_, '_>,
    initial: &SimpleImputer,
    ctx: &mut Context,
) -> Result<(Vec<Option<usize>>, bool), BuildError> {
    let n = initial.n_features_in();
    let all: Vec<bool> = initial.fill.iter().map(Option::is_none).collect();
    let empty = match value.some("_is_empty_feature") {
        Some(_) => vector(value, "_is_empty_feature", ctx)?.into_iter().map(|empty| empty != 0.0).collect(),
        None => all.clone(),
    };
    let keeps = flag(value, "keep_empty_features", false)?;
    let agree = if keeps { !all.contains(&true) && empty.len() == n } else { all == empty };
    if !agree {
        // Its columns and those of the first imputer are not the same then.
        return Err(BuildError::option(value, "a column that was empty in training, filled with a constant,"));
    }
    let kept = (0..n).filter(|column| keeps || !empty[*column]);
    let columns = kept.map(|column| (!empty[column]).then_some(column)).collect();
    Ok((columns, keeps && Version::of(value, ctx) < Version(1, 6)))
}

fn steps(value: &View<'_, '_>, width: usize, ctx: &mut Context) -> Result<Vec<Step>, BuildError> {
    let (least, most) = (vector(value, "_min_value", ctx)?, vector(value, "_max_value", ctx)?);
    if least.len() < width || most.len() < width {
        return Err(value.error(format!("its limits are not for {width} columns")).into());
    }
    let (mut steps, mut errors) = (vec![], vec![]);
    for triplet in value.attr("imputation_sequence_")?.items()? {
        match step(&triplet, width, ctx) {
            Ok(step) => steps.push(Step { least: least[step.column], most: most[step.column], ..step }),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(steps) } else { Err(BuildError::all(errors)) }
}

/// A named tuple: the column, those that it is filled from, the estimator.
fn step(triplet: &View<'_, '_>, width: usize, ctx: &mut Context) -> Result<Step, BuildError> {
    let args = triplet.args();
    let parts = if args.is_empty() { triplet.items()? } else { args };
    let [column, neighbors, estimator] = &parts[..] else {
        return Err(triplet.error("expected a column, its neighbors and an estimator").into());
    };
    let place = |at: i64| usize::try_from(at).ok().filter(|at| *at < width);
    let no_column = |view: &View<'_, '_>| -> ValueError { view.error(format!("not among {width} columns")) };
    let column_at = place(column.i64()?).ok_or_else(|| no_column(column))?;
    if neighbors.shape().iter().product::<usize>() > width {
        return Err(neighbors.error("more neighbors than columns").into());
    }
    let places: Option<Vec<usize>> = neighbors.i64s()?.into_iter().map(place).collect();
    let places = places.ok_or_else(|| no_column(neighbors))?;
    let built = member(estimator, ctx, Handed::Columns(vec![None; places.len()]))?;
    gives(estimator, &built, Method::Predict, 1)?;
    Ok(Step { column: column_at, neighbors: places, estimator: built, least: 0.0, most: 0.0 })
}
