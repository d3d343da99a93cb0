//! The trees of a model, and what its features become: one column of keys for each way in which a feature is tested.

use super::super::BoosterError;
use super::super::categories::Sets;
use super::text::Block;
use crate::model::lightgbm::{Feature, LinearLeaf, Missing, Tested};
use crate::model::tree::{ForestBuilder, Node, Test};
use std::collections::BTreeMap;

/// One tree, list by list, as its block has it.
pub struct Tree {
    leaf_value: Vec<f64>,
    feature: Vec<usize>,
    threshold: Vec<f64>,
    decision: Vec<u8>,
    left: Vec<i64>,
    right: Vec<i64>,
    /// For each set of categories, its words.
    sets: Vec<Vec<u32>>,
    linear: Option<Vec<Leaf>>,
}

/// The function of a leaf of a linear tree.
struct Leaf {
    constant: f64,
    terms: Vec<(usize, f64)>,
}

/// Bits of `decision_type`.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;

impl Tree {
    pub fn read(block: &Block<'_>) -> Result<Tree, BoosterError> {
        let n_leaves: usize = block.number("num_leaves")?;
        let leaf_value: Vec<f64> = block.exactly("leaf_value", n_leaves)?;
        let linear = match block.get("is_linear").map(str::trim) {
            None | Some("0") => None,
            Some(_) => Some(linear(block, n_leaves)?),
        };
        let n = n_leaves.checked_sub(1).ok_or_else(|| block.error("num_leaves", "a tree without leaves"))?;
        if n == 0 {
            let (feature, threshold, decision) = (vec![], vec![], vec![]);
            let (left, right, sets) = (vec![], vec![], vec![]);
            return Ok(Tree { leaf_value, feature, threshold, decision, left, right, sets, linear });
        }
        let decision = match block.get("decision_type") {
            Some(_) => block.exactly("decision_type", n)?,
            None => vec![0; n],
        };
        Ok(Tree {
            leaf_value,
            feature: block.exactly("split_feature", n)?,
            threshold: block.exactly("threshold", n)?,
            decision,
            left: block.exactly("left_child", n)?,
            right: block.exactly("right_child", n)?,
            sets: sets(block)?,
            linear,
        })
    }

    pub fn is_linear(&self) -> bool {
        self.linear.is_some()
    }

    /// The splits, and behind them the leaves.
    pub fn nodes(
        &self,
        features: &mut Features,
        forest: &mut ForestBuilder,
        sets: &mut Sets,
    ) -> Result<Vec<Node>, BoosterError> {
        let mut nodes = Vec::with_capacity(2 * self.leaf_value.len());
        for node in 0..self.feature.len() {
            let (left, right) = (self.child(self.left[node])?, self.child(self.right[node])?);
            let (column, tested) = features.column(self.feature[node], self.tested(node))?;
            let test = match tested {
                Tested::Numbers { .. } => Test::AtMost(tested.threshold_key(self.threshold[node])),
                Tested::Categories { size } => {
                    let set = &self.sets[self.set(node)?];
                    let bit = |code: u32| set.get(code as usize / 32).is_some_and(|word| word >> (code % 32) & 1 == 1);
                    // One code more: any category that no set holds.
                    Test::OneOf(sets.add(forest, size + 1, bit)?)
                }
            };
            let missing_left = self.decision[node] & DEFAULT_LEFT != 0;
            nodes.push(Node::Split { feature: column, test, missing_left, left, right });
        }
        nodes.resize(self.feature.len() + self.leaf_value.len(), Node::Leaf);
        Ok(nodes)
    }

    /// A split counts from 0, a leaf from -1 downward.
    fn child(&self, child: i64) -> Result<u32, BoosterError> {
        let splits = self.feature.len() as i64;
        let place = if child < 0 { splits.checked_add(!child) } else { Some(child).filter(|child| *child < splits) };
        place.and_then(|place| u32::try_from(place).ok()).ok_or_else(|| invalid(format!("there is no child {child}")))
    }

    /// What a leaf of [`Tree::nodes`] adds.
    pub fn value(&self, node: usize) -> &[f64] {
        self.leaf(node, &self.leaf_value)
    }

    /// The entry of a leaf of [`Tree::nodes`] in a list with one for each leaf.
    pub fn leaf<'v>(&self, node: usize, list: &'v [f64]) -> &'v [f64] {
        std::slice::from_ref(&list[node - self.feature.len()])
    }

    /// The functions of the leaves; a tree that is not linear among others that are has constants.
    pub fn linear(&self, n_features: usize) -> Result<Vec<LinearLeaf>, BoosterError> {
        let Some(leaves) = &self.linear else {
            let leaf = |value: &f64| LinearLeaf { constant: *value, terms: vec![], otherwise: *value };
            return Ok(self.leaf_value.iter().map(leaf).collect());
        };
        let leaf = |(leaf, otherwise): (&Leaf, &f64)| {
            let Leaf { constant, terms } = leaf;
            let inside = terms.iter().all(|(feature, factor)| *feature < n_features && factor.is_finite());
            match inside && constant.is_finite() {
                true => Ok(LinearLeaf { constant: *constant, terms: terms.clone(), otherwise: *otherwise }),
                false => Err(invalid("the function of a leaf names no feature, or no number")),
            }
        };
        leaves.iter().zip(&self.leaf_value).map(leaf).collect()
    }

    fn tested(&self, node: usize) -> Kind {
        match (self.decision[node] & CATEGORICAL != 0, self.decision[node] >> 2 & 3) {
            (true, _) => Kind::Categories,
            (false, 1) => Kind::Numbers(Missing::Zero),
            (false, 2) => Kind::Numbers(Missing::NaN),
            (false, _) => Kind::Numbers(Missing::None),
        }
    }

    /// The number of the set that a node tests.
    fn set(&self, node: usize) -> Result<usize, BoosterError> {
        let set = self.threshold[node];
        match set.fract() == 0.0 && set >= 0.0 && set < self.sets.len() as f64 {
            true => Ok(set as usize),
            false => Err(invalid(format!("there is no set of categories {set}"))),
        }
    }
}

