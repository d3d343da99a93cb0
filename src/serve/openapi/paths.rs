//! The routes: what each takes, gives and refuses.

use super::api::ApiInfo;
use super::dialect::{Body, Dialect, Header};
use super::schemas;
use crate::score::ReplyStyle;
use serde_json::{Value, json};

const REQUEST_ID: Header =
    Header { name: "x-request-id", kind: "string", description: "The request's own, or a new UUID." };
const MS_REQUEST_ID: Header =
    Header { name: "x-ms-request-id", kind: "string", description: "The request's own, or its x-request-id." };
const EXEC_MS: Header =
    Header { name: "x-ms-run-fn-exec-ms", kind: "string", description: "Milliseconds spent scoring." };
const FAILED: Header = Header { name: "x-ms-run-function-failed", kind: "string", description: "True or False." };
const RETRY_AFTER: Header =
    Header { name: "Retry-After", kind: "integer", description: "Seconds to wait before the next try." };

/// Statuses besides 200 with the names of their responses and what they mean.
const ERRORS: [(u16, &str, &str); 9] = [
    (400, "BadRequest", "The body cannot be read, or a column or value is wrong; `details` says which row and column."),
    (408, "SlowSender", "The request did not arrive in time."),
    (413, "TooLarge", "The body is larger than the server takes."),
    (415, "UnsupportedMediaType", "The body is of a type that the server does not read."),
    (422, "Refused", "The model refuses a value: infinite, too large, or missing where it accepts none."),
    (429, "Overloaded", "Too many requests are being scored; try again later."),
    (431, "HeaderTooLarge", "A request id is longer than 100 characters."),
    (503, "NotReady", "The model is not ready; try again later."),
    (504, "ScoringTimeout", "Scoring took too long."),
];

/// All paths.
pub(super) fn all(api: &ApiInfo, dialect: Dialect) -> Value {
    json!({
        "/": {"get": health_check(dialect)},
        "/score": {"post": score(api, dialect), "get": score_row(api, dialect)},
        "/health/live": {"get": health(dialect, "GetLiveness", "200 as long as the process runs.", &[])},
        "/health/ready": {"get": health(dialect, "GetReadiness", "200 once the model is loaded and warm.", &[503])},
        "/ping": {"get": health(dialect, "Ping", "SageMaker's and MLflow's name of /health/ready.", &[503])},
        "/metrics": {"get": metrics(dialect)},
        "/swagger.json": {"get": swagger(dialect)},
        "/docs": {"get": docs(dialect)},
        "/version": {"get": version(dialect)},
    })
}

/// All named responses.
pub(super) fn responses(dialect: Dialect) -> Value {
    let response = |(status, name, description): (u16, &str, &str)| {
        let waits = matches!(status, 429 | 503);
        let headers: &[Header] = if waits { &[RETRY_AFTER, REQUEST_ID] } else { &[REQUEST_ID] };
        let body = Body::json(dialect.schema_ref("ErrorResponse"));
        (name.to_owned(), dialect.response(description, vec![body], headers))
    };
    Value::Object(ERRORS.into_iter().map(response).collect())
}

/// References to the responses for those statuses, beside the one for 200.
fn replies(dialect: Dialect, ok: Value, errors: &[u16]) -> Value {
    let mut replies = json!({"200": ok});
    for (status, name, _) in ERRORS {
        if errors.contains(&status) {
            replies[status.to_string()] = dialect.response_ref(name);
        }
    }
    replies
}

fn text() -> Value {
    json!({"type": "string"})
}

fn health_check(dialect: Dialect) -> Value {
    let plain = Body::new("text/plain", text()).example(Some(json!("Healthy")));
    let page = Body::new("text/html", text());
    let ok = dialect.response("`Healthy`; to a browser, the status page.", vec![plain, page], &[REQUEST_ID]);
    operation(
        dialect,
        "ServiceHealthCheck",
        "Whether the service is up.",
        replies(dialect, ok, &[431]),
        &["text/plain"],
    )
}

fn health(dialect: Dialect, id: &str, summary: &str, errors: &[u16]) -> Value {
    let ok = dialect.response("Yes.", vec![Body::new("text/plain", text())], &[REQUEST_ID]);
    operation(dialect, id, summary, replies(dialect, ok, errors), &["text/plain"])
}

fn metrics(dialect: Dialect) -> Value {
    let plain = Body::new("text/plain", text());
    let open = Body::new("application/openmetrics-text", text());
    let ok = dialect.response("Prometheus text, or OpenMetrics when asked for.", vec![plain, open], &[REQUEST_ID]);
    let media = ["text/plain", "application/openmetrics-text"];
    operation(dialect, "GetMetrics", "Counters and histograms.", replies(dialect, ok, &[]), &media)
}

