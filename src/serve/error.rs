//! Every reason for which a request is refused: its status, code and text stand here and nowhere else.

use super::openapi::UnknownVersion;
use crate::score::{ErrorKind, ReplyStyle, ScoreError};
use axum::http::StatusCode;
use serde_json::json;
use std::time::Duration;

/// Why a request gets no prediction (or page). The text is for the person who sent it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Score(Box<ScoreError>),
    #[error("no such route; GET /docs lists them")]
    NotFound,
    #[error("this route does not take that method; the Allow header lists those it takes")]
    MethodNotAllowed,
    #[error("{0}")]
    UnknownSpec(#[from] UnknownVersion),
    #[error("x-request-id must not exceed 100 characters")]
    LongRequestId,
    #[error("x-ms-request-id and x-ms-client-request-id must not exceed 100 characters")]
    LongClientId,
    #[error("the body is larger than the {limit} bytes that --max-body allows; send fewer rows in each request")]
    BodyTooLarge { limit: usize },
    #[error(
        "the body decompresses to more than the {limit} bytes that --max-body allows; send fewer rows in each request"
    )]
    InflatedTooLarge { limit: usize },
    #[error("Content-Type {0:?} is not understood; send application/json or text/csv")]
    ContentType(String),
    #[error(
        "Arrow streams are read by a build with the cargo feature `data` (cargo build --release --features data), which this is not; send application/json or text/csv"
    )]
    Arrow,
    #[error("Content-Encoding {0:?} is not understood; send gzip, deflate, zstd or none")]
    Encoding(String),
    #[error("the body is not {encoding} as its Content-Encoding says: {why}")]
    BadEncoding { encoding: &'static str, why: String },
    #[error("the body ended before its announced length; nothing was scored")]
    Truncated,
    #[error("the headers took longer than {} ms", .0.as_millis())]
    SlowHeaders(Duration),
    #[error("the body arrived too slowly: no progress within {} ms", .0.as_millis())]
    SlowBody(Duration),
    #[error("too many requests are waiting to be scored; try again")]
    Overloaded,
    #[error("the model is still loading; try again")]
    Loading,
    #[error("the server is shutting down; try again")]
    ShuttingDown,
    #[error("Scoring timeout after {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("an unexpected error in scorelet; the log has more under this request's id")]
    Panic,
}

impl Refusal {
    /// The status of the reply.
    pub fn status(&self, style: ReplyStyle) -> StatusCode {
        match self {
            Refusal::Score(e) => score_status(e.kind(), style),
            Refusal::NotFound | Refusal::UnknownSpec(_) => StatusCode::NOT_FOUND,
            Refusal::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::LongRequestId | Refusal::LongClientId => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Refusal::BodyTooLarge { .. } | Refusal::InflatedTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::ContentType(_) | Refusal::Arrow | Refusal::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::BadEncoding { .. } | Refusal::Truncated => StatusCode::BAD_REQUEST,
            Refusal::SlowHeaders(_) | Refusal::SlowBody(_) => StatusCode::REQUEST_TIMEOUT,
            Refusal::Overloaded => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Loading | Refusal::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Timeout(_) if style == ReplyStyle::AzureMl => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Refusal::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What is wrong, for programs and for the metric's label; each text is stable.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Score(e) => e.code.as_str(),
            Refusal::NotFound => "not_found",
            Refusal::MethodNotAllowed => "method_not_allowed",
            Refusal::UnknownSpec(_) => "unknown_version",
            Refusal::LongRequestId | Refusal::LongClientId => "long_request_id",
            Refusal::BodyTooLarge { .. } | Refusal::InflatedTooLarge { .. } => "body_too_large",
            Refusal::ContentType(_) | Refusal::Arrow => "unsupported_content_type",
            Refusal::Encoding(_) => "unsupported_content_encoding",
            Refusal::BadEncoding { .. } => "bad_content_encoding",
            Refusal::Truncated => "truncated_body",
            Refusal::SlowHeaders(_) | Refusal::SlowBody(_) => "slow_request",
            Refusal::Overloaded => "overloaded",
            Refusal::Loading => "not_ready",
            Refusal::ShuttingDown => "shutting_down",
            Refusal::Timeout(_) => "scoring_timeout",
            Refusal::Panic => "internal_error",
        }
    }

