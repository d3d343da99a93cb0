//! The query of `GET /score` as the JSON body that Microsoft's server makes of it.
//!
//! Each value is JSON if it can be, else a string; a repeated key becomes a list.

use super::ReplyStyle;
use super::json::Scanner;
use super::reply::json_string;
use super::schema::Schema;
use std::collections::HashMap;

/// The body for a query: one row whose columns are the keys; or, in the azureml style and where the query names
/// `input_data` and the model has no such column, an object with the keys of the query.
pub(super) fn body(schema: &Schema, style: ReplyStyle, query: &str) -> String {
    let mut pairs: Vec<(String, Vec<String>)> = Vec::new();
    let mut known = HashMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decode(key), json_value(&decode(value)));
        let place = *known.entry(key.clone()).or_insert(pairs.len());
        match pairs.get_mut(place) {
            Some((_, values)) => values.push(value),
            None => pairs.push((key, vec![value])),
        }
    }
    let whole = known.contains_key("input_data") && schema.find(b"input_data").is_none();
    let member = |(key, values): &(String, Vec<String>)| match values.as_slice() {
        [value] => format!("{}:{value}", json_string(key)),
        values => format!("{}:[{}]", json_string(key), values.join(",")),
    };
    let object = format!("{{{}}}", pairs.iter().map(member).collect::<Vec<_>>().join(","));
    if whole || style == ReplyStyle::AzureMl { object } else { format!("{{\"input_data\":[{object}]}}") }
}

/// `text` if it is JSON, else a JSON string.
fn json_value(text: &str) -> String {
    let mut scan = Scanner::new(text, 0);
    scan.space();
    match scan.skip(CELL_DEPTH).and_then(|()| scan.end()) {
        Ok(()) => text.to_owned(),
        Err(_) => json_string(text),
    }
}

/// Brackets around a value in the body.
const CELL_DEPTH: usize = 3;

/// Undoes percent-encoding and `+`. What is no valid code stays as it is, as in Python's `urllib`.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}
