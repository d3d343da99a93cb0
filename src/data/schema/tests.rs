//! Schemas: what is inferred, written, read back, and what each violation says.

use super::*;
use crate::data::{Column, NumberKind, Table, Texts, Values};

fn numbers(name: &str, kind: NumberKind, values: &[f64]) -> Column {
    Column { name: name.to_owned(), values: Values::Numbers { kind, values: values.to_vec() } }
}

fn texts(name: &str, values: &[Option<&str>]) -> Column {
    let mut texts = Texts::default();
    for value in values {
        let known = |text: &str| texts.dictionary.iter().position(|other| other == text);
        let code = match value {
            None => Texts::MISSING,
            Some(text) => known(text).unwrap_or_else(|| {
                texts.dictionary.push((*text).to_owned());
                texts.dictionary.len() - 1
            }) as u32,
        };
        texts.codes.push(code);
    }
    Column { name: name.to_owned(), values: Values::Texts(texts) }
}

fn times(name: &str, values: &[i64]) -> Column {
    Column { name: name.to_owned(), values: Values::Times(values.to_vec()) }
}

fn table(columns: Vec<Column>) -> Table {
    let rows = columns.first().map_or(0, |column| match &column.values {
        Values::Numbers { values, .. } => values.len(),
        Values::Times(values) => values.len(),
        Values::Texts(texts) => texts.codes.len(),
    });
    Table { columns, rows }
}

const NAN: f64 = f64::NAN;

