//! How well scores and probabilities order and calibrate: `roc_curve`, `roc_auc_score`, `average_precision_score`,
//! `log_loss`, `brier_score_loss`, `calibration_curve` of scikit-learn (`metrics/_ranking.py`, `_classification.py`).

use ndarray::ArrayView2;

/// Rows at or above each distinct score, from the highest down: where a threshold would put them.
struct Thresholds {
    /// Cumulated negatives and positives.
    false_positives: Vec<f64>,
    true_positives: Vec<f64>,
}

impl Thresholds {
    /// `confusion_matrix_at_thresholds`; scores are not NaN.
    fn new(positive: &[bool], scores: &[f64]) -> Thresholds {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_unstable_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let mut curve = Thresholds { false_positives: Vec::new(), true_positives: Vec::new() };
        let (mut negatives, mut positives) = (0.0, 0.0);
        for (at, &row) in order.iter().enumerate() {
            if positive[row] {
                positives += 1.0
            } else {
                negatives += 1.0
            }
            if order.get(at + 1).is_none_or(|next| scores[*next] != scores[row]) {
                curve.false_positives.push(negatives);
                curve.true_positives.push(positives);
            }
        }
        curve
    }

    fn totals(&self) -> (f64, f64) {
        let last = |counts: &[f64]| counts.last().copied().unwrap_or(0.0);
        (last(&self.false_positives), last(&self.true_positives))
    }
}

/// `roc_curve` with every threshold: (false positive rate, true positive rate), from (0, 0) to (1, 1). Empty when all
/// rows are of one class.
pub fn roc_curve(positive: &[bool], scores: &[f64]) -> Vec<(f64, f64)> {
    let curve = Thresholds::new(positive, scores);
    let (negatives, positives) = curve.totals();
    if negatives == 0.0 || positives == 0.0 {
        return Vec::new();
    }
    let points = curve.false_positives.iter().zip(&curve.true_positives);
    std::iter::once((0.0, 0.0)).chain(points.map(|(f, t)| (f / negatives, t / positives))).collect()
}

/// `roc_auc_score` of two classes; NaN when all rows are of one.
pub fn roc_auc(positive: &[bool], scores: &[f64]) -> f64 {
    let curve = roc_curve(positive, scores);
    let area: f64 = curve.windows(2).map(|p| (p[1].0 - p[0].0) * (p[1].1 + p[0].1) / 2.0).sum();
    if curve.is_empty() { f64::NAN } else { area }
}

/// `average_precision_score` of two classes; NaN without a positive row.
pub fn average_precision(positive: &[bool], scores: &[f64]) -> f64 {
    let curve = Thresholds::new(positive, scores);
    let (_, positives) = curve.totals();
    let mut before = 0.0;
    let steps = curve.false_positives.iter().zip(&curve.true_positives).map(|(f, t)| {
        let recall = t / positives;
        let step = (recall - before) * (t / (t + f));
        before = recall;
        step
    });
    steps.sum()
}

/// A score of two classes, of each class against all others, averaged (`average="macro"`, `multi_class="ovr"`).
///
/// `scores` has the shape (rows, classes). NaN when a class has no row, or all rows.
pub fn one_against_rest(truth: &[u32], scores: ArrayView2<'_, f64>, score: fn(&[bool], &[f64]) -> f64) -> f64 {
    let classes = scores.ncols();
    let of_class = |class: usize| {
        let positive: Vec<bool> = truth.iter().map(|t| *t as usize == class).collect();
        score(&positive, &scores.column(class).to_vec())
    };
    (0..classes).map(of_class).sum::<f64>() / classes as f64
}

/// `log_loss` of probabilities, shape (rows, classes); natural logarithm.
pub fn log_loss(truth: &[u32], probabilities: ArrayView2<'_, f64>) -> f64 {
    let loss = |(row, class): (usize, &u32)| -clip(probabilities[[row, *class as usize]]).ln();
    truth.iter().enumerate().map(loss).sum::<f64>() / truth.len() as f64
}

/// Away from 0 and 1 by the machine's precision, so that a certain error is not infinite.
fn clip(probability: f64) -> f64 {
    probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON)
}

/// `brier_score_loss` of probabilities, shape (rows, classes); halved for two classes, as scikit-learn does.
pub fn brier_score(truth: &[u32], probabilities: ArrayView2<'_, f64>) -> f64 {
    let square = |row: usize, class: usize| {
        let hit = f64::from(u8::from(truth[row] as usize == class));
        (hit - probabilities[[row, class]]).powi(2)
    };
    let of_row = |row| (0..probabilities.ncols()).map(|class| square(row, class)).sum::<f64>();
    let mean = (0..truth.len()).map(of_row).sum::<f64>() / truth.len() as f64;
    if probabilities.ncols() < 3 { mean * 0.5 } else { mean }
}

/// `calibration_curve` with bins of equal width: for each bin that has rows, (mean probability, share of positives,
/// rows).
pub fn calibration(positive: &[bool], probabilities: &[f64], bins: usize) -> Vec<(f64, f64, u64)> {
    let width = 1.0 / bins as f64;
    let mut sums = vec![(0.0, 0.0, 0u64); bins];
    for (positive, p) in positive.iter().zip(probabilities) {
        // A probability on an edge belongs to the bin below.
        let bin = (1..bins).take_while(|edge| *edge as f64 * width < *p).count();
        let (probability, positives, rows) = &mut sums[bin];
        *probability += p;
        *positives += f64::from(u8::from(*positive));
        *rows += 1;
    }
    sums.retain(|(_, _, rows)| *rows > 0);
    sums.into_iter().map(|(p, positives, rows)| (p / rows as f64, positives / rows as f64, rows)).collect()
}
