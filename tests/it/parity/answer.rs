//! The whole way of one request: file → bundle → JSON request → JSON reply.

use super::corpus::Case;
use ndarray::Array2;
use scorelet::bundle::Bundle;
use scorelet::load::{self, BundleFile, LoadOptions};
use scorelet::model::{Content, NULL};
use scorelet::score::{Form, ReplyStyle, Scorer};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;

/// Opens a file as `serve` would; a bundle without column names gets those of the case.
///
/// # Errors
/// Every reason why scorelet refuses it.
pub fn open(file: &Path, case: &Case) -> Result<Scorer, String> {
    let bundle = load::open(file, &LoadOptions::default()).or_else(|error| {
        let named = LoadOptions { features: Some(case.feature_order.clone()) };
        load::open(file, &named).map_err(|_| error)
    });
    let bundle = bundle.map_err(|error| error.reasons().join("; "))?;
    Ok(Scorer::new(Arc::new(bundle), ReplyStyle::Plain))
}

/// Every class that has an object in the file, also inside others.
pub fn classes(file: &Path) -> Vec<String> {
    let file = BundleFile::read(file).expect("a file of the corpus");
    let (report, _) = load::report(&file, &LoadOptions::default());
    report.content.classes.into_iter().filter(|(_, count)| *count > 0).map(|(class, _)| class).collect()
}

/// The outputs of `wanted` for `rows`, by name, in the form of the corpus.
///
/// # Errors
/// The refusal, in the words of the seed's score.py where those are known.
pub fn answer(scorer: &Scorer, rows: &Value, wanted: &Value) -> Result<Map<String, Value>, String> {
    let wanted: Vec<&String> = wanted.as_object().expect("outputs by name").keys().collect();
    let outputs: Vec<&String> = wanted.iter().copied().filter(|name| *name != "scaled").collect();
    let request = json!({"input_data": rows, "params": {"outputs": outputs}}).to_string();
    let mut reply = vec![];
    if let Err(error) = scorer.score(Form::Json, request.as_bytes(), &mut reply) {
        return Err(error.azureml.unwrap_or(error.message));
    }
    let mut reply: Map<String, Value> = serde_json::from_slice(&reply).expect("a reply is an object");
    reply.remove("model_version");
    if let Some(predictions) = reply.remove("predictions") {
        reply.insert("predict".into(), predictions);
    }
    if wanted.len() > outputs.len() {
        reply.insert("scaled".into(), scaled(scorer.bundle(), rows)?);
    }
    Ok(reply)
}

/// What the scaler alone makes of `rows`: no reply says it.
fn scaled(bundle: &Bundle, rows: &Value) -> Result<Value, String> {
    let rows = rows.as_array().expect("rows");
    let x = Array2::from_shape_fn((rows.len(), bundle.feature_order.len()), |(row, column)| {
        match &rows[row][&bundle.feature_order[column]] {
            Value::Number(number) => number.as_f64().expect("a number"),
            Value::Bool(truth) => f64::from(u8::from(*truth)),
            Value::String(text) => match bundle.vocabulary.content(column) {
                Content::Number => text.parse().expect("a number as text"),
                Content::Text(_) => bundle.vocabulary.code(text),
                Content::Document(_) | Content::Date | Content::Unused => f64::NAN,
            },
            _ => NULL,
        }
    });
    let scaler = bundle.scaler.as_ref().ok_or("there is no scaler")?;
    let scaled = scaler.transform(x).map_err(|error| error.to_string())?;
    let row = |row: ndarray::ArrayView1<'_, f64>| -> Value { row.iter().map(|value| json!(value)).collect() };
    Ok(scaled.rows().into_iter().map(row).collect())
}
