//! What every request gets, whatever its route: ids, CORS, one line in the log, its place in the metrics.
//!
//! One function around the router in place of a stack of layers: the usual stack costs more than axum itself.

use super::app::{App, Outcome};
use super::deployment::Deployment;
use super::error::Refusal;
use super::ids::{Ids, X_REQUEST_ID, new_id};
use super::router::Route;
use super::scoring;
use crate::telemetry::Held;
use axum::Router;
use axum::http::header::HeaderName;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri};
use axum::response::Response;
use hyper::body::Incoming;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::Service;

const SERVER_VERSION: HeaderName = HeaderName::from_static("x-ms-server-version");
const FUNCTION_FAILED: HeaderName = HeaderName::from_static("x-ms-run-function-failed");
pub(super) const SERVER: &str = concat!("scorelet/", env!("CARGO_PKG_VERSION"));

/// Characters of an unknown path in the log.
const PATH_SHOWN: usize = 200;

/// One request, for its log line.
struct Line {
    method: Method,
    route: Route,
    /// Of an unknown route.
    path: Option<String>,
    status: StatusCode,
    took: Duration,
    outcome: Outcome,
}

/// Answers one request.
pub(super) async fn observe(app: Arc<App>, mut router: Router, mut request: Request<Incoming>) -> Response {
    let started = Instant::now();
    let in_flight = Held::new(&app.metrics.families.in_flight);
    merge_slashes(request.uri_mut());
    let route = Route::of(request.uri().path());
    let path = (route == Route::Other).then(|| request.uri().path().chars().take(PATH_SHOWN).collect());
    let method = request.method().clone();
    let grant = app.config.origins.grant(&method, request.headers());
    let ids = Ids::of(request.headers());
    let (mut response, outcome) = match &ids {
        // Nearly every request: finding its route costs as much as decoding a row.
        Ok(_) if route == Route::Score && method == Method::POST => scoring::post(&app, request).await,
        Ok(_) => match router.call(request).await {
            Ok(mut response) => {
                let outcome = response.extensions_mut().remove().unwrap_or_default();
                (response, outcome)
            }
            Err(never) => match never {},
        },
        Err((refusal, _)) => app.refused(refusal),
    };
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(SERVER_VERSION, HeaderValue::from_static(SERVER));
    if matches!(route, Route::Score | Route::Swagger | Route::Other) {
        headers.insert(FUNCTION_FAILED, HeaderValue::from_static(if outcome.failed { "True" } else { "False" }));
    }
    match &ids {
        Ok(ids) => ids.write(headers),
        Err((_, Some(id))) => drop(headers.insert(X_REQUEST_ID, id.clone())),
        Err((_, None)) => {}
    }
    if let Some(grant) = grant.filter(|_| !matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)) {
        grant.write(headers);
    }
    let took = started.elapsed();
    app.metrics.request(route as usize, status.as_u16(), took);
    drop(in_flight);
    let deployment = outcome.deployment.clone().or_else(|| app.deployment().ok());
    log(ids.ok().as_ref(), deployment.as_deref(), &Line { method, route, path, status, took, outcome });
    response
}

/// The reply to a request whose headers never came, as it goes over the wire; counted and logged like any other.
pub(super) fn slow_headers(app: &App) -> Vec<u8> {
    let refusal = Refusal::SlowHeaders(app.config.read_timeout);
    app.metrics.families.rejected.with_label_values(&[refusal.code()]).inc();
    let (style, id) = (app.config.style, new_id());
    let (status, body) = (refusal.status(style), refusal.body(style));
    app.metrics.request(Route::Other as usize, status.as_u16(), app.config.read_timeout);
    tracing::info!(status = status.as_u16(), x_request_id = &*shown(&id), code = refusal.code(), "request");
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\
         x-ms-server-version: {SERVER}\r\nx-request-id: {}\r\n\r\n{body}",
        body.len(),
        shown(&id),
    )
    .into_bytes()
}

/// `//score` is `/score`, as on Microsoft's server.
fn merge_slashes(uri: &mut Uri) {
    if !uri.path().contains("//") {
        return;
    }
    let mut merged = String::with_capacity(uri.path().len());
    for c in uri.path().chars() {
        if c != '/' || !merged.ends_with('/') {
            merged.push(c);
        }
    }
    if let Some(query) = uri.query() {
        merged.extend(["?", query]);
    }
    if let Ok(path) = merged.parse::<PathAndQuery>() {
        *uri = Uri::from(path);
    }
}

/// Writes the request's line. Never anything of its body, query or other headers.
fn log(ids: Option<&Ids>, deployment: Option<&Deployment>, line: &Line) {
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                x_request_id = ids.map(|ids| shown(&ids.request)).as_deref(),
                x_ms_request_id = ids.map(|ids| shown(&ids.ms)).as_deref(),
                x_ms_client_request_id = ids.and_then(|ids| ids.client.as_ref()).map(shown).as_deref(),
                method = line.method.as_str(),
                route = line.route.path(),
                path = line.path.as_deref(),
                status = line.status.as_u16(),
                duration_ms = line.took.as_micros() as f64 / 1000.0,
                rows = (line.route == Route::Score).then_some(line.outcome.rows),
                model_version = deployment.map(|deployment| &*deployment.labels.version),
                code = line.outcome.code,
                "request"
            )
        };
    }
    if line.route.is_probe() && !line.outcome.failed { line!(debug) } else { line!(info) }
}

fn shown(id: &HeaderValue) -> Cow<'_, str> {
    // `from_utf8_lossy` goes byte by byte.
    std::str::from_utf8(id.as_bytes()).map_or_else(|_| String::from_utf8_lossy(id.as_bytes()), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_merged_in_the_path_alone() {
        for (sent, merged) in [
            ("//score", "/score"),
            ("/docs///page.css?a=//b", "/docs/page.css?a=//b"),
            ("/score?u=http://x", "/score?u=http://x"),
            ("//", "/"),
        ] {
            let mut uri: Uri = sent.parse::<PathAndQuery>().unwrap().into();
            merge_slashes(&mut uri);
            assert_eq!(uri.to_string(), merged);
        }
    }
}
