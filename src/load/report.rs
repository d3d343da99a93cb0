//! All that can be said of a file, whether or not it can be served: for `scorelet inspect`.

use super::outline::{Outline, outline};
use super::{BundleFile, Content, Contract, LoadError, LoadOptions, Problem};
use crate::bundle::{Bundle, Metadata};
use crate::model::InputError;
use crate::onnx;
use crate::pickle;
use crate::sklearn::{self, Support};
use crate::skops::{self, SkopsError};
use crate::value::{ArrayData, Graph, Node, View};
use ndarray::Array2;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The report; its field names are the keys of `scorelet inspect --json`, which only ever gain new ones.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The file, also where a folder was given.
    pub path: String,
    pub bytes: u64,
    pub sha256: String,
    /// `pickle protocol 4`; null when the content is no bundle.
    pub format: Option<String>,
    /// Whether `serve` would take it.
    pub servable: bool,
    /// Why not, one entry for each reason.
    pub problems: Vec<String>,
    pub model: Option<Outline>,
    pub scaler: Option<Outline>,
    /// Null when the bundle gives none or it cannot be used.
    pub feature_order: Option<Vec<String>>,
    /// Names of the outputs; the first is the default.
    pub outputs: Vec<&'static str>,
    /// Labels of a classifier.
    pub classes: Option<Value>,
    /// Null when the model cannot be built.
    pub inputs: Option<Inputs>,
    pub metadata: Map<String, Value>,
    /// Other keys of the bundle.
    pub extra: Map<String, Value>,
    pub content: Contents,
}

/// What values the model takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inputs {
    pub missing: bool,
    pub infinite: bool,
    /// Columns that take text; all others take numbers.
    pub text_columns: Vec<String>,
}

/// What the file is made of.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Contents {
    /// Bytes after decompression.
    pub bytes: u64,
    pub arrays: u64,
    pub array_bytes: u64,
    /// Opcodes of a pickle; null otherwise.
    pub opcodes: Option<u64>,
    /// Every class and function named, with the number of objects of that class; 0 for functions, and where the values
    /// cannot be read.
    pub classes: BTreeMap<String, u64>,
    /// Estimators that scorelet does not compute.
    pub unsupported: Vec<String>,
    /// Names that are on no allow-list.
    pub refused: Vec<RefusedName>,
}

/// A class or function that a file may not use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RefusedName {
    pub name: String,
    pub uses: u64,
    /// Where it is used first, in the decompressed stream; null where there is none.
    pub offset: Option<u64>,
    /// Where it is used first, in the schema of a skops file; null otherwise.
    pub path: Option<String>,
}

/// Looks into `file`, and says with the report why `serve` would refuse it.
pub fn report(file: &BundleFile, options: &LoadOptions) -> (Report, Result<Bundle, LoadError>) {
    let mut report = Report {
        path: file.path().display().to_string(),
        bytes: file.len(),
        sha256: file.sha256(),
        format: None,
        servable: false,
        problems: Vec::new(),
        model: None,
        scaler: None,
        feature_order: None,
        outputs: Vec::new(),
        classes: None,
        inputs: None,
        metadata: Map::new(),
        extra: Map::new(),
        content: Contents::default(),
    };
    let loaded = fill(&mut report, file, options);
    match &loaded {
        Ok(_) => report.servable = true,
        Err(error) => report.problems = error.reasons(),
    }
    (report, loaded)
}

fn fill(report: &mut Report, file: &BundleFile, options: &LoadOptions) -> Result<Bundle, LoadError> {
    let content = file.content()?;
    report.format = Some(content.format());
    report.content.bytes = content.bytes().len() as u64;
    if content.is_pickle() {
        survey_stream(&mut report.content, &content);
    }
    let graph = content.graph().inspect_err(|error| {
        if let Problem::Skops(SkopsError::Refused(names)) = &error.problem {
            refused_nodes(&mut report.content, names);
        }
    })?;
    survey_graph(&mut report.content, &graph);
    if let Ok(contract) = Contract::of(&graph) {
        describe(report, &contract);
    }
    let bundle = content.bundle(&graph, options)?;
    report.feature_order = Some(bundle.feature_order.clone());
    let default = bundle.default_method();
    let others = bundle.methods().into_iter().filter(|method| *method != default);
    report.outputs = std::iter::once(default).chain(others).map(|method| method.name()).collect();
    report.inputs = Some(inputs(&bundle));
    Ok(bundle)
}

