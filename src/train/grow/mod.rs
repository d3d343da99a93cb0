//! Trees equal to scikit-learn 1.9.1's: same data, parameters and integer `random_state` give the same nodes, bit for
//! bit, whatever the number of threads.
//!
//! Dense input, one output. Knows nothing of tables, bundles or files.

mod absolute;
mod best;
mod builder;
mod columns;
mod criterion;
mod ensemble;
mod extreme;
mod median;
mod oob;
mod poisson;
mod prune;
mod random;
mod sort;
mod splitter;
mod view;

pub use builder::{Node, Tree};
pub use columns::Columns;
pub use criterion::ClassImpurity;
pub(super) use ensemble::in_parallel;
pub use ensemble::{BaggedTree, Bootstrap, ForestParams, IsolationParams, forest, isolation_forest, tree_seeds};
pub use oob::{OobScore, oob_score};
pub use random::{RandomState, Xorshift, pairwise_sum};
pub use splitter::Strategy;

use absolute::AbsoluteError;
use builder::StopRules;
use criterion::{ClassCounts, SquaredError, sums_are_exact};
use poisson::Poisson;
use splitter::{SplitLimits, Splitter};

/// What the tree predicts.
#[derive(Debug, Clone, Copy)]
pub enum Target<'d> {
    /// Class of each row, from 0.
    Classes {
        y: &'d [u32],
        n_classes: usize,
        impurity: ClassImpurity,
    },
    Numbers {
        y: &'d [f64],
        loss: Loss,
    },
}

/// How a regressor measures impurity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    SquaredError,
    AbsoluteError,
    /// Of targets of at least 0.
    Poisson,
}

/// Parameters of one tree, already resolved against the data (`max_features` a count, fractions made numbers).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeParams {
    pub strategy: Strategy,
    pub max_depth: usize,
    pub min_samples_split: usize,
    pub min_samples_leaf: usize,
    /// Of the total weight; 0 to 0.5.
    pub min_weight_fraction_leaf: f64,
    pub max_features: usize,
    pub max_leaf_nodes: Option<usize>,
    pub min_impurity_decrease: f64,
    /// What a branch must save for each of its leaves, or it is pruned.
    pub ccp_alpha: f64,
}

/// Grows one tree with the stream of `random_state` on rows of weight above 0.
///
/// `weights` has one value a row; without weights they are all 1. They are gone when the tree grows.
pub fn tree(
    columns: &Columns<'_>,
    target: Target<'_>,
    weights: Vec<f64>,
    params: &TreeParams,
    random_state: u32,
) -> Tree {
    let samples: Vec<u32> = (0..weights.len() as u32).filter(|&i| weights[i as usize] != 0.0).collect();
    let total = weights.iter().sum();
    let exact = sums_are_exact(target, weights.iter().all(|w| w.fract() == 0.0), total);
    let total = (total, exact);
    let min_weight_leaf = params.min_weight_fraction_leaf * pairwise_sum(&weights);
    let limits =
        SplitLimits { max_features: params.max_features, min_samples_leaf: params.min_samples_leaf, min_weight_leaf };
    let rules = StopRules {
        max_depth: params.max_depth,
        min_samples_split: params.min_samples_split.max(2 * params.min_samples_leaf),
        min_samples_leaf: params.min_samples_leaf,
        min_weight_leaf,
        min_impurity_decrease: params.min_impurity_decrease,
        max_leaf_nodes: params.max_leaf_nodes,
    };
    let rng = Xorshift::new(RandomState::new(random_state).seed());
    let search = (params.strategy, limits);
    let grown = match target {
        Target::Classes { y, n_classes, impurity } => {
            let criterion = ClassCounts::new(impurity, &weights, y, n_classes);
            drop(weights);
            builder::grow(&mut Splitter::new(criterion, samples, columns, search, total, rng), &rules)
        }
        Target::Numbers { y, loss: Loss::SquaredError } => {
            let criterion = SquaredError::new(&weights, y);
            drop(weights);
            builder::grow(&mut Splitter::new(criterion, samples, columns, search, total, rng), &rules)
        }
        Target::Numbers { y, loss: Loss::AbsoluteError } => {
            let criterion = AbsoluteError::new(&weights, y);
            drop(weights);
            builder::grow(&mut Splitter::new(criterion, samples, columns, search, total, rng), &rules)
        }
        Target::Numbers { y, loss: Loss::Poisson } => {
            let criterion = Poisson::new(&weights, y);
            drop(weights);
            builder::grow(&mut Splitter::new(criterion, samples, columns, search, total, rng), &rules)
        }
    };
    prune::prune(grown, params.ccp_alpha)
}
