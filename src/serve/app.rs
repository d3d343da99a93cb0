//! What the handlers share: the loaded model, once there is one, and whether the server is on its way out.

use super::Config;
use super::deployment::Deployment;
use super::error::Refusal;
use super::router::Route;
use super::scheduler::Scheduler;
use crate::telemetry::Metrics;
use arc_swap::ArcSwapOption;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The state of one server.
pub(super) struct App {
    pub config: Config,
    pub metrics: Arc<Metrics>,
    pub scheduler: Scheduler,
    /// Set when the model is loaded and warm, and again when another takes its place. Requests keep what they began with.
    deployment: ArcSwapOption<Deployment>,
    /// Set once, when the server is asked to stop; readiness fails from then on.
    stopping: AtomicBool,
}

/// What a handler tells the log and the metrics, beside its reply.
#[derive(Clone, Default)]
pub(super) struct Outcome {
    pub rows: usize,
    /// The code of the refusal.
    pub code: Option<&'static str>,
    /// Whether scoring itself failed.
    pub failed: bool,
    /// What scored, where something did: it may have been replaced since.
    pub deployment: Option<Arc<Deployment>>,
}

impl App {
    pub fn new(config: Config, metrics: Arc<Metrics>) -> Self {
        let (places, queue) = (config.max_concurrency, config.max_queue);
        let scheduler = Scheduler::new(config.workers, places, queue, config.scoring_timeout, metrics.clone());
        App { config, metrics, scheduler, deployment: ArcSwapOption::empty(), stopping: AtomicBool::new(false) }
    }

    /// The loaded model.
    ///
    /// # Errors
    /// While there is none.
    pub fn deployment(&self) -> Result<Arc<Deployment>, Refusal> {
        self.deployment.load_full().ok_or(Refusal::Loading)
    }

    /// The loaded model, if new requests should be sent here.
    ///
    /// # Errors
    /// While there is none, and once the server is asked to stop.
    pub fn ready(&self) -> Result<Arc<Deployment>, Refusal> {
        if self.stopping.load(Ordering::Relaxed) { Err(Refusal::ShuttingDown) } else { self.deployment() }
    }

    /// From now on requests are scored by this model; gives back the one that did before.
    pub fn deploy(&self, deployment: Deployment) -> Option<Arc<Deployment>> {
        let before = self.deployment.swap(Some(Arc::new(deployment)));
        if !self.stopping.load(Ordering::Relaxed) {
            self.metrics.families.ready.set(1);
        }
        before
    }

    /// From now on readiness fails; what arrives all the same is still answered.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.metrics.families.ready.set(0);
    }

    /// The reply to a refused request, which carries what there is to tell of it.
    pub fn refuse(&self, refusal: &Refusal) -> Response {
        let (mut response, outcome) = self.refused(refusal);
        response.extensions_mut().insert(outcome);
        response
    }

    /// The reply to a refused request.
    pub fn refused(&self, refusal: &Refusal) -> (Response, Outcome) {
        self.metrics.families.rejected.with_label_values(&[refusal.code()]).inc();
        let style = self.config.style;
        let mut response = json(refusal.body(style).into());
        *response.status_mut() = refusal.status(style);
        if refusal.retry() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        (response, Outcome { code: Some(refusal.code()), failed: refusal.failed(), ..Outcome::default() })
    }
}

/// A 200 with a JSON body, and room for the headers that every reply gets.
pub(super) fn json(body: Body) -> Response {
    let mut response = Response::new(body);
    *response.headers_mut() = HeaderMap::with_capacity(12);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// Metrics with a series for each [`Route`].
pub(super) fn metrics() -> Metrics {
    Metrics::new(&Route::PATHS, env!("CARGO_PKG_VERSION"))
}