    /// The reply's body; always JSON.
    pub fn body(&self, style: ReplyStyle) -> String {
        match self {
            Refusal::Score(e) => e.body(style),
            // The two forms that Microsoft's server has, in every style: clients match on them.
            Refusal::LongRequestId | Refusal::LongClientId => message(&self.to_string()),
            _ if style == ReplyStyle::Plain => {
                json!({"error": self.to_string(), "code": self.code(), "details": self.details()}).to_string()
            }
            Refusal::NotFound => message(
                "The requested URL was not found on the server. If you entered the URL manually please check your \
                 spelling and try again.",
            ),
            Refusal::MethodNotAllowed => message("The method is not allowed for the requested URL."),
            Refusal::Panic => message("An unexpected error occurred in scoring script. Check the logs for more info."),
            _ => message(&self.to_string()),
        }
    }

    /// Whether the same request may succeed a second later.
    pub fn retry(&self) -> bool {
        matches!(self, Refusal::Overloaded | Refusal::Loading | Refusal::ShuttingDown)
    }

    /// Whether scoring itself failed, as `x-ms-run-function-failed` tells.
    pub fn failed(&self) -> bool {
        matches!(self, Refusal::Timeout(_) | Refusal::Panic)
    }

    fn details(&self) -> serde_json::Value {
        match self {
            Refusal::BodyTooLarge { limit } | Refusal::InflatedTooLarge { limit } => json!({"limit": limit}),
            Refusal::SlowHeaders(after) | Refusal::SlowBody(after) | Refusal::Timeout(after) => {
                json!({"timeout_ms": after.as_millis() as u64})
            }
            _ => json!({}),
        }
    }
}

/// The status of an error in the request's content.
fn score_status(kind: ErrorKind, style: ReplyStyle) -> StatusCode {
    match (kind, style) {
        (ErrorKind::NotUtf8, _) => StatusCode::BAD_REQUEST,
        // The seed's score.py catches everything and returns it as a result.
        (_, ReplyStyle::AzureMl) => StatusCode::OK,
        (ErrorKind::Malformed | ErrorKind::MissingColumn | ErrorKind::BadValue | ErrorKind::UnknownOutput, _) => {
            StatusCode::BAD_REQUEST
        }
        (ErrorKind::TooLarge, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (ErrorKind::Refused, _) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// An error as Microsoft's server writes it: with Python's space after the colon.
fn message(text: &str) -> String {
    format!("{{\"message\": {}}}", serde_json::Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(refusal: Refusal, plain: (u16, &str), azureml: (u16, &str)) {
        for (style, (status, body)) in [(ReplyStyle::Plain, plain), (ReplyStyle::AzureMl, azureml)] {
            assert_eq!((refusal.status(style).as_u16(), refusal.body(style).as_str()), (status, body));
        }
    }

    #[test]
    fn each_style_has_its_own_statuses_and_bodies() {
        check(
            Refusal::Timeout(Duration::from_millis(1500)),
            (
                504,
                r#"{"error":"Scoring timeout after 1500 ms","code":"scoring_timeout","details":{"timeout_ms":1500}}"#,
            ),
            (500, r#"{"message": "Scoring timeout after 1500 ms"}"#),
        );
        check(
            Refusal::Panic,
            (
                500,
                r#"{"error":"an unexpected error in scorelet; the log has more under this request's id","code":"internal_error","details":{}}"#,
            ),
            (500, r#"{"message": "An unexpected error occurred in scoring script. Check the logs for more info."}"#),
        );
        let long = r#"{"message": "x-request-id must not exceed 100 characters"}"#;
        check(Refusal::LongRequestId, (431, long), (431, long));
        check(
            Refusal::UnknownSpec(UnknownVersion("4".into())),
            (
                404,
                r#"{"error":"Swagger version [4] is not valid. Supported versions: [2, 3, 3.1].","code":"unknown_version","details":{}}"#,
            ),
            (404, r#"{"message": "Swagger version [4] is not valid. Supported versions: [2, 3, 3.1]."}"#),
        );
    }
}
