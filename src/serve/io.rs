//! A connection's socket that counts, and what the counts say of the other side: idle, slow, stuck.
//!
//! Timers cost CPU for each request when each request sets its own. Here a request only counts bytes; a connection looks
//! at its counts a few times within the shortest timeout.

use super::Config;
use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What has happened on a connection so far.
#[derive(Default)]
pub(super) struct Activity {
    read: AtomicU64,
    written: AtomicU64,
    /// The last write found the socket full.
    blocked: AtomicBool,
    /// Requests whose handler runs.
    running: AtomicU32,
    finished: AtomicU32,
    /// `read` when the last request finished: bytes after that belong to the next one.
    read_before: AtomicU64,
}

/// A request on its connection, from its complete headers to its reply.
pub(super) struct Running(Arc<Activity>);

impl Running {
    pub fn new(activity: &Arc<Activity>) -> Self {
        activity.running.fetch_add(1, Relaxed);
        Running(activity.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.read_before.store(self.0.read.load(Relaxed), Relaxed);
        self.0.finished.fetch_add(1, Relaxed);
        self.0.running.fetch_sub(1, Relaxed);
    }
}

/// A socket, with what was already read of it in front.
pub(super) struct Counted {
    head: Bytes,
    stream: TcpStream,
    activity: Arc<Activity>,
}

impl Counted {
    pub fn new(head: Bytes, stream: TcpStream, activity: Arc<Activity>) -> Self {
        activity.read.fetch_add(head.len() as u64, Relaxed);
        Counted { head, stream, activity }
    }

    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    fn count(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.activity.blocked.store(written.is_pending(), Relaxed);
        if let Poll::Ready(Ok(n)) = &written {
            self.activity.written.fetch_add(*n as u64, Relaxed);
        }
        written
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.head.has_remaining() {
            let n = self.head.len().min(buf.remaining());
            buf.put_slice(&self.head.split_to(n));
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.activity.read.fetch_add((buf.filled().len() - before) as u64, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What to do with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    /// Nothing was asked for longer than the idle timeout.
    Idle,
    /// The headers of a request began to arrive and did not end within the read timeout.
    SlowHeaders,
    /// Nothing of a reply was taken within the read timeout.
    Stuck,
}

/// Judges a connection from one look to the next.
pub(super) struct Watch {
    activity: Arc<Activity>,
    /// Bytes between requests are the headers of the next; in HTTP/2 they may be anything.
    headers: bool,
    read_timeout: Duration,
    idle_timeout: Duration,
    finished: u32,
    written: u64,
    quiet_since: Instant,
    headers_since: Option<Instant>,
    stuck_since: Option<Instant>,
}

impl Watch {
    /// Watches an HTTP/1 connection.
    pub fn new(activity: Arc<Activity>, config: &Config) -> Self {
        Watch {
            activity,
            headers: true,
            read_timeout: config.read_timeout,
            idle_timeout: config.idle_timeout,
            finished: 0,
            written: 0,
            quiet_since: Instant::now(),
            headers_since: None,
            stuck_since: None,
        }
    }

    /// The same for an HTTP/2 connection.
    pub fn http2(self) -> Self {
        Watch { headers: false, ..self }
    }

    /// How often to look: a timeout is noticed at most a quarter late.
    pub fn interval(&self) -> Duration {
        (self.read_timeout.min(self.idle_timeout) / 4).clamp(Duration::from_millis(1), Duration::from_secs(15))
    }

    pub fn look(&mut self, now: Instant) -> Verdict {
        let activity = &*self.activity;
        let written = activity.written.load(Relaxed);
        if !activity.blocked.load(Relaxed) || written != self.written {
            (self.stuck_since, self.written) = (None, written);
        } else if now - *self.stuck_since.get_or_insert(now) >= self.read_timeout {
            return Verdict::Stuck;
        }
        let finished = activity.finished.load(Relaxed);
        if activity.running.load(Relaxed) > 0 || finished != self.finished || self.stuck_since.is_some() {
            (self.finished, self.quiet_since, self.headers_since) = (finished, now, None);
        } else if self.headers && activity.read.load(Relaxed) > activity.read_before.load(Relaxed) {
            if now - *self.headers_since.get_or_insert(now) >= self.read_timeout {
                return Verdict::SlowHeaders;
            }
        } else if now - self.quiet_since >= self.idle_timeout {
            return Verdict::Idle;
        }
        Verdict::Keep
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        activity: Arc<Activity>,
        watch: Watch,
        now: Instant,
    }

    impl Case {
        fn new() -> Self {
            let activity = Arc::<Activity>::default();
            let watch = Watch::new(activity.clone(), &Config::new(1));
            Case { now: watch.quiet_since, watch, activity }
        }

        fn after(&mut self, seconds: u64, expected: Verdict) {
            self.now += Duration::from_secs(seconds);
            assert_eq!(self.watch.look(self.now), expected);
        }

        fn reads(&self) {
            self.activity.read.fetch_add(10, Relaxed);
        }
    }

    #[test]
    fn a_quiet_connection_is_idle_in_the_end() {
        let mut case = Case::new();
        case.after(119, Verdict::Keep);
        case.after(1, Verdict::Idle);
    }

    #[test]
    fn pings_keep_no_http2_connection() {
        let mut case = Case::new();
        case.watch = case.watch.http2();
        for _ in 0..11 {
            case.reads();
            case.after(10, Verdict::Keep);
        }
        case.reads();
        case.after(10, Verdict::Idle);
    }

    #[test]
    fn headers_have_the_read_timeout_however_their_bytes_trickle() {
        let mut case = Case::new();
        for _ in 0..3 {
            case.reads();
            case.after(10, Verdict::Keep);
        }
        case.reads();
        case.after(10, Verdict::SlowHeaders);
    }

    #[test]
    fn a_running_request_may_take_its_time_and_starts_the_count_anew() {
        let mut case = Case::new();
        case.reads();
        let running = Running::new(&case.activity);
        case.reads();
        case.after(1000, Verdict::Keep);
        drop(running);
        case.after(1000, Verdict::Keep);
        case.after(119, Verdict::Keep);
        case.after(1, Verdict::Idle);
    }

    #[test]
    fn a_reply_that_nobody_takes_is_given_up() {
        let mut case = Case::new();
        case.activity.blocked.store(true, Relaxed);
        case.after(1, Verdict::Keep);
        case.activity.written.fetch_add(1, Relaxed);
        case.after(29, Verdict::Keep);
        case.after(1, Verdict::Keep);
        case.after(30, Verdict::Stuck);
    }
}
