//! Readers of the trained operators of ai.onnx.ml: sizes of all lists are checked against each other here.

use super::attributes::{Found, Operation, Texts};
use crate::model::onnx::{
    Aggregate, Data, Ensemble, Kernel, Linear, Mode, Node, Operator, Post, Purpose, Settings, SvmClassifier,
    SvmRegressor, Weight,
};
use std::collections::{HashMap, HashSet};

fn post(node: &Operation<'_, '_>) -> Found<Post> {
    let name = node.text("post_transform", "NONE")?;
    Post::from_name(name).ok_or_else(|| format!("post_transform {name:?}"))
}

/// The labels of a classifier, in whichever of the two lists they are.
fn labels(node: &Operation<'_, '_>, texts: &mut Texts, ints: &'static str) -> Found<Data> {
    let strings = node.strings("classlabels_strings")?;
    let labels = if strings.is_empty() { Data::I64(node.ints(ints)?) } else { texts.codes(&strings) };
    if labels.elements() == 0 { Err("it has no labels".into()) } else { Ok(labels) }
}

pub(super) fn linear_classifier(node: &Operation<'_, '_>, texts: &mut Texts) -> Found<Operator> {
    let labels = labels(node, texts, "classlabels_ints")?;
    let intercepts = node.floats("intercepts")?;
    let targets = if intercepts.is_empty() { labels.elements() } else { intercepts.len() };
    if targets != labels.elements() && !(targets == 1 && labels.elements() == 2) {
        return Err(format!("{targets} targets for {} labels", labels.elements()));
    }
    let model = linear(node, targets, intercepts, Some(labels.elements()))?;
    Ok(Operator::Linear { model: Box::new(model), labels: Some(labels) })
}

pub(super) fn linear_regressor(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    let targets = usize::try_from(node.int("targets", 1)?).unwrap_or(0);
    let intercepts = node.floats("intercepts")?;
    // skl2onnx writes a single 0 for a model without intercepts, however many targets it has.
    if intercepts.len() != targets && intercepts.iter().any(|intercept| *intercept != 0.0) {
        return Err(format!("{} intercepts for {targets} targets", intercepts.len()));
    }
    let intercepts = if intercepts.len() == targets { intercepts } else { vec![] };
    Ok(Operator::Linear { model: Box::new(linear(node, targets, intercepts, None)?), labels: None })
}

fn linear(node: &Operation<'_, '_>, targets: usize, intercepts: Vec<f32>, labels: Option<usize>) -> Found<Linear> {
    let coefficients = node.floats("coefficients")?;
    if targets == 0 || coefficients.is_empty() || !coefficients.len().is_multiple_of(targets) {
        return Err(format!("{} coefficients for {targets} targets", coefficients.len()));
    }
    Ok(Linear { coefficients, intercepts, targets, post: post(node)?, labels })
}

fn kernel(node: &Operation<'_, '_>) -> Found<Kernel> {
    let parameters = node.floats("kernel_params")?;
    let [gamma, coef0, degree] = parameters[..] else {
        return match parameters.is_empty() && node.text("kernel_type", "LINEAR")? == "LINEAR" {
            true => Ok(Kernel::Linear),
            false => Err(format!("{} kernel parameters", parameters.len())),
        };
    };
    Ok(match node.text("kernel_type", "LINEAR")? {
        "LINEAR" => Kernel::Linear,
        "POLY" => Kernel::Poly { gamma, coef0, degree },
        "RBF" => Kernel::Rbf { gamma },
        "SIGMOID" => Kernel::Sigmoid { gamma, coef0 },
        name => return Err(format!("kernel {name:?}")),
    })
}

pub(super) fn svm_regressor(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    let (vectors, coefficients) = (node.floats("support_vectors")?, node.floats("coefficients")?);
    let count = usize::try_from(node.int("n_supports", 0)?).map_err(|_| "a negative number of vectors")?;
    let width = vectors.len().checked_div(count).unwrap_or(coefficients.len());
    if width == 0
        || vectors.len() != if count == 0 { 0 } else { count * width }
        || count > 0 && coefficients.len() != count
    {
        return Err(format!("{} numbers in {count} vectors with {} coefficients", vectors.len(), coefficients.len()));
    }
    if post(node)? != Post::None {
        return Err("a post_transform".into());
    }
    let kernel = if count == 0 { Kernel::Linear } else { kernel(node)? };
    let rho = *node.floats("rho")?.first().ok_or("it has no rho")?;
    let one_class = node.flag("one_class", false)?;
    Ok(Operator::SvmRegressor(Box::new(SvmRegressor { kernel, vectors, coefficients, rho, width, one_class })))
}

