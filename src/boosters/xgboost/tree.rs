//! The trees of a model: arrays with an entry for each node.

use super::super::BoosterError;
use super::super::categories::Sets;
use super::super::document::Cursor;
use crate::model::tree::{ForestBuilder, Node, Test, key_of};
use std::collections::{BTreeMap, BTreeSet};

/// One tree, field by field, as its document has it.
struct Tree {
    left: Vec<i32>,
    right: Vec<i32>,
    feature: Vec<i32>,
    /// Thresholds, and the values of leaves.
    condition: Vec<f32>,
    default_left: Vec<i32>,
    /// Categories that go right, of the nodes that test them.
    categories: BTreeMap<usize, Vec<i32>>,
    /// Of trees with a number for each column in a leaf: where each node's stand in `weights`.
    vectors: Option<Vec<f32>>,
    by_leaf: bool,
}

/// All trees of a model.
pub struct Trees {
    trees: Vec<Tree>,
    /// The column that each tree adds to.
    groups: Vec<usize>,
    columns: usize,
    /// A leaf holds a number for each column (`multi_output_tree`).
    pub vector: bool,
    /// Bytes of the document, about.
    size: usize,
}

/// For each feature whose categories are tested, those that any tree names, ascending.
pub struct Categories(Vec<Option<Vec<u32>>>);

impl Categories {
    /// With the features that have any.
    pub fn categories(self) -> Vec<(usize, Vec<u32>)> {
        let listed = self.0.into_iter().enumerate();
        listed.filter_map(|(feature, list)| list.map(|list| (feature, list))).collect()
    }
}

impl Trees {
    /// Reads `gradient_booster.model`.
    pub fn read(model: &Cursor<'_, '_>, columns: usize) -> Result<Trees, BoosterError> {
        let list = model.at("trees")?;
        let mut trees = vec![];
        for (number, tree) in list.items()?.iter().enumerate() {
            trees.push(Tree::read(tree).map_err(|error| error.within(number))?);
        }
        let vector = trees.iter().any(|tree| tree.vectors.is_some());
        let info = model.at("tree_info")?;
        let groups: Result<Vec<usize>, _> = info.i32s()?.into_iter().map(usize::try_from).collect();
        let groups = groups.ok().filter(|groups| groups.iter().all(|group| vector || *group < columns));
        let groups = groups.filter(|groups| groups.len() == trees.len());
        let groups = groups.ok_or_else(|| info.error(format!("{} trees for {columns} columns", trees.len())))?;
        if vector && trees.iter().any(|tree| tree.vectors.is_none()) {
            return Err(list.error("some trees give one number, and some several"));
        }
        let size = trees.iter().map(Tree::size).sum();
        Ok(Trees { trees, groups, columns, vector, size })
    }

    pub fn len(&self) -> usize {
        self.trees.len()
    }

    /// The trees that predict, in the order in which a forest takes them: column by column in turn.
    pub fn used(&self, model: &Cursor<'_, '_>, best: Option<usize>) -> Result<Vec<usize>, BoosterError> {
        let end = match best {
            None => self.len(),
            Some(best) => self.end_of(model, best)?,
        };
        if self.vector {
            return Ok((0..end).collect());
        }
        let mut by_column = vec![vec![]; self.columns.min(end)];
        for (tree, group) in self.groups[..end].iter().enumerate() {
            by_column.get_mut(*group).into_iter().for_each(|trees: &mut Vec<usize>| trees.push(tree));
        }
        let rounds = by_column.first().map_or(0, Vec::len);
        if self.columns > end || by_column.iter().any(|trees| trees.len() != rounds) {
            return Err(model.error(format!("{end} trees are not as many for each of {} columns", self.columns)));
        }
        Ok((0..rounds).flat_map(|round| by_column.iter().map(move |trees| trees[round])).collect())
    }

    /// How many trees the iterations up to `best` have (`detail::LayerToTree`).
    fn end_of(&self, model: &Cursor<'_, '_>, best: usize) -> Result<usize, BoosterError> {
        let rounds = best.saturating_add(1);
        let end = match model.get("iteration_indptr") {
            Some(ends) => ends.i32s()?.get(rounds).and_then(|end| usize::try_from(*end).ok()),
            None => {
                let parallel = model.at("gbtree_model_param")?.get("num_parallel_tree");
                let parallel: usize = parallel.map_or(Ok(1), |parallel| parallel.parameter())?;
                rounds.checked_mul(parallel.max(1)).and_then(|trees| trees.checked_mul(self.columns))
            }
        };
        end.filter(|end| *end <= self.len()).ok_or_else(|| {
            model.error(format!("the best iteration is {best}, which {} trees do not reach", self.len()))
        })
    }

