//! `sklearn.tree._tree.Tree`: its node array, read by field name because the layout changed in 1.3.

use crate::model::tree::{ForestBuilder, Node, Test, TreeError, threshold_key};
use crate::value::{Column, Id, ValueError, View};
use std::collections::HashSet;

/// The arrays of one `tree_`, their shapes checked against each other, their links not yet.
pub struct TreeArrays<'g, 'a> {
    nodes: View<'g, 'a>,
    pub n_nodes: usize,
    pub n_features: usize,
    pub n_outputs: usize,
    /// Of the output that has most; 1 in a regression tree.
    pub max_n_classes: usize,
    /// Shape (nodes, n_outputs, max_n_classes).
    pub values: Vec<f64>,
}

impl<'g, 'a> TreeArrays<'g, 'a> {
    /// Reads the attribute `tree_` of a fitted tree.
    ///
    /// # Errors
    /// When it is no `Tree`, or its arrays have impossible shapes, or are those of another tree.
    pub fn read(estimator: &View<'g, 'a>, distinct: &mut Distinct) -> Result<Self, ValueError> {
        let tree = estimator.attr("tree_")?;
        if tree.class().is_none_or(|class| class.name != "Tree") {
            return Err(tree.error(format!("expected a Tree, found {}", tree.kind())));
        }
        let args = tree.args();
        let [n_features, n_classes, n_outputs] = &args[..] else {
            return Err(tree.error("expected three arguments: n_features, n_classes, n_outputs"));
        };
        let (n_features, n_outputs) = (n_features.usize()?, n_outputs.usize()?);
        let max_n_classes = n_classes.i64s()?.into_iter().max().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let nodes = tree.attr("nodes")?;
        let count = match nodes.shape()[..] {
            [count] if count > 0 => count,
            _ => return Err(nodes.error(format!("expected a row of nodes, found {}", nodes.kind()))),
        };
        if tree.attr("node_count")?.usize()? != count {
            return Err(tree.error(format!("node_count is not the number of nodes, {count}")));
        }
        let values = tree.attr("values")?;
        if values.shape() != [count, n_outputs, max_n_classes] || n_outputs == 0 || max_n_classes == 0 {
            let expected = [count, n_outputs, max_n_classes];
            return Err(values.error(format!("expected values of shape {expected:?}, found {}", values.kind())));
        }
        distinct.claim(&nodes)?;
        distinct.claim(&values)?;
        Ok(TreeArrays { values: values.f64s()?, nodes, n_nodes: count, n_features, n_outputs, max_n_classes })
    }

    /// A field of all nodes.
    ///
    /// # Errors
    /// When the nodes have no such integer field.
    pub fn field(&self, name: &str) -> Result<Vec<i64>, ValueError> {
        self.nodes.field_i64(name)
    }

    /// A field of all nodes that holds fractions.
    ///
    /// # Errors
    /// When the nodes have no such field.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, ValueError> {
        self.nodes.field_f64(name)
    }

    /// Adds the tree to a forest. Its leaf values are rows of `values`, its features are renamed by `feature`.
    ///
    /// # Errors
    /// When its nodes are not a tree.
    pub fn plant(
        &self,
        forest: &mut ForestBuilder,
        values: &[f64],
        feature: impl Fn(u32) -> Option<u32>,
    ) -> Result<(), ValueError> {
        let (nodes, width) = (Nodes::of(&self.nodes)?, values.len() / self.n_nodes);
        let planted = forest.push_with(
            self.n_nodes,
            |at| nodes.node(at, &feature).map_err(Refusal::Node),
            |node| &values[node * width..][..width],
        );
        planted.map_err(|refusal| match refusal {
            Refusal::Node(problem) => self.error(problem),
            Refusal::Tree(error) => self.error(error),
        })
    }

    /// An error about the nodes.
    pub fn error(&self, problem: impl ToString) -> ValueError {
        self.nodes.error(problem.to_string())
    }
}

/// The fields that scoring needs.
struct Nodes<'g> {
    left: Column<'g>,
    right: Column<'g>,
    feature: Column<'g>,
    threshold: Column<'g>,
    missing_left: Option<Column<'g>>,
}

/// Why a tree is not planted.
enum Refusal {
    /// In words, what is wrong with a node.
    Node(String),
    Tree(TreeError),
}

impl From<TreeError> for Refusal {
    fn from(error: TreeError) -> Self {
        Refusal::Tree(error)
    }
}

impl<'g> Nodes<'g> {
    fn of(nodes: &View<'g, '_>) -> Result<Self, ValueError> {
        let integers = |name: &str| {
            let column = nodes.column(name)?;
            match column.is_empty() || column.i64(0).is_some() {
                true => Ok(column),
                false => Err(nodes.error(format!("field {name} is not of integers"))),
            }
        };
        let missing = "missing_go_to_left";
        Ok(Nodes {
            left: integers("left_child")?,
            right: integers("right_child")?,
            feature: integers("feature")?,
            threshold: nodes.column("threshold")?,
            missing_left: nodes.has_field(missing).then(|| integers(missing)).transpose()?,
        })
    }

    /// The node `i`, its feature renamed.
    fn node(&self, i: usize, feature: impl Fn(u32) -> Option<u32>) -> Result<Node, String> {
        let integer = |column: &Column<'_>| column.i64(i).ok_or_else(|| format!("node {i}: not an integer"));
        let (left, right) = (integer(&self.left)?, integer(&self.right)?);
        if left == LEAF && right == LEAF {
            return Ok(Node::Leaf);
        }
        let number = |what: &str, n: i64| u32::try_from(n).map_err(|_| format!("node {i}: {n} is no {what}"));
        let named = number("feature", integer(&self.feature)?)?;
        let key = threshold_key(self.threshold.f64(i)).ok_or_else(|| format!("node {i}: the threshold is NaN"))?;
        Ok(Node::Split {
            feature: feature(named).ok_or_else(|| format!("node {i}: there is no feature {named}"))?,
            test: Test::AtMost(key),
            missing_left: self.missing_left.as_ref().map(integer).transpose()?.is_some_and(|flag| flag != 0),
            left: number("node", left)?,
            right: number("node", right)?,
        })
    }
}

/// `TREE_LEAF`: what both children of a leaf are.
const LEAF: i64 = -1;

/// The arrays that the trees of one model were made from. A file may refer to one array many times, and the model
/// must not grow by that, so each serves one tree.
#[derive(Debug, Default)]
pub struct Distinct(HashSet<Id>);

impl Distinct {
    /// Notes that a tree is made from `array`.
    ///
    /// # Errors
    /// When another tree was.
    pub fn claim(&mut self, array: &View<'_, '_>) -> Result<(), ValueError> {
        match self.0.insert(array.id()) {
            true => Ok(()),
            false => Err(array.error("the same array stands in two places")),
        }
    }

    /// Takes over what others were made from; false when any of it is not new.
    pub fn merge(&mut self, others: Distinct) -> bool {
        others.0.into_iter().all(|array| self.0.insert(array))
    }
}
