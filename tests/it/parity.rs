//! scikit-learn is the oracle: every bundle of the corpora that loads must give scikit-learn's own answers.

mod compare;
pub(crate) mod corpus;
mod exactness;

use corpus::{Case, Corpus};
use ndarray::Array2;
use scorelet::model::{Classes, Method, Output, Vocabulary};
use scorelet::sklearn::{self, Parts, Support, Version};
use scorelet::{pickle, value};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What was found out about one output of one class in one version.
#[derive(Default)]
struct Finding {
    arrays: usize,
    bit_equal: usize,
    largest: f64,
}

/// Everything that the run compares.
#[derive(Default)]
struct Ledger {
    /// By class name and output.
    findings: BTreeMap<(String, String), Finding>,
    /// Classes of bundles that load.
    loaded: BTreeSet<String>,
    failures: Vec<String>,
    files: usize,
    refused: BTreeMap<String, usize>,
}

#[test]
fn every_bundle_that_loads_answers_as_scikit_learn() {
    let mut ledger = Ledger::default();
    let corpora: Vec<Corpus> = corpus::committed().into_iter().chain(corpus::shared().into_iter().flatten()).collect();
    for corpus in &corpora {
        for case in &corpus.cases {
            ledger.case(&corpus.version, case);
        }
    }
    ledger.report();
    assert!(ledger.failures.is_empty(), "{} answers differ", ledger.failures.len());
}

impl Ledger {
    fn case(&mut self, version: &str, case: &Case) {
        for file in &case.files {
            let bytes = std::fs::read(file).expect("a corpus file can be read");
            match load(&bytes, &mut self.loaded) {
                Ok(parts) => {
                    self.files += 1;
                    self.compare(version, case, file, &parts);
                }
                Err(reason) => *self.refused.entry(reason).or_default() += 1,
            }
        }
    }

    fn compare(&mut self, version: &str, case: &Case, file: &Path, parts: &Parts) {
        let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        self.answers(&format!("{version}/{name}"), case, &answer(parts, case, &case.input), &case.outputs);
        for probe in &case.probes {
            let at = format!("{version}/{name} {}", probe["probe"].as_str().unwrap_or_default());
            let got = answer(parts, case, &json!([probe["row"]]));
            match (&got, probe.get("error")) {
                (Err(message), Some(expected)) => {
                    let expected = expected[1].as_str().unwrap_or_default();
                    if !message.starts_with(expected) {
                        self.failures.push(format!("{at}: {message:?}, expected {expected:?}"));
                    }
                }
                (Ok(_), Some(expected)) => self.failures.push(format!("{at}: accepted, expected {expected}")),
                (_, None) => self.answers(&at, case, &got, &probe["outputs"]),
            }
        }
    }

    fn answers(&mut self, at: &str, case: &Case, got: &Result<Map<String, Value>, String>, expected: &Value) {
        let got = match got {
            Ok(got) => got,
            Err(message) => return self.failures.push(format!("{at}: refused: {message}")),
        };
        let expected = expected.as_object().expect("outputs by name");
        let names = |map: &Map<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
        if names(got) != names(expected) {
            self.failures.push(format!("{at}: outputs {:?}, expected {:?}", names(got), names(expected)));
        }
        for (output, expected) in expected {
            let Some(got) = got.get(output) else { continue };
            let class = if output == "scaled" { case.scaler.as_deref() } else { Some(case.estimator.as_str()) };
            let class = class.and_then(|class| class.rsplit('.').next()).unwrap_or_default();
            match compare::distance(got, expected) {
                Ok(distance) => {
                    let finding = self.findings.entry((class.to_owned(), output.clone())).or_default();
                    finding.arrays += 1;
                    finding.bit_equal += usize::from(distance == 0.0);
                    finding.largest = finding.largest.max(distance);
                    if distance > exactness::bound(class, output) {
                        self.failures.push(format!("{at}: {class}.{output} is off by {distance:e}"));
                    }
                }
                Err(problem) => self.failures.push(format!("{at}: {class}.{output}{problem}")),
            }
        }
    }

