//! How well a forest predicts each row by the trees that did not see it (`_compute_oob_predictions`).

use super::ensemble::{Draws, in_parallel, tree_seeds};
use super::{Bootstrap, Columns, ForestParams, Target, Tree};

/// scikit-learn's `oob_score_`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OobScore {
    /// Accuracy of a classifier, R² of a regressor.
    pub score: f64,
    /// Rows that every tree saw.
    pub rows_without: usize,
}

/// Scores `trees`, which were grown with just these arguments by [`super::forest`].
pub fn oob_score(
    columns: &Columns<'_>,
    target: Target<'_>,
    weights: Option<&[f64]>,
    params: &ForestParams,
    trees: &[Tree],
) -> OobScore {
    let (Bootstrap::Rows { n } | Bootstrap::BalancedRows { n }) = params.bootstrap else {
        return OobScore { score: f64::NAN, rows_without: columns.rows() };
    };
    let (draws, seeds) = (Draws::new(columns, weights), tree_seeds(params));
    let width = match target {
        Target::Classes { n_classes, .. } => n_classes,
        Target::Numbers { .. } => 1,
    };
    let n_rows = columns.rows();
    let (mut sums, mut votes) = (vec![0.0; n_rows * width], vec![0u32; n_rows]);
    // As many trees at a time as there are threads; added up in their order.
    for from in (0..trees.len()).step_by(params.threads.max(1)) {
        let group = &trees[from..trees.len().min(from + params.threads.max(1))];
        let unseen = in_parallel(params.threads, group.len(), |i| {
            let counts = draws.counts(seeds[from + i], n);
            let rows = (0..n_rows as u32).filter(|row| counts[*row as usize] == 0.0);
            rows.map(|row| (row, leaf(&group[i], columns, row as usize) as u32)).collect::<Vec<_>>()
        });
        for (tree, leaves) in group.iter().zip(unseen) {
            for (row, leaf) in leaves {
                let value = &tree.values[leaf as usize * width..][..width];
                sums[row as usize * width..][..width].iter_mut().zip(value).for_each(|(sum, v)| *sum += v);
                votes[row as usize] += 1;
            }
        }
    }
    let rows_without = votes.iter().filter(|votes| **votes == 0).count();
    for (sums, votes) in sums.chunks_exact_mut(width).zip(&votes) {
        sums.iter_mut().for_each(|sum| *sum /= f64::from((*votes).max(1)));
    }
    OobScore { score: score(target, &sums, width), rows_without }
}

fn score(target: Target<'_>, predictions: &[f64], width: usize) -> f64 {
    match target {
        Target::Classes { y, .. } => {
            let right =
                predictions.chunks_exact(width).zip(y).filter(|(p, y)| first_largest(p) == **y as usize).count();
            right as f64 / y.len() as f64
        }
        Target::Numbers { y, .. } => {
            let mean = super::pairwise_sum(y) / y.len() as f64;
            let squares = |pairs: &dyn Fn(usize) -> f64| (0..y.len()).map(|i| (y[i] - pairs(i)).powi(2)).sum::<f64>();
            1.0 - squares(&|i| predictions[i]) / squares(&|_| mean)
        }
    }
}

/// `np.argmax`.
fn first_largest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

/// The leaf in which a training row ends.
fn leaf(tree: &Tree, columns: &Columns<'_>, row: usize) -> usize {
    let mut at = 0;
    loop {
        let node = &tree.nodes[at];
        let Ok(feature) = usize::try_from(node.feature) else { return at };
        let x = columns.values[feature][row];
        let left = if x.is_nan() { node.missing_go_to_left } else { f64::from(x) <= node.threshold };
        at = (if left { node.left_child } else { node.right_child }) as usize;
    }
}
