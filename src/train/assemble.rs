//! Fitted parts to a bundle: the seed's keys, in native form, read back by the same path that `serve` takes.
//!
//! Same parts, same bytes. Never does I/O: the caller writes the file.

use super::fit::{Fitted, SKLEARN_VERSION};
use super::params::{Literal, Params, ScalerSpec, Spec};
use crate::bundle::Bundle;
use crate::bundle::native::{self, NativeError};
use crate::load::{BundleFile, LoadError, LoadOptions};
use crate::sklearn;
use crate::value::{Builder, Graph, Id, Node};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// What a bundle is made of.
pub struct Parts<'p> {
    pub spec: &'p Spec,
    pub model: Fitted,
    /// With what it was fitted.
    pub scaler: Option<(&'p ScalerSpec, Fitted)>,
    /// What turns the columns of a request into what the scaler takes; with it, the bundle's model is a Pipeline.
    pub features: Option<Graph<'static>>,
    /// The columns of a request.
    pub feature_order: Vec<String>,
    /// `trained_at`, `source_rows`, `clean_rows` and whatever else is worth knowing. What follows from the
    /// specifications is added here.
    pub metadata: Map<String, Value>,
    /// Further keys beside the seed's: training profile, golden requests.
    pub extra: Map<String, Value>,
}

/// A bundle, ready to be written.
pub struct Assembled {
    /// Its bytes, and what messages call it.
    pub file: BundleFile,
    /// Built from those bytes.
    pub bundle: Bundle,
}

impl Assembled {
    /// The same bundle with more metadata, which comes first, and further keys.
    ///
    /// # Errors
    /// When `serve` would refuse the result.
    pub fn with(self, metadata: &Map<String, Value>, extra: &Map<String, Value>) -> Result<Assembled, AssembleError> {
        drop(self.bundle);
        let content = self.file.content()?;
        let mut graph = content.graph()?;
        let said = entries(&mut graph, metadata);
        let added = entries(&mut graph, extra);
        let known = graph.root().get("metadata").map(|view| view.id());
        for (dict, before, after) in [(known, said, vec![]), (Some(graph.root), vec![], added)] {
            if let Some(Node::Dict(pairs)) = dict.map(|id| &mut graph.nodes[id.0 as usize]) {
                *pairs = [before, std::mem::take(pairs), after].concat();
            }
        }
        let bytes = native::encode(&graph)?;
        drop(graph);
        let file = BundleFile::new(self.file.path().to_owned(), bytes);
        let bundle = file.load(&LoadOptions::default())?;
        Ok(Assembled { file, bundle })
    }
}

/// Adds the keys and values to the graph's nodes.
fn entries(graph: &mut Graph<'_>, map: &Map<String, Value>) -> Vec<(Id, Id)> {
    let mut builder = Builder::new();
    let pairs: Vec<(Id, Id)> =
        map.iter().map(|(key, value)| (builder.str(key), from_json(&mut builder, value))).collect();
    let from = graph.nodes.len() as u32;
    let root = builder.none();
    graph.nodes.extend(builder.finish(root).nodes.into_iter().map(|mut node| {
        node.children_mut().into_iter().for_each(|id| id.0 += from);
        node
    }));
    pairs.into_iter().map(|(key, value)| (Id(key.0 + from), Id(value.0 + from))).collect()
}

