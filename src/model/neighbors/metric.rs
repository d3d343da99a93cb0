//! How far two rows are apart, in the forms in which scikit-learn compares distances.

use crate::model::math::dot;
use crate::model::tree::pairwise_sum;

/// `effective_metric_`. A tree compares reduced distances: squares for the Euclidean metric, powers for Minkowski's.
#[derive(Debug, Clone, PartialEq)]
pub enum Metric {
    Euclidean,
    /// The square of it, by itself.
    SquaredEuclidean,
    Manhattan,
    Chebyshev,
    Minkowski {
        p: f64,
    },
    /// Minkowski's with a weight for each feature.
    Weighted {
        p: f64,
        weights: Vec<f64>,
    },
    /// Euclidean of features divided by their standard deviations, whose squares these are.
    Standardized {
        variances: Vec<f64>,
    },
    /// The inverse of a covariance, row-major.
    Mahalanobis {
        inverse: Vec<f64>,
    },
    Cosine,
    /// The cosine metric of rows less their means.
    Correlation,
    Canberra,
    BrayCurtis,
    /// The share of features that differ.
    Hamming,
    /// Of what is zero and what is not.
    Binary(Binary),
    /// Euclidean over the features that both rows have, scaled up to all of them.
    NanEuclidean,
    /// On a sphere: of two features, latitude and longitude in radians.
    Haversine,
}

/// Metrics of rows of true and false, by how many features are true in both and how many differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    Dice,
    Jaccard,
    RogersTanimoto,
    RussellRao,
    SokalSneath,
}

