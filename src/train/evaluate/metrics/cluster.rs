//! How well clusters hold together: `silhouette_score` of scikit-learn (`metrics/cluster/_unsupervised.py`).

use crate::train::grow::RandomState;
use ndarray::{ArrayView1, ArrayView2, Axis};

/// `silhouette_score(x, labels, sample_size=sample, random_state=seed)`, Euclidean; takes time in the square of the
/// rows that are looked at. NaN where the labels looked at are all the same or all distinct.
pub fn silhouette(x: ArrayView2<'_, f64>, labels: &[i64], sample: usize, seed: u32) -> f64 {
    let rows: Vec<usize> = if labels.len() > sample {
        RandomState::new(seed).permutation(labels.len()).into_iter().take(sample).map(|row| row as usize).collect()
    } else {
        (0..labels.len()).collect()
    };
    let mut clusters: Vec<i64> = rows.iter().map(|row| labels[*row]).collect();
    clusters.sort_unstable();
    clusters.dedup();
    if clusters.len() < 2 || clusters.len() >= rows.len() {
        return f64::NAN;
    }
    let cluster = |row: usize| clusters.binary_search(&labels[row]).unwrap_or_default();
    let numbered: Vec<(usize, usize)> = rows.iter().map(|&row| (row, cluster(row))).collect();
    let mut sizes = vec![0u32; clusters.len()];
    numbered.iter().for_each(|(_, cluster)| sizes[*cluster] += 1);
    let of_row = |&(row, own): &(usize, usize)| coefficient(x, row, own, &numbered, &sizes);
    numbered.iter().map(of_row).sum::<f64>() / rows.len() as f64
}

/// The silhouette of one row: nearer to its own cluster (towards 1) or to another (towards -1); 0 when it is alone.
fn coefficient(x: ArrayView2<'_, f64>, row: usize, own: usize, rows: &[(usize, usize)], sizes: &[u32]) -> f64 {
    if sizes[own] == 1 {
        return 0.0;
    }
    let mut sums = vec![0.0; sizes.len()];
    let place = x.index_axis(Axis(0), row);
    rows.iter().for_each(|(other, cluster)| sums[*cluster] += distance(place, x.index_axis(Axis(0), *other)));
    let within = sums[own] / f64::from(sizes[own] - 1);
    let others = (0..sizes.len()).filter(|cluster| *cluster != own);
    let nearest = others.map(|cluster| sums[cluster] / f64::from(sizes[cluster])).fold(f64::INFINITY, f64::min);
    match within.max(nearest) {
        0.0 => 0.0,
        widest => (nearest - within) / widest,
    }
}

fn distance(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}
