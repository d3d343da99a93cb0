//! The walk from roots to leaves: the only hot loop of all tree models.
//!
//! A step depends on the one before it, so a single walk waits for memory all the time; eight walks side by side do
//! not. One row walks eight trees at once, a batch walks eight rows at once through tree after tree, in blocks whose
//! keys stay in the second-level cache; small trees have two ways of their own, `quick` and `slice`. Whichever is taken,
//! a row's leaves are added in the order of the trees, which makes the sums those of scikit-learn.

use super::forest::{BLOCK, Forest, MISSING, Nodes, Word};
use super::keys::Encode;
use super::quick::Quick;
use super::simd::{Isa, Picks};
use super::slice::{self, Block, Sliced};
use ndarray::ArrayView2;
use std::ops::Range;

/// Walks side by side.
const LANES: usize = 8;

/// Steps that are taken before the walks are asked whether they have arrived.
const BLIND_STEPS: u32 = 6;

/// Bytes of keys in one block of rows.
const BLOCK_BYTES: usize = 128 << 10;

/// Rows that cost as much one by one, where that is quick, as a block of 64 that is sliced.
const QUICK_ROWS: usize = 32;

/// What leaves are added up in: `f64` as scikit-learn does, or `f32` as XGBoost does.
pub trait Sum: Copy + Default + PartialEq {
    /// Adds a leaf's value.
    fn add(&mut self, leaf: f64);
}

impl Sum for f64 {
    #[inline(always)]
    fn add(&mut self, leaf: f64) {
        *self += leaf;
    }
}

impl Sum for f32 {
    #[inline(always)]
    fn add(&mut self, leaf: f64) {
        *self += leaf as f32;
    }
}

impl Forest {
    /// Adds to each row of `out`, shape (rows, [`Forest::columns`]), what its leaves hold, in the order of the trees.
    /// `encoder` takes rows of `x` to [`Forest::n_features`] keys.
    pub fn add<S: Sum>(&self, x: ArrayView2<'_, f64>, encoder: &impl Encode, out: &mut [S]) {
        self.add_with(Isa::detect(), x, encoder, out);
    }

    /// The same with these instructions, or with none.
    pub(super) fn add_with<S: Sum>(
        &self,
        isa: Option<Isa>,
        x: ArrayView2<'_, f64>,
        encoder: &impl Encode,
        out: &mut [S],
    ) {
        let plan = self.plan(isa, x.nrows());
        match &self.nodes {
            Nodes::Packed(nodes) => self.add_blocks(nodes, plan, x, encoder, out),
            Nodes::Wide(nodes) => self.add_blocks(nodes, plan, x, encoder, out),
        }
    }

    fn plan(&self, isa: Option<Isa>, rows: usize) -> Plan<'_> {
        let quick = self.quick.as_ref().zip(isa.and_then(Isa::picks));
        let least = |sliced: &Sliced| if quick.is_some() { QUICK_ROWS } else { sliced.min_rows() };
        let sliced = self.sliced.as_ref().zip(isa).map(|(sliced, isa)| (sliced, isa, least(sliced)));
        match sliced.filter(|(.., least)| rows >= *least) {
            Some((sliced, isa, least)) => {
                let sliced = Some((sliced, isa, least, Block::new(self.n_features)));
                Plan { sliced, quick, most: slice::ROWS }
            }
            None => {
                let most = (BLOCK_BYTES / 4 / (self.n_features + 1)).clamp(LANES, 2048);
                Plan { sliced: None, quick, most }
            }
        }
    }

    fn add_blocks<W: Word, S: Sum>(
        &self,
        nodes: &[W],
        mut plan: Plan<'_>,
        x: ArrayView2<'_, f64>,
        encoder: &impl Encode,
        out: &mut [S],
    ) {
        let stride = self.n_features + 1;
        let most = plan.most.min(x.nrows());
        // One key more than features: the one that leaves test.
        let mut keys = vec![0; most * stride];
        let mut rows = x.rows().into_iter();
        for out in out.chunks_mut(most.max(1) * self.columns) {
            let n = out.len() / self.columns;
            let keys = &mut keys[..n * stride];
            let mut general = !self.bitsets.is_empty();
            for (keys, row) in keys.chunks_exact_mut(stride).zip(&mut rows) {
                general |= encoder.encode(row, &mut keys[..self.n_features]);
            }
            let forest = Walk { forest: self, nodes };
            match &mut plan {
                _ if general => forest.block::<true>(keys, out),
                Plan { sliced: Some((sliced, isa, least, block)), .. } if n >= *least => {
                    block.fill(keys, stride);
                    slice::add(*isa, self, sliced, block, out);
                }
                Plan { quick: Some((quick, picks)), .. } => {
                    for (keys, out) in keys.chunks_exact(stride).zip(out.chunks_exact_mut(self.columns)) {
                        let walk = |trees, out: &mut [S]| forest.trees::<false>(trees, keys, out);
                        quick.add(*picks, self, &keys[..self.n_features], out, walk);
                    }
                }
                _ => forest.block::<false>(keys, out),
            }
        }
    }
}

