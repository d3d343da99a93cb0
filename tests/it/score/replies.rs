//! What replies look like, byte for byte.

use super::{ask, bundle, constant, echo, reply};
use proptest::prelude::*;
use scorelet::model::{Answer, Classes, Dummy, Estimator, Label};
use scorelet::score::{Form, ReplyStyle, Scorer};
use serde_json::Value;
use std::sync::Arc;

const ROWS: &[u8] = b"{\"input_data\":[[1],[2]]}";
const RECORDS: &[u8] = b"{\"input_data\":[{\"a\":1},{\"a\":2}]}";

fn label(classes: Classes) -> Answer {
    let probabilities = vec![1.0, 1e-7];
    Answer::Labels(vec![Label { classes: Arc::new(classes), index: 1, probabilities }])
}

#[test]
fn labels_keep_their_type() {
    let check = |answer: Answer, plain: &str, azureml: &str| {
        let expected = format!("{{\"predictions\":[{plain},{plain}],\"model_version\":\"1.9.1\"}}");
        assert_eq!(reply(&constant(answer.clone(), ReplyStyle::Plain), Form::Json, ROWS), expected);
        let expected =
            format!("\"{{\\\"predictions\\\": [{azureml}, {azureml}], \\\"model_version\\\": \\\"1.9.1\\\"}}\"");
        assert_eq!(reply(&constant(answer, ReplyStyle::AzureMl), Form::Json, RECORDS), expected);
    };
    check(label(Classes::Int(vec![0, -7])), "-7", "-7");
    check(label(Classes::Int(vec![0, i64::MIN])), "-9223372036854775808", "-9223372036854775808");
    check(label(Classes::Float(vec![0.0, 1.0])), "1.0", "1.0");
    check(label(Classes::Float(vec![0.0, 1e22])), "1e+22", "1e+22");
    check(label(Classes::Bool(vec![false, true])), "true", "true");
    let text = "é \"q\" \\ \n\u{7f}🎉";
    let python = r#"\"\\u00e9 \\\"q\\\" \\\\ \\n\\u007f\\ud83c\\udf89\""#;
    check(label(Classes::Str(vec![String::new(), text.to_owned()])), "\"é \\\"q\\\" \\\\ \\n\u{7f}🎉\"", python);
    check(Answer::Integers(vec![5]), "5", "5");
    check(Answer::Values(vec![0.1]), "0.1", "0.1");
    check(Answer::Values(vec![f64::NAN]), "null", "NaN");
    check(Answer::Values(vec![f64::INFINITY]), "null", "Infinity");
    check(Answer::Values(vec![f64::NEG_INFINITY]), "null", "-Infinity");
    check(Answer::Values(vec![1.0, -0.0]), "[1.0,-0.0]", "[1.0, -0.0]");
    check(Answer::Integers(vec![1, 2]), "[1,2]", "[1, 2]");
}

#[test]
fn outputs_come_in_the_order_asked_for() {
    let scorer = constant(label(Classes::Int(vec![0, 1])), ReplyStyle::Plain);
    let check = |outputs: &str, expected: &str| {
        let body = format!("{{\"params\":{{\"x\":1,\"outputs\":{outputs}}},\"input_data\":[[1]]}}");
        let expected = format!("{{{expected},\"model_version\":\"1.9.1\"}}");
        assert_eq!(reply(&scorer, Form::Json, body.as_bytes()), expected);
    };
    check("[\"predict\"]", "\"predictions\":[1]");
    check("[]", "\"predictions\":[1]");
    check("null", "\"predictions\":[1]");
    check("[\"predict_proba\"]", "\"predict_proba\":[[1.0,1e-07]]");
    check("[\"predict_proba\",\"predict\",\"predict_proba\"]", "\"predict_proba\":[[1.0,1e-07]],\"predictions\":[1]");
    check("[\"\\u0070redict\"]", "\"predictions\":[1]");
    check("[\"predict_proba\"],\"outputs\":[\"predict\"]", "\"predictions\":[1]");
}