/// Categories as bits, in words of each set.
fn sets(block: &Block<'_>) -> Result<Vec<Vec<u32>>, BoosterError> {
    let count: usize = block.number("num_cat")?;
    if count == 0 {
        return Ok(vec![]);
    }
    let bounds: Vec<usize> = block.numbers("cat_boundaries")?;
    let words: Vec<u32> = block.numbers("cat_threshold")?;
    let outside = || block.error("cat_boundaries", "the sets of categories lie outside cat_threshold");
    if bounds.len().checked_sub(1) != Some(count) || bounds.last().is_some_and(|last| *last > words.len()) {
        return Err(outside());
    }
    bounds.windows(2).map(|pair| words.get(pair[0]..pair[1]).map(<[u32]>::to_vec).ok_or_else(outside)).collect()
}

/// The functions of a linear tree's leaves.
fn linear(block: &Block<'_>, n_leaves: usize) -> Result<Vec<Leaf>, BoosterError> {
    let constants: Vec<f64> = block.exactly("leaf_const", n_leaves)?;
    let counts: Vec<usize> = block.exactly("num_features", n_leaves)?;
    let features: Vec<usize> = block.numbers("leaf_features")?;
    let factors: Vec<f64> = block.exactly("leaf_coeff", features.len())?;
    let mut terms = features.into_iter().zip(factors);
    let leaf = |(constant, count)| Leaf { constant, terms: terms.by_ref().take(count).collect() };
    let leaves: Vec<Leaf> = constants.into_iter().zip(counts.iter().copied()).map(leaf).collect();
    let fits = leaves.iter().zip(&counts).all(|(leaf, count)| leaf.terms.len() == *count) && terms.next().is_none();
    if fits { Ok(leaves) } else { Err(block.error("num_features", "they are not as many as leaf_features")) }
}

/// How a split tests its feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Numbers(Missing),
    Categories,
}

/// The columns of keys: a feature stands in several where trees treat what is missing in it differently.
pub struct Features {
    places: BTreeMap<(usize, Kind), u32>,
    columns: Vec<Feature>,
}

impl Features {
    /// Those that any tree tests, with all thresholds, and as many categories as the longest set has.
    pub fn of(trees: &[Tree], n_features: usize) -> Result<Features, BoosterError> {
        let mut found: BTreeMap<(usize, Kind), Tested> = BTreeMap::new();
        for (number, tree) in trees.iter().enumerate() {
            for (node, feature) in tree.feature.iter().enumerate() {
                if *feature >= n_features {
                    return Err(invalid(format!("there is no feature {feature}")).within(number));
                }
                let kind = tree.tested(node);
                let tested = found.entry((*feature, kind)).or_insert_with(|| kind.nothing());
                match tested {
                    Tested::Numbers { .. } if tree.threshold[node].is_nan() => {
                        return Err(invalid(format!("the threshold of node {node} is NaN")).within(number));
                    }
                    Tested::Numbers { thresholds, .. } => thresholds.push(tree.threshold[node]),
                    Tested::Categories { size } => {
                        let set = tree.set(node).map_err(|error| error.within(number))?;
                        let bits = u32::try_from(tree.sets[set].len().saturating_mul(32)).unwrap_or(u32::MAX);
                        *size = bits.min(1 << 31).max(*size);
                    }
                }
            }
        }
        let (mut places, mut columns) = (BTreeMap::new(), vec![]);
        for ((input, kind), mut tested) in found {
            if let Tested::Numbers { thresholds, .. } = &mut tested {
                thresholds.sort_by(f64::total_cmp);
                thresholds.dedup();
            }
            places.insert((input, kind), columns.len() as u32);
            columns.push(Feature { input, tested });
        }
        Ok(Features { places, columns })
    }

    pub fn len(&self) -> usize {
        self.columns.len()
    }

    fn column(&self, feature: usize, kind: Kind) -> Result<(u32, &Tested), BoosterError> {
        let place = self.places.get(&(feature, kind)).ok_or_else(|| invalid("a feature is of no column"))?;
        Ok((*place, &self.columns[*place as usize].tested))
    }

    pub fn into_columns(self) -> Vec<Feature> {
        self.columns
    }
}

impl Kind {
    fn nothing(self) -> Tested {
        match self {
            Kind::Numbers(missing) => Tested::Numbers { missing, thresholds: vec![] },
            Kind::Categories => Tested::Categories { size: 0 },
        }
    }
}

fn invalid(problem: impl Into<String>) -> BoosterError {
    BoosterError::Invalid { library: "LightGBM", place: "trees".to_owned(), problem: problem.into() }
}
