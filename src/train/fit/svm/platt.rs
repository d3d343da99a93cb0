//! Probabilities of a classifier: decisions from libsvm's own cross-validation, and a sigmoid through them (Lin, Lin and
//! Weng, 2007: Platt's method made safe).

use super::Settings;
use super::binary::{Binary, Sample};
use crate::train::grow::RandomState;

const FOLDS: usize = 5;
const MAX_STEPS: usize = 100;

/// `svm_binary_svc_probability`: the slope and offset of `1 / (1 + exp(a * decision + b))`.
///
/// libsvm seeds its generator anew for every classifier that it trains, so each pair of classes has the same stream.
pub(super) fn sigmoid(samples: &[Sample<'_>], settings: &Settings, c: (f64, f64)) -> ((f64, f64), bool) {
    let n = samples.len();
    let mut order: Vec<usize> = (0..n).collect();
    let mut stream = RandomState::new(settings.seed);
    for i in 0..n {
        order.swap(i, i + stream.lemire((n - i) as u32) as usize);
    }
    let (mut decisions, mut timed_out) = (vec![0.0; n], false);
    for fold in 0..FOLDS {
        let (begin, end) = (fold * n / FOLDS, (fold + 1) * n / FOLDS);
        let kept: Vec<Sample<'_>> = order[..begin].iter().chain(&order[end..]).map(|at| samples[*at]).collect();
        let positive = kept.iter().filter(|sample| sample.positive).count();
        let single = match positive {
            0 if kept.is_empty() => Some(0.0),
            0 => Some(-1.0),
            all if all == kept.len() => Some(1.0),
            _ => None,
        };
        if let Some(decision) = single {
            order[begin..end].iter().for_each(|at| decisions[*at] = decision);
            continue;
        }
        // libsvm sorts labels, so here the class of -1 comes first, and decisions change sign.
        let mut flipped: Vec<Sample<'_>> = Vec::with_capacity(kept.len());
        for wanted in [false, true] {
            let part = kept.iter().filter(|sample| sample.positive == wanted);
            flipped.extend(part.map(|sample| Sample { positive: !sample.positive, row: sample.row }));
        }
        let binary = Binary::train(&flipped, settings, (c.1, c.0));
        timed_out |= binary.timed_out;
        let decide = |at: &usize| -binary.decide(&flipped, samples[*at].row, settings.kernel);
        let found: Vec<f64> = order[begin..end].iter().map(decide).collect();
        order[begin..end].iter().zip(found).for_each(|(at, decision)| decisions[*at] = decision);
    }
    let positive: Vec<bool> = samples.iter().map(|sample| sample.positive).collect();
    (fit(&decisions, &positive), timed_out)
}

/// `sigmoid_train`: Newton's method with a line search.
fn fit(decisions: &[f64], positive: &[bool]) -> (f64, f64) {
    let ones = positive.iter().filter(|is| **is).count() as f64;
    let zeros = positive.len() as f64 - ones;
    let (high, low) = ((ones + 1.0) / (ones + 2.0), 1.0 / (zeros + 2.0));
    let targets: Vec<f64> = positive.iter().map(|is| if *is { high } else { low }).collect();
    let loss = |a: f64, b: f64| {
        decisions.iter().zip(&targets).fold(0.0, |sum, (decision, t)| {
            let f = decision * a + b;
            sum + match f >= 0.0 {
                true => t * f + (1.0 + (-f).exp()).ln(),
                false => (t - 1.0) * f + (1.0 + f.exp()).ln(),
            }
        })
    };
    let (mut a, mut b) = (0.0, ((zeros + 1.0) / (ones + 1.0)).ln());
    let mut value = loss(a, b);
    for _ in 0..MAX_STEPS {
        let Slopes { h11, h22, h21, g1, g2 } = Slopes::at(decisions, &targets, a, b);
        if g1.abs() < 1e-5 && g2.abs() < 1e-5 {
            break;
        }
        let determinant = h11 * h22 - h21 * h21;
        let (by_a, by_b) = (-(h22 * g1 - h21 * g2) / determinant, -(-h21 * g1 + h11 * g2) / determinant);
        let descent = g1 * by_a + g2 * by_b;
        let mut length = 1.0;
        loop {
            // No step is small enough: this is as near as it comes.
            if length < 1e-10 {
                return (a, b);
            }
            let (new_a, new_b) = (a + length * by_a, b + length * by_b);
            let new_value = loss(new_a, new_b);
            if new_value < value + 0.0001 * length * descent {
                (a, b, value) = (new_a, new_b, new_value);
                break;
            }
            length /= 2.0;
        }
    }
    (a, b)
}

/// First and second derivatives of the loss.
struct Slopes {
    h11: f64,
    h22: f64,
    h21: f64,
    g1: f64,
    g2: f64,
}

impl Slopes {
    fn at(decisions: &[f64], targets: &[f64], a: f64, b: f64) -> Slopes {
        // So that the second derivative is positive definite in numbers too.
        let mut s = Slopes { h11: 1e-12, h22: 1e-12, h21: 0.0, g1: 0.0, g2: 0.0 };
        for (decision, t) in decisions.iter().zip(targets) {
            let f = decision * a + b;
            let (p, q) = match f >= 0.0 {
                true => ((-f).exp() / (1.0 + (-f).exp()), 1.0 / (1.0 + (-f).exp())),
                false => (1.0 / (1.0 + f.exp()), f.exp() / (1.0 + f.exp())),
            };
            let (d1, d2) = (t - p, p * q);
            s.h11 += decision * decision * d2;
            s.h22 += d2;
            s.h21 += decision * d2;
            s.g1 += decision * d1;
            s.g2 += d1;
        }
        s
    }
}
