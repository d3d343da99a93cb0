//! Answers and truth to metrics: which ones an estimator of each task has, under scikit-learn's names.

use super::answer::{Answers, Predicted};
use super::metrics::{self, Confusion, RegressionScores};
use crate::model::Classes;
use crate::train::Target;
use crate::train::params::Task;
use ndarray::{Array2, ArrayView2};
use std::collections::BTreeMap;

/// Rows that a silhouette looks at: its time grows with their square.
const SILHOUETTE_ROWS: usize = 5_000;
/// Bins of a calibration curve.
const CALIBRATION_BINS: usize = 10;

/// Names as scikit-learn's scorers and functions have them, in the order in which they are shown. Undefined is NaN.
pub type Metrics = Vec<(&'static str, f64)>;

/// Every metric that [`evaluate`] reports of some task, and whether the greater is the better; `None` where neither is.
pub const METRICS: [(&str, Option<bool>); 27] = [
    ("accuracy", Some(true)),
    ("balanced_accuracy", Some(true)),
    ("precision", Some(true)),
    ("recall", Some(true)),
    ("f1", Some(true)),
    ("precision_macro", Some(true)),
    ("recall_macro", Some(true)),
    ("f1_macro", Some(true)),
    ("precision_weighted", Some(true)),
    ("recall_weighted", Some(true)),
    ("f1_weighted", Some(true)),
    ("roc_auc", Some(true)),
    ("roc_auc_ovr", Some(true)),
    ("average_precision", Some(true)),
    ("log_loss", Some(false)),
    ("brier_score", Some(false)),
    ("r2", Some(true)),
    ("mean_absolute_error", Some(false)),
    ("root_mean_squared_error", Some(false)),
    ("mean_squared_error", Some(false)),
    ("mean_absolute_percentage_error", Some(false)),
    ("median_absolute_error", Some(false)),
    ("explained_variance", Some(true)),
    ("clusters", None),
    ("inertia", Some(false)),
    ("silhouette", Some(true)),
    ("anomaly_rate", None),
];

/// How good the answers are.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Rows that were looked at.
    pub rows: usize,
    pub metrics: Metrics,
    pub detail: Detail,
}

/// What the plots show.
#[derive(Debug, Clone)]
pub enum Detail {
    Classification {
        /// Labels as people read them, in scikit-learn's order.
        classes: Vec<String>,
        confusion: Confusion,
        /// For each class against the rest, or for the second of two: its number and its curve.
        roc: Vec<(usize, Vec<(f64, f64)>)>,
        /// Of the second of two classes: mean probability, share of it, rows.
        calibration: Vec<(f64, f64, u64)>,
        /// Highest probability of each row, and whether the prediction was right.
        confidence: Vec<(f64, bool)>,
    },
    Regression {
        truth: Vec<f64>,
        predicted: Vec<f64>,
    },
    Clustering {
        /// Rows of each cluster, by its number.
        sizes: Vec<(i64, u64)>,
    },
    Anomaly {
        /// `score_samples`; the lower, the more abnormal.
        scores: Vec<f64>,
        predicted: Vec<bool>,
        /// Which rows are anomalies by the target, where one was given.
        truth: Option<Vec<bool>>,
        roc: Vec<(f64, f64)>,
    },
}

/// Compares answers with the truth. `x`, shape (rows, features), is what the estimator itself got: the silhouette
/// measures distances there. Without a truth, what can be said without one is said.
pub fn evaluate(
    task: Task,
    answers: &Answers,
    truth: Option<&Target>,
    x: ArrayView2<'_, f64>,
    seed: u32,
) -> Evaluation {
    match (&answers.predicted, truth) {
        (Predicted::Labels { codes, classes }, Some(Target::Labels { classes: known, codes: truth })) => {
            classification(
                &Labels::new(known, truth, classes, codes),
                answers.probabilities.as_ref(),
                answers.scores.as_deref(),
            )
        }
        (Predicted::Numbers(predicted), Some(Target::Numbers(truth))) => regression(truth, predicted),
        (Predicted::Groups(groups), truth) if task == Task::AnomalyDetection => {
            anomaly(groups, answers.scores.as_deref().unwrap_or_default(), truth)
        }
        (Predicted::Groups(groups), _) => clustering(groups, answers.distances.as_ref(), x, seed),
        // A supervised model has a target.
        (Predicted::Labels { codes, .. }, _) => {
            Evaluation { rows: codes.len(), metrics: Vec::new(), detail: nothing() }
        }
        (Predicted::Numbers(numbers), _) => Evaluation { rows: numbers.len(), metrics: Vec::new(), detail: nothing() },
    }
}

