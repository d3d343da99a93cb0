//! `BisectingKMeans`: down a tree of pairs of centers.

use super::{InputError, KMeans, Method, Output};
use ndarray::ArrayView2;

/// Clusters that were split in two again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct BisectingKMeans {
    /// Of the leaves: what distances are measured from.
    pub centers: KMeans,
    /// The root first; children stand behind their parents.
    pub nodes: Vec<Node>,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// It was not split, and is this label.
    Leaf(i64),
    /// Two centers, and the nodes that they lead to.
    Split { pair: KMeans, children: [usize; 2] },
}

impl BisectingKMeans {
    pub fn methods(&self) -> Vec<Method> {
        self.centers.methods()
    }

    pub fn n_features(&self) -> usize {
        self.centers.n_features()
    }

    /// `sklearn.cluster.BisectingKMeans`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        if method == Method::Transform {
            return self.centers.call(method, x);
        }
        self.centers.policy.check(x)?;
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.n_features());
        Ok(Output::Ints(rows.map(|row| self.label(row)).collect()))
    }

    /// `_predict_recursive` of one row.
    fn label(&self, row: &[f64]) -> i64 {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Leaf(label) => return *label,
                Node::Split { pair, children } => at = children[pair.nearest(row) as usize],
            }
        }
    }
}
