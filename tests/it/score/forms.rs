//! Every form of a request gives the same matrix, bit for bit; and what each form alone has to say.

use super::{bundle, echo, matrix};
use proptest::prelude::*;
use scorelet::model::{Estimator, Transformer};
use scorelet::score::{Form, ReplyStyle, Scorer};
use std::sync::Arc;

const NAMES: [&str; 3] = ["amount", "größe \"x\"", "a\\b\n"];

/// A number as text, in one of the ways to write it that read back as the same.
fn number(value: Option<f64>, how: u8) -> String {
    match (value, how % 4) {
        (None, _) => "null".to_owned(),
        (Some(value), 0) => format!("{value:?}"),
        (Some(value), 1) => format!("{value:e}"),
        (Some(value), 2) => format!("{value:.400}"),
        (Some(value), _) => format!("\" {value:?}\\t\""),
    }
}

fn key(name: &str) -> String {
    serde_json::to_string(name).expect("a name")
}

type Rows = Vec<[(Option<f64>, u8); 3]>;

fn cell() -> impl Strategy<Value = (Option<f64>, u8)> {
    (prop::option::weighted(0.9, any::<f64>().prop_filter("JSON has finite numbers", |x| x.is_finite())), any::<u8>())
}

fn rows() -> impl Strategy<Value = Rows> {
    prop::collection::vec([cell(), cell(), cell()], 1..6)
}

/// The same table in every form of JSON.
fn forms(rows: &Rows) -> Vec<String> {
    let cell = |row: usize, column: usize| number(rows[row][column].0, rows[row][column].1);
    let each_row = |write: &dyn Fn(usize) -> String| (0..rows.len()).map(write).collect::<Vec<_>>().join(",");
    let each_column = |write: &dyn Fn(usize) -> String| [2, 0, 1].map(write).join(",");
    let record = |row| format!("{{{}}}", each_column(&|c| format!("{}: {}", key(NAMES[c]), cell(row, c))));
    let list = |row| format!("[{},{} , {}]", cell(row, 0), cell(row, 1), cell(row, 2));
    let lists = |c| format!("{}:[{}]", key(NAMES[c]), each_row(&|row| cell(row, c)));
    let dicts = |c| format!("{}:{{{}}}", key(NAMES[c]), each_row(&|row| format!("\"{row}\":{}", cell(row, c))));
    let split = |row| format!("[{},0,{},{}]", cell(row, 1), cell(row, 2), cell(row, 0));
    let columns = [NAMES[1], "more", NAMES[2], NAMES[0]].map(key).join(",");
    vec![
        format!("[{}]", each_row(&record)),
        format!("[{}]", each_row(&list)),
        format!("{{{}}}", each_column(&lists)),
        format!("{{{}}}", each_column(&dicts)),
        format!("{{\"columns\":[{columns}],\"index\":[],\"data\":[{}]}}", each_row(&split)),
    ]
}

fn csv(rows: &Rows) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let field = |(value, how): &(Option<f64>, u8)| match value {
        None => ["", "NaN", "\"NA\"", "null"][usize::from(how % 4)].to_owned(),
        Some(_) => number(*value, how % 3),
    };
    let header = ["more", NAMES[2], NAMES[0], NAMES[1]].map(quoted).join(",");
    let line = |row: &[(Option<f64>, u8); 3]| format!("x,{},{},{}\r\n", field(&row[2]), field(&row[0]), field(&row[1]));
    format!("{header}\n{}", rows.iter().map(line).collect::<String>())
}

fn bits(matrix: &[Vec<Option<f64>>]) -> Vec<Vec<Option<u64>>> {
    matrix.iter().map(|row| row.iter().map(|value| value.map(f64::to_bits)).collect()).collect()
}

proptest! {
    #[test]
    fn every_form_decodes_to_the_same_matrix(rows in rows()) {
        let scorer = echo(&NAMES, ReplyStyle::Plain);
        let expected: Vec<Vec<Option<f64>>> = rows.iter().map(|row| row.map(|(value, _)| value).to_vec()).collect();
        for form in forms(&rows) {
            let got = matrix(&scorer, Form::Json, &format!("{{\"input_data\":{form}}}")).map_err(TestCaseError::fail)?;
            prop_assert_eq!(bits(&got), bits(&expected), "{}", form);
        }
        let got = matrix(&scorer, Form::Csv, &csv(&rows)).map_err(TestCaseError::fail)?;
        prop_assert_eq!(bits(&got), bits(&expected), "{}", csv(&rows));
    }

    #[test]
    fn numbers_are_those_of_the_standard_library(
        whole in "0|[1-9][0-9]{0,24}", fraction in "(\\.[0-9]{1,30})?", exponent in "([eE][-+]?[0-9]{1,3})?", minus: bool,
    ) {
        let text = format!("{}{whole}{fraction}{exponent}", if minus { "-" } else { "" });
        let integer = fraction.is_empty() && exponent.is_empty();
        let value: f64 = text.parse().expect("a number");
        // Python's int has no negative zero, and JSON no infinity
        let expected = if integer && value == 0.0 { Some(0.0) } else { Some(value).filter(|value| value.is_finite()) };
        let scorer = echo(&["a"], ReplyStyle::Plain);
        for body in [format!("{{\"input_data\":[{{\"a\":{text}}}]}}"), format!("{{\"input_data\":{{\"a\":[{text}]}}}}")] {
            let got = matrix(&scorer, Form::Json, &body).map_err(TestCaseError::fail)?;
            prop_assert_eq!(bits(&got), bits(&[vec![expected]]), "{}", body);
        }
    }
}

