//! One connection: HTTP/1.1 or h2c by its first bytes, watched, and ended in the way its protocol wants.

use super::app::App;
use super::io::{Activity, Counted, Running, Verdict, Watch};
use super::observe::{observe, slow_headers};
use axum::Router;
use bytes::{Bytes, BytesMut};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, interval, timeout};

/// Largest header block of a request, its URI included; more is 431 (or 414).
const MAX_HEADERS: usize = 64 << 10;

/// Most that is read of a body at a time. hyper takes up to sixteen of these before other connections of its thread
/// have their turn.
const READ_BUFFER: usize = 128 << 10;

/// What an h2c client with prior knowledge sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a client that was told of its broken request may take to close.
const LINGER: Duration = Duration::from_secs(1);

/// What all connections of a server share.
#[derive(Clone)]
pub(super) struct Shared {
    pub app: Arc<App>,
    pub router: Router,
}

/// Serves `stream` until it is closed, broken or too slow. Once `stop` is sent, requests in flight are finished and
/// no others begun.
pub(super) async fn serve(mut stream: TcpStream, shared: Shared, mut stop: Receiver<()>) {
    // Without it, a reply may wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let first = tokio::select! {
        biased;
        first = timeout(shared.app.config.read_timeout, first_bytes(&mut stream)) => first,
        _ = stop.changed() => return,
    };
    let (head, is_http2) = match first {
        Ok(Some(first)) => first,
        // Closed without a request, or nothing came: nobody expects an answer.
        Ok(None) | Err(_) => return,
    };
    let activity = Arc::<Activity>::default();
    let io = Counted::new(head, stream, activity.clone());
    if is_http2 { http2(io, &activity, &shared, stop).await } else { http1(io, &activity, &shared, stop).await }
}

/// Reads until it is clear which protocol this is.
async fn first_bytes(stream: &mut TcpStream) -> Option<(Bytes, bool)> {
    let mut head = BytesMut::with_capacity(4 << 10);
    loop {
        let begun = head.len().min(PREFACE.len());
        match stream.read_buf(&mut head).await {
            Ok(0) | Err(_) if head.is_empty() => return None,
            // A fragment of the preface and no more: HTTP/1 says what is wrong with it.
            Ok(0) | Err(_) => return Some((head.freeze(), false)),
            Ok(_) => {}
        }
        let end = head.len().min(PREFACE.len());
        if head[begun..end] != PREFACE[begun..end] {
            return Some((head.freeze(), false));
        }
        if end == PREFACE.len() {
            return Some((head.freeze(), true));
        }
    }
}

/// The handler of this connection's requests.
macro_rules! service {
    ($shared:expr, $activity:expr) => {{
        let (shared, activity) = ($shared.clone(), $activity.clone());
        service_fn(move |request: hyper::Request<Incoming>| {
            let running = Running::new(&activity);
            let Shared { app, router } = shared.clone();
            async move {
                let _running = running;
                Ok::<_, Infallible>(observe(app, router, request).await)
            }
        })
    }};
}

async fn http1(io: Counted, activity: &Arc<Activity>, shared: &Shared, mut stop: Receiver<()>) {
    let mut watch = Watch::new(activity.clone(), &shared.app.config);
    let mut looks = interval(watch.interval());
    let mut stopping = false;
    let mut connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .max_header_size(MAX_HEADERS)
        .max_buf_size(READ_BUFFER)
        .serve_connection(TokioIo::new(io), service!(shared, activity));
    let result = loop {
        tokio::select! {
            biased;
            result = &mut connection => break result,
            _ = stop.changed(), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            now = looks.tick() => match watch.look(now.into_std()) {
                Verdict::Keep => {}
                Verdict::Idle => break Ok(()),
                Verdict::Stuck => return,
                Verdict::SlowHeaders => {
                    let mut stream = connection.into_parts().io.into_inner().into_stream();
                    // A new connection's buffer has room for it; if not, the client was not reading anyway.
                    let _ = stream.try_write(&slow_headers(&shared.app));
                    linger(&mut stream).await;
                    return;
                }
            },
        }
    };
    // hyper has answered a broken request; what its client still sends must not turn that answer into a reset.
    let Err(error) = result else { return };
    tracing::debug!(%error, "a connection broke");
    if error.is_parse() {
        linger(&mut connection.into_parts().io.into_inner().into_stream()).await;
    }
}

async fn http2(io: Counted, activity: &Arc<Activity>, shared: &Shared, mut stop: Receiver<()>) {
    let mut watch = Watch::new(activity.clone(), &shared.app.config).http2();
    let mut looks = interval(watch.interval());
    let mut stopping = false;
    let mut connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEADERS as u32)
        .serve_connection(TokioIo::new(io), service!(shared, activity));
    loop {
        tokio::select! {
            biased;
            _ = &mut connection => return,
            _ = stop.changed(), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            now = looks.tick() => match watch.look(now.into_std()) {
                Verdict::Keep | Verdict::SlowHeaders => {}
                Verdict::Stuck => return,
                Verdict::Idle if stopping => return,
                Verdict::Idle => {
                    stopping = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
            },
        }
    }
}

/// Reads and throws away what still comes, until the client has closed or a second is over.
async fn linger(stream: &mut TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let deadline = Instant::now() + LINGER;
    let mut scratch = [0; 4 << 10];
    while let Ok(Ok(1..)) = tokio::time::timeout_at(deadline, stream.read(&mut scratch)).await {}
}
