//! A bundle as the bytes of a native bundle: what scoring reads, and nothing that nothing refers to.

use super::{BundleFile, LoadError, LoadOptions, Problem};
use crate::bundle::{Bundle, native};
use crate::sklearn;
use crate::value::{Graph, Id, Node};
use std::borrow::Cow;

/// A bundle in native form.
pub struct Converted {
    pub bytes: Vec<u8>,
    /// The model that was built from the input, to compare the written file with.
    pub bundle: Bundle,
}

/// Reads `file`, builds its model and writes it as a native bundle. The same input gives the same bytes.
///
/// # Errors
/// When `serve` would refuse the file, or a value in it contains itself.
pub fn convert(file: &BundleFile, options: &LoadOptions) -> Result<Converted, LoadError> {
    let content = file.content()?;
    let mut graph = content.graph()?;
    let bundle = content.bundle(&graph, options)?;
    let named = super::contract::names_columns(&graph);
    sklearn::prune(&mut graph);
    if !named {
        keep_order(&mut graph, &bundle.feature_order);
    }
    let bytes = native::encode(&graph);
    let bytes = bytes.map_err(|error| LoadError { path: file.path().to_owned(), problem: Problem::from(error) })?;
    Ok(Converted { bytes, bundle })
}

/// Writes the feature order that stands elsewhere into the bundle; a bare estimator becomes the model of a dict.
pub(super) fn keep_order(graph: &mut Graph<'_>, order: &[String]) {
    let mut add = |node| {
        graph.nodes.push(node);
        Id(graph.nodes.len() as u32 - 1)
    };
    let names = order.iter().map(|name| add(Node::Str(Cow::Owned(name.clone())))).collect();
    let order = (add(Node::Str(Cow::Borrowed("feature_order"))), add(Node::List(names)));
    let model = add(Node::Str(Cow::Borrowed("model")));
    let root = graph.root;
    match &mut graph.nodes[root.0 as usize] {
        // The last entry of a name counts.
        Node::Dict(pairs) => pairs.push(order),
        Node::Object(object) if object.state.is_none() && !object.entries.is_empty() => object.entries.push(order),
        _ => {
            graph.nodes.push(Node::Dict(vec![(model, root), order]));
            graph.root = Id(graph.nodes.len() as u32 - 1);
        }
    }
}
