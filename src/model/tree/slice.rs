//! Small trees, 64 rows at a time: a bit for each row in place of a position.
//!
//! A split compares the keys of 64 rows with its threshold at once and divides the rows that came to it, a word of 64
//! bits, among its children. Every split of the tree is computed, also for rows that never come there, so this pays
//! for small trees; in return there is no branch and no chain of loads. Where all leaves of a
//! forest are pure, as those of a classifier grown to the end, the rows of each class are counted bit by bit, too.
//!
//! The instructions for it are in `simd`, chosen when the program runs. Without them, and for rows with missing values,
//! the walk is taken, to which this is tested equal; the sums are in the order of the trees here as there.

use super::forest::{Forest, Word};
use super::simd::{self, Isa};
use super::walk::Sum;
use std::collections::VecDeque;
use std::ops::Range;

/// Rows in a group, one for each bit of a word.
pub(super) const ROWS: usize = 64;

/// Leaves of the largest tree that is computed so.
const MAX_LEAVES: usize = 256;

/// Splits of a tree, on average over the trees, beyond which 64 rows are walked sooner.
const MAX_SPLITS: usize = 200;

/// Trees that can be counted.
const PLANES: usize = 16;

/// The keys of one feature in 64 rows, the highest bit flipped: their order is that of signed numbers.
pub(super) type Column = [[i32; 16]; ROWS / 16];

/// The splits of all trees in the order in which they are computed, and their leaves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sliced {
    splits: Vec<Split>,
    trees: Vec<Tree>,
    /// Where each leaf is 1 in one column and 0 in all others: that column.
    pure: Option<Vec<u8>>,
}

/// Rows that it is given go to the slots `left` and `right` of the tree; the n-th split finds its rows in slot n.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Split {
    key: i32,
    feature: u16,
    left: u16,
    right: u16,
}

#[derive(Debug, Clone, PartialEq)]
struct Tree {
    splits: Range<usize>,
    /// Numbers of its leaves in the forest's payload. The n-th finds its rows in slot `MAX_LEAVES + n`.
    leaves: Range<usize>,
}

/// Rows at each split and leaf of a tree.
type Slots = [u64; 2 * MAX_LEAVES];

/// A key as [`Column`] holds it.
fn flipped(key: u32) -> i32 {
    (key ^ 1 << 31) as i32
}

impl Sliced {
    /// `None` where trees are too large or have categorical tests.
    pub fn new<W: Word>(nodes: &[W], roots: &[u32], payload: &[f64], width: usize) -> Option<Self> {
        let mut sliced = Sliced { splits: vec![], trees: vec![], pure: None };
        let ends = roots.iter().skip(1).map(|root| *root as usize).chain([nodes.len()]);
        let mut leaves = 0;
        for (root, end) in roots.iter().zip(ends) {
            let tree = nodes.get(*root as usize..end)?;
            sliced.push(*root, tree, &mut leaves)?;
        }
        if sliced.splits.len() > MAX_SPLITS * roots.len() {
            return None;
        }
        sliced.pure = pure(payload, width).filter(|_| roots.len() >> PLANES == 0);
        Some(sliced)
    }

    /// The column in which each leaf is 1, where it is 0 in all others.
    pub fn pure(&self) -> Option<&[u8]> {
        self.pure.as_deref()
    }

    /// Fewer rows are walked: computing all splits costs as much for them as for 64, which is as much as walking half as
    /// many rows as a tree has splits.
    pub fn min_rows(&self) -> usize {
        (self.splits.len() / self.trees.len() / 2 + 2).clamp(8, 40)
    }

    /// Adds a tree level by level: a split whose rows were only just found would wait for them.
    fn push<W: Word>(&mut self, root: u32, nodes: &[W], leaves: &mut usize) -> Option<()> {
        let (first_split, first_leaf) = (self.splits.len(), *leaves);
        let mut next_split = 0;
        let mut open = VecDeque::new();
        let mut slot = |at: u32, open: &mut VecDeque<W>| {
            let node = nodes[(at - root) as usize];
            if node.left() == at {
                // Leaves are numbered in the order in which the builder came to them.
                *leaves = (*leaves).max(node.key() as usize + 1);
                let ordinal = (node.key() as usize - first_leaf).min(MAX_LEAVES);
                return MAX_LEAVES + ordinal;
            }
            open.push_back(node);
            next_split += 1;
            next_split - 1
        };
        slot(root, &mut open);
        while let Some(node) = open.pop_front() {
            let [left, right] = [node.left(), node.left() + 1].map(|child| slot(child, &mut open));
            if node.categorical() || left.max(right) == 2 * MAX_LEAVES {
                return None;
            }
            let (left, right) = (left as u16, right as u16);
            self.splits.push(Split { key: flipped(node.key()), feature: node.feature() as u16, left, right });
        }
        self.trees.push(Tree { splits: first_split..self.splits.len(), leaves: first_leaf..*leaves });
        Some(())
    }
}

/// The column in which each leaf is 1, if it is 0 in all others.
fn pure(payload: &[f64], width: usize) -> Option<Vec<u8>> {
    let class = |leaf: &[f64]| {
        let one = leaf.iter().position(|value| *value == 1.0)?;
        let zeros = leaf.iter().filter(|value| **value == 0.0).count();
        (zeros + 1 == width).then_some(u8::try_from(one).ok()?)
    };
    if width > 1 { payload.chunks_exact(width).map(class).collect() } else { None }
}

/// The keys of up to 64 rows by feature.
pub(super) struct Block {
    columns: Vec<Column>,
    rows: usize,
}

