//! Events as JSON lines: `{"timestamp": …, "level": …, "message": …, its fields}`, one object a line.
//!
//! tracing-subscriber's own JSON goes through serde and `fmt` for every field, which took a sixth of the CPU of a
//! request of one row; this writes into one buffer for each thread. Spans are not shown: there are none.

use super::writer::Writer;
use crate::calendar;
use std::cell::Cell;
use std::fmt::Debug;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Writes each event as a line.
pub(super) struct JsonLines(pub Writer);

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut state = STATE.take();
        state.line.clear();
        state.line.extend_from_slice(b"{\"timestamp\":\"");
        state.time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        state.line.extend_from_slice(b"\",\"level\":\"");
        state.line.extend_from_slice(event.metadata().level().as_str().as_bytes());
        state.line.push(b'"');
        event.record(&mut Fields(&mut state.line));
        state.line.extend_from_slice(b"}\n");
        self.0.push(&state.line);
        STATE.set(state);
    }
}

thread_local! {
    static STATE: Cell<State> = Cell::default();
}

/// What a thread keeps from line to line.
#[derive(Default)]
struct State {
    line: Vec<u8>,
    /// The second of the last line, and its text up to the point.
    second: u64,
    text: String,
}

impl State {
    /// Writes `2026-01-31T00:00:00.000000Z`.
    fn time(&mut self, since_epoch: Duration) {
        let second = since_epoch.as_secs();
        if self.second != second || self.text.is_empty() {
            self.second = second;
            self.text = calendar::moment(i64::try_from(second).unwrap_or(i64::MAX));
            self.text.pop();
        }
        self.line.extend_from_slice(self.text.as_bytes());
        let mut micros = since_epoch.subsec_micros();
        let mut digits = *b".000000Z";
        for digit in digits[1..7].iter_mut().rev() {
            *digit = b'0' + (micros % 10) as u8;
            micros /= 10;
        }
        self.line.extend_from_slice(&digits);
    }
}

/// Appends fields to an object.
struct Fields<'l>(&'l mut Vec<u8>);

impl Fields<'_> {
    fn name(&mut self, field: &Field) -> &mut Vec<u8> {
        self.0.extend_from_slice(b",\"");
        // The name of a field is an identifier.
        self.0.extend_from_slice(field.name().as_bytes());
        self.0.extend_from_slice(b"\":");
        self.0
    }

    fn json(&mut self, field: &Field, value: &(impl serde::Serialize + ?Sized)) {
        // Neither numbers, texts nor a `Vec` fail.
        let _ = serde_json::to_writer(self.name(field), value);
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        // Looks at every byte without a branch for each: nearly all texts are ids and names.
        let escaped = value.bytes().fold(false, |any, b| any | (b < b' ') | (b == b'"') | (b == b'\\'));
        if escaped {
            return self.json(field, value);
        }
        let line = self.name(field);
        line.push(b'"');
        line.extend_from_slice(value.as_bytes());
        line.push(b'"');
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.json(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let _ = self.name(field).write_all(itoa::Buffer::new().format(value).as_bytes());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let _ = self.name(field).write_all(itoa::Buffer::new().format(value).as_bytes());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.json(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.json(field, &format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer;
    use super::*;
    use std::sync::{Arc, Mutex, PoisonError};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_object_with_its_fields_in_order() {
        let sink = Sink::default();
        let (writer, flusher) = writer::start(sink.clone(), || ());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(JsonLines(writer)), || {
            let (none, error) = (None::<&str>, std::io::Error::other("a\nb"));
            tracing::info!(text = "\"é\u{1}", none, whole = -3, big = u64::MAX, half = 0.5, yes = true, "{} here", 1);
            tracing::warn!(%error, nan = f64::NAN, shown = ?Some("x"), "second");
        });
        drop(flusher);
        let out = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<(&str, &str)> = out.lines().map(|line| line.split_at(43)).collect();
        let [(first_time, first), (_, second)] = lines[..] else { panic!("{out}") };
        let text = first_time.strip_prefix("{\"timestamp\":\"").and_then(|rest| rest.strip_suffix("\",")).unwrap();
        let micros = calendar::parse(text.as_bytes()).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64;
        assert!((now - 60_000_000..=now).contains(&micros), "{text}");
        assert_eq!(
            first,
            "\"level\":\"INFO\",\"message\":\"1 here\",\"text\":\"\\\"é\\u0001\",\"whole\":-3,\
             \"big\":18446744073709551615,\"half\":0.5,\"yes\":true}"
        );
        assert_eq!(
            second,
            "\"level\":\"WARN\",\"message\":\"second\",\"error\":\"a\\nb\",\"nan\":null,\"shown\":\"Some(\\\"x\\\")\"}"
        );
    }

    #[test]
    fn times_have_six_decimals() {
        let mut state = State::default();
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_000_007, "1970-01-01T00:00:01.000007Z"),
            (1_790_000_000_999_999, "2026-09-21T14:13:20.999999Z"),
        ] {
            state.line.clear();
            state.time(Duration::from_micros(micros));
            assert_eq!(String::from_utf8_lossy(&state.line), text);
        }
    }
}