fn survey_stream(contents: &mut Contents, content: &Content<'_>) {
    let notes = pickle::survey(content.bytes(), &content.limits).notes;
    contents.opcodes = Some(notes.opcodes);
    contents.classes = notes.globals.keys().map(|(module, name)| (format!("{module}.{name}"), 0)).collect();
    for name in notes.refused {
        // One name may be refused for several reasons: because it is unknown, and because it is called.
        match contents.refused.iter_mut().find(|known| known.name == name.name) {
            Some(known) => known.uses = known.uses.max(name.uses),
            None => {
                let (uses, offset) = (name.uses, Some(name.at.byte));
                contents.refused.push(RefusedName { name: name.name, uses, offset, path: None });
            }
        }
    }
}

fn refused_nodes(contents: &mut Contents, nodes: &[skops::Refused]) {
    for node in nodes {
        match contents.refused.iter_mut().find(|known| known.name == node.name) {
            Some(known) => known.uses += 1,
            None => {
                let (name, path) = (node.name.clone(), Some(node.path.clone()));
                contents.refused.push(RefusedName { name, uses: 1, offset: None, path });
            }
        }
    }
}

fn survey_graph(contents: &mut Contents, graph: &Graph<'_>) {
    for node in &graph.nodes {
        match node {
            Node::Array(array) => {
                contents.arrays += 1;
                if let ArrayData::Bytes(bytes) = &array.data {
                    contents.array_bytes += bytes.len() as u64;
                }
            }
            Node::Object(object) => *contents.classes.entry(object.class.to_string()).or_default() += 1,
            Node::Global(name) => {
                contents.classes.entry(name.to_string()).or_default();
            }
            _ => {}
        }
    }
}

/// What the values say, before anything is built from them.
fn describe(report: &mut Report, contract: &Contract<'_, '_>) {
    report.model = Some(match onnx::title(&contract.model) {
        Some(class) => Outline { class, parameters: Map::new(), ..outline(&contract.model) },
        None => outline(&contract.model),
    });
    report.scaler = contract.scaler.as_ref().map(outline);
    report.feature_order = contract.feature_order.as_ref().and_then(|order| super::order::read(order).ok());
    report.classes = classes(&contract.model);
    report.metadata = all(contract.metadata());
    report.extra = contract.extra.iter().map(|(key, value)| ((*key).to_owned(), super::json::json(value))).collect();
    let parts = [Some(&contract.model), contract.scaler.as_ref()];
    for found in parts.into_iter().flatten().flat_map(sklearn::survey) {
        if found.support == Support::Unsupported && !report.content.unsupported.contains(&found.class) {
            report.content.unsupported.push(found.class);
        }
    }
}

/// The labels of the last step of a pipeline, else of the model itself.
fn classes(model: &View<'_, '_>) -> Option<Value> {
    let mut model = model.clone();
    for _ in 0..64 {
        if let Some(classes) = model.some("classes_") {
            return Some(super::json::json(&classes));
        }
        let last = model.get("steps")?.items().ok()?.pop()?;
        model = last.items().ok()?.into_iter().nth(1)?;
    }
    None
}

/// Metadata as one map again.
fn all(metadata: Metadata) -> Map<String, Value> {
    let named = [
        ("trained_at", metadata.trained_at.map(Value::from)),
        ("source_rows", metadata.source_rows.map(Value::from)),
        ("clean_rows", metadata.clean_rows.map(Value::from)),
        ("scikit_learn_version", metadata.scikit_learn_version.map(Value::from)),
    ];
    let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    named.chain(metadata.extra).collect()
}

/// Asks the model itself: its refusals tell a missing value from an infinite one.
fn inputs(bundle: &Bundle) -> Inputs {
    let refuses = |value: f64, kind: fn(&InputError) -> bool| {
        let width = bundle.feature_order.len();
        let cell = |column| if bundle.vocabulary.is_document(column) { column as f64 } else { value };
        let row = Array2::from_shape_fn((1, width), |(_, column)| cell(column));
        let answer = bundle.vocabulary.examples(width).during(|| bundle.score(row, &[bundle.default_method()]));
        matches!(answer, Err(error) if kind(&error))
    };
    Inputs {
        missing: !refuses(f64::NAN, |error| matches!(error, InputError::Missing { .. })),
        infinite: !refuses(f64::INFINITY, |error| matches!(error, InputError::Infinite { .. })),
        text_columns: bundle.vocabulary.text_columns().map(|at| bundle.feature_order[at].clone()).collect(),
    }
}