pub(super) fn svm_classifier(node: &Operation<'_, '_>, texts: &mut Texts) -> Found<Operator> {
    let labels = labels(node, texts, "classlabels_ints")?;
    let classes = labels.elements();
    let (vectors, coefficients) = (node.floats("support_vectors")?, node.floats("coefficients")?);
    let per_class = node.ints("vectors_per_class")?.into_iter().map(usize::try_from);
    let per_class: Vec<usize> = per_class.collect::<Result<_, _>>().map_err(|_| "a negative number of vectors")?;
    let count = per_class.iter().try_fold(0usize, |sum, n| sum.checked_add(*n)).unwrap_or(usize::MAX);
    let (width, expected) = match count {
        0 => (coefficients.len() / classes, classes * (coefficients.len() / classes)),
        count => (vectors.len() / count, (classes - 1).saturating_mul(count)),
    };
    let pairs = classes * (classes - 1) / 2;
    let rho = node.floats("rho")?;
    let platt: Vec<(f32, f32)> = node.floats("prob_a")?.into_iter().zip(node.floats("prob_b")?).collect();
    let fits = width > 0
        && coefficients.len() == expected
        && vectors.len() == count.saturating_mul(if count == 0 { 0 } else { width })
        && (count == 0 || per_class.len() == classes && rho.len() == pairs && classes > 1)
        && (platt.is_empty() || platt.len() == pairs && count > 0)
        && !rho.is_empty();
    if !fits {
        return Err("vectors, coefficients, rho and labels whose numbers do not fit each other".into());
    }
    let kernel = if count == 0 { Kernel::Linear } else { kernel(node)? };
    let post = post(node)?;
    let model = SvmClassifier { kernel, vectors, coefficients, rho, platt, per_class, classes, width, post };
    Ok(Operator::SvmClassifier { model: Box::new(model), labels })
}

pub(super) fn tree_classifier(node: &Operation<'_, '_>, texts: &mut Texts) -> Found<Operator> {
    let labels = labels(node, texts, "classlabels_int64s")?;
    let weights =
        weights(node, ["class_treeids", "class_nodeids", "class_ids", "class_weights", "class_weights_as_tensor"])?;
    let ids: HashSet<u32> = weights.iter().map(|(_, weight)| weight.target).collect();
    let one_id = labels.elements() == 2 && ids.len() == 1;
    let positive = weights.iter().all(|(_, weight)| weight.value >= 0.0);
    let purpose = Purpose::Classification { one_id, positive };
    let settings = settings(node, labels.elements(), Aggregate::Sum, purpose)?;
    if settings.base.len() > settings.targets {
        return Err(format!("{} base values for {} labels", settings.base.len(), settings.targets));
    }
    // Otherwise ONNX Runtime answers with 1 and 0, whatever the labels are.
    if let (Data::I64(known), false) = (&labels, one_id)
        && known.len() == 2
        && known[..] != [0, 1]
    {
        return Err("weights for both of two labels that are not 0 and 1".into());
    }
    Ok(Operator::Trees { model: Box::new(ensemble(node, &weights, settings)?), labels: Some(labels) })
}

pub(super) fn tree_regressor(node: &Operation<'_, '_>, _: &mut Texts) -> Found<Operator> {
    let names = ["target_treeids", "target_nodeids", "target_ids", "target_weights", "target_weights_as_tensor"];
    let weights = weights(node, names)?;
    let aggregate = match node.text("aggregate_function", "SUM")? {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        name => return Err(format!("aggregate_function {name:?}")),
    };
    let targets = usize::try_from(node.int("n_targets", 1)?).unwrap_or(0);
    let settings = settings(node, targets, aggregate, Purpose::Regression)?;
    if !settings.base.is_empty() && settings.base.len() != targets {
        return Err(format!("{} base values for {targets} targets", settings.base.len()));
    }
    Ok(Operator::Trees { model: Box::new(ensemble(node, &weights, settings)?), labels: None })
}

fn settings(node: &Operation<'_, '_>, targets: usize, aggregate: Aggregate, purpose: Purpose) -> Found<Settings> {
    if targets == 0 || targets > 1 << 16 {
        return Err(format!("{targets} targets"));
    }
    let base = either(node, "base_values", "base_values_as_tensor")?;
    Ok(Settings { targets, aggregate, base, post: post(node)?, purpose })
}

