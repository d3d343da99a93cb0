//! Grows one tree, depth first or best first (`tree/_tree.pyx`): the order of visits decides the stream of draws.

use super::criterion::Criterion;
use super::splitter::{Split, Splitter};

/// Impurities up to this are pure (`np.finfo(double).eps`).
const EPSILON: f64 = f64::EPSILON;

/// When a node becomes a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopRules {
    pub max_depth: usize,
    pub min_samples_split: usize,
    pub min_samples_leaf: usize,
    pub min_weight_leaf: f64,
    pub min_impurity_decrease: f64,
    /// Best-first growth with that many leaves.
    pub max_leaf_nodes: Option<usize>,
}

/// One node, as scikit-learn stores it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// `-1` in a leaf.
    pub left_child: i64,
    pub right_child: i64,
    /// `-2` in a leaf.
    pub feature: i64,
    /// `-2.0` in a leaf.
    pub threshold: f64,
    pub impurity: f64,
    /// Rows, not weights.
    pub n_node_samples: i64,
    pub weighted_n_node_samples: f64,
    pub missing_go_to_left: bool,
}

/// A grown tree.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
    /// Node by node: class fractions or the mean.
    pub values: Vec<f64>,
    pub max_depth: usize,
}

/// A node that waits for its split.
#[derive(Clone, Copy)]
struct Pending {
    start: usize,
    end: usize,
    depth: usize,
    /// The parent, and whether this is its left child.
    parent: Option<(usize, bool)>,
    impurity: f64,
    n_constant: usize,
}

/// Grows the tree on all samples of `splitter`.
pub fn grow<C: Criterion>(splitter: &mut Splitter<'_, C>, rules: &StopRules) -> Tree {
    let root = Pending {
        start: 0,
        end: splitter.samples.len(),
        depth: 0,
        parent: None,
        impurity: f64::INFINITY,
        n_constant: 0,
    };
    let mut grower = Grower { splitter, rules, tree: Tree::default() };
    match rules.max_leaf_nodes {
        None => grower.depth_first(root),
        Some(leaves) => grower.best_first(root, leaves),
    }
    // Trees wait for each other; room that they grew into and do not need must not.
    grower.tree.nodes.shrink_to_fit();
    grower.tree.values.shrink_to_fit();
    grower.tree
}

struct Grower<'g, 'd, C> {
    splitter: &'g mut Splitter<'d, C>,
    rules: &'g StopRules,
    tree: Tree,
}

impl<C: Criterion> Grower<'_, '_, C> {
    /// Left subtree first, so nodes are numbered in preorder.
    fn depth_first(&mut self, root: Pending) {
        let mut stack = vec![root];
        while let Some(node) = stack.pop() {
            self.splitter.enter(node.start, node.end);
            let (id, split) = self.add(node);
            if let Some(split) = split {
                let (left, right) = children(node, id, &split, split.n_constant);
                stack.push(right);
                stack.push(left);
            }
        }
    }

    /// The frontier's best split next; ties fall as libstdc++'s heap leaves them.
    fn best_first(&mut self, root: Pending, max_leaf_nodes: usize) {
        let mut splits_left = max_leaf_nodes.saturating_sub(1);
        let mut frontier = Heap::default();
        let (id, split) = self.add(root);
        frontier.push(Candidate::new(root, id, split));
        while let Some(candidate) = frontier.pop() {
            let split = candidate.split.filter(|_| splits_left > 0);
            let Some(split) = split else {
                let node = &mut self.tree.nodes[candidate.id];
                (node.feature, node.threshold) = (-2, -2.0);
                continue;
            };
            splits_left -= 1;
            let (left, right) = children(candidate.node, candidate.id, &split, 0);
            let added = [left, right].map(|node| (node, self.add(node)));
            for (node, (id, split)) in added {
                frontier.push(Candidate::new(node, id, split));
            }
        }
    }

