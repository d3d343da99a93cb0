//! The estimators of a bundle as a tree for people: which, with what parameters, how large.
//!
//! Reads the values, not the built model, so that it also shows what scorelet does not compute.

use super::json::json;
use crate::value::{Id, Node, View};
use serde::Serialize;
use serde_json::{Map, Value};

/// How deep estimators are shown.
const MAX_DEPTH: usize = 12;
/// How many of one level are shown one by one, if they are not all of one class.
const MAX_PARTS: usize = 50;

/// An estimator and those in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outline {
    /// Its name in the estimator that holds it: a step of a pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Full path of the class.
    pub class: String,
    /// The scikit-learn version that wrote it.
    pub version: Option<String>,
    /// Constructor parameters that are set, without those that only steer the training run.
    pub parameters: Map<String, Value>,
    /// What its trees add up to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trees: Option<Trees>,
    /// How many alike stand here.
    pub count: usize,
    pub parts: Vec<Outline>,
}

/// Size of the trees of an estimator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Trees {
    pub count: usize,
    pub nodes: usize,
    pub max_depth: usize,
}

impl Outline {
    /// The class without its module.
    pub fn class_name(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or_default()
    }
}

/// The outline of the estimator at `view`.
pub fn outline(view: &View<'_, '_>) -> Outline {
    at(view, None, 0)
}

fn at(view: &View<'_, '_>, name: Option<&str>, depth: usize) -> Outline {
    let parts = if depth < MAX_DEPTH { parts(view, depth) } else { Vec::new() };
    let version = view.get("_sklearn_version").and_then(|v| v.str().ok().map(str::to_owned));
    // A composite of named parts shows the trees at each of them.
    let trees = if parts.iter().any(|part| part.name.is_some()) { None } else { trees(view) };
    Outline {
        name: name.map(str::to_owned),
        class: view.class().map_or_else(|| view.kind(), ToString::to_string),
        version,
        parameters: parameters(view),
        trees,
        count: 1,
        parts,
    }
}

/// Parameters that change how a model is trained or reported, not what it is.
const RUN: [&str; 8] =
    ["n_jobs", "verbose", "warm_start", "copy", "copy_X", "memory", "cache_size", "verbose_interval"];

/// scikit-learn's convention: what begins or ends with an underscore is no constructor parameter.
fn parameters(view: &View<'_, '_>) -> Map<String, Value> {
    let entries = view.entries().unwrap_or_default();
    let is_parameter = |key: &str| !key.starts_with('_') && !key.ends_with('_') && !RUN.contains(&key);
    let plain = |view: &View<'_, '_>| {
        matches!(view.node(), Node::Int(_) | Node::Float(_) | Node::Str(_) | Node::Tuple(_) | Node::Bool(true))
    };
    let shown = entries.iter().filter(|(key, value)| is_parameter(key) && plain(value));
    shown.filter(|(key, _)| *key != "estimator_params").map(|(key, value)| ((*key).to_owned(), json(value))).collect()
}

/// Attributes that hold estimators: lists of (name, estimator, …) first, then fitted estimators.
const NAMED: [&str; 3] = ["steps", "transformers_", "transformer_list"];
const FITTED: [&str; 8] = [
    "best_estimator_",
    "regressor_",
    "estimators_",
    "calibrated_classifiers_",
    "final_estimator_",
    "init_",
    "_preprocessor",
    "transformer_",
];

fn parts(view: &View<'_, '_>, depth: usize) -> Vec<Outline> {
    if let Some(listed) = NAMED.iter().find_map(|key| view.get(key)) {
        let items = listed.items().unwrap_or_default();
        return items.iter().take(MAX_PARTS).filter_map(|item| named(item, depth)).collect();
    }
    let mut found: Vec<View<'_, '_>> = Vec::new();
    for value in FITTED.iter().filter_map(|key| view.some(key)) {
        match value.items() {
            Ok(items) => found.extend(items),
            Err(_) => found.push(value),
        }
    }
    if found.is_empty() {
        // The template of an ensemble has the same name without the trees in it.
        found.extend(view.some("estimator_"));
    }
    found.retain(|value| value.object().is_some());
    let class = |view: &View<'_, '_>| view.class().map(ToString::to_string);
    if let [first, second, ..] = found.as_slice()
        && class(first) == class(second)
        && found.iter().all(|value| class(value) == class(first))
    {
        return vec![Outline { count: found.len(), trees: None, parameters: Map::new(), ..at(first, None, depth + 1) }];
    }
    found.iter().take(MAX_PARTS).map(|value| at(value, None, depth + 1)).collect()
}

/// A step of a pipeline; one that is `None` or `"passthrough"` is shown as that.
fn named(item: &View<'_, '_>, depth: usize) -> Option<Outline> {
    let pair = item.items().ok()?;
    let (name, estimator) = (pair.first()?.str().ok()?, pair.get(1)?);
    let mut part = at(estimator, Some(name), depth + 1);
    if let Ok(word) = estimator.str() {
        part.class = word.to_owned();
    }
    Some(part)
}

/// All trees that `view` reaches; none where there are none.
fn trees(view: &View<'_, '_>) -> Option<Trees> {
    let graph = view.graph();
    let mut seen = std::collections::HashSet::new();
    let mut waiting: Vec<Id> = vec![view.id()];
    let mut sum = Trees::default();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let tree = graph.view(id);
        let (nodes, depth) = match tree.class().map(|class| class.name.as_ref()) {
            Some("Tree") => (whole(&tree, "node_count"), whole(&tree, "max_depth")),
            Some("TreePredictor") => histogram_tree(&tree),
            _ => {
                waiting.extend(graph.node(id).children());
                continue;
            }
        };
        sum.count += 1;
        sum.nodes = sum.nodes.saturating_add(nodes);
        sum.max_depth = sum.max_depth.max(depth);
    }
    (sum.count > 0).then_some(sum)
}

fn whole<'g>(view: &View<'g, '_>, key: &'g str) -> usize {
    view.get(key).and_then(|value| value.usize().ok()).unwrap_or(0)
}

fn histogram_tree(view: &View<'_, '_>) -> (usize, usize) {
    let Some(nodes) = view.get("nodes") else { return (0, 0) };
    let deepest = nodes.field_i64("depth").unwrap_or_default().into_iter().max().unwrap_or(0);
    (nodes.shape().iter().product(), usize::try_from(deepest).unwrap_or(0))
}