fn nothing() -> Detail {
    Detail::Clustering { sizes: Vec::new() }
}

/// Truth and prediction as positions in one list: a model that was fitted on fewer rows may know fewer classes.
struct Labels<'l> {
    classes: &'l Classes,
    truth: &'l [u32],
    predicted: Vec<u32>,
    /// Where each class of the model stands in `classes`.
    columns: Vec<usize>,
}

impl<'l> Labels<'l> {
    fn new(classes: &'l Classes, truth: &'l [u32], model: &Classes, predicted: &[u32]) -> Self {
        let columns: Vec<usize> = (0..model.len()).map(|at| model.position(at, classes).unwrap_or_default()).collect();
        let predicted = predicted.iter().map(|code| columns[*code as usize] as u32).collect();
        Labels { classes, truth, predicted, columns }
    }

    /// Probabilities with a column for every class; 0 for those that the model does not know.
    fn spread(&self, probabilities: &Array2<f64>) -> Array2<f64> {
        let mut all = Array2::zeros((probabilities.nrows(), self.classes.len()));
        for (from, to) in self.columns.iter().enumerate() {
            all.column_mut(*to).assign(&probabilities.column(from));
        }
        all
    }

    fn is(&self, class: usize) -> Vec<bool> {
        self.truth.iter().map(|code| *code as usize == class).collect()
    }
}

fn classification(labels: &Labels<'_>, probabilities: Option<&Array2<f64>>, scores: Option<&[f64]>) -> Evaluation {
    let n = labels.classes.len();
    let confusion = Confusion::new(labels.truth, &labels.predicted, n);
    let (macros, weighted) = (confusion.macro_average(), confusion.weighted_average());
    let mut found = vec![("accuracy", confusion.accuracy()), ("balanced_accuracy", confusion.balanced_accuracy())];
    if n == 2 {
        let positive = confusion.of_class(1);
        found.extend([("precision", positive.precision), ("recall", positive.recall), ("f1", positive.f1)]);
    }
    found.extend([("precision_macro", macros.precision), ("recall_macro", macros.recall), ("f1_macro", macros.f1)]);
    found.extend([
        ("precision_weighted", weighted.precision),
        ("recall_weighted", weighted.recall),
        ("f1_weighted", weighted.f1),
    ]);
    let probabilities = probabilities.map(|p| labels.spread(p));
    let (mut roc, mut calibration, mut confidence) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(p) = &probabilities {
        found.extend(of_probabilities(labels, p));
        confidence = p.rows().into_iter().map(|row| row.fold(0.0, |a: f64, b| a.max(*b))).collect();
        let curve = |class: usize| (class, metrics::roc_curve(&labels.is(class), &p.column(class).to_vec()));
        roc = if n == 2 { vec![curve(1)] } else { (0..n).map(curve).collect() };
        if n == 2 {
            calibration = metrics::calibration(&labels.is(1), &p.column(1).to_vec(), CALIBRATION_BINS);
        }
    } else if let (Some(scores), 2) = (scores, n) {
        let positive = labels.is(1);
        found.push(("roc_auc", metrics::roc_auc(&positive, scores)));
        found.push(("average_precision", metrics::average_precision(&positive, scores)));
        roc = vec![(1, metrics::roc_curve(&positive, scores))];
    }
    let right = labels.truth.iter().zip(&labels.predicted).map(|(truth, predicted)| truth == predicted);
    let confidence = confidence.into_iter().zip(right).collect();
    let detail = Detail::Classification { classes: shown(labels.classes), confusion, roc, calibration, confidence };
    Evaluation { rows: labels.truth.len(), metrics: found, detail }
}

fn of_probabilities(labels: &Labels<'_>, p: &Array2<f64>) -> Metrics {
    let (area, precision) = match p.ncols() {
        2 => {
            let (positive, scores) = (labels.is(1), p.column(1).to_vec());
            (("roc_auc", metrics::roc_auc(&positive, &scores)), metrics::average_precision(&positive, &scores))
        }
        _ => {
            let against = |score| metrics::one_against_rest(labels.truth, p.view(), score);
            (("roc_auc_ovr", against(metrics::roc_auc)), against(metrics::average_precision))
        }
    };
    let loss = metrics::log_loss(labels.truth, p.view());
    let brier = metrics::brier_score(labels.truth, p.view());
    vec![area, ("average_precision", precision), ("log_loss", loss), ("brier_score", brier)]
}