/// How rows are taken: by blocks of at most `most`.
struct Plan<'f> {
    /// Blocks of at least so many rows, where that pays.
    sliced: Option<(&'f Sliced, Isa, usize, Block)>,
    quick: Option<(&'f Quick, Picks)>,
    most: usize,
}

/// A forest with its nodes in one of the two sizes.
struct Walk<'f, W> {
    forest: &'f Forest,
    nodes: &'f [W],
}

impl<W: Word> Walk<'_, W> {
    /// Adds the leaves of a block of rows. `GENERAL` where a value is missing or a test is categorical.
    fn block<const GENERAL: bool>(&self, keys: &[u32], out: &mut [impl Sum]) {
        let stride = self.forest.n_features + 1;
        let columns = self.forest.columns;
        let grouped = out.len() / columns / LANES * LANES;
        let (keys, rest_keys) = keys.split_at(grouped * stride);
        let (out, rest_out) = out.split_at_mut(grouped * columns);
        if grouped > 0 {
            for (tree, (root, depth)) in self.forest.roots.iter().zip(&self.forest.depths).enumerate() {
                for (keys, out) in keys.chunks_exact(LANES * stride).zip(out.chunks_exact_mut(LANES * columns)) {
                    let rows = std::array::from_fn(|lane| &keys[lane * stride..][..stride]);
                    let leaves = self.rows::<GENERAL>(*root, *depth, rows);
                    for (leaf, out) in leaves.into_iter().zip(out.chunks_exact_mut(columns)) {
                        self.add_leaf(tree, leaf, out);
                    }
                }
            }
        }
        for (keys, out) in rest_keys.chunks_exact(stride).zip(rest_out.chunks_exact_mut(columns)) {
            self.trees::<GENERAL>(0..self.forest.roots.len(), keys, out);
        }
    }

    /// Walks one row through these trees, eight at once.
    fn trees<const GENERAL: bool>(&self, trees: Range<usize>, keys: &[u32], out: &mut [impl Sum]) {
        let (groups, rest) = self.forest.roots[trees.clone()].as_chunks::<LANES>();
        for (first, roots) in trees.clone().step_by(LANES).zip(groups) {
            let mut at = *roots;
            while self.steps::<GENERAL>(&mut at, |_| keys) {}
            for (tree, leaf) in (first..).zip(at) {
                self.add_leaf(tree, leaf, out);
            }
        }
        for (tree, root) in (trees.end - rest.len()..).zip(rest) {
            let leaf = (0..self.forest.depths[tree]).fold(*root, |at, _| self.step::<GENERAL>(at, keys));
            self.add_leaf(tree, leaf, out);
        }
    }

    /// Walks eight rows through one tree, given the keys of each. Takes the first steps without looking, because one
    /// of the eight nearly always needs them.
    #[inline(always)]
    fn rows<const GENERAL: bool>(&self, root: u32, depth: u32, keys: [&[u32]; LANES]) -> [u32; LANES] {
        let mut at = [root; LANES];
        for _ in 0..depth.min(BLIND_STEPS) {
            self.steps::<GENERAL>(&mut at, |lane| keys[lane]);
        }
        if depth > BLIND_STEPS {
            while self.steps::<GENERAL>(&mut at, |lane| keys[lane]) {}
        }
        at
    }

    /// One step of eight walks; whether any was not yet at its leaf.
    #[inline(always)]
    fn steps<'k, const GENERAL: bool>(&self, at: &mut [u32; LANES], keys: impl Fn(usize) -> &'k [u32]) -> bool {
        let mut moved = 0;
        for (lane, at) in at.iter_mut().enumerate() {
            let next = self.step::<GENERAL>(*at, keys(lane));
            moved |= next ^ *at;
            *at = next;
        }
        moved != 0
    }

    /// The child of `at` that the row goes to; a leaf is its own child.
    #[inline(always)]
    fn step<const GENERAL: bool>(&self, at: u32, keys: &[u32]) -> u32 {
        let node = self.nodes[at as usize];
        let key = keys[node.feature()];
        let right = if GENERAL { self.goes_right(node, key) } else { key > node.key() };
        node.left() + u32::from(right)
    }

    fn goes_right(&self, node: W, key: u32) -> bool {
        if key == MISSING {
            !node.missing_left()
        } else if node.categorical() {
            let bits = self.forest.bitsets[(node.key() + key / BLOCK) as usize];
            bits[(key >> 5 & 7) as usize] >> (key & 31) & 1 == 0
        } else {
            key > node.key()
        }
    }

    #[inline(always)]
    fn add_leaf(&self, tree: usize, leaf: u32, out: &mut [impl Sum]) {
        let Forest { width, columns, payload, .. } = self.forest;
        let number = self.nodes[leaf as usize].key() as usize;
        if *width == 1 {
            out[if *columns == 1 { 0 } else { tree % columns }].add(payload[number]);
        } else {
            for (sum, value) in out.iter_mut().zip(&payload[number * width..][..*width]) {
                sum.add(*value);
            }
        }
    }
}
