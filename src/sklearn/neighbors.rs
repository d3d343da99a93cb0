//! `KNeighbors*`, `RadiusNeighbors*`, `LocalOutlierFactor`, `KernelDensity`: training rows, and the tree over them.

use super::attributes::{class_name, flag, numbers, policy, vector};
use super::labels::{classes, labels};
use super::{BuildError, Context, sparse};
use crate::model::InputPolicy;
use crate::model::neighbors::{
    Binary, Index, Kernel, KernelDensity, Labels, LocalOutlierFactor, Metric, Neighbors, Node, Outlier, Reach, Search,
    Shape, Target, Tree,
};
use crate::model::tree::pairwise_sum;
use crate::value::{DType, ScalarKind, ValueError, View};
use std::sync::Arc;

/// Reads the rows, how they are searched, and what is predicted from neighbours.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, the tree is none, or metric or weights are functions.
pub fn neighbors(value: &View<'_, '_>, ctx: &mut Context) -> Result<Neighbors, BuildError> {
    let search = search(value, ctx)?;
    let n_rows = search.n_rows();
    let by_radius = class_name(value).starts_with("Radius");
    let reach = match by_radius {
        true => Reach::Radius(value.attr("radius")?.f64()?),
        false => Reach::Count(count(value, "n_neighbors", n_rows)?),
    };
    let weights = value.attr("weights")?;
    let by_distance = match weights.str() {
        Ok("distance") => true,
        Ok("uniform") => false,
        _ if weights.is_none() => false,
        _ => return Err(BuildError::option(value, format!("weights that are {}", weights.kind()))),
    };
    let target = match class_name(value).ends_with("Classifier") {
        true => codes(value, n_rows, by_radius, ctx)?,
        false => values(value, n_rows, ctx)?,
    };
    Ok(Neighbors { policy: accepts(value, &search), search, reach, by_distance, target })
}

/// `LocalOutlierFactor`; without `novelty` it only knows its training rows.
///
/// # Errors
/// As [`neighbors`].
pub fn local_outlier_factor(value: &View<'_, '_>, ctx: &mut Context) -> Result<LocalOutlierFactor, BuildError> {
    if !flag(value, "novelty", false)? {
        return Err(BuildError::option(value, "novelty=False, which does not predict,"));
    }
    let search = search(value, ctx)?;
    let n_rows = search.n_rows();
    let n_neighbors = count(value, "n_neighbors_", n_rows)?;
    let distances = value.attr("_distances_fit_X_")?;
    let [rows, columns] = distances.shape()[..] else {
        return Err(distances.error(format!("expected rows, found {}", distances.kind())).into());
    };
    let densities = vector(value, "_lrd", ctx)?;
    if rows != n_rows || densities.len() != n_rows || columns < n_neighbors {
        return Err(distances
            .error(format!("expected {n_neighbors} distances and a density for {n_rows} rows"))
            .into());
    }
    let reaches = numbers(&distances, ctx)?.chunks_exact(columns).map(|row| row[n_neighbors - 1]).collect();
    let offset = value.attr("offset_")?.f64()?;
    Ok(LocalOutlierFactor { policy: policy(value, false), search, n_neighbors, reaches, densities, offset })
}

/// Reads the tree of a `KernelDensity`, which also holds its rows and their weights.
///
/// # Errors
/// As [`neighbors`].
pub fn kernel_density(value: &View<'_, '_>, ctx: &mut Context) -> Result<KernelDensity, BuildError> {
    let stored = value.attr("tree_")?;
    let state = tree_state(&stored)?;
    let fit = &state[0];
    let [n_rows, columns] = fit.shape()[..] else {
        return Err(fit.error(format!("expected rows of numbers, found {}", fit.kind())).into());
    };
    let n_features = super::attributes::n_features(value, Some(columns), ctx)?;
    let metric = metric(value, "metric", "metric_params", n_features, ctx)?;
    let kind = match stored.args().first().and_then(View::class) {
        Some(class) if class.name.starts_with("KDTree") && metric.suits(true) => "kd_tree",
        Some(class) if class.name.starts_with("BallTree") && metric.suits(false) => "ball_tree",
        _ => return Err(stored.error("expected a tree that goes with the metric").into()),
    };
    let tree = tree(&stored, kind, n_rows, n_features, ctx)?;
    let weights = match state.get(12) {
        Some(weights) if !weights.is_none() => Some(numbers(weights, ctx)?),
        _ => None,
    };
    if weights.as_ref().is_some_and(|weights| weights.len() != n_rows) {
        return Err(stored.error(format!("expected a weight for each of {n_rows} rows")).into());
    }
    let log_masses = log_masses(&tree, weights.as_deref());
    let total = weights.as_ref().map_or(n_rows as f64, |weights| pairwise_sum(weights));
    let tolerance = |key| value.attr(key)?.f64();
    Ok(KernelDensity {
        policy: policy(value, false),
        kernel: kernel(value)?,
        bandwidth: bandwidth(value)?,
        log_tolerances: ((tolerance("atol")? * total).ln(), tolerance("rtol")?.ln()),
        breadth_first: flag(value, "breadth_first", true)?,
        log_weights: weights.map(|weights| weights.into_iter().map(f64::ln).collect()),
        log_masses,
        log_total: total.ln(),
        search: Search { n_features, rows: numbers(fit, ctx)?, metric, index: Index::Tree(tree) },
    })
}

