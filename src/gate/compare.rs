//! Two models on the same rows: where they differ, and whether a difference of their metrics is more than chance.

use super::holdout::{self, Measured};
use super::limits::Bootstrap;
use crate::model::Classes;
use crate::train::evaluate::{Answers, Predicted};
use crate::train::grow::RandomState;
use ndarray::Array2;
use serde::Serialize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Rows that all resamples draw together at most: each is evaluated anew. On so many rows chance is small and known well
/// from fewer resamples.
const DRAWN: usize = 8_000_000;
/// Resamples that are drawn however many rows there are.
const LEAST: usize = 100;
/// Rows of a resample at most. Of more rows the interval is then wider than it need be, so that chance is never taken for
/// a difference.
const WIDEST: usize = 100_000;

/// How a metric differs between two models on the same rows: candidate minus baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    pub candidate: f64,
    pub baseline: f64,
    pub difference: f64,
    /// The interval in which the difference lies with the confidence asked for; null where it is undefined.
    pub low: f64,
    pub high: f64,
}

/// The share of rows for which the models predict another label; `None` where they predict numbers.
pub fn label_flip_rate(candidate: &Answers, baseline: &Answers) -> Option<f64> {
    let rate = |flips: usize| flips as f64 / candidate.len() as f64;
    match (&candidate.predicted, &baseline.predicted) {
        (Predicted::Labels { codes, classes }, Predicted::Labels { codes: others, classes: known }) => {
            let places = places(classes, known);
            let same = |(code, other): (&u32, &u32)| places[*code as usize] == Some(*other as usize);
            Some(rate(codes.iter().zip(others).filter(|pair| !same(*pair)).count()))
        }
        (Predicted::Groups(groups), Predicted::Groups(others)) => {
            Some(rate(groups.iter().zip(others).filter(|(a, b)| a != b).count()))
        }
        _ => None,
    }
}

/// The largest distance between the models' numbers: predictions of regressions, probabilities or scores of others.
/// `None` where they have no numbers in common.
pub fn max_abs_delta(candidate: &Answers, baseline: &Answers) -> Option<f64> {
    match (&candidate.predicted, &baseline.predicted) {
        (Predicted::Numbers(numbers), Predicted::Numbers(others)) => Some(widest(numbers, others)),
        (Predicted::Labels { classes, .. }, Predicted::Labels { classes: known, .. }) => {
            match (&candidate.probabilities, &baseline.probabilities) {
                (Some(p), Some(q)) => Some(between(p, q, &places(classes, known))),
                _ => scores(candidate, baseline),
            }
        }
        _ => scores(candidate, baseline),
    }
}

fn scores(candidate: &Answers, baseline: &Answers) -> Option<f64> {
    Some(widest(candidate.scores.as_ref()?, baseline.scores.as_ref()?))
}

fn widest(numbers: &[f64], others: &[f64]) -> f64 {
    numbers.iter().zip(others).map(|(a, b)| (a - b).abs()).fold(0.0, worse)
}

/// The greater; what is undefined is greater than all.
fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// Where each class stands in the other list.
fn places(classes: &Classes, others: &Classes) -> Vec<Option<usize>> {
    (0..classes.len()).map(|at| classes.position(at, others)).collect()
}

/// Of probabilities; a class that one model does not know has the probability 0 there.
fn between(p: &Array2<f64>, q: &Array2<f64>, places: &[Option<usize>]) -> f64 {
    let unknown = (0..q.ncols()).filter(|column| !places.contains(&Some(*column)));
    let of_row = |row: usize| {
        let own =
            places.iter().enumerate().map(|(at, place)| (p[[row, at]] - place.map_or(0.0, |to| q[[row, to]])).abs());
        own.chain(unknown.clone().map(|at| q[[row, at]].abs())).fold(0.0, worse)
    };
    (0..p.nrows()).map(of_row).fold(0.0, worse)
}

