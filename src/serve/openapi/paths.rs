//! The routes: what each takes, gives and refuses.

use super::api::ApiInfo;
use super::dialect::{Body, Dialect, Header};
use super::schemas;
use crate::score::ReplyStyle;
use serde_json::{Map, Value, json};

/// One route with one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    pub method: &'static str,
    pub path: &'static str,
    /// Microsoft's name of it where it has one, since clients are generated with it.
    pub id: &'static str,
    pub summary: &'static str,
}

/// Every route but `OPTIONS`, in the order of the pages.
pub const ENDPOINTS: [Endpoint; 10] = [
    endpoint("post", "/score", "RunMLService", "Predictions for the rows in the body."),
    endpoint("get", "/score", "ScoreOneRow", "The prediction for the row in the query."),
    endpoint("get", "/", "ServiceHealthCheck", "The word Healthy to probes; the status page to browsers."),
    endpoint("get", "/health/live", "GetLiveness", "200 as long as the process runs."),
    endpoint("get", "/health/ready", "GetReadiness", "200 once the model is loaded and warm, else 503."),
    endpoint("get", "/metrics", "GetMetrics", "Prometheus text, or OpenMetrics when asked for."),
    endpoint("get", "/swagger.json", "GetSwaggerSpec", "This API for programs, as version=2 (the default), 3 or 3.1."),
    endpoint("get", "/docs", "GetDocs", "This API as a page that scores."),
    endpoint("get", "/ping", "Ping", "Readiness by the name that SageMaker and MLflow use."),
    endpoint("get", "/version", "GetVersion", "The server's version."),
];

/// One kind of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    /// What it means and what to do.
    pub meaning: &'static str,
    /// Name of the response in the description.
    name: &'static str,
    /// Where it can happen.
    place: Place,
}

/// Which requests can be refused so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Everywhere,
    /// Wherever the loaded model is needed.
    Model,
    Score,
    /// Only where a body is sent.
    Body,
    /// As [`Place::Score`], but not with `--reply azureml`, which says it otherwise.
    PlainScore,
}

const REFUSED: [Refused; 10] = [
    refused(
        400,
        "BadRequest",
        Place::Score,
        "The input cannot be read, or a column or value is wrong. The error says where.",
    ),
    refused(408, "SlowSender", Place::Body, "The request arrived too slowly. Send it again."),
    refused(413, "TooLarge", Place::Body, "The body is too large. Send fewer rows at a time."),
    refused(415, "UnsupportedType", Place::Body, "The body's type or encoding is not one that is read."),
    refused(
        422,
        "Refused",
        Place::PlainScore,
        "The model refuses a value: infinite, too large, or missing where it takes none.",
    ),
    refused(429, "Overloaded", Place::Score, "Too many requests are being scored. Wait as long as Retry-After says."),
    refused(431, "LongRequestId", Place::Everywhere, "A request id is longer than 100 characters."),
    refused(500, "InternalError", Place::Score, "An error in the server, never one of the input. Its log says more."),
    refused(503, "NotReady", Place::Model, "The model is not ready. Wait as long as Retry-After says."),
    refused(504, "ScoringTimeout", Place::PlainScore, "Scoring took too long. Send fewer rows at a time."),
];

const fn endpoint(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Endpoint {
    Endpoint { method, path, id, summary }
}

const fn refused(status: u16, name: &'static str, place: Place, meaning: &'static str) -> Refused {
    Refused { status, meaning, name, place }
}

/// The refusals of `/score`.
pub fn refusals(reply: ReplyStyle) -> impl Iterator<Item = Refused> {
    REFUSED.into_iter().filter(move |refused| reply == ReplyStyle::Plain || refused.place != Place::PlainScore)
}

/// All paths.
pub(super) fn all(api: &ApiInfo, dialect: Dialect) -> Value {
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let operation = Operation { endpoint, api, dialect };
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method] = operation.describe();
    }
    Value::Object(paths)
}

/// All named responses.
pub(super) fn responses(api: &ApiInfo, dialect: Dialect) -> Value {
    let response = |refused: Refused| {
        let waits = matches!(refused.status, 429 | 503);
        let headers: &[Header] = if waits { &[RETRY_AFTER, REQUEST_ID] } else { &[REQUEST_ID] };
        let body = Body::json(dialect.schema_ref("ErrorResponse"));
        (refused.name.to_owned(), dialect.response(refused.meaning, vec![body], headers))
    };
    Value::Object(refusals(api.reply).map(response).collect())
}

const REQUEST_ID: Header =
    Header { name: "x-request-id", kind: "string", description: "The request's own, or a new UUID." };
const MS_REQUEST_ID: Header =
    Header { name: "x-ms-request-id", kind: "string", description: "The request's own, or its x-request-id." };
const EXEC_MS: Header =
    Header { name: "x-ms-run-fn-exec-ms", kind: "string", description: "Milliseconds spent scoring." };
const FAILED: Header = Header { name: "x-ms-run-function-failed", kind: "string", description: "True or False." };
const RETRY_AFTER: Header =
    Header { name: "Retry-After", kind: "integer", description: "Seconds to wait before the next try." };

/// One operation on its way into a description.
struct Operation<'a> {
    endpoint: Endpoint,
    api: &'a ApiInfo,
    dialect: Dialect,
}

