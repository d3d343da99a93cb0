//! Requests and replies without a server: what pandas and Python's json make of a body, scorelet makes of it.

mod errors;
mod forms;
mod replies;
mod vectors;

use scorelet::bundle::{Bundle, Metadata, Source};
use scorelet::model::{Answer, Dummy, Estimator, Transformer, Vocabulary};
use scorelet::score::{Form, ReplyStyle, ScoreError, Scorer};
use serde_json::Value;
use std::sync::Arc;

/// A bundle of `estimator` with these columns.
fn bundle(estimator: Estimator, names: &[&str]) -> Bundle {
    Bundle {
        estimator,
        scaler: None,
        feature_order: names.iter().map(|name| (*name).to_owned()).collect(),
        metadata: Metadata { scikit_learn_version: Some("1.9.1".to_owned()), ..Metadata::default() },
        vocabulary: Vocabulary::default(),
        estimator_name: "KMeans".to_owned(),
        scaler_name: Some("StandardScaler".to_owned()),
        extra: serde_json::Map::new(),
        source: Source::default(),
    }
}

/// A scorer whose answer, `transform`, is the matrix that it was given.
fn echo(names: &[&str], style: ReplyStyle) -> Scorer {
    let identity = Estimator::Transformer(Box::new(Transformer::Pipeline(vec![])));
    Scorer::new(Arc::new(bundle(identity, names)), style)
}

/// A scorer with a constant answer.
fn constant(answer: Answer, style: ReplyStyle) -> Scorer {
    Scorer::new(Arc::new(bundle(Estimator::Dummy(Dummy::new(1, answer)), &["a"])), style)
}

/// The reply, or the error.
fn ask(scorer: &Scorer, form: Form, body: &[u8]) -> Result<String, Box<ScoreError>> {
    let mut out = b"before".to_vec();
    let scored = scorer.score(form, body, &mut out);
    let reply = String::from_utf8(out.split_off(6)).expect("a reply is UTF-8");
    assert_eq!(out, b"before", "a reply is appended");
    match scored {
        Ok(_) => Ok(reply),
        Err(error) => {
            assert_eq!(reply, "", "an error leaves the buffer alone");
            Err(Box::new(error))
        }
    }
}

/// The bytes that a client gets.
fn reply(scorer: &Scorer, form: Form, body: &[u8]) -> String {
    ask(scorer, form, body).unwrap_or_else(|error| error.body(scorer.style()))
}

/// The matrix that an echo gives back, row by row; or the error's code.
fn matrix(scorer: &Scorer, form: Form, body: &str) -> Result<Vec<Vec<Option<f64>>>, &'static str> {
    let reply: Value = match ask(scorer, form, body.as_bytes()) {
        Ok(reply) => serde_json::from_str(&reply).expect("a reply is JSON"),
        Err(error) => return Err(error.code.as_str()),
    };
    let rows = reply["transform"].as_array().expect("the echo's output");
    Ok(rows.iter().map(|row| row.as_array().expect("a row").iter().map(Value::as_f64).collect()).collect())
}
