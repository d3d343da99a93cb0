//! Values to a [`Bundle`]: the seed's dict of model, scaler, feature order and metadata, or a bare estimator.

use super::LoadOptions;
use super::json::json;
use super::order::{self, OrderError};
use crate::bundle::{Bundle, Metadata, Source};
use crate::model::{Estimator, Transformer, Vocabulary};
use crate::onnx::{self, OnnxError};
use crate::sklearn::{self, BuildError, Version};
use crate::value::{Graph, Node, View};
use serde_json::{Map, Value};

/// Why the values of a file are no bundle that can be served.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ContractError {
    #[error(
        "the file holds {found}, not a bundle; dump a dict {{\"model\", \"scaler\", \"feature_order\", \"metadata\"}} or a \
         fitted estimator"
    )]
    NotABundle { found: String },
    #[error("the dict has no \"model\" (it has {keys}); the fitted estimator must stand under that key")]
    NoModel { keys: String },
    #[error("{path} is {found}, not a fitted estimator")]
    NotAnEstimator { path: &'static str, found: String },
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    #[error("scaler stands beside an ONNX model, which takes its columns as they are; leave it out")]
    ScaledOnnx,
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// The parts of a bundle, not yet built.
pub struct Contract<'g, 'a> {
    pub model: View<'g, 'a>,
    pub scaler: Option<View<'g, 'a>>,
    pub feature_order: Option<View<'g, 'a>>,
    pub metadata: Option<View<'g, 'a>>,
    /// Everything else in the dict.
    pub extra: Vec<(&'g str, View<'g, 'a>)>,
}

impl<'g, 'a> Contract<'g, 'a> {
    /// Finds the parts: in a dict by name, else the value itself is the model.
    ///
    /// # Errors
    /// When the value is neither a dict with a model nor an estimator.
    pub fn of(graph: &'g Graph<'a>) -> Result<Self, ContractError> {
        let root = graph.root();
        let is_dict = match root.node() {
            Node::Dict(_) => true,
            Node::Object(object) => object.state.is_none() && !object.entries.is_empty(),
            _ => false,
        };
        let contract = if is_dict { Self::of_dict(&root)? } else { Self::bare(root)? };
        estimator_like(&contract.model, "model")?;
        if let Some(scaler) = &contract.scaler {
            estimator_like(scaler, "scaler")?;
        }
        Ok(contract)
    }

    fn of_dict(root: &View<'g, 'a>) -> Result<Self, ContractError> {
        let entries = root.entries().map_err(|error| ContractError::NotABundle { found: error.problem })?;
        let Some(model) = root.get("model") else {
            let keys: Vec<String> = entries.iter().take(20).map(|(key, _)| format!("{key:?}")).collect();
            let keys = if keys.is_empty() { "no keys at all".to_owned() } else { keys.join(", ") };
            return Err(ContractError::NoModel { keys });
        };
        let known = ["model", "scaler", "feature_order", "metadata"];
        Ok(Contract {
            model,
            scaler: root.some("scaler"),
            feature_order: root.some("feature_order"),
            metadata: root.some("metadata"),
            extra: entries.into_iter().filter(|(key, _)| !known.contains(key)).collect(),
        })
    }

    fn bare(root: View<'g, 'a>) -> Result<Self, ContractError> {
        match root.object() {
            Some(_) => {
                Ok(Contract { model: root, scaler: None, feature_order: None, metadata: None, extra: Vec::new() })
            }
            None => Err(ContractError::NotABundle { found: root.kind() }),
        }
    }

    /// What a request reaches first: the scaler, else the model.
    fn first(&self) -> &View<'g, 'a> {
        self.scaler.as_ref().unwrap_or(&self.model)
    }

    /// The order that the bundle itself says, else that in which it was fitted.
    fn own_order(&self) -> Result<Option<Vec<String>>, OrderError> {
        match &self.feature_order {
            Some(listed) => order::read(listed).map(Some),
            None if onnx::is_model(&self.model) => Ok(onnx::names(&self.model)),
            None => Ok(order::fitted_names(self.first())),
        }
    }

    /// What the bundle says about itself; an ONNX model says it in its own fields.
    pub fn metadata(&self) -> Metadata {
        match &self.metadata {
            None if onnx::is_model(&self.model) => Metadata { extra: onnx_facts(&self.model), ..Metadata::default() },
            metadata => metadata_of(metadata.as_ref()),
        }
    }

    /// Columns in the bundle's own order, else as the user gives them, else as the file beside it does.
    fn feature_order(
        &self,
        given: Option<&[String]>,
        beside: Option<&[String]>,
    ) -> Result<Option<Vec<String>>, OrderError> {
        let own = self.own_order()?;
        let chosen = match (own, given) {
            (Some(own), Some(given)) if own != given => {
                let (given, own) = (order::shown(given), order::shown(&own));
                return Err(OrderError::Contradiction { given, own });
            }
            (Some(own), _) => Some(own),
            (None, given) => given.or(beside).map(<[String]>::to_vec),
        };
        if let Some(names) = &chosen {
            order::check(names)?;
        }
        Ok(chosen)
    }

    /// The order names as many columns as the model takes, in the order in which it was fitted.
    fn check_order(&self, names: &[String], takes: usize) -> Result<(), OrderError> {
        let path = || self.first().path();
        if names.len() != takes {
            return Err(OrderError::Count { named: names.len(), path: path(), takes });
        }
        match order::fitted_names(self.first()) {
            Some(fitted) if fitted != names => {
                let (fitted, order) = order::difference(&fitted, names);
                Err(OrderError::Mismatch { path: path(), fitted, order })
            }
            _ => Ok(()),
        }
    }
}

fn estimator_like(value: &View<'_, '_>, path: &'static str) -> Result<(), ContractError> {
    match value.object() {
        Some(_) => Ok(()),
        None => Err(ContractError::NotAnEstimator { path, found: value.kind() }),
    }
}

/// Whether the values say the order of the columns themselves.
pub(super) fn names_columns(graph: &Graph<'_>) -> bool {
    Contract::of(graph).is_ok_and(|contract| contract.own_order().is_ok_and(|order| order.is_some()))
}

/// Builds the bundle that `graph` describes; its [`Source`] is left empty. The columns `beside` the file are for a model
/// that names none.
///
/// # Errors
/// When scorelet cannot reproduce the model exactly, or the parts do not fit each other.
pub(super) fn bundle(
    graph: &Graph<'_>,
    options: &LoadOptions,
    beside: Option<&[String]>,
) -> Result<Bundle, ContractError> {
    let contract = Contract::of(graph)?;
    let metadata = contract.metadata();
    let order = contract.feature_order(options.features.as_deref(), beside);
    let named = order.as_ref().ok().and_then(Option::as_ref).map(Vec::len);
    // What the model lacks comes first: no order of columns would help.
    let parts = contract.parts(named, &metadata)?;
    let takes = parts.scaler.as_ref().map_or(parts.estimator.n_features(), |scaler| scaler.n_features_in());
    let unnamed = || OrderError::Unnamed { path: contract.first().path(), takes };
    let feature_order = order?.or(parts.default_names).ok_or_else(unnamed)?;
    contract.check_order(&feature_order, takes)?;
    let extra = contract.extra.iter().map(|(key, value)| ((*key).to_owned(), json(value)));
    Ok(Bundle {
        estimator: parts.estimator,
        scaler: parts.scaler,
        feature_order,
        metadata,
        vocabulary: parts.vocabulary,
        estimator_name: parts.name,
        scaler_name: contract.scaler.as_ref().map(class_name),
        extra: extra.collect(),
        source: Source::default(),
    })
}

/// What scores, of whichever kind the model is.
struct Parts {
    estimator: Estimator,
    scaler: Option<Transformer>,
    vocabulary: Vocabulary,
    /// Class name of the estimator.
    name: String,
    /// What columns without names are called.
    default_names: Option<Vec<String>>,
}

impl Contract<'_, '_> {
    fn parts(&self, columns: Option<usize>, metadata: &Metadata) -> Result<Parts, ContractError> {
        if onnx::is_model(&self.model) {
            let onnx::Parts { estimator, vocabulary, default_names, name } = onnx::parts(&self.model, columns)?;
            let parts = Parts { estimator, scaler: None, vocabulary, name, default_names: Some(default_names) };
            return if self.scaler.is_none() { Ok(parts) } else { Err(ContractError::ScaledOnnx) };
        }
        let version = metadata.scikit_learn_version.as_deref().and_then(Version::parse).unwrap_or(Version::NEWEST);
        let built = sklearn::parts(&self.model, self.scaler.as_ref(), columns, version)?;
        let (name, default_names) = (class_name(&self.model), None);
        Ok(Parts {
            estimator: built.estimator,
            scaler: built.scaler,
            vocabulary: built.vocabulary,
            name,
            default_names,
        })
    }
}

/// Who wrote an ONNX model, with which operators, and what was written into it.
fn onnx_facts(model: &View<'_, '_>) -> Map<String, Value> {
    let keys =
        ["producer_name", "producer_version", "domain", "model_version", "doc_string", "ir_version", "opset_import"];
    let said = keys.into_iter().filter_map(|key| Some((key.to_owned(), json(&model.get(key)?))));
    let empty = |value: &Value| matches!(value, Value::String(text) if text.is_empty());
    let mut facts: Map<String, Value> = said.filter(|(_, value)| !empty(value)).collect();
    if let Some(Value::Object(written)) = model.get("metadata_props").map(|written| json(&written)) {
        facts.extend(written);
    }
    facts
}

fn class_name(value: &View<'_, '_>) -> String {
    value.class().map(|class| class.name.to_string()).unwrap_or_default()
}

/// What the bundle says about itself. An entry of the wrong type is kept as it is, among the others.
fn metadata_of(value: Option<&View<'_, '_>>) -> Metadata {
    let mut extra = match value.map(json) {
        None => Map::new(),
        Some(Value::Object(entries)) => entries,
        Some(other) => Map::from_iter([("metadata".to_owned(), other)]),
    };
    let mut take = |key: &str, fits: fn(&Value) -> bool| match extra.get(key) {
        Some(value) if fits(value) => extra.shift_remove(key),
        _ => None,
    };
    let text = |value: Option<Value>| value.and_then(|v| v.as_str().map(str::to_owned));
    let count = |value: Option<Value>| value.and_then(|v| whole(&v));
    Metadata {
        trained_at: text(take("trained_at", Value::is_string)),
        source_rows: count(take("source_rows", |v| whole(v).is_some())),
        clean_rows: count(take("clean_rows", |v| whole(v).is_some())),
        scikit_learn_version: text(take("scikit_learn_version", Value::is_string)),
        extra,
    }
}

/// An integer, also where it came as `150.0`.
fn whole(value: &Value) -> Option<i64> {
    let float = |x: f64| (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(float))
}