fn docs(dialect: Dialect) -> Value {
    let ok = dialect.response("The page.", vec![Body::new("text/html", text())], &[REQUEST_ID]);
    operation(dialect, "GetDocs", "This description as an interactive page.", replies(dialect, ok, &[]), &["text/html"])
}

fn version(dialect: Dialect) -> Value {
    let ok = dialect.response("The version.", vec![Body::new("text/plain", text())], &[REQUEST_ID]);
    operation(dialect, "GetVersion", "The server's version.", replies(dialect, ok, &[]), &["text/plain"])
}

fn swagger(dialect: Dialect) -> Value {
    let ok = dialect.response("The description.", vec![Body::json(json!({"type": "object"}))], &[REQUEST_ID]);
    let mut replies = replies(dialect, ok, &[]);
    let body = Body::json(dialect.schema_ref("ErrorResponse"));
    replies["404"] = dialect.response("No such version.", vec![body], &[REQUEST_ID]);
    let mut operation = operation(dialect, "GetSwaggerSpec", "This description.", replies, &["application/json"]);
    let versions = json!({"type": "string", "enum": ["2", "3", "3.1"]});
    operation["parameters"] = json!([dialect.parameter("query", "version", false, "2 when absent.", versions)]);
    operation
}

fn score(api: &ApiInfo, dialect: Dialect) -> Value {
    let mut operation =
        scoring(api, dialect, "RunMLService", "Scores rows.", &[400, 408, 413, 415, 422, 429, 431, 503, 504]);
    operation["parameters"] = Value::Array(id_parameters(dialect));
    let bodies = vec![
        Body::json(dialect.schema_ref("ServiceInput")).example(Some(api.example_request())),
        Body::new("text/csv", text()).example(Some(json!(api.example_csv()))),
    ];
    let description = format!("The rows to score, at most {} bytes; gzip is read too.", api.service.max_body);
    dialect.request(&mut operation, "serviceInputPayload", &description, bodies);
    operation
}

fn score_row(api: &ApiInfo, dialect: Dialect) -> Value {
    let mut operation =
        scoring(api, dialect, "ScoreOneRow", "Scores one row from the query.", &[400, 422, 429, 431, 503, 504]);
    let mut parameters: Vec<Value> = api
        .features
        .iter()
        .map(|feature| {
            let schema = dialect.with_example(schemas::value(feature, dialect), feature.example.clone());
            dialect.parameter("query", &feature.name, true, "", schema)
        })
        .collect();
    parameters.extend(id_parameters(dialect));
    operation["parameters"] = Value::Array(parameters);
    operation
}

/// What both ways to score have in common.
fn scoring(api: &ApiInfo, dialect: Dialect, id: &str, summary: &str, errors: &[u16]) -> Value {
    let output = Body::json(dialect.schema_ref("ServiceOutput")).example(api.example_reply.clone());
    let description = match api.reply {
        ReplyStyle::Plain => "The outputs asked for, row by row.",
        ReplyStyle::AzureMl => "The outputs, or what is wrong with the input: both as the text of a JSON string.",
    };
    let ok = dialect.response(description, vec![output], &[REQUEST_ID, MS_REQUEST_ID, EXEC_MS, FAILED]);
    // Behind `--reply azureml` wrong input is a 200 that holds an error, as with the seed's score.py.
    let errors: Vec<u16> = match api.reply {
        ReplyStyle::Plain => errors.to_vec(),
        ReplyStyle::AzureMl => errors.iter().copied().filter(|status| !matches!(status, 415 | 422)).collect(),
    };
    let mut operation = operation(dialect, id, summary, replies(dialect, ok, &errors), &["application/json"]);
    // The empty requirement says that the key is optional: the front asks for it, scorelet does not.
    operation["security"] = json!([{"Bearer": []}, {}]);
    operation
}

fn id_parameters(dialect: Dialect) -> Vec<Value> {
    let id = json!({"type": "string", "maxLength": 100});
    let parameter = |name, description| dialect.parameter("header", name, false, description, id.clone());
    vec![
        parameter("x-request-id", "Comes back, and stands in the log."),
        parameter("x-ms-client-request-id", "Comes back, and stands in the log."),
    ]
}

fn operation(dialect: Dialect, id: &str, summary: &str, responses: Value, produces: &[&str]) -> Value {
    let mut operation = json!({"operationId": id, "summary": summary, "responses": responses});
    if dialect.is_v2() && produces != ["application/json"] {
        operation["produces"] = json!(produces);
    }
    operation
}
