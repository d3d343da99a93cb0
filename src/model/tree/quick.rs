//! The smallest trees, one row at a time: sixteen trees at once, one in each lane of a vector.
//!
//! A split that sends the row to the right takes the leaves on its left out of the tree's word of 32. When every split
//! has spoken, the lowest leaf that is left is the row's (QuickScorer: Lucchese and others, SIGIR 2015). No step waits for
//! the one before, and the keys of the row stay in registers, where each lane finds that of its feature.
//!
//! Groups with a larger tree are walked. The instructions are AVX-512's. Without them, and for rows with missing values, the walk is taken, to which this is
//! tested equal; sums are in the order of the trees here as there.

use super::forest::{Forest, Word};
use super::simd::Picks;
use super::walk::Sum;
use std::ops::Range;

/// Trees in a group.
const TREES: usize = 16;

/// Leaves of the largest tree.
const LEAVES: usize = 32;

/// Features whose keys fit into registers.
pub(super) const FEATURES: usize = 32;

/// A number for each tree of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub(super) struct Lanes(pub [i32; TREES]);

/// The trees by groups, in their order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quick {
    groups: Vec<Group>,
    splits: Vec<Split>,
    /// Two columns, and each leaf is 1 in one of them and 0 in the other.
    pure: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Group {
    Lanes {
        splits: Range<usize>,
        /// The number of each tree's first leaf in the forest's payload.
        first: Vec<u32>,
        /// The leaves that are 1 in the second column, where all are pure.
        second: Lanes,
    },
    /// One of them is too large.
    Walked,
}

/// One split of each tree, or one that changes nothing.
#[derive(Debug, Clone, PartialEq)]
struct Split {
    features: Lanes,
    /// The highest bit flipped: their order is that of signed numbers.
    keys: Lanes,
    /// All leaves but those on the left.
    others: Lanes,
}

impl Quick {
    /// `None` where rows are too large, or most groups.
    pub fn new<W: Word>(
        nodes: &[W],
        roots: &[u32],
        n_features: usize,
        columns: usize,
        pure: Option<&[u8]>,
    ) -> Option<Self> {
        if n_features > FEATURES {
            return None;
        }
        let pure = pure.filter(|_| columns == 2);
        let mut quick = Quick { splits: vec![], groups: vec![], pure: pure.is_some() };
        let ends = roots.iter().skip(1).map(|root| *root as usize).chain([nodes.len()]);
        let trees: Vec<Range<usize>> = roots.iter().zip(ends).map(|(root, end)| *root as usize..end).collect();
        for trees in trees.chunks(TREES) {
            let begin = quick.splits.len();
            let group = quick.group(nodes, trees, pure).unwrap_or_else(|| {
                quick.splits.truncate(begin);
                Group::Walked
            });
            quick.groups.push(group);
        }
        let walked = quick.groups.iter().filter(|group| **group == Group::Walked).count();
        (2 * walked < quick.groups.len()).then_some(quick)
    }

    /// Adds the splits of trees that are these ranges of `nodes`. `None` where one is too large or a test is categorical.
    fn group<W: Word>(&mut self, nodes: &[W], trees: &[Range<usize>], pure: Option<&[u8]>) -> Option<Group> {
        let begin = self.splits.len();
        let (mut firsts, mut second) = (vec![], Lanes([0; TREES]));
        for (lane, tree) in trees.iter().enumerate() {
            let first = leftmost(nodes, tree.start);
            let (leaves, splits): (Vec<_>, Vec<_>) = tree.clone().partition(|at| is_leaf(nodes, *at));
            if leaves.len() > LEAVES {
                return None;
            }
            for (n, node) in splits.into_iter().map(|at| nodes[at]).enumerate() {
                if node.categorical() {
                    return None;
                }
                if begin + n == self.splits.len() {
                    self.splits.push(Split::NONE);
                }
                let [left, right] = [0, 1].map(|side| leftmost(nodes, node.left() as usize + side) - first);
                let split = &mut self.splits[begin + n];
                split.features.0[lane] = node.feature() as i32;
                split.keys.0[lane] = flipped(node.key());
                split.others.0[lane] = !((1_u32 << right) - (1 << left)) as i32;
            }
            let leaves = leaves.into_iter().map(|at| nodes[at].key());
            let ones = leaves.filter(|leaf| pure.is_some_and(|pure| pure[*leaf as usize] == 1));
            second.0[lane] = ones.fold(0, |bits, leaf| bits | 1 << (leaf - first));
            firsts.push(first);
        }
        Some(Group::Lanes { splits: begin..self.splits.len(), first: firsts, second })
    }

