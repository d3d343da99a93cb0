//! skops files: the same model as the pickle of the same bundle, and no way to run or exhaust anything.

use ndarray::Array2;
use scorelet::load::{BundleFile, LoadOptions, report};
use scorelet::score::{Form, ReplyStyle, Scorer};
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::Arc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/skops").join(name)).unwrap()
}

fn file(bytes: Vec<u8>) -> BundleFile {
    BundleFile::new("model.skops".into(), bytes)
}

/// An archive with these members.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_model_is_that_of_the_pickle() {
    let row = |i: usize| {
        let channel = ["web", "shop", "tv"][i % 3];
        json!({"amount": (i * i) as f64 * 0.37, "age": 18 + i % 60, "channel": channel})
    };
    let rows: Vec<Value> = (0..200).map(row).collect();
    let body = json!({"input_data": rows, "params": {"outputs": ["predict", "predict_proba"]}}).to_string();
    let reply = |name: &str| {
        let bundle = file(fixture(name)).load(&LoadOptions::default()).unwrap();
        let mut reply = Vec::new();
        Scorer::new(Arc::new(bundle), ReplyStyle::Plain).score(Form::Json, body.as_bytes(), &mut reply).unwrap();
        String::from_utf8(reply).unwrap()
    };
    assert_eq!(reply("model.skops"), reply("model.pkl"));
}

/// The reason why a file with this schema and these members is refused.
#[track_caller]
fn check(members: &[(&str, &[u8])], expected: &str) {
    let error = file(archive(members)).load(&LoadOptions::default()).unwrap_err().to_string();
    assert_eq!(error, format!("cannot load model.skops: {expected}"));
}

#[track_caller]
fn check_schema(mut schema: Value, expected: &str) {
    schema["protocol"] = json!(2);
    check(&[("schema.json", schema.to_string().as_bytes())], expected);
}

const ADVICE: &str = "nothing that a file names is run, and scorelet does not rebuild this one";

fn node(loader: &str, module: &str, class: &str, content: Value) -> Value {
    json!({"__loader__": loader, "__module__": module, "__class__": class, "content": content})
}

fn dict(key: &str, value: Value) -> Value {
    let mut dict = node("DictNode", "builtins", "dict", json!({key: value}));
    dict["key_types"] = node("ListNode", "builtins", "list", json!([node("TypeNode", "builtins", "str", Value::Null)]));
    dict
}

#[test]
fn what_a_schema_names_is_never_run() {
    for (module, name) in
        [("os", "system"), ("builtins", "eval"), ("operator", "methodcaller"), ("sklearn.utils", "shuffle")]
    {
        for loader in
            ["FunctionNode", "TypeNode", "ObjectNode", "MethodNode", "OperatorFuncNode", "PartialNode", "Other"]
        {
            let mut evil = node(loader, module, name, json!({}));
            if loader == "ObjectNode" {
                evil["content"] = node("JsonNode", "builtins", "str", json!("null"));
            }
            let expected = format!("{module}.{name} at .model ({loader}) is refused: {ADVICE}");
            check_schema(dict("model", evil), &expected);
        }
    }
    let call =
        node("ConstructorFromReduceNode", "subprocess", "Popen", node("TupleNode", "builtins", "tuple", json!([])));
    check_schema(
        dict("model", call),
        &format!("subprocess.Popen at .model (ConstructorFromReduceNode) is refused: {ADVICE}"),
    );
}

#[test]
fn inspect_lists_every_refused_name() {
    let list = |names: &[&str]| {
        let items: Vec<Value> = names.iter().map(|name| node("FunctionNode", "os", name, Value::Null)).collect();
        node("ListNode", "builtins", "list", Value::from(items))
    };
    let mut schema = dict("model", list(&["system", "remove", "system"]));
    schema["protocol"] = json!(2);
    let (report, loaded) =
        report(&file(archive(&[("schema.json", schema.to_string().as_bytes())])), &LoadOptions::default());
    assert!(loaded.is_err() && !report.servable);
    let refused = report.content.refused.iter().map(|one| (one.name.as_str(), one.uses, one.path.as_deref()));
    let expected = [("os.system", 2, Some(".model[0]")), ("os.remove", 1, Some(".model[1]"))];
    assert_eq!(refused.collect::<Vec<_>>(), expected);
}