    /// What is tested of each feature: numbers, or the categories that are collected here.
    pub fn features(&self, n_features: usize) -> Result<Categories, BoosterError> {
        let mut numeric = BTreeSet::new();
        let mut sets: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        for tree in &self.trees {
            for (node, feature) in tree.feature.iter().enumerate().filter(|(node, _)| tree.left[*node] >= 0) {
                // A feature that is none is refused with its node.
                let feature = usize::try_from(*feature).unwrap_or(usize::MAX);
                match tree.categories.get(&node) {
                    Some(set) => sets.entry(feature).or_default().extend(set.iter().map(|c| *c as u32)),
                    None => drop(numeric.insert(feature)),
                }
            }
        }
        if let Some(both) = sets.keys().find(|feature| numeric.contains(feature)) {
            return Err(BoosterError::Unsupported(format!("feature {both} as number and as category")));
        }
        // Features that no request can carry are refused by the forest.
        let count = n_features.min(1 << 20);
        Ok(Categories((0..count).map(|feature| sets.remove(&feature).map(|set| set.into_iter().collect())).collect()))
    }

    /// Builds the trees; `weighted(tree, column, leaf)` is what a leaf adds.
    pub fn plant(
        &self,
        used: &[usize],
        features: &Categories,
        forest: &mut ForestBuilder,
        weighted: impl Fn(usize, usize, f32) -> f32,
    ) -> Result<(), BoosterError> {
        let mut sets = Sets::new(self.size);
        for number in used {
            let tree = &self.trees[*number];
            let nodes: Result<Vec<Node>, _> =
                (0..tree.left.len()).map(|node| tree.node(node, features, forest, &mut sets)).collect();
            let nodes = nodes.map_err(|error| error.within(*number))?;
            let column = self.groups[*number];
            let values = tree.values(self.columns, |c, leaf| {
                let column = if self.vector { c } else { column };
                f64::from(weighted(*number, column, leaf))
            });
            let values = values.ok_or_else(|| invalid("a leaf has no value").within(*number))?;
            let planted = forest.push(&nodes, |node| values.of(node));
            planted.map_err(|error| BoosterError::Tree { library: "XGBoost", tree: *number, error })?;
        }
        Ok(())
    }
}

/// What each node adds where it is a leaf.
struct Values {
    numbers: Vec<f64>,
    width: usize,
}

impl Values {
    fn of(&self, node: usize) -> &[f64] {
        &self.numbers[node * self.width..][..self.width]
    }
}

impl Tree {
    fn read(tree: &Cursor<'_, '_>) -> Result<Tree, BoosterError> {
        let left = tree.at("left_children")?.i32s()?;
        let n = left.len();
        let sized = |key, numbers: Vec<i32>| match numbers.len() == n {
            true => Ok(numbers),
            false => Err(tree.error(format!("{key} has {} entries for {n} nodes", numbers.len()))),
        };
        let ints = |key| sized(key, tree.at(key)?.i32s()?);
        let right = ints("right_children")?;
        let (feature, default_left) = (ints("split_indices")?, ints("default_left")?);
        let condition = tree.at("split_conditions")?.f32s()?;
        if condition.len() != n {
            return Err(tree.error(format!("split_conditions has {} entries for {n} nodes", condition.len())));
        }
        let (vectors, by_leaf) = vectors(tree)?;
        let categories = match tree.get("split_type") {
            Some(_) => categories(tree, &ints("split_type")?)?,
            None => BTreeMap::new(),
        };
        Ok(Tree { left, right, feature, condition, default_left, categories, vectors, by_leaf })
    }

    /// Bytes that it takes in a document, about.
    fn size(&self) -> usize {
        32 * self.left.len() + 4 * self.categories.values().map(Vec::len).sum::<usize>()
    }