/// The logarithm of what the rows of each node weigh. Nodes below a leaf are never come to, and may span anything.
fn log_masses(tree: &Tree, weights: Option<&[f64]>) -> Vec<f64> {
    let mut reached = vec![false; tree.nodes.len()];
    let mass = |(at, node): (usize, &Node)| {
        reached[at] = at == 0 || reached[(at - 1) / 2] && !tree.nodes[(at - 1) / 2].is_leaf;
        match weights {
            Some(weights) if reached[at] => tree.order[node.start..node.end].iter().map(|at| weights[*at]).sum(),
            _ => node.end.saturating_sub(node.start) as f64,
        }
    };
    tree.nodes.iter().enumerate().map(mass).map(f64::ln).collect()
}

fn kernel(value: &View<'_, '_>) -> Result<Kernel, BuildError> {
    let kernel = value.attr("kernel")?;
    Ok(match kernel.str()? {
        "gaussian" => Kernel::Gaussian,
        "tophat" => Kernel::Tophat,
        "epanechnikov" => Kernel::Epanechnikov,
        "exponential" => Kernel::Exponential,
        "linear" => Kernel::Linear,
        "cosine" => Kernel::Cosine,
        other => return Err(BuildError::option(value, format!("kernel={other:?}"))),
    })
}

/// `bandwidth_`, which 'scott' and 'silverman' became; before 1.2 it was always a number.
fn bandwidth(value: &View<'_, '_>) -> Result<f64, ValueError> {
    let bandwidth = value.some("bandwidth_").map_or_else(|| value.attr("bandwidth"), Ok)?;
    match bandwidth.f64()? {
        h if h > 0.0 && h.is_finite() => Ok(h),
        h => Err(bandwidth.error(format!("{h} is no bandwidth"))),
    }
}

/// A number of neighbours: at least one, at most as many as there are rows.
pub(super) fn count<'g>(value: &View<'g, '_>, key: &'g str, n_rows: usize) -> Result<usize, ValueError> {
    let count = value.attr(key)?;
    match count.usize()? {
        k if (1..=n_rows).contains(&k) => Ok(k),
        k => Err(count
            .error(format!("Expected n_neighbors <= n_samples_fit, but n_neighbors = {k}, n_samples_fit = {n_rows}"))),
    }
}

/// Reads training rows and how they are searched.
pub(super) fn search(value: &View<'_, '_>, ctx: &mut Context) -> Result<Search, BuildError> {
    let fit = value.attr("_fit_X")?;
    let (n_rows, columns, rows) = sparse::matrix(&fit, ctx)?;
    let n_features = super::attributes::n_features(value, Some(columns), ctx)?;
    if n_rows == 0 {
        return Err(fit.error("there are no rows").into());
    }
    let metric = metric(value, "effective_metric_", "effective_metric_params_", n_features, ctx)?;
    let method = value.attr("_fit_method")?;
    let index = match method.str()? {
        "brute" => Index::brute(&rows, n_features),
        kind @ ("kd_tree" | "ball_tree") if !metric.suits(kind == "kd_tree") => {
            return Err(value.error("no tree is built by that metric").into());
        }
        kind @ ("kd_tree" | "ball_tree") => Index::Tree(tree(&value.attr("_tree")?, kind, n_rows, n_features, ctx)?),
        other => return Err(BuildError::option(value, format!("algorithm={other:?}"))),
    };
    Ok(Search { n_features, rows, metric, index })
}

