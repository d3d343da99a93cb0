//! Model files of XGBoost and LightGBM: any bytes are refused, or give a model that answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorelet::boosters::{lightgbm, xgboost};
use scorelet::load::{BundleFile, LoadOptions};
use scorelet::score::{Form, ReplyStyle, Scorer};
use serde_json::{Value, json};
use std::sync::Arc;

/// A model may say that it takes more columns than a request has room for.
const MOST_COLUMNS: usize = 1 << 10;

fuzz_target!(|input: &[u8]| {
    let settings = xgboost::Settings { until_best: true, in_place: true, ..xgboost::Settings::default() };
    if let Ok(model) = xgboost::read(input, &settings) {
        answer(input, model.margins.n_features);
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(model) = lightgbm::read(text, None) {
        answer(input, model.scores.n_features);
    }
});

/// Loads the file, and scores values on both sides of most thresholds, missing ones, and large ones.
fn answer(input: &[u8], columns: usize) {
    let names: Vec<String> = (0..columns.min(MOST_COLUMNS)).map(|column| format!("f{column}")).collect();
    let options = LoadOptions { features: Some(names.clone()) };
    let Ok(bundle) = BundleFile::new("fuzz".into(), input.to_vec()).load(&options) else { return };
    let values = [json!(0), Value::Null, json!(-1e30), json!(1e30), json!(0.5), json!(300), json!(1e-36), json!("a")];
    let row = |row: usize| (0..columns).map(|column| values[(row + column) % values.len()].clone()).collect();
    let data: Vec<Vec<Value>> = (0..values.len()).map(row).collect();
    let body = json!({"input_data": {"columns": names, "data": data}}).to_string();
    // An infinite or text value may be refused.
    let _ = Scorer::new(Arc::new(bundle), ReplyStyle::Plain).score(Form::Json, body.as_bytes(), &mut Vec::new());
}
