//! Which estimators a file holds, and which of them scorelet computes: for reports, and for errors that name
//! everything that is missing.

use super::class::{is_composite, is_supported};
use crate::value::{ArrayData, Graph, Id, Node, Object, View};

/// What scorelet makes of a class that it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Computed.
    Supported,
    /// A part of a supported estimator, read with it.
    Part,
    /// Not computed: a model that needs it is refused.
    Unsupported,
}

/// An estimator class of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Full name: `sklearn.svm._classes.SVC`.
    pub class: String,
    /// Number of objects.
    pub count: usize,
    pub support: Support,
}

/// Every estimator (an object that carries `_sklearn_version`, or whose class is supported) that can be reached from
/// `value`, itself included, in order of appearance.
pub fn survey(value: &View<'_, '_>) -> Vec<Found> {
    let graph = value.graph();
    let mut seen = vec![false; graph.nodes.len()];
    let mut found: Vec<Found> = vec![];
    // Parts wait until everything outside them was seen: an object that is both is not just a part.
    let (mut outside, mut parts) = (vec![value.id()], vec![]);
    while let Some((id, part)) = outside.pop().map(|id| (id, false)).or_else(|| parts.pop().map(|id| (id, true))) {
        if std::mem::replace(&mut seen[id.0 as usize], true) {
            continue;
        }
        let mut into_parts = part;
        if let Node::Object(object) = graph.node(id)
            && let Some(support) = support(graph, object, part)
        {
            into_parts |= support == Support::Supported && !is_composite(&object.class);
            count(&mut found, object.class.to_string(), support);
        }
        let next = if into_parts { &mut parts } else { &mut outside };
        let from = next.len();
        push_children(graph, id, next);
        next[from..].reverse();
    }
    found
}

fn support(graph: &Graph<'_>, object: &Object<'_>, part: bool) -> Option<Support> {
    let supported = is_supported(&object.class);
    let is_key = |id: &Id| matches!(graph.node(*id), Node::Str(key) if key == "_sklearn_version");
    let versioned = match object.state.map(|state| graph.node(state)) {
        Some(Node::Dict(pairs)) => pairs.iter().any(|(key, _)| is_key(key)),
        _ => false,
    };
    match (supported, part) {
        _ if !supported && !versioned => None,
        (_, true) => Some(Support::Part),
        (true, false) => Some(Support::Supported),
        (false, false) => Some(Support::Unsupported),
    }
}

fn count(found: &mut Vec<Found>, class: String, support: Support) {
    match found.iter_mut().find(|f| f.class == class && f.support == support) {
        Some(known) => known.count += 1,
        None => found.push(Found { class, count: 1, support }),
    }
}

fn push_children(graph: &Graph<'_>, id: Id, out: &mut Vec<Id>) {
    match graph.node(id) {
        Node::List(ids) | Node::Tuple(ids) | Node::Set(ids) => out.extend(ids),
        Node::Dict(pairs) => out.extend(pairs.iter().map(|(_, value)| value)),
        Node::Array(array) => {
            if let ArrayData::Objects(ids) = &array.data {
                out.extend(ids);
            }
        }
        Node::Object(object) => {
            out.extend(&object.args);
            out.extend(object.state);
            out.extend(&object.items);
            out.extend(object.entries.iter().map(|(_, value)| value));
        }
        _ => {}
    }
}