/// Reads a metric from its name and its parameters, a dict or `None`.
fn metric<'g>(
    value: &View<'g, '_>,
    name: &'g str,
    parameters: &'g str,
    n_features: usize,
    ctx: &mut Context,
) -> Result<Metric, BuildError> {
    let name = value.attr(name)?;
    let parameters = value.attr(parameters)?;
    let name = name.str().map_err(|_| BuildError::option(value, format!("a metric that is {}", name.kind())))?;
    let p = parameters.some("p").map_or(Ok(2.0), |p| p.f64())?;
    let mut given = |key| parameters.some(key).map(|part| numbers(&part, ctx)).transpose();
    let lacks = |key: &str| BuildError::option(value, format!("metric={name:?} without {key} in its metric_params"));
    let weights = given("w")?;
    let metric = match (name, weights) {
        ("minkowski", Some(weights)) if p > 0.0 && p.is_finite() => Metric::Weighted { p, weights },
        (_, Some(_)) => return Err(BuildError::option(value, "a weighted metric")),
        ("euclidean" | "l2" | "p2", _) => Metric::Euclidean,
        ("sqeuclidean", _) => Metric::SquaredEuclidean,
        ("manhattan" | "cityblock" | "l1", _) => Metric::Manhattan,
        ("chebyshev" | "infinity", _) => Metric::Chebyshev,
        ("cosine", _) => Metric::Cosine,
        ("correlation", _) => Metric::Correlation,
        ("haversine", _) => Metric::Haversine,
        ("canberra", _) => Metric::Canberra,
        ("braycurtis", _) => Metric::BrayCurtis,
        ("hamming", _) => Metric::Hamming,
        ("nan_euclidean", _) => Metric::NanEuclidean,
        ("seuclidean", _) => Metric::Standardized { variances: given("V")?.ok_or_else(|| lacks("V"))? },
        ("mahalanobis", _) => Metric::Mahalanobis { inverse: given("VI")?.ok_or_else(|| lacks("VI"))? },
        ("dice", _) => Metric::Binary(Binary::Dice),
        ("jaccard", _) => Metric::Binary(Binary::Jaccard),
        ("rogerstanimoto" | "sokalmichener", _) => Metric::Binary(Binary::RogersTanimoto),
        ("russellrao", _) => Metric::Binary(Binary::RussellRao),
        ("sokalsneath", _) => Metric::Binary(Binary::SokalSneath),
        ("minkowski" | "p", _) => match p {
            1.0 => Metric::Manhattan,
            2.0 => Metric::Euclidean,
            f64::INFINITY => Metric::Chebyshev,
            p if p > 0.0 => Metric::Minkowski { p },
            _ => return Err(parameters.error("expected a positive exponent").into()),
        },
        (other, _) => return Err(BuildError::option(value, format!("metric={other:?}"))),
    };
    match metric.takes(n_features) {
        true => Ok(metric),
        false => Err(value.error(format!("its metric, {name}, does not go with {n_features} features")).into()),
    }
}

/// What the estimator accepts: missing values where its metric does.
fn accepts(value: &View<'_, '_>, search: &Search) -> InputPolicy {
    policy(value, search.metric == Metric::NanEuclidean)
}

/// A tree's state is a tuple: data, order of the rows, nodes, bounds, numbers that follow from them, the metric and the
/// weights of the rows.
fn tree_state<'g, 'a>(value: &View<'g, 'a>) -> Result<Vec<View<'g, 'a>>, ValueError> {
    let state = value.object().and_then(|object| object.state).map(|state| value.graph().view(state));
    let state = state.map(|state| state.items()).transpose()?.unwrap_or_default();
    match state.len() {
        13 => Ok(state),
        _ => Err(value.error("expected the state of a tree")),
    }
}

fn tree(
    value: &View<'_, '_>,
    kind: &str,
    n_rows: usize,
    n_features: usize,
    ctx: &mut Context,
) -> Result<Tree, BuildError> {
    let [_, order, nodes, bounds, ..] = &tree_state(value)?[..] else { unreachable!("it has as many parts") };
    for part in [order, nodes] {
        ctx.read(part)?;
    }
    let place = |at: i64| usize::try_from(at).ok().filter(|at| *at < n_rows);
    let order: Option<Vec<usize>> = order.i64s()?.into_iter().map(place).collect();
    let order = order.filter(|order| order.len() == n_rows);
    let order = order.ok_or_else(|| value.error(format!("its order is not one of {n_rows} rows")))?;
    let nodes = tree_nodes(nodes)?;
    check_nodes(value, &nodes, n_rows)?;
    let each = nodes.len() * n_features;
    let enclosing = numbers(bounds, ctx)?;
    let shape = match kind {
        "kd_tree" if enclosing.len() == 2 * each => {
            Shape::Boxes { low: enclosing[..each].to_vec(), high: enclosing[each..].to_vec() }
        }
        "ball_tree" if enclosing.len() == each => Shape::Balls { centers: enclosing },
        _ => return Err(value.error(format!("its bounds are not those of {} nodes", nodes.len())).into()),
    };
    Ok(Tree { order, nodes, shape })
}

