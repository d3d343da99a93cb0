//! The API description of every bundle of the committed corpus tells the truth: what it calls valid is scored, what is
//! replied is what it says, and a column is nullable just where scikit-learn took a missing value.

use scorelet::load::{self, LoadOptions};
use scorelet::model::Method;
use scorelet::score::{Form, ReplyStyle, Scorer};
use scorelet::serve::openapi::{ApiInfo, Service, SpecVersion, document};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A bundle of the corpus: its case's name, the bundle prepared for scoring, and what its generator wrote down.
struct Case {
    name: String,
    scorer: Scorer,
    api: ApiInfo,
    facts: Value,
}

fn cases() -> Vec<Case> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let folders = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
    let mut bundles: Vec<PathBuf> =
        folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|f| f.unwrap().path()).collect();
    bundles.retain(|path| path.to_string_lossy().ends_with(".p4.pkl"));
    bundles.sort();
    bundles.iter().filter_map(|path| case(path)).collect()
}

/// Nothing for a bundle that needs `--features`.
fn case(path: &Path) -> Option<Case> {
    let facts = fs::read(path.to_string_lossy().replace(".p4.pkl", ".json")).unwrap();
    let bundle = load::open(path, &LoadOptions::default()).ok()?;
    let scorer = Scorer::new(Arc::new(bundle), ReplyStyle::Plain);
    let service =
        Service { model_name: "model".into(), model_version: scorer.model_version().into(), max_body: 1 << 20 };
    let api = ApiInfo::new(&scorer, service);
    Some(Case { name: path.display().to_string(), scorer, api, facts: serde_json::from_slice(&facts).unwrap() })
}

fn score(scorer: &Scorer, body: &Value) -> Result<Value, String> {
    let mut reply = vec![];
    scorer.score(Form::Json, body.to_string().as_bytes(), &mut reply).map_err(|error| error.to_string())?;
    Ok(serde_json::from_slice(&reply).unwrap())
}

/// Checks `value` against the words of JSON Schema that the description uses; the path of what is wrong.
fn conforms(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{path} is {value}, which is not {what}"));
    if let Some(reference) = schema["$ref"].as_str() {
        return conforms(root, root.pointer(&reference[1..]).unwrap(), value, path);
    }
    if let Some(any) = schema["anyOf"].as_array()
        && !any.iter().any(|schema| conforms(root, schema, value, path).is_ok())
    {
        return wrong("any of what it may be");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => vec![],
        one => vec![one.clone()],
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.is_empty() && !types.iter().any(|t| t == kind || t == "number" && kind == "integer") {
        return wrong(&schema["type"].to_string());
    }
    if schema["enum"].as_array().is_some_and(|labels| !labels.contains(value)) {
        return wrong(&schema["enum"].to_string());
    }
    if let Value::Array(items) = value {
        let bound = |word: &str| schema[word].as_u64().map(|n| n as usize);
        if bound("minItems").is_some_and(|n| items.len() < n) || bound("maxItems").is_some_and(|n| items.len() > n) {
            return wrong("of the length it should have");
        }
        for (i, item) in items.iter().enumerate() {
            conforms(root, &schema["items"], item, &format!("{path}[{i}]"))?;
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            return wrong(&format!("complete: {name} is missing"));
        }
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(member) = value.get(name) {
            conforms(root, schema, member, &format!("{path}.{name}"))?;
        }
    }
    Ok(())
}

#[test]
fn requests_and_replies_are_as_described() {
    let cases = cases();
    assert!(cases.len() > 100, "only {} bundles", cases.len());
    for Case { name, scorer, api, facts } in cases {
        let description: Value = serde_json::from_str(&document(&api, SpecVersion::V31)).unwrap();
        let schemas = &description["components"]["schemas"];
        let check = |schema: &str, value: &Value| {
            conforms(&description, &schemas[schema], value, schema).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        };
        let reply = api.example_reply.as_ref().unwrap_or_else(|| panic!("{name}: the example row is refused"));
        check("ServiceInput", &api.example_request());
        check("ServiceOutput", reply);
        let outputs: Vec<&str> = api.outputs.iter().map(|output| output.method.name()).collect();
        let request = json!({"input_data": facts["input_data"], "params": {"outputs": outputs}});
        let reply = score(&scorer, &request).unwrap_or_else(|error| panic!("{name}: {error}"));
        check("ServiceOutput", &reply);
        for method in outputs {
            let key = if method == Method::Predict.name() { "predictions" } else { method };
            assert!(reply.get(key).is_some(), "{name}: no {key}");
        }
    }
}

#[test]
fn every_form_of_the_example_is_scored_alike() {
    for Case { name, scorer, api, .. } in cases() {
        let expected = api.example_reply.clone().unwrap();
        let names: Vec<&str> = api.features.iter().map(|f| f.name.as_str()).collect();
        let row: Vec<&Value> = api.features.iter().map(|f| &f.example).collect();
        let columns: serde_json::Map<String, Value> =
            api.features.iter().map(|f| (f.name.clone(), json!([f.example]))).collect();
        for input in [json!(columns), json!([row]), json!({"columns": names, "index": [0], "data": [row]})] {
            assert_eq!(score(&scorer, &json!({ "input_data": input })).as_ref(), Ok(&expected), "{name}: {input}");
        }
        let mut reply = vec![];
        scorer.score(Form::Csv, api.example_csv().as_bytes(), &mut reply).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(serde_json::from_slice::<Value>(&reply).unwrap(), expected, "{name}: CSV");
    }
}

#[test]
fn a_column_is_nullable_where_scikit_learn_scored_without_it() {
    let (mut accepted, mut refused) = (0, 0);
    // pandas makes a column of nothing but null one of objects. `SimpleImputer` with these two strategies leaves None as
    // it is, selectors let it pass, encoders and functions refuse it; among numbers, which is what the description
    // means, it is NaN to all of them.
    let passed = ["imputer_constant", "imputer_frequent", "k_best", "select_", "variance_threshold"];
    let objects = |name: &str| passed.iter().any(|step| name.contains(step));
    let none = |probe: &Value| {
        let error = probe["error"].to_string();
        error.contains("unknown categories [None]") || error.contains("of type NoneType")
    };
    for Case { name, api, facts, .. } in cases().into_iter().filter(|case| !objects(&case.name)) {
        let probes = facts["probes"].as_array().into_iter().flatten();
        for probe in probes.filter(|probe| probe["probe"] == "nan" && !none(probe)) {
            let missing = |f: &&scorelet::serve::openapi::Feature| probe["row"][&f.name].is_null();
            let described = api.features.iter().filter(missing).all(|f| f.accepts_missing);
            let scored = probe.get("error").is_none();
            assert_eq!(described, scored, "{name}");
            *if scored { &mut accepted } else { &mut refused } += 1;
        }
    }
    assert!(accepted > 10 && refused > 10, "{accepted} accepted, {refused} refused");
}
