//! The server's life: it accepts while it loads, serves, and drains. Listener, loader and shutdown signal are passed
//! in, so that tests own all three.

use super::Config;
use super::app::{self, App};
use super::connection::{self, Shared};
use super::deployment::Deployment;
use super::router::router;
use crate::telemetry::{Held, Metrics};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};

/// Pause after the system refused a connection for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(50);

/// A server that is ready to run.
pub struct Server {
    shared: Shared,
    /// Dropped receivers tell when the last connection is gone; a sent value tells connections to end.
    connections: watch::Sender<()>,
}

/// Puts another model in the place of the one that is served.
#[derive(Clone)]
pub struct Successor(Arc<App>);

impl Successor {
    /// Whether there is a model that another one can follow.
    pub fn is_due(&self) -> bool {
        self.0.deployment().is_ok()
    }

    /// Loads and warms a model, then lets it take over: requests that have begun are scored by the one before.
    ///
    /// # Errors
    /// That of `load`; the model before goes on.
    pub fn take_over<E>(&self, load: impl FnOnce() -> Result<Deployment, E>) -> Result<(), E> {
        let done = prepare(&self.0, load);
        let outcome = if done.is_ok() { "done" } else { "refused" };
        self.0.metrics.families.takeovers.with_label_values(&[outcome]).inc();
        done
    }
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Every request that had begun was answered.
    Drained,
    /// The grace period ended with this many connections still busy.
    Cut(usize),
}

impl Server {
    pub fn new(config: Config) -> Self {
        let metrics = Arc::new(app::metrics());
        let app = Arc::new(App::new(config, metrics));
        Server { shared: Shared { router: router(app.clone()), app }, connections: watch::channel(()).0 }
    }

    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.app.metrics
    }

    /// What another model can be put in with while the server runs.
    pub fn successor(&self) -> Successor {
        Successor(self.shared.app.clone())
    }

    /// Serves on `listener` until `shutdown` is over and what had begun is finished. Meanwhile `load` runs on a thread
    /// of its own; liveness is answered at once, everything else when it is done and the model is warm.
    ///
    /// # Errors
    /// That of `load`, at once.
    pub async fn run<E: Send + 'static>(
        self,
        listener: TcpListener,
        load: impl FnOnce() -> Result<Deployment, E> + Send + 'static,
        shutdown: impl Future<Output = ()>,
    ) -> Result<Stopped, E> {
        let app = self.shared.app.clone();
        let mut loading = spawn_blocking(move || prepare(&app, load));
        let mut loaded = false;
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                result = &mut loading, if !loaded => {
                    unwound(result)?;
                    loaded = true;
                }
                accepted = listener.accept() => self.accepted(accepted).await,
            }
        }
        Ok(self.stop(listener).await)
    }

    async fn accepted(&self, accepted: io::Result<(TcpStream, std::net::SocketAddr)>) {
        match accepted {
            Ok((stream, _)) => self.serve(stream),
            // The client went away before it was accepted.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {
            }
            Err(error) => {
                tracing::warn!(error = %error, "cannot accept a connection; is the limit of open files too low?");
                tokio::time::sleep(BREATH).await;
            }
        }
    }

    fn serve(&self, stream: TcpStream) {
        let (shared, stop) = (self.shared.clone(), self.connections.subscribe());
        tokio::spawn(async move {
            let app = shared.app.clone();
            let _open = Held::new(&app.metrics.families.connections);
            connection::serve(stream, shared, stop).await;
        });
    }

    /// Readiness fails first, then the port closes, then the requests in flight finish.
    async fn stop(self, listener: TcpListener) -> Stopped {
        let Server { shared: Shared { app, .. }, .. } = &self;
        app.stop();
        let delay = tokio::time::sleep(app.config.shutdown_delay);
        tokio::pin!(delay);
        loop {
            tokio::select! {
                biased;
                () = &mut delay => break,
                accepted = listener.accept() => self.accepted(accepted).await,
            }
        }
        drop(listener);
        let _ = self.connections.send(());
        match tokio::time::timeout(app.config.shutdown_grace, self.connections.closed()).await {
            Ok(()) => Stopped::Drained,
            Err(_) => Stopped::Cut(self.connections.receiver_count()),
        }
    }
}

/// Loads and warms the model, then lets requests in.
fn prepare<E>(app: &App, load: impl FnOnce() -> Result<Deployment, E>) -> Result<(), E> {
    let started = Instant::now();
    let deployment = load()?;
    deployment.warm_up();
    let (took, labels) = (started.elapsed(), deployment.labels.clone());
    let before = app.deploy(deployment);
    let before = before.as_deref().map(|before| &before.labels);
    app.metrics.loaded(before, &labels, took);
    tracing::info!(
        model = &*labels.name,
        model_version = &*labels.version,
        estimator = &*labels.estimator,
        trained_at = &*labels.trained_at,
        load_ms = took.as_secs_f64() * 1000.0,
        instead_of = before.map(|before| &*before.version),
        "ready"
    );
    Ok(())
}

/// A panic while loading goes on here: there is nothing to serve.
fn unwound<T>(result: Result<T, JoinError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
