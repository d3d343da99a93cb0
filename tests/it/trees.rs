//! Bundles of tree models with one thing changed that no pickle check can see: refused when the model is built, or
//! harmless when it scores. And odd but honest ones.

use ndarray::Array2;
use proptest::prelude::*;
use scorelet::pickle;
use scorelet::sklearn::{self, Parts, Version};
use scorelet::value::{Array, ArrayData, DType, Graph, Id, Name, Node, Object};
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus").join(name)
}

fn build(graph: &Graph<'_>) -> Result<Parts, String> {
    let root = graph.root();
    let model = root.get("model").unwrap_or(root);
    sklearn::parts(&model, None, None, Version::NEWEST).map_err(|error| error.to_string())
}

/// Builds the model of a fixture after `change`.
fn changed(name: &str, change: impl FnOnce(&mut Graph<'_>)) -> Result<Parts, String> {
    let bytes = std::fs::read(fixture(name)).expect("a fixture");
    let mut graph = pickle::read(&bytes, &pickle::Limits::for_file(&bytes)).expect("a readable fixture");
    change(&mut graph);
    build(&graph)
}

/// The arrays of `graph` that have a field of that name.
fn structured(graph: &Graph<'_>, field: &str) -> Vec<usize> {
    let has = |node: &Node<'_>| match node {
        Node::Array(array) => match &array.dtype {
            DType::Struct { fields, .. } => fields.iter().any(|f| f.name == field),
            _ => false,
        },
        _ => false,
    };
    (0..graph.nodes.len()).filter(|at| has(&graph.nodes[*at])).collect()
}

fn bytes_of<'g>(array: &'g mut Array<'_>) -> &'g mut Vec<u8> {
    match &mut array.data {
        ArrayData::Bytes(bytes) => bytes.to_mut(),
        ArrayData::Objects(_) => panic!("no bytes"),
    }
}

/// Writes `value` into a field of one node of the first tree.
fn write(graph: &mut Graph<'_>, field: &str, node: usize, value: &[u8]) {
    let at = structured(graph, field)[0];
    write_at(graph, at, field, node, value);
}

fn write_at(graph: &mut Graph<'_>, at: usize, field: &str, node: usize, value: &[u8]) {
    let Node::Array(array) = &mut graph.nodes[at] else { panic!() };
    let DType::Struct { fields, itemsize } = array.dtype.clone() else { panic!() };
    let found = fields.iter().find(|f| f.name == field).expect("the field");
    assert_eq!(found.dtype.size(), value.len(), "{field}");
    let from = node * itemsize + found.offset;
    bytes_of(array)[from..from + value.len()].copy_from_slice(value);
}

/// The id that an attribute named `key` refers to, of the first object that has it.
fn attribute<'g>(graph: &'g mut Graph<'_>, key: &str) -> &'g mut Id {
    let key = (0..graph.nodes.len()).find(|at| matches!(&graph.nodes[*at], Node::Str(text) if text == key));
    let key = Id(key.expect("the key") as u32);
    let pair = graph.nodes.iter_mut().find_map(|node| match node {
        Node::Dict(pairs) => pairs.iter_mut().find(|(k, _)| *k == key),
        _ => None,
    });
    &mut pair.expect("the attribute").1
}

/// Makes `key` refer to a new node.
fn set(graph: &mut Graph<'_>, key: &str, node: Node<'static>) {
    graph.nodes.push(node);
    let last = Id(graph.nodes.len() as u32 - 1);
    *attribute(graph, key) = last;
}

