//! Trees packed for fast walking, and the only way to make them: a builder that refuses what is not a tree.
//!
//! A node is 8 bytes where it goes (16 otherwise): the key of its threshold, and its feature and left child in one
//! word. The right child always stands behind the left one. A leaf points at itself and tests a feature whose key is
//! always 0, so a walk may take steps too many; its key is the number of its payload.
//!
//! Knows nothing of floats as input: callers turn features into order-preserving `u32` keys (see `keys`).

use super::quick::Quick;
use super::slice::Sliced;

/// Key of a missing value.
pub const MISSING: u32 = u32::MAX;

/// Categories in one block of a set.
pub const BLOCK: u32 = 256;

/// The number of features is only a number in a file, but scoring takes memory by it.
const MAX_FEATURES: usize = 1 << 20;

/// A node as a model's file describes it; children are positions in the same tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    Leaf,
    Split { feature: u32, test: Test, missing_left: bool, left: u32, right: u32 },
}

/// What sends a row to the left child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// The feature's key is at most this.
    AtMost(u32),
    /// The feature's key is in this bitset ([`ForestBuilder::bitsets`]).
    OneOf(u32),
}

/// Why nodes are not a tree, or trees not a forest.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TreeError {
    #[error("a tree without nodes")]
    Empty,
    #[error("node {node}: child {child} is outside the tree")]
    ChildOutside { node: usize, child: u32 },
    #[error("node {child} is reached twice")]
    NotATree { child: u32 },
    #[error("node {node}: feature {feature} is outside the model's {n_features} features")]
    FeatureOutside { node: usize, feature: u32, n_features: usize },
    #[error("node {node}: categories {bitset} are not in the model")]
    BitsetOutside { node: usize, bitset: u32 },
    #[error("node {node}: its value is not a finite number")]
    NotFinite { node: usize },
    #[error("more nodes than 32 bits can number")]
    TooManyNodes,
    #[error("{0} features are more than a request can carry")]
    TooManyFeatures(usize),
    #[error("a forest without trees")]
    NoTrees,
}

/// A node in either size.
pub(super) trait Word: Copy {
    fn key(self) -> u32;
    fn feature(self) -> usize;
    fn left(self) -> u32;
    fn missing_left(self) -> bool;
    fn categorical(self) -> bool;
}

/// A node in 64 bits, from the lowest: 8 of feature, 2 flags, 22 of left child, 32 of key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Packed(u64);

impl Packed {
    const MAX_FEATURE: u32 = (1 << 8) - 1;
    const MAX_CHILD: u32 = (1 << 22) - 1;
}

impl Word for Packed {
    #[inline(always)]
    fn key(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline(always)]
    fn feature(self) -> usize {
        usize::from(self.0 as u8)
    }

    #[inline(always)]
    fn left(self) -> u32 {
        self.0 as u32 >> 10
    }

    #[inline(always)]
    fn missing_left(self) -> bool {
        self.0 >> 8 & 1 == 1
    }

    #[inline(always)]
    fn categorical(self) -> bool {
        self.0 >> 9 & 1 == 1
    }
}

impl From<Wide> for Packed {
    fn from(node: Wide) -> Self {
        let flags = u32::from(node.missing_left) | u32::from(node.categorical) << 1;
        let low = node.feature | flags << 8 | node.left << 10;
        Packed(u64::from(node.key) << 32 | u64::from(low))
    }
}

/// A node that has room for everything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wide {
    key: u32,
    feature: u32,
    left: u32,
    missing_left: bool,
    categorical: bool,
}

impl Wide {
    const PLACEHOLDER: Wide = Wide { key: 0, feature: 0, left: 0, missing_left: false, categorical: false };
}

impl Word for Wide {
    #[inline(always)]
    fn key(self) -> u32 {
        self.key
    }

    #[inline(always)]
    fn feature(self) -> usize {
        self.feature as usize
    }

    #[inline(always)]
    fn left(self) -> u32 {
        self.left
    }

    #[inline(always)]
    fn missing_left(self) -> bool {
        self.missing_left
    }

    #[inline(always)]
    fn categorical(self) -> bool {
        self.categorical
    }
}