    fn node(
        &self,
        node: usize,
        features: &Categories,
        forest: &mut ForestBuilder,
        sets: &mut Sets,
    ) -> Result<Node, BoosterError> {
        let (Ok(left), Ok(right)) = (u32::try_from(self.left[node]), u32::try_from(self.right[node])) else {
            return match self.left[node] {
                -1 => Ok(Node::Leaf),
                _ => Err(invalid(format!("node {node} has only one child"))),
            };
        };
        // Prediction goes to the left child or to the node after it, whatever the file calls the right one.
        if left.checked_add(1) != Some(right) {
            return Err(invalid(format!("node {node}: its children are not side by side")));
        }
        let feature = u32::try_from(self.feature[node]);
        let feature = feature.map_err(|_| invalid(format!("node {node}: there is no such feature")))?;
        let test = match self.categories.get(&node) {
            Some(right) => {
                let Some(Some(known)) = features.0.get(feature as usize) else {
                    return Err(invalid(format!("node {node}: there is no such feature")));
                };
                let right: BTreeSet<u32> = right.iter().map(|category| *category as u32).collect();
                // Code 0 is any category that no tree names: it goes left, as all do that are not in the set.
                let goes_left = |code: u32| code == 0 || !right.contains(&known[code as usize - 1]);
                Test::OneOf(sets.add(forest, known.len() as u32 + 1, goes_left)?)
            }
            None if self.condition[node].is_nan() => return Err(invalid(format!("node {node}: its threshold is NaN"))),
            // Below the threshold, not at it.
            None => Test::AtMost(key_of(self.condition[node]) - 1),
        };
        Ok(Node::Split { feature, test, missing_left: self.default_left[node] != 0, left, right })
    }

    /// The values of all nodes, of which only those of leaves will be read; `None` where a leaf has none.
    fn values(&self, columns: usize, weighted: impl Fn(usize, f32) -> f64) -> Option<Values> {
        let Some(vectors) = &self.vectors else {
            return Some(Values { numbers: self.condition.iter().map(|leaf| weighted(0, *leaf)).collect(), width: 1 });
        };
        let mut numbers = Vec::with_capacity(vectors.len());
        for node in 0..self.left.len() {
            let at = match (self.left[node] < 0, self.by_leaf) {
                (false, true) => {
                    numbers.extend(std::iter::repeat_n(0.0, columns));
                    continue;
                }
                (true, true) => usize::try_from(self.right[node]).ok()?,
                (_, false) => node,
            };
            let from = at.checked_mul(columns)?;
            let row = vectors.get(from..from.checked_add(columns)?)?;
            numbers.extend(row.iter().enumerate().map(|(column, leaf)| weighted(column, *leaf)));
        }
        Some(Values { numbers, width: columns })
    }
}

/// Numbers of leaves that hold one for each column: before 3.2 those of all nodes, then of leaves alone.
fn vectors(tree: &Cursor<'_, '_>) -> Result<(Option<Vec<f32>>, bool), BoosterError> {
    let size = tree.at("tree_param")?.get("size_leaf_vector");
    let size: usize = size.map_or(Ok(0), |size| size.parameter())?;
    if size <= 1 {
        return Ok((None, false));
    }
    match tree.get("leaf_weights") {
        Some(weights) => Ok((Some(weights.f32s()?), true)),
        None => Ok((Some(tree.at("base_weights")?.f32s()?), false)),
    }
}

/// The categories of each node that tests them.
fn categories(tree: &Cursor<'_, '_>, types: &[i32]) -> Result<BTreeMap<usize, Vec<i32>>, BoosterError> {
    let mut found = BTreeMap::new();
    if types.iter().all(|kind| *kind == 0) {
        return Ok(found);
    }
    let list = |key| tree.at(key)?.i32s();
    let (all, nodes) = (list("categories")?, list("categories_nodes")?);
    let (starts, sizes) = (list("categories_segments")?, list("categories_sizes")?);
    if nodes.len() != starts.len() || nodes.len() != sizes.len() || all.iter().any(|category| *category < 0) {
        return Err(tree.error("its sets of categories do not fit each other"));
    }
    let mut total = 0;
    for ((node, start), size) in nodes.into_iter().zip(starts).zip(sizes) {
        let range = usize::try_from(start).ok().zip(usize::try_from(size).ok());
        let set = range.and_then(|(start, size)| all.get(start..start.checked_add(size)?));
        let (Ok(node), Some(set)) = (usize::try_from(node), set) else {
            return Err(tree.error("a set of categories lies outside"));
        };
        total += set.len();
        if types.get(node) != Some(&1) || total > all.len() || found.insert(node, set.to_vec()).is_some() {
            return Err(tree.error("two sets of categories for one node, or one that no node tests"));
        }
    }
    match types.iter().filter(|kind| **kind != 0).count() == found.len() {
        true => Ok(found),
        false => Err(tree.error("a node tests categories, and has none")),
    }
}

fn invalid(problem: impl Into<String>) -> BoosterError {
    BoosterError::Invalid { library: "XGBoost", place: "trees".to_owned(), problem: problem.into() }
}