#[test]
fn damaged_schemas_say_where() {
    check(
        &[("data.pkl", b"")],
        "the zip archive holds no schema.json, so skops did not write it (PyTorch, Keras and numpy \
         write zip archives too); save the model with pickle, joblib or skops",
    );
    check(&[("schema.json", b"{")], "schema.json at its top: EOF while parsing an object at line 1 column 1");
    check(&[("schema.json", b"\xff")], "schema.json at its top: invalid utf-8 sequence of 1 bytes from index 0");
    let newer = node("JsonNode", "builtins", "str", json!("1"))
        .to_string()
        .replace("\"content\"", "\"protocol\":3,\"content\"");
    let expected = "schema.json gives no protocol from 0 to 2: a newer skops wrote it, or none at all";
    check(&[("schema.json", newer.as_bytes())], expected);
    let plain = |text: &str| node("JsonNode", "builtins", "str", json!(text));
    check_schema(dict("model", plain("1 + 1")), "schema.json at .model: \"1 + 1\" is no plain value");
    check_schema(dict("model", plain("\"x")), "schema.json at .model: \"\\\"x\" is no plain value");
    let mut untyped = dict("model", plain("1"));
    untyped["content"]["other"] = plain("2");
    check_schema(untyped, "schema.json at its top: 1 types for 2 keys");
    let missing = json!({"__loader__": "NdArrayNode", "__module__": "numpy", "__class__": "ndarray", "type": "numpy", "file": "1.npy"});
    check_schema(dict("model", missing), "1.npy in the archive: specified file not found in archive");
    let mut sparse = node("SparseMatrixNode", "scipy.sparse._csr", "csr_matrix", Value::Null);
    sparse["file"] = json!("1.npz");
    let mut schema = dict("model", sparse);
    schema["protocol"] = json!(2);
    let schema = schema.to_string();
    let zip = "the zip archive is damaged or cut off: invalid Zip archive: Could not find EOCD";
    let expected = format!("1.npz in the archive: {zip}");
    check(&[("schema.json", schema.as_bytes()), ("1.npz", b"no archive")], &expected);
    let empty = archive(&[("shape.npy", b"")]);
    let expected = "shape of 1.npz in the archive: it is no numpy array";
    check(&[("schema.json", schema.as_bytes()), ("1.npz", &empty)], expected);
    let mut deep = plain("1");
    for _ in 0..200 {
        deep = node("ListNode", "builtins", "list", json!([deep]));
    }
    let path = ".model".to_owned() + &"[0]".repeat(99);
    check_schema(dict("model", deep), &format!("schema.json at {path}: more than 100 values in each other"));
}

#[test]
fn an_archive_that_unpacks_to_more_than_it_may_is_refused() {
    let zeros = vec![b' '; 80 << 20];
    check(
        &[("schema.json", &zeros)],
        "the archive unpacks to more than a model of this size needs; if it is yours, dump it without compression",
    );
}

/// Cuts and changed bytes, in the archive itself and in what its members hold.
#[test]
fn damaged_files_are_refused_or_score() {
    let bytes = fixture("model.skops");
    let attempt = |bytes: Vec<u8>| {
        let Ok(bundle) = file(bytes).load(&LoadOptions::default()) else { return false };
        let _ = bundle.score(Array2::from_elem((2, bundle.feature_order.len()), 1.0), &bundle.methods());
        true
    };
    for length in (0..bytes.len()).step_by(bytes.len() / 40) {
        assert!(!attempt(bytes[..length].to_vec()));
    }
    let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let mut members = Vec::new();
    for at in 0..zip.len() {
        let mut member = zip.by_index(at).unwrap();
        let mut content = Vec::new();
        std::io::copy(&mut member, &mut content).unwrap();
        let name = member.name().unwrap().into_owned();
        members.push((name, content));
    }
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |n: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % n as u64) as usize
    };
    let (mut refused, mut scored) = (0, 0);
    for _ in 0..150 {
        let member = below(members.len());
        let at = below(members[member].1.len());
        let before = members[member].1[at];
        members[member].1[at] = [b'0', b'9', b'"', 0xff, before ^ 1][below(5)];
        let changed: Vec<(&str, &[u8])> =
            members.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        *if attempt(archive(&changed)) { &mut scored } else { &mut refused } += 1;
        members[member].1[at] = before;
    }
    assert!(refused > 20 && scored > 20, "{refused} refused, {scored} scored");
}
