//! Round trips of hand-made graphs, and files whose digest is right but whose content is hostile.

use super::wire::{Counts, DTypeRecord, FieldRecord, NameRecord, NodeRecord, ScalarCode, write};
use super::*;
use crate::value::{Array, ArrayData, Field, Id, Name, Node, Object};
use std::borrow::Cow;

fn text(s: &str) -> Node<'_> {
    Node::Str(Cow::Borrowed(s))
}

fn array<'a>(dtype: DType, shape: &[usize], bytes: &'a [u8]) -> Node<'a> {
    let data = ArrayData::Bytes(Cow::Borrowed(bytes));
    Node::Array(Box::new(Array { dtype, shape: shape.to_vec(), fortran: false, data }))
}

/// One node of every kind, with sharing, in the order in which the codec numbers them.
fn sample() -> Graph<'static> {
    let field = |name: &str, dtype, offset| Field { name: name.into(), dtype, offset };
    let fields =
        std::sync::Arc::new([field("left", DType::I64, 0), field("t", DType::F64, 8), field("m", DType::U8, 16)]);
    let class = |name| Name { module: Cow::Borrowed("sklearn.tree"), name: Cow::Borrowed(name) };
    let objects = ArrayData::Objects(vec![Id(19), Id(19)]);
    let nodes = vec![
        Node::Dict(vec![(Id(1), Id(2)), (Id(8), Id(9))]),
        text("model"),
        Node::Object(Box::new(Object {
            class: class("Tree"),
            args: vec![Id(3)],
            state: Some(Id(4)),
            items: vec![Id(5)],
            entries: vec![(Id(6), Id(7))],
            offset: 0,
        })),
        Node::Int(-3),
        Node::None,
        Node::Float(f64::from_bits(0x7ff8_0000_0000_0001)),
        Node::Bool(true),
        array(DType::Struct { fields, itemsize: 24 }, &[2], &[7; 48]),
        text("rest"),
        Node::List((10..19).map(Id).collect()),
        Node::Tuple(vec![]),
        Node::Set(vec![]),
        Node::Bytes(Cow::Borrowed(b"\x00\xff")),
        Node::BigInt(vec![1; 9]),
        Node::Global(Box::new(class("check_array"))),
        Node::DType(Box::new(DType::Opaque { code: "<M8[ns]".into(), size: 8 })),
        array(DType::F64, &[], &[1, 2, 3, 4, 5, 6, 7, 8]),
        array(DType::Str { chars: 2, big_endian: true }, &[0, 3], &[]),
        Node::Array(Box::new(Array { dtype: DType::Object, shape: vec![1, 2], fortran: true, data: objects })),
        text("shared"),
    ];
    Graph { nodes, root: Id(0) }
}

/// Graphs hold NaN, so they are compared by what they are written as.
fn assert_same(left: &Graph<'_>, right: &Graph<'_>) {
    assert_eq!(format!("{left:?}"), format!("{right:?}"));
}

/// What was read may have been numbered otherwise than the codec does; from then on it stays the same.
fn assert_writable(graph: &Graph<'_>) {
    let bytes = encode(graph).unwrap();
    assert_eq!(encode(&decode(&bytes).unwrap()).unwrap(), bytes);
}

#[test]
fn every_kind_of_node_comes_back() {
    let bytes = encode(&sample()).unwrap();
    let graph = decode(&bytes).unwrap();
    assert_same(&graph, &sample());
    assert_eq!(encode(&graph).unwrap(), bytes);
}

#[test]
fn arrays_are_borrowed_from_the_file_at_aligned_places() {
    let bytes = encode(&sample()).unwrap();
    let graph = decode(&bytes).unwrap();
    let arrays = graph.nodes.iter().filter_map(|node| match node {
        Node::Array(a) => Some(a),
        _ => None,
    });
    for array in arrays {
        let ArrayData::Bytes(data) = &array.data else { continue };
        assert!(matches!(data, Cow::Borrowed(_)));
        let at = data.as_ptr() as usize - bytes.as_ptr() as usize;
        assert_eq!(at % data.len().clamp(1, ALIGN).next_power_of_two(), 0);
    }
}

#[test]
fn what_the_root_does_not_reach_is_not_written() {
    let mut graph = sample();
    graph.nodes.push(text("a secret"));
    assert_eq!(encode(&graph).unwrap(), encode(&sample()).unwrap());
}

