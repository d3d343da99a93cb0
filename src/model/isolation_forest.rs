//! Isolation forest: how deep the trees must go to single a row out.

use super::tree::{AsFloat32, Forest};
use super::{InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;

/// `sklearn.ensemble.IsolationForest`.
#[derive(Debug, Clone, PartialEq)]
pub struct IsolationForest {
    /// Checks in the order in which scikit-learn makes them: before 1.3 the input is checked as `float64`, then again
    /// as `float32` by each tree.
    pub policies: Vec<InputPolicy>,
    /// A leaf holds its depth plus the average path length of the samples in it.
    pub forest: Forest,
    /// Number of trees times the average path length of a tree's whole sample; 0 for samples of one row.
    pub denominator: f64,
    pub offset: f64,
}

impl IsolationForest {
    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::DecisionFunction, Method::ScoreSamples]
    }

    pub fn n_features(&self) -> usize {
        self.forest.n_features()
    }

    /// `score_samples`, `decision_function` and `predict` (1 inlier, -1 outlier). Scores are within one unit in the
    /// last place of scikit-learn's: numpy's power differs there from one processor to the next.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        for policy in &self.policies {
            policy.check(x)?;
        }
        let mut scores = vec![0.0; x.nrows()];
        self.forest.add(x, &AsFloat32, &mut scores);
        scores.iter_mut().for_each(|score| *score = self.score(*score));
        Ok(match method {
            Method::ScoreSamples => Output::Floats(scores),
            Method::DecisionFunction => Output::Floats(scores.into_iter().map(|score| self.decision(score)).collect()),
            _ => {
                Output::Ints(scores.into_iter().map(|score| if self.decision(score) < 0.0 { -1 } else { 1 }).collect())
            }
        })
    }

    /// The score of a row from the sum of its depths (`_compute_score_samples`).
    fn score(&self, depths: f64) -> f64 {
        let ratio = if self.denominator == 0.0 { 1.0 } else { depths / self.denominator };
        -(-ratio).exp2()
    }

    /// `score - offset`, and exactly 0 where they are neighbours: with `contamination` the offset is often the score
    /// of a training row, whose label must not hang on the last bit of a power.
    fn decision(&self, score: f64) -> f64 {
        let neighbours = score == self.offset.next_up() || score == self.offset.next_down();
        if neighbours { 0.0 } else { score - self.offset }
    }
}
