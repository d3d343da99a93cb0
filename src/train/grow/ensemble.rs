//! Forests and isolation forests (`ensemble/_forest.py`, `_bagging.py`, `_iforest.py`): who draws what from which
//! stream. Trees are independent once their seeds are drawn, so threads change nothing but the time.

use super::random::{RandomState, pairwise_sum, sample_without_replacement};
use super::{Columns, Loss, Strategy, Target, Tree, TreeParams, tree};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a forest weighs the rows of each tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bootstrap {
    /// All rows with their weights (`bootstrap=False`).
    Off,
    /// `n` rows drawn with replacement; row weights, if any, are the odds of being drawn (scikit-learn 1.9).
    Rows { n: usize },
    /// As `Rows`, and each tree balances the classes it drew (`class_weight="balanced_subsample"`).
    BalancedRows { n: usize },
}

/// A forest on resolved parameters.
#[derive(Debug, Clone, Copy)]
pub struct ForestParams {
    pub tree: TreeParams,
    pub n_estimators: usize,
    pub random_state: u32,
    pub bootstrap: Bootstrap,
    pub threads: usize,
}

/// `RandomForest*` and `ExtraTrees*`. `weights` is `None` where every row weighs the same.
pub fn forest(columns: &Columns<'_>, target: Target<'_>, weights: Option<&[f64]>, params: &ForestParams) -> Vec<Tree> {
    let seeds = tree_seeds(params);
    let draws = Draws::new(columns, weights);
    in_parallel(params.threads, seeds.len(), |i| {
        let tree_weights = match params.bootstrap {
            Bootstrap::Off => weights.map_or_else(|| vec![1.0; draws.n_rows], <[f64]>::to_vec),
            Bootstrap::Rows { n } => draws.counts(seeds[i], n),
            Bootstrap::BalancedRows { n } => balanced(draws.counts(seeds[i], n), target, n),
        };
        tree(columns, target, tree_weights, &params.tree, seeds[i])
    })
}

/// The seed of each tree, which scikit-learn keeps as its `random_state`.
pub fn tree_seeds(params: &ForestParams) -> Vec<u32> {
    let mut stream = RandomState::new(params.random_state);
    (0..params.n_estimators).map(|_| stream.seed()).collect()
}

/// Bootstrap samples: every row as likely as the other, or by its weight.
pub(super) struct Draws {
    n_rows: usize,
    odds: Option<Vec<f64>>,
}

impl Draws {
    pub fn new(columns: &Columns<'_>, weights: Option<&[f64]>) -> Draws {
        let odds = weights.map(|w| {
            let sum = pairwise_sum(w);
            w.iter().map(|w| w / sum).collect()
        });
        Draws { n_rows: columns.rows(), odds }
    }

    /// How often each row is among the `n` that the tree of `seed` draws.
    pub fn counts(&self, seed: u32, n: usize) -> Vec<f64> {
        let mut stream = RandomState::new(seed);
        let mut counts = vec![0.0; self.n_rows];
        match &self.odds {
            Some(odds) => {
                stream.choice_with_replacement(odds, n).iter().for_each(|row| counts[*row as usize] += 1.0);
            }
            None => (0..n).for_each(|_| counts[stream.below(self.n_rows as u32) as usize] += 1.0),
        }
        counts
    }
}

/// `randint(0, n_rows)`, `n` times.
fn draw_rows(rs: &mut RandomState, n_rows: usize, n: usize) -> Vec<u32> {
    (0..n).map(|_| rs.below(n_rows as u32)).collect()
}

/// `count * n / (classes * count of its class)`: `compute_sample_weight("balanced", y, indices=...)`.
fn balanced(mut weights: Vec<f64>, target: Target<'_>, n: usize) -> Vec<f64> {
    let Target::Classes { y, n_classes, .. } = target else { return weights };
    let mut drawn = vec![0.0; n_classes];
    for (w, class) in weights.iter().zip(y) {
        drawn[*class as usize] += w;
    }
    for (w, class) in weights.iter_mut().zip(y) {
        if *w != 0.0 {
            *w *= n as f64 / (n_classes as f64 * drawn[*class as usize]);
        }
    }
    weights
}

/// An isolation forest on resolved parameters.
#[derive(Debug, Clone, Copy)]
pub struct IsolationParams {
    pub n_estimators: usize,
    /// Rows for each tree.
    pub max_samples: usize,
    /// Features for each tree.
    pub max_features: usize,
    pub bootstrap: bool,
    pub random_state: u32,
    pub threads: usize,
}

impl IsolationParams {
    /// Deeper than an average tree on such a sample, nothing is told apart any more.
    pub fn max_depth(&self) -> usize {
        (self.max_samples.max(2) as f64).log2().ceil() as usize
    }
}

/// A tree with the features it was grown on; its own feature numbers are positions among them.
#[derive(Debug, Clone, PartialEq)]
pub struct BaggedTree {
    pub tree: Tree,
    pub features: Vec<u32>,
    /// The seed it was grown from, kept in the model as `random_state`.
    pub random_state: u32,
}

/// `IsolationForest`: extremely random trees on small samples, with a random target.
pub fn isolation_forest(columns: &Columns<'_>, params: &IsolationParams) -> Vec<BaggedTree> {
    let (n_rows, n_features) = (columns.rows(), columns.values.len());
    let mut stream = RandomState::new(params.random_state);
    let y: Vec<f64> = (0..n_rows).map(|_| stream.double()).collect();
    // A second stream from the same seed, not the rest of the first.
    let mut stream = RandomState::new(params.random_state);
    let seeds: Vec<u32> = (0..params.n_estimators).map(|_| stream.seed()).collect();
    let tree_params = TreeParams {
        strategy: Strategy::Random,
        max_depth: params.max_depth(),
        min_samples_split: 2,
        min_samples_leaf: 1,
        min_weight_fraction_leaf: 0.0,
        max_features: 1,
        max_leaf_nodes: None,
        min_impurity_decrease: 0.0,
        ccp_alpha: 0.0,
    };
    in_parallel(params.threads, seeds.len(), |i| {
        let random_state = RandomState::new(seeds[i]).seed();
        let mut stream = RandomState::new(seeds[i]);
        let features = sample_without_replacement(&mut stream, n_features, params.max_features);
        let rows = if params.bootstrap {
            draw_rows(&mut stream, n_rows, params.max_samples)
        } else {
            sample_without_replacement(&mut stream, n_rows, params.max_samples)
        };
        // The tree sees the rows it drew, in row order, each weighing as often as it was drawn.
        let mut rows = rows;
        rows.sort_unstable();
        let weights: Vec<f64> = rows.chunk_by(|a, b| a == b).map(|same| same.len() as f64).collect();
        rows.dedup();
        let drawn = |column: &[f32]| rows.iter().map(|row| column[*row as usize]).collect();
        let sample: Vec<Vec<f32>> = features.iter().map(|f| drawn(&columns.values[*f as usize])).collect();
        let y: Vec<f64> = rows.iter().map(|row| y[*row as usize]).collect();
        let target = Target::Numbers { y: &y, loss: Loss::SquaredError };
        let tree = tree(&Columns::new(&sample), target, weights, &tree_params, random_state);
        BaggedTree { tree, features, random_state }
    })
}

/// Runs `job(0..n)` on `threads` threads; results in order.
pub(in crate::train) fn in_parallel<T: Send>(threads: usize, n: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(n));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, n.max(1)) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= n {
                        return;
                    }
                    let result = job(i);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((i, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}
