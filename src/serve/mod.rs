//! HTTP: the only module that names axum, tower, tower-http and hyper.
//!
//! `listener → connection → observe (ids, CORS, log, metrics) → router → body → scheduler → score → reply`
//!
//! - `server`: accepts, loads, drains; everything it lives on is passed in
//! - `connection`, `io`: one connection, HTTP/1.1 or h2c, and who is too slow on it
//! - `observe`, `ids`, `cors`: what every request gets, whatever its route
//! - `router`: every route, on one screen; `probes` and `scoring` hold the handlers
//! - `content`, `body`: what a request's bytes are, and reading them within limits
//! - `scheduler`: who is scored when, and where
//! - `error`: every reason for refusing a request, and its status
//! - `openapi`, `pages`: texts made from the loaded bundle
//!
//! Never computes a prediction: [`Deployment`] holds a plain function from bytes to bytes.

mod app;
mod body;
mod connection;
mod content;
mod cors;
mod deployment;
mod error;
mod ids;
mod io;
mod observe;
pub mod openapi;
pub mod pages;
mod probes;
mod router;
mod scheduler;
mod scoring;
mod server;

pub use cors::Origins;
pub use deployment::{Deployment, ScoreFn};
pub use router::Route;
pub use server::{Server, Stopped, Successor};

use crate::score::ReplyStyle;
use std::time::Duration;

/// How the server behaves; checked by whoever fills it in.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub style: ReplyStyle,
    /// Largest request body in bytes, before and after decompression.
    pub max_body: usize,
    /// Threads that score large requests; at least 1.
    pub workers: usize,
    /// Requests scored at once, on those threads and elsewhere; at least 1.
    pub max_concurrency: usize,
    /// Complete requests that may wait to be scored; more are turned away with 429.
    pub max_queue: usize,
    /// From the complete request to its reply; then 504.
    pub scoring_timeout: Duration,
    /// For the headers of a request, and for each pause in its body; then 408.
    pub read_timeout: Duration,
    /// How long a connection is kept without a request.
    pub idle_timeout: Duration,
    /// Between failing readiness and closing the port.
    pub shutdown_delay: Duration,
    /// For the requests in flight to finish after the port is closed.
    pub shutdown_grace: Duration,
    pub origins: Origins,
}

impl Config {
    /// The defaults on a machine with that many cores.
    pub fn new(cores: usize) -> Self {
        Config {
            style: ReplyStyle::Plain,
            max_body: 64 << 20,
            workers: cores,
            // Small requests are scored where they are read: they find a place even while every thread is busy.
            max_concurrency: 2 * cores,
            max_queue: 128,
            scoring_timeout: Duration::from_millis(3_600_000),
            read_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(120),
            shutdown_delay: Duration::ZERO,
            shutdown_grace: Duration::from_secs(30),
            origins: Origins::default(),
        }
    }
}
