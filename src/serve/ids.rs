//! Request ids: taken from the request as Microsoft's server takes them, or made.

use super::error::Refusal;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_MS_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const X_MS_CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const TRACE_ID: HeaderName = HeaderName::from_static("traceid");

/// Characters of an id that are accepted.
const MAX_LEN: usize = 100;

/// The ids of one request, as its reply and its log line carry them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ids {
    /// The request's own, else made here.
    pub request: HeaderValue,
    /// The request's own, else the client's, else the same as `request`.
    pub ms: HeaderValue,
    /// The request's own, else its `x-ms-request-id`; absent when it has neither.
    pub client: Option<HeaderValue>,
    /// Echoed.
    trace: Option<HeaderValue>,
}

impl Ids {
    /// The ids of a request with these headers. Empty ones count as absent.
    ///
    /// # Errors
    /// When one is too long; with the id that may be answered in that case, if any.
    pub fn of(headers: &HeaderMap) -> Result<Self, (Refusal, Option<HeaderValue>)> {
        let get = |name: &HeaderName| headers.get(name).filter(|value| !value.is_empty());
        let request = get(&X_REQUEST_ID);
        if request.is_some_and(|id| id.len() > MAX_LEN) {
            return Err((Refusal::LongRequestId, None));
        }
        let request = request.cloned().unwrap_or_else(new_id);
        let (ms, client) = (get(&X_MS_REQUEST_ID), get(&X_MS_CLIENT_REQUEST_ID));
        if [ms, client].into_iter().flatten().any(|id| id.len() > MAX_LEN) {
            return Err((Refusal::LongClientId, Some(request)));
        }
        Ok(Ids {
            ms: ms.or(client).unwrap_or(&request).clone(),
            client: client.or(ms).cloned(),
            trace: headers.get(&TRACE_ID).cloned(),
            request,
        })
    }

    pub fn write(&self, headers: &mut HeaderMap) {
        headers.insert(X_REQUEST_ID, self.request.clone());
        headers.insert(X_MS_REQUEST_ID, self.ms.clone());
        if let Some(client) = &self.client {
            headers.insert(X_MS_CLIENT_REQUEST_ID, client.clone());
        }
        if let Some(trace) = &self.trace {
            headers.insert(TRACE_ID, trace.clone());
        }
    }
}

/// A new uuid4 as a header.
pub(super) fn new_id() -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::copy_from_slice(&uuid4())).expect("hex digits and dashes")
}

thread_local! {
    /// Keys from the operating system, drawn once for each thread, and a counter: no system call for an id.
    static RANDOM: (RandomState, Cell<u64>) = (RandomState::new(), Cell::new(0));
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A random (version 4) UUID in its usual text form: a keyed hash (SipHash with secret keys) of a counter.
fn uuid4() -> [u8; 36] {
    let (high, low) = RANDOM.with(|(keys, counter)| {
        let n = counter.get();
        counter.set(n.wrapping_add(1));
        (keys.hash_one((n, 0_u8)), keys.hash_one((n, 1_u8)))
    });
    let bits = (u128::from(high) << 64) | u128::from(low);
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let mut text = [b'-'; 36];
    for (at, byte) in [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34].into_iter().zip(bits.to_be_bytes()) {
        text[at] = HEX[usize::from(byte >> 4)];
        text[at + 1] = HEX[usize::from(byte & 0xf)];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// `sent` and `expected` are (x-request-id, x-ms-request-id, x-ms-client-request-id); `*` is a made id.
    fn check(sent: [&str; 3], expected: [&str; 3]) {
        let mut headers = HeaderMap::new();
        for (name, value) in [X_REQUEST_ID, X_MS_REQUEST_ID, X_MS_CLIENT_REQUEST_ID].into_iter().zip(sent) {
            if value != "-" {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        let ids = Ids::of(&headers).unwrap();
        let mut reply = HeaderMap::new();
        ids.write(&mut reply);
        let shown = |name: HeaderName| match reply.get(name).map(|v| v.to_str().unwrap()) {
            None => "-".to_owned(),
            Some(made) if made.len() == 36 => "*".to_owned(),
            Some(id) => id.to_owned(),
        };
        let got = [shown(X_REQUEST_ID), shown(X_MS_REQUEST_ID), shown(X_MS_CLIENT_REQUEST_ID)];
        assert_eq!(got, expected, "for {sent:?}");
    }

    #[test]
    fn ids_follow_microsofts_server() {
        check(["-", "-", "-"], ["*", "*", "-"]);
        check(["", "", ""], ["*", "*", "-"]);
        check(["A", "-", "-"], ["A", "A", "-"]);
        check(["-", "B", "-"], ["*", "B", "B"]);
        check(["-", "-", "C"], ["*", "C", "C"]);
        check(["A", "B", "-"], ["A", "B", "B"]);
        check(["A", "-", "C"], ["A", "C", "C"]);
        check(["-", "B", "C"], ["*", "B", "C"]);
        check(["A", "B", "C"], ["A", "B", "C"]);
        let exact = "x".repeat(100);
        check([&exact, "-", "-"], [&exact, &exact, "-"]);
    }

    #[test]
    fn a_long_id_is_refused() {
        let long = HeaderValue::from_str(&"x".repeat(101)).unwrap();
        let refused = |name: HeaderName| Ids::of(&HeaderMap::from_iter([(name, long.clone())])).unwrap_err();
        assert_eq!(refused(X_REQUEST_ID), (Refusal::LongRequestId, None));
        for name in [X_MS_REQUEST_ID, X_MS_CLIENT_REQUEST_ID] {
            let (refusal, id) = refused(name);
            assert_eq!((refusal, id.map(|id| id.len())), (Refusal::LongClientId, Some(36)));
        }
    }

    #[test]
    fn made_ids_are_uuid4_and_differ() {
        let made: HashSet<[u8; 36]> = (0..10_000).map(|_| uuid4()).collect();
        assert_eq!(made.len(), 10_000);
        for id in made {
            let text = std::str::from_utf8(&id).unwrap();
            let dashes: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
            assert_eq!(dashes, [8, 13, 18, 23]);
            assert!(text.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{text}");
            assert_eq!(id[14], b'4', "{text}");
            assert!(b"89ab".contains(&id[19]), "{text}");
        }
    }
}
