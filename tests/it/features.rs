//! Features of a trained bundle: what a request is turned into is bit for bit what training saw.

use scorelet::data::{Column, NumberKind, Table, Texts, Values};
use scorelet::load::{BundleFile, LoadOptions};
use scorelet::score::{Form, ReplyStyle, Scorer};
use scorelet::train::features::{FeatureError, Plan, Prepared};
use scorelet::value::{Builder, Graph};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;

const NAN: f64 = f64::NAN;

fn numbers(name: &str, values: &[f64]) -> Column {
    Column { name: name.into(), values: Values::Numbers { kind: NumberKind::Float, values: values.to_vec() } }
}

fn texts(name: &str, values: &[Option<&str>]) -> Column {
    let mut texts = Texts::default();
    for value in values {
        let code = value.map_or(Texts::MISSING, |value| {
            texts.dictionary.iter().position(|known| known == value).unwrap_or_else(|| {
                texts.dictionary.push(value.to_owned());
                texts.dictionary.len() - 1
            }) as u32
        });
        texts.codes.push(code);
    }
    Column { name: name.into(), values: Values::Texts(texts) }
}

fn dates(name: &str, values: &[Option<&str>]) -> Column {
    let micros = |value: &Option<&str>| {
        value.map_or(i64::MIN, |value| scorelet::calendar::parse(value.as_bytes()).expect("a date"))
    };
    Column { name: name.into(), values: Values::Times(values.iter().map(micros).collect()) }
}

/// Flights: numbers with gaps, texts with gaps, a date, a name that is no identifier.
fn flights() -> Table {
    let columns = vec![
        numbers("distance", &[1400.0, 229.0, NAN, 1089.0, 0.1, 719.0]),
        numbers("air time", &[227.0, 53.0, 160.0, NAN, 0.3, 150.0]),
        texts("carrier", &[Some("UA"), Some("B6"), Some("UA"), None, Some("DL"), Some("é ☃")]),
        numbers("stops", &[0.0, 1.0, 0.0, NAN, 2.0, 1.0]),
        dates(
            "when",
            &[
                Some("2013-01-01T05:15:00Z"),
                Some("2013-02-28 23:59:59.999999"),
                None,
                Some("2012-12-31"),
                Some("1969-07-20T20:17:40+02:00"),
                Some("2016-02-29T12:00:00Z"),
            ],
        ),
    ];
    Table { columns, rows: 6 }
}

fn names(table: &Table) -> Vec<String> {
    table.columns.iter().map(|column| column.name.clone()).collect()
}

fn plan(plan: Value) -> Plan {
    serde_json::from_value(plan).expect("a plan")
}

/// Row `row` of the table as a client would write it.
fn record(table: &Table, row: usize) -> Value {
    let value = |column: &Column| match &column.values {
        Values::Numbers { values, .. } if values[row].is_nan() => Value::Null,
        Values::Numbers { values, .. } => json!(values[row]),
        Values::Texts(texts) => json!(texts.get(row)),
        Values::Times(values) if values[row] == i64::MIN => Value::Null,
        Values::Times(values) => json!(scorelet::calendar::text(values[row])),
    };
    Value::Object(table.columns.iter().map(|column| (column.name.clone(), value(column))).collect())
}

/// A bundle whose model is only the step, through its file and back.
fn scorer(prepared: &Prepared) -> Scorer {
    let mut builder = Builder::new();
    let step = prepared.step.clone().expect("a step");
    let model = builder.graft(step);
    let order = builder.strings(&prepared.feature_order);
    let root = builder.dict(vec![("model", model), ("feature_order", order)]);
    load(&builder.finish(root)).expect("it loads")
}

fn load(graph: &Graph<'_>) -> Result<Scorer, String> {
    let bytes = scorelet::bundle::native::encode(graph).expect("a bundle can hold it");
    let bundle = BundleFile::new(PathBuf::from("features.bundle"), bytes).load(&LoadOptions::default());
    bundle.map(|bundle| Scorer::new(Arc::new(bundle), ReplyStyle::Plain)).map_err(|error| error.to_string())
}

