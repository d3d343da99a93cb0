//! What the description and the pages say of a loaded bundle: gathered once, from the bundle and by asking it.

use crate::bundle::{Bundle, Metadata, Source};
use crate::calendar;
use crate::model::{Classes, Content, Method, Output};
use crate::score::{Form, ReplyStyle, Scorer};
use ndarray::Array2;
use serde_json::{Map, Value, json};

/// What only the server knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The model's name: `--model-name`, its registry name, or the file's stem.
    pub model_name: String,
    /// What replies carry as `model_version`.
    pub model_version: String,
    /// Largest request body, in bytes.
    pub max_body: usize,
}

/// One loaded bundle as its users see it. Owned, so that it outlives the bundle it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiInfo {
    pub service: Service,
    pub reply: ReplyStyle,
    /// scikit-learn's class name.
    pub estimator: String,
    pub scaler: Option<String>,
    pub metadata: Metadata,
    /// Other keys of the bundle.
    pub extra: Map<String, Value>,
    pub source: Source,
    /// Input columns, in the order the model expects.
    pub features: Vec<Feature>,
    /// What can be asked for in `params.outputs`.
    pub outputs: Vec<OutputInfo>,
    /// What a request gets that names no output.
    pub default_output: Method,
    /// The reply to [`ApiInfo::example_request`]; `None` when the model refuses the example row.
    pub example_reply: Option<Value>,
}

/// One input column.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    pub name: String,
    pub content: Content,
    /// A missing value reaches the model and is scored.
    pub accepts_missing: bool,
    /// A sensible value: the centre of the training data where the bundle tells, else 0.
    pub example: Value,
}

/// One output and the form it has in a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputInfo {
    pub method: Method,
    /// `None` when the model refused the row that would have shown it.
    pub shape: Option<Shape>,
}

/// What one output holds, without its first axis where that is the row.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// One of these labels.
    Label(Classes),
    Integer,
    Number,
    /// That many numbers.
    Numbers(usize),
    /// One of each, for the outputs of a multi-output classifier.
    Columns(Vec<Shape>),
    /// Not row by row: one list of rows for each output, with that many numbers in a row.
    PerOutput(Vec<usize>),
}

impl ApiInfo {
    /// Gathers the facts. Scores a few rows to learn what no attribute tells: the type of the labels, which columns may
    /// be missing, an example reply. Costs about as much as a warm-up; make it once for each loaded bundle.
    pub fn new(scorer: &Scorer, service: Service) -> Self {
        let bundle = scorer.bundle();
        let row = typical_row(bundle);
        let mut api = ApiInfo {
            service,
            reply: scorer.style(),
            estimator: bundle.estimator_name.clone(),
            scaler: bundle.scaler_name.clone(),
            metadata: bundle.metadata.clone(),
            extra: bundle.extra.clone(),
            source: bundle.source.clone(),
            features: features(bundle, &row),
            outputs: outputs(bundle, &row),
            default_output: bundle.default_method(),
            example_reply: None,
        };
        let mut reply = vec![];
        let request = api.example_request().to_string();
        if scorer.score(Form::Json, request.as_bytes(), &mut reply).is_ok() {
            api.example_reply = serde_json::from_slice(&reply).ok();
        }
        api
    }

    /// What is served, in one sentence.
    pub fn summary(&self) -> String {
        let scaler = self.scaler.as_ref().map(|scaler| format!(" behind a {scaler}")).unwrap_or_default();
        let trained = self.metadata.trained_at.as_ref().map(|when| format!(", trained at {when}")).unwrap_or_default();
        format!("{}{scaler}{trained}, served by scorelet {}.", self.estimator, env!("CARGO_PKG_VERSION"))
    }

    /// One row, as a record.
    pub fn example_record(&self) -> Value {
        Value::Object(self.features.iter().map(|f| (f.name.clone(), f.example.clone())).collect())
    }

    /// A request body that this model scores.
    pub fn example_request(&self) -> Value {
        json!({"input_data": [self.example_record()]})
    }

