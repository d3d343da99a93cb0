//! Every message about a request: for the person who sent it, and as the seed's score.py words it.
//!
//! Values are shortened; bodies are never echoed.

use super::columns::{Column, Values};
use super::error::{Code, ScoreError};
use super::json::{Fault, Scanner, What};
use super::python::{repr, repr_index, repr_list};
use super::schema::Schema;
use crate::model::{Content, InputError, Method};
use serde_json::Value;

/// Characters of a value that a message shows.
const SHOWN: usize = 80;
/// Characters of a value in the messages of the azureml style, where Python shows all.
const SHOWN_AZUREML: usize = 4096;

/// Text that is not JSON, or asks for too much.
pub(super) fn fault(fault: Fault, text: &str) -> ScoreError {
    let before = text.get(..fault.at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    let place =
        |error: ScoreError| error.with("line", line).with("column", column).with("char", before.chars().count());
    match fault.what {
        What::Syntax(what) => {
            let message = format!("{what}: line {line} column {column} (char {})", before.chars().count());
            place(ScoreError::new(Code::MalformedJson, format!("the body is not JSON: {message}")).azureml(message))
        }
        What::Depth(bracket) => {
            let python =
                format!("maximum recursion depth exceeded while decoding a JSON {bracket} from a unicode string");
            place(ScoreError::new(Code::TooDeep, "the body is nested too deeply to be a table").azureml(python))
        }
        What::Digits(digits) => {
            let message = format!(
                "Exceeds the limit (4300 digits) for integer string conversion: value has {digits} digits; \
                 use sys.set_int_max_str_digits() to increase the limit"
            );
            place(
                ScoreError::new(Code::NotANumber, format!("an integer of {digits} digits is too large"))
                    .azureml(message),
            )
        }
        What::TooSparse => ScoreError::new(
            Code::TooSparse,
            "most values of the table are missing or repeated, so that it needs far more memory than its body: \
             send fewer rows at once",
        ),
    }
}

/// The body is JSON, but no object.
pub(super) fn no_object(scan: &Scanner<'_>) -> ScoreError {
    let python = match kind(scan) {
        "list" => "list indices must be integers or slices, not str".to_owned(),
        "str" => "string indices must be integers, not 'str'".to_owned(),
        other => format!("'{other}' object is not subscriptable"),
    };
    let message =
        format!("the body is {}: send an object {{\"input_data\": [{{\"column\": value, …}}, …]}}", noun(scan));
    ScoreError::new(Code::NoInputData, message).azureml(python)
}

pub(super) fn no_input_data() -> ScoreError {
    let message = "the body has no \"input_data\": send {\"input_data\": [{\"column\": value, …}, …]}";
    ScoreError::new(Code::NoInputData, message).azureml("Missing expected column: 'input_data'")
}

/// `input_data` is a list, but of nothing that makes rows.
pub(super) fn no_records(code: Code, schema: &Schema, scan: &Scanner<'_>) -> ScoreError {
    let message = match code {
        Code::NoRows => "\"input_data\" has no rows".to_owned(),
        _ => format!("\"input_data\" starts with {}, not with a record: send a list of objects", noun(scan)),
    };
    ScoreError::new(code, message).azureml(none_of(schema))
}

/// `input_data` is a string, number, bool or null.
pub(super) fn no_table(schema: &Schema, scan: &Scanner<'_>) -> ScoreError {
    let message = format!("\"input_data\" is {}, not a table: send a list of objects", noun(scan));
    let python = match kind(scan) {
        "NoneType" => none_of(schema),
        _ => "DataFrame constructor not properly called!".to_owned(),
    };
    ScoreError::new(Code::NotATable, message).azureml(python)
}

/// An element of a list of records is no record.
pub(super) fn no_record(index: usize, scan: &Scanner<'_>) -> ScoreError {
    let python = match kind(scan) {
        "str" => "dictionary update sequence element #0 has length 1; 2 is required".to_owned(),
        "list" => "cannot convert dictionary update sequence element #0 to a sequence".to_owned(),
        other => format!("'{other}' object is not iterable"),
    };
    let message = format!("row {index} of \"input_data\" is {}, not an object", noun(scan));
    ScoreError::new(Code::NotATable, message).with("row", index).azureml(python)
}

/// A row of a list of lists has not exactly one value for each column; `None`: it is no list.
pub(super) fn wrong_row(index: usize, found: Option<usize>, width: usize) -> ScoreError {
    let error = match found {
        Some(found) => {
            ScoreError::new(Code::UnequalLengths, format!("row {index} has {found} values for {width} columns"))
        }
        None => ScoreError::new(Code::NotATable, format!("row {index} is no list, but row 0 is")),
    };
    error.with("row", index)
}

pub(super) fn unequal_lengths(columns: &[Column<'_>], other: &Column<'_>) -> ScoreError {
    let lengths = columns.iter().chain([other]).filter_map(|column| match column.values {
        Values::List(length) => Some((column.name.raw, length)),
        _ => None,
    });
    let different = lengths.clone().next_back().into_iter();
    let listed: Vec<String> = lengths
        .take(1)
        .chain(different)
        .map(|(name, length)| format!("{} has {length}", shorten(name, SHOWN)))
        .collect();
    let python = "All arrays must be of the same length";
    ScoreError::new(Code::UnequalLengths, format!("{python}: {}", listed.join(", "))).azureml(python)
}

pub(super) fn mixed_dicts() -> ScoreError {
    let message = "some columns of \"input_data\" are objects and some are lists: send only one of the two";
    ScoreError::new(Code::NotATable, message).azureml("Mixing dicts with non-Series may lead to ambiguous ordering.")
}

pub(super) fn only_scalars() -> ScoreError {
    let python = "If using all scalar values, you must pass an index";
    ScoreError::new(Code::NotATable, format!("{python}: for one row send a list of one object, [{{…}}]"))
        .azureml(python)
}

pub(super) fn unnamed_column() -> ScoreError {
    ScoreError::new(Code::NotATable, "\"columns\" holds something else than names")
}

/// No row has these columns.
pub(super) fn missing_columns(schema: &Schema, missing: &[usize]) -> ScoreError {
    let names = || missing.iter().filter_map(|column| schema.names.get(*column));
    let python = if missing.len() == schema.width() {
        none_of(schema)
    } else {
        let message = format!("{} not in index", repr_list(names().map(String::as_str)));
        format!("{MISSING}{}", repr(&message))
    };
    let listed = names().map(String::as_str).collect::<Vec<_>>();
    ScoreError::new(Code::MissingColumn, format!("{MISSING}{}", listed.join(", ")))
        .with("columns", listed)
        .azureml(python)
}

/// As [`missing_columns`], for a dict: says so when it looks like a dict of rows.
pub(super) fn missing_keys(schema: &Schema, missing: &[usize], columns: &[Column<'_>]) -> ScoreError {
    let mut error = missing_columns(schema, missing);
    if missing.len() == schema.width() && columns.iter().all(|column| column.values == Values::Dict) {
        error.message.push_str(" (a dict is read by columns; for rows send a list of objects)");
    }
    error
}

const MISSING: &str = "Missing expected column: ";

fn none_of(schema: &Schema) -> String {
    let message = format!("None of [{}] are in the [columns]", repr_index(&schema.names));
    format!("{MISSING}{}", repr(&message))
}

/// All columns are there, but no row.
pub(super) fn no_rows(schema: &Schema) -> ScoreError {
    let python = format!(
        "Found array with 0 sample(s) (shape=(0, {})) while a minimum of 1 is required by {}.",
        schema.width(),
        schema.first_step
    );
    ScoreError::new(Code::NoRows, "there are no rows to score").azureml(python)
}

/// The value at the scanner's position is no number.
pub(super) fn not_a_number(schema: &Schema, row: usize, column: usize, scan: &Scanner<'_>) -> ScoreError {
    if *schema.vocabulary.content(column) != Content::Number {
        let shown = if kind(scan) == "str" { string(scan) } else { raw(scan).to_owned() };
        return not_a_number_text(schema, row, column, &shown);
    }
    let (what, python) = match kind(scan) {
        "str" => {
            let text = string(scan);
            let python = format!("could not convert string to float: {}", repr(&shorten(&text, SHOWN_AZUREML)));
            (format!("{} is not a number", Value::from(shorten(&text, SHOWN))), python)
        }
        "dict" => {
            let python = "float() argument must be a string or a real number, not 'dict'".to_owned();
            ("an object is not a number".to_owned(), python)
        }
        "list" => ("a list is not a number".to_owned(), "setting an array element with a sequence.".to_owned()),
        _ => ("the integer is too large".to_owned(), "int too large to convert to float".to_owned()),
    };
    let error = at_cell(schema, Code::NotANumber, row, column, &what).azureml(python);
    match kind(scan) {
        "str" => error.with("value", shorten(&string(scan), SHOWN)),
        _ => error.with("value", shorten(raw(scan), SHOWN)),
    }
}

/// As [`not_a_number`], for the plain text of a CSV field, and for what is no date.
pub(super) fn not_a_number_text(schema: &Schema, row: usize, column: usize, text: &str) -> ScoreError {
    let shown = shorten(text, SHOWN);
    let (code, noun) = match schema.vocabulary.content(column) {
        Content::Date => (Code::NotADate, "a date: send \"2024-01-31\" or \"2024-01-31T12:30:00Z\""),
        Content::Document(_) => (Code::NotText, "text: send a string"),
        _ => (Code::NotANumber, "a number"),
    };
    let what = match code {
        // A number, or a list: as it stands in the request.
        Code::NotText => format!("{shown} is not {noun}"),
        _ => format!("{} is not {noun}", Value::from(shown.as_str())),
    };
    at_cell(schema, code, row, column, &what).with("value", shown)
}

/// An error about one cell.
fn at_cell(schema: &Schema, code: Code, row: usize, column: usize, what: &str) -> ScoreError {
    let name = schema.names.get(column).map_or("", String::as_str);
    ScoreError::new(code, format!("row {row}, column {name}: {what}")).with("row", row).with("column", name)
}

/// The estimator refuses a value. `column` is known when the value can be told in the request; `text` is the text of
/// an unknown category.
pub(super) fn refused(schema: &Schema, error: InputError, column: Option<usize>, text: Option<String>) -> ScoreError {
    let (row, _) = error.place();
    let (code, value) = match &error {
        InputError::Missing { .. } => (Code::MissingValue, Value::Null),
        InputError::Infinite { .. } => (Code::InfiniteValue, text.clone().into()),
        InputError::UnknownCategory { .. } => (Code::UnknownCategory, text.clone().into()),
        InputError::Refused { .. } => (Code::RefusedValue, text.clone().into()),
    };
    let said = match (error, text) {
        (InputError::UnknownCategory { row, column: place, own, .. }, Some(text))
            if column.is_some_and(|column| schema.vocabulary.is_text(column)) =>
        {
            InputError::UnknownCategory { row, column: place, own, value: repr(&text) }.to_string()
        }
        (error, _) => error.to_string(),
    };
    let error = match column {
        Some(column) => at_cell(schema, code, row, column, &said),
        None => ScoreError::new(code, format!("row {row}: {said}")).with("row", row),
    };
    error.with("value", value).azureml(said)
}

pub(super) fn bad_params() -> ScoreError {
    let message = "\"params\" must be an object whose \"outputs\" is a list of names, as {\"outputs\": [\"predict\"]}";
    ScoreError::new(Code::BadParams, message)
}

/// The model has no output `name`.
pub(super) fn unknown_output(name: &str, estimator: &str, available: &[Method]) -> ScoreError {
    let names: Vec<&str> = available.iter().map(|method| method.name()).collect();
    let what = match Method::from_name(name) {
        Some(method) => format!("{estimator} has no {}", method.name()),
        None => format!("there is no output {}", Value::from(shorten(name, SHOWN))),
    };
    ScoreError::new(Code::UnknownOutput, format!("{what}; this model has {}", names.join(", ")))
        .with("available", names)
}

pub(super) fn not_utf8(message: String) -> ScoreError {
    let message = format!("Input cannot be decoded as UTF-8: {message}");
    ScoreError::new(Code::NotUtf8, message)
}

pub(super) fn malformed_csv(message: impl Into<String>, line: u64) -> ScoreError {
    ScoreError::new(Code::MalformedCsv, message).with("line", line)
}

/// Python's type of the value at the position.
fn kind(scan: &Scanner<'_>) -> &'static str {
    match scan.peek() {
        b'{' => "dict",
        b'[' => "list",
        b'"' => "str",
        b't' | b'f' => "bool",
        b'n' => "NoneType",
        _ if scan.clone().decimal().is_some_and(|number| number.integer) => "int",
        _ => "float",
    }
}

/// The same in words for JSON.
fn noun(scan: &Scanner<'_>) -> &'static str {
    match kind(scan) {
        "dict" => "an object",
        "list" => "a list",
        "str" => "a string",
        "bool" => "a bool",
        "NoneType" => "null",
        _ => "a number",
    }
}

/// The string at the position.
fn string(scan: &Scanner<'_>) -> String {
    scan.clone().string().map(|text| String::from_utf8_lossy(&text.bytes()).into_owned()).unwrap_or_default()
}

/// The value at byte `at` of a JSON text, as a message shows it.
pub(super) fn text_at(text: &str, at: usize) -> String {
    let scan = Scanner::new(text, at);
    if scan.peek() == b'"' { string(&scan) } else { raw(&scan).to_owned() }
}

/// The text of the value at the position.
fn raw<'a>(scan: &Scanner<'a>) -> &'a str {
    let mut end = scan.clone();
    let _ = end.skip(0);
    scan.text().get(scan.at..end.at).unwrap_or_default()
}

/// `text`, or its beginning.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
