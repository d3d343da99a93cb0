//! `RandomTreesEmbedding`: which leaf of each tree a row comes to, as zeros and ones.

use super::tree::{AsFloat32, Forest};
use super::{InputError, InputPolicy};
use ndarray::Array2;

/// A forest of leaves that are columns. scikit-learn gives a sparse matrix; here it is a dense one.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    pub(crate) policy: InputPolicy,
    /// A leaf holds the number of its column; a column of the forest's answer for each tree.
    pub(crate) forest: Forest,
    /// Above each of these numbers.
    pub(crate) n_leaves: usize,
}

impl Embedding {
    pub fn n_features_in(&self) -> usize {
        self.forest.n_features()
    }

    pub fn n_features_out(&self) -> usize {
        self.n_leaves
    }

    /// `RandomTreesEmbedding.transform`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let mut leaves = vec![0.0; x.nrows() * self.forest.columns()];
        self.forest.add(x.view(), &AsFloat32, &mut leaves);
        let mut out = Array2::zeros((x.nrows(), self.n_leaves));
        for (mut row, leaves) in out.rows_mut().into_iter().zip(leaves.chunks_exact(self.forest.columns())) {
            leaves.iter().for_each(|leaf| row[*leaf as usize] = 1.0);
        }
        Ok(out)
    }
}