#[test]
fn a_table_fulfils_the_schema_inferred_from_it() {
    let red = [Some("red"), None, Some("blue")].repeat(4);
    let given = table(vec![
        numbers("delay", NumberKind::Float, &[1.5, NAN, -3.0].repeat(4)),
        numbers("id", NumberKind::Integer, &[1.0, 2.0, 3.0].repeat(4)),
        numbers("late", NumberKind::Boolean, &[0.0, 1.0, 1.0].repeat(4)),
        numbers("empty", NumberKind::Float, &[NAN; 12]),
        texts("Colour", &red),
        texts("unique", &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"].map(Some)),
        times("at", &[0, 1, 2].repeat(4)),
    ]);
    let schema = infer(&given);
    let expected = r#"minimum_rows = 6

[[columns]]
name = "delay"
type = "float"
nullable = true
minimum = -3.0
maximum = 1.5

[[columns]]
name = "id"
type = "integer"
nullable = false
minimum = 1
maximum = 3

[[columns]]
name = "late"
type = "boolean"
nullable = false

[[columns]]
name = "empty"
type = "float"
nullable = true

[[columns]]
name = "Colour"
type = "text"
nullable = true
categories = [
    "blue",
    "red",
]

[[columns]]
name = "unique"
type = "text"
nullable = false

[[columns]]
name = "at"
type = "time"
nullable = false
"#;
    let text = schema.to_toml();
    assert_eq!(text.split_once("\n\n").unwrap().1, expected);
    assert_eq!(Schema::from_toml(&text), Ok(schema.clone()));
    let checked = schema.check(given.clone()).unwrap();
    assert_eq!(infer(&checked), infer(&given));
}

/// What `given` violates in the schema of that text, whose columns come after `minimum_rows`.
fn check(schema: &str, given: Vec<Column>, expected: &[&str]) {
    let schema = Schema::from_toml(schema).unwrap();
    let found = match schema.check(table(given)) {
        Ok(_) => Vec::new(),
        Err(violations) => violations.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expected);
}

#[test]
fn every_violation_is_told_at_once() {
    let schema = r#"
        minimum_rows = 10
        columns = [
            { name = "a", type = "float", minimum = 0, maximum = 1.5 },
            { name = "b", type = "integer", nullable = false },
            { name = "c", type = "text", categories = ["x", "y"] },
            { name = "d", type = "time", maximum = "2020-01-01" },
            { name = "e", type = "float" },
            { name = "f", type = "boolean" },
            { name = "g", type = "text" },
            { name = "h", type = "float" },
        ]"#;
    let given = vec![
        numbers("a", NumberKind::Float, &[-1.0, 2.0, 3.0, NAN]),
        numbers("b", NumberKind::Integer, &[1.0, NAN, 2.0, NAN]),
        texts("c", &[Some("x"), Some("z"), None, Some("w")]),
        times("d", &[0, 1_577_836_800_000_001, i64::MIN, 0]),
        texts("e", &[Some("1.5"), None, Some("n.a."), Some("2")]),
        numbers("f", NumberKind::Integer, &[0.0, 1.0, 2.0, NAN]),
        numbers("g", NumberKind::Integer, &[NAN, 7.0, 8.0, 9.0]),
    ];
    check(
        schema,
        given,
        &[
            "the table has 4 rows, fewer than the minimum of 10",
            "column \"a\", row 1: -1 is below the minimum 0",
            "column \"a\", row 2: 2 is above the maximum 1.5 (and in 1 more row)",
            "column \"b\", row 2: the value is missing (and in 1 more row)",
            "column \"c\", row 2: \"z\" is none of the categories (and in 1 more row)",
            "column \"d\", row 2: 2020-01-01T00:00:00.000001Z is above the maximum 2020-01-01",
            "column \"e\", row 3: \"n.a.\" is not a number",
            "column \"f\", row 3: 2 is not a boolean",
            "column \"g\", row 2: 7 is not text (and in 2 more rows)",
            "column \"h\" is missing; there are \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\"",
        ],
    );
}

#[test]
fn names_match_as_people_write_them() {
    let one = "columns = [{ name = \"periodid\", type = \"float\", aliases = [\"pid\"] }]";
    let column = |name: &str| numbers(name, NumberKind::Integer, &[1.0]);
    for name in ["periodid", "Period ID", "PERIOD_ID", "Pid", "p_id"] {
        let schema = Schema::from_toml(one).unwrap();
        let checked = schema.check(table(vec![column("other"), column(name)])).unwrap();
        assert_eq!(checked.columns, [numbers("periodid", NumberKind::Float, &[1.0])], "{name}");
    }
    let ambiguous = "column \"periodid\" may be any of [\"Period ID\", \"periodid\"]: rename or drop all but one";
    check(one, vec![column("Period ID"), column("periodid")], &[ambiguous]);
    let alias = "column \"periodid\" may be any of [\"periodid\", \"PID\"]: rename or drop all but one";
    check(one, vec![column("periodid"), column("PID")], &[alias]);
    let both = "columns = [{ name = \"periodid\", type = \"float\" }, { name = \"Period ID\", type = \"float\" }]";
    check(both, vec![column("Period ID"), column("periodid")], &[]);
}

#[test]
fn types_widen_where_nothing_is_lost() {
    let typed = |kind: &str, column: Column| {
        let schema = Schema::from_toml(&format!("columns = [{{ name = \"a\", type = \"{kind}\" }}]")).unwrap();
        schema.check(table(vec![column])).map(|table| infer(&table).columns[0].kind)
    };
    let values = [1.0, 0.0, NAN];
    assert_eq!(typed("float", numbers("a", NumberKind::Integer, &values)), Ok(Kind::Float));
    assert_eq!(typed("float", numbers("a", NumberKind::Boolean, &values)), Ok(Kind::Float));
    assert_eq!(typed("integer", numbers("a", NumberKind::Float, &values)), Ok(Kind::Integer));
    assert_eq!(typed("boolean", numbers("a", NumberKind::Integer, &values)), Ok(Kind::Boolean));
    for (kind, expected) in [("text", Kind::Text), ("time", Kind::Time), ("integer", Kind::Integer)] {
        assert_eq!(typed(kind, numbers("a", NumberKind::Float, &[NAN])), Ok(expected));
    }
    assert!(typed("integer", numbers("a", NumberKind::Boolean, &values)).is_err());
    assert!(typed("float", times("a", &[0])).is_err());
    assert!(typed("time", texts("a", &[Some("2020-01-01"), Some("x")])).is_err());
}

#[test]
fn a_file_that_is_no_schema_is_refused() {
    let check = |text: &str, expected: &str| {
        let error = Schema::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    };
    check("columns = []", "there are no columns");
    check("minimum_rows = 1", "missing field `columns`");
    check("columns = [{ name = \"a\", type = \"float\", minimun = 1 }]", "unknown field `minimun`");
    check("min_rows = 1\ncolumns = []", "unknown field `min_rows`");
    check("columns = [{ name = \"a\", type = \"double\" }]", "unknown variant `double`");
    check("columns = [{ name = \"a\", type = \"text\", minimum = 1 }]", "text has no minimum");
    check("columns = [{ name = \"a\", type = \"time\", minimum = 1 }]", "given as texts");
    check("columns = [{ name = \"a\", type = \"float\", minimum = \"x\" }]", "given as numbers");
    check("columns = [{ name = \"a\", type = \"float\", categories = [] }]", "only text has categories");
    let a = "{ name = \"a\", type = \"float\" }";
    check(&format!("columns = [{a}, {a}]"), "\"a\" names two columns");
    check(
        &format!("columns = [{a}, {{ name = \"b\", type = \"text\", aliases = [\"a\"] }}]"),
        "\"a\" names two columns",
    );
    let b = |name: &str, alias: &str| format!("{{ name = \"{name}\", type = \"text\", aliases = [\"{alias}\"] }}");
    check(&format!("columns = [{}, {}]", b("x", "k_1"), b("y", "K1")), "\"K1\" names two columns, \"x\" and \"y\"");
}
