//! Request to reply: bytes in, bytes out. Decodes the request into a matrix, scores it, writes the answer.
//!
//! Pure: no clock but the durations it reports, no I/O, no HTTP. The whole story of one request is [`Scorer::score`].

mod columns;
mod csv;
mod decode;
mod error;
mod json;
mod number;
mod problem;
mod python;
mod query;
mod records;
mod reply;
mod schema;
mod table;

pub use error::{Code, ErrorKind, ScoreError};

use crate::bundle::Bundle;
use crate::model::{FloatType, InputError, Method, Vocabulary};
use decode::Request;
use ndarray::Array2;
use schema::Schema;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use table::Table;

/// How replies look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyStyle {
    /// A JSON object; errors have their own status.
    #[default]
    Plain,
    /// Exactly what the seed's score.py gives behind Microsoft's server: a JSON *string*, errors as 200. Also its
    /// input: only the forms that pandas reads, no `params`, every body is JSON.
    AzureMl,
}

/// The form of a request's bytes, decided by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Csv,
    /// The query of `GET /score?col=v`, without the `?`.
    Query,
}

/// What happened, for metrics and logs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stats {
    pub rows: usize,
    pub decode: Duration,
    pub score: Duration,
}

/// A bundle prepared to answer requests.
pub struct Scorer {
    bundle: Arc<Bundle>,
    style: ReplyStyle,
    schema: Schema,
    methods: Vec<Method>,
    model_version: String,
}

impl Scorer {
    pub fn new(bundle: Arc<Bundle>, style: ReplyStyle) -> Self {
        Scorer {
            schema: Schema::new(&bundle),
            methods: bundle.methods(),
            model_version: bundle.metadata.scikit_learn_version.clone().unwrap_or_else(|| "unknown".to_owned()),
            style,
            bundle,
        }
    }

    /// The same with the version of a registry in replies, in place of what the bundle says.
    pub fn with_version(self, model_version: String) -> Self {
        Scorer { model_version, ..self }
    }

    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    pub fn style(&self) -> ReplyStyle {
        self.style
    }

    /// The `model_version` of every reply.
    pub fn model_version(&self) -> &str {
        &self.model_version
    }

    /// Scores one request and appends the reply to `out`.
    ///
    /// # Errors
    /// When the request cannot be scored, in both styles; `out` is then unchanged and [`ScoreError::body`] is the reply.
    pub fn score(&self, form: Form, body: &[u8], out: &mut Vec<u8>) -> Result<Stats, ScoreError> {
        let start = Instant::now();
        let text = str::from_utf8(body).map_err(|error| problem::not_utf8(python::decode_error(body, error)))?;
        let request = self.decode(form, text)?;
        let methods = self.outputs(&request.outputs)?;
        let decoded = Instant::now();
        let table = request.table;
        let rows = table.rows;
        let x =
            Array2::from_shape_vec((rows, self.schema.width()), table.cells).expect("a table has rows × columns cells");
        let score = || self.bundle.score(x, &methods);
        let outputs = if table.texts.is_empty() { score() } else { Arc::new(table.texts).during(score) };
        let outputs = outputs.map_err(|error| self.refused(error, form, text))?;
        let scored = Instant::now();
        let outputs: Vec<_> = methods.into_iter().zip(outputs).collect();
        reply::write(out, self.style, &outputs, &self.model_version);
        Ok(Stats { rows, decode: decoded - start, score: scored - decoded })
    }

    fn decode(&self, form: Form, text: &str) -> Result<Request, ScoreError> {
        match (form, self.style) {
            (Form::Csv, ReplyStyle::Plain) => {
                csv::read(&self.schema, text).map(|table| Request { table, outputs: Vec::new() })
            }
            _ => decode::json(&self.schema, self.style, &self.json_text(form, text)),
        }
    }

