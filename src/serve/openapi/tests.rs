//! What the three descriptions must say. Their validity against the official schemas is checked on the running server.

use super::*;
use crate::score::ReplyStyle;
use serde_json::Value;
use std::collections::HashSet;

const VERSIONS: [SpecVersion; 3] = [SpecVersion::V2, SpecVersion::V3, SpecVersion::V31];
/// Names that would break a JSON pointer, an URL or a sloppy template.
const NAMES: [&str; 4] = ["amount", "a/b~c", "\"quoted\" {x} <y>", "größe"];

fn description(reply: ReplyStyle, version: SpecVersion) -> Value {
    serde_json::from_str(&document(&sample::api(&NAMES, reply), version)).unwrap()
}

fn plain(version: SpecVersion) -> Value {
    description(ReplyStyle::Plain, version)
}

/// Calls `visit` on every object within.
fn walk<'v>(value: &'v Value, visit: &mut impl FnMut(&'v serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            visit(map);
            map.values().for_each(|value| walk(value, visit));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

#[test]
fn versions_are_those_of_microsofts_server() {
    for (text, expected) in [
        ("2", SpecVersion::V2),
        ("2.0", SpecVersion::V2),
        ("3", SpecVersion::V3),
        ("3.0", SpecVersion::V3),
        ("3.1", SpecVersion::V31),
    ] {
        assert_eq!(text.parse(), Ok(expected));
    }
    for text in ["", "4", "abc", "2.00", " 2", "3.1.0"] {
        let error = text.parse::<SpecVersion>().unwrap_err();
        let expected = format!("Swagger version [{text}] is not valid. Supported versions: [2, 3, 3.1].");
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(SpecVersion::default(), SpecVersion::V2);
}

#[test]
fn every_reference_leads_somewhere() {
    for reply in [ReplyStyle::Plain, ReplyStyle::AzureMl] {
        for version in VERSIONS {
            let description = description(reply, version);
            let mut references = 0;
            walk(&description, &mut |map| {
                if let Some(Value::String(target)) = map.get("$ref") {
                    assert!(description.pointer(target.trim_start_matches('#')).is_some(), "{target}");
                    references += 1;
                }
            });
            assert!(references > 10);
        }
    }
}

#[test]
fn operations_have_names_of_their_own() {
    for version in VERSIONS {
        let (description, mut ids) = (plain(version), HashSet::new());
        let mut operations = 0;
        walk(&description["paths"], &mut |map| {
            if let Some(id) = map.get("operationId") {
                ids.insert(id.clone());
                operations += 1;
            }
        });
        assert_eq!((ids.len(), operations), (10, 10));
    }
}

#[test]
fn the_routes_are_those_of_the_router() {
    let mut described: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    described.dedup();
    described.sort_unstable();
    let mut served: Vec<&str> =
        crate::serve::Route::PATHS.into_iter().filter(|path| !["/docs/{asset}", "other"].contains(path)).collect();
    served.sort_unstable();
    assert_eq!(described, served);
}

#[test]
fn clients_of_microsofts_server_find_what_they_look_for() {
    let v2 = plain(SpecVersion::V2);
    assert_eq!(v2["swagger"], "2.0");
    assert_eq!(v2["info"]["title"], "sales");
    assert_eq!(v2["info"]["version"], "7");
    assert_eq!(v2["securityDefinitions"]["Bearer"]["name"], "Authorization");
    let post = &v2["paths"]["/score"]["post"];
    assert_eq!(post["operationId"], "RunMLService");
    assert_eq!(post["security"][0], serde_json::json!({"Bearer": []}));
    let body = post["parameters"].as_array().unwrap().iter().find(|p| p["in"] == "body").unwrap();
    assert_eq!(body["name"], "serviceInputPayload");
    assert_eq!(body["schema"]["$ref"], "#/definitions/ServiceInput");
    assert_eq!(post["responses"]["200"]["schema"]["$ref"], "#/definitions/ServiceOutput");

    for (version, number) in [(SpecVersion::V3, "3.0.3"), (SpecVersion::V31, "3.1.0")] {
        let v3 = plain(version);
        assert_eq!(v3["openapi"], number);
        let post = &v3["paths"]["/score"]["post"];
        let input = &post["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(input, "#/components/schemas/ServiceInput");
        assert_eq!(v3["components"]["securitySchemes"]["Bearer"]["type"], "apiKey");
    }
}

#[test]
fn columns_have_their_names_types_and_examples() {
    for (version, home) in [
        (SpecVersion::V2, "/definitions"),
        (SpecVersion::V3, "/components/schemas"),
        (SpecVersion::V31, "/components/schemas"),
    ] {
        let description = plain(version);
        let record = &description.pointer(home).unwrap()["Record"];
        let names: Vec<&str> = record["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, NAMES, "in feature order");
        assert_eq!(record["required"], serde_json::json!(NAMES));
        let [amount, middle, text] = [0, 1, 3].map(|i| &record["properties"][NAMES[i]]);
        assert_eq!(middle["type"], "number");
        assert_eq!(text["type"], "string");
        match version {
            SpecVersion::V2 => assert_eq!(amount["x-nullable"], true),
            SpecVersion::V3 => assert_eq!(amount["nullable"], true),
            SpecVersion::V31 => assert_eq!(amount["type"], serde_json::json!(["number", "null"])),
        }
        let input = &description.pointer(home).unwrap()["ServiceInput"];
        let example = if version == SpecVersion::V31 { &input["examples"][0] } else { &input["example"] };
        assert_eq!(example["input_data"][0]["größe"], "red");
        let outputs = &input["properties"]["params"]["properties"]["outputs"]["items"]["enum"];
        assert_eq!(*outputs, serde_json::json!(["predict", "predict_proba"]));
        let predictions = &description.pointer(home).unwrap()["ServiceOutput"]["properties"]["predictions"];
        assert_eq!(predictions["items"], serde_json::json!({"type": "string", "enum": ["a", "b"]}));
    }
}

#[test]
fn each_version_uses_only_its_own_words() {
    for (version, foreign) in [
        (SpecVersion::V2, &["anyOf", "nullable", "content", "requestBody"][..]),
        (SpecVersion::V3, &["x-nullable", "consumes", "produces", "definitions"]),
        (SpecVersion::V31, &["x-nullable", "nullable", "consumes", "produces", "definitions"]),
    ] {
        let description = plain(version);
        walk(&description, &mut |map| {
            for word in foreign {
                assert!(!map.contains_key(*word), "{version:?} has {word}");
            }
            let several_types = map.get("type").is_some_and(Value::is_array);
            assert!(!several_types || version == SpecVersion::V31, "{map:?}");
        });
    }
}

#[test]
fn microsofts_reply_style_is_described_as_it_is() {
    for version in VERSIONS {
        let description = description(ReplyStyle::AzureMl, version);
        let schemas =
            description.pointer(if version == SpecVersion::V2 { "/definitions" } else { "/components/schemas" });
        let schemas = schemas.unwrap();
        assert_eq!(schemas["ServiceOutput"]["type"], "string");
        assert!(schemas["ErrorResponse"]["properties"]["message"].is_object());
        assert!(description["paths"]["/score"]["post"]["responses"].get("422").is_none());
    }
}