/// Why parts make no bundle: faults of this program, found before anything is written.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    #[error("the bundle cannot be written: {0}")]
    Native(#[from] NativeError),
    #[error("the bundle would not load: {0}")]
    Load(#[from] LoadError),
}

/// Puts the parts together; `path` is where the caller will write the file, for messages.
///
/// # Errors
/// When `serve` would refuse the result.
pub fn assemble(parts: Parts<'_>, path: PathBuf) -> Result<Assembled, AssembleError> {
    let mut graph = graph(parts);
    // As `convert` does: what scoring never reads, such as a label for each training row, is not kept.
    sklearn::prune(&mut graph);
    let bytes = native::encode(&graph)?;
    drop(graph);
    let file = BundleFile::new(path, bytes);
    let bundle = file.load(&LoadOptions::default())?;
    Ok(Assembled { file, bundle })
}

fn graph(parts: Parts<'_>) -> Graph<'static> {
    let metadata = metadata(&parts);
    let mut builder = Builder::new();
    let model = builder.graft(parts.model.graph);
    let scaler = parts.scaler.map(|(_, fitted)| builder.graft(fitted.graph));
    let (model, scaler) = match parts.features {
        Some(features) => {
            let features = builder.graft(features);
            let steps = [("features", Some(features)), ("scaler", scaler), ("model", Some(model))];
            (pipeline(&mut builder, &steps), builder.none())
        }
        None => (model, scaler.unwrap_or_else(|| builder.none())),
    };
    let order = parts.feature_order.iter().map(|name| builder.str(name)).collect();
    let mut entries = vec![("model", model), ("scaler", scaler), ("feature_order", builder.list(order))];
    entries.push(("metadata", from_json(&mut builder, &metadata)));
    for (key, value) in &parts.extra {
        entries.push((key, from_json(&mut builder, value)));
    }
    let root = builder.dict(entries);
    builder.finish(root)
}

/// `sklearn.pipeline.Pipeline` of the steps that there are.
fn pipeline(builder: &mut Builder, steps: &[(&str, Option<Id>)]) -> Id {
    let steps = steps.iter().filter_map(|(name, step)| step.map(|step| (*name, step)));
    let steps: Vec<Id> = steps
        .map(|(name, step)| {
            let name = builder.str(name);
            builder.tuple(vec![name, step])
        })
        .collect();
    let attributes = vec![
        ("steps", builder.list(steps)),
        ("transform_input", builder.none()),
        ("memory", builder.none()),
        ("verbose", builder.push(Node::Bool(false))),
        ("_sklearn_version", builder.str(SKLEARN_VERSION)),
    ];
    builder.object("sklearn.pipeline", "Pipeline", attributes)
}

/// The caller's metadata, then what was asked for: `params` as they were used, defaults among them.
fn metadata(parts: &Parts<'_>) -> Value {
    let mut metadata = parts.metadata.clone();
    metadata.insert("scikit_learn_version".into(), SKLEARN_VERSION.into());
    metadata.insert("estimator".into(), parts.spec.estimator.class().name.into());
    metadata.insert("params".into(), params_json(&parts.spec.params));
    metadata.insert("random_state".into(), parts.spec.params.random_state().into());
    if let Some((spec, _)) = &parts.scaler {
        metadata.insert("scaler".into(), spec.kind.class().name.into());
        metadata.insert("scaler_params".into(), params_json(&spec.params));
    }
    metadata.insert("trained_with".into(), concat!("scorelet ", env!("CARGO_PKG_VERSION")).into());
    Value::Object(metadata)
}

fn params_json(params: &Params) -> Value {
    params.iter().map(|(name, value)| (name.to_owned(), literal_json(value))).collect::<Map<_, _>>().into()
}

fn literal_json(literal: &Literal) -> Value {
    match literal {
        Literal::None => Value::Null,
        Literal::Bool(b) => json!(b),
        Literal::Int(i) => json!(i),
        // JSON has no infinity: as Python shows it.
        Literal::Float(x) if !x.is_finite() => json!(literal.to_string()),
        Literal::Float(x) => json!(x),
        Literal::Str(text) => json!(text),
        Literal::Tuple(items) => items.iter().map(literal_json).collect(),
        Literal::Dict(pairs) => {
            let key = |key: &Literal| match key {
                Literal::Str(text) => text.clone(),
                other => other.to_string(),
            };
            pairs.iter().map(|(k, v)| (key(k), literal_json(v))).collect::<Map<_, _>>().into()
        }
    }
}

fn from_json(builder: &mut Builder, value: &Value) -> Id {
    let node = match value {
        Value::Null => Node::None,
        Value::Bool(b) => Node::Bool(*b),
        Value::Number(n) => n.as_i64().map_or_else(|| Node::Float(n.as_f64().unwrap_or(f64::NAN)), Node::Int),
        Value::String(text) => return builder.str(text),
        // An array is one node, a list one for each number: profiles are made of many.
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_f64) => {
            let numbers: Vec<f64> = items.iter().filter_map(Value::as_f64).collect();
            return builder.f64s(&[numbers.len()], &numbers);
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_i64) => {
            return builder.i64s(&items.iter().filter_map(Value::as_i64).collect::<Vec<_>>());
        }
        Value::Array(items) => Node::List(items.iter().map(|item| from_json(builder, item)).collect()),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.as_str(), from_json(builder, value))).collect();
            return builder.dict(entries);
        }
    };
    builder.push(node)
}
