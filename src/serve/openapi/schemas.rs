//! The bodies: what `/score` takes and gives for this bundle, and the one form of all errors.

use super::api::{ApiInfo, Feature, Shape};
use super::dialect::Dialect;
use crate::model::{Classes, Content, Method};
use crate::score::ReplyStyle;
use serde_json::{Map, Value, json};

/// Classifiers with more labels than this get no `enum`.
const MAX_LABELS: usize = 100;

/// All named schemas.
pub(super) fn all(api: &ApiInfo, dialect: Dialect) -> Value {
    let mut schemas = json!({
        "ServiceInput": service_input(api, dialect),
        "ServiceOutput": service_output(api, dialect),
        "ErrorResponse": error(api.reply),
        "Record": record(api, dialect),
    });
    if !dialect.is_v2() {
        for form in forms(api.reply) {
            schemas[form] = match *form {
                "Records" => records(dialect),
                "Columns" => columns(api, dialect),
                "Split" => split(api, dialect),
                _ => rows(api, dialect),
            };
        }
    }
    schemas
}

/// The forms of `input_data`; the seed's score.py knows two.
fn forms(reply: ReplyStyle) -> &'static [&'static str] {
    match reply {
        ReplyStyle::Plain => &["Records", "Columns", "Split", "Rows"],
        ReplyStyle::AzureMl => &["Records", "Columns"],
    }
}

fn records(dialect: Dialect) -> Value {
    json!({"title": "List of records", "type": "array", "minItems": 1, "items": dialect.schema_ref("Record")})
}

fn service_input(api: &ApiInfo, dialect: Dialect) -> Value {
    let refs = forms(api.reply).iter().map(|name| dialect.schema_ref(name)).collect();
    let mut input_data = dialect.any_of(refs, Some(records(dialect)));
    let beyond = match api.reply {
        ReplyStyle::Plain => ", the split form {columns, index, data}, and a list of rows in feature order",
        ReplyStyle::AzureMl => "",
    };
    input_data["description"] = json!(format!(
        "The rows to score: a list of records. Also taken: a dict of columns (lists, a scalar for all rows, or dicts by \
         row){beyond}. Further columns are ignored; booleans and numeric strings are read as numbers."
    ));
    let mut properties = json!({"input_data": input_data});
    if api.reply == ReplyStyle::Plain {
        properties["params"] = json!({
            "type": "object",
            "properties": {"outputs": outputs_param(api)},
        });
    }
    let schema = json!({"type": "object", "required": ["input_data"], "properties": properties});
    dialect.with_example(schema, api.example_request())
}

fn outputs_param(api: &ApiInfo) -> Value {
    let names: Vec<&str> = api.outputs.iter().map(|output| output.method.name()).collect();
    json!({
        "type": "array",
        "description": format!("What to compute; {} when absent.", api.default_output.name()),
        "items": {"type": "string", "enum": names},
    })
}

fn record(api: &ApiInfo, dialect: Dialect) -> Value {
    let names: Vec<&str> = api.features.iter().map(|f| f.name.as_str()).collect();
    let properties: Map<String, Value> = api
        .features
        .iter()
        .map(|f| (f.name.clone(), dialect.with_example(value(f, dialect), f.example.clone())))
        .collect();
    let mut schema = json!({
        "title": "Record",
        "type": "object",
        "description": "One row: each column by its name, in any order.",
        "properties": properties,
    });
    if !names.is_empty() {
        schema["required"] = json!(names);
    }
    schema
}

/// One cell of a column.
pub(super) fn value(feature: &Feature, dialect: Dialect) -> Value {
    let schema = match &feature.content {
        Content::Text(known) => json!({"type": "string", "description": categories(known)}),
        Content::Document(_) => json!({"type": "string", "description": "Any text."}),
        Content::Date => {
            json!({"type": "string", "description": "A date or time in ISO 8601; UTC where it has no offset."})
        }
        Content::Unused => return json!({}),
        Content::Number => json!({"type": "number"}),
    };
    if feature.accepts_missing { dialect.nullable(schema) } else { schema }
}

/// No `enum`: what a model makes of a text that it does not know, is its own affair.
fn categories(known: &[String]) -> String {
    let shown: Vec<String> = known.iter().take(MAX_LABELS).map(|text| json!(text).to_string()).collect();
    let more = if known.len() > MAX_LABELS { ", …" } else { "" };
    format!("A category; the model knows {}{more}.", shown.join(", "))
}

fn columns(api: &ApiInfo, dialect: Dialect) -> Value {
    let column = |feature: &Feature| {
        let cell = value(feature, dialect);
        let list = json!({"type": "array", "items": cell});
        let by_row = json!({"type": "object", "additionalProperties": cell});
        (feature.name.clone(), dialect.any_of(vec![list, by_row, cell], None))
    };
    let properties: Map<String, Value> = api.features.iter().map(column).collect();
    let names: Vec<&str> = api.features.iter().map(|f| f.name.as_str()).collect();
    json!({
        "title": "Dict of columns",
        "type": "object",
        "description": "Each column as a list of equal length, as one value for all rows, or as a dict by row.",
        "properties": properties,
        "required": names,
    })
}

fn split(api: &ApiInfo, dialect: Dialect) -> Value {
    json!({
        "title": "Split form",
        "type": "object",
        "description": "MLflow's pandas-split form: names once, then the rows.",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "index": {"type": "array", "items": {}},
            "data": {"type": "array", "minItems": 1, "items": {"type": "array", "items": any_cell(api, dialect)}},
        },
        "required": ["columns", "data"],
    })
}