#[test]
fn rows_in_csv() {
    let scorer = echo(&["a", "b"], ReplyStyle::Plain);
    let check = |body: &str, expected: Result<&[[Option<f64>; 2]], &str>| {
        let got = matrix(&scorer, Form::Csv, body);
        assert_eq!(got, expected.map(|rows| rows.iter().map(|row| row.to_vec()).collect()), "{body:?}");
    };
    check("a,b\n1,2\n", Ok(&[[Some(1.0), Some(2.0)]]));
    check("\u{feff}b,a\r\n1,2", Ok(&[[Some(2.0), Some(1.0)]]));
    check("a,b\n\n1,2\n\n3,4\n", Ok(&[[Some(1.0), Some(2.0)], [Some(3.0), Some(4.0)]]));
    check("a,\"b\"\n\"1\", 2 \n", Ok(&[[Some(1.0), Some(2.0)]]));
    check("a,b\n,\"\"\n<NA>,#N/A\nNULL,None\n", Ok(&[[None, None]; 3]));
    check("a,b\nTrue,false\n", Ok(&[[Some(1.0), Some(0.0)]]));
    check("a,b,a\n1,2,3\n", Ok(&[[Some(1.0), Some(2.0)]]));
    check("a,x,b\n1,\"p,\nq\"\"\",2\n", Ok(&[[Some(1.0), Some(2.0)]]));
    check("a,b\n1\n", Ok(&[[Some(1.0), None]]));
    check("a,b\n1,2,3\n", Err("malformed_csv"));
    check("a\n1\n", Err("missing_column"));
    check("a,b\n", Err("no_rows"));
    check("", Err("malformed_csv"));
    check("a,b\n1,x\n", Err("not_a_number"));
}

#[test]
fn one_row_in_a_query() {
    let scorer = echo(&["a", "b c"], ReplyStyle::Plain);
    let check = |query: &str, expected: Result<&[[Option<f64>; 2]], &str>| {
        let got = matrix(&scorer, Form::Query, query);
        assert_eq!(got, expected.map(|rows| rows.iter().map(|row| row.to_vec()).collect()), "{query}");
    };
    check("a=1&b+c=2", Ok(&[[Some(1.0), Some(2.0)]]));
    check("b%20c=2.5&x=text&&a=1e3", Ok(&[[Some(1000.0), Some(2.5)]]));
    check("a=1_0&b+c=null", Ok(&[[Some(10.0), None]]));
    check("a=true&b+c=%22+7+%22", Ok(&[[Some(1.0), Some(7.0)]]));
    check("a=%2B5&b+c=nan", Ok(&[[Some(5.0), None]]));
    check("a=1&a=2&b+c=3", Err("not_a_number"));
    check("a=1&b+c=", Err("not_a_number"));
    check("a=1&b+c=%zz", Err("not_a_number"));
    check("a=1", Err("missing_column"));
    check("", Err("missing_column"));
    check("input_data=[{%22a%22:1,%22b+c%22:2},{%22a%22:3}]", Ok(&[[Some(1.0), Some(2.0)], [Some(3.0), None]]));
    check("input_data={%22a%22:[1],%22b+c%22:[2]}&x=1", Ok(&[[Some(1.0), Some(2.0)]]));
    check("input_data=text", Err("not_a_table"));
}

#[test]
fn columns_named_like_the_split_form_are_columns() {
    let scorer = echo(&["columns", "data"], ReplyStyle::Plain);
    let got = matrix(&scorer, Form::Json, "{\"input_data\":{\"columns\":[1,2],\"data\":[3,4]}}");
    assert_eq!(got, Ok(vec![vec![Some(1.0), Some(3.0)], vec![Some(2.0), Some(4.0)]]));
    let scorer = echo(&["input_data"], ReplyStyle::Plain);
    assert_eq!(matrix(&scorer, Form::Query, "input_data=5"), Ok(vec![vec![Some(5.0)]]));
}

#[test]
fn text_columns_take_codes() {
    let mut bundle = bundle(Estimator::Transformer(Box::new(Transformer::Pipeline(vec![]))), &["colour", "size"]);
    bundle.vocabulary.mark_text(0, ["rot", "bl\"au"].into_iter());
    let (red, blue) = (bundle.vocabulary.intern("rot"), bundle.vocabulary.intern("bl\"au"));
    let (red, blue) = (Some(f64::from(red)), Some(f64::from(blue)));
    let scorer = Scorer::new(Arc::new(bundle), ReplyStyle::Plain);
    let check = |form: Form, body: &str, expected: Option<f64>| {
        assert_eq!(matrix(&scorer, form, body), Ok(vec![vec![expected, Some(1.0)]]), "{body}");
    };
    let json = |value: &str| format!("{{\"input_data\":[{{\"size\":1,\"colour\":{value}}}]}}");
    check(Form::Json, &json("\"rot\""), red);
    check(Form::Json, &json("\"bl\\\"\\u0061u\""), blue);
    check(Form::Json, &json("null"), None);
    check(Form::Json, &json("NaN"), None);
    for unknown in ["\"ROT\"", "\"\"", "\"\\ud800\"", "7", "true", "-Infinity"] {
        check(Form::Json, &json(unknown), Some(-1.0));
    }
    check(Form::Csv, "colour,size\nrot,1\n", red);
    check(Form::Csv, "colour,size\n\"bl\"\"au\",1\n", blue);
    check(Form::Csv, "colour,size\nNA,1\n", None);
    check(Form::Query, "colour=rot&size=1", red);
    assert_eq!(matrix(&scorer, Form::Json, &json("[\"rot\"]")), Err("not_a_number"));
}