fn tree_nodes(nodes: &View<'_, '_>) -> Result<Vec<Node>, ValueError> {
    let (starts, ends) = (nodes.field_i64("idx_start")?, nodes.field_i64("idx_end")?);
    let (leaves, radii) = (nodes.field_i64("is_leaf")?, nodes.field_f64("radius")?);
    let place = |at: i64| usize::try_from(at).unwrap_or(usize::MAX);
    let node = |at: usize| Node {
        start: place(starts[at]),
        end: place(ends[at]),
        is_leaf: leaves[at] != 0,
        radius: radii[at],
    };
    Ok((0..starts.len()).map(node).collect())
}

/// That the root spans all rows, and children share the span of their parent: then a search looks at each row once at most.
fn check_nodes(value: &View<'_, '_>, nodes: &[Node], n_rows: usize) -> Result<(), ValueError> {
    let whole = nodes.first().is_some_and(|root| root.start == 0 && root.end == n_rows);
    let parted = |(at, node): (usize, &Node)| {
        let spans = node.start <= node.end && node.end <= n_rows;
        spans
            && (node.is_leaf
                || match (nodes.get(2 * at + 1), nodes.get(2 * at + 2)) {
                    (Some(left), Some(right)) => {
                        node.start == left.start && left.end == right.start && right.end == node.end
                    }
                    _ => false,
                })
    };
    match whole && nodes.iter().enumerate().all(parted) {
        true => Ok(()),
        false => Err(value.error("its nodes are no tree over the rows")),
    }
}

/// `_y` of a regressor, of one or two dimensions.
fn values(value: &View<'_, '_>, n_rows: usize, ctx: &mut Context) -> Result<Target, BuildError> {
    let y = value.attr("_y")?;
    let (columns, matrix) = match y.shape()[..] {
        [rows] if rows == n_rows => (1, false),
        [rows, columns] if rows == n_rows && columns > 0 => (columns, true),
        _ => return Err(y.error(format!("expected values of {n_rows} rows, found {}", y.kind())).into()),
    };
    // numpy puts NaN into an array of integers as the least of them.
    let is_float = matches!(y.array().map(|array| &array.dtype), Some(DType::Scalar { kind: ScalarKind::Float, .. }));
    let empty = if is_float { f64::NAN } else { i64::MIN as f64 };
    Ok(Target::Numbers { values: numbers(&y, ctx)?, columns, matrix, empty })
}

/// `_y` of a classifier: codes, a column for each output.
fn codes(value: &View<'_, '_>, n_rows: usize, by_radius: bool, ctx: &mut Context) -> Result<Target, BuildError> {
    let matrix = flag(value, "outputs_2d_", false)?;
    let named = value.attr("classes_")?;
    let named = if matrix { named.items()? } else { vec![named] };
    let y = value.attr("_y")?;
    if named.is_empty() || y.shape().iter().product::<usize>() != n_rows * named.len() {
        return Err(y.error(format!("expected labels of {n_rows} rows, found {}", y.kind())).into());
    }
    ctx.read(&y)?;
    let all = y.i64s()?;
    let outliers = value.some("outlier_label_").filter(|_| by_radius).map(|list| list.items()).transpose()?;
    let mut outputs = vec![];
    for (at, list) in named.iter().enumerate() {
        ctx.read(list)?;
        let classes = Arc::new(classes(list)?);
        let code = |code: &i64| u32::try_from(*code).ok().filter(|code| (*code as usize) < classes.len());
        let codes: Option<Vec<u32>> = all.iter().skip(at).step_by(named.len()).map(code).collect();
        let Some(codes) = codes else { return Err(y.error("a label beyond the classes").into()) };
        let outlier = match &outliers {
            None => Outlier::Refused,
            Some(outliers) => {
                let Some(label) = outliers.get(at) else {
                    return Err(value.error("outlier_label_ is not one for each output").into());
                };
                match labels(label)?.position(0, &classes) {
                    Some(class) => Outlier::Class(class as u32),
                    None => return Err(BuildError::option(value, "an outlier_label that is none of the classes")),
                }
            }
        };
        outputs.push(Labels { classes, codes, outlier });
    }
    Ok(Target::Labels { outputs, matrix })
}
