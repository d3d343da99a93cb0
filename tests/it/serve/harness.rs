//! A server of its own for each test, on a free port, with a model or a function in its place that the test controls.

use super::client::{ask, get};
use scorelet::load::{self, LoadOptions};
use scorelet::score::{ReplyStyle, Scorer, Stats};
use scorelet::serve::{Config, Deployment, ScoreFn, Server, Stopped};
use scorelet::telemetry::Metrics;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running server. It stops when it is dropped; nobody waits for that.
pub struct Running {
    pub address: SocketAddr,
    pub metrics: Arc<Metrics>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<Stopped, String>>,
}

impl Running {
    /// Starts and waits until it is ready.
    pub fn new(config: Config, deployment: Deployment) -> Self {
        let running = Running::loading(config, move || Ok(deployment));
        running.await_ready();
        running
    }

    /// Starts; the test decides how and when loading ends.
    pub fn loading(config: Config, load: impl FnOnce() -> Result<Deployment, String> + Send + 'static) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let result = runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let server = Server::new(config);
                tell.send((listener.local_addr().unwrap(), server.metrics().clone())).unwrap();
                let shutdown = async { drop(stopped.await) };
                server.run(listener, load, shutdown).await
            });
            runtime.shutdown_background();
            result
        });
        let (address, metrics) = told.recv().expect("the server starts");
        Running { address, metrics, stop, thread }
    }

    pub fn await_ready(&self) {
        until(|| ask(self.address, get("/health/ready")).status == 200);
    }

    /// Asks it to stop; [`Stopping::wait`] says how it did.
    pub fn stop(self) -> Stopping {
        self.stop.send(()).unwrap();
        Stopping(self.thread)
    }

    /// How it ended by itself.
    pub fn ended(self) -> Result<Stopped, String> {
        let Running { stop, thread, .. } = self;
        let result = thread.join().unwrap();
        drop(stop);
        result
    }
}

pub struct Stopping(JoinHandle<Result<Stopped, String>>);

impl Stopping {
    pub fn wait(self) -> Stopped {
        self.0.join().unwrap().unwrap()
    }
}

/// Waits for something that another thread is about to do.
pub fn until(done: impl Fn() -> bool) {
    while !done() {
        thread::yield_now();
    }
}

/// The defaults on two cores.
pub fn config() -> Config {
    Config::new(2)
}

/// The columns of [`model`].
pub const COLUMNS: [&str; 4] = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];

/// A real bundle: LogisticRegression with a StandardScaler, written by scikit-learn 1.9.1.
pub fn model(style: ReplyStyle) -> Deployment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus/1.9.1/bundle_extra_keys.p4.pkl");
    let bundle = load::open(&path, &LoadOptions::default()).expect("the fixture loads");
    Deployment::new(Scorer::new(Arc::new(bundle), style), "iris", config().max_body)
}

/// A deployment that calls `score` with each body and answers what it returns.
pub fn function(score: impl Fn(&[u8]) -> String + Send + Sync + 'static) -> Deployment {
    let score: ScoreFn = Box::new(move |_, body, out| {
        out.extend_from_slice(score(body).as_bytes());
        Ok(Stats { rows: 1, ..Stats::default() })
    });
    model(ReplyStyle::Plain).with_score(score)
}

/// Scoring that begins when it will and ends when the test says so.
pub struct Gate {
    entered: Receiver<()>,
    open: Sender<()>,
}

impl Gate {
    /// A deployment whose scores of bodies with `marker` wait at the gate.
    pub fn new(marker: &'static str) -> (Self, Deployment) {
        let (enter, entered) = channel();
        let (open, opened) = channel();
        let (enter, opened) = (Mutex::new(enter), Mutex::new(opened));
        let deployment = function(move |body| {
            if String::from_utf8_lossy(body).contains(marker) {
                enter.lock().unwrap().send(()).ok();
                // A dropped gate is open.
                opened.lock().unwrap().recv().ok();
            }
            "{}".to_owned()
        });
        (Gate { entered, open }, deployment)
    }

    /// Waits until one more request is at the gate.
    pub fn await_entry(&self) {
        self.entered.recv().expect("the server runs");
    }

    /// Lets one request through.
    pub fn let_one_pass(&self) {
        self.open.send(()).expect("the server runs");
    }
}