#[test]
fn a_value_that_contains_itself_is_refused() {
    let nodes = vec![Node::List(vec![Id(1)]), Node::Tuple(vec![Id(0)])];
    assert_eq!(encode(&Graph { nodes, root: Id(0) }), Err(NativeError::Cyclic { what: "a list".into() }));
}

#[test]
fn depth_costs_no_stack() {
    let depth = 300_000;
    let mut nodes: Vec<Node<'_>> = (1..=depth).map(|child| Node::List(vec![Id(child)])).collect();
    nodes.push(Node::None);
    let graph = Graph { nodes, root: Id(0) };
    let bytes = encode(&graph).unwrap();
    assert_eq!(decode(&bytes).unwrap(), graph);
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    let bytes = encode(&sample()).unwrap();
    for len in 0..bytes.len() {
        assert!(decode(&bytes[..len]).is_err(), "cut to {len}");
    }
    for bit in 8 * MAGIC.len()..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn headers_say_what_is_wrong() {
    let good = encode(&sample()).unwrap();
    let check = |change: &dyn Fn(&mut Vec<u8>), expected: &str| {
        let mut bytes = good.clone();
        change(&mut bytes);
        assert_eq!(decode(&bytes).unwrap_err().to_string(), expected);
    };
    check(&|b| b[12] = 2, "format version 2 is newer than this scorelet reads (up to 1); update scorelet");
    check(
        &|b| b.truncate(100),
        &format!("the file is cut short: 100 of {} bytes are there; copy it again", good.len()),
    );
    check(&|b| b.truncate(9), "the file is cut short: 9 of 64 bytes are there; copy it again");
    check(&|b| b.push(0), "1 bytes follow the end of the bundle; copy it again");
    let damaged = "the file is damaged: its SHA-256 is not the one it was written with; copy it again";
    check(&|b| b[40] ^= 1, damaged);
    check(&|b| b[70] ^= 1, damaged);
}

/// Resealed after every flipped bit, a file loads or is refused, and what loads can be written again.
#[test]
fn flipped_bits_behind_a_right_digest_never_panic() {
    let good = encode(&sample()).unwrap();
    for bit in 8 * 16..8 * good.len() {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        reseal(&mut bytes);
        if let Ok(graph) = decode(&bytes) {
            assert_writable(&graph);
        }
    }
}

fn reseal(bytes: &mut [u8]) {
    let digest = digest(bytes);
    bytes[DIGEST].copy_from_slice(&digest);
}

/// A file of these records, sealed, with `arrays` bytes of zeros behind them.
fn file(records: &[u8], arrays: usize) -> Vec<u8> {
    let arrays_at = (HEADER + records.len()).next_multiple_of(ALIGN);
    let mut bytes = [MAGIC.as_slice(), &VERSION.to_le_bytes()].concat();
    bytes.extend_from_slice(&((arrays_at + arrays) as u64).to_le_bytes());
    bytes.extend_from_slice(&(records.len() as u64).to_le_bytes());
    bytes.resize(HEADER, 0);
    bytes.extend_from_slice(records);
    bytes.resize(arrays_at + arrays, 0);
    reseal(&mut bytes);
    bytes
}

/// Records with one name `a.b` and the element types f8, U0, a structure of one f8.
fn records(nodes: &[NodeRecord<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    write(&Counts { names: 1, dtypes: 3, nodes: nodes.len() as u32 }, &mut out);
    write(&NameRecord { module: "a", name: "b" }, &mut out);
    write(&DTypeRecord::Scalar { kind: ScalarCode::Float, size: 8, big_endian: false }, &mut out);
    write(&DTypeRecord::Str { chars: 0, big_endian: false }, &mut out);
    write(&DTypeRecord::Struct { fields: 1, itemsize: 8 }, &mut out);
    write(&FieldRecord { name: "x", dtype: 0, offset: 0 }, &mut out);
    nodes.iter().for_each(|node| write(node, &mut out));
    out
}

#[test]
fn hostile_nodes_are_refused() {
    use NodeRecord as N;
    let ids = |ids: &[u32]| -> Vec<u8> { ids.iter().flat_map(|id| id.to_le_bytes()).collect() };
    let shape = |sides: &[u64]| -> Vec<u8> { sides.iter().flat_map(|side| side.to_le_bytes()).collect() };
    let check = |nodes: &[NodeRecord<'_>], expected: &str| {
        let error = decode(&file(&records(nodes), 64)).unwrap_err();
        let NativeError::Malformed { place, problem } = &error else { panic!("{error}") };
        assert_eq!(format!("{place}: {problem}"), expected);
    };
    let check_array = |sides: &[u64], dtype, expected: &str| {
        check(&[N::Array { dtype, fortran: false, shape: &shape(sides) }], expected);
    };
    check(&[], "the counts: 0 nodes in 0 bytes");
    check(&[N::List(&ids(&[0]))], "node 0: it refers back to node 0");
    check(&[N::List(&ids(&[1])), N::Tuple(&ids(&[0]))], "node 1: it refers back to node 0");
    check(&[N::List(&ids(&[7]))], "node 0: it refers to node 7, which is not there");
    check(&[N::List(&[1, 0, 0])], "node 0: a list of 3 bytes");
    check(&[N::Dict(&ids(&[1])), N::None], "node 0: a dict of 4 bytes");
    check(&[N::Str("a long enough root"), N::None], "node 1: no earlier node refers to it");
    check(&[N::Global(9)], "node 0: an unknown name");
    check(&[N::DType(9)], "node 0: an unknown element type");
    check(&[N::BigInt(&[1; 65])], "node 0: an integer too long");
    check_array(&[1 << 60], 0, "node 0: a side of 1152921504606846976 elements");
    check_array(&[65536, 65536, 65536, 65536], 0, "node 0: an array of shape [65536, 65536, 65536, 65536]");
    check_array(&[9], 0, "node 0: an array too long");
    check_array(&[7], 1, "node 0: an array of <U0 has no bytes");
    check_array(&[1; 65], 0, "node 0: a shape of 520 bytes");
    check_array(&[7], 0, "the arrays: bytes follow the last array");
    let wrong = N::ObjectArray { dtype: 0, fortran: false, shape: &shape(&[2]), ids: &ids(&[1]) };
    check(&[wrong, N::None], "node 0: 1 objects in an array of shape [2]");
}

/// A count that no file of this size can hold is refused before memory is taken for it.
#[test]
fn hostile_counts_are_refused() {
    let counts = |names, dtypes, nodes| {
        let mut out = Vec::new();
        write(&Counts { names, dtypes, nodes }, &mut out);
        decode(&file(&out, 0)).unwrap_err().to_string()
    };
    assert!(counts(0, 0, u32::MAX).starts_with("the counts: 4294967295 nodes in 0 bytes"));
    assert!(counts(u32::MAX, 0, 1).starts_with("name 0: "));
    assert!(counts(0, u32::MAX, 1).starts_with("element type 0: "));
}

#[test]
fn hostile_element_types_are_refused() {
    let check = |dtypes: &[DTypeRecord<'_>], fields: &[FieldRecord<'_>], expected: &str| {
        let mut out = Vec::new();
        write(&Counts { names: 0, dtypes: dtypes.len() as u32, nodes: 1 }, &mut out);
        dtypes.iter().for_each(|dtype| write(dtype, &mut out));
        fields.iter().for_each(|field| write(field, &mut out));
        write(&NodeRecord::None, &mut out);
        let error = decode(&file(&out, 0)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let float = |size| DTypeRecord::Scalar { kind: ScalarCode::Float, size, big_endian: false };
    check(&[float(3)], &[], "element type 0: a number of 3 bytes");
    check(&[DTypeRecord::Str { chars: u64::MAX, big_endian: false }], &[], "elements of 18446744073709551615 bytes");
    let structure = || DTypeRecord::Struct { fields: 1, itemsize: 8 };
    let field = |dtype, offset| FieldRecord { name: "x", dtype, offset };
    check(&[float(8), structure()], &[field(0, 1)], "field x lies outside its structure");
    check(&[structure()], &[field(0, 0)], "a field of an unknown type");
    check(&[float(8), structure()], &[field(0, u64::MAX)], "elements of 18446744073709551615 bytes");
}

proptest::proptest! {
    /// Any bytes behind a right digest are refused or read, and what is read can be written and read again.
    #[test]
    fn any_records_are_refused_or_read(
        tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        arrays in 0usize..200,
    ) {
        let mut all = records(&[]);
        // The number of nodes is the last of the counts, which all fit one byte.
        all[2] = tail.first().copied().unwrap_or(1) % 8 + 1;
        all.extend_from_slice(&tail);
        let bytes = file(&all, arrays);
        if let Ok(graph) = decode(&bytes) {
            assert_writable(&graph);
        }
    }
}
