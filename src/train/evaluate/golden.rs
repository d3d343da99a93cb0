//! Golden requests: a few rows as a client would send them, with the reply that this very bundle gives. Whoever deploys
//! the bundle sends them again and compares.

use crate::bundle::Bundle;
use crate::data::{Column, NumberKind, Values};
use crate::score::{Form, ReplyStyle, Scorer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How many are kept.
pub const REQUESTS: usize = 5;

/// A request and the reply to it, to the byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Golden {
    pub request: String,
    pub reply: String,
}

/// One request of one row for each of the first `rows`; rows that the model refuses are passed over.
pub fn golden(bundle: &Arc<Bundle>, columns: &[&Column], rows: &[usize]) -> Vec<Golden> {
    let scorer = Scorer::new(Arc::clone(bundle), ReplyStyle::Plain);
    let pair = |row: &usize| {
        let request = request(columns, *row);
        let mut reply = Vec::new();
        scorer.score(Form::Json, request.as_bytes(), &mut reply).ok()?;
        Some(Golden { request, reply: String::from_utf8(reply).ok()? })
    };
    rows.iter().filter_map(pair).take(REQUESTS).collect()
}

/// The request of one row of these columns.
pub fn request(columns: &[&Column], row: usize) -> String {
    json!({ "input_data": [record(columns, row)] }).to_string()
}

/// One row as a client writes it: missing values are null.
fn record(columns: &[&Column], row: usize) -> Map<String, Value> {
    columns.iter().map(|column| (column.name.clone(), cell(&column.values, row))).collect()
}

fn cell(values: &Values, row: usize) -> Value {
    match values {
        Values::Numbers { kind: NumberKind::Boolean, values } if !values[row].is_nan() => json!(values[row] != 0.0),
        Values::Numbers { kind: NumberKind::Integer, values } if !values[row].is_nan() => json!(values[row] as i64),
        Values::Numbers { values, .. } => json!(values[row]),
        Values::Texts(texts) => json!(texts.get(row)),
        Values::Times(times) => (times[row] != i64::MIN).then(|| crate::calendar::text(times[row])).into(),
    }
}