impl Metric {
    /// `DistanceMetric.rdist`: term after term.
    pub fn reduced(&self, x: &[f64], y: &[f64]) -> f64 {
        let differences = x.iter().zip(y).map(|(x, y)| x - y);
        match self {
            Metric::Euclidean | Metric::SquaredEuclidean => differences.fold(0.0, |sum, d| sum + d * d),
            Metric::Manhattan => differences.fold(0.0, |sum, d| sum + d.abs()),
            Metric::Chebyshev => differences.fold(0.0, |most: f64, d| most.max(d.abs())),
            Metric::Minkowski { p } => differences.fold(0.0, |sum, d| sum + d.abs().powf(*p)),
            Metric::Weighted { p, weights } => {
                differences.zip(weights).fold(0.0, |sum, (d, weight)| sum + weight * d.abs().powf(*p))
            }
            Metric::Standardized { variances } => {
                differences.zip(variances).fold(0.0, |sum, (d, variance)| sum + d * d / variance)
            }
            Metric::Mahalanobis { inverse } => mahalanobis(&differences.collect::<Vec<_>>(), inverse),
            Metric::Haversine => haversine(x, y),
            Metric::Cosine => {
                let length = |row: &[f64]| match dot(row, row).sqrt() {
                    0.0 => 1.0,
                    length => length,
                };
                (1.0 - dot(x, y) / length(x) / length(y)).clamp(0.0, 2.0)
            }
            Metric::Correlation => correlation(x, y),
            Metric::Canberra => {
                let share = |(x, y): (&f64, &f64)| (x - y).abs() / (x.abs() + y.abs());
                let shares = x.iter().zip(y).filter(|(x, y)| x.abs() + y.abs() > 0.0).map(share);
                shares.fold(0.0, |sum, share| sum + share)
            }
            Metric::BrayCurtis => {
                let whole = x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + (x.abs() + y.abs()));
                let apart = differences.fold(0.0, |sum, d| sum + d.abs());
                if whole > 0.0 { apart / whole } else { 0.0 }
            }
            Metric::Hamming => differences.filter(|d| *d != 0.0).count() as f64 / x.len() as f64,
            Metric::Binary(binary) => binary.distance(x, y),
            Metric::NanEuclidean => nan_euclidean(x, y),
        }
    }

    /// A distance from a reduced one.
    pub fn distance(&self, reduced: f64) -> f64 {
        match self {
            Metric::Euclidean | Metric::NanEuclidean | Metric::Standardized { .. } | Metric::Mahalanobis { .. } => {
                reduced.sqrt()
            }
            Metric::Minkowski { p } | Metric::Weighted { p, .. } => reduced.powf(1.0 / p),
            Metric::Haversine => 2.0 * reduced.sqrt().asin(),
            _ => reduced,
        }
    }

    /// A reduced distance from one.
    pub fn reduce(&self, distance: f64) -> f64 {
        match self {
            Metric::Euclidean | Metric::NanEuclidean | Metric::Standardized { .. } | Metric::Mahalanobis { .. } => {
                distance * distance
            }
            Metric::Minkowski { p } | Metric::Weighted { p, .. } => distance.powf(*p),
            Metric::Haversine => (0.5 * distance).sin().powi(2),
            _ => distance,
        }
    }

    /// Whether a `BallTree` may be built by it, or even a `KDTree`, whose boxes only know differences of single features.
    pub fn suits(&self, boxes: bool) -> bool {
        match self {
            Metric::Euclidean | Metric::Manhattan | Metric::Chebyshev | Metric::Minkowski { .. } => true,
            Metric::Cosine | Metric::Correlation | Metric::SquaredEuclidean | Metric::NanEuclidean => false,
            _ => !boxes,
        }
    }

    /// Whether rows of `n_features` can be compared by it.
    pub fn takes(&self, n_features: usize) -> bool {
        match self {
            Metric::Haversine => n_features == 2,
            Metric::Weighted { weights: each, .. } | Metric::Standardized { variances: each } => {
                each.len() == n_features
            }
            Metric::Mahalanobis { inverse } => n_features.checked_mul(n_features) == Some(inverse.len()),
            _ => true,
        }
    }

    /// The distances to the nearest and the farthest place of a box: `min_max_dist` of `_kd_tree.pyx`.
    pub fn box_span(&self, row: &[f64], low: &[f64], high: &[f64]) -> (f64, f64) {
        let p = match self {
            Metric::Chebyshev => f64::INFINITY,
            Metric::Manhattan => 1.0,
            Metric::Minkowski { p } => *p,
            _ => 2.0,
        };
        let (mut nearest, mut farthest) = (0.0_f64, 0.0_f64);
        for (x, (low, high)) in row.iter().zip(low.iter().zip(high)) {
            let (below, above) = (low - x, x - high);
            let outside = 0.5 * ((below + below.abs()) + (above + above.abs()));
            let across = below.abs().max(above.abs());
            if p.is_infinite() {
                (nearest, farthest) = (nearest.max(outside), farthest.max(across));
            } else {
                nearest += outside.powf(p);
                farthest += across.powf(p);
            }
        }
        match p.is_infinite() {
            true => (nearest, farthest),
            false => (nearest.powf(1.0 / p), farthest.powf(1.0 / p)),
        }
    }

    /// The reduced distance to the nearest point of a box: `min_rdist` of `_kd_tree.pyx`.
    pub fn to_box(&self, row: &[f64], low: &[f64], high: &[f64]) -> f64 {
        let outside = row.iter().zip(low.iter().zip(high)).map(|(x, (low, high))| {
            let (below, above) = (low - x, x - high);
            0.5 * ((below + below.abs()) + (above + above.abs()))
        });
        match self {
            Metric::Chebyshev => outside.fold(0.0, f64::max),
            Metric::Minkowski { p } => outside.fold(0.0, |sum, d| sum + d.powf(*p)),
            Metric::Manhattan => outside.fold(0.0, |sum, d| sum + d),
            _ => outside.fold(0.0, |sum, d| sum + d * d),
        }
    }
}

impl Binary {
    fn distance(self, x: &[f64], y: &[f64]) -> f64 {
        let truths = || x.iter().zip(y).map(|(x, y)| (*x != 0.0, *y != 0.0));
        let both = truths().filter(|pair| *pair == (true, true)).count() as f64;
        let apart = truths().filter(|(x, y)| x != y).count() as f64;
        let n = x.len() as f64;
        match self {
            Binary::Jaccard if both + apart == 0.0 => 0.0,
            Binary::Jaccard => apart / (both + apart),
            Binary::Dice => apart / (2.0 * both + apart),
            Binary::RogersTanimoto => 2.0 * apart / (n + apart),
            Binary::RussellRao => (n - both) / n,
            Binary::SokalSneath => apart / (0.5 * both + apart),
        }
    }
}

