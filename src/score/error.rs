//! Why a request is not scored: one table of codes, one shape of error body for each reply style.
//!
//! Never names HTTP: `serve` maps each [`ErrorKind`] to a status.

use super::ReplyStyle;
use super::reply::json_string;
use serde_json::{Map, Value};

/// Why a request is not scored.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ScoreError {
    pub code: Code,
    /// For the person who sent the request: what is wrong, where, and what to do.
    pub message: String,
    /// The place: `row` (from 0), `column`, `value` (shortened), or `line`, `column`, `char` of malformed text.
    pub details: Map<String, Value>,
    /// What the seed's score.py says in this case (pandas 3.1.1, scikit-learn 1.9.1), where it differs.
    pub azureml: Option<String>,
}

/// What is wrong, for programs; the text of each is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// `not_utf8`: the body is not UTF-8 text.
    NotUtf8,
    /// `malformed_json`: the body is not JSON as Python reads it.
    MalformedJson,
    /// `malformed_csv`: a row has more fields than the header, or there is no header.
    MalformedCsv,
    /// `too_deep`: the JSON is nested deeper than any table.
    TooDeep,
    /// `no_input_data`: the body is no object with the key `input_data`.
    NoInputData,
    /// `not_a_table`: `input_data` has none of the forms that make a table.
    NotATable,
    /// `unequal_lengths`: columns, or a row of a list of lists, have the wrong number of values.
    UnequalLengths,
    /// `no_rows`: there is nothing to score.
    NoRows,
    /// `too_sparse`: the table would need far more memory than the body that describes it.
    TooSparse,
    /// `bad_params`: `params` is not `{"outputs": [names]}`.
    BadParams,
    /// `missing_column`: columns that no row has.
    MissingColumn,
    /// `not_a_number`: a value that Python's `float()` refuses.
    NotANumber,
    /// `not_a_date`: a value of a column of dates that is none in ISO 8601.
    NotADate,
    NotText,
    /// `missing_value`: null or NaN where the estimator refuses it.
    MissingValue,
    /// `infinite_value`: infinite, or too large for the estimator's float type.
    InfiniteValue,
    /// `unknown_category`: a text that the encoder was not fitted on.
    UnknownCategory,
    /// `refused_value`: any other value that the estimator refuses.
    RefusedValue,
    /// `unknown_output`: an output that the model does not have.
    UnknownOutput,
}

/// Classes of error; `serve` maps each to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Not UTF-8: 400 in both styles, the only error that the azureml style does not answer with 200.
    NotUtf8,
    /// Not JSON, not CSV, wrong shape: 400.
    Malformed,
    /// A column is missing from all rows: 400.
    MissingColumn,
    /// A value is not a number: 400.
    BadValue,
    /// The table is far larger than its text: 413.
    TooLarge,
    /// The estimator refuses a value: 422.
    Refused,
    /// An output that the model does not have: 400.
    UnknownOutput,
}

impl Code {
    pub const ALL: [Code; 19] = [
        Code::NotUtf8,
        Code::MalformedJson,
        Code::MalformedCsv,
        Code::TooDeep,
        Code::NoInputData,
        Code::NotATable,
        Code::UnequalLengths,
        Code::NoRows,
        Code::TooSparse,
        Code::BadParams,
        Code::MissingColumn,
        Code::NotANumber,
        Code::NotADate,
        Code::NotText,
        Code::MissingValue,
        Code::InfiniteValue,
        Code::UnknownCategory,
        Code::RefusedValue,
        Code::UnknownOutput,
    ];

    /// The text that stands in the reply.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::NotUtf8 => "not_utf8",
            Code::MalformedJson => "malformed_json",
            Code::MalformedCsv => "malformed_csv",
            Code::TooDeep => "too_deep",
            Code::NoInputData => "no_input_data",
            Code::NotATable => "not_a_table",
            Code::UnequalLengths => "unequal_lengths",
            Code::NoRows => "no_rows",
            Code::TooSparse => "too_sparse",
            Code::BadParams => "bad_params",
            Code::MissingColumn => "missing_column",
            Code::NotANumber => "not_a_number",
            Code::NotADate => "not_a_date",
            Code::NotText => "not_text",
            Code::MissingValue => "missing_value",
            Code::InfiniteValue => "infinite_value",
            Code::UnknownCategory => "unknown_category",
            Code::RefusedValue => "refused_value",
            Code::UnknownOutput => "unknown_output",
        }
    }

    /// The class that decides the status.
    pub fn kind(self) -> ErrorKind {
        match self {
            Code::NotUtf8 => ErrorKind::NotUtf8,
            Code::MalformedJson
            | Code::MalformedCsv
            | Code::TooDeep
            | Code::NoInputData
            | Code::NotATable
            | Code::UnequalLengths
            | Code::NoRows
            | Code::BadParams => ErrorKind::Malformed,
            Code::TooSparse => ErrorKind::TooLarge,
            Code::MissingColumn => ErrorKind::MissingColumn,
            Code::NotANumber | Code::NotADate | Code::NotText => ErrorKind::BadValue,
            Code::MissingValue | Code::InfiniteValue | Code::UnknownCategory | Code::RefusedValue => ErrorKind::Refused,
            Code::UnknownOutput => ErrorKind::UnknownOutput,
        }
    }
}

impl ScoreError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        ScoreError { code, message: message.into(), details: Map::new(), azureml: None }
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    pub(super) fn azureml(mut self, text: impl Into<String>) -> Self {
        self.azureml = Some(text.into());
        self
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.code.kind()
    }

    /// The reply's body.
    ///
    /// Plain: `{"error": …, "code": …, "details": {…}}`. AzureMl: the JSON string that holds `{"error": …}`, to be sent
    /// with status 200; for [`ErrorKind::NotUtf8`] alone `{"message": …}`, to be sent with 400.
    pub fn body(&self, style: ReplyStyle) -> String {
        let text = self.azureml.as_deref().unwrap_or(&self.message);
        match style {
            ReplyStyle::Plain => {
                let mut body = Map::new();
                body.insert("error".into(), self.message.clone().into());
                body.insert("code".into(), self.code.as_str().into());
                body.insert("details".into(), self.details.clone().into());
                Value::Object(body).to_string()
            }
            ReplyStyle::AzureMl if self.kind() == ErrorKind::NotUtf8 => {
                format!("{{\"message\": {}}}", json_string(text))
            }
            ReplyStyle::AzureMl => json_string(&format!("{{\"error\": {}}}", json_string(text))),
        }
    }
}
