//! The contract of a bundle: which parts it needs, how they must fit, what is kept.

use super::in_memory;
use super::maker::Maker;
use scorelet::bundle::Bundle;
use scorelet::load::LoadOptions;
use scorelet::value::{Id, Node};
use serde_json::{Value, json};

fn load(make: impl FnOnce(&mut Maker) -> Id, features: Option<&[&str]>) -> Result<Bundle, String> {
    let mut maker = Maker::default();
    let root = make(&mut maker);
    let features = features.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let loaded = in_memory(maker.file(root)).load(&LoadOptions { features });
    loaded.map_err(|error| error.problem.to_string())
}

/// Loads a dict of a linear model on two columns, with other entries added or replaced.
fn with(entries: impl FnOnce(&mut Maker) -> Vec<(&'static str, Id)>) -> Result<Bundle, String> {
    let make = |m: &mut Maker| {
        let mut all = vec![("model", m.linear(2, None)), ("feature_order", m.texts(&["a", "b"]))];
        all.extend(entries(m));
        m.dict(&all)
    };
    load(make, None)
}

fn refused(entries: impl FnOnce(&mut Maker) -> Vec<(&'static str, Id)>, expected: &str) {
    assert_eq!(with(entries).map(|bundle| bundle.feature_order), Err(expected.to_owned()));
}

#[test]
fn the_smallest_bundle_loads() {
    let bundle = with(|_| vec![]).unwrap();
    assert_eq!((bundle.feature_order, bundle.scaler, bundle.scaler_name), (vec!["a".into(), "b".into()], None, None));
    assert_eq!(bundle.estimator_name, "LinearRegression");
    let none = with(|m| vec![("scaler", m.add(Node::None)), ("metadata", m.add(Node::None))]).unwrap();
    assert_eq!(none.scaler, None);
}

#[test]
fn the_feature_order_is_a_list_of_different_names() {
    refused(|m| vec![("feature_order", m.texts(&[]))], "feature_order is empty");
    refused(|m| vec![("feature_order", m.text("ab"))], "feature_order is a string, not a list of column names");
    refused(|m| vec![("feature_order", m.texts(&["a", "a"]))], "feature_order names \"a\" twice (positions 1 and 2)");
    let ints = |m: &mut Maker| {
        let zero = m.add(Node::Int(0));
        vec![("feature_order", m.add(Node::List(vec![zero])))]
    };
    refused(ints, "feature_order holds an int at position 1; requests name their columns by text");
    refused(|m| vec![("feature_order", m.texts(&["a"]))], "feature_order names 1 columns, but model takes 2");
}

#[test]
fn the_feature_order_is_the_one_that_was_fitted() {
    let fail = "every request would fail";
    refused(
        |m| vec![("model", m.linear(2, Some(&["b", "a"])))],
        &format!("model was fitted on the columns [\"b\", \"a\"], but feature_order is [\"a\", \"b\"]: {fail}"),
    );
    refused(
        |m| vec![("scaler", m.scaler(2, Some(&["a", "c"])))],
        &format!("scaler was fitted on the columns [\"a\", \"c\"], but feature_order is [\"a\", \"b\"]: {fail}"),
    );
    // Behind a scaler the model sees no names: scikit-learn warns, and so its names say nothing.
    assert!(with(|m| vec![("scaler", m.scaler(2, None)), ("model", m.linear(2, Some(&["x", "y"])))]).is_ok());
    refused(
        |m| vec![("scaler", m.scaler(3, None)), ("feature_order", m.texts(&["a", "b", "c"]))],
        "model: takes 2 features, but the scaler gives 3",
    );
}

#[test]
fn a_long_difference_is_shown_where_it_begins() {
    let names: Vec<String> = (0..40).map(|i| format!("c{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut swapped = names.clone();
    swapped.swap(20, 21);
    let make = |m: &mut Maker| {
        let entries = [("model", m.linear(40, Some(&names))), ("feature_order", m.texts(&swapped))];
        m.dict(&entries)
    };
    let expected = "model was fitted on the columns (from position 21) [\"c20\", \"c21\", \"c22\", \"c23\", \"c24\", \
                    \"c25\"] and 14 more, but feature_order is (from position 21) [\"c21\", \"c20\", \"c22\", \"c23\", \
                    \"c24\", \"c25\"] and 14 more: every request would fail";
    assert_eq!(load(make, None).unwrap_err(), expected);
}

#[test]
fn a_bare_estimator_takes_its_own_names_or_the_users() {
    let check = |fitted_on: Option<&[&str]>, given: Option<&[&str]>, expected: Result<&[&str], &str>| {
        let order = load(|m| m.linear(2, fitted_on), given).map(|bundle| bundle.feature_order);
        let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(order, expected.map_err(str::to_owned));
    };
    check(Some(&["a", "b"]), None, Ok(&["a", "b"]));
    check(Some(&["a", "b"]), Some(&["a", "b"]), Ok(&["a", "b"]));
    check(None, Some(&["x", "y"]), Ok(&["x", "y"]));
    let unnamed = "the bundle was fitted without column names: give all 2 in order with --features a,b,…";
    check(None, None, Err(unnamed));
    check(None, Some(&["x"]), Err("feature_order names 1 columns, but the bundle takes 2"));
    check(None, Some(&["x", "x"]), Err("feature_order names \"x\" twice (positions 1 and 2)"));
    let other = "--features names [\"x\", \"y\"], but the bundle says [\"a\", \"b\"]; leave the flag out";
    check(Some(&["a", "b"]), Some(&["x", "y"]), Err(other));
}

#[test]
fn what_is_no_bundle_is_named() {
    let check = |make: fn(&mut Maker) -> Id, expected: &str| assert_eq!(load(make, None).unwrap_err(), expected);
    let advice =
        "not a bundle; dump a dict {\"model\", \"scaler\", \"feature_order\", \"metadata\"} or a fitted estimator";
    check(|m| m.texts(&[]), &format!("the file holds a list, {advice}"));
    check(|m| m.add(Node::None), &format!("the file holds None, {advice}"));
    check(
        |m| {
            let entries = [("clf", m.linear(1, None)), ("version", m.text("1"))];
            m.dict(&entries)
        },
        "the dict has no \"model\" (it has \"clf\", \"version\"); the fitted estimator must stand under that key",
    );
    refused(|m| vec![("model", m.text("model.pkl"))], "model is a string, not a fitted estimator");
    refused(|m| vec![("scaler", m.texts(&[]))], "scaler is a list, not a fitted estimator");
    let everything = "model: sklearn.cluster._dbscan.DBSCAN is not supported: it labels the rows it was fitted on and has \
                      no answer for others; fit a KNeighborsClassifier on its labels_; scaler: \
                      sklearn.manifold._t_sne.TSNE is not supported: it places the rows it was fitted on and has no place \
                      for others; use PCA, KernelPCA, Isomap or LocallyLinearEmbedding";
    refused(
        |m| {
            let (dbscan, tsne) = ("sklearn.cluster._dbscan.DBSCAN", "sklearn.manifold._t_sne.TSNE");
            vec![("model", m.object(dbscan, vec![], &[])), ("scaler", m.object(tsne, vec![], &[]))]
        },
        everything,
    );
}

#[test]
fn metadata_is_read_and_the_rest_is_kept() {
    let entries = |m: &mut Maker| {
        let trained_at = datetime(m, 2026, 0);
        let metadata = [
            ("trained_at", trained_at),
            ("source_rows", m.add(Node::Float(150.0))),
            ("clean_rows", m.text("many")),
            ("scikit_learn_version", m.text("1.5.2")),
            ("auc", m.add(Node::Float(f64::NAN))),
            ("big", m.add(Node::BigInt(vec![0, 0, 0, 0, 0, 0, 0, 0x80, 0]))),
            ("bigger", m.add(Node::BigInt(vec![0, 0, 0, 0, 0, 0, 0, 0, 0xff]))),
        ];
        vec![("metadata", m.dict(&metadata)), ("threshold", m.floats(&[0.5, 1.0]))]
    };
    let bundle = with(entries).unwrap();
    let metadata = bundle.metadata;
    assert_eq!(metadata.trained_at.as_deref(), Some("2026-01-15T09:30:00+00:00"));
    assert_eq!((metadata.source_rows, metadata.clean_rows), (Some(150), None));
    assert_eq!(metadata.scikit_learn_version.as_deref(), Some("1.5.2"));
    let extra =
        json!({"clean_rows": "many", "auc": null, "big": 9223372036854775808u64, "bigger": "-18446744073709551616"});
    assert_eq!(Value::Object(metadata.extra), extra);
    assert_eq!(Value::Object(bundle.extra), json!({"threshold": [0.5, 1.0]}));
}

#[test]
fn timestamps_are_written_as_python_does() {
    let check = |offset: i64, micros: bool, expected: &str| {
        let bundle = with(|m| {
            let at = datetime_with(m, 2026, offset, micros);
            vec![("at", at)]
        });
        assert_eq!(bundle.unwrap().extra["at"], expected);
    };
    check(0, false, "2026-01-15T09:30:00+00:00");
    check(7200, false, "2026-01-15T09:30:00+02:00");
    check(-19800, true, "2026-01-15T09:30:00.000258-05:30");
}

fn datetime(m: &mut Maker, year: u16, offset: i64) -> Id {
    datetime_with(m, year, offset, false)
}

/// 15 January, 9:30, `offset` seconds from UTC, with 258 microseconds or without.
fn datetime_with(m: &mut Maker, year: u16, offset: i64, micros: bool) -> Id {
    let micros = if micros { [0, 1, 2] } else { [0, 0, 0] };
    let packed = [&year.to_be_bytes()[..], &[1, 15, 9, 30, 0], &micros].concat();
    let packed = m.add(Node::Bytes(packed.into()));
    // timedelta keeps seconds from 0 and days of either sign.
    let parts = [offset.div_euclid(86_400), offset.rem_euclid(86_400), 0].map(|part| m.add(Node::Int(part)));
    let delta = m.object("datetime.timedelta", parts.to_vec(), &[]);
    let zone = m.object("datetime.timezone", vec![delta], &[]);
    m.object("datetime.datetime", vec![packed, zone], &[])
}

/// Ten lists, each holding the one before ten times: a small file that would say ten thousand million values.
#[test]
fn what_refers_to_itself_many_times_is_shown_in_part() {
    let bundle = with(|m| {
        let mut list = m.text("x");
        for _ in 0..10 {
            list = m.add(Node::List(vec![list; 10]));
        }
        vec![("laughs", list)]
    });
    let text = serde_json::to_string(&bundle.unwrap().extra).unwrap();
    assert!(text.len() < 200_000, "{} bytes", text.len());
}
