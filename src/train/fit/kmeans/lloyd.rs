//! One run: rows to the nearest center, centers to the mean of their rows, until neither changes.

use super::Points;
use crate::train::fit::centered::dot;
use crate::train::grow::in_parallel;

/// Rows of one sum. Fixed, so that the order of additions does not depend on the number of threads.
const CHUNK: usize = 4096;

/// A finished run.
pub(super) struct Run {
    pub labels: Vec<i32>,
    /// Row-major, shape (n_clusters, n_features).
    pub centers: Vec<f64>,
    /// Sum of squared distances of the rows to their centers.
    pub inertia: f64,
    pub n_iter: usize,
}

/// `_kmeans_single_lloyd`.
pub(super) fn lloyd(points: &Points, mut centers: Vec<f64>, max_iter: usize, tol: f64, threads: usize) -> Run {
    let mut labels = vec![-1; points.rows()];
    let mut n_iter = 0;
    let mut strict = false;
    for iteration in 1..=max_iter {
        n_iter = iteration;
        let assigned = assign(points, &centers, threads);
        let moved = update(points, &centers, &assigned);
        let shift: f64 = centers.iter().zip(&moved).map(|(old, new)| (old - new) * (old - new)).sum();
        centers = moved;
        strict = assigned.labels == labels;
        labels = assigned.labels;
        if strict || shift <= tol {
            break;
        }
    }
    if !strict {
        labels = assign(points, &centers, threads).labels;
    }
    let inertia = inertia(points, &centers, &labels);
    Run { labels, centers, inertia, n_iter }
}

/// The nearest center of each row, with sums over the rows of each center.
struct Assigned {
    labels: Vec<i32>,
    sums: Vec<f64>,
    counts: Vec<f64>,
}

fn assign(points: &Points, centers: &[f64], threads: usize) -> Assigned {
    let n = points.n_features;
    let norms: Vec<f64> = centers.chunks_exact(n).map(|center| dot(center, center)).collect();
    let parts = in_parallel(threads, points.rows().div_ceil(CHUNK), |chunk| {
        let rows = chunk * CHUNK..points.rows().min((chunk + 1) * CHUNK);
        let mut part = Assigned { labels: vec![], sums: vec![0.0; centers.len()], counts: vec![0.0; norms.len()] };
        for row in rows.map(|i| points.row(i)) {
            let label = nearest(row, centers, &norms);
            part.labels.push(label as i32);
            part.counts[label] += 1.0;
            part.sums[label * n..][..n].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        part
    });
    let mut all = Assigned {
        labels: Vec::with_capacity(points.rows()),
        sums: vec![0.0; centers.len()],
        counts: vec![0.0; norms.len()],
    };
    for part in parts {
        all.labels.extend(part.labels);
        all.sums.iter_mut().zip(part.sums).for_each(|(sum, x)| *sum += x);
        all.counts.iter_mut().zip(part.counts).for_each(|(sum, x)| *sum += x);
    }
    all
}

/// The first of the least |c|² - 2 x·c.
fn nearest(row: &[f64], centers: &[f64], norms: &[f64]) -> usize {
    let mut best = (f64::INFINITY, 0);
    for (label, (center, norm)) in centers.chunks_exact(row.len()).zip(norms).enumerate() {
        let distance = norm - 2.0 * dot(row, center);
        if label == 0 || distance < best.0 {
            best = (distance, label);
        }
    }
    best.1
}

/// The means of the assigned rows. A center without rows takes the row that lies farthest from its own
/// (`_relocate_empty_clusters_dense`, `_average_centers`).
fn update(points: &Points, centers: &[f64], assigned: &Assigned) -> Vec<f64> {
    let n = points.n_features;
    let (mut sums, mut counts) = (assigned.sums.clone(), assigned.counts.clone());
    let empty: Vec<usize> = (0..counts.len()).filter(|k| counts[*k] == 0.0).collect();
    if !empty.is_empty() {
        let distances: Vec<f64> = (0..points.rows()).map(|i| distance(points, centers, &assigned.labels, i)).collect();
        let mut far: Vec<usize> = (0..points.rows()).filter(|_| distances.iter().any(|d| *d > 0.0)).collect();
        far.sort_by(|a, b| distances[*b].total_cmp(&distances[*a]));
        for (new, row) in empty.into_iter().zip(far) {
            let old = assigned.labels[row] as usize;
            for (k, x) in points.row(row).iter().enumerate() {
                sums[old * n + k] -= x;
                sums[new * n + k] = *x;
            }
            counts[new] = 1.0;
            counts[old] -= 1.0;
        }
    }
    let largest = (0..counts.len()).fold(0, |best, k| if counts[k] > counts[best] { k } else { best });
    for (k, count) in counts.iter().enumerate() {
        if *count > 0.0 {
            let share = 1.0 / count;
            sums[k * n..][..n].iter_mut().for_each(|sum| *sum *= share);
        } else {
            // As scikit-learn: where the largest cluster is by then, a sum yet if it comes later.
            sums.copy_within(largest * n..(largest + 1) * n, k * n);
        }
    }
    sums
}

/// Squared distance of a row to the center of its cluster.
fn distance(points: &Points, centers: &[f64], labels: &[i32], row: usize) -> f64 {
    let center = &centers[labels[row] as usize * points.n_features..][..points.n_features];
    points.row(row).iter().zip(center).map(|(x, c)| (x - c) * (x - c)).sum()
}

fn inertia(points: &Points, centers: &[f64], labels: &[i32]) -> f64 {
    (0..points.rows()).map(|row| distance(points, centers, labels, row)).sum()
}