impl Operation<'_> {
    fn describe(&self) -> Value {
        match (self.endpoint.path, self.endpoint.method) {
            ("/score", "post") => self.score(),
            ("/score", _) => self.score_row(),
            ("/", _) => {
                let healthy = text("text/plain").example(Some(json!("Healthy")));
                self.simple(vec![healthy, text("text/html")], &[Place::Everywhere])
            }
            ("/health/live", _) => self.simple(vec![self.state("live")], &[Place::Everywhere]),
            ("/health/ready" | "/ping", _) => {
                self.simple(vec![self.state("ready")], &[Place::Everywhere, Place::Model])
            }
            ("/metrics", _) => {
                let bodies = vec![text("text/plain"), text("application/openmetrics-text")];
                self.simple(bodies, &[Place::Everywhere])
            }
            ("/swagger.json", _) => self.swagger(),
            ("/docs", _) => self.simple(vec![text("text/html")], &[Place::Everywhere, Place::Model]),
            _ => self.simple(vec![text("text/plain")], &[Place::Everywhere]),
        }
    }

    /// An operation without input.
    fn simple(&self, bodies: Vec<Body>, places: &[Place]) -> Value {
        let media: Vec<&str> = bodies.iter().map(|body| body.media).collect();
        let Endpoint { id, summary, .. } = self.endpoint;
        let mut operation = json!({"operationId": id, "summary": summary});
        if self.dialect.is_v2() && media != ["application/json"] {
            operation["produces"] = json!(media);
        }
        let ok = self.dialect.response("Success.", bodies, &[REQUEST_ID, MS_REQUEST_ID]);
        operation["responses"] = self.replies(ok, places);
        operation
    }

    /// The response for 200, and references to those for what can go wrong in `places`.
    fn replies(&self, ok: Value, places: &[Place]) -> Value {
        let mut replies = json!({"200": ok});
        for refused in refusals(self.api.reply).filter(|refused| places.contains(&refused.place)) {
            replies[refused.status.to_string()] = self.dialect.response_ref(refused.name);
        }
        replies
    }

    fn state(&self, word: &str) -> Body {
        let schema = json!({"type": "object", "properties": {"status": {"type": "string", "enum": [word]}}});
        Body::json(schema).example(Some(json!({"status": word})))
    }

    fn swagger(&self) -> Value {
        let specification = Body::json(json!({"type": "object"}));
        let mut operation = self.simple(vec![specification], &[Place::Everywhere, Place::Model]);
        let body = Body::json(self.dialect.schema_ref("ErrorResponse"));
        operation["responses"]["404"] = self.dialect.response("There is no such version.", vec![body], &[REQUEST_ID]);
        let versions = json!({"type": "string", "enum": ["2", "3", "3.1"]});
        operation["parameters"] =
            json!([self.dialect.parameter("query", "version", false, "2 when absent.", versions)]);
        operation
    }

    fn score(&self) -> Value {
        let (api, dialect) = (self.api, self.dialect);
        let mut operation =
            self.scoring(&[Place::Everywhere, Place::Model, Place::Score, Place::PlainScore, Place::Body]);
        operation["parameters"] = Value::Array(id_parameters(dialect));
        let mut bodies = vec![Body::json(dialect.schema_ref("ServiceInput")).example(Some(api.example_request()))];
        if api.reply == ReplyStyle::Plain {
            bodies.push(text("text/csv").example(Some(json!(api.example_csv()))));
        }
        let max = api.service.max_body;
        let description =
            format!("The rows to score, at most {max} bytes; gzip, deflate and zstd (Content-Encoding) are read too.");
        dialect.request(&mut operation, "serviceInputPayload", &description, bodies);
        operation
    }

    fn score_row(&self) -> Value {
        let (api, dialect) = (self.api, self.dialect);
        let mut operation = self.scoring(&[Place::Everywhere, Place::Model, Place::Score, Place::PlainScore]);
        let column = |feature: &super::Feature| {
            let schema = dialect.with_example(schemas::value(feature, dialect), feature.example.clone());
            dialect.parameter("query", &feature.name, true, "The value of this column.", schema)
        };
        // Microsoft's server gives the whole query to score.py, which looks for this one key.
        let input_data =
            || dialect.parameter("query", "input_data", true, "The rows to score, as JSON.", json!({"type": "string"}));
        let mut parameters: Vec<Value> = match api.reply {
            ReplyStyle::Plain => api.features.iter().map(column).collect(),
            ReplyStyle::AzureMl => vec![input_data()],
        };
        parameters.extend(id_parameters(dialect));
        operation["parameters"] = Value::Array(parameters);
        operation
    }

    /// What both ways to score have in common.
    fn scoring(&self, places: &[Place]) -> Value {
        let (api, dialect) = (self.api, self.dialect);
        let description = match api.reply {
            ReplyStyle::Plain => "The outputs asked for, row by row.",
            ReplyStyle::AzureMl => "The outputs, or what is wrong with the input: both as JSON inside a JSON string.",
        };
        let output = Body::json(dialect.schema_ref("ServiceOutput")).example(api.example_reply.clone());
        let ok = dialect.response(description, vec![output], &[REQUEST_ID, MS_REQUEST_ID, EXEC_MS, FAILED]);
        // The empty requirement says that the key is optional: the front asks for it, scorelet does not.
        json!({
            "operationId": self.endpoint.id, "summary": self.endpoint.summary,
            "security": [{"Bearer": []}, {}], "responses": self.replies(ok, places),
        })
    }
}

fn text(media: &'static str) -> Body {
    Body::new(media, json!({"type": "string"}))
}

fn id_parameters(dialect: Dialect) -> Vec<Value> {
    let id = json!({"type": "string", "maxLength": 100});
    let parameter = |name| dialect.parameter("header", name, false, "Comes back, and stands in the log.", id.clone());
    ["x-request-id", "x-ms-client-request-id"].map(parameter).to_vec()
}
