//! The smallest trees, one row at a time: sixteen trees at once, one in each lane of a vector.
//!
//! A split that sends the row to the right takes the leaves on its left out of the tree's word of 32. When every split
//! has spoken, the lowest leaf that is left is the row's (QuickScorer: Lucchese and others, SIGIR 2015). No step waits for
//! the one before, and the keys of the row stay in registers, where each lane finds that of its feature.
//!
//! The instructions are AVX-512's. Without them, and for rows with missing values, the walk is taken, to which this is
//! tested equal; sums are in the order of the trees here as there.

use super::forest::{Forest, Word};
use super::simd::Picks;
use super::walk::Sum;
use std::ops::Range;

/// Trees in a group.
const TREES: usize = 16;

/// Leaves of the largest tree.
const LEAVES: u32 = 32;

/// Features whose keys fit into registers.
pub(super) const FEATURES: usize = 32;

/// A number for each tree of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub(super) struct Lanes(pub [i32; TREES]);

/// The trees by groups.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quick {
    splits: Vec<Split>,
    groups: Vec<Group>,
    /// Two columns, and each leaf is 1 in one of them and 0 in the other.
    pure: bool,
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

#[derive(Debug, Clone, PartialEq)]
struct Group {
    splits: Range<usize>,
    /// The number of each tree's first leaf in the forest's payload.
    first: Vec<u32>,
    /// The leaves that are 1 in the second column, where all are pure.
    second: Lanes,
}

impl Quick {
    /// `None` where trees or rows are too large, or tests are categorical.
    pub fn new<W: Word>(
        nodes: &[W],
        roots: &[u32],
        n_features: usize,
        columns: usize,
        pure: Option<&[u8]>,
    ) -> Option<Self> {
        let pure = pure.filter(|_| columns == 2);
        let mut quick = Quick { splits: vec![], groups: vec![], pure: pure.is_some() };
        let ends = roots.iter().skip(1).map(|root| *root as usize).chain([nodes.len()]);
        let ranges: Vec<Range<usize>> = roots.iter().zip(ends).map(|(root, end)| *root as usize..end).collect();
        if n_features > FEATURES {
            return None;
        }
        for trees in ranges.chunks(TREES) {
            let begin = quick.splits.len();
            let mut group = Group { splits: begin..begin, first: vec![], second: Lanes([0; TREES]) };
            for (lane, tree) in trees.iter().enumerate() {
                let first = leftmost(nodes, tree.start);
                let splits = tree.clone().filter(|at| !is_leaf(nodes, *at));
                for (n, at) in splits.enumerate() {
                    let node = nodes[at];
                    let [left, right] = [0, 1].map(|side| leftmost(nodes, node.left() as usize + side) - first);
                    if node.categorical() || right >= LEAVES {
                        return None;
                    }
                    if begin + n == quick.splits.len() {
                        quick.splits.push(Split::NONE);
                    }
                    let split = &mut quick.splits[begin + n];
                    split.features.0[lane] = node.feature() as i32;
                    split.keys.0[lane] = flipped(node.key());
                    split.others.0[lane] = !((1_u32 << right) - (1 << left)) as i32;
                }
                let leaves = tree.clone().filter(|at| is_leaf(nodes, *at)).map(|at| nodes[at].key());
                let second = leaves.filter(|leaf| pure.is_some_and(|pure| pure[*leaf as usize] == 1));
                group.second.0[lane] = second.fold(0, |bits, leaf| bits | 1 << (leaf - first));
                group.first.push(first);
            }
            group.splits.end = quick.splits.len();
            quick.groups.push(group);
        }
        Some(quick)
    }

    /// Adds to `out`, of [`Forest::columns`] numbers, what the leaves of a row with these keys hold.
    pub fn add<S: Sum>(&self, picks: Picks, forest: &Forest, keys: &[u32], out: &mut [S]) {
        let mut flipped_keys = [0; FEATURES];
        flipped_keys.iter_mut().zip(keys).for_each(|(flipped_key, key)| *flipped_key = flipped(*key));
        match picks {
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            // SAFETY: who holds the token has found that the processor has the instructions.
            Picks::Avx512(_) => unsafe { avx512::add(self, forest, &flipped_keys, out) },
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
    pub fn add<S: Sum>(quick: &Quick, forest: &Forest, keys: &[i32; FEATURES], out: &mut [S]) {
        let row = Row::new(keys);
        // Adding 1 again and again is counting, if it begins with nothing.
        if let (true, [first, second]) = (quick.pure, &mut *out)
            && [*first, *second] == [S::default(); 2]
        {
            let counts = quick.groups.iter().map(|group| arrive(quick, group, &row).count(&group.second));
            let count = counts.sum::<u32>();
            first.add(f64::from(forest.roots.len() as u32 - count));
            second.add(f64::from(count));
            return;
        }
        let Forest { width, columns, payload, .. } = forest;
        let mut tree = 0;
        for group in &quick.groups {
            let leaves = arrive(quick, group, &row).get();
            for (first, leaves) in group.first.iter().zip(leaves) {
                let number = (first + leaves.trailing_zeros()) as usize;
                if *width == 1 {
                    out[if *columns == 1 { 0 } else { tree % columns }].add(payload[number]);
                } else {
                    let values = &payload[number * width..][..*width];
                    out.iter_mut().zip(values).for_each(|(sum, value)| sum.add(*value));
                }
                tree += 1;
            }
        }
    }

    /// The row's leaf in each tree of a group, and perhaps others behind it.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn arrive(quick: &Quick, group: &Group, row: &Row) -> Leaves {
        let mut leaves = Leaves::all();
        for split in &quick.splits[group.splits.clone()] {
            leaves.keep(row.above(&split.features, &split.keys), &split.others);
        }
        leaves
    }
}
