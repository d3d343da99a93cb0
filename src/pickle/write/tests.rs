//! What is written is read back as the same graph, and what Python lacks is refused.

use super::*;
use crate::pickle::{Limits, read};
use crate::value::{Builder, ScalarKind};
use std::borrow::Cow;

/// The graph as text, sharing and all: nodes in the order of their first mention, named by that.
fn shape(graph: &Graph<'_>) -> Vec<String> {
    let (mut number, mut lines, mut open) = (HashMap::new(), Vec::new(), vec![graph.root]);
    while let Some(id) = open.pop() {
        if number.contains_key(&id) {
            continue;
        }
        number.insert(id, number.len());
        let mut node = graph.node(id).clone();
        if let Node::Object(object) = &mut node {
            object.offset = 0;
        }
        let children = node.children();
        node.children_mut().into_iter().for_each(|child| *child = Id(0));
        lines.push(format!("{node:?} of {}", children.len()));
        open.extend(children);
    }
    lines
}

fn check(graph: &Graph<'_>) {
    let written = write(graph).unwrap();
    let back = read(&written, &Limits::for_file(&written)).unwrap();
    assert_eq!(shape(&back), shape(graph));
}

#[test]
fn what_is_written_is_read_back() {
    let mut b = Builder::new();
    let long = "x".repeat(300);
    let bytes = [vec![7u8; 3], vec![8u8; 300]].map(|bytes| b.push(Node::Bytes(Cow::Owned(bytes))));
    let mut items: Vec<Id> = [0, -1, 255, 256, i64::from(i32::MIN), i64::MAX].map(|i| b.push(Node::Int(i))).to_vec();
    items.extend(bytes);
    items.push(b.push(Node::BigInt(vec![0, 0, 0, 0, 0, 0, 0, 0, 1])));
    items.extend([
        b.none(),
        b.push(Node::Bool(true)),
        b.push(Node::Bool(false)),
        b.float(-0.5),
        b.str(&long),
        b.str("é"),
    ]);
    let shared = b.strings(&["a", "b"]);
    items.extend([shared, shared]);
    items.push(b.f64s(&[2, 1], &[1.5, f64::INFINITY]));
    let field = |name: &str, offset, size| Field {
        name: name.to_owned(),
        dtype: DType::Scalar { kind: ScalarKind::Uint, size, big_endian: false },
        offset,
    };
    let record = DType::Struct { fields: vec![field("a", 0, 8), field("b", 8, 1)].into(), itemsize: 16 };
    items.push(b.bytes(record, &[2], vec![1; 32]));
    items.push(b.bytes(DType::Str { chars: 2, big_endian: false }, &[1], b"a\0\0\0b\0\0\0".to_vec()));
    let empty = [b.list(vec![]), b.tuple(vec![]), b.dict(vec![])];
    items.extend(empty);
    let list = b.list(items);
    let model = b.object("sklearn.linear_model._base", "LinearRegression", vec![("coef_", shared), ("list", list)]);
    let tree = b.call("sklearn.tree._tree", "Tree", vec![model], vec![]);
    let root = b.dict(vec![("model", model), ("tree", tree)]);
    check(&b.finish(root));
}

#[test]
fn what_python_lacks_is_refused() {
    let check = |graph: Graph<'_>, expected: &str| {
        assert_eq!(write(&graph).unwrap_err().to_string(), expected);
    };
    let of = |module, name| {
        let mut b = Builder::new();
        let root = b.object(module, name, vec![]);
        b.finish(root)
    };
    check(of("scorelet.features", "DerivedColumns"), "DerivedColumns is scorelet's own step: Python has no such class");
    check(of("os", "system"), "os.system is not written as pickle");
    let circle = Graph { nodes: vec![Node::List(vec![Id(0)])], root: Id(0) };
    check(circle, "a value contains itself: a list");
}

#[test]
fn depth_is_no_matter() {
    let mut b = Builder::new();
    let mut root = b.none();
    for _ in 0..100_000 {
        root = b.list(vec![root]);
    }
    let written = write(&b.finish(root)).unwrap();
    assert!(written.ends_with(b"eee."));
}
