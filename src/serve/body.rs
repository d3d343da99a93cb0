//! Reading a request's body: whole, bounded in size and in time.

use super::error::Refusal;
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A sender has the read timeout, and a second more for each that many bytes it has sent: a large body may come over
/// a slow line, but a byte now and then keeps nothing open.
const BYTES_PER_SECOND: u64 = 4 << 10;

/// Most that is read of a body that nobody will use, so that its sender gets to see the reply.
const DISCARD: u64 = 256 << 20;

/// Most memory that is taken for a body because its sender announced it.
const MAX_RESERVED: usize = 1 << 20;

/// What a body may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub bytes: usize,
    pub pause: Duration,
}

/// Reads all of the body. A body that arrived with its headers is not copied.
///
/// # Errors
/// When it is too large, too slow, or ends early. What still comes of it is then read and thrown away.
pub(super) async fn read<B: Body<Data = Bytes, Error: Send> + Send + Unpin + 'static>(
    headers: &HeaderMap,
    mut body: B,
    limits: Limits,
) -> Result<Bytes, Refusal> {
    let announced = body.size_hint();
    let result = if announced.lower() > limits.bytes as u64 {
        Err(Refusal::BodyTooLarge { limit: limits.bytes })
    } else {
        collect(&mut body, limits).await
    };
    if result.is_err() {
        discard(headers, body, limits.pause);
    }
    result
}

async fn collect(body: &mut (impl Body<Data = Bytes> + Unpin), limits: Limits) -> Result<Bytes, Refusal> {
    let mut pace = Pace { started: None, pause: limits.pause, received: 0 };
    let announced = body.size_hint().lower();
    let mut whole = Vec::new();
    let mut first = Bytes::new();
    while let Some(frame) = pace.frame(body).await? {
        let Ok(data) = frame.into_data() else { continue };
        pace.received += data.len() as u64;
        if pace.received > limits.bytes as u64 {
            return Err(Refusal::BodyTooLarge { limit: limits.bytes });
        }
        if first.is_empty() && whole.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            whole.reserve_exact(usize::try_from(announced).unwrap_or(MAX_RESERVED).min(MAX_RESERVED));
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}

/// Reads and throws away what still comes, in a task of its own: a client that sends everything before it reads would
/// otherwise find a reset connection in place of the reply. One that asked first (`Expect`) is not told to go on.
pub(super) fn discard<B>(headers: &HeaderMap, mut body: B, pause: Duration)
where
    B: Body<Data = Bytes, Error: Send> + Send + Unpin + 'static,
{
    if body.is_end_stream() || headers.contains_key(EXPECT) {
        return;
    }
    tokio::spawn(async move {
        let mut pace = Pace { started: None, pause, received: 0 };
        while let Ok(Some(frame)) = pace.frame(&mut body).await {
            pace.received += frame.data_ref().map_or(0, |data| data.len() as u64);
            if pace.received > DISCARD {
                return;
            }
        }
    });
}

/// How long to wait for the rest.
struct Pace {
    /// When the body was first waited for.
    started: Option<Instant>,
    pause: Duration,
    received: u64,
}

impl Pace {
    /// The next frame; `None` at the end. Looks at the clock only when there is something to wait for.
    async fn frame(&mut self, body: &mut (impl Body<Data = Bytes> + Unpin)) -> Result<Option<Frame<Bytes>>, Refusal> {
        let frame = match poll_fn(|cx| Poll::Ready(Pin::new(&mut *body).poll_frame(cx))).await {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let started = *self.started.get_or_insert_with(Instant::now);
                let deadline = started + self.pause + Duration::from_secs(self.received / BYTES_PER_SECOND);
                timeout_at(deadline, body.frame()).await.map_err(|_| Refusal::SlowBody(self.pause))?
            }
        };
        // The connection is broken, or its framing; the reply may still get through.
        frame.transpose().map_err(|_| Refusal::Truncated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::SizeHint;
    use std::collections::VecDeque;
    use std::io;
    use std::task::Context;

    /// What a client does next.
    #[derive(Clone, Copy)]
    enum Step {
        Send(&'static str),
        Stall,
        Break,
    }

    struct Script {
        steps: VecDeque<Step>,
        announced: Option<u64>,
    }

    impl hyper::body::Body for Script {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            if let Some(Step::Stall) = self.steps.front() {
                return Poll::Pending;
            }
            match self.steps.pop_front() {
                Some(Step::Send(text)) => Poll::Ready(Some(Ok(Frame::data(text.into())))),
                Some(Step::Stall | Step::Break) => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                None => Poll::Ready(None),
            }
        }

        fn size_hint(&self) -> SizeHint {
            self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
        }
    }

    fn check(steps: &[Step], announced: Option<u64>, expected: Result<&'static str, Refusal>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let limits = Limits { bytes: 10, pause: Duration::from_millis(1) };
        let body = Script { steps: steps.iter().copied().collect(), announced };
        let got = runtime.block_on(read(&HeaderMap::new(), body, limits));
        assert_eq!(got, expected.map(Bytes::from));
    }

    #[test]
    fn bodies_are_whole_or_refused() {
        use Step::{Break, Send, Stall};
        let large = Err(Refusal::BodyTooLarge { limit: 10 });
        check(&[], None, Ok(""));
        check(&[Send("abc")], Some(3), Ok("abc"));
        check(&[Send("abc"), Send(""), Send("def"), Send("ghij")], None, Ok("abcdefghij"));
        check(&[Send("abcdefghij"), Send("k")], None, large.clone());
        check(&[Send("never read")], Some(11), large);
        check(&[Send("abc"), Break], Some(6), Err(Refusal::Truncated));
        check(&[Send("abc"), Stall], Some(6), Err(Refusal::SlowBody(Duration::from_millis(1))));
    }
}
