//! Where the clusters start: k-means++ and random rows, drawn from numpy's stream as scikit-learn draws them.

use super::Points;
use crate::train::fit::centered::dot;
use crate::train::grow::RandomState;

/// Centers far from each other: each is the best of a few rows drawn by their distance to those before it
/// (`_kmeans_plusplus`). Row-major, shape (n_clusters, n_features).
pub(super) fn plus_plus(points: &Points, n_clusters: usize, stream: &mut RandomState) -> Vec<f64> {
    let trials = 2 + (n_clusters as f64).ln() as usize;
    let first = stream.choice_with_replacement(&uniform(points.rows()), 1)[0] as usize;
    let mut centers = points.row(first).to_vec();
    let mut closest = distances(points, first);
    let mut potential: f64 = sum(&closest);
    for _ in 1..n_clusters {
        let draws: Vec<f64> = (0..trials).map(|_| stream.double() * potential).collect();
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for candidate in candidates(&closest, &draws) {
            let mut to_candidate = distances(points, candidate);
            to_candidate.iter_mut().zip(&closest).for_each(|(d, closest)| *d = closest.min(*d));
            let after = sum(&to_candidate);
            if best.as_ref().is_none_or(|(least, ..)| after < *least) {
                best = Some((after, candidate, to_candidate));
            }
        }
        let Some((after, chosen, distances)) = best else { break };
        centers.extend_from_slice(points.row(chosen));
        (potential, closest) = (after, distances);
    }
    centers
}

/// Distinct rows (`RandomState.choice(replace=False, p=uniform)`).
pub(super) fn random(points: &Points, n_clusters: usize, stream: &mut RandomState) -> Vec<f64> {
    let rows = stream.choice_without_replacement(&uniform(points.rows()), n_clusters);
    rows.into_iter().flat_map(|row| points.row(row as usize).to_vec()).collect()
}

fn uniform(rows: usize) -> Vec<f64> {
    vec![1.0 / rows as f64; rows]
}

/// Rows by their place in the running sum of `closest` (`np.searchsorted`, left).
fn candidates(closest: &[f64], draws: &[f64]) -> Vec<usize> {
    let mut running = 0.0;
    let sums: Vec<f64> = closest
        .iter()
        .map(|d| {
            running += d;
            running
        })
        .collect();
    draws.iter().map(|draw| sums.partition_point(|sum| sum < draw).min(sums.len() - 1)).collect()
}

/// Squared distances of all rows to one of them, in the form of `_euclidean_distances`.
fn distances(points: &Points, from: usize) -> Vec<f64> {
    let (center, norm) = (points.row(from), points.norms[from]);
    (0..points.rows()).map(|i| (-2.0 * dot(center, points.row(i)) + norm + points.norms[i]).max(0.0)).collect()
}

fn sum(values: &[f64]) -> f64 {
    values.chunks(1024).map(|part| part.iter().sum::<f64>()).sum()
}
