//! ONNX files: ONNX Runtime's answers to the last bit where they are followed, and no way to exhaust or to confuse anything.
//!
//! Files that nobody would write are put together field by field. `tests/python/onnx_runtime.py` compares many models.

use ndarray::Array2;
use scorelet::bundle::Bundle;
use scorelet::load::{BundleFile, LoadOptions, convert, pickled, report};
use scorelet::score::{Form, ReplyStyle, Scorer};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx").join(name)).unwrap()
}

fn file(bytes: Vec<u8>) -> BundleFile {
    BundleFile::new("model.onnx".into(), bytes)
}

fn ask(bundle: Bundle, rows: &Value, outputs: &[&str]) -> Value {
    let body = json!({"input_data": rows, "params": {"outputs": outputs}}).to_string();
    let mut reply = Vec::new();
    Scorer::new(Arc::new(bundle), ReplyStyle::Plain).score(Form::Json, body.as_bytes(), &mut reply).unwrap();
    serde_json::from_slice(&reply).unwrap()
}

const OUTPUTS: [(&str, &[&str]); 5] = [
    ("table", &["predict", "predict_proba"]),
    ("forest", &["predict"]),
    ("outliers", &["predict", "decision_function"]),
    ("neighbors", &["predict", "predict_proba"]),
    ("vectors", &["predict", "decision_function"]),
];

/// All numbers and texts of a value, in order.
fn flat<'v>(value: &'v Value, out: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flat(item, out)),
        one => out.push(one),
    }
}

#[test]
fn answers_are_those_of_onnx_runtime() {
    let expected: Value = serde_json::from_slice(&fixture("expected.json")).unwrap();
    for (name, outputs) in OUTPUTS {
        let bundle = file(fixture(&format!("{name}.onnx"))).load(&LoadOptions::default()).unwrap();
        let reply = ask(bundle, &expected[name]["rows"], outputs);
        let (mut found, mut wanted) = (vec![], vec![]);
        for output in outputs {
            flat(&reply[if *output == "predict" { "predictions" } else { *output }], &mut found);
        }
        let wanted_outputs = expected[name]["outputs"].as_array().unwrap();
        flat(&wanted_outputs[0], &mut wanted);
        let columns: Vec<Value> = match name {
            // One output for each column.
            "vectors" => {
                let column = |at: usize| wanted_outputs[at].as_array().unwrap();
                (0..column(1).len())
                    .map(|row| (1..wanted_outputs.len()).map(|at| column(at)[row].clone()).collect())
                    .collect()
            }
            _ => wanted_outputs[1..].to_vec(),
        };
        columns.iter().for_each(|column| flat(column, &mut wanted));
        assert_eq!(found.len(), wanted.len(), "{name}: {reply}");
        for (found, wanted) in found.iter().zip(wanted) {
            let near = |a: f64, b: f64| (a - b).abs() <= if name == "forest" { 0.0 } else { 1e-6 * b.abs().max(0.1) };
            let same = match (found.as_f64(), wanted.as_f64()) {
                (Some(found), Some(wanted)) => near(found, wanted),
                _ => *found == wanted,
            };
            assert!(same, "{name}: {found}, not {wanted}");
        }
    }
}

#[test]
fn a_native_bundle_keeps_the_model() {
    let expected: Value = serde_json::from_slice(&fixture("expected.json")).unwrap();
    for (name, outputs) in OUTPUTS {
        let original = file(fixture(&format!("{name}.onnx")));
        let native = file(convert(&original, &LoadOptions::default()).unwrap().bytes);
        let native = native.load(&LoadOptions::default()).unwrap();
        let original = original.load(&LoadOptions::default()).unwrap();
        assert!(original.same_contract(&native), "{name}");
        let rows = &expected[name]["rows"];
        assert_eq!(ask(original, rows, outputs), ask(native, rows, outputs), "{name}");
    }
}

#[test]
fn columns_are_called_as_the_inputs_or_as_the_user_says() {
    let options =
        |names: &[&str]| LoadOptions { features: Some(names.iter().map(|name| (*name).to_owned()).collect()) };
    let order = |name: &str, options: &LoadOptions| match file(fixture(name)).load(options) {
        Ok(bundle) => bundle.feature_order.join(","),
        Err(error) => error.problem.to_string(),
    };
    assert_eq!(order("table.onnx", &LoadOptions::default()), "city,amount,visits");
    assert_eq!(order("forest.onnx", &LoadOptions::default()), "x0,x1,x2,x3");
    assert_eq!(order("forest.onnx", &options(&["a", "b", "c", "d"])), "a,b,c,d");
    assert_eq!(order("forest.onnx", &options(&["a", "b"])), "feature_order names 2 columns, but the bundle takes 4");
    let contradiction = order("table.onnx", &options(&["a", "b", "c"]));
    assert!(contradiction.starts_with("--features names"), "{contradiction}");
}

