//! `KNeighborsClassifier` and `KNeighborsRegressor` (`neighbors/_base.py`): the training rows, and the tree over them where
//! scikit-learn builds one, so that ties among neighbours are broken by the same rows.

mod nth;
mod tree;

use super::super::params::{Estimator, Params, Spec};
use super::state::{self, State};
use super::{Data, FitError, Fitted};
use crate::model::FloatType;
use crate::model::neighbors::Metric;
use crate::value::{Builder, Id, Node};
use tree::Kind;

/// How rows are compared: `effective_metric_` and what it stands for.
struct Effective {
    name: &'static str,
    metric: Metric,
}

/// Keeps the rows, and builds the tree.
pub(super) fn fit(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let (class, params) = (spec.estimator.class(), &spec.params);
    let mut b = Builder::new();
    let mut state = State::new(&mut b, class, params);
    if spec.estimator == Estimator::KNeighborsClassifier {
        let (classes, codes) = data.labels(class.class)?;
        let labels = state::classes(&mut b, classes);
        state.set("classes_", labels);
        let codes = b.i64s(&codes.iter().map(|code| i64::from(*code)).collect::<Vec<_>>());
        state.set("_y", codes);
        let flat = b.push(Node::Bool(false));
        state.set("outputs_2d_", flat);
    } else {
        state.f64s(&mut b, "_y", data.numbers(class.class)?);
    }
    data.check_values(class.class, FloatType::F64, false)?;
    let n_neighbors = params.count("n_neighbors").unwrap_or_default();
    if n_neighbors > data.n_rows() {
        let text = format!("n_neighbors={n_neighbors} is more than the {} rows to train on", data.n_rows());
        return Err(FitError::Parameter(text));
    }
    state.features(&mut b, data);
    let none = b.none();
    state.set("radius", none);
    let effective = effective(params)?;
    let kind = method(params, data, n_neighbors, &effective)?;
    let x = data.x.as_standard_layout();
    let x = x.as_slice().expect("a standard layout is one slice");
    let rows = b.f64s(&[data.n_rows(), data.n_features()], x);
    state.set("_fit_X", rows);
    let leaf_size = params.count("leaf_size").unwrap_or(1);
    let built = kind.map(|kind| tree::build(x, data.n_features(), leaf_size, kind, effective.metric.clone()));
    let tree = built.map_or(none, |built| built.write(&mut b, rows));
    state.set("_tree", tree);
    let method = b.str(kind.map_or("brute", Kind::name));
    state.set("_fit_method", method);
    state.int(&mut b, "n_samples_fit_", data.n_rows());
    let name = b.str(effective.name);
    state.set("effective_metric_", name);
    let metric_params = metric_params(&mut b, params, &effective);
    state.set("effective_metric_params_", metric_params);
    Ok(Fitted::new(b, state, vec![]))
}

/// Minkowski's metric has three special cases with names of their own.
fn effective(params: &Params) -> Result<Effective, FitError> {
    let found = |name, metric| Ok(Effective { name, metric });
    match params.text("metric") {
        Some("euclidean") => found("euclidean", Metric::Euclidean),
        Some("l2") => found("l2", Metric::Euclidean),
        Some("manhattan") => found("manhattan", Metric::Manhattan),
        Some("cityblock") => found("cityblock", Metric::Manhattan),
        Some("l1") => found("l1", Metric::Manhattan),
        Some("chebyshev") => found("chebyshev", Metric::Chebyshev),
        Some("infinity") => found("infinity", Metric::Chebyshev),
        Some("cosine") => found("cosine", Metric::Cosine),
        Some("sqeuclidean") => found("sqeuclidean", Metric::SquaredEuclidean),
        _ => match params.number("p") {
            Some(1.0) => found("manhattan", Metric::Manhattan),
            Some(2.0) => found("euclidean", Metric::Euclidean),
            Some(f64::INFINITY) => found("chebyshev", Metric::Chebyshev),
            Some(p) => found("minkowski", Metric::Minkowski { p }),
            None => Err(FitError::Parameter("metric='minkowski' needs a number p, such as the default 2".to_owned())),
        },
    }
}

/// What is left of the parameters of the metric: `w` stands there too, though it has no value.
fn metric_params(b: &mut Builder, params: &Params, effective: &Effective) -> Id {
    let entries = match effective.metric {
        Metric::Minkowski { .. } => vec![("p", state::literal(b, params.get("p"))), ("w", b.none())],
        _ => vec![],
    };
    b.dict(entries)
}

/// The tree that `algorithm` stands for; `None` is brute force.
fn method(params: &Params, data: &Data<'_>, k: usize, effective: &Effective) -> Result<Option<Kind>, FitError> {
    let semimetric = matches!(effective.metric, Metric::Minkowski { p } if p < 1.0);
    // The one name that brute force does not take.
    let (no_tree, only_tree) =
        (matches!(effective.metric, Metric::Cosine | Metric::SquaredEuclidean), effective.name == "infinity");
    let asked = params.text("algorithm").unwrap_or("auto");
    let refused = match asked {
        "brute" => only_tree,
        "auto" => false,
        _ => no_tree,
    };
    if refused {
        let metric = params.get("metric");
        return Err(FitError::Parameter(format!("metric={metric} is not valid with algorithm='{asked}'")));
    }
    let kind = match asked {
        "brute" => None,
        "kd_tree" => Some(Kind::KdTree),
        "ball_tree" => Some(Kind::BallTree),
        _ if no_tree || semimetric || data.n_features() > 15 || k >= data.n_rows() / 2 => None,
        _ => Some(Kind::KdTree),
    };
    match kind {
        Some(kind) if semimetric => Err(FitError::Parameter(format!(
            "algorithm=\"{}\" does not support 0 < p < 1 for the Minkowski metric. To resolve this problem either set \
             p >= 1 or algorithm=\"brute\".",
            kind.name()
        ))),
        kind => Ok(kind),
    }
}
