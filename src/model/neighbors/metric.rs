//! How far two rows are apart, in the forms in which scikit-learn compares distances.

use crate::model::math::dot;

/// `effective_metric_`. A tree compares reduced distances: squares for the Euclidean metric, powers for Minkowski's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    Euclidean,
    /// The square of it, by itself.
    SquaredEuclidean,
    Manhattan,
    Chebyshev,
    Minkowski {
        p: f64,
    },
    Cosine,
    /// On a sphere: of two features, latitude and longitude in radians.
    Haversine,
}

impl Metric {
    /// `DistanceMetric.rdist`: term after term.
    pub fn reduced(self, x: &[f64], y: &[f64]) -> f64 {
        let differences = x.iter().zip(y).map(|(x, y)| x - y);
        match self {
            Metric::Euclidean | Metric::SquaredEuclidean => differences.fold(0.0, |sum, d| sum + d * d),
            Metric::Manhattan => differences.fold(0.0, |sum, d| sum + d.abs()),
            Metric::Chebyshev => differences.fold(0.0, |most: f64, d| most.max(d.abs())),
            Metric::Minkowski { p } => differences.fold(0.0, |sum, d| sum + d.abs().powf(p)),
            Metric::Haversine => {
                let (&[x_lat, x_lon], &[y_lat, y_lon]) = (x, y) else { return f64::NAN };
                let (lat, lon) = ((0.5 * (x_lat - y_lat)).sin(), (0.5 * (x_lon - y_lon)).sin());
                lat * lat + x_lat.cos() * y_lat.cos() * lon * lon
            }
            Metric::Cosine => {
                let length = |row: &[f64]| match dot(row, row).sqrt() {
                    0.0 => 1.0,
                    length => length,
                };
                (1.0 - dot(x, y) / length(x) / length(y)).clamp(0.0, 2.0)
            }
        }
    }

    /// A distance from a reduced one.
    pub fn distance(self, reduced: f64) -> f64 {
        match self {
            Metric::Euclidean => reduced.sqrt(),
            Metric::Minkowski { p } => reduced.powf(1.0 / p),
            Metric::Haversine => 2.0 * reduced.sqrt().asin(),
            _ => reduced,
        }
    }

    /// A reduced distance from one.
    pub fn reduce(self, distance: f64) -> f64 {
        match self {
            Metric::Euclidean => distance * distance,
            Metric::Minkowski { p } => distance.powf(p),
            Metric::Haversine => (0.5 * distance).sin().powi(2),
            _ => distance,
        }
    }

    /// The distances to the nearest and the farthest place of a box: `min_max_dist` of `_kd_tree.pyx`.
    pub fn box_span(self, row: &[f64], low: &[f64], high: &[f64]) -> (f64, f64) {
        let p = match self {
            Metric::Chebyshev => f64::INFINITY,
            Metric::Manhattan => 1.0,
            Metric::Minkowski { p } => p,
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
    pub fn to_box(self, row: &[f64], low: &[f64], high: &[f64]) -> f64 {
        let outside = row.iter().zip(low.iter().zip(high)).map(|(x, (low, high))| {
            let (below, above) = (low - x, x - high);
            0.5 * ((below + below.abs()) + (above + above.abs()))
        });
        match self {
            Metric::Chebyshev => outside.fold(0.0, f64::max),
            Metric::Minkowski { p } => outside.fold(0.0, |sum, d| sum + d.powf(p)),
            Metric::Manhattan => outside.fold(0.0, |sum, d| sum + d),
            _ => outside.fold(0.0, |sum, d| sum + d * d),
        }
    }
}
