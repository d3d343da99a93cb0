//! LightGBM's models: the text that `Booster.__getstate__` keeps, and `save_model` writes.

#[cfg(test)]
mod tests;
mod text;
mod tree;

use super::BoosterError;
use crate::model::lightgbm::{Leaves, Link, Scores};
use crate::model::tree::ForestBuilder;
use text::{Block, Text};
use tree::{Features, Tree};

/// A model, checked, and what else its text says.
#[derive(Debug, PartialEq)]
pub struct Model {
    pub scores: Scores,
    pub link: Link,
    /// Spaces in a column's name are underscores here: LightGBM replaces them.
    pub feature_names: Vec<String>,
    /// Features that hold categories.
    pub categorical: Vec<usize>,
}

/// Reads a model that predicts by its first `iterations`, or by all where that is `None`.
///
/// # Errors
/// When the text is damaged, or scorelet cannot reproduce the model exactly.
pub fn read(text: &str, iterations: Option<usize>) -> Result<Model, BoosterError> {
    let text = Text::read(text)?;
    let header = &text.header;
    let columns: usize = match header.get("num_tree_per_iteration") {
        Some(_) => header.number("num_tree_per_iteration")?,
        None => header.number("num_class")?,
    };
    let last: usize = header.number("max_feature_idx")?;
    let feature_names = names(header);
    let n_features = feature_names.len();
    if last.checked_add(1) != Some(n_features) {
        return Err(header.error("feature_names", format!("{n_features} names for a last feature of {last}")));
    }
    if columns == 0 || !text.trees.len().is_multiple_of(columns) {
        return Err(header.error("num_tree_per_iteration", format!("{columns} for {} trees", text.trees.len())));
    }
    let rounds = text.trees.len() / columns;
    let used = iterations.map_or(rounds, |best| best.min(rounds));
    let trees: Result<Vec<Tree>, BoosterError> = text.trees[..used * columns].iter().map(Tree::read).collect();
    let trees = trees?;
    let link = link(header, columns)?;
    let divisor = header.get("average_output").map(|_| used as f64);
    let (forest, features, leaves) = plant(&trees, n_features, columns, text.length)?;
    let scores = Scores { n_features, columns, forest, features, leaves, divisor };
    Ok(Model { scores, link, feature_names, categorical: categorical(header) })
}

/// The columns that a model was fitted on, spaces replaced; `Column_0`, `Column_1`… where they had no names.
///
/// # Errors
/// When the text is damaged.
pub fn feature_names(text: &str) -> Result<Vec<String>, BoosterError> {
    Ok(names(&Text::read(text)?.header))
}

/// A value of a column that was a category of pandas.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(untagged)]
pub enum Category {
    Number(f64),
    Text(String),
}

/// What the last line of a saved model says of such columns; a pickle keeps it beside the text.
///
/// # Errors
/// When the line is no list of lists of texts and numbers.
pub fn pandas_categories(text: &str) -> Result<Vec<Vec<Category>>, BoosterError> {
    const KEY: &str = "pandas_categorical:";
    let Some(list) = text.trim_end().lines().next_back().and_then(|line| line.strip_prefix(KEY)) else {
        return Ok(vec![]);
    };
    let lists: Result<Option<Vec<Vec<Category>>>, _> = serde_json::from_str(list);
    let lists = lists.map_err(|_| BoosterError::Invalid {
        library: "LightGBM",
        place: KEY.trim_end_matches(':').to_owned(),
        problem: "it is no list of lists of texts and numbers".to_owned(),
    })?;
    Ok(lists.unwrap_or_default())
}

fn names(header: &Block<'_>) -> Vec<String> {
    let names = header.get("feature_names").unwrap_or_default();
    names.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Features whose information is a list of categories, `3:1:2`, not a range.
fn categorical(header: &Block<'_>) -> Vec<usize> {
    let infos = header.get("feature_infos").unwrap_or_default().split(' ').enumerate();
    infos.filter(|(_, info)| !info.starts_with('[') && *info != "none").map(|(feature, _)| feature).collect()
}

/// What becomes of a raw score (`ObjectiveFunction::ConvertOutput`); without an objective, nothing.
fn link(header: &Block<'_>, columns: usize) -> Result<Link, BoosterError> {
    let mut words = header.get("objective").unwrap_or_default().split_whitespace();
    let name = words.next().unwrap_or_default();
    let words: Vec<&str> = words.collect();
    let sigmoid = || match words.iter().find_map(|word| word.strip_prefix("sigmoid:")) {
        None => Ok(1.0),
        Some(factor) => factor.parse().map_err(|_| header.error("objective", format!("{factor:?} is no number"))),
    };
    let link = match name {
        "" | "custom" | "huber" | "fair" | "quantile" | "mape" | "lambdarank" | "rank_xendcg" => Link::Identity,
        "regression" | "regression_l1" if words.contains(&"sqrt") => Link::Square,
        "regression" | "regression_l1" => Link::Identity,
        "poisson" | "gamma" | "tweedie" => Link::Exp,
        "binary" => Link::Logistic(sigmoid()?),
        "cross_entropy" => Link::Logistic(1.0),
        "cross_entropy_lambda" => Link::Softplus,
        "multiclass" => Link::Softmax,
        "multiclassova" => Link::Logistic(sigmoid()?),
        other => return Err(BoosterError::Unsupported(format!("LightGBM's objective {other:?}"))),
    };
    match (columns, name) {
        (1, _) | (_, "" | "custom" | "multiclass" | "multiclassova") => Ok(link),
        _ => Err(header.error("objective", format!("{name:?} has {columns} columns"))),
    }
}

type Planted = (crate::model::tree::Forest, Vec<crate::model::lightgbm::Feature>, Leaves);

fn plant(trees: &[Tree], n_features: usize, columns: usize, length: usize) -> Result<Planted, BoosterError> {
    let linear = trees.iter().any(|tree| tree.is_linear());
    let mut features = Features::of(trees, n_features)?;
    let mut forest = ForestBuilder::new(features.len(), 1, if linear { trees.len() } else { columns });
    let mut sets = super::categories::Sets::new(length);
    let mut leaves = vec![];
    for (number, tree) in trees.iter().enumerate() {
        let nodes = tree.nodes(&mut features, &mut forest, &mut sets).map_err(|error| error.within(number))?;
        let planted = match linear {
            false => forest.push(&nodes, |node| tree.value(node)),
            true => {
                // A leaf's payload is its number among all leaves of the model.
                let first = leaves.len();
                leaves.extend(tree.linear(n_features).map_err(|error| error.within(number))?);
                let numbers: Vec<f64> = (first..leaves.len()).map(|number| number as f64).collect();
                forest.push(&nodes, |node| tree.leaf(node, &numbers))
            }
        };
        planted.map_err(|error| BoosterError::Tree { library: "LightGBM", tree: number, error })?;
    }
    let forest = forest.finish().map_err(|error| BoosterError::Invalid {
        library: "LightGBM",
        place: "trees".to_owned(),
        problem: error.to_string(),
    })?;
    Ok((forest, features.into_columns(), if linear { Leaves::Linear(leaves) } else { Leaves::Constant }))
}
