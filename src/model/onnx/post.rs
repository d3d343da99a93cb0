//! What the classifiers and regressors of ai.onnx.ml do with their scores at the end: `post_transform`.

/// A transform of scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post {
    None,
    Logistic,
    Softmax,
    SoftmaxZero,
    Probit,
}

impl Post {
    /// The transform of that name.
    pub fn from_name(name: &str) -> Option<Post> {
        Some(match name {
            "NONE" => Post::None,
            "LOGISTIC" => Post::Logistic,
            "SOFTMAX" => Post::Softmax,
            "SOFTMAX_ZERO" => Post::SoftmaxZero,
            "PROBIT" => Post::Probit,
            _ => return None,
        })
    }

    /// Of the scores of all classes of one row.
    pub fn scores(self, row: &mut [f32]) {
        match self {
            Post::None => {}
            Post::Logistic => row.iter_mut().for_each(|score| *score = logistic(*score)),
            Post::Probit => row.iter_mut().for_each(|score| *score = probit(*score)),
            Post::Softmax | Post::SoftmaxZero => softmax(row, self == Post::SoftmaxZero),
        }
    }

    /// Of the outputs of a regressor: one alone has only the probit.
    pub fn regression(self, row: &mut [f32]) {
        match row {
            [_] if self != Post::Probit => {}
            row => self.scores(row),
        }
    }

    /// Of one score of two classes: that of the first class, and that of the second. `positive`: it is a probability.
    pub fn of_two(self, score: f32, positive: bool) -> [f32; 2] {
        match self {
            _ if positive => [1.0 - score, score],
            Post::Logistic => [logistic(-score), logistic(score)],
            _ => [-score, score],
        }
    }
}

/// `1 / (1 + exp(-x))` in float32, from the side that does not overflow.
pub(super) fn logistic(x: f32) -> f32 {
    let v = 1.0 / (1.0 + (-x.abs()).exp());
    if x < 0.0 { 1.0 - v } else { v }
}

fn softmax(row: &mut [f32], skip_zero: bool) {
    let most = row.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for score in row.iter_mut() {
        if skip_zero && score.abs() <= 1e-7 {
            *score *= (-most).exp();
        } else {
            *score = (*score - most).exp();
            sum += *score;
        }
    }
    row.iter_mut().for_each(|score| *score /= sum);
}

/// The inverse of the normal distribution by Winitzki's formula, as ONNX Runtime has it.
fn probit(x: f32) -> f32 {
    let x = 2.0 * x - 1.0;
    let log = ((1.0 - x) * (1.0 + x)).ln();
    let v = 2.0 / (std::f32::consts::PI * 0.147) + 0.5 * log;
    let root = (-v + (v * v - log / 0.147).sqrt()).sqrt();
    std::f32::consts::SQRT_2 * if x < 0.0 { -root } else { root }
}
