//! How far numbers are predicted from the truth, as scikit-learn's `metrics/_regression.py` defines it, without weights.

/// Errors of a regression; all in the unit of the target, unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegressionScores {
    /// `r2_score`; no unit. NaN for fewer than two rows.
    pub r2: f64,
    /// `explained_variance_score`; no unit.
    pub explained_variance: f64,
    pub mean_absolute_error: f64,
    /// In the unit's square.
    pub mean_squared_error: f64,
    pub root_mean_squared_error: f64,
    pub median_absolute_error: f64,
    /// A fraction, not percent; no unit.
    pub mean_absolute_percentage_error: f64,
}

impl RegressionScores {
    /// Compares predictions with the truth; both have the same length.
    pub fn new(truth: &[f64], predicted: &[f64]) -> RegressionScores {
        let errors: Vec<f64> = truth.iter().zip(predicted).map(|(t, p)| t - p).collect();
        let absolute: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
        let square = |values: &[f64]| mean(values.iter().map(|v| v * v));
        let deviation = |values: &[f64]| {
            let center = mean(values.iter().copied());
            mean(values.iter().map(|v| (v - center) * (v - center)))
        };
        let relative = truth.iter().zip(&absolute).map(|(t, e)| e / t.abs().max(f64::EPSILON));
        let mean_squared_error = square(&errors);
        let variance = deviation(truth);
        RegressionScores {
            r2: if truth.len() < 2 { f64::NAN } else { explained(mean_squared_error, variance) },
            explained_variance: explained(deviation(&errors), variance),
            mean_absolute_error: mean(absolute.iter().copied()),
            mean_squared_error,
            root_mean_squared_error: mean_squared_error.sqrt(),
            mean_absolute_percentage_error: mean(relative),
            median_absolute_error: median(absolute),
        }
    }
}

/// `1 - left / whole`; of a constant truth, 1 when nothing is left and else 0 (`force_finite`).
fn explained(left: f64, whole: f64) -> f64 {
    match (left == 0.0, whole == 0.0) {
        (true, true) => 1.0,
        (false, true) => 0.0,
        _ => 1.0 - left / whole,
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => values[n / 2],
        _ => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}