fn refused(name: &str, expected: &str, change: impl FnOnce(&mut Graph<'_>)) {
    let error = changed(name, change).expect_err(expected);
    assert!(error.contains(expected), "{error}; expected {expected}");
}

#[test]
fn nodes_that_are_no_tree_are_refused() {
    let tree = "1.9.1/dt_clf.p4.pkl";
    let check = |field: &str, node: usize, value: i64, expected: &str| {
        refused(tree, expected, |graph| write(graph, field, node, &value.to_le_bytes()));
        refused("1.2.2/rf_clf.p4.pkl", expected, |graph| write(graph, field, node, &value.to_le_bytes()));
    };
    check("left_child", 0, 0, "node 0 is reached twice");
    check("right_child", 0, 1, "node 1 is reached twice");
    check("left_child", 0, 1_000_000, "child 1000000 is outside the tree");
    check("left_child", 0, -1, "-1 is no node");
    check("right_child", 0, -7, "-7 is no node");
    check("left_child", 0, i64::MAX, "is no node");
    check("feature", 0, 1 << 20, "feature 1048576 is outside");
    check("feature", 0, -2, "-2 is no feature");
    check("feature", 0, i64::MIN, "is no feature");
    refused(tree, "the threshold is NaN", |graph| write(graph, "threshold", 0, &f64::NAN.to_le_bytes()));
    refused(tree, "node_count is not the number of nodes", |graph| set(graph, "node_count", Node::Int(2)));
}

#[test]
fn histogram_trees_that_are_none_are_refused() {
    let check = |field: &str, value: &[u8], expected: &str| {
        refused("1.9.1/hgb_clf_categories.p4.pkl", expected, |graph| {
            write(graph, field, 0, value);
        });
    };
    check("left", &0u32.to_le_bytes(), "node 0 is reached twice");
    check("right", &u32::MAX.to_le_bytes(), "child 4294967295 is outside the tree");
    check("feature_idx", &99i64.to_le_bytes(), "there is no feature 99");
    check("feature_idx", &(-1i64).to_le_bytes(), "-1 is no feature");
    refused("1.9.1/hgb_clf.p4.pkl", "a threshold is NaN", |graph| {
        write(graph, "num_threshold", 0, &f64::NAN.to_le_bytes());
    });
    refused("1.9.1/hgb_clf.p4.pkl", "its feature is of the other kind", |graph| {
        write(graph, "is_categorical", 0, &[1]);
    });
    refused("1.9.1/hgb_clf_categories.p4.pkl", "there is no set of categories", |graph| {
        let (at, node) = first_with(graph, "is_categorical", 1);
        write_at(graph, at, "bitset_idx", node, &77u32.to_le_bytes());
    });
}

/// The first array of nodes, and the node in it, whose one-byte `field` has that value.
fn first_with(graph: &Graph<'_>, field: &str, value: u8) -> (usize, usize) {
    let find = |at: usize| {
        let Node::Array(array) = &graph.nodes[at] else { panic!() };
        let (DType::Struct { fields, itemsize }, ArrayData::Bytes(bytes)) = (&array.dtype, &array.data) else {
            panic!()
        };
        let offset = fields.iter().find(|f| f.name == field).expect("the field").offset;
        bytes.chunks_exact(*itemsize).position(|node| node[offset] == value).map(|node| (at, node))
    };
    structured(graph, field).into_iter().find_map(find).expect("such a node")
}

#[test]
fn arrays_that_do_not_fit_each_other_are_refused() {
    refused("1.9.1/dt_clf.p4.pkl", "expected values of shape", |graph| {
        let Id(at) = *attribute(graph, "values");
        let Node::Array(array) = &mut graph.nodes[at as usize] else { panic!() };
        array.shape.swap(0, 2);
    });
    refused("1.9.1/dt_clf.p4.pkl", "its value is not a finite number", |graph| {
        let Id(at) = *attribute(graph, "values");
        let Node::Array(array) = &mut graph.nodes[at as usize] else { panic!() };
        bytes_of(array).fill(0xff);
    });
    refused("1.9.1/dt_clf.p4.pkl", "disagree", |graph| set(graph, "n_classes_", Node::Int(4)));
    refused("1.9.1/dt_clf.p4.pkl", "not those of the whole model", |graph| set(graph, "n_features_in_", Node::Int(9)));
    refused("1.9.1/dt_reg.p4.pkl", "not those of the whole model", |graph| {
        set(graph, "n_outputs_", Node::Int(1 << 60))
    });
    refused("1.9.1/gb_reg.p4.pkl", "expected a tree of 9 features", |graph| {
        set(graph, "n_features_in_", Node::Int(9));
    });
    refused("1.9.1/hgb_clf.p4.pkl", "expected one entry for each of 1152921504606846976 features", |graph| {
        set(graph, "n_features_in_", Node::Int(1 << 60))
    });
    refused("1.9.1/iforest_auto.p4.pkl", "ExtraTreeRegressor of 9 features", |graph| {
        set(graph, "n_features_in_", Node::Int(9));
        set(graph, "_max_features", Node::Int(9));
    });
    refused("1.9.1/iforest_subfeatures.p4.pkl", "is outside the model's 2", |graph| {
        set(graph, "n_features_in_", Node::Int(2));
    });
}

/// Many references to one tree cost a file next to nothing, and would cost the model a tree each.
#[test]
fn one_tree_does_not_serve_twice() {
    for name in ["1.9.1/rf_clf.p4.pkl", "1.9.1/iforest.p4.pkl", "1.9.1/gb_reg.p4.pkl"] {
        refused(name, "the same array stands in two places", |graph| {
            let Id(at) = *attribute(graph, "estimators_");
            match &mut graph.nodes[at as usize] {
                Node::List(ids) => ids[1] = ids[0],
                Node::Array(array) => match &mut array.data {
                    ArrayData::Objects(ids) => ids[1] = ids[0],
                    ArrayData::Bytes(_) => panic!(),
                },
                other => panic!("{other:?}"),
            }
        });
    }
}

/// Numbers that would take memory by their size alone.
#[test]
fn a_number_of_features_takes_no_memory() {
    let result = changed("1.9.1/dt_reg.p4.pkl", |graph| {
        let huge = graph.nodes.len();
        graph.nodes.push(Node::Int(1 << 40));
        *attribute(graph, "n_features_in_") = Id(huge as u32);
        for node in &mut graph.nodes {
            match node {
                Node::Object(object) if object.class.name == "Tree" => object.args[0] = Id(huge as u32),
                _ => {}
            }
        }
    });
    assert!(result.is_err_and(|error| error.contains("more than a request can carry")));
}

const TREES: [&str; 14] = [
    "1.9.1/dt_clf.p4.pkl",
    "1.9.1/dt_clf_multioutput.p4.pkl",
    "1.2.2/dt_reg_multioutput.p4.pkl",
    "1.9.1/rf_clf.p4.pkl",
    "1.2.2/rf_clf.p4.pkl",
    "1.9.1/iforest.p4.pkl",
    "1.9.1/iforest_subfeatures.p4.pkl",
    "1.2.2/iforest_subfeatures.p4.pkl",
    "1.9.1/gb_clf_multi.p4.pkl",
    "1.9.1/gb_clf_init_model.p4.pkl",
    "1.9.1/hgb_clf.p4.pkl",
    "1.9.1/hgb_clf_category_words.p4.pkl",
    "1.2.2/hgb_clf_categories.p4.pkl",
    "1.2.2/hgb_clf_multi.p4.pkl",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Whatever is in the numbers of a file: an error, or a model that scores. Never a panic, never a hang.
    #[test]
    fn changed_numbers_are_refused_or_harmless(
        name in prop::sample::select(TREES.to_vec()),
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![Just(0xff), Just(0x7f), Just(0x80), Just(0), Just(1), any::<u8>()],
        run in 1usize..9,
    ) {
        let parts = changed(name, |graph| {
            let is_number = |node: &&mut Node<'_>| match node {
                Node::Array(array) => matches!(&array.data, ArrayData::Bytes(bytes) if !bytes.is_empty()),
                Node::Int(_) | Node::Float(_) => true,
                _ => false,
            };
            let mut numbers: Vec<&mut Node<'_>> = graph.nodes.iter_mut().filter(is_number).collect();
            let pick = pick.index(numbers.len());
            match &mut *numbers[pick] {
                Node::Array(array) => {
                    let bytes = bytes_of(array);
                    let from = at.index(bytes.len());
                    let to = (from + run).min(bytes.len());
                    bytes[from..to].fill(byte);
                }
                Node::Int(number) => *number = i64::from_le_bytes([byte; 8]) >> (8 * run - 8),
                Node::Float(number) => *number = f64::from_le_bytes([byte; 8]),
                _ => unreachable!("filtered"),
            }
        });
        if let Ok(parts) = parts {
            let odd = [0.5, f64::NAN, f64::INFINITY, -1.0, 1e300, 0.0, 3.0];
            for rows in [1, 11] {
                let x = Array2::from_shape_fn((rows, parts.estimator.n_features()), |(i, j)| odd[(i * 3 + j) % 7]);
                for method in parts.estimator.methods() {
                    let _ = parts.estimator.call(method, x.view());
                    let _ = parts.estimator.call(method, x.mapv(|x| if x.is_finite() { x } else { 2.0 }).view());
                }
            }
        }
    }
}