fn transform(scorer: &Scorer, records: &[Value]) -> Result<Vec<Vec<Option<f64>>>, String> {
    let request = json!({"input_data": records}).to_string();
    let mut reply = vec![];
    scorer.score(Form::Json, request.as_bytes(), &mut reply).map_err(|error| error.message)?;
    let reply: Map<String, Value> = serde_json::from_slice(&reply).expect("a reply is an object");
    Ok(serde_json::from_value(reply["transform"].clone()).expect("rows of numbers"))
}

/// Fits `plan` to the flights and holds what requests give against what training saw: all rows at once, and each alone.
#[track_caller]
fn check(asked: Value, expected_names: &[&str], expected_rows: usize) -> Prepared {
    let table = flights();
    let prepared = plan(asked).fit(&table, &names(&table)).expect("the plan fits");
    assert_eq!(prepared.names, expected_names);
    assert_eq!(prepared.rows.len(), expected_rows);
    assert_eq!(prepared.x.dim(), (expected_rows, expected_names.len()));
    let scorer = scorer(&prepared);
    let records: Vec<Value> = prepared.rows.iter().map(|row| record(&table, *row)).collect();
    let together = transform(&scorer, &records).expect("rows are scored");
    for (at, record) in records.iter().enumerate() {
        let alone = transform(&scorer, std::slice::from_ref(record)).expect("a row is scored");
        for (column, value) in prepared.x.row(at).iter().enumerate() {
            let bits = |value: Option<f64>| value.unwrap_or(NAN).to_bits();
            let seen = if value.is_nan() { NAN.to_bits() } else { value.to_bits() };
            let place = (at, &prepared.names[column]);
            assert_eq!(bits(together[at][column]), seen, "{place:?}: {together:?} of {}", prepared.x);
            assert_eq!(bits(alone[0][column]), seen, "{place:?} alone");
        }
    }
    prepared
}

#[test]
fn missing_values_are_filled_in_as_in_training() {
    let carriers = ["carrier_B6", "carrier_DL", "carrier_UA", "carrier_é ☃"];
    let expected = |missing: &'static str| {
        let mut all = vec!["distance", "air time"];
        all.extend(carriers);
        all.extend((missing != "most_frequent").then_some("carrier_nan"));
        all.extend(["stops", "when_hour"]);
        all
    };
    for missing in ["keep", "mean", "median", "most_frequent"] {
        check(json!({"missing": missing, "dates": {"when": ["hour"]}}), &expected(missing), 6);
    }
    let prepared =
        check(json!({"missing": "most_frequent", "dates": {"when": ["hour"]}}), &expected("most_frequent"), 6);
    assert_eq!(prepared.x.column(0)[2], 0.1, "of equally frequent values the smallest");
    assert_eq!(prepared.x.column(6)[3], 0.0);
    let asked = json!({
        "missing": "drop", "inputs_only": ["when"],
        "columns": {"distance": {"missing": {"constant": -1}}, "carrier": {"missing": {"constant": "none"}}},
    });
    let names = ["distance", "air time", "carrier_B6", "carrier_DL", "carrier_UA", "carrier_é ☃", "stops"];
    let prepared = check(asked, &names, 5);
    assert_eq!(prepared.rows, [0, 1, 2, 4, 5]);
    assert_eq!(prepared.x[(2, 0)], -1.0);
}