    /// The same as CSV: a header and one row.
    pub fn example_csv(&self) -> String {
        let names: Vec<String> = self.features.iter().map(|f| csv_field(&f.name)).collect();
        let cells: Vec<String> = self.features.iter().map(|f| csv_cell(&f.example)).collect();
        format!("{}\n{}\n", names.join(","), cells.join(","))
    }
}

fn csv_cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), csv_field)
}

/// A field quoted as RFC 4180 wants it.
fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) || text.is_empty() {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

impl Shape {
    fn of(output: &Output) -> Shape {
        match output {
            Output::Labels { classes, .. } => Shape::Label((**classes).clone()),
            Output::Ints(_) => Shape::Integer,
            Output::Floats(_) => Shape::Number,
            Output::Matrix(matrix) => Shape::Numbers(matrix.ncols()),
            Output::Columns(columns) => Shape::Columns(columns.iter().map(Shape::of).collect()),
            Output::List(matrices) => Shape::PerOutput(matrices.iter().map(Array2::ncols).collect()),
        }
    }
}

fn features(bundle: &Bundle, row: &[f64]) -> Vec<Feature> {
    let missing = accepts_missing(bundle, row);
    let feature = |(i, name): (usize, &String)| {
        let content = bundle.vocabulary.content(i).clone();
        let example = match &content {
            Content::Text(known) => json!(known.first().map_or("", String::as_str)),
            Content::Document(example) => json!(example),
            Content::Date => json!(calendar::text(row.get(i).map_or(0, |micros| *micros as i64))),
            Content::Unused => Value::Null,
            Content::Number => plain_number(row.get(i).copied().unwrap_or(0.0)),
        };
        Feature { name: name.clone(), content, accepts_missing: missing.get(i).copied().unwrap_or(false), example }
    };
    bundle.feature_order.iter().enumerate().map(feature).collect()
}

/// A whole number without `.0`, as people write it.
fn plain_number(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 1e15 { json!(x as i64) } else { json!(x) }
}

fn outputs(bundle: &Bundle, row: &[f64]) -> Vec<OutputInfo> {
    let shape = |method| score(bundle, row, method).as_ref().map(Shape::of);
    bundle.methods().into_iter().map(|method| OutputInfo { method, shape: shape(method) }).collect()
}

/// Which columns the model scores when they are missing: asked, because it depends on every step and its version.
fn accepts_missing(bundle: &Bundle, row: &[f64]) -> Vec<bool> {
    let accepts = |row: &[f64]| score(bundle, row, bundle.default_method()).is_some();
    if accepts(&vec![f64::NAN; row.len()]) {
        return vec![true; row.len()];
    }
    let mut probe = row.to_vec();
    let mut one = |i: usize| {
        let kept = std::mem::replace(&mut probe[i], f64::NAN);
        let answer = accepts(&probe);
        probe[i] = kept;
        answer
    };
    (0..row.len()).map(&mut one).collect()
}

/// One output of one row, or nothing when the model refuses it.
fn score(bundle: &Bundle, row: &[f64], method: Method) -> Option<Output> {
    let x = Array2::from_shape_vec((1, row.len()), row.to_vec()).ok()?;
    bundle.vocabulary.examples(row.len()).during(|| bundle.score(x, &[method])).ok()?.pop()
}

/// A row in the middle of the training data, as far as the bundle tells; zeros where it does not.
fn typical_row(bundle: &Bundle) -> Vec<f64> {
    let width = bundle.feature_order.len();
    let told = match &bundle.scaler {
        Some(scaler) => scaler.typical_input(),
        None => bundle.estimator.typical_input(),
    };
    let row = told.filter(|row| row.len() == width).unwrap_or_else(|| vec![0.0; width]);
    let shown = |(at, x): (usize, f64)| match bundle.vocabulary.content(at) {
        Content::Number if x.is_finite() => round_to(x, 4),
        // The first of its texts, which the example shows.
        Content::Text(known) => known.first().map_or(f64::NAN, |text| bundle.vocabulary.code(text)),
        Content::Document(_) => at as f64,
        _ => 0.0,
    };
    row.into_iter().enumerate().map(shown).collect()
}

/// `x` with that many significant digits.
fn round_to(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits.saturating_sub(1)).parse().unwrap_or(0.0)
}
