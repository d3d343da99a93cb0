//! `scorelet serve`: loads a bundle and answers scoring requests over HTTP.

mod served;
mod settings;

use super::{Failure, model};
use crate::serve::{Server, Stopped};
use crate::telemetry::{self, Level};
use anyhow::Context;
use served::Served;
use settings::{Machine, Milliseconds, Settings, Size};
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = AZURE)]
pub struct Args {
    /// The bundle: a file; a folder that holds one, two levels deep at most; or a version of a registry: NAME, NAME@7,
    /// NAME@champion [default: $AZUREML_MODEL_DIR]
    #[arg(env = "SCORELET_MODEL")]
    model: Option<PathBuf>,
    #[command(flatten)]
    from: model::From,
    /// Look again and again which version NAME@champion means; load and warm a new one, then let it take over
    #[arg(long, env = "SCORELET_FOLLOW", value_parser = clap::builder::FalseyValueParser::new())]
    follow: bool,
    /// How often --follow looks [default: 5000]
    #[arg(long, env = "SCORELET_FOLLOW_INTERVAL_MS", value_name = "MS", requires = "follow")]
    follow_interval_ms: Option<Milliseconds>,
    /// Address to listen on; 0.0.0.0 for all
    #[arg(long, env = "SCORELET_HOST", default_value = "127.0.0.1")]
    host: String,
    /// Port to listen on; 0 picks a free one, which the line "listening on ADDRESS" tells
    #[arg(long, env = "SCORELET_PORT", default_value_t = 5001)]
    port: u16,
    /// The model's name in metrics and descriptions [default: that in the registry, or the file's without its ending]
    #[arg(long, env = "SCORELET_MODEL_NAME", value_name = "NAME")]
    model_name: Option<String>,
    /// Column names in the order of the model's features, for a model fitted without names
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    features: Option<String>,
    /// Form of replies: plain objects with an HTTP status for each error, or exactly what Microsoft's server gives
    #[arg(long, env = "SCORELET_REPLY", value_enum, default_value_t = Reply::Plain)]
    reply: Reply,
    /// Largest request body, before and after decompression: 64MiB, 10MB, 1048576 [default: 64MiB]
    #[arg(long, env = "SCORELET_MAX_BODY", value_name = "SIZE")]
    max_body: Option<Size>,
    /// Threads that score large requests [default: $WORKER_COUNT, else the number of cores]
    #[arg(long, env = "SCORELET_WORKERS", value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// Requests scored at once, large and small [default: workers + cores]
    #[arg(long, env = "SCORELET_MAX_CONCURRENCY", value_name = "N")]
    max_concurrency: Option<NonZeroUsize>,
    /// Complete requests that may wait to be scored; more get 429 [default: 128]
    #[arg(long, env = "SCORELET_MAX_QUEUE", value_name = "N")]
    max_queue: Option<usize>,
    /// Longest time from a complete request to its reply; then 504 [default: $SCORING_TIMEOUT_MS, else 3600000]
    #[arg(long, env = "SCORELET_SCORING_TIMEOUT_MS", value_name = "MS")]
    scoring_timeout_ms: Option<Milliseconds>,
    /// Longest time for a request's headers, and for a pause in its body; then 408 [default: 30000]
    #[arg(long, env = "SCORELET_READ_TIMEOUT_MS", value_name = "MS")]
    read_timeout_ms: Option<Milliseconds>,
    /// How long a connection without a request is kept [default: 120000]
    #[arg(long, env = "SCORELET_IDLE_TIMEOUT_MS", value_name = "MS")]
    idle_timeout_ms: Option<Milliseconds>,
    /// On SIGTERM, how long /health/ready fails before the port is closed [default: 0]
    #[arg(long, env = "SCORELET_SHUTDOWN_DELAY_MS", value_name = "MS")]
    shutdown_delay_ms: Option<Milliseconds>,
    /// After that, how long requests in flight may take to finish [default: 30000]
    #[arg(long, env = "SCORELET_SHUTDOWN_GRACE_MS", value_name = "MS")]
    shutdown_grace_ms: Option<Milliseconds>,
    /// Origins whose web pages may read replies, or * [default: $AML_CORS_ORIGINS, else none]
    #[arg(long, env = "SCORELET_CORS_ORIGINS", value_name = "A,B,...")]
    cors_origins: Option<String>,
    /// Form of the log on stdout [default: text on a terminal, else json]
    #[arg(long, env = "SCORELET_LOG_FORMAT", value_enum)]
    log_format: Option<LogFormat>,
    /// debug (health checks too), info (each request), warning, error, off [default: $AZUREML_LOG_LEVEL, else info]
    #[arg(long, env = "SCORELET_LOG_LEVEL", value_name = "LEVEL")]
    log_level: Option<Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Reply {
    Plain,
    Azureml,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    Json,
    Text,
}

const AZURE: &str = "A flag beats its variable SCORELET_<FLAG>, which beats Azure's variable, which beats the default.\n\
    SIGTERM or Ctrl-C: requests in flight finish, then the program ends with 0; a second signal ends it at once.\n\
    Exit codes: 0 success, 1 cannot listen, 2 wrong usage, 3 the bundle cannot be loaded.";

/// Serves the bundle until told to stop. The port is open before the bundle is loaded, so that liveness is answered.
///
/// # Errors
/// When the usage is wrong, the port cannot be had, or the bundle cannot be loaded.
pub fn run(args: Args) -> Result<(), Failure> {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    let variable = |name: &str| std::env::var(name).ok();
    let machine = Machine { cores, terminal: io::stdout().is_terminal(), variable: &variable };
    let settings = Settings::new(args, &machine)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(cores).enable_all().build().context("cannot start threads")?;
    let result = runtime.block_on(serve(settings));
    // A score that ran into its timeout may still run; nobody waits for it.
    runtime.shutdown_background();
    result
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    let Settings { model, from, follow, name, options, host, port, log_format, log_level, config } = settings;
    let listener = listen(&host, port).await?;
    let address = listener.local_addr().context("cannot tell the address of the port")?;
    let signals = Signals::new().context("cannot wait for signals")?;
    let served = Served { model, from, name, options, style: config.style, max_body: config.max_body };
    let server = Server::new(config);
    let metrics = server.metrics().clone();
    let _flusher = telemetry::init(log_format, log_level, move || metrics.families.log_lines_dropped.inc());
    announce(address);
    let successor = server.successor();
    let load = move || {
        let (deployment, version) = served.load()?;
        if let Some(interval) = follow {
            std::thread::spawn(move || served.follow(version, interval, &successor));
        }
        Ok::<_, Failure>(deployment)
    };
    let stopped = server.run(listener, load, signals.first()).await?;
    match stopped {
        Stopped::Drained => tracing::info!("stopped"),
        Stopped::Cut(connections) => tracing::warn!(connections, "stopped before these connections were done"),
    }
    Ok(())
}

/// # Errors
/// [`Failure::Usage`] for a host that this machine does not have, [`Failure::Work`] for a port that cannot be had.
async fn listen(host: &str, port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind((host, port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::Work(anyhow::anyhow!(
            "cannot listen on {host}:{port}: another program does\n  choose another --port; 0 picks a free one"
        )),
        io::ErrorKind::PermissionDenied => Failure::Work(anyhow::anyhow!(
            "cannot listen on {host}:{port}: this user may not\n  choose a --port from 1024"
        )),
        _ => Failure::Usage(format!(
            "cannot listen on {host}:{port}: {error}\n  --host is an address of this machine, such as 127.0.0.1 or 0.0.0.0"
        )),
    })
}

/// Whoever started the server waits for this, on stderr or in the log.
fn announce(address: SocketAddr) {
    tracing::info!(addr = %address, "listening");
    // Without stderr the log has it.
    let _ = writeln!(io::stderr(), "listening on {address}");
}

/// SIGTERM, and SIGINT as Ctrl-C sends it.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Ends with the first signal; a second one ends the process.
    async fn first(mut self) {
        let first = self.next().await;
        tracing::info!(signal = first, "stopping");
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(1);
        });
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
