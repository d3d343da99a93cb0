//! `IsolationForest` (`ensemble/_iforest.py`, `_bagging.py`).

use super::super::grow::{self, BaggedTree, Columns, IsolationParams, Tree};
use super::super::params::{Estimator, Literal, Params, Spec};
use super::state::State;
use super::tree::{Written, columns};
use super::{Data, FitError, Fitted, percentile};
use crate::model::{self, Method, Output};
use crate::sklearn::average_path_length;
use crate::value::{Builder, Graph, Node};
use ndarray::{ArrayView2, Axis};

/// Grows the trees and finds the offset that `contamination` asks for.
pub(super) fn fit(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let mut fitted = grow(spec, data, columns(spec.estimator, &spec.params, data)?)?;
    if let Some(contamination) = spec.params.number("contamination") {
        let mut scores = score_samples(&fitted, data)?;
        set_offset(&mut fitted.graph, percentile(&mut scores, 100.0 * contamination));
    }
    Ok(fitted)
}

/// Grows the trees; the offset is that of the paper.
pub(super) fn grow(spec: &Spec, data: &Data<'_>, values: Vec<Vec<f32>>) -> Result<Fitted, FitError> {
    let mut warnings = Vec::new();
    let isolation = resolve(&spec.params, data, &mut warnings)?;
    let trees = grow::isolation_forest(&Columns::new(&values), &isolation);
    drop(values);
    Ok(write(spec, data, &isolation, trees, warnings))
}

/// Replaces the `offset_` that [`grow`] wrote.
fn set_offset(graph: &mut Graph<'_>, offset: f64) {
    let place = graph.root().get("offset_").map(|view| view.id());
    if let Some(place) = place {
        graph.nodes[place.0 as usize] = Node::Float(offset);
    }
}

/// Counts from counts and fractions, as `fit` and `BaseBagging._fit` resolve them.
fn resolve(params: &Params, data: &Data<'_>, warnings: &mut Vec<String>) -> Result<IsolationParams, FitError> {
    let (rows, n_features) = (data.n_rows(), data.n_features());
    let max_samples = match params.get("max_samples") {
        Literal::Float(share) => (share * rows as f64) as usize,
        Literal::Int(_) => {
            let asked = params.count("max_samples").unwrap_or_default();
            if asked > rows {
                warnings.push(format!(
                    "max_samples ({asked}) is greater than the total number of samples ({rows}): max_samples is set to {rows}"
                ));
            }
            asked.min(rows)
        }
        _ => rows.min(256),
    };
    if max_samples == 0 {
        return Err(FitError::Parameter(format!("max_samples={} of {rows} rows is none", params.get("max_samples"))));
    }
    let max_features = match params.get("max_features") {
        Literal::Int(count) => usize::try_from(*count).unwrap_or_default().max(1),
        share => ((share.number().unwrap_or(1.0) * n_features as f64) as usize).max(1),
    };
    if max_features > n_features {
        return Err(FitError::Parameter(format!("max_features must be <= n_features: {max_features} of {n_features}")));
    }
    Ok(IsolationParams {
        n_estimators: params.count("n_estimators").unwrap_or_default(),
        max_samples,
        max_features,
        bootstrap: params.flag("bootstrap"),
        random_state: params.random_state(),
        threads: data.threads,
    })
}

fn write(
    spec: &Spec,
    data: &Data<'_>,
    isolation: &IsolationParams,
    trees: Vec<BaggedTree>,
    warnings: Vec<String>,
) -> Fitted {
    let mut builder = Builder::new();
    let b = &mut builder;
    let mut state = State::new(b, spec.estimator.class(), &spec.params);
    state.features(b, data);
    // What IsolationForest hands to BaggingRegressor and never shows.
    let (none, no, nothing) = (b.none(), b.push(Node::Bool(false)), b.tuple(vec![]));
    state.set("estimator", none);
    state.set("estimator_params", nothing);
    state.set("bootstrap_features", no);
    state.set("oob_score", no);
    state.int(b, "max_samples_", isolation.max_samples);
    state.int(b, "_max_samples", isolation.max_samples);
    state.int(b, "_max_features", isolation.max_features);
    state.int(b, "_n_samples", data.n_rows());
    state.set("_sample_weight", none);
    per_tree(b, &mut state, &trees);
    members(b, &mut state, isolation, trees);
    // As in the paper, the opposite of it; `contamination` finds another.
    let offset = b.float(-0.5);
    state.set("offset_", offset);
    Fitted::new(builder, state, warnings)
}