impl Block {
    pub fn new(n_features: usize) -> Self {
        Block { columns: vec![[[0; 16]; ROWS / 16]; n_features], rows: 0 }
    }

    /// Takes the keys of rows, each of `stride` keys.
    pub fn fill(&mut self, keys: &[u32], stride: usize) {
        self.rows = keys.len() / stride;
        for (row, keys) in keys.chunks_exact(stride).take(ROWS).enumerate() {
            for (column, key) in self.columns.iter_mut().zip(keys) {
                column[row / 16][row % 16] = flipped(*key);
            }
        }
    }

    /// A bit for each row.
    fn all(&self) -> u64 {
        u64::MAX >> (ROWS - self.rows)
    }
}

/// Adds to each row of `out`, shape (rows of the block, [`Forest::columns`]), what its leaves hold.
pub(super) fn add<S: Sum>(isa: Isa, forest: &Forest, sliced: &Sliced, block: &Block, out: &mut [S]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        // SAFETY: who holds the token has found that the processor has the instructions.
        Isa::Avx512(_) => unsafe { avx512::add(forest, sliced, block, out) },
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        // SAFETY: as above.
        Isa::Avx2(_) => unsafe { avx2::add(forest, sliced, block, out) },
    }
}

/// The same code for one set of instructions.
macro_rules! kernel {
    ($isa:ident, $features:literal) => {
        #[cfg(target_arch = "x86_64")]
        mod $isa {
            use super::simd::$isa::{Ordinals, at_most};
            use super::*;

            #[target_feature(enable = $features)]
            pub fn add<S: Sum>(forest: &Forest, sliced: &Sliced, block: &Block, out: &mut [S]) {
                match &sliced.pure {
                    // Adding 1 again and again is counting, if it begins with nothing.
                    Some(pure) if out.iter().all(|sum| *sum == S::default()) => {
                        count(sliced, pure, block, forest.columns, out);
                    }
                    _ => sum(forest, sliced, block, out),
                }
            }

            /// Adds tree by tree.
            #[target_feature(enable = $features)]
            fn sum(forest: &Forest, sliced: &Sliced, block: &Block, out: &mut [impl Sum]) {
                let Forest { width, columns, .. } = *forest;
                let mut slots = [0; 2 * MAX_LEAVES];
                for (number, tree) in sliced.trees.iter().enumerate() {
                    divide(tree, sliced, block, &mut slots);
                    let mut ordinals = Ordinals::new();
                    for (ordinal, rows) in slots[MAX_LEAVES..][..tree.leaves.len()].iter().enumerate() {
                        ordinals.set(*rows, ordinal as u8);
                    }
                    let values = &forest.payload[tree.leaves.start * width..tree.leaves.end * width];
                    let leaves = ordinals.get().map(usize::from);
                    if columns == 1 {
                        out.iter_mut().zip(leaves).for_each(|(sum, leaf)| sum.add(values[leaf]));
                        continue;
                    }
                    let first = if width == 1 { number % columns } else { 0 };
                    for (sums, leaf) in out.chunks_exact_mut(columns).zip(leaves) {
                        let sums = sums[first..].iter_mut().zip(&values[leaf * width..][..width]);
                        sums.for_each(|(sum, value)| sum.add(*value));
                    }
                }
            }

            /// Counts the rows of each class but the first: bit n of a row's count stands in the n-th plane.
            #[target_feature(enable = $features)]
            fn count(sliced: &Sliced, pure: &[u8], block: &Block, columns: usize, out: &mut [impl Sum]) {
                let mut slots = [0; 2 * MAX_LEAVES];
                let mut counts = vec![[0; PLANES]; columns - 1];
                for tree in &sliced.trees {
                    divide(tree, sliced, block, &mut slots);
                    let pure = &pure[tree.leaves.clone()];
                    for (class, planes) in (1..).zip(&mut counts) {
                        let of_class = |(rows, own): (&u64, &u8)| if *own == class { *rows } else { 0 };
                        let mut carry =
                            slots[MAX_LEAVES..].iter().zip(pure).map(of_class).fold(0, |all, rows| all | rows);
                        for plane in planes {
                            (*plane, carry) = (*plane ^ carry, *plane & carry);
                            if carry == 0 {
                                break;
                            }
                        }
                    }
                }
                for (row, sums) in out.chunks_exact_mut(columns).enumerate() {
                    let mut first = sliced.trees.len() as u64;
                    for (sum, planes) in sums[1..].iter_mut().zip(&counts) {
                        let bits = planes.iter().enumerate().map(|(n, plane)| (plane >> row & 1) << n);
                        let count = bits.sum::<u64>();
                        first -= count;
                        sum.add(count as f64);
                    }
                    sums[0].add(first as f64);
                }
            }

            /// Sends the rows from the root to the leaves of one tree.
            #[target_feature(enable = $features)]
            #[inline]
            fn divide(tree: &Tree, sliced: &Sliced, block: &Block, slots: &mut Slots) {
                const SLOTS: usize = 2 * MAX_LEAVES;
                let splits = &sliced.splits[tree.splits.clone()];
                slots[if splits.is_empty() { MAX_LEAVES } else { 0 }] = block.all();
                for (n, split) in splits.iter().enumerate() {
                    let here = slots[n % SLOTS];
                    let left = at_most(&block.columns[usize::from(split.feature)], split.key);
                    slots[usize::from(split.left) % SLOTS] = here & left;
                    slots[usize::from(split.right) % SLOTS] = here & !left;
                }
            }
        }
    };
}

kernel!(avx512, "avx512f,avx512bw");
kernel!(avx2, "avx2");
