//! A hand-made [`ApiInfo`] for the tests of the description and the pages.

use super::{ApiInfo, Feature, OutputInfo, Service, Shape};
use crate::bundle::{Metadata, Source};
use crate::model::{Classes, Content, Method};
use crate::score::ReplyStyle;
use serde_json::{Map, json};

/// A classifier with those columns: the first accepts missing values, the last takes text.
pub(crate) fn api(names: &[&str], reply: ReplyStyle) -> ApiInfo {
    let feature = |(i, name): (usize, &&str)| Feature {
        name: (*name).to_owned(),
        content: match i > 0 && i + 1 == names.len() {
            true => Content::Text(vec!["red".into(), "<green>".into()]),
            false => Content::Number,
        },
        accepts_missing: i == 0,
        example: if i > 0 && i + 1 == names.len() { json!("red") } else { json!(12.5) },
    };
    ApiInfo {
        service: Service { model_name: "sales".into(), model_version: "7".into(), max_body: 1 << 20 },
        reply,
        estimator: "RandomForestClassifier".into(),
        scaler: Some("StandardScaler".into()),
        metadata: Metadata {
            trained_at: Some("2026-01-02T03:04:05".into()),
            source_rows: Some(1000),
            clean_rows: Some(-1),
            ..Metadata::default()
        },
        extra: Map::new(),
        source: Source {
            sha256: crate::bundle::FileDigest::default(),
            bytes: 2048,
            format: "pickle protocol 4".into(),
        },
        features: names.iter().enumerate().map(feature).collect(),
        outputs: vec![
            OutputInfo {
                method: Method::Predict,
                shape: Some(Shape::Label(Classes::Str(vec!["a".into(), "b".into()]))),
            },
            OutputInfo { method: Method::PredictProba, shape: Some(Shape::Numbers(2)) },
        ],
        default_output: Method::Predict,
        example_reply: Some(match reply {
            ReplyStyle::Plain => json!({"predictions": ["a"], "model_version": "7"}),
            ReplyStyle::AzureMl => json!("{\"predictions\": [\"a\"], \"model_version\": \"7\"}"),
        }),
    }
}
