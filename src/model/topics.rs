//! `LatentDirichletAllocation`: how much of each topic is in a row of counts.

use super::tree::rows_of;
use super::{InputError, InputPolicy};
use ndarray::{Array2, ArrayView1};

/// Topics over words.
#[derive(Debug, Clone, PartialEq)]
pub struct Topics {
    pub policy: InputPolicy,
    /// `exp_dirichlet_component_`, shape (topics, words).
    pub words: Array2<f64>,
    /// `doc_topic_prior_`.
    pub prior: f64,
    /// `max_doc_update_iter`.
    pub most_rounds: usize,
    /// `mean_change_tol`.
    pub tolerance: f64,
}

impl Topics {
    /// `LatentDirichletAllocation.transform`.
    ///
    /// # Errors
    /// When a value is NaN, infinite or negative.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        if let Some(((row, column), _)) = x.indexed_iter().find(|(_, value)| **value < 0.0) {
            let message = "Negative values in data passed to LatentDirichletAllocation.transform.".to_owned();
            return Err(InputError::Refused { row, column, message });
        }
        let shares = x.rows().into_iter().flat_map(|row| self.shares(row)).collect();
        Ok(rows_of(shares, self.words.nrows()))
    }

    /// `_update_doc_distribution` of one row, and its sum made one.
    fn shares(&self, row: ArrayView1<'_, f64>) -> Vec<f64> {
        let n_topics = self.words.nrows();
        let counted: Vec<(usize, f64)> = row.iter().copied().enumerate().filter(|(_, count)| *count != 0.0).collect();
        let words: Vec<Vec<f64>> = counted.iter().map(|(word, _)| self.words.column(*word).to_vec()).collect();
        let mut shares = vec![1.0; n_topics];
        let mut expected = vec![(digamma(1.0) - digamma(n_topics as f64)).exp(); n_topics];
        for _ in 0..self.most_rounds {
            let mut next = vec![0.0; n_topics];
            for ((_, count), topics) in counted.iter().zip(&words) {
                let norm = expected.iter().zip(topics).map(|(e, topic)| e * topic).sum::<f64>() + f64::EPSILON;
                next.iter_mut().zip(topics).for_each(|(sum, topic)| *sum += count / norm * topic);
            }
            next.iter_mut().zip(&expected).for_each(|(share, e)| *share = *share * e + self.prior);
            let whole = digamma(next.iter().sum());
            expected.iter_mut().zip(&next).for_each(|(e, share)| *e = (digamma(*share) - whole).exp());
            let change = next.iter().zip(&shares).map(|(new, old)| (old - new).abs()).sum::<f64>() / n_topics as f64;
            shares = next;
            if change < self.tolerance {
                break;
            }
        }
        let whole: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / whole).collect()
    }
}

/// `psi` of `_online_lda_fast.pyx`, which is made for speed: as exact as that one, not more.
fn digamma(mut x: f64) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    if x <= 1e-6 {
        return -EULER - 1.0 / x;
    }
    let mut result = 0.0;
    while x < 6.0 {
        result -= 1.0 / x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    result + (x.ln() - 0.5 * inverse) - square * ((1.0 / 12.0) - square * ((1.0 / 120.0) - square * (1.0 / 252.0)))
}
