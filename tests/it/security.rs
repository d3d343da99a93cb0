//! What SECURITY.md promises of requests, and that every test it names exists.

use proptest::prelude::*;
use scorelet::load::{self, LoadOptions};
use scorelet::score::{Form, ReplyStyle, Scorer};
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

static PLAIN: LazyLock<Scorer> = LazyLock::new(|| sample(ReplyStyle::Plain));
static AZUREML: LazyLock<Scorer> = LazyLock::new(|| sample(ReplyStyle::AzureMl));

fn sample(style: ReplyStyle) -> Scorer {
    let bundle = load::open(&Path::new(ROOT).join("scoring/model_bundle.pkl"), &LoadOptions::default()).unwrap();
    Scorer::new(Arc::new(bundle), style)
}

/// The rows scored, or the code of the refusal.
fn answer(scorer: &Scorer, form: Form, body: &[u8]) -> Result<usize, &'static str> {
    let mut reply = vec![];
    match scorer.score(form, body, &mut reply) {
        Ok(stats) => Ok(stats.rows),
        Err(error) => {
            assert!(reply.is_empty(), "a refused request leaves the reply alone");
            serde_json::from_str::<serde_json::Value>(&error.body(scorer.style())).expect("an error is JSON");
            Err(error.code.as_str())
        }
    }
}

#[test]
fn hostile_bodies_are_refused() {
    let scorer = &*PLAIN;
    let sample = fs::read(Path::new(ROOT).join("scoring/sample-request.json")).unwrap();
    let check = |body: &[u8], expected: &str| {
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(answer(scorer, Form::Json, body), Err(expected), "{start}");
    };
    let input = |value: &str| format!("{{\"input_data\": {value}}}").into_bytes();
    let deep = 1 << 20;
    check(&vec![b'['; deep], "too_deep");
    check(&input(&"[".repeat(deep)), "too_deep");
    check(&input(&"{\"time\":".repeat(deep / 8)), "too_deep");
    check(&format!("{{\"ignored\": {}", "[".repeat(deep)).into_bytes(), "too_deep");
    check(&sample[..sample.len() / 2], "malformed_json");
    check(b"", "malformed_json");
    check(b"{\"input_data\": \xff}", "not_utf8");
    check(b"[]", "no_input_data");
    check(&input("[]"), "no_rows");
    check(&input(&format!("[{}]", "{},".repeat(1 << 18).trim_end_matches(','))), "missing_column");
    // One column of each of many rows that no other column has: (rows × columns) cells for a few bytes each.
    let sparse: Vec<String> = ["time", "sensor_2", "sensor_3"]
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let rows: Vec<String> = (0..1 << 14).map(|row| format!("\"{}\":1", row + (i << 14))).collect();
            format!("\"{name}\": {{{}}}", rows.join(","))
        })
        .collect();
    check(&input(&format!("{{{}}}", sparse.join(","))), "missing_column");
    let unknown: Vec<String> = (0..1 << 16).map(|i| format!("\"c{i}\": [1]")).collect();
    check(&input(&format!("{{{}}}", unknown.join(","))), "missing_column");
}

#[test]
fn hostile_values_are_refused_or_read() {
    let scorer = &*PLAIN;
    let bundle = scorer.bundle().clone();
    let check = |value: &str, expected: Result<usize, &str>| {
        let cells: Vec<String> = bundle
            .feature_order
            .iter()
            .enumerate()
            .map(|(i, n)| format!("\"{n}\": {}", if i == 0 { value } else { "1" }))
            .collect();
        let body = format!("{{\"input_data\": [{{{}}}]}}", cells.join(","));
        assert_eq!(answer(scorer, Form::Json, body.as_bytes()), expected, "{}", &value[..value.len().min(40)]);
    };
    check("1e999999999999999999999", Err("infinite_value"));
    check("1e-999999999999999999999", Ok(1));
    check(&format!("0.{}", "1".repeat(1 << 20)), Ok(1));
    check(&"9".repeat(1 << 20), Err("not_a_number"));
    check(&format!("\"{}\"", " ".repeat(1 << 20)), Err("not_a_number"));
    check("\"\\ud800\"", Err("not_a_number"));
    check("{\"a\": [1]}", Err("not_a_number"));
    check("1, \"time\": 2", Ok(1));
}

proptest! {
    #[test]
    fn no_body_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), csv: bool, azureml: bool) {
        let scorer = if azureml { &*AZUREML } else { &*PLAIN };
        for form in [Form::Json, if csv { Form::Csv } else { Form::Query }] {
            let _ = answer(scorer, form, &bytes);
        }
    }

    /// Words of the request's own grammar come further than random bytes.
    #[test]
    fn no_sentence_panics(words in prop::collection::vec(0..WORDS.len(), 0..60), azureml: bool) {
        let scorer = if azureml { &*AZUREML } else { &*PLAIN };
        let sentence: String = words.into_iter().map(|word| WORDS[word]).collect();
        let _ = answer(scorer, Form::Json, sentence.as_bytes());
        let _ = answer(scorer, Form::Json, format!("{{\"input_data\": {sentence}}}").as_bytes());
        let _ = answer(scorer, Form::Csv, sentence.as_bytes());
        let _ = answer(scorer, Form::Query, sentence.as_bytes());
    }
}

const WORDS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"input_data\"",
    "\"time\"",
    "\"sensor_2\"",
    "\"columns\"",
    "\"data\"",
    "\"index\"",
    "\"params\"",
    "\"outputs\"",
    "1",
    "-1.5e3",
    "null",
    "true",
    "NaN",
    "\"1_0\"",
    "\"\\ud800\"",
    "\n",
    "time=",
    "&",
];

/// Each `file::test` of the document is a test that stands there.
#[test]
fn the_tests_that_the_document_names_exist() {
    let document = fs::read_to_string(Path::new(ROOT).join("SECURITY.md")).unwrap();
    let named: Vec<(&str, &str)> = document.split('`').filter_map(|code| code.split_once(".rs::")).collect();
    assert!(named.len() > 15, "only {} tests are named", named.len());
    for (file, test) in named {
        let source = fs::read_to_string(Path::new(ROOT).join(format!("{file}.rs"))).unwrap_or_default();
        assert!(source.contains(&format!("fn {test}(")), "{file}.rs has no {test}");
    }
}
