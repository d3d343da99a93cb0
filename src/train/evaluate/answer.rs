//! What the finished bundle says of rows: scored through the same path as a request, in parallel, and gathered.

use crate::bundle::Bundle;
use crate::model::{Classes, InputError, Method, Output, Texts};
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use std::sync::Arc;

/// Rows that one thread scores at a time.
const CHUNK: usize = 8192;

/// Answers for rows, in their order.
#[derive(Debug, Clone)]
pub struct Answers {
    pub predicted: Predicted,
    /// `predict_proba`, shape (rows, classes), where the model has it.
    pub probabilities: Option<Array2<f64>>,
    /// `score_samples` of an anomaly detector: the lower, the more abnormal. `decision_function` of a classifier of two
    /// classes that has no probabilities.
    pub scores: Option<Vec<f64>>,
    /// `transform` of a clustering: distances to the centers, shape (rows, clusters).
    pub distances: Option<Array2<f64>>,
}

/// `predict`, one a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicted {
    /// Positions in the model's classes.
    Labels {
        codes: Vec<u32>,
        classes: Arc<Classes>,
    },
    /// Clusters; 1 and -1 of an anomaly detector.
    Groups(Vec<i64>),
    Numbers(Vec<f64>),
}

impl Answers {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.predicted {
            Predicted::Labels { codes, .. } => codes.len(),
            Predicted::Groups(groups) => groups.len(),
            Predicted::Numbers(numbers) => numbers.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The answers for some of the rows, in that order; a row may be taken more than once.
    pub fn take(&self, rows: &[usize]) -> Answers {
        fn pick<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|row| values[*row]).collect()
        }
        let predicted = match &self.predicted {
            Predicted::Labels { codes, classes } => {
                Predicted::Labels { codes: pick(codes, rows), classes: Arc::clone(classes) }
            }
            Predicted::Groups(groups) => Predicted::Groups(pick(groups, rows)),
            Predicted::Numbers(numbers) => Predicted::Numbers(pick(numbers, rows)),
        };
        Answers {
            predicted,
            probabilities: self.probabilities.as_ref().map(|p| p.select(Axis(0), rows)),
            scores: self.scores.as_ref().map(|scores| pick(scores, rows)),
            distances: self.distances.as_ref().map(|distances| distances.select(Axis(0), rows)),
        }
    }
}

/// The finished model takes no such value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("row {row} of those scored: {error}")]
pub struct Refused {
    pub row: usize,
    pub error: InputError,
}

/// What is asked of a bundle: `predict`, and what tells more than it.
fn wanted(bundle: &Bundle) -> Vec<Method> {
    let has = bundle.methods();
    let mut wanted = vec![Method::Predict];
    let more = if has.contains(&Method::PredictProba) {
        Some(Method::PredictProba)
    } else if has.contains(&Method::ScoreSamples) {
        Some(Method::ScoreSamples)
    } else {
        [Method::DecisionFunction, Method::Transform].into_iter().find(|method| has.contains(method))
    };
    wanted.extend(more);
    wanted
}

/// Scores `x`, shape (rows, features in feature order), with at most `threads` threads.
///
/// # Errors
/// When scaler or estimator refuse a value.
pub fn answers(bundle: &Bundle, x: ArrayView2<'_, f64>, threads: usize) -> Result<Answers, Refused> {
    let wanted = wanted(bundle);
    let chunks: Vec<ArrayView2<'_, f64>> = x.axis_chunks_iter(Axis(0), CHUNK).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let texts = Texts::current();
    let work = || {
        texts.during(|| {
            let mut done = Vec::new();
            while let Some((at, chunk)) = take(&next, &chunks) {
                let refused = |error: InputError| Refused { row: at * CHUNK + error.place().0, error };
                let outputs = bundle.score(chunk.to_owned(), &wanted).map_err(refused);
                done.push((at, outputs));
            }
            done
        })
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.clamp(1, chunks.len().max(1))).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        others.into_iter().for_each(|other| done.extend(other.join().expect("scoring does not panic")));
        done
    });
    done.sort_by_key(|(at, _)| *at);
    let parts = done.into_iter().map(|(_, outputs)| outputs).collect::<Result<Vec<_>, _>>()?;
    Ok(gather(&wanted, parts))
}

/// The matrix that reaches the estimator itself.
pub fn seen_by_model(bundle: &Bundle, x: Array2<f64>) -> Array2<f64> {
    let steps = match &bundle.estimator {
        crate::model::Estimator::Pipeline(pipeline) => pipeline.steps(),
        _ => &[],
    };
    let all = bundle.scaler.iter().chain(steps);
    // These rows were answered a moment ago: no step refuses them now.
    all.fold(x, |x, step| step.transform(x.clone()).unwrap_or(x))
}

fn take<'c, 'x>(
    next: &std::sync::atomic::AtomicUsize,
    chunks: &'c [ArrayView2<'x, f64>],
) -> Option<(usize, &'c ArrayView2<'x, f64>)> {
    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    chunks.get(at).map(|chunk| (at, chunk))
}

/// Puts the outputs of all chunks one after the other.
fn gather(wanted: &[Method], parts: Vec<Vec<Output>>) -> Answers {
    let mut columns: Vec<Vec<Output>> = wanted.iter().map(|_| Vec::new()).collect();
    for part in parts {
        columns.iter_mut().zip(part).for_each(|(column, output)| column.push(output));
    }
    let mut columns = columns.into_iter();
    let predicted = predictions(columns.next().unwrap_or_default());
    let mut answers = Answers { predicted, probabilities: None, scores: None, distances: None };
    if let (Some(method), Some(outputs)) = (wanted.get(1), columns.next()) {
        match method {
            Method::PredictProba => answers.probabilities = matrix(outputs),
            Method::Transform => answers.distances = matrix(outputs),
            _ => answers.scores = floats(outputs),
        }
    }
    answers
}

fn predictions(outputs: Vec<Output>) -> Predicted {
    let (mut labels, mut groups, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let mut of = None;
    for output in outputs {
        match output {
            Output::Labels { indices, classes } => {
                labels.extend(indices);
                of = Some(classes);
            }
            Output::Ints(values) => groups.extend(values),
            Output::Floats(values) => numbers.extend(values),
            // What is trained here has one output.
            Output::Matrix(_) | Output::Columns(_) | Output::List(_) => {}
        }
    }
    match of {
        Some(classes) => Predicted::Labels { codes: labels, classes },
        None if numbers.is_empty() => Predicted::Groups(groups),
        None => Predicted::Numbers(numbers),
    }
}

fn matrix(outputs: Vec<Output>) -> Option<Array2<f64>> {
    let matrices = outputs.into_iter().filter_map(|output| match output {
        Output::Matrix(matrix) => Some(matrix),
        _ => None,
    });
    let matrices: Vec<Array2<f64>> = matrices.collect();
    let views: Vec<_> = matrices.iter().map(|matrix| matrix.view()).collect();
    concatenate(Axis(0), &views).ok()
}

fn floats(outputs: Vec<Output>) -> Option<Vec<f64>> {
    let parts = outputs.into_iter().map(|output| match output {
        Output::Floats(values) => Some(values),
        _ => None,
    });
    parts.collect::<Option<Vec<_>>>().map(|parts| parts.concat())
}