/// The nodes of all trees.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Nodes {
    Packed(Vec<Packed>),
    Wide(Vec<Wide>),
}

/// Trees that are checked: every walk ends at a leaf, and every position in them is inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    pub(super) nodes: Nodes,
    /// The same trees for many rows at once, where that is quicker.
    pub(super) sliced: Option<Sliced>,
    /// The same for one row.
    pub(super) quick: Option<Quick>,
    pub(super) roots: Vec<u32>,
    /// Steps from each root to its deepest leaf.
    pub(super) depths: Vec<u32>,
    /// `width` numbers for each leaf.
    pub(super) payload: Vec<f64>,
    pub(super) width: usize,
    pub(super) columns: usize,
    pub(super) bitsets: Vec<[u32; 8]>,
    pub(super) n_features: usize,
}

impl Forest {
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    pub fn n_trees(&self) -> usize {
        self.roots.len()
    }

    /// Numbers in one row of the output.
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// Collects trees, checks them and lays them out.
#[derive(Debug)]
pub struct ForestBuilder {
    nodes: Vec<Wide>,
    roots: Vec<u32>,
    depths: Vec<u32>,
    payload: Vec<f64>,
    width: usize,
    columns: usize,
    bitsets: Vec<[u32; 8]>,
    n_features: usize,
}

impl ForestBuilder {
    /// A leaf holds `width` numbers, which are added to `columns` columns: all of them (`width == columns`), or tree
    /// by tree the next one (`width == 1`, boosting of several classes).
    pub fn new(n_features: usize, width: usize, columns: usize) -> Self {
        let (nodes, roots, depths, payload, bitsets) = (vec![], vec![], vec![], vec![], vec![]);
        ForestBuilder { nodes, roots, depths, payload, width, columns, bitsets, n_features }
    }

    /// Adds a set of categories for [`Test::OneOf`], in blocks of [`BLOCK`]; bit `c % 32` of word `c / 32` stands for
    /// category `c`. An encoder gives a feature's sets no category beyond their last block.
    pub fn bitsets(&mut self, blocks: impl IntoIterator<Item = [u32; 8]>) -> u32 {
        let first = self.bitsets.len();
        self.bitsets.extend(blocks);
        first as u32
    }

    /// Adds the tree whose root is `nodes[0]`; `values(node)` are the numbers of a leaf. Nodes that are not reached
    /// from the root are left out, as scikit-learn never comes to them.
    ///
    /// # Errors
    /// When the nodes are not a tree, or name features, bitsets or values that cannot be.
    pub fn push<'v>(&mut self, nodes: &[Node], values: impl Fn(usize) -> &'v [f64]) -> Result<(), TreeError> {
        self.push_with(nodes.len(), |node| Ok(nodes[node]), values)
    }