fn regression(truth: &[f64], predicted: &[f64]) -> Evaluation {
    let scores = RegressionScores::new(truth, predicted);
    let found = vec![
        ("r2", scores.r2),
        ("mean_absolute_error", scores.mean_absolute_error),
        ("root_mean_squared_error", scores.root_mean_squared_error),
        ("mean_squared_error", scores.mean_squared_error),
        ("mean_absolute_percentage_error", scores.mean_absolute_percentage_error),
        ("median_absolute_error", scores.median_absolute_error),
        ("explained_variance", scores.explained_variance),
    ];
    let detail = Detail::Regression { truth: truth.to_vec(), predicted: predicted.to_vec() };
    Evaluation { rows: truth.len(), metrics: found, detail }
}

fn clustering(groups: &[i64], distances: Option<&Array2<f64>>, x: ArrayView2<'_, f64>, seed: u32) -> Evaluation {
    let mut sizes = BTreeMap::<i64, u64>::new();
    groups.iter().for_each(|group| *sizes.entry(*group).or_default() += 1);
    let mut found = vec![("clusters", sizes.len() as f64)];
    if let Some(distances) = distances {
        let nearest = |row: ndarray::ArrayView1<'_, f64>| row.fold(f64::INFINITY, |a, b| a.min(*b)).powi(2);
        found.push(("inertia", distances.rows().into_iter().map(nearest).sum()));
    }
    found.push(("silhouette", metrics::silhouette(x, groups, SILHOUETTE_ROWS, seed)));
    Evaluation { rows: groups.len(), metrics: found, detail: Detail::Clustering { sizes: sizes.into_iter().collect() } }
}

fn anomaly(groups: &[i64], scores: &[f64], truth: Option<&Target>) -> Evaluation {
    let predicted: Vec<bool> = groups.iter().map(|group| *group == -1).collect();
    let abnormal = predicted.iter().filter(|anomaly| **anomaly).count();
    let mut found = vec![("anomaly_rate", abnormal as f64 / predicted.len() as f64)];
    let truth = truth.and_then(anomalies);
    let mut roc = Vec::new();
    if let Some(truth) = &truth {
        let codes = |flags: &[bool]| flags.iter().map(|flag| u32::from(*flag)).collect::<Vec<_>>();
        let of_anomalies = Confusion::new(&codes(truth), &codes(&predicted), 2).of_class(1);
        let abnormality: Vec<f64> = scores.iter().map(|score| -score).collect();
        found.extend([
            ("roc_auc", metrics::roc_auc(truth, &abnormality)),
            ("average_precision", metrics::average_precision(truth, &abnormality)),
            ("precision", of_anomalies.precision),
            ("recall", of_anomalies.recall),
            ("f1", of_anomalies.f1),
        ]);
        roc = metrics::roc_curve(truth, &abnormality);
    }
    let detail = Detail::Anomaly { scores: scores.to_vec(), predicted, truth, roc };
    Evaluation { rows: groups.len(), metrics: found, detail }
}

/// Which rows are anomalies by a target of two classes: the second class, or -1 where the classes are -1 and 1 as
/// scikit-learn's own predictions. `None` for any other target.
pub fn anomalies(target: &Target) -> Option<Vec<bool>> {
    let Target::Labels { classes, codes } = target else { return None };
    let anomaly = match classes {
        Classes::Int(labels) if labels == &[-1, 1] => 0,
        Classes::Float(labels) if labels == &[-1.0, 1.0] => 0,
        _ if classes.len() == 2 => 1,
        _ => return None,
    };
    Some(codes.iter().map(|code| *code == anomaly).collect())
}

/// Labels as people read them.
pub fn shown(classes: &Classes) -> Vec<String> {
    match classes {
        Classes::Int(labels) => labels.iter().map(ToString::to_string).collect(),
        Classes::Float(labels) => labels.iter().map(|label| format!("{label:?}")).collect(),
        Classes::Bool(labels) => labels.iter().map(ToString::to_string).collect(),
        Classes::Str(labels) => labels.clone(),
    }
}

/// Mean and sample deviation of each metric over folds; NaN where a fold has none.
pub fn over_folds(folds: &[Evaluation]) -> Vec<(&'static str, f64, f64)> {
    let names = folds.first().map(|fold| fold.metrics.iter().map(|(name, _)| *name)).into_iter().flatten();
    let values = |name: &str| -> Vec<f64> {
        let of =
            |fold: &Evaluation| fold.metrics.iter().find(|(known, _)| *known == name).map_or(f64::NAN, |found| found.1);
        folds.iter().map(of).collect()
    };
    let row = |name: &'static str| {
        let values = values(name);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (name, mean, (squares / (values.len() as f64 - 1.0)).sqrt())
    };
    names.map(row).collect()
}
