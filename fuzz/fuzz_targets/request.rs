//! Requests: any bytes in any form and style are answered or refused, never with a panic, and what is answered is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorelet::bundle::{Bundle, Metadata, Source};
use scorelet::model::{Estimator, Transformer, Vocabulary};
use scorelet::score::{Form, ReplyStyle, Scorer};
use std::sync::{Arc, LazyLock};

/// Answers with the matrix that it is given; one column takes text.
static SCORERS: LazyLock<[Scorer; 2]> = LazyLock::new(|| {
    let mut vocabulary = Vocabulary::default();
    vocabulary.intern("red");
    vocabulary.mark_text(1, ["red"].into_iter());
    let bundle = Bundle {
        estimator: Estimator::Transformer(Box::new(Transformer::Pipeline(vec![]))),
        scaler: None,
        feature_order: ["a", "colour", "data"].map(str::to_owned).to_vec(),
        metadata: Metadata::default(),
        vocabulary,
        estimator_name: "Pipeline".to_owned(),
        scaler_name: None,
        extra: serde_json::Map::new(),
        source: Source::default(),
    };
    let bundle = Arc::new(bundle);
    [ReplyStyle::Plain, ReplyStyle::AzureMl].map(|style| Scorer::new(bundle.clone(), style))
});

fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    let scorer = &SCORERS[usize::from(choice & 1)];
    let form = match choice >> 1 & 3 {
        0 | 1 => Form::Json,
        2 => Form::Csv,
        _ => Form::Query,
    };
    let mut reply = Vec::new();
    let text = match scorer.score(form, body, &mut reply) {
        Ok(stats) => {
            assert!(stats.rows > 0, "a reply has rows");
            String::from_utf8(reply).expect("a reply is UTF-8")
        }
        Err(error) => error.body(scorer.style()),
    };
    serde_json::from_str::<serde_json::Value>(&text).expect("a reply is JSON");
});