#[test]
fn derived_columns_and_dates_are_computed_as_in_training() {
    let asked = json!({
        "derived": {
            "speed": "distance / col(\"air time\") * 60",
            "late": "if hour(when) >= 20 && stops > 0 { 1 } else { -stops % 3 }",
            "united": "carrier == \"UA\"",
            "gap": "is_missing(distance) + coalesce(stops, 9)",
        },
        "dates": {"when": ["year", "month", "dayofweek", "dayofyear", "minute", "second", "timestamp"]},
        "columns": {"united": {"encode": "ordinal"}},
        "encode": {"kind": "ordinal", "unknown": "error"},
    });
    let names = [
        "distance",
        "air time",
        "carrier",
        "stops",
        "when_year",
        "when_month",
        "when_dayofweek",
        "when_dayofyear",
        "when_minute",
        "when_second",
        "when_timestamp",
        "gap",
        "late",
        "speed",
        "united",
    ];
    let prepared = check(asked, &names, 6);
    let column = |name: &str| {
        let at = names.iter().position(|known| *known == name).expect("a name");
        prepared.x.column(at).to_vec()
    };
    assert_eq!(column("speed")[0], 1400.0 / 227.0 * 60.0);
    assert_eq!(column("gap"), [0.0, 1.0, 1.0, 9.0, 2.0, 1.0]);
    assert_eq!(column("late")[..2], [-0.0, 1.0]);
    assert_eq!(column("when_dayofweek")[0], 1.0);
    assert_eq!(column("when_second")[1], 59.0);
    assert_eq!(column("united")[..3], [1.0, 0.0, 1.0]);
}

#[test]
fn unknown_categories_are_ignored_grouped_or_refused() {
    let table = flights();
    let features = ["carrier".to_owned()];
    let one = |asked: Value, carrier: Value| {
        let prepared = plan(asked).fit(&table, &features).expect("the plan fits");
        transform(&scorer(&prepared), &[json!({"carrier": carrier})]).map(|rows| rows[0].clone())
    };
    let row = |values: &[f64]| Ok(values.iter().copied().map(Some).collect::<Vec<_>>());
    let encode = |kind: &str, unknown: &str| json!({"encode": {"kind": kind, "unknown": unknown}});
    let refusal = "row 0, column carrier: Found unknown categories ['XX'] in column 0 during transform";
    assert_eq!(one(encode("one-hot", "ignore"), json!("XX")), row(&[0.0; 5]));
    assert_eq!(one(encode("one-hot", "error"), json!("XX")), Err(refusal.to_owned()));
    assert_eq!(one(encode("ordinal", "ignore"), json!("XX")), row(&[-1.0]));
    assert_eq!(one(encode("ordinal", "error"), json!("XX")), Err(refusal.to_owned()));
    let grouped = json!({"encode": {"kind": "one-hot", "min_frequency": 2}});
    assert_eq!(one(grouped.clone(), json!("XX")), row(&[0.0, 1.0]));
    assert_eq!(one(grouped.clone(), json!("DL")), row(&[0.0, 1.0]));
    assert_eq!(one(grouped, json!("UA")), row(&[1.0, 0.0]));
    assert_eq!(one(json!({"missing": "most_frequent"}), Value::Null), row(&[0.0, 0.0, 1.0, 0.0]));
}

#[test]
fn a_request_without_a_date_is_told_how_one_looks() {
    let table = flights();
    let asked = plan(json!({"dates": {"when": ["hour"]}}));
    let prepared = asked.fit(&table, &["stops".into(), "when".into()]).expect("the plan fits");
    let scorer = scorer(&prepared);
    let one = |when: Value| transform(&scorer, &[json!({"stops": 1, "when": when})]).map(|rows| rows[0][1]);
    let refused = |shown: &str| {
        Err(format!("row 0, column when: {shown} is not a date: send \"2024-01-31\" or \"2024-01-31T12:30:00Z\""))
    };
    assert_eq!(one(json!("2013-01-01 07:30")), Ok(Some(7.0)));
    assert_eq!(one(json!("2013-01-01T07:30:00-05:00")), Ok(Some(12.0)));
    assert_eq!(one(Value::Null), Ok(None));
    assert_eq!(one(json!("yesterday")), refused("\"yesterday\""));
    assert_eq!(one(json!("2013-02-30")), refused("\"2013-02-30\""));
    assert_eq!(one(json!(1357018200)), refused("\"1357018200\""));
    let mut reply = vec![];
    scorer.score(Form::Csv, b"when,stops\n2013-01-01T07:30:00Z,1\n", &mut reply).expect("CSV is read");
    assert!(String::from_utf8_lossy(&reply).contains("[1.0,7.0]"), "{}", String::from_utf8_lossy(&reply));
}

