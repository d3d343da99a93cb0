//! The status page on `/`: what is served, whether it is well, what it has done.

use crate::serve::openapi::ApiInfo;
use std::time::Duration;

/// What changes while the server runs; what does not is in [`ApiInfo`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatusView {
    /// What `/health/ready` says.
    pub ready: bool,
    /// Since the process started.
    pub uptime: Duration,
    /// Finished requests by route and status.
    pub requests: Vec<RouteCount>,
    /// Of `/score` requests: reading the body into a matrix, computing, and everything; `None` before the first.
    pub decode: Option<Quantiles>,
    pub score: Option<Quantiles>,
    pub total: Option<Quantiles>,
    /// Rows scored.
    pub rows: u64,
    /// Requests being scored now.
    pub in_flight: u64,
    /// How many may be scored at once before others are turned away.
    pub max_in_flight: u64,
    /// Requests turned away with 429.
    pub rejected: u64,
}

/// Finished requests of one route with one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteCount {
    /// The matched route, never the raw path.
    pub route: String,
    pub status: u16,
    pub count: u64,
}

/// Latencies in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
}

/// The page.
pub fn status(api: &ApiInfo, view: &StatusView) -> String {
    let _ = (api, view);
    todo!()
}
