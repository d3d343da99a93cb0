//! `GaussianNB` (`naive_bayes.py`): mean and variance of each feature within each class.
//!
//! Sums are made in numpy's order for a DataFrame: column by column over all rows, row after row within a class.

use super::super::grow::pairwise_sum;
use super::super::params::{Literal, Params, Spec};
use super::state::{self, State};
use super::{Data, FitError, Fitted};
use crate::model::FloatType;
use crate::value::Builder;

/// Fits one Gaussian for each class and feature.
pub(super) fn fit(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let (class, params) = (spec.estimator.class(), &spec.params);
    let (classes, codes) = data.labels(class.class)?;
    data.check_values(class.class, FloatType::F64, false)?;
    let priors = priors(params, classes.len())?;
    let (n, epsilon) = (data.n_features(), epsilon(params, data));
    let (mut means, mut variances, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for code in 0..classes.len() as u32 {
        let rows: Vec<usize> = (0..codes.len()).filter(|row| codes[*row] == code).collect();
        let (mean, variance) = moments(data, &rows);
        means.extend(mean);
        variances.extend(variance.into_iter().map(|v| v + epsilon));
        counts.push(rows.len() as f64);
    }
    let total = pairwise_sum(&counts);
    let mut b = Builder::new();
    let mut state = State::new(&mut b, class, params);
    state.features(&mut b, data);
    let labels = state::classes(&mut b, classes);
    state.set("classes_", labels);
    state.float(&mut b, "epsilon_", epsilon);
    for (name, values) in [("theta_", means), ("var_", variances)] {
        let values = b.f64s(&[classes.len(), n], &values);
        state.set(name, values);
    }
    state.f64s(&mut b, "class_prior_", &priors.unwrap_or_else(|| counts.iter().map(|c| c / total).collect()));
    state.f64s(&mut b, "class_count_", &counts);
    Ok(Fitted::new(b, state, vec![]))
}

/// `priors`, checked as scikit-learn does.
fn priors(params: &Params, classes: usize) -> Result<Option<Vec<f64>>, FitError> {
    let Literal::Tuple(items) = params.get("priors") else { return Ok(None) };
    let priors: Vec<f64> = items.iter().filter_map(Literal::number).collect();
    let sum = pairwise_sum(&priors);
    let problem = if priors.len() != classes {
        "Number of priors must match number of classes."
    } else if sum.is_nan() || (sum - 1.0).abs() > 1e-8 + 1e-5 {
        "The sum of the priors should be 1."
    } else if priors.iter().any(|prior| *prior < 0.0) {
        "Priors must be non-negative."
    } else {
        return Ok(Some(priors));
    };
    Err(FitError::Parameter(problem.to_owned()))
}

/// What is added to every variance: a part of the largest.
fn epsilon(params: &Params, data: &Data<'_>) -> f64 {
    let rows = data.n_rows() as f64;
    let variance = |mut column: Vec<f64>| {
        let mean = pairwise_sum(&column) / rows;
        column.iter_mut().for_each(|x| *x = (*x - mean) * (*x - mean));
        pairwise_sum(&column) / rows
    };
    let largest = data.x.columns().into_iter().map(|column| variance(column.to_vec())).fold(0.0, f64::max);
    params.number("var_smoothing").unwrap_or_default() * largest
}

/// Mean and variance of each feature over some rows.
fn moments(data: &Data<'_>, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let count = rows.len() as f64;
    let mean: Vec<f64> = sums(data, rows, |x, _| x).into_iter().map(|sum| sum / count).collect();
    let deviation = |x: f64, j: usize| (x - mean[j]) * (x - mean[j]);
    let variance = sums(data, rows, deviation).into_iter().map(|sum| sum / count).collect();
    (mean, variance)
}

/// Sums over rows: one after the other, but pairwise where there is one column, which is one piece of memory.
fn sums(data: &Data<'_>, rows: &[usize], value: impl Fn(f64, usize) -> f64) -> Vec<f64> {
    if data.n_features() == 1 {
        let column: Vec<f64> = rows.iter().map(|row| value(data.x[[*row, 0]], 0)).collect();
        return vec![pairwise_sum(&column)];
    }
    let mut sums = vec![0.0; data.n_features()];
    for row in rows {
        sums.iter_mut().zip(data.x.row(*row)).enumerate().for_each(|(j, (sum, x))| *sum += value(*x, j));
    }
    sums
}
