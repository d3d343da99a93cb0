//! Which features a model goes by: what its trees or coefficients say, and what becomes of its score when a column is
//! shuffled.
//!
//! Source: scikit-learn 1.9.1 `Tree.compute_feature_importances`, `BaseForest.feature_importances_`,
//! `inspection/_permutation_importance.py`.

use super::answer::{Refused, answers};
use super::evaluation::anomalies;
use super::metrics;
use crate::bundle::Bundle;
use crate::model::Classes;
use crate::train::Target;
use crate::train::evaluate::answer::{Answers, Predicted};
use crate::train::grow::RandomState;
use crate::value::{ValueError, View};
use ndarray::Array2;

/// How often each column is shuffled, as scikit-learn's default.
const REPEATS: usize = 5;

/// `feature_importances_` of trees and forests, absolute coefficients of linear models (the mean over classes); `None`
/// for other models. One number for each input of the estimator.
///
/// # Errors
/// When the fitted attributes are not what scikit-learn writes.
pub fn own(model: &View<'_, '_>) -> Result<Option<Vec<f64>>, ValueError> {
    if let Some(tree) = model.some("tree_") {
        let (importances, _) = of_tree(&tree, model.attr("n_features_in_")?.usize()?)?;
        return Ok(Some(importances));
    }
    if let Some(coefficients) = model.some("coef_") {
        let features = model.attr("n_features_in_")?.usize()?;
        return Ok(Some(mean_magnitude(&coefficients.f64s()?, features)));
    }
    // IsolationForest has trees, too, but scikit-learn gives it no importances: its splits are drawn at random.
    match model.some("estimators_") {
        Some(trees) if model.some("offset_").is_none() => {
            of_forest(&trees, model.attr("n_features_in_")?.usize()?).map(Some)
        }
        _ => Ok(None),
    }
}

fn of_forest(trees: &View<'_, '_>, features: usize) -> Result<Vec<f64>, ValueError> {
    let mut sum = vec![0.0; features];
    let mut counted = 0;
    for tree in trees.items()? {
        let (importances, nodes) = of_tree(&tree.attr("tree_")?, features)?;
        if nodes > 1 {
            counted += 1;
            sum.iter_mut().zip(importances).for_each(|(sum, value)| *sum += value);
        }
    }
    sum.iter_mut().for_each(|value| *value /= f64::from(counted.max(1)));
    normalize(&mut sum);
    Ok(sum)
}

/// The decrease of impurity by each feature, of all 1, and the number of nodes.
fn of_tree(tree: &View<'_, '_>, features: usize) -> Result<(Vec<f64>, usize), ValueError> {
    let nodes = tree.attr("nodes")?;
    let (left, right) = (nodes.field_i64("left_child")?, nodes.field_i64("right_child")?);
    let (feature, impurity) = (nodes.field_i64("feature")?, nodes.field_f64("impurity")?);
    let weight = nodes.field_f64("weighted_n_node_samples")?;
    let mut importances = vec![0.0; features];
    for at in (0..left.len()).filter(|at| left[*at] >= 0) {
        let (l, r) = (left[at] as usize, right[at] as usize);
        let decrease = weight[at] * impurity[at] - weight[l] * impurity[l] - weight[r] * impurity[r];
        importances[feature[at] as usize] += decrease;
    }
    let all = weight.first().copied().unwrap_or(1.0);
    importances.iter_mut().for_each(|value| *value /= all);
    normalize(&mut importances);
    Ok((importances, left.len()))
}

fn normalize(values: &mut [f64]) {
    let sum: f64 = values.iter().sum();
    if sum > 0.0 {
        values.iter_mut().for_each(|value| *value /= sum);
    }
}

fn mean_magnitude(coefficients: &[f64], features: usize) -> Vec<f64> {
    let rows = (coefficients.len() / features.max(1)).max(1) as f64;
    let magnitude =
        |at: usize| coefficients.iter().skip(at).step_by(features.max(1)).map(|c| c.abs()).sum::<f64>() / rows;
    (0..features).map(magnitude).collect()
}

/// By how much the score falls when a column is shuffled: mean over five times, one number for each column of `x`.
///
/// The score is accuracy, r2, or for an anomaly detector the area under the ROC curve. `None` where there is no truth to
/// score against. The same numbers as `permutation_importance(random_state=seed)` on the same rows.
///
/// # Errors
/// When the model refuses a value.
pub fn permutation(
    bundle: &Bundle,
    x: &Array2<f64>,
    truth: &Target,
    seed: u32,
    threads: usize,
) -> Result<Option<Vec<f64>>, Refused> {
    let score = |x: &Array2<f64>| Ok(score(&answers(bundle, x.view(), threads)?, truth));
    let Some(whole) = score(x)? else { return Ok(None) };
    // numpy draws the seed of all columns from [0, 2^31).
    let seed = RandomState::new(seed).below(1 << 31);
    let mut importances = Vec::new();
    for column in 0..x.ncols() {
        let mut rng = RandomState::new(seed);
        let mut order: Vec<usize> = (0..x.nrows()).collect();
        let mut shuffled = x.clone();
        let mut sum = 0.0;
        for _ in 0..REPEATS {
            let swaps = rng.permutation(order.len());
            order = swaps.into_iter().map(|at| order[at as usize]).collect();
            // Each repeat shuffles what the one before has left, as scikit-learn does.
            let before = shuffled.column(column).to_vec();
            shuffled.column_mut(column).iter_mut().zip(&order).for_each(|(cell, from)| *cell = before[*from]);
            sum += whole - score(&shuffled)?.unwrap_or(whole);
        }
        importances.push(sum / REPEATS as f64);
    }
    Ok(Some(importances))
}

/// The score that shuffling is measured by.
fn score(answers: &Answers, truth: &Target) -> Option<f64> {
    match (&answers.predicted, truth) {
        (Predicted::Labels { codes, classes: model }, Target::Labels { classes, codes: truth }) => {
            Some(accuracy(model, codes, classes, truth))
        }
        (Predicted::Numbers(predicted), Target::Numbers(truth)) => {
            Some(metrics::RegressionScores::new(truth, predicted).r2)
        }
        (Predicted::Groups(_), truth) => {
            let abnormality: Vec<f64> = answers.scores.as_ref()?.iter().map(|score| -score).collect();
            Some(metrics::roc_auc(&anomalies(truth)?, &abnormality))
        }
        _ => None,
    }
    .filter(|score| score.is_finite())
}

fn accuracy(model: &Classes, predicted: &[u32], classes: &Classes, truth: &[u32]) -> f64 {
    let known: Vec<Option<usize>> = (0..model.len()).map(|at| model.position(at, classes)).collect();
    let right = predicted.iter().zip(truth).filter(|(p, t)| known[**p as usize] == Some(**t as usize)).count();
    right as f64 / truth.len() as f64
}
