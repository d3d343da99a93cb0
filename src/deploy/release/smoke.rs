//! The test of a deployment: one request, and whether the reply is what it should be.

use serde_json::Value;
use std::path::PathBuf;

/// A request, and what the reply must hold.
#[derive(Debug, Clone)]
pub struct Smoke {
    /// The file that `az` sends.
    pub request: PathBuf,
    /// The reply that is expected, if one is.
    pub expected: Option<Value>,
    /// How far numbers may be off, relative to the expected one.
    pub tolerance: f64,
}

/// Says which version answered; another version may answer as well.
const VERSION: &str = "model_version";
/// Levels of text within text: the seed's score.py has one, `az` adds one.
const LAYERS: usize = 4;

impl Smoke {
    /// What was answered: the number of predictions.
    ///
    /// # Errors
    /// What is wrong with the reply.
    pub fn check(&self, stdout: &str) -> Result<usize, String> {
        let reply = unwrapped(stdout)?;
        if let Some(error) = reply.get("error") {
            return Err(format!("it answers with an error: {}", short(error)));
        }
        let Some(predictions) = reply.get("predictions").and_then(Value::as_array).filter(|all| !all.is_empty()) else {
            return Err(format!("its reply has no predictions: {}", short(&reply)));
        };
        let expected = self.expected.as_ref().and_then(Value::as_object).into_iter().flatten();
        for (key, value) in expected.filter(|(key, _)| *key != VERSION) {
            let Some(found) = reply.get(key) else { return Err(format!("its reply has no {key:?}")) };
            if let Some(place) = difference(value, found, self.tolerance) {
                return Err(format!("{key}{place}"));
            }
        }
        Ok(predictions.len())
    }
}

/// The reply itself: `az` prints it as a JSON text, and a server may have done so before.
fn unwrapped(stdout: &str) -> Result<Value, String> {
    let mut text = stdout.trim().to_owned();
    for _ in 0..LAYERS {
        match serde_json::from_str(&text) {
            Ok(Value::String(inner)) => text = inner,
            Ok(value) => return Ok(value),
            Err(_) => break,
        }
    }
    Err(format!("its reply is no JSON: {}", short(&Value::String(text))))
}

/// Where two values differ, and how.
fn difference(expected: &Value, found: &Value, tolerance: f64) -> Option<String> {
    let differ = || Some(format!(": {} where {} is expected", short(found), short(expected)));
    match (expected, found) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64()?, b.as_f64()?);
            if a == b || (a - b).abs() <= tolerance * a.abs() { None } else { differ() }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.filter_map(|(at, (a, b))| Some(format!("[{at}]{}", difference(a, b, tolerance)?))).next()
        }
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().find_map(|(key, value)| match b.get(key) {
                Some(other) => Some(format!(".{key}{}", difference(value, other, tolerance)?)),
                None => Some(format!(".{key}: is missing")),
            })
        }
        (a, b) if a == b => None,
        _ => differ(),
    }
}

/// The value on one line of bounded length.
fn short(value: &Value) -> String {
    const MOST: usize = 200;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(expected: Value, tolerance: f64, stdout: &str, result: Result<usize, &str>) {
        let smoke = Smoke { request: "r.json".into(), expected: Some(expected), tolerance };
        assert_eq!(smoke.check(stdout), result.map_err(str::to_owned), "{stdout}");
    }

    #[test]
    fn replies_are_compared() {
        let expected = || json!({"predictions": [1, -1], "model_version": "1"});
        check(expected(), 0.0, r#"{"predictions": [1, -1], "model_version": "7"}"#, Ok(2));
        check(expected(), 0.0, r#""{\"predictions\": [1.0, -1]}""#, Ok(2));
        check(expected(), 0.0, r#""\"{\\\"predictions\\\": [1, -1]}\"""#, Ok(2));
        check(expected(), 0.0, r#"{"predictions":[1,1]}"#, Err("predictions[1]: 1 where -1 is expected"));
        check(expected(), 0.0, r#"{"predictions":[1]}"#, Err("predictions: [1] where [1,-1] is expected"));
        check(expected(), 0.0, r#"{"error":"no"}"#, Err("it answers with an error: \"no\""));
        check(expected(), 0.0, r#"{"predictions":[]}"#, Err("its reply has no predictions: {\"predictions\":[]}"));
        check(expected(), 0.0, "<html>", Err("its reply is no JSON: \"<html>\""));
        let more = json!({"predict_proba": [[0.25, 0.75]]});
        check(more.clone(), 1e-9, r#"{"predictions":[1],"predict_proba":[[0.2500000000001,0.75]]}"#, Ok(1));
        check(
            more,
            0.0,
            r#"{"predictions":[1],"predict_proba":[[0.26,0.75]]}"#,
            Err("predict_proba[0][0]: 0.26 where 0.25 is expected"),
        );
        check(json!({"x": {"a": "b"}}), 0.0, r#"{"predictions":[1],"x":{"c":"b"}}"#, Err("x.a: is missing"));
        check(json!({"y": 1}), 0.0, r#"{"predictions":[1]}"#, Err("its reply has no \"y\""));
    }
}
