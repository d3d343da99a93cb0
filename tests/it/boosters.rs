//! Models of XGBoost and LightGBM in a bundle: what several versions of both wrote, with the answers that they gave, and
//! the same bytes damaged in every place.

use scorelet::boosters::{lightgbm, xgboost};
use scorelet::bundle::Bundle;
use scorelet::load::{self, BundleFile, LoadOptions};
use scorelet::pickle::{self, Limits};
use scorelet::score::{Form, ReplyStyle, Scorer};
use scorelet::value::{Graph, View};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/boosters")
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(folder().join("expected.json")).unwrap()).unwrap()
}

fn file(name: &str) -> BundleFile {
    BundleFile::read(&folder().join(name)).unwrap()
}

fn load(name: &str, bytes: Vec<u8>) -> Bundle {
    BundleFile::new(name.into(), bytes).load(&LoadOptions::default()).unwrap()
}

/// The reply for `rows` with all outputs of a case.
fn reply(bundle: Bundle, rows: &Value, outputs: &[&str]) -> Value {
    let body =
        json!({"input_data": {"columns": ["f0", "f1", "f2", "f3"], "data": rows}, "params": {"outputs": outputs}});
    let mut reply = Vec::new();
    let scorer = Scorer::new(Arc::new(bundle), ReplyStyle::Plain);
    scorer.score(Form::Json, body.to_string().as_bytes(), &mut reply).unwrap();
    serde_json::from_slice(&reply).unwrap()
}

fn outputs(case: &Value) -> Vec<&'static str> {
    ["predict", "predict_proba"].into_iter().filter(|name| !case[*name].is_null()).collect()
}

/// Labels and sums of leaves are equal; what passes through exp is within two units in the last place of its type.
fn same(got: &Value, wanted: &Value, single: bool) -> bool {
    match (got, wanted) {
        (Value::Array(got), Value::Array(wanted)) => {
            got.len() == wanted.len() && got.iter().zip(wanted).all(|(got, wanted)| same(got, wanted, single))
        }
        (got, wanted) if single => {
            let bits = |value: &Value| i64::from((value.as_f64().unwrap() as f32).to_bits());
            (bits(got) - bits(wanted)).abs() <= 2
        }
        (got, wanted) => {
            let bits = |value: &Value| i128::from(value.as_f64().unwrap().to_bits());
            (bits(got) - bits(wanted)).abs() <= 4
        }
    }
}

#[test]
fn fixtures_answer_as_their_libraries_did() {
    let expected = expected();
    let cases = expected["cases"].as_array().unwrap();
    assert!(cases.len() >= 10);
    for case in cases {
        let name = case["file"].as_str().unwrap();
        let single = name.starts_with("xgboost");
        let wanted_outputs = outputs(case);
        let reply = reply(file(name).load(&LoadOptions::default()).unwrap(), &expected["rows"], &wanted_outputs);
        for output in wanted_outputs {
            let got = &reply[if output == "predict" { "predictions" } else { output }];
            let wanted = &case[output];
            if output == "predict" && !single {
                assert_eq!(got, wanted, "{name} {output}");
            }
            assert!(same(got, wanted, single), "{name} {output}: {got}, expected {wanted}");
        }
    }
}

/// A native bundle, and a pickle written for Python, answer as the file that they were made from.
#[test]
fn other_forms_of_a_file_answer_the_same() {
    let expected = expected();
    for case in expected["cases"].as_array().unwrap() {
        let (name, outputs) = (case["file"].as_str().unwrap(), outputs(case));
        let (file, options) = (file(name), LoadOptions::default());
        let own = reply(file.load(&options).unwrap(), &expected["rows"], &outputs);
        let native = load::convert(&file, &options).unwrap().bytes;
        let pickled = load::pickled(&file, &options).unwrap().bytes;
        for bytes in [native, pickled] {
            assert_eq!(reply(load(name, bytes), &expected["rows"], &outputs), own, "{name}");
        }
    }
}