fn rows(api: &ApiInfo, dialect: Dialect) -> Value {
    let width = api.features.len();
    json!({
        "title": "List of rows",
        "type": "array",
        "description": format!("Each row's {width} values in feature order."),
        "minItems": 1,
        "items": {"type": "array", "minItems": width, "maxItems": width, "items": any_cell(api, dialect)},
    })
}

/// A cell of any column: as narrow as all columns allow.
fn any_cell(api: &ApiInfo, dialect: Dialect) -> Value {
    match api.features.split_first() {
        Some((first, rest)) if rest.iter().all(|f| f.content == first.content) => {
            let accepts_missing = api.features.iter().any(|f| f.accepts_missing);
            value(&Feature { accepts_missing, ..first.clone() }, dialect)
        }
        _ => json!({}),
    }
}

fn service_output(api: &ApiInfo, dialect: Dialect) -> Value {
    let schema = match api.reply {
        ReplyStyle::Plain => plain_output(api, dialect),
        ReplyStyle::AzureMl => json!({
            "type": "string",
            "description": "JSON text, encoded once more as a JSON string: decode it twice. It holds `predictions` and \
                            `model_version`, or only `error`.",
        }),
    };
    match &api.example_reply {
        Some(example) => dialect.with_example(schema, example.clone()),
        None => schema,
    }
}

fn plain_output(api: &ApiInfo, dialect: Dialect) -> Value {
    let mut properties = Map::new();
    for output in &api.outputs {
        let mut schema = match &output.shape {
            Some(shape) => array_of(shape, dialect),
            None => json!({"type": "array", "items": {}}),
        };
        schema["description"] = json!(meaning(output.method));
        let name = if output.method == Method::Predict { "predictions" } else { output.method.name() };
        properties.insert(name.to_owned(), schema);
    }
    properties.insert("model_version".into(), json!({"type": "string"}));
    let default = if api.default_output == Method::Predict { "predictions" } else { api.default_output.name() };
    json!({
        "type": "object",
        "description": format!("`{default}`, or one array for each output asked for in `params.outputs`."),
        "properties": properties,
        "required": ["model_version"],
    })
}

fn meaning(method: Method) -> &'static str {
    match method {
        Method::Predict => "One prediction for each row.",
        Method::PredictProba => "One probability for each class.",
        Method::DecisionFunction => "Distance from the decision boundary; its sign decides.",
        Method::ScoreSamples => "How normal each row is: the lower, the more abnormal.",
        Method::Transform => "The transformed row.",
    }
}

/// A whole output: an array by row, but for [`Shape::PerOutput`].
fn array_of(shape: &Shape, dialect: Dialect) -> Value {
    match shape {
        Shape::PerOutput(widths) => {
            let item = match widths.split_first() {
                Some((first, rest)) if rest.iter().all(|width| width == first) => numbers(*first, dialect),
                _ => json!({"type": "array", "items": float(dialect)}),
            };
            json!({
                "type": "array", "minItems": widths.len(), "maxItems": widths.len(),
                "items": {"type": "array", "items": item},
            })
        }
        row => json!({"type": "array", "items": item(row, dialect)}),
    }
}

/// What one row has of an output.
fn item(shape: &Shape, dialect: Dialect) -> Value {
    match shape {
        Shape::Label(classes) => label(classes),
        Shape::Integer => json!({"type": "integer"}),
        Shape::Number => float(dialect),
        Shape::Numbers(width) => numbers(*width, dialect),
        Shape::Columns(columns) => {
            let mut schemas: Vec<Value> = columns.iter().map(|column| item(column, dialect)).collect();
            schemas.dedup();
            let items = if schemas.len() == 1 { schemas.remove(0) } else { dialect.any_of(schemas, None) };
            json!({"type": "array", "minItems": columns.len(), "maxItems": columns.len(), "items": items})
        }
        Shape::PerOutput(_) => json!({}),
    }
}

fn numbers(width: usize, dialect: Dialect) -> Value {
    json!({"type": "array", "minItems": width, "maxItems": width, "items": float(dialect)})
}

/// A computed number; JSON has no NaN and no infinity, so they are null.
fn float(dialect: Dialect) -> Value {
    dialect.nullable(json!({"type": "number"}))
}

fn label(classes: &Classes) -> Value {
    let (kind, labels) = match classes {
        Classes::Int(labels) => ("integer", json!(labels)),
        Classes::Float(labels) => ("number", json!(labels)),
        Classes::Bool(labels) => ("boolean", json!(labels)),
        Classes::Str(labels) => ("string", json!(labels)),
    };
    if classes.is_empty() || classes.len() > MAX_LABELS {
        json!({"type": kind})
    } else {
        json!({"type": kind, "enum": labels})
    }
}

fn error(reply: ReplyStyle) -> Value {
    match reply {
        ReplyStyle::Plain => json!({
            "type": "object",
            "properties": {
                "error": {"type": "string", "description": "What is wrong, where, and what to do."},
                "code": {"type": "string", "description": "The kind of error, for programs."},
                "details": {"type": "object", "description": "Row, column and the like, where there is one."},
            },
            "required": ["error", "code"],
        }),
        ReplyStyle::AzureMl => json!({
            "type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"],
        }),
    }
}
