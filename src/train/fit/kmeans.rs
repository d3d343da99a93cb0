//! `KMeans` (`cluster/_kmeans.py`, `_k_means_lloyd.pyx`): numpy's stream of draws, k-means++, Lloyd's iterations.
//!
//! `elkan` finds the same clusters by skipping distances; here both run Lloyd's. Sums run over chunks of fixed size, so
//! results do not depend on the number of threads; they agree with scikit-learn's within rounding.

mod lloyd;
mod seeding;

use super::super::grow::RandomState;
use super::super::grow::pairwise_sum;
use super::super::params::{Params, Spec};
use super::state::State;
use super::{Data, FitError, Fitted};
use crate::model::FloatType;
use crate::value::{Builder, DType, ScalarKind};
use lloyd::{Run, lloyd};

/// Rows, one after the other, around their mean.
struct Points {
    values: Vec<f64>,
    n_features: usize,
    /// Squared length of each row.
    norms: Vec<f64>,
}

impl Points {
    fn rows(&self) -> usize {
        self.norms.len()
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.n_features..][..self.n_features]
    }
}

/// The best of `n_init` runs.
pub(super) fn fit(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let params = &spec.params;
    data.check_values(spec.estimator.class().class, FloatType::F64, false)?;
    let n_clusters = params.count("n_clusters").unwrap_or_default();
    if data.n_rows() < n_clusters {
        let text = format!("n_samples={} should be >= n_clusters={n_clusters}.", data.n_rows());
        return Err(FitError::Parameter(text));
    }
    let tol = tolerance(data, params.number("tol").unwrap_or_default());
    let (points, mean) = centered(data);
    let mut stream = RandomState::new(params.random_state());
    let mut best: Option<Run> = None;
    for _ in 0..n_init(params) {
        let centers = match params.text("init") {
            Some("random") => seeding::random(&points, n_clusters, &mut stream),
            _ => seeding::plus_plus(&points, n_clusters, &mut stream),
        };
        let run = lloyd(&points, centers, params.count("max_iter").unwrap_or(1), tol, data.threads);
        if best.as_ref().is_none_or(|best| run.inertia < best.inertia && !same_clusters(&run, best, n_clusters)) {
            best = Some(run);
        }
    }
    let mut best = best.ok_or_else(|| FitError::Parameter("n_init must be at least 1".to_owned()))?;
    for center in best.centers.chunks_exact_mut(mean.len()) {
        center.iter_mut().zip(&mean).for_each(|(c, mean)| *c += mean);
    }
    Ok(write(spec, data, &best, tol))
}

/// `tol` of the mean variance of the columns (`_tolerance`).
fn tolerance(data: &Data<'_>, tol: f64) -> f64 {
    let rows = data.n_rows() as f64;
    let variance = |column: Vec<f64>| {
        let mean = pairwise_sum(&column) / rows;
        pairwise_sum(&column.iter().map(|x| (x - mean) * (x - mean)).collect::<Vec<_>>()) / rows
    };
    let variances: Vec<f64> = data.x.columns().into_iter().map(|column| variance(column.to_vec())).collect();
    pairwise_sum(&variances) / variances.len() as f64 * tol
}

/// The points, and the mean that was taken from them.
fn centered(data: &Data<'_>) -> (Points, Vec<f64>) {
    let mut mean = vec![0.0; data.n_features()];
    for row in data.x.rows() {
        mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    mean.iter_mut().for_each(|sum| *sum /= data.n_rows() as f64);
    let values: Vec<f64> =
        data.x.rows().into_iter().flat_map(|row| row.into_iter().zip(&mean).map(|(x, m)| x - m)).collect();
    let norms = values.chunks_exact(mean.len()).map(|row| row.iter().map(|x| x * x).sum()).collect();
    (Points { values, n_features: mean.len(), norms }, mean)
}

/// `auto` is one run from k-means++, ten from random centers.
fn n_init(params: &Params) -> usize {
    let auto = if params.text("init") == Some("random") { 10 } else { 1 };
    params.count("n_init").unwrap_or(auto)
}

/// Whether two runs found the same clusters under other numbers (`_is_same_clustering`).
fn same_clusters(a: &Run, b: &Run, n_clusters: usize) -> bool {
    let mut names = vec![None; n_clusters];
    a.labels.iter().zip(&b.labels).all(|(a, b)| *names[*a as usize].get_or_insert(*b) == *b)
}

fn write(spec: &Spec, data: &Data<'_>, run: &Run, tol: f64) -> Fitted {
    let params = &spec.params;
    let n_clusters = run.centers.len() / data.n_features();
    let mut b = Builder::new();
    let mut state = State::new(&mut b, spec.estimator.class(), params);
    state.features(&mut b, data);
    // scikit-learn has an int here.
    let tol = if tol == 0.0 { b.int(0) } else { b.float(tol) };
    state.set("_tol", tol);
    state.int(&mut b, "_n_init", n_init(params));
    let algorithm = b.str(if n_clusters == 1 { "lloyd" } else { params.text("algorithm").unwrap_or("lloyd") });
    state.set("_algorithm", algorithm);
    // Of the machine that scikit-learn was fitted on; a bundle must not depend on it.
    state.int(&mut b, "_n_threads", 1);
    let centers = b.f64s(&[n_clusters, data.n_features()], &run.centers);
    state.set("cluster_centers_", centers);
    state.int(&mut b, "_n_features_out", n_clusters);
    let int32 = DType::Scalar { kind: ScalarKind::Int, size: 4, big_endian: false };
    let labels = b.bytes(int32, &[run.labels.len()], run.labels.iter().flat_map(|l| l.to_le_bytes()).collect());
    state.set("labels_", labels);
    state.float(&mut b, "inertia_", run.inertia);
    state.int(&mut b, "n_iter_", run.n_iter);
    let mut found = run.labels.clone();
    found.sort_unstable();
    found.dedup();
    let mut warnings = Vec::new();
    if found.len() < n_clusters {
        warnings.push(format!(
            "Number of distinct clusters ({}) found smaller than n_clusters ({n_clusters}). Possibly due to duplicate \
             points in X.",
            found.len()
        ));
    }
    Fitted::new(b, state, warnings)
}
