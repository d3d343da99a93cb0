//! The handlers of everything but `/score`: health, metrics, pages, and what no route takes.

use super::app::{App, json};
use super::error::Refusal;
use super::openapi::{SpecVersion, UnknownVersion};
use super::pages::{self, RouteCount, StatusView};
use super::router::Route;
use crate::telemetry::{self, Exposition};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::response::Response;
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::ResponseForPanic;

type Shared = State<Arc<App>>;

/// The status page to a browser, `Healthy` to everyone else. As Azure's examples use it for liveness and readiness
/// both, it is as strict as readiness, and as Microsoft's server is, whose port opens after loading.
pub(super) async fn root(State(app): Shared, headers: HeaderMap) -> Response {
    let mut response = match (accept(&headers).contains("text/html"), app.deployment(), app.ready()) {
        (true, Ok(deployment), _) => page(pages::status(&deployment.api, &view(&app)).into()),
        (_, _, Ok(_)) => text("text/plain; charset=utf-8", "Healthy".into()),
        (_, _, Err(refusal)) => app.refuse(&refusal),
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    response
}

/// The process runs.
pub(super) async fn live() -> Response {
    json(r#"{"status":"live"}"#.into())
}

/// Requests are welcome.
pub(super) async fn ready(State(app): Shared) -> Response {
    match app.ready() {
        Ok(_) => json(r#"{"status":"ready"}"#.into()),
        Err(refusal) => app.refuse(&refusal),
    }
}

pub(super) async fn metrics(State(app): Shared, headers: HeaderMap) -> Response {
    let format = Exposition::accepted(accept(&headers));
    text(format.content_type(), app.metrics.expose(format).into())
}

pub(super) async fn swagger(State(app): Shared, uri: Uri) -> Response {
    let version = spec_version(uri.query().unwrap_or_default()).map_err(Refusal::from);
    match version.and_then(|version| Ok(app.deployment()?.spec(version))) {
        Ok(spec) => json(spec.into()),
        Err(refusal) => app.refuse(&refusal),
    }
}

pub(super) async fn docs(State(app): Shared) -> Response {
    match app.deployment() {
        Ok(deployment) => page(deployment.docs.clone().into()),
        Err(refusal) => app.refuse(&refusal),
    }
}

pub(super) async fn asset(State(app): Shared, Path(name): Path<String>) -> Response {
    let Some(asset) = pages::asset(&name) else { return app.refuse(&Refusal::NotFound) };
    let mut response = text(asset.content_type, asset.body.into());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

pub(super) async fn version() -> Response {
    text("text/plain; charset=utf-8", env!("CARGO_PKG_VERSION").into())
}

/// What every route but `/score` answers to a method that is not GET or HEAD.
pub(super) async fn not_allowed(State(app): Shared, method: Method) -> Response {
    let mut response = match method {
        Method::OPTIONS => text("text/plain; charset=utf-8", Body::empty()),
        _ => app.refuse(&Refusal::MethodNotAllowed),
    };
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    response
}

pub(super) async fn not_found(State(app): Shared) -> Response {
    app.refuse(&Refusal::NotFound)
}

/// Turns a panic in one of these handlers into a reply.
#[derive(Clone)]
pub(super) struct Panicked(pub Arc<App>);

impl ResponseForPanic for Panicked {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _panic: Box<dyn Any + Send>) -> Response {
        self.0.metrics.families.panics.inc();
        self.0.refuse(&Refusal::Panic)
    }
}

fn accept(headers: &HeaderMap) -> &str {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn text(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn page(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = pages::HEADERS.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    response.headers_mut().extend(headers);
    response
}

/// The value of `version`, as it was sent: no valid one needs decoding.
fn spec_version(query: &str) -> Result<SpecVersion, UnknownVersion> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("version="));
    value.map_or(Ok(SpecVersion::default()), str::parse)
}

fn view(app: &App) -> StatusView {
    let metrics = &app.metrics;
    let quantiles = |q: telemetry::Quantiles| pages::Quantiles { p50: q.p50, p90: q.p90, p99: q.p99 };
    let (decode, score) = metrics.phases();
    let count = |(route, status, count): (&str, u16, u64)| RouteCount { route: route.to_owned(), status, count };
    StatusView {
        ready: app.ready().is_ok(),
        uptime: metrics.uptime(),
        requests: metrics.counts().into_iter().map(count).collect(),
        decode: decode.map(quantiles),
        score: score.map(quantiles),
        total: metrics.latency(Route::Score as usize).map(quantiles),
        rows: metrics.families.rows.get(),
        in_flight: u64::try_from(metrics.families.scoring.get()).unwrap_or(0),
        max_in_flight: app.config.max_concurrency as u64,
        rejected: metrics.families.rejected.with_label_values(&[Refusal::Overloaded.code()]).get(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_chosen_by_query() {
        assert_eq!(spec_version(""), Ok(SpecVersion::V2));
        assert_eq!(spec_version("a=b&version=3.1"), Ok(SpecVersion::V31));
        assert_eq!(spec_version("version="), Err(UnknownVersion(String::new())));
        assert_eq!(spec_version("version=4"), Err(UnknownVersion("4".into())));
    }
}