/// From 1.9 a linear `init` keeps the `float32` in which it was fitted, and computes in it.
#[test]
fn a_first_guess_in_float32_is_refused() {
    let with_coefficients_of = |dtype: DType, bytes: Vec<u8>| {
        changed("1.9.1/gb_reg.p4.pkl", |graph| {
            let text = |text: &'static str| Node::Str(text.into());
            let shape = vec![bytes.len() / dtype.size()];
            let data = ArrayData::Bytes(bytes.into());
            let coef = Node::Array(Box::new(Array { dtype, shape, fortran: false, data }));
            let mut state = vec![];
            for (key, value) in [("coef_", coef), ("intercept_", Node::Float(1.0))] {
                let at = graph.nodes.len() as u32;
                graph.nodes.extend([text(key), value]);
                state.push((Id(at), Id(at + 1)));
            }
            graph.nodes.push(Node::Dict(state));
            let class = Name { module: "sklearn.linear_model._ridge".into(), name: "Ridge".into() };
            let state = Some(Id(graph.nodes.len() as u32 - 1));
            let (args, items, entries) = (vec![], vec![], vec![]);
            set(graph, "init_", Node::Object(Box::new(Object { class, args, state, items, entries, offset: 0 })));
        })
    };
    assert!(with_coefficients_of(DType::F64, vec![0; 48]).is_ok());
    let error = with_coefficients_of(DType::F32, vec![0; 24]).expect_err("a refusal");
    assert!(error.contains("init=Ridge (computed in float32)"), "{error}");
}