    /// The request as JSON. Microsoft's server reads every body so, whatever its content type.
    fn json_text<'t>(&self, form: Form, text: &'t str) -> Cow<'t, str> {
        match form {
            Form::Query => query::body(&self.schema, self.style, text).into(),
            Form::Json | Form::Csv => text.into(),
        }
    }

    /// The outputs asked for, each once; the default if none was named.
    fn outputs(&self, names: &[String]) -> Result<Vec<Method>, ScoreError> {
        let mut methods = Vec::new();
        for name in names {
            let method = Method::from_name(name)
                .filter(|method| self.methods.contains(method))
                .ok_or_else(|| problem::unknown_output(name, &self.bundle.estimator_name, &self.methods))?;
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        if methods.is_empty() {
            methods.push(self.bundle.default_method());
        }
        Ok(methods)
    }

    /// Says which value of the request the estimator refuses. Reads the request once more, since scoring consumed the
    /// matrix and an estimator inside a pipeline counts its own columns.
    #[cold]
    fn refused(&self, error: InputError, form: Form, text: &str) -> ScoreError {
        let (row, place) = error.place();
        let Ok(Request { table, .. }) = self.decode(form, text) else {
            return problem::refused(&self.schema, error, None, None);
        };
        let width = self.schema.width();
        let cells = table.cells.chunks_exact(width.max(1)).nth(row).unwrap_or_default();
        let is_cause = |value: &f64| match &error {
            InputError::Missing { .. } => value.is_nan(),
            InputError::Infinite { dtype: FloatType::F64, .. } => value.is_infinite(),
            InputError::Infinite { dtype: FloatType::F32, .. } => value.abs() > f64::from(f32::MAX),
            InputError::UnknownCategory { .. } | InputError::Refused { .. } => true,
        };
        let column = match cells.get(place) {
            Some(value) if is_cause(value) => Some(place),
            _ => cells.iter().position(is_cause),
        };
        let value = column.and_then(|column| self.value_at(form, text, &table, row, column));
        problem::refused(&self.schema, error, column, value)
    }

    /// The value of one cell as a message shows it: what the request says, where it is a text, else the number.
    fn value_at(&self, form: Form, text: &str, table: &Table, row: usize, column: usize) -> Option<String> {
        let csv = form == Form::Csv && self.style == ReplyStyle::Plain;
        if csv {
            return csv::field(&self.schema, text, row, column);
        }
        let value = *table.cells.get(row * self.schema.width() + column)?;
        if value == Vocabulary::UNKNOWN
            && let Some(at) = table.unknown_at(row, column)
        {
            return Some(problem::text_at(&self.json_text(form, text), at));
        }
        let is_text = self.schema.vocabulary.is_text(column);
        let known = if is_text { self.schema.vocabulary.text(value) } else { None };
        Some(known.map_or_else(|| value.to_string(), str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Metadata, Source};
    use crate::model::{Estimator, Transformer};
    use serde_json::{Value, json};

    fn scorer(style: ReplyStyle) -> Scorer {
        let mut vocabulary = Vocabulary::default();
        vocabulary.mark_text(1, ["red"].into_iter());
        vocabulary.intern("red");
        vocabulary.intern("of another column");
        let bundle = Bundle {
            estimator: Estimator::Transformer(Box::new(Transformer::Pipeline(vec![]))),
            scaler: None,
            feature_order: ["size", "colour"].map(str::to_owned).to_vec(),
            metadata: Metadata::default(),
            vocabulary,
            estimator_name: "OrdinalEncoder".to_owned(),
            scaler_name: None,
            extra: serde_json::Map::new(),
            source: Source::default(),
        };
        Scorer::new(Arc::new(bundle), style)
    }

    /// What a client reads when the estimator refuses row 0, column 1 of `[{"size":1,"colour":VALUE}]`.
    fn refusal(error: InputError, value: &str) -> Value {
        let body = format!("{{\"input_data\":[{{\"colour\":{value},\"size\":1}}]}}");
        let error = scorer(ReplyStyle::Plain).refused(error, Form::Json, &body);
        serde_json::from_str(&error.body(ReplyStyle::Plain)).expect("an error is JSON")
    }

    #[test]
    fn an_unknown_category_is_named() {
        let check = |value: &str, python: &str, shown: Value| {
            let error = InputError::UnknownCategory { row: 0, column: 1, own: 1, value: "-1".to_owned() };
            let said =
                format!("row 0, column colour: Found unknown categories [{python}] in column 1 during transform");
            let details = json!({"row": 0, "column": "colour", "value": shown});
            let expected = json!({"error": said, "code": "unknown_category", "details": details});
            assert_eq!(refusal(error, value), expected);
        };
        check("\"bl\\u0075e\"", "'blue'", json!("blue"));
        check("\"it's\"", "\"it's\"", json!("it's"));
        check("\"of another column\"", "'of another column'", json!("of another column"));
        check("7", "'7'", json!("7"));
    }

    #[test]
    fn any_other_refusal_keeps_its_words() {
        let error = InputError::Refused { row: 0, column: 1, message: "no".to_owned() };
        let details = json!({"row": 0, "column": "colour", "value": "red"});
        let expected = json!({"error": "row 0, column colour: no", "code": "refused_value", "details": details});
        assert_eq!(refusal(error, "\"red\""), expected);
    }

    #[test]
    fn a_refusal_of_csv_shows_the_field() {
        let error = InputError::UnknownCategory { row: 1, column: 1, own: 1, value: String::new() };
        let refused = scorer(ReplyStyle::Plain).refused(error, Form::Csv, "colour,size\nred,1\n\"b,c\",2\n");
        assert_eq!(refused.details["value"], "b,c");
        assert_eq!(refused.details["column"], "colour");
    }
}
