//! Minimal cost-complexity pruning (`_cost_complexity_prune` of `tree/_tree.pyx`): the weakest branch goes first.
//!
//! Sums are made and updated in scikit-learn's order, so ties fall as they do there; only the search for the weakest branch
//! is an ordered set, not a pass over all nodes.

use super::builder::{Node, Tree};
use std::collections::BTreeSet;

/// The smallest subtree whose branches all are worth more than `alpha` for each leaf.
pub fn prune(tree: Tree, alpha: f64) -> Tree {
    if alpha == 0.0 || tree.nodes.is_empty() {
        return tree;
    }
    let mut branches = Branches::new(&tree.nodes);
    while let Some((worth, node)) = branches.weakest() {
        if alpha < worth {
            break;
        }
        branches.cut(&tree.nodes, node);
    }
    branches.rebuild(&tree)
}

/// What every node is worth, as a leaf and as a branch.
struct Branches {
    parent: Vec<Option<usize>>,
    leaf: Vec<bool>,
    n_leaves: Vec<usize>,
    /// Impurity of the node, weighed by its share of the samples.
    as_leaf: Vec<f64>,
    /// The same of all leaves below it.
    as_branch: Vec<f64>,
    /// Nodes that can be cut, weakest first; of equal ones the first node.
    candidates: BTreeSet<(u64, usize)>,
}

impl Branches {
    fn new(nodes: &[Node]) -> Branches {
        let (n, total) = (nodes.len(), nodes[0].weighted_n_node_samples);
        let mut branches = Branches {
            parent: vec![None; n],
            leaf: nodes.iter().map(|node| node.left_child < 0).collect(),
            n_leaves: vec![0; n],
            as_leaf: nodes.iter().map(|node| node.weighted_n_node_samples * node.impurity / total).collect(),
            as_branch: vec![0.0; n],
            candidates: BTreeSet::new(),
        };
        for (at, node) in nodes.iter().enumerate().filter(|(_, node)| node.left_child >= 0) {
            branches.parent[node.left_child as usize] = Some(at);
            branches.parent[node.right_child as usize] = Some(at);
        }
        for leaf in (0..n).filter(|at| nodes[*at].left_child < 0) {
            branches.as_branch[leaf] = branches.as_leaf[leaf];
            let mut above = branches.parent[leaf];
            while let Some(at) = above {
                branches.as_branch[at] += branches.as_leaf[leaf];
                branches.n_leaves[at] += 1;
                above = branches.parent[at];
            }
        }
        for at in (0..n).filter(|at| nodes[*at].left_child >= 0) {
            branches.candidates.extend(branches.entry(at));
        }
        branches
    }

    /// What a branch saves for each leaf that it has more than a leaf.
    fn worth(&self, at: usize) -> f64 {
        (self.as_leaf[at] - self.as_branch[at]) / (self.n_leaves[at] as f64 - 1.0)
    }

    /// Its place among the candidates; what is no number, or infinite, is never the weakest.
    fn entry(&self, at: usize) -> Option<(u64, usize)> {
        const SIGN: u64 = 1 << 63;
        let worth = self.worth(at) + 0.0;
        let bits = worth.to_bits();
        (worth < f64::MAX).then_some((if bits & SIGN == 0 { bits | SIGN } else { !bits }, at))
    }

    fn weakest(&self) -> Option<(f64, usize)> {
        self.candidates.first().map(|(_, at)| (self.worth(*at), *at))
    }

    /// Makes a leaf of a branch.
    fn cut(&mut self, nodes: &[Node], branch: usize) {
        let mut below = vec![branch];
        while let Some(at) = below.pop() {
            if let Some(entry) = self.entry(at).filter(|_| !self.leaf[at]) {
                self.candidates.remove(&entry);
                below.extend([nodes[at].left_child as usize, nodes[at].right_child as usize]);
            }
        }
        self.leaf[branch] = true;
        let fewer = self.n_leaves[branch] - 1;
        let more = self.as_leaf[branch] - self.as_branch[branch];
        self.n_leaves[branch] = 0;
        self.as_branch[branch] = self.as_leaf[branch];
        let mut above = self.parent[branch];
        while let Some(at) = above {
            if let Some(entry) = self.entry(at) {
                self.candidates.remove(&entry);
            }
            self.n_leaves[at] -= fewer;
            self.as_branch[at] += more;
            self.candidates.extend(self.entry(at));
            above = self.parent[at];
        }
    }

    /// The tree down to its new leaves, numbered in preorder.
    fn rebuild(&self, tree: &Tree) -> Tree {
        let width = tree.values.len() / tree.nodes.len();
        let mut pruned = Tree::default();
        let mut stack = vec![(0, 0, None)];
        while let Some((at, depth, parent)) = stack.pop() {
            let id = pruned.nodes.len();
            if let Some((parent, is_left)) = parent {
                let parent: &mut Node = &mut pruned.nodes[parent];
                *(if is_left { &mut parent.left_child } else { &mut parent.right_child }) = id as i64;
            }
            let node = tree.nodes[at];
            let as_leaf = Node { left_child: -1, right_child: -1, feature: -2, threshold: -2.0, ..node };
            pruned.nodes.push(match self.leaf[at] {
                true => Node { missing_go_to_left: false, ..as_leaf },
                false => Node { feature: node.feature, threshold: node.threshold, ..as_leaf },
            });
            pruned.values.extend_from_slice(&tree.values[at * width..][..width]);
            pruned.max_depth = pruned.max_depth.max(depth);
            if !self.leaf[at] {
                stack.push((node.right_child as usize, depth + 1, Some((id, false))));
                stack.push((node.left_child as usize, depth + 1, Some((id, true))));
            }
        }
        pruned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(children: Option<(i64, i64)>, impurity: f64, weight: f64) -> Node {
        let (left_child, right_child) = children.unwrap_or((-1, -1));
        Node {
            left_child,
            right_child,
            feature: if children.is_some() { 0 } else { -2 },
            threshold: if children.is_some() { 0.5 } else { -2.0 },
            impurity,
            n_node_samples: weight as i64,
            weighted_n_node_samples: weight,
            missing_go_to_left: false,
        }
    }

    /// Worth of the inner nodes: 0.2 for the left one, 0.05 for the right one, 0.25 / 1 for the root without them.
    #[test]
    fn cuts_the_weakest_branch_first() {
        let nodes = vec![
            node(Some((1, 4)), 0.75, 8.0),
            node(Some((2, 3)), 0.4, 4.0),
            node(None, 0.0, 2.0),
            node(None, 0.0, 2.0),
            node(Some((5, 6)), 0.1, 4.0),
            node(None, 0.0, 3.0),
            node(None, 0.0, 1.0),
        ];
        let tree = Tree { values: (0..7).map(f64::from).collect(), nodes, max_depth: 2 };
        let check = |alpha: f64, values: &[f64], depth: usize| {
            let pruned = prune(tree.clone(), alpha);
            assert_eq!((&pruned.values[..], pruned.max_depth), (values, depth), "alpha {alpha}");
        };
        check(0.0, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2);
        check(0.04, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2);
        check(0.05, &[0.0, 1.0, 2.0, 3.0, 4.0], 2);
        check(0.3, &[0.0, 1.0, 4.0], 1);
        check(1.0, &[0.0], 0);
    }
}
