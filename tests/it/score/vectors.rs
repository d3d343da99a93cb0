//! Bodies with the answers that Python gave: committed ones, and the larger sets beside the checkout.

use super::{ask, echo, reply};
use crate::parity::corpus;
use scorelet::load::{self, LoadOptions};
use scorelet::score::{Form, ReplyStyle, Scorer};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FEATURES: [&str; 3] = ["amount", "qty", "age"];

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a fixture can be read")).expect("a fixture is JSON")
}

/// tests/fixtures/requests.py made the file with pandas 3.1.1.
#[test]
fn replies_are_those_of_pandas_byte_for_byte() {
    let cases = read_json(&root("tests/fixtures/requests.json"));
    let (azureml, plain) = (echo(&FEATURES, ReplyStyle::AzureMl), echo(&FEATURES, ReplyStyle::Plain));
    let mut scored = 0;
    for case in cases.as_array().expect("a list") {
        let (body, expected) = (body(&case[0]), case[1].as_str().expect("a reply"));
        let shown: String = body.chars().take(200).collect();
        assert_eq!(reply(&azureml, Form::Json, body.as_bytes()), expected, "{shown}");
        let answer: Value = serde_json::from_str(expected).expect("a JSON string");
        let answer = answer.as_str().expect("a string");
        if answer.starts_with("{\"transform\"") {
            scored += 1;
            if !body.contains("nonsense") {
                assert_eq!(reply(&plain, Form::Json, body.as_bytes()), as_plain(answer), "{shown}");
            }
        }
    }
    assert!(scored > 100, "only {scored} bodies were scored");
}

/// A body; of a long run of one text only the text and the count are kept.
fn body(case: &Value) -> String {
    match case {
        Value::Array(parts) => {
            let text = |i: usize| parts[i].as_str().expect("a text");
            let count = parts[2].as_u64().expect("a count") as usize;
            format!("{}{}{}", text(0), text(1).repeat(count), text(3))
        }
        _ => case.as_str().expect("a text").to_owned(),
    }
}

/// A reply of Python's `json` in the plain style.
fn as_plain(python: &str) -> String {
    python
        .replace(": ", ":")
        .replace(", ", ",")
        .replace("-Infinity", "null")
        .replace("Infinity", "null")
        .replace("NaN", "null")
}

/// Forests and their scalers, in two environments.
#[test]
fn wire_vectors_of_two_environments() {
    let file = root("../shared/corpus/wire-vectors.json");
    if !file.exists() {
        eprintln!("SKIPPED: {} is not there", file.display());
        return;
    }
    let vectors = read_json(&file);
    for (environment, version) in [("sklearn-1.9.1", "1.9.1"), ("sklearn-1.5.2", "1.5.2")] {
        for model in ["rf", "iforest"] {
            let path = root(&format!("../shared/corpus/wire-bundles/{model}-{version}.pkl"));
            let bundle = Arc::new(load::open(&path, &LoadOptions::default()).expect("the bundle loads"));
            let scorers = [ReplyStyle::AzureMl, ReplyStyle::Plain].map(|style| Scorer::new(bundle.clone(), style));
            for case in vectors["cases"].as_array().expect("a list") {
                check_wire(&scorers, case, &case[environment][model], version);
            }
        }
    }
}

/// One body: the azureml reply byte for byte (errors in the words of pandas 3), the plain one by its meaning.
fn check_wire([azureml, plain]: &[Scorer; 2], case: &Value, expected: &Value, version: &str) {
    let body = case["body"].as_str().expect("a body").as_bytes();
    let name = &case["case"];
    let expected_reply = match expected["status"].as_str() {
        Some("ok") => {
            let predictions = expected["predictions"].to_string().replace(',', ", ");
            format!("{{\"predictions\": {predictions}, \"model_version\": \"{version}\"}}")
        }
        _ => {
            let message = expected["message"].as_str().expect("a message").replace("dtype='object'", "dtype='str'");
            format!("{{\"error\": {}}}", Value::from(message))
        }
    };
    assert_eq!(reply(azureml, Form::Json, body), Value::from(expected_reply).to_string(), "{name} {version}");
    match ask(plain, Form::Json, body) {
        Ok(got) => {
            let got: Value = serde_json::from_str(&got).expect("a reply is JSON");
            let beyond_the_seed = name.as_str().is_some_and(|name| name.starts_with("split"));
            assert!(beyond_the_seed || got["predictions"] == expected["predictions"], "{name} {version}: {got}");
        }
        Err(error) => assert_eq!(expected["status"], "err", "{name} {version}: {error}"),
    }
}

/// nst/JSONTestSuite, with the three words that Python's json takes beyond JSON.
#[test]
fn json_test_suite() {
    let archive = root("../shared/corpus/jsonsuite.tar.xz");
    if !archive.exists() {
        eprintln!("SKIPPED: {} is not there", archive.display());
        return;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jsonsuite");
    corpus::unpack(&archive, &target);
    let files = std::fs::read_dir(target.join("test_parsing")).expect("the suite's folder");
    let scorer = echo(&["a"], ReplyStyle::Plain);
    let (mut taken, mut refused) = (0, 0);
    for path in files.map(|file| file.expect("a file").path()) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = std::fs::read(&path).expect("a file of the suite can be read");
        let whole = is_json(&scorer, &text);
        let inside = is_json(&scorer, &[b"{\"x\":", text.as_slice(), b",\"input_data\":[{\"a\":1}]}"].concat());
        let python_takes = ["n_number_NaN.json", "n_number_infinity.json", "n_number_minus_infinity.json"];
        match name.split('_').next() {
            Some("y") => assert!(whole && inside, "{name} is JSON"),
            Some("n") if !python_takes.contains(&name.as_str()) => assert!(!whole && !inside, "{name} is not JSON"),
            Some("n") => assert!(whole && inside, "Python takes {name}"),
            _ => assert_eq!(whole, str::from_utf8(&text).is_ok() && !text.starts_with(b"\xef\xbb\xbf"), "{name}"),
        }
        if whole { taken += 1 } else { refused += 1 }
    }
    assert!(taken > 100 && refused > 180, "{taken} taken, {refused} refused: the suite is not complete");
}

/// Whether a body is JSON, whatever else may be wrong with it.
fn is_json(scorer: &Scorer, body: &[u8]) -> bool {
    match ask(scorer, Form::Json, body) {
        Ok(_) => true,
        Err(error) => !["malformed_json", "not_utf8", "too_deep"].contains(&error.code.as_str()),
    }
}
