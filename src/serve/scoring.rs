//! The handlers of `/score`.

use super::app::{App, Outcome, json};
use super::body::{self, Limits};
use super::content::{self, Encoding};
use super::error::Refusal;
use crate::score::{Form, ScoreError, Stats};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::ALLOW;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Duration;

const ALLOWED: HeaderValue = HeaderValue::from_static("GET, OPTIONS, POST");
const EXEC_MS: HeaderName = HeaderName::from_static("x-ms-run-fn-exec-ms");

/// A request that is complete.
struct Input {
    form: Form,
    encoding: Encoding,
    body: Bytes,
}

/// What scoring it gave: the reply, or an error of its content.
type Scored = Result<(Vec<u8>, Stats), ScoreError>;

/// Scores the rows in the body.
pub(super) async fn post(app: &Arc<App>, request: Request<Incoming>) -> (Response, Outcome) {
    let (parts, body) = request.into_parts();
    let result = match understood(app, &parts.headers) {
        Ok((form, encoding)) => {
            let limits = Limits { bytes: app.config.max_body, pause: app.config.read_timeout };
            match body::read(&parts.headers, body, limits).await {
                Ok(body) => answer(app, Input { form, encoding, body }).await,
                Err(refusal) => Err(refusal),
            }
        }
        Err(refusal) => {
            body::discard(&parts.headers, body, app.config.read_timeout);
            Err(refusal)
        }
    };
    result.unwrap_or_else(|refusal| app.refused(&refusal))
}

/// Scores the one row in the query.
pub(super) async fn get(State(app): State<Arc<App>>, uri: Uri) -> Response {
    let body = Bytes::copy_from_slice(uri.query().unwrap_or_default().as_bytes());
    let input = Input { form: Form::Query, encoding: Encoding::Identity, body };
    let (mut response, outcome) = answer(&app, input).await.unwrap_or_else(|refusal| app.refused(&refusal));
    response.extensions_mut().insert(outcome);
    response
}

/// The empty reply of Microsoft's server; CORS headers are added to it where they are due.
pub(super) async fn options() -> Response {
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(ALLOW, ALLOWED);
    response
}

/// HEAD too: there is nothing to know of a score but its value.
pub(super) async fn not_allowed(State(app): State<Arc<App>>) -> Response {
    let mut response = app.refuse(&Refusal::MethodNotAllowed);
    response.headers_mut().insert(ALLOW, ALLOWED);
    response
}

/// What the headers say of the body, before any of it is read.
fn understood(app: &App, headers: &HeaderMap) -> Result<(Form, Encoding), Refusal> {
    app.deployment()?;
    Ok((content::form(headers, app.config.style)?, content::encoding(headers)?))
}

async fn answer(app: &Arc<App>, input: Input) -> Result<(Response, Outcome), Refusal> {
    let deployment = app.deployment()?;
    let scored_by = Arc::clone(&deployment);
    let limit = app.config.max_body;
    // The size of a compressed body says nothing of its cost.
    let bytes = (input.encoding == Encoding::Identity).then_some(input.body.len());
    let job = move || -> Result<Scored, Refusal> {
        let body = input.encoding.decode(input.body, limit)?;
        let mut out = Vec::with_capacity(256);
        Ok(deployment.score(input.form, &body, &mut out).map(|stats| (out, stats)))
    };
    let (scored, took) = app.scheduler.run(bytes, job).await?;
    let (mut response, outcome) = match scored? {
        Ok((out, stats)) => {
            let families = &app.metrics.families;
            families.rows.inc_by(stats.rows as u64);
            families.decode_duration.observe(stats.decode.as_secs_f64());
            families.score_duration.observe(stats.score.as_secs_f64());
            (json(out.into()), Outcome { rows: stats.rows, ..Outcome::default() })
        }
        Err(error) => app.refused(&Refusal::Score(Box::new(error))),
    };
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(EXEC_MS, milliseconds(took));
    }
    Ok((response, Outcome { deployment: Some(scored_by), ..outcome }))
}

/// With three decimals.
fn milliseconds(duration: Duration) -> HeaderValue {
    let micros = duration.as_micros();
    let text = format!("{}.{:03}", micros / 1000, micros % 1000);
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_three_decimals() {
        for (micros, text) in [(0, "0.000"), (7, "0.007"), (44_176, "44.176"), (1_000_000, "1000.000")] {
            assert_eq!(milliseconds(Duration::from_micros(micros)), text);
        }
    }
}
