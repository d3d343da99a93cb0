//! Golden requests, replayed: bytes in, numbers out, compared with the replies that were kept.

use super::check::Check;
use crate::bundle::Bundle;
use crate::score::{Form, ReplyStyle, Scorer};
use crate::train::evaluate::Golden;
use serde_json::{Value, json};
use std::sync::Arc;

/// Requests that an error of a file lists.
const NOT_GOLDEN: &str = "it must hold a JSON list, or lines, of {\"request\": …, \"reply\": …}";

/// Why a file holds no golden requests.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    #[error("{problem}; {NOT_GOLDEN}")]
    Json { problem: serde_json::Error },
    #[error("entry {at} has no {key:?}; {NOT_GOLDEN}")]
    Lacks { at: usize, key: &'static str },
    #[error("it holds none; {NOT_GOLDEN}")]
    Empty,
}

/// The golden requests that training left in a bundle.
pub fn of_bundle(bundle: &Bundle) -> Vec<Golden> {
    let kept = bundle.extra.get("golden_requests").and_then(Value::as_array);
    kept.into_iter().flatten().enumerate().filter_map(|(at, entry)| golden(at, entry).ok()).collect()
}

/// Reads golden requests: a JSON list, or JSON lines; requests and replies as text or as JSON.
///
/// # Errors
/// When the text is anything else, or holds none.
pub fn parse(text: &str) -> Result<Vec<Golden>, GoldenError> {
    let entries: Vec<Value> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|problem| GoldenError::Json { problem })?
    } else {
        let lines = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        lines.collect::<Result<_, _>>().map_err(|problem| GoldenError::Json { problem })?
    };
    if entries.is_empty() {
        return Err(GoldenError::Empty);
    }
    entries.iter().enumerate().map(|(at, entry)| golden(at, entry)).collect()
}

fn golden(at: usize, entry: &Value) -> Result<Golden, GoldenError> {
    let text = |key: &'static str| match entry.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Null) | None => Err(GoldenError::Lacks { at: at + 1, key }),
        Some(other) => Ok(other.to_string()),
    };
    Ok(Golden { request: text("request")?, reply: text("reply")? })
}

/// Sends the requests to a bundle and compares replies, but for the version of the model. Without a `tolerance` numbers
/// must be the same to the bit; with one they may be off by `tolerance * (1 + |expected|)`.
pub fn replay(name: &str, bundle: &Arc<Bundle>, requests: &[Golden], tolerance: Option<f64>) -> Check {
    let scorer = Scorer::new(Arc::clone(bundle), ReplyStyle::Plain);
    let mut wrong = requests.iter().enumerate().filter_map(|(at, golden)| {
        let difference = answer(&scorer, &golden.request, &golden.reply, tolerance)?;
        Some(format!("request {}: {difference}", at + 1))
    });
    let first = wrong.next();
    let failed = usize::from(first.is_some()) + wrong.count();
    let mut check = Check::bound(name, (requests.len() - failed) as f64, true, requests.len() as f64);
    check.measured = json!(requests.len() - failed);
    check.limit = json!(requests.len());
    check.relation = "=";
    check.because(first.unwrap_or_else(|| match tolerance {
        None => "the same replies".to_owned(),
        Some(tolerance) => format!("replies within {tolerance}"),
    }))
}

/// How the reply differs from the expected one.
fn answer(scorer: &Scorer, request: &str, expected: &str, tolerance: Option<f64>) -> Option<String> {
    let mut reply = Vec::new();
    if let Err(error) = scorer.score(Form::Json, request.as_bytes(), &mut reply) {
        return Some(format!("it is refused: {}", error.message.lines().next().unwrap_or_default()));
    }
    let without_version = |text: &[u8]| {
        let mut value: Value = serde_json::from_slice(text).unwrap_or_default();
        value.as_object_mut().map(|object| object.shift_remove("model_version"));
        value
    };
    let (expected, reply) = (without_version(expected.as_bytes()), without_version(&reply));
    difference("reply", &expected, &reply, tolerance)
}

/// The first place where two values differ.
fn difference(place: &str, expected: &Value, found: &Value, tolerance: Option<f64>) -> Option<String> {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() && a.keys().all(|key| b.contains_key(key)) => {
            a.iter().find_map(|(key, value)| difference(key, value, &b[key], tolerance))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| difference(&format!("{place}[{at}]"), a, b, tolerance))
        }
        (Value::Number(a), Value::Number(b)) if near(a, b, tolerance) => None,
        (a, b) if a == b => None,
        (a, b) => Some(format!("{place} is {}, expected {}", shown(b), shown(a))),
    }
}

/// Labels that are integers are the same or not; only floats may be near.
fn near(a: &serde_json::Number, b: &serde_json::Number, tolerance: Option<f64>) -> bool {
    match (a.is_f64() || b.is_f64(), a.as_f64(), b.as_f64(), tolerance) {
        (true, Some(a), Some(b), Some(tolerance)) => (a - b).abs() <= tolerance * (1.0 + a.abs()),
        (true, Some(a), Some(b), None) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

fn shown(value: &Value) -> String {
    crate::html::shortened(&value.to_string(), 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_compared_number_by_number() {
        let check = |expected: Value, found: Value, tolerance: Option<f64>, said: Option<&str>| {
            assert_eq!(difference("reply", &expected, &found, tolerance).as_deref(), said, "{expected} {found}");
        };
        check(json!({"predictions": [0.1]}), json!({"predictions": [0.1]}), None, None);
        let off = "predictions[0] is 0.10000000000000002, expected 0.1";
        check(json!({"predictions": [0.1]}), json!({"predictions": [0.10000000000000002]}), None, Some(off));
        check(json!({"predictions": [0.1]}), json!({"predictions": [0.10000000000000002]}), Some(1e-9), None);
        check(json!({"predictions": [10.0]}), json!({"predictions": [10.9]}), Some(0.1), None);
        check(
            json!({"predictions": [1]}),
            json!({"predictions": [2]}),
            Some(5.0),
            Some("predictions[0] is 2, expected 1"),
        );
        check(json!(["a"]), json!(["b"]), Some(1.0), Some("reply[0] is \"b\", expected \"a\""));
        check(json!([1.0]), json!([null]), Some(1.0), Some("reply[0] is null, expected 1.0"));
        check(json!([1, 2]), json!([1]), None, Some("reply is [1], expected [1,2]"));
        check(json!({"a": 1}), json!({"b": 1}), None, Some("reply is {\"b\":1}, expected {\"a\":1}"));
    }

    #[test]
    fn files_of_both_forms_are_read() {
        let expected = [Golden { request: "{\"input_data\":[]}".into(), reply: "{}".into() }];
        let check = |text: &str| assert_eq!(parse(text).unwrap(), expected, "{text}");
        check("[{\"request\": {\"input_data\": []}, \"reply\": {}}]");
        check("{\"request\": \"{\\\"input_data\\\":[]}\", \"reply\": \"{}\"}\n");
        let fails = |text: &str, said: &str| {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        };
        fails("", "it holds none; it must hold a JSON list");
        fails("[]", "it holds none; ");
        fails("[{\"request\": {}}]", "entry 1 has no \"reply\"; ");
        fails("{\"request\"", "EOF while parsing an object at line 1 column 10; ");
    }
}