/// A list of floats, or the tensor of doubles that stands for it.
fn either(node: &Operation<'_, '_>, floats: &'static str, tensor: &'static str) -> Found<Vec<f64>> {
    node.doubles(if node.has(tensor) { tensor } else { floats })
}

/// Weights with the tree and node of each.
fn weights(node: &Operation<'_, '_>, names: [&'static str; 5]) -> Found<Vec<((i64, i64), Weight)>> {
    let [trees, nodes, ids] = [names[0], names[1], names[2]].map(|name| node.ints(name));
    let (trees, nodes, ids, values) = (trees?, nodes?, ids?, either(node, names[3], names[4])?);
    if [nodes.len(), ids.len(), values.len()] != [trees.len(); 3] {
        return Err("weights, their nodes and their targets of different number".into());
    }
    let one = |at: usize| {
        let target = u32::try_from(ids[at]).map_err(|_| format!("target {}", ids[at]))?;
        Ok(((trees[at], nodes[at]), Weight { target, value: values[at] }))
    };
    (0..trees.len()).map(one).collect()
}

/// The nodes, which name each other by tree and number; the first of each tree is its root.
fn ensemble(node: &Operation<'_, '_>, weights: &[((i64, i64), Weight)], settings: Settings) -> Found<Ensemble> {
    let (trees, numbers) = (node.ints("nodes_treeids")?, node.ints("nodes_nodeids")?);
    let (yes, no) = (node.ints("nodes_truenodeids")?, node.ints("nodes_falsenodeids")?);
    let (features, modes) = (node.ints("nodes_featureids")?, node.strings("nodes_modes")?);
    let values = either(node, "nodes_values", "nodes_values_as_tensor")?;
    let missing = node.ints("nodes_missing_value_tracks_true")?;
    let count = trees.len();
    let lengths = [numbers.len(), yes.len(), no.len(), features.len(), modes.len(), values.len()];
    if lengths != [count; 6] || !missing.is_empty() && missing.len() != count || count == 0 || count >= 1 << 31 {
        return Err("lists of nodes that differ in length, or are empty".into());
    }
    let mut places = HashMap::with_capacity(count);
    let mut roots = vec![];
    for at in 0..count {
        if places.insert((trees[at], numbers[at]), at).is_some() {
            return Err(format!("node {} of tree {} stands twice", numbers[at], trees[at]));
        }
        if at == 0 || trees[at] != trees[at - 1] {
            roots.push(at);
        }
    }
    let place = |tree: i64, number: i64| {
        places.get(&(tree, number)).copied().ok_or_else(|| format!("tree {tree} has no node {number}"))
    };
    let one = |at: usize| {
        let mode = match modes[at].as_str() {
            "LEAF" => return Ok(Node::Leaf),
            "BRANCH_LEQ" => Mode::Leq,
            "BRANCH_LT" => Mode::Lt,
            "BRANCH_GTE" => Mode::Gte,
            "BRANCH_GT" => Mode::Gt,
            "BRANCH_EQ" => Mode::Eq,
            "BRANCH_NEQ" => Mode::Neq,
            mode => return Err(format!("node {} branches by {mode:?}", numbers[at])),
        };
        let feature = usize::try_from(features[at]).map_err(|_| format!("feature {}", features[at]))?;
        let (yes, no) = (place(trees[at], yes[at])?, place(trees[at], no[at])?);
        let missing_true = missing.get(at).is_some_and(|tracks| *tracks != 0);
        Ok(Node::Split { feature, mode, value: values[at], missing_true, yes, no })
    };
    let nodes: Vec<Node> = (0..count).map(one).collect::<Found<_>>()?;
    let mut placed: Vec<(usize, Weight)> =
        weights.iter().map(|((tree, number), weight)| Ok((place(*tree, *number)?, *weight))).collect::<Found<_>>()?;
    placed.sort_by_key(|(at, _)| *at);
    let values: Vec<Weight> = placed.iter().map(|(_, weight)| *weight).collect();
    let of = |leaf: usize| {
        let from = placed.partition_point(|(at, _)| *at < leaf);
        &values[from..from + placed[from..].partition_point(|(at, _)| *at <= leaf)]
    };
    Ensemble::new(&nodes, &roots, of, settings).map_err(|error| error.to_string())
}