/// What the forest keeps of each tree beside the tree.
fn per_tree(b: &mut Builder, state: &mut State, trees: &[BaggedTree]) {
    let averages: Vec<Vec<f64>> = trees.iter().map(|bagged| average_path_lengths(&bagged.tree)).collect();
    let averages = averages.iter().map(|lengths| b.f64s(&[lengths.len()], lengths)).collect();
    let averages = b.tuple(averages);
    state.set("_average_path_length_per_tree", averages);
    let depths = trees.iter().map(|bagged| b.i64s(&node_depths(&bagged.tree))).collect();
    let depths = b.tuple(depths);
    state.set("_decision_path_lengths", depths);
    let numbers = |features: &[u32]| features.iter().map(|f| i64::from(*f)).collect::<Vec<_>>();
    let features = trees.iter().map(|bagged| b.i64s(&numbers(&bagged.features))).collect();
    let features = b.list(features);
    state.set("estimators_features_", features);
}

/// The trees themselves, and one without data from which scikit-learn makes them.
fn members(b: &mut Builder, state: &mut State, isolation: &IsolationParams, trees: Vec<BaggedTree>) {
    let class = Estimator::ExtraTreeRegressor.class();
    let defaults = Estimator::ExtraTreeRegressor.defaults().params;
    let outline = |b: &mut Builder, random_state: u32| {
        let mut state = State::tree(b, class, &defaults);
        state.int(b, "max_depth", isolation.max_depth());
        state.int(b, "max_features", 1);
        state.int(b, "random_state", random_state as usize);
        state
    };
    let unfitted = outline(b, isolation.random_state).finish(b);
    state.set("estimator_", unfitted);
    let written = Written::new(isolation.max_features, 1);
    let members = trees.into_iter().map(|bagged| {
        let mut member = outline(b, bagged.random_state);
        member.int(b, "n_features_in_", isolation.max_features);
        member.int(b, "n_outputs_", 1);
        member.int(b, "max_features_", 1);
        let tree = written.write(b, bagged.tree);
        member.set("tree_", tree);
        member.finish(b)
    });
    let members = members.collect();
    let members = b.list(members);
    state.set("estimators_", members);
}

/// How much deeper the samples of each node would have gone on average.
fn average_path_lengths(tree: &Tree) -> Vec<f64> {
    tree.nodes.iter().map(|node| average_path_length(node.n_node_samples as f64)).collect()
}

/// Nodes on the path from the root to each node, both included (`Tree.compute_node_depths`).
fn node_depths(tree: &Tree) -> Vec<i64> {
    let mut depths = vec![1; tree.nodes.len()];
    for (parent, node) in tree.nodes.iter().enumerate() {
        for child in [node.left_child, node.right_child].into_iter().filter_map(|child| usize::try_from(child).ok()) {
            depths[child] = depths[parent] + 1;
        }
    }
    depths
}

/// The score of every training row, by the model that will score (`score_samples`).
fn score_samples(fitted: &Fitted, data: &Data<'_>) -> Result<Vec<f64>, FitError> {
    let model = fitted.estimator()?;
    let part = data.n_rows().div_ceil(data.threads);
    let scores = std::thread::scope(|scope| {
        let model = &model;
        let parts = data.x.axis_chunks_iter(Axis(0), part).map(|x| scope.spawn(move || scores(model, x)));
        let parts: Vec<_> = parts.collect();
        parts.into_iter().flat_map(|part| part.join().expect("scoring does not panic")).collect()
    });
    Ok(scores)
}

fn scores(model: &model::Estimator, x: ArrayView2<'_, f64>) -> Vec<f64> {
    match model.call(Method::ScoreSamples, x) {
        Ok(Output::Floats(scores)) => scores,
        other => unreachable!("an isolation forest scores every value it was fitted to: {other:?}"),
    }
}