#[test]
fn columns_that_need_nothing_need_no_step() {
    let table = flights();
    let prepared = Plan::default().fit(&table, &["stops".into(), "distance".into()]).expect("the plan fits");
    assert!(prepared.step.is_none());
    assert_eq!(prepared.x.column(1)[0], 1400.0);
    assert_eq!(prepared.feature_order, ["stops", "distance"]);
}

#[test]
fn a_plan_that_does_not_fit_says_why() {
    let table = flights();
    let all = names(&table);
    #[track_caller]
    fn refused(table: &Table, features: &[String], asked: Value, expected: &str) {
        let error: FeatureError = plan(asked).fit(table, features).expect_err("the plan does not fit");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let check = |asked: Value, expected: &str| refused(&table, &all, asked, expected);
    check(json!({}), "\"when\" holds dates: name the parts");
    check(json!({"dates": {"stops": ["hour"]}}), "wanted of \"stops\", but it holds none");
    check(json!({"dates": {"then": ["hour"]}}), "\"then\" is named in the plan");
    check(json!({"columns": {"then": {}}, "inputs_only": ["when"]}), "\"then\" is named in the plan");
    let derive = |expression: &str| json!({"inputs_only": ["when"], "derived": {"new": expression}});
    check(derive("distance +"), "is no expression");
    check(derive("distnce * 2"), "there is no column \"distnce\"");
    check(derive("when - 1"), "a date has no arithmetic");
    check(derive("when"), "is a date: take a part");
    check(derive("carrier + 1"), "a column of texts has no arithmetic");
    check(derive("distance ^ 2"), "write pow(a, b)");
    check(derive("distance.sqrt()"), "write sqrt(x)");
    check(derive("sqr(distance)"), "there is no function sqr; there are abs, sqrt");
    check(derive("max(distance)"), "max takes two arguments");
    check(derive("hour(stops)"), "hour is a part of a date");
    check(derive("stops == \"a\""), "only a column of texts can be compared");
    check(derive(&"(".repeat(40)), "nested more than 32 deep");
    check(derive(&"1+".repeat(600)), "bytes, of at most 1000");
    check(derive("{ let x = 1; x }"), "braces hold one expression");
    check(derive("loop { }"), "something else than arithmetic");
    check(json!({"inputs_only": ["when"], "derived": {"stops": "distance"}}), "would be called \"stops\"");
    check(json!({"inputs_only": all}), "no column is left");
    let carrier = |missing: Value| json!({"inputs_only": ["when"], "columns": {"carrier": {"missing": missing}}});
    check(carrier(json!("mean")), "\"carrier\" cannot be filled in: a column of texts has no mean");
    let stops = json!({"inputs_only": ["when"], "columns": {"stops": {"missing": {"constant": "a"}}}});
    check(stops, "a text cannot stand in a column of numbers");
    let empty = Table { columns: vec![numbers("a", &[NAN, NAN]), numbers("b", &[1.0, 2.0])], rows: 2 };
    let features = ["a".to_owned(), "b".to_owned()];
    refused(&empty, &features, json!({"missing": "mean"}), "\"a\" has no values");
    refused(&empty, &features, json!({"missing": "drop"}), "all 2 have a missing value; most (2) have one in \"a\"");
    refused(&empty, &["c".to_owned()], json!({}), "the table has no column \"c\"");
}

/// A bundle whose model is a step of these columns, kinds and expressions.
fn crafted(names: &[&str], kinds: &[&str], expressions: &[&str]) -> Result<Scorer, String> {
    let mut b = Builder::new();
    let pairs = expressions.iter().map(|expression| {
        let pair = vec![b.str("out"), b.str(expression)];
        b.tuple(pair)
    });
    let pairs = pairs.collect();
    let kinds = kinds.iter().map(|kind| b.str(kind)).collect();
    let attributes = vec![
        ("feature_names_in_", b.strings(names)),
        ("n_features_in_", b.int(names.len())),
        ("kinds_", b.list(kinds)),
        ("columns_", b.list(pairs)),
    ];
    let model = b.object("scorelet.features", "DerivedColumns", attributes);
    let order = b.strings(names);
    let root = b.dict(vec![("model", model), ("feature_order", order)]);
    load(&b.finish(root))
}

#[test]
fn a_crafted_step_is_refused() {
    #[track_caller]
    fn check(names: &[&str], kinds: &[&str], expressions: &[&str], expected: &str) {
        let problem = crafted(names, kinds, expressions).err().unwrap_or_default();
        assert!(problem.contains(expected), "{problem:?}");
    }
    assert!(crafted(&["a", "b"], &["number", "date"], &["a * 2", "hour(b)"]).is_ok());
    check(&["a"], &["number"], &[], "it gives no columns");
    check(&["a"], &["number", "number"], &["a"], "expected 1 kinds of column");
    check(&["a"], &["object"], &["a"], "expected 1 kinds of column");
    check(&["a"], &["number"], &["b"], "expression 0: \"b\": there is no column \"b\"");
    check(&["a"], &["number"], &["a", "a +"], "expression 1: \"a +\" is no expression");
    check(&["a"], &["text"], &["a"], "as text and as numbers");
    check(&["a"], &["date"], &["a"], "is a date");
    let deep = format!("{}a{}", "(".repeat(33), ")".repeat(33));
    check(&["a"], &["number"], &[&deep], "nested more than 32 deep");
    let long = "a+".repeat(500) + "a";
    check(&["a"], &["number"], &[&long], "1001 bytes, of at most 1000");
    check(&["a"], &["number"], &["import(a)"], "there is no function import");
}

/// tests/fixtures/features.json.
#[derive(serde::Deserialize)]
struct Fixture {
    columns: Map<String, Value>,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    plan: Value,
    names: Vec<String>,
    /// The matrix, row by row; null is NaN.
    x: Vec<Option<f64>>,
}

#[test]
fn encoders_and_imputers_are_fitted_as_scikit_learn_fits_them() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/features.json"));
    let fixture: Fixture = serde_json::from_str(&text.expect("a fixture")).expect("cases");
    let column = |(name, values): (&String, &Value)| {
        let values = values.as_array().expect("a list");
        match values.iter().any(Value::is_string) {
            true => texts(name, &values.iter().map(Value::as_str).collect::<Vec<_>>()),
            false => numbers(name, &values.iter().map(|value| value.as_f64().unwrap_or(NAN)).collect::<Vec<_>>()),
        }
    };
    let columns: Vec<Column> = fixture.columns.iter().map(column).collect();
    let rows = fixture.columns.values().next().and_then(Value::as_array).map_or(0, Vec::len);
    let table = Table { columns, rows };
    for case in fixture.cases {
        let prepared = plan(case.plan).fit(&table, &names(&table)).expect("the plan fits");
        assert_eq!(prepared.names, case.names, "{}", case.name);
        assert_eq!(prepared.x.len(), case.x.len());
        let bits = |value: f64| if value.is_nan() { NAN.to_bits() } else { value.to_bits() };
        let differs = |(got, expected): (&f64, &Option<f64>)| bits(*got) != bits(expected.unwrap_or(NAN));
        let wrong = prepared.x.iter().zip(&case.x).position(differs);
        let width = case.names.len();
        let at =
            wrong.map(|at| (at / width, &case.names[at % width], prepared.x[(at / width, at % width)], case.x[at]));
        assert_eq!(at, None, "{}: row, column, here and there", case.name);
    }
}
