//! Every route of the server, on one screen.

use super::app::App;
use super::{probes, scoring};
use axum::Router;
use axum::routing::get;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// A route as metrics and logs name it: what was matched, never the path that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Root,
    Score,
    Live,
    Ready,
    Metrics,
    Swagger,
    Docs,
    Asset,
    Ping,
    Version,
    Other,
}

impl Route {
    /// All routes in the order of their numbers, with their paths.
    pub const PATHS: [&str; 11] = [
        "/",
        "/score",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/swagger.json",
        "/docs",
        "/docs/{asset}",
        "/ping",
        "/version",
        "other",
    ];

    pub fn path(self) -> &'static str {
        Self::PATHS[self as usize]
    }

    /// The route that [`router`] takes for `path`.
    pub(super) fn of(path: &str) -> Route {
        match path {
            "/score" => Route::Score,
            "/" => Route::Root,
            "/health/live" => Route::Live,
            "/health/ready" => Route::Ready,
            "/metrics" => Route::Metrics,
            "/swagger.json" => Route::Swagger,
            "/docs" => Route::Docs,
            "/ping" => Route::Ping,
            "/version" => Route::Version,
            _ => match path.strip_prefix("/docs/") {
                Some(name) if !name.is_empty() && !name.contains('/') => Route::Asset,
                _ => Route::Other,
            },
        }
    }

    /// Asked by machines again and again: logged at debug level only.
    pub(super) fn is_probe(self) -> bool {
        matches!(self, Route::Root | Route::Live | Route::Ready | Route::Metrics | Route::Ping)
    }
}

/// The routes and their handlers, but `POST /score`, which `observe` answers without coming here. `/score` catches its
/// panics itself, around the scoring alone.
pub(super) fn router(app: Arc<App>) -> Router {
    let pages = Router::new()
        .route(Route::Root.path(), get(probes::root))
        .route(Route::Live.path(), get(probes::live))
        .route(Route::Ready.path(), get(probes::ready))
        .route(Route::Metrics.path(), get(probes::metrics))
        .route(Route::Swagger.path(), get(probes::swagger))
        .route(Route::Docs.path(), get(probes::docs))
        .route(Route::Asset.path(), get(probes::asset))
        .route(Route::Ping.path(), get(probes::ready))
        .route(Route::Version.path(), get(probes::version))
        .layer(CatchPanicLayer::custom(probes::Panicked(app.clone())));
    let score = get(scoring::get).options(scoring::options).head(scoring::not_allowed);
    Router::new()
        .route(Route::Score.path(), score.fallback(scoring::not_allowed))
        .merge(pages)
        .method_not_allowed_fallback(probes::not_allowed)
        .fallback(probes::not_found)
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_its_own_route() {
        for (number, path) in Route::PATHS.into_iter().enumerate() {
            assert_eq!(Route::of(path) as usize, number, "{path}");
        }
        for endpoint in crate::serve::openapi::ENDPOINTS {
            assert_ne!(Route::of(endpoint.path), Route::Other, "{} is described and not served", endpoint.path);
        }
        for other in ["", "/score/", "/Score", "/docs/", "/docs/a/b", "/nope"] {
            assert_eq!(Route::of(other), Route::Other, "{other}");
        }
    }
}