    /// As [`ForestBuilder::push`], of `count` nodes that are asked for one by one, each at most once.
    ///
    /// # Errors
    /// Those of [`ForestBuilder::push`] and of `nodes`.
    pub fn push_with<'v, E: From<TreeError>>(
        &mut self,
        count: usize,
        nodes: impl Fn(usize) -> Result<Node, E>,
        values: impl Fn(usize) -> &'v [f64],
    ) -> Result<(), E> {
        let mut reached = vec![false; count];
        *reached.first_mut().ok_or(TreeError::Empty)? = true;
        let root = self.reserve(1)?;
        let (mut open, mut deepest) = (vec![(0, root, 0)], 0);
        while let Some((node, place, depth)) = open.pop() {
            deepest = deepest.max(depth);
            self.nodes[place as usize] = match nodes(node)? {
                Node::Leaf => self.leaf(node, place, values(node))?,
                Node::Split { feature, test, missing_left, left, right } => {
                    for child in [left, right] {
                        let seen = reached.get_mut(child as usize).ok_or(TreeError::ChildOutside { node, child })?;
                        if std::mem::replace(seen, true) {
                            return Err(TreeError::NotATree { child }.into());
                        }
                    }
                    let pair = self.reserve(2)?;
                    open.extend([(right as usize, pair + 1, depth + 1), (left as usize, pair, depth + 1)]);
                    self.split(node, feature, test, Wide { left: pair, missing_left, ..Wide::PLACEHOLDER })?
                }
            };
        }
        self.roots.push(root);
        self.depths.push(deepest);
        Ok(())
    }

    fn reserve(&mut self, n: usize) -> Result<u32, TreeError> {
        let first = u32::try_from(self.nodes.len()).map_err(|_| TreeError::TooManyNodes)?;
        self.nodes.resize(self.nodes.len() + n, Wide::PLACEHOLDER);
        Ok(first)
    }

    fn leaf(&mut self, node: usize, place: u32, values: &[f64]) -> Result<Wide, TreeError> {
        if !values.iter().all(|value| value.is_finite()) {
            return Err(TreeError::NotFinite { node });
        }
        debug_assert_eq!(values.len(), self.width);
        let key = u32::try_from(self.payload.len() / self.width).map_err(|_| TreeError::TooManyNodes)?;
        self.payload.extend_from_slice(values);
        Ok(Wide { key, feature: self.n_features as u32, left: place, ..Wide::PLACEHOLDER })
    }

    fn split(&self, node: usize, feature: u32, test: Test, word: Wide) -> Result<Wide, TreeError> {
        let n_features = self.n_features;
        if feature as usize >= n_features {
            return Err(TreeError::FeatureOutside { node, feature, n_features });
        }
        match test {
            Test::AtMost(key) => Ok(Wide { key, feature, ..word }),
            Test::OneOf(bitset) if (bitset as usize) < self.bitsets.len() => {
                Ok(Wide { key: bitset, feature, categorical: true, ..word })
            }
            Test::OneOf(bitset) => Err(TreeError::BitsetOutside { node, bitset }),
        }
    }

    /// Adds the trees of another builder, of the same number of features and the same width, behind its own.
    ///
    /// # Errors
    /// When there are too many nodes.
    pub fn append(&mut self, other: ForestBuilder) -> Result<(), TreeError> {
        let number = |count: usize| u32::try_from(count).map_err(|_| TreeError::TooManyNodes);
        let (node, leaf) = (number(self.nodes.len())?, number(self.payload.len() / self.width)?);
        let bitset = self.bitsets.len() as u32;
        number(self.nodes.len() + other.nodes.len())?;
        let leaf_feature = self.n_features as u32;
        let moved = |word: Wide| {
            let by = if word.feature == leaf_feature {
                leaf
            } else if word.categorical {
                bitset
            } else {
                0
            };
            Wide { key: word.key + by, left: word.left + node, ..word }
        };
        self.nodes.extend(other.nodes.into_iter().map(moved));
        self.roots.extend(other.roots.into_iter().map(|root| root + node));
        self.depths.extend(other.depths);
        self.payload.extend(other.payload);
        self.bitsets.extend(other.bitsets);
        Ok(())
    }

    /// The forest of all trees added so far.
    ///
    /// # Errors
    /// When there are no trees, or too many nodes or features.
    pub fn finish(self) -> Result<Forest, TreeError> {
        if self.roots.is_empty() {
            return Err(TreeError::NoTrees);
        }
        if self.n_features > MAX_FEATURES {
            return Err(TreeError::TooManyFeatures(self.n_features));
        }
        let last = u32::try_from(self.nodes.len()).map_err(|_| TreeError::TooManyNodes)?;
        let dummy = self.n_features as u32;
        let nodes = if dummy <= Packed::MAX_FEATURE && last <= Packed::MAX_CHILD {
            Nodes::Packed(self.nodes.into_iter().map(Packed::from).collect())
        } else {
            Nodes::Wide(self.nodes)
        };
        let sliced = match &nodes {
            Nodes::Packed(nodes) => Sliced::new(nodes, &self.roots, &self.payload, self.width),
            Nodes::Wide(_) => None,
        };
        let pure = sliced.as_ref().and_then(Sliced::pure);
        let quick = match &nodes {
            Nodes::Packed(nodes) => Quick::new(nodes, &self.roots, self.n_features, self.columns, pure),
            Nodes::Wide(_) => None,
        };
        let ForestBuilder { roots, depths, payload, width, columns, bitsets, n_features, .. } = self;
        Ok(Forest { nodes, sliced, quick, roots, depths, payload, width, columns, bitsets, n_features })
    }
}
