//! A graph as text, so that graphs of different formats can be compared.
//!
//! Shared values are written out each time, because joblib writes an array as often as it is used and nests pickles
//! that know nothing of the outer one. A value inside itself (Birch's tree has some) is cut there.

use scorelet::value::{Array, ArrayData, Graph, Id, Node};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What is still to be written.
enum Step {
    Value(Id),
    /// The end of the innermost value that is open.
    End(&'static str),
}

/// The text of everything that can be reached from the root.
pub fn text(graph: &Graph<'_>) -> String {
    let mut out = String::new();
    let mut open = Vec::new();
    let mut steps = vec![Step::Value(graph.root)];
    while let Some(step) = steps.pop() {
        match step {
            Step::End(text) => {
                open.pop();
                out.push_str(text);
            }
            Step::Value(id) if open.contains(&id) => out.push('^'),
            Step::Value(id) => {
                if let Some((start, end)) = value(graph.node(id), &mut out) {
                    out.push_str(start);
                    open.push(id);
                    steps.push(Step::End(end));
                    steps.extend(graph.node(id).children().into_iter().rev().map(Step::Value));
                }
            }
        }
    }
    out
}

/// Writes a plain value, or gives the brackets of one that has others in it.
fn value(node: &Node<'_>, out: &mut String) -> Option<(&'static str, &'static str)> {
    let plain = match node {
        Node::List(_) => return Some(("[", "]")),
        Node::Tuple(_) => return Some(("(", ")")),
        Node::Set(_) | Node::Dict(_) => return Some(("{", "}")),
        Node::Object(object) => {
            let class = object.class.to_string().replace("__builtin__", "builtins");
            let (args, items, entries) = (object.args.len(), object.items.len(), object.entries.len());
            write!(out, "{class} {args} {items} {entries} {}", object.state.is_some()).unwrap();
            return Some(("<", ">"));
        }
        Node::Array(array) => {
            write!(out, "{} {:?} {} ", array.dtype, array.shape, bytes(array)).unwrap();
            return Some(("|", "|"));
        }
        Node::Global(name) => name.to_string().replace("__builtin__", "builtins"),
        // Bits, because NaN differs from itself.
        Node::Float(x) => format!("{x:?}={:x}", x.to_bits()),
        plain => format!("{plain:?}"),
    };
    out.push_str(&plain);
    out.push(' ');
    None
}

/// A hash of the array's bytes; arrays that are row-major and column-major at once count as row-major.
fn bytes(array: &Array<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let both = array.shape.iter().filter(|extent| **extent != 1).count() < 2;
    (array.fortran && !both).hash(&mut hasher);
    if let ArrayData::Bytes(bytes) = &array.data {
        bytes.hash(&mut hasher);
    }
    hasher.finish()
}