    /// Numbers the node and looks for its split; `None` makes it a leaf.
    fn add(&mut self, node: Pending) -> (usize, Option<Split>) {
        let Pending { start, end, depth, parent, .. } = node;
        let (n, rules) = (end - start, self.rules);
        self.splitter.criterion.init(&self.splitter.samples[start..end]);
        let weight = self.splitter.criterion.weights().node;
        // Only the root's impurity is computed from the node; the others were computed by their parent's split.
        let impurity = if parent.is_none() { self.splitter.criterion.node_impurity() } else { node.impurity };
        let small = depth >= rules.max_depth
            || n < rules.min_samples_split
            || n < 2 * rules.min_samples_leaf
            || weight < 2.0 * rules.min_weight_leaf;
        self.splitter.criterion.push_value(&mut self.tree.values);
        let split = if small || impurity <= EPSILON {
            None
        } else {
            let split = self.splitter.split(start, end, impurity, node.n_constant);
            Some(split).filter(|s| s.pos < end && s.improvement + EPSILON >= rules.min_impurity_decrease)
        };
        let id = self.tree.nodes.len();
        if let Some((parent, is_left)) = parent {
            let parent = &mut self.tree.nodes[parent];
            *(if is_left { &mut parent.left_child } else { &mut parent.right_child }) = id as i64;
        }
        self.tree.max_depth = self.tree.max_depth.max(depth);
        self.tree.nodes.push(Node {
            left_child: -1,
            right_child: -1,
            feature: split.map_or(-2, |s| s.feature as i64),
            threshold: split.map_or(-2.0, |s| s.threshold),
            impurity,
            n_node_samples: n as i64,
            weighted_n_node_samples: weight,
            missing_go_to_left: split.is_some_and(|s| s.missing_left),
        });
        (id, split)
    }
}

fn children(node: Pending, id: usize, split: &Split, n_constant: usize) -> (Pending, Pending) {
    let child = |start, end, is_left, impurity| Pending {
        start,
        end,
        depth: node.depth + 1,
        parent: Some((id, is_left)),
        impurity,
        n_constant,
    };
    (child(node.start, split.pos, true, split.impurities.0), child(split.pos, node.end, false, split.impurities.1))
}

/// A numbered node on the frontier of best-first growth.
#[derive(Clone, Copy)]
struct Candidate {
    improvement: f64,
    node: Pending,
    id: usize,
    split: Option<Split>,
}

impl Candidate {
    fn new(node: Pending, id: usize, split: Option<Split>) -> Self {
        Candidate { improvement: split.map_or(0.0, |s| s.improvement), node, id, split }
    }
}

/// C++'s `push_heap` and `pop_heap` as libstdc++ has them: which of equal candidates comes first is part of the tree.
#[derive(Default)]
struct Heap(Vec<Candidate>);

impl Heap {
    fn push(&mut self, candidate: Candidate) {
        self.0.push(candidate);
        let hole = self.0.len() - 1;
        self.rise(hole, candidate);
    }

    fn rise(&mut self, mut hole: usize, candidate: Candidate) {
        while hole > 0 {
            let parent = (hole - 1) / 2;
            if self.0[parent].improvement >= candidate.improvement {
                break;
            }
            self.0[hole] = self.0[parent];
            hole = parent;
        }
        self.0[hole] = candidate;
    }

    fn pop(&mut self) -> Option<Candidate> {
        let last = self.0.pop()?;
        let Some(&top) = self.0.first() else { return Some(last) };
        let n = self.0.len();
        let (mut hole, mut child) = (0, 0);
        while child < (n - 1) / 2 {
            child = 2 * (child + 1);
            if self.0[child].improvement < self.0[child - 1].improvement {
                child -= 1;
            }
            self.0[hole] = self.0[child];
            hole = child;
        }
        if n.is_multiple_of(2) && child == (n - 2) / 2 {
            child = 2 * (child + 1);
            self.0[hole] = self.0[child - 1];
            hole = child - 1;
        }
        self.rise(hole, last);
        Some(top)
    }
}