#[test]
fn the_report_says_who_wrote_it_and_what_is_in_it() {
    let (report, loaded) = report(&file(fixture("table.onnx")), &LoadOptions::default());
    assert!(loaded.is_ok());
    assert_eq!(report.format.as_deref(), Some("ONNX"));
    assert_eq!(report.metadata["producer_name"], "skl2onnx");
    assert_eq!(report.metadata["opset_import"]["ai.onnx.ml"].as_i64(), Some(1));
    assert_eq!(report.outputs, ["predict", "predict_proba"]);
    assert_eq!(report.inputs.unwrap().text_columns, ["city"]);
    assert_eq!(report.content.classes["ai.onnx.ml.LinearClassifier"], 1);
    assert!(report.content.unsupported.is_empty());
}

#[test]
fn values_that_an_input_cannot_hold_are_refused() {
    let bundle = || file(fixture("table.onnx")).load(&LoadOptions::default()).unwrap();
    let check = |row: Value, expected: &str| {
        let body = json!({"input_data": [row]}).to_string();
        let reply =
            Scorer::new(Arc::new(bundle()), ReplyStyle::Plain).score(Form::Json, body.as_bytes(), &mut Vec::new());
        let error = reply.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(json!({"city": "Oslo", "amount": 1.0, "visits": 0.5}), "whole numbers");
    check(json!({"city": null, "amount": 1.0, "visits": 1}), "NaN");
}

#[test]
fn there_is_no_pickle_of_a_graph() {
    let error = pickled(&file(fixture("forest.onnx")), &LoadOptions::default()).err().unwrap().to_string();
    assert!(error.ends_with("onnx.ModelProto is not written as pickle"), "{error}");
}

/// A message: its fields one after the other.
fn message(fields: &[(u8, Field<'_>)]) -> Vec<u8> {
    let mut out = vec![];
    for (number, field) in fields {
        match field {
            Field::Int(value) => {
                varint(&mut out, u64::from(*number) << 3);
                varint(&mut out, *value as u64);
            }
            Field::Bytes(bytes) => {
                varint(&mut out, u64::from(*number) << 3 | 2);
                varint(&mut out, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
        }
    }
    out
}

enum Field<'f> {
    Int(i64),
    Bytes(&'f [u8]),
}

use Field::{Bytes, Int};

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A table of floats with three columns.
fn value_info(name: &str, kind: i64) -> Vec<u8> {
    let extent = |value| message(&[(1, Int(value))]);
    let shape = message(&[(1, Bytes(b"")), (1, Bytes(&extent(3)))]);
    let tensor = message(&[(1, Int(kind)), (2, Bytes(&shape))]);
    message(&[(1, Bytes(name.as_bytes())), (2, Bytes(&message(&[(1, Bytes(&tensor))])))])
}

fn node(operator: &str, domain: &str, inputs: &[&str], outputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut fields: Vec<(u8, Field<'_>)> = inputs.iter().map(|name| (1, Bytes(name.as_bytes()))).collect();
    fields.extend(outputs.iter().map(|name| (2, Bytes(name.as_bytes()))));
    fields.extend([(4, Bytes(operator.as_bytes())), (7, Bytes(domain.as_bytes()))]);
    fields.extend(attributes.iter().map(|attribute| (5, Bytes(attribute))));
    message(&fields)
}

fn int(name: &str, value: i64) -> Vec<u8> {
    message(&[(1, Bytes(name.as_bytes())), (3, Int(value)), (20, Int(2))])
}

fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    let mut packed = vec![];
    values.iter().for_each(|value| varint(&mut packed, *value as u64));
    message(&[(1, Bytes(name.as_bytes())), (8, Bytes(&packed)), (20, Int(7))])
}

fn floats(name: &str, values: &[f32]) -> Vec<u8> {
    let packed: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    message(&[(1, Bytes(name.as_bytes())), (7, Bytes(&packed)), (20, Int(6))])
}

fn strings(name: &str, values: &[&str]) -> Vec<u8> {
    let mut fields = vec![(1, Bytes(name.as_bytes())), (20, Int(8))];
    fields.extend(values.iter().map(|value| (9, Bytes(value.as_bytes()))));
    message(&fields)
}

fn tensor(name: &str, dims: &[i64], kind: i64, raw: &[u8]) -> Vec<u8> {
    let mut fields: Vec<(u8, Field<'_>)> = dims.iter().map(|dim| (1, Int(*dim))).collect();
    fields.extend([(2, Int(kind)), (8, Bytes(name.as_bytes())), (9, Bytes(raw))]);
    message(&fields)
}

/// A model whose input is X and whose output is Y.
fn model(nodes: &[Vec<u8>], tensors: &[Vec<u8>]) -> Vec<u8> {
    let (x, y) = (value_info("X", 1), value_info("Y", 1));
    let mut graph: Vec<(u8, Field<'_>)> = nodes.iter().map(|node| (1, Bytes(node.as_slice()))).collect();
    graph.extend(tensors.iter().map(|tensor| (5, Bytes(tensor.as_slice()))));
    graph.extend([(11, Bytes(&x)), (12, Bytes(&y))]);
    let opset = |domain: &str, version| message(&[(1, Bytes(domain.as_bytes())), (2, Int(version))]);
    let (standard, learned) = (opset("", 18), opset("ai.onnx.ml", 3));
    message(&[(1, Int(8)), (7, Bytes(&message(&graph))), (8, Bytes(&standard)), (8, Bytes(&learned))])
}

#[track_caller]
fn check(bytes: Vec<u8>, expected: &str) {
    match file(bytes).load(&LoadOptions::default()) {
        Ok(_) => panic!("it was read"),
        Err(error) => assert_eq!(error.problem.to_string(), expected),
    }
}

#[test]
fn operators_that_are_not_computed_are_named_all_at_once() {
    let nodes = [
        node("Conv", "", &["X"], &["a"], &[]),
        node("Dream", "my.domain", &["a"], &["b"], &[]),
        node("Abs", "", &["b"], &["Y"], &[]),
    ];
    check(
        model(&nodes, &[]),
        "ai.onnx.Conv: this operator is not computed; my.domain.Dream: this operator is not computed; serve the pickle, \
         joblib or skops file, or convert the model without it (docs/onnx.md lists what is)",
    );
}

#[test]
fn a_graph_that_contradicts_itself_is_refused() {
    let abs = |from, to| node("Abs", "", &[from], &[to], &[]);
    check(model(&[abs("Y", "Y")], &[]), "ai.onnx.Abs: it takes \"Y\", which nothing before it gives");
    check(
        model(&[abs("b", "a"), abs("a", "b"), abs("a", "Y")], &[]),
        "ai.onnx.Abs: it takes \"b\", which nothing before it gives",
    );
    check(model(&[abs("X", "Y"), abs("X", "Y")], &[]), "\"Y\": two values have this name");
    check(model(&[abs("X", "a")], &[]), "output \"Y\": nothing gives it");
    let add = node("Add", "", &["X", "c"], &["Y"], &[]);
    let five = tensor("c", &[5], 1, &[0; 20]);
    check(
        model(std::slice::from_ref(&add), &[five]),
        "the graph: ai.onnx.Add: the shapes [8, 3] and [5] do not fit each other",
    );
    let short = tensor("c", &[3], 1, &[0; 8]);
    check(model(std::slice::from_ref(&add), &[short]), "tensor \"c\": its shape does not fit its data");
    let huge = tensor("c", &[i64::MAX, i64::MAX], 1, &[]);
    check(model(std::slice::from_ref(&add), &[huge]), "tensor \"c\": a shape beyond all memory");
    let negative = tensor("c", &[-1], 1, &[]);
    check(model(std::slice::from_ref(&add), &[negative]), "tensor \"c\": a negative extent");
    let elsewhere = message(&[(2, Int(1)), (8, Bytes(b"c")), (14, Int(1))]);
    check(
        model(&[add], &[elsewhere]),
        "tensor \"c\" lies in another file: save the model in one, with onnx.save(model, path)",
    );
}

#[test]
fn memory_and_time_are_bounded_whatever_a_graph_asks_for() {
    let shape = tensor("shape", &[2], 7, &[1_000_000i64.to_le_bytes(), 1_000_000i64.to_le_bytes()].concat());
    let large = node("Expand", "", &["X", "shape"], &["Y"], &[]);
    let error = file(model(&[large], &[shape])).load(&LoadOptions::default()).err().unwrap().to_string();
    assert!(error.contains("do not fit") || error.contains("too large"), "{error}");
    // Each step doubles what there is.
    let steps: Vec<Vec<u8>> = (0..40)
        .map(|i| {
            let (from, to) = (
                if i == 0 { "X".to_owned() } else { format!("v{i}") },
                if i == 39 { "Y".to_owned() } else { format!("v{}", i + 1) },
            );
            node("Concat", "", &[&from, &from], &[&to], &[int("axis", 1)])
        })
        .collect();
    let error = file(model(&steps, &[])).load(&LoadOptions::default()).err().unwrap().to_string();
    assert!(error.contains("too large") || error.contains("more memory"), "{error}");
}

/// A tree of a split and two leaves, with one list replaced.
fn tree(replaced: Option<Vec<u8>>) -> Vec<u8> {
    let mut lists = vec![
        ints("nodes_treeids", &[0, 0, 0]),
        ints("nodes_nodeids", &[0, 1, 2]),
        ints("nodes_featureids", &[1, 0, 0]),
        ints("nodes_truenodeids", &[1, 0, 0]),
        ints("nodes_falsenodeids", &[2, 0, 0]),
        floats("nodes_values", &[0.5, 0.0, 0.0]),
        strings("nodes_modes", &["BRANCH_LEQ", "LEAF", "LEAF"]),
        ints("target_treeids", &[0, 0]),
        ints("target_nodeids", &[1, 2]),
        ints("target_ids", &[0, 0]),
        floats("target_weights", &[1.0, 2.0]),
    ];
    lists.extend(replaced);
    model(&[node("TreeEnsembleRegressor", "ai.onnx.ml", &["X"], &["Y"], &lists)], &[])
}

#[test]
fn trees_are_trees() {
    let bundle = file(tree(None)).load(&LoadOptions::default()).unwrap();
    let x = Array2::from_shape_vec((2, 3), vec![0.0, 0.5, 0.0, 0.0, 0.6, 0.0]).unwrap();
    let scored = bundle.score(x, &[bundle.default_method()]).unwrap();
    assert_eq!(scored, [scorelet::model::Output::Floats(vec![1.0, 2.0])]);
    let check = |list, expected: &str| {
        let error = file(tree(Some(list))).load(&LoadOptions::default()).err().unwrap().to_string();
        assert!(error.ends_with(expected), "{error}");
    };
    check(ints("nodes_truenodeids", &[0, 0, 0]), "node 0 is reached twice, or is none");
    check(ints("nodes_truenodeids", &[2, 0, 0]), "node 2 is reached twice, or is none");
    check(ints("nodes_truenodeids", &[7, 0, 0]), "tree 0 has no node 7");
    check(ints("nodes_nodeids", &[0, 1, 1]), "node 1 of tree 0 stands twice");
    check(ints("nodes_featureids", &[-1, 0, 0]), "feature -1");
    check(ints("nodes_featureids", &[3, 0, 0]), "the trees test 4 columns, but the input has 3");
    check(ints("nodes_featureids", &[0, 0]), "lists of nodes that differ in length, or are empty");
    check(ints("target_ids", &[0, 1]), "leaf 2 has a weight for target 1 of 1");
    check(ints("target_nodeids", &[1, 5]), "tree 0 has no node 5");
    check(strings("nodes_modes", &["BRANCH_MEMBER", "LEAF", "LEAF"]), "node 0 branches by \"BRANCH_MEMBER\"");
}

#[test]
fn versions_that_are_not_read_are_refused() {
    let abs = || node("Abs", "", &["X"], &["Y"], &[]);
    let mut old = model(&[abs()], &[]);
    old[1] = 2;
    check(old, "the ONNX file is of IR version 2; versions 3 to 13 are read: convert it for an older one");
    let opset = message(&[(2, Int(99))]);
    let later = [model(&[abs()], &[]), message(&[(8, Bytes(&opset))])].concat();
    check(later, "it was converted for ai.onnx opset 99; 7 to 25 are read: set target_opset");
}

#[test]
fn a_damaged_file_is_refused_or_read_never_followed() {
    for name in ["table.onnx", "neighbors.onnx"] {
        let bytes = fixture(name);
        for end in 0..bytes.len() {
            assert!(file(bytes[..end].to_vec()).load(&LoadOptions::default()).is_err(), "{name} cut at {end}");
        }
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                if let Ok(bundle) = file(bytes).load(&LoadOptions::default()) {
                    let _ = bundle.score(Array2::zeros((2, bundle.feature_order.len())), &bundle.methods());
                }
            }
        }
    }
}