fn haversine(x: &[f64], y: &[f64]) -> f64 {
    let (&[x_lat, x_lon], &[y_lat, y_lon]) = (x, y) else { return f64::NAN };
    let (lat, lon) = ((0.5 * (x_lat - y_lat)).sin(), (0.5 * (x_lon - y_lon)).sin());
    lat * lat + x_lat.cos() * y_lat.cos() * lon * lon
}

fn mahalanobis(differences: &[f64], inverse: &[f64]) -> f64 {
    let rows = inverse.chunks_exact(differences.len());
    let product = |row: &[f64]| row.iter().zip(differences).fold(0.0, |sum, (v, d)| sum + v * d);
    rows.zip(differences).fold(0.0, |sum, (row, d)| sum + product(row) * d)
}

/// `scipy.spatial.distance.cdist` with `metric='correlation'`.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let centered = |row: &[f64]| {
        let mean = pairwise_sum(row) / row.len() as f64;
        row.iter().map(|value| value - mean).collect::<Vec<f64>>()
    };
    let (x, y) = (centered(x), centered(y));
    1.0 - (dot(&x, &y) / (dot(&x, &x).sqrt() * dot(&y, &y).sqrt())).clamp(-1.0, 1.0)
}

/// The square of `sklearn.metrics.pairwise.nan_euclidean_distances`; rows that have nothing in common are as far as can be.
fn nan_euclidean(x: &[f64], y: &[f64]) -> f64 {
    let common: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).filter(|d| !d.is_nan()).collect();
    match common.len() {
        0 => f64::INFINITY,
        n => common.iter().fold(0.0, |sum, d| sum + d * d) / n as f64 * x.len() as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: `DistanceMetric.get_metric(name, …).pairwise([x], [y])` of 1.9.1; correlation as scipy 1.17 has it.
    #[test]
    fn distances_are_those_of_scikit_learn() {
        let (x, y) = ([1.0, 0.0, 2.0, 0.0], [3.0, 0.0, -1.0, 4.0]);
        let each = vec![0.5, 1.0, 2.0, 4.0];
        let inverse = vec![2.0, 0.5, 0.0, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 1.5, 0.25, 0.0, 0.0, 0.25, 1.0];
        for (metric, expected) in [
            (Metric::Canberra, 2.5),
            (Metric::BrayCurtis, 0.8181818181818182),
            (Metric::Hamming, 0.75),
            (Metric::Binary(Binary::Jaccard), 0.3333333333333333),
            (Metric::Binary(Binary::Dice), 0.2),
            (Metric::Binary(Binary::RogersTanimoto), 0.4),
            (Metric::Binary(Binary::RussellRao), 0.5),
            (Metric::Binary(Binary::SokalSneath), 0.5),
            (Metric::Weighted { p: 3.0, weights: each.clone() }, 6.7968843858592365),
            (Metric::Standardized { variances: each }, 4.06201920231798),
            (Metric::Mahalanobis { inverse }, 5.612486080160912),
            (Metric::Correlation, 1.5118906968889916),
        ] {
            let distance = metric.distance(metric.reduced(&x, &y));
            assert!((distance / expected - 1.0).abs() < 1e-15, "{metric:?}: {distance}, not {expected}");
            assert!((metric.reduce(distance) / metric.reduced(&x, &y) - 1.0).abs() < 1e-14, "{metric:?}");
        }
        let gaps = [1.0, f64::NAN, 2.0, f64::NAN];
        assert_eq!(Metric::NanEuclidean.reduced(&gaps, &y), (4.0 + 9.0) / 2.0 * 4.0);
        assert_eq!(Metric::NanEuclidean.reduced(&[f64::NAN; 4], &y), f64::INFINITY);
    }
}