/// What the booster in a fixture keeps.
fn booster<'g, 'a>(graph: &'g Graph<'a>) -> View<'g, 'a> {
    graph.root().attr("model").unwrap().attr("_Booster").unwrap()
}

fn with_booster(name: &str, look: impl FnOnce(View<'_, '_>)) {
    let file = file(name);
    let limits = Limits::for_file(file.bytes());
    let stream = pickle::decompress(file.bytes(), &limits).unwrap();
    look(booster(&pickle::read(&stream, &limits).unwrap()));
}

/// Bytes cut off anywhere are refused, and bytes changed anywhere are refused or a model: nothing panics.
#[test]
fn damage_of_an_xgboost_model_is_found() {
    for name in ["xgboost-3.2.0-regressor.pkl.gz", "xgboost-1.5.2-regressor.pkl.gz"] {
        with_booster(name, |booster| {
            let handle = booster.attr("handle").unwrap();
            let bytes = handle.bytes().unwrap();
            let settings = xgboost::Settings::default();
            xgboost::read(bytes, &settings).unwrap();
            for at in 0..bytes.len() {
                assert!(xgboost::read(&bytes[..at], &settings).is_err(), "{name} cut at {at}");
                let mut changed = bytes.to_vec();
                for change in [0xff, 0x01, 0x80] {
                    changed[at] = bytes[at] ^ change;
                    let _ = xgboost::read(&changed, &settings);
                }
            }
        });
    }
}

#[test]
fn damage_of_a_lightgbm_model_is_found() {
    with_booster("lightgbm-4.7.0-regressor.pkl.gz", |booster| {
        let handle = booster.attr("_handle").unwrap();
        let text = handle.str().unwrap();
        lightgbm::read(text, None).unwrap();
        let trees = text.find("end of trees").unwrap();
        for at in 0..text.len() {
            if at < trees {
                assert!(lightgbm::read(&text[..at], None).is_err(), "cut at {at}");
            }
            for other in ["\n", " ", "9", "-", "=", "x"] {
                let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                let _ = lightgbm::read(&changed, None);
            }
        }
    });
}

/// A model file by itself, as `save_model` writes it, is a bare booster.
#[test]
fn a_model_file_is_served_by_itself() {
    let expected = expected();
    let cases = expected["cases"].as_array().unwrap();
    let case = |name: &str| cases.iter().find(|case| case["file"] == name).unwrap();
    let options = LoadOptions { features: Some(["f0", "f1", "f2", "f3"].map(str::to_owned).to_vec()) };
    let name = "lightgbm-4.7.0-regressor.pkl.gz";
    with_booster(name, |booster| {
        let text = booster.attr("_handle").unwrap().str().unwrap().as_bytes().to_vec();
        let bundle = BundleFile::new("model.txt".into(), text).load(&options).unwrap();
        assert_eq!(bundle.source.format, "LightGBM model");
        assert_eq!(reply(bundle, &expected["rows"], &["predict"])["predictions"], case(name)["predict"]);
    });
    let name = "xgboost-3.2.0-classifier.pkl.gz";
    with_booster(name, |booster| {
        let handle = booster.attr("handle").unwrap();
        let bundle = BundleFile::new("model.ubj".into(), handle.bytes().unwrap().to_vec()).load(&options).unwrap();
        assert_eq!(bundle.source.format, "XGBoost model");
        let reply = reply(bundle, &expected["rows"], &["predict"]);
        assert!(same(&reply["predictions"], &case(name)["predict_proba"], true), "{reply}");
    });
}

/// `docs/boosters.md` lists the classes that are read, and no others.
#[test]
fn the_docs_list_what_is_read() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/boosters.md")).unwrap();
    let row = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let mut listed: Vec<String> = page.lines().filter_map(row).filter(|name| name.contains('.')).collect();
    listed.sort();
    assert_eq!(listed, scorelet::sklearn::boosters().collect::<Vec<_>>());
}