#[test]
fn several_outputs_of_one_classifier_are_written_row_by_row() {
    let one = |index, classes| Label { classes: Arc::new(classes), index, probabilities: vec![0.25, 0.75] };
    let both = vec![one(0, Classes::Int(vec![3, 4])), one(1, Classes::Str(vec!["n".into(), "y".into()]))];
    let scorer = constant(Answer::Labels(both), ReplyStyle::Plain);
    let body = b"{\"input_data\":[[1],[2]],\"params\":{\"outputs\":[\"predict\",\"predict_proba\"]}}";
    let probabilities = "[[0.25,0.75],[0.25,0.75]]";
    let expected = format!(
        "{{\"predictions\":[[3,\"y\"],[3,\"y\"]],\"predict_proba\":[{probabilities},{probabilities}],\"model_version\":\"1.9.1\"}}"
    );
    assert_eq!(reply(&scorer, Form::Json, body), expected);
}

#[test]
fn the_model_version_stands_in_every_reply() {
    let check = |version: Option<&str>, expected: &str| {
        let mut bundle = bundle(Estimator::Dummy(Dummy::new(1, Answer::Integers(vec![1]))), &["a"]);
        bundle.metadata.scikit_learn_version = version.map(str::to_owned);
        let scorer = Scorer::new(Arc::new(bundle), ReplyStyle::Plain);
        let reply: Value = serde_json::from_str(&ask(&scorer, Form::Json, ROWS).expect("scored")).expect("JSON");
        assert_eq!(reply["model_version"], expected);
        assert_eq!(scorer.model_version(), expected);
    };
    check(Some("1.5.2"), "1.5.2");
    check(Some("a\"b"), "a\"b");
    check(None, "unknown");
}

/// What `repr` gives in Python 3.11.
#[test]
fn floats_are_written_as_python_writes_them() {
    let scorer = echo(&["a"], ReplyStyle::AzureMl);
    let check = |number: &str, expected: &str| {
        let body = format!("{{\"input_data\":[{{\"a\":{number}}}]}}");
        let expected = format!("\"{{\\\"transform\\\": [[{expected}]], \\\"model_version\\\": \\\"1.9.1\\\"}}\"");
        assert_eq!(reply(&scorer, Form::Json, body.as_bytes()), expected);
    };
    check("0", "0.0");
    check("-0.0", "-0.0");
    check("1", "1.0");
    check("0.1", "0.1");
    check("1e-4", "0.0001");
    check("0.00012345", "0.00012345");
    check("0.00001", "1e-05");
    check("-0.000012345", "-1.2345e-05");
    check("1.5e-7", "1.5e-07");
    check("9999999999999998", "9999999999999998.0");
    check("1e16", "1e+16");
    check("-12345678901234567890", "-1.2345678901234567e+19");
    check("1e22", "1e+22");
    check("1e100", "1e+100");
    check("5e-324", "5e-324");
    check("2.2250738585072014e-308", "2.2250738585072014e-308");
    check("1.7976931348623157e308", "1.7976931348623157e+308");
    check("123456.789", "123456.789");
    check("1e400", "Infinity");
}

proptest! {
    /// The shortest digits that read back as the same number.
    #[test]
    fn floats_read_back(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let scorer = constant(Answer::Values(vec![value]), ReplyStyle::Plain);
        let reply = ask(&scorer, Form::Json, b"{\"input_data\":[[0]]}").expect("scored");
        let text = reply.split(['[', ']']).nth(1).expect("a list");
        prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(bits), "{}", text);
        let digits = |text: &str| text.split('e').next().unwrap_or("").matches(|c: char| c.is_ascii_digit()).count();
        prop_assert!(digits(text) <= digits(&format!("{value:e}")) + 17, "{}", text);
    }
}