    fn report(&self) {
        for failure in self.failures.iter().take(400) {
            eprintln!("{failure}");
        }
        for ((class, output), f) in &self.findings {
            eprintln!("{class}.{output}: {} arrays, {} bit-equal, largest {:e}", f.arrays, f.bit_equal, f.largest);
        }
        for (reason, count) in &self.refused {
            eprintln!("refused {count}: {reason}");
        }
        let arrays: usize = self.findings.values().map(|f| f.arrays).sum();
        let equal: usize = self.findings.values().map(|f| f.bit_equal).sum();
        eprintln!("{} files, {arrays} arrays compared, {equal} bit-equal", self.files);
    }
}

fn load(bytes: &[u8], loaded: &mut BTreeSet<String>) -> Result<Parts, String> {
    let limits = pickle::Limits::for_file(bytes);
    let bytes = pickle::decompress(bytes, &limits).map_err(|e| e.to_string())?;
    let graph = pickle::read(&bytes, &limits).map_err(|e| e.to_string())?;
    let root = graph.root();
    let (model, scaler) = match root.node() {
        value::Node::Dict(_) => (root.attr("model").map_err(|e| e.to_string())?, root.some("scaler")),
        _ => (root.clone(), None),
    };
    let inputs = root.get("feature_order").and_then(|order| order.items().ok()).map(|names| names.len());
    let parts = sklearn::parts(&model, scaler.as_ref(), inputs, Version::NEWEST).map_err(|e| e.to_string())?;
    let found = sklearn::survey(&root).into_iter().filter(|found| found.support == Support::Supported);
    loaded.extend(found.map(|found| found.class));
    Ok(parts)
}

/// All outputs for `rows`, in the corpus's form.
fn answer(parts: &Parts, case: &Case, rows: &Value) -> Result<Map<String, Value>, String> {
    let mut x = matrix(rows, &case.feature_order, &parts.vocabulary);
    let mut out = Map::new();
    if let Some(scaler) = &parts.scaler {
        x = scaler.transform(x).map_err(|e| e.to_string())?;
        out.insert("scaled".into(), to_json(&Output::Matrix(x.clone())));
    }
    for method in parts.estimator.methods() {
        if method == Method::Transform && parts.estimator.methods().len() > 1 && !case.outputs["transform"].is_array() {
            continue;
        }
        let output = parts.estimator.call(method, x.view()).map_err(|e| e.to_string())?;
        out.insert(method.name().into(), to_json(&output));
    }
    Ok(out)
}

fn matrix(rows: &Value, order: &[String], vocabulary: &Vocabulary) -> Array2<f64> {
    let rows = rows.as_array().expect("rows");
    Array2::from_shape_fn((rows.len(), order.len()), |(row, column)| match &rows[row][&order[column]] {
        Value::Number(n) => n.as_f64().expect("a number"),
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::String(text) if vocabulary.is_text(column) => vocabulary.code(text),
        Value::String(text) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    })
}

fn float(x: &f64) -> Value {
    if x.is_nan() {
        json!("NaN")
    } else if x.is_infinite() {
        json!(if *x > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        json!(x)
    }
}

fn to_json(output: &Output) -> Value {
    let matrix = |m: &Array2<f64>| Value::Array(m.rows().into_iter().map(|r| r.iter().map(float).collect()).collect());
    match output {
        Output::Labels { indices, classes } => indices.iter().map(|i| label(classes, *i as usize)).collect(),
        Output::Ints(values) => json!(values),
        Output::Floats(values) => values.iter().map(float).collect(),
        Output::Matrix(m) => matrix(m),
        Output::List(all) => all.iter().map(matrix).collect(),
        Output::Columns(columns) => {
            let columns: Vec<Value> = columns.iter().map(to_json).collect();
            let rows = columns.first().and_then(Value::as_array).map_or(0, Vec::len);
            (0..rows).map(|row| columns.iter().map(|column| column[row].clone()).collect::<Value>()).collect()
        }
    }
}

fn label(classes: &Classes, index: usize) -> Value {
    match classes {
        Classes::Int(v) => json!(v[index]),
        Classes::Float(v) => float(&v[index]),
        Classes::Bool(v) => json!(v[index]),
        Classes::Str(v) => json!(v[index]),
    }
}