    /// Adds to `out`, of [`Forest::columns`] numbers, what the leaves of a row with these keys hold. `walk` does that for
    /// some of the trees.
    pub fn add<S: Sum>(
        &self,
        picks: Picks,
        forest: &Forest,
        keys: &[u32],
        out: &mut [S],
        walk: impl FnMut(Range<usize>, &mut [S]),
    ) {
        let mut flipped_keys = [0; FEATURES];
        flipped_keys.iter_mut().zip(keys).for_each(|(flipped_key, key)| *flipped_key = flipped(*key));
        match picks {
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            // SAFETY: who holds the token has found that the processor has the instructions.
            Picks::Avx512(_) => unsafe { avx512::add(self, forest, &flipped_keys, out, walk) },
        }
    }
}

impl Split {
    /// No key is above this one.
    const NONE: Split =
        Split { features: Lanes([0; TREES]), keys: Lanes([i32::MAX; TREES]), others: Lanes([-1; TREES]) };
}

/// A key in the order of signed numbers.
fn flipped(key: u32) -> i32 {
    (key ^ 1 << 31) as i32
}

fn is_leaf<W: Word>(nodes: &[W], at: usize) -> bool {
    nodes[at].left() as usize == at
}

/// The number of the first leaf below a node. Leaves are numbered from left to right.
fn leftmost<W: Word>(nodes: &[W], mut at: usize) -> u32 {
    while !is_leaf(nodes, at) {
        at = nodes[at].left() as usize;
    }
    nodes[at].key()
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::super::simd::avx512::{Leaves, Row};
    use super::*;

    #[target_feature(enable = "avx512f")]
    pub fn add<S: Sum>(
        quick: &Quick,
        forest: &Forest,
        keys: &[i32; FEATURES],
        out: &mut [S],
        mut walk: impl FnMut(Range<usize>, &mut [S]),
    ) {
        let Forest { width, columns, payload, roots, .. } = forest;
        let row = Row::new(keys);
        // Adding 1 again and again is counting, in whatever order, if it begins with nothing.
        let counted = quick.pure && out.iter().all(|sum| *sum == S::default());
        let (mut trees, mut ones) = (0, 0);
        for (tree, group) in (0..).step_by(TREES).zip(&quick.groups) {
            let Group::Lanes { splits, first, second } = group else {
                walk(tree..(tree + TREES).min(roots.len()), out);
                continue;
            };
            let leaves = arrive(&quick.splits[splits.clone()], &row);
            if counted {
                ones += leaves.count(second);
                trees += first.len() as u32;
                continue;
            }
            for (tree, (first, leaves)) in (tree..).zip(first.iter().zip(leaves.get())) {
                let number = (first + leaves.trailing_zeros()) as usize;
                if *width == 1 {
                    out[if *columns == 1 { 0 } else { tree % columns }].add(payload[number]);
                } else {
                    let values = &payload[number * width..][..*width];
                    out.iter_mut().zip(values).for_each(|(sum, value)| sum.add(*value));
                }
            }
        }
        if let (true, [first, second]) = (counted, out) {
            first.add(f64::from(trees - ones));
            second.add(f64::from(ones));
        }
    }

    /// The row's leaf in each tree of a group, and perhaps others behind it.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn arrive(splits: &[Split], row: &Row) -> Leaves {
        let mut leaves = Leaves::all();
        for split in splits {
            leaves.keep(row.above(&split.features, &split.keys), &split.others);
        }
        leaves
    }
}
