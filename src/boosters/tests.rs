//! Both spellings of a document say the same, and no bytes at all make a reader panic or take much memory.

use super::document::{Cursor, Document};
use super::{BoosterError, json, lightgbm, ubjson, xgboost};
use proptest::prelude::*;
use serde_json::{Value, json};

/// UBJSON as XGBoost writes it: numbers of a list untyped, or typed where all are 32-bit integers.
fn ubjson_of(value: &Value, out: &mut Vec<u8>) {
    let text = |text: &str, out: &mut Vec<u8>| {
        out.push(b'L');
        out.extend((text.len() as i64).to_be_bytes());
        out.extend(text.as_bytes());
    };
    match value {
        Value::Null => out.push(b'Z'),
        Value::Bool(value) => out.push(if *value { b'T' } else { b'F' }),
        Value::Number(number) => {
            out.push(b'D');
            out.extend(number.as_f64().expect("a number").to_be_bytes());
        }
        Value::String(value) => {
            out.push(b'S');
            text(value, out);
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_i64) => {
            out.extend(b"[$l#L");
            out.extend((items.len() as i64).to_be_bytes());
            items.iter().for_each(|item| out.extend((item.as_i64().expect("an integer") as i32).to_be_bytes()));
        }
        Value::Array(items) => {
            out.extend(b"[#L");
            out.extend((items.len() as i64).to_be_bytes());
            items.iter().for_each(|item| ubjson_of(item, out));
        }
        Value::Object(entries) => {
            out.push(b'{');
            for (key, value) in entries {
                text(key, out);
                ubjson_of(value, out);
            }
            out.push(b'}');
        }
    }
}

/// What a cursor finds, as JSON again.
fn seen(value: &Value, at: Cursor<'_, '_>) -> Result<(), BoosterError> {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match (value, at.get(key)) {
                    (Value::Null, None) => {}
                    (value, Some(at)) => seen(value, at)?,
                    (_, None) => return Err(at.error("an entry is missing")),
                }
            }
            Ok(())
        }
        Value::String(text) if at.text()? == text => Ok(()),
        Value::Number(number) if at.parameter::<f64>()? == number.as_f64().expect("a number") => Ok(()),
        Value::Bool(value) if at.parameter::<f64>()? == f64::from(u8::from(*value)) => Ok(()),
        Value::Array(items) if items.iter().all(Value::is_number) => {
            let expected: Vec<f32> = items.iter().map(|item| item.as_f64().expect("a number") as f32).collect();
            if at.f32s()? == expected { Ok(()) } else { Err(at.error("other numbers")) }
        }
        Value::Array(items) => {
            let found = at.items()?;
            assert_eq!(found.len(), items.len());
            items.iter().zip(found).try_for_each(|(item, at)| seen(item, at))
        }
        _ => Err(at.error("another value")),
    }
}

fn documents() -> impl Strategy<Value = Value> {
    let number = prop_oneof![any::<i32>().prop_map(|n| json!(n)), (-1e30..1e30).prop_map(|x: f64| json!(x))];
    let text = "[a-z\"\\\\é ]{0,6}".prop_map(Value::String);
    let leaf = prop_oneof![
        number.clone(),
        text.clone(),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        prop::collection::vec(number, 0..6).prop_map(Value::Array),
        prop::collection::vec(text, 1..4).prop_map(Value::Array),
    ];
    let nested = leaf.prop_recursive(4, 40, 5, |inner| {
        let object = prop::collection::btree_map("[a-z]{1,4}", inner, 0..5);
        let object = object.prop_map(|entries| Value::Object(entries.into_iter().collect())).boxed();
        prop_oneof![object.clone(), prop::collection::vec(object, 1..4).prop_map(Value::Array)]
    });
    prop::collection::btree_map("[a-z]{1,4}", nested, 0..5)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

proptest! {
    #[test]
    fn both_spellings_say_the_same(value in documents()) {
        let text = value.to_string();
        let mut bytes = vec![];
        ubjson_of(&value, &mut bytes);
        for document in [json::read(&text), ubjson::read(&bytes)] {
            let document: Document<'_> = document.expect("it is a document");
            seen(&value, document.root()).expect("it says the same");
        }
        for end in 0..bytes.len() {
            prop_assert!(ubjson::read(&bytes[..end]).is_err());
        }
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            prop_assert!(json::read(&text[..end]).is_err());
        }
    }

    #[test]
    fn no_bytes_are_too_strange(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}[]LSl#$UidDZTF\0\x01".to_vec())], 0..200),
        text in "[{}\\[\\]\",:0-9a-z.\\\\ ]{0,80}",
    ) {
        let _ = ubjson::read(&bytes);
        let _ = json::read(&text);
        let _ = xgboost::read(&bytes, &xgboost::Settings::default());
        let _ = lightgbm::read(&format!("tree\n{text}"), None);
    }
}

#[test]
fn a_document_is_bounded_by_its_bytes() {
    let check = |bytes: Vec<u8>, expected: &str| {
        let error = ubjson::read(&bytes).expect_err("it should be refused").to_string();
        assert!(error.contains(expected), "{error}");
    };
    let long = |marker: &[u8], n: i64| [marker, &n.to_be_bytes()].concat();
    check(long(b"{L", 1 << 52), "it is cut off");
    check(long(b"{L", i64::MAX), "a length cannot be that");
    check(long(b"{L", -1), "a length cannot be that");
    check([long(b"{L", 1), long(b"a[$d#L", 1 << 52)].concat(), "it is cut off");
    check([long(b"{L", 1), long(b"a[#L", 1 << 52)].concat(), "it is cut off");
    check([long(b"{L", 1), b"a[$[#".to_vec()].concat(), "a list of a type that no model has");
    check([long(b"{L", 1), b"a".to_vec(), vec![b'['; 100_000]].concat(), "nested too deep");
    check([long(b"{L", 1), b"a[".to_vec(), vec![b'Z'; 100_000]].concat(), "more values than a model of this size has");
    check([long(b"{L", 1), b"a[TZ]}".to_vec()].concat(), "a list mixes numbers with other values");
    check([long(b"{L", 1), b"aT}T".to_vec()].concat(), "bytes follow its end");
    check(b"[]{".to_vec(), "bytes follow its end");
    let text = |text: &str, expected: &str| {
        let error = json::read(text).expect_err("it should be refused").to_string();
        assert!(error.contains(expected), "{text}: {error}");
    };
    text(&"[".repeat(100_000), "nested too deep");
    text(&format!("[{}]", "null,".repeat(100_000)), "more values than a model of this size has");
    text("{\"a\" 1}", "there should be a quote or a colon");
    text("[1 2]", "there should be a comma");
    text("[1,]", "there is no such value");
    text("{\"a\":1,}", "there should be a quote or a colon");
    text("{\"a\":\"\\x\"}", "an escape that JSON does not know");
    text("{} {}", "text follows its end");
}