/// Differences of metrics with their intervals: percentiles over resamples of the rows, the same rows for both models
/// (paired bootstrap). The same seed gives the same intervals, whatever the number of threads. Also how many resamples
/// were drawn.
pub fn differences(
    candidate: &Measured,
    baseline: &Measured,
    metrics: &[&'static str],
    how: &Bootstrap,
    threads: usize,
) -> (Vec<(&'static str, Difference)>, usize) {
    let rows = candidate.answers.len();
    let size = rows.min(WIDEST);
    let resamples = how.resamples.min((DRAWN / size.max(1)).max(LEAST));
    let (next, drawn) = (AtomicUsize::new(0), Mutex::new(vec![Vec::new(); resamples]));
    let work = || {
        while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < resamples) {
            let sample = resample(rows, size, how.seed.wrapping_add(at as u32));
            let (own, other) = (candidate.on(&sample), baseline.on(&sample));
            let of = |name: &&'static str| Some(holdout::of(&own, name)? - holdout::of(&other, name)?);
            let found = metrics.iter().map(|name| of(name).unwrap_or(f64::NAN)).collect();
            drawn.lock().unwrap_or_else(PoisonError::into_inner)[at] = found;
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let drawn: Vec<Vec<f64>> = drawn.into_inner().unwrap_or_else(PoisonError::into_inner);
    let difference = |(at, name): (usize, &&'static str)| {
        let (own, other) = (candidate.metric(name)?, baseline.metric(name)?);
        let (low, high) = interval(drawn.iter().map(|found| found[at]).collect(), how.confidence);
        Some((*name, Difference { candidate: own, baseline: other, difference: own - other, low, high }))
    };
    (metrics.iter().enumerate().filter_map(difference).collect(), resamples)
}

/// `size` of the rows, drawn with replacement.
fn resample(rows: usize, size: usize, seed: u32) -> Vec<usize> {
    let mut random = RandomState::new(seed);
    // The product stays below the bound: a double is less than 1 by more than rows can take up.
    (0..size).map(|_| ((random.double() * rows as f64) as usize).min(rows - 1)).collect()
}

/// The middle part of values, in which `confidence` of them lie; undefined when more than half of them are.
fn interval(mut values: Vec<f64>, confidence: f64) -> (f64, f64) {
    let all = values.len();
    values.retain(|value| !value.is_nan());
    if 2 * values.len() < all || values.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (values.len() - 1) as f64;
        let (below, part) = (place.floor() as usize, place.fract());
        let above = values[(below + 1).min(values.len() - 1)];
        values[below] + (above - values[below]) * part
    };
    (at((1.0 - confidence) / 2.0), at((1.0 + confidence) / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use std::sync::Arc;

    fn labels(codes: &[u32], classes: &[i64], probabilities: Option<Array2<f64>>) -> Answers {
        let classes = Arc::new(Classes::Int(classes.to_vec()));
        let predicted = Predicted::Labels { codes: codes.to_vec(), classes };
        Answers { predicted, probabilities, scores: None, distances: None }
    }

    #[test]
    fn labels_are_compared_by_what_they_say() {
        let candidate = labels(&[0, 1, 2, 2], &[5, 6, 7], None);
        assert_eq!(label_flip_rate(&candidate, &labels(&[1, 2, 0, 1], &[4, 5, 6], None)), Some(0.75 - 0.25));
        assert_eq!(label_flip_rate(&candidate, &candidate), Some(0.0));
        let numbers = |values: &[f64]| Answers {
            predicted: Predicted::Numbers(values.to_vec()),
            probabilities: None,
            scores: None,
            distances: None,
        };
        assert_eq!(label_flip_rate(&numbers(&[1.0]), &numbers(&[2.0])), None);
        assert_eq!(max_abs_delta(&numbers(&[1.0, 3.0]), &numbers(&[1.5, 3.25])), Some(0.5));
        assert!(max_abs_delta(&numbers(&[f64::NAN, 3.0]), &numbers(&[1.5, 3.25])).is_some_and(f64::is_nan));
    }

    #[test]
    fn an_unknown_class_has_no_probability() {
        let candidate = labels(&[0], &[1, 2], Some(array![[0.6, 0.4]]));
        let check = |classes: &[i64], q: Array2<f64>, expected: f64| {
            let delta = max_abs_delta(&candidate, &labels(&[0], classes, Some(q)));
            assert!(delta.is_some_and(|delta| (delta - expected).abs() < 1e-12), "{delta:?}");
        };
        check(&[1, 2], array![[0.5, 0.5]], 0.1);
        check(&[2, 1], array![[0.5, 0.5]], 0.1);
        check(&[2, 3], array![[0.3, 0.7]], 0.7);
    }

    #[test]
    fn intervals_are_percentiles() {
        let values: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(interval(values, 0.5), (25.0, 75.0));
        assert_eq!(interval(vec![2.0, f64::NAN, 1.0], 0.5), (1.25, 1.75));
        assert!(interval(vec![1.0, f64::NAN, f64::NAN], 0.9).0.is_nan());
    }
}
