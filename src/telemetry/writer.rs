//! Standard output without waiting for it: lines go into a bounded buffer that one thread writes out.
//!
//! A request never waits for a slow reader of the log. When the buffer is full, lines are dropped and counted.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes that may wait to be written.
const CAPACITY: usize = 4 << 20;

/// How long lines gather before they are written together: one wake-up and one write for all that came meanwhile.
const GATHER: Duration = Duration::from_millis(20);

/// Where log lines are written to.
#[derive(Clone)]
pub(super) struct Writer(Arc<Shared>);

/// How long the end of the process waits for what is still buffered: a reader that does not read cannot hold it up.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Has the thread write what is still buffered when it is dropped.
pub struct Flusher {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    on_drop: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct State {
    buffer: Vec<u8>,
    /// Nothing more will come.
    closed: bool,
    /// Nothing more will be written.
    done: bool,
}

/// Starts the thread. `on_drop` is called for each dropped line.
pub(super) fn start<W: Write + Send + 'static>(
    sink: W,
    on_drop: impl Fn() + Send + Sync + 'static,
) -> (Writer, Flusher) {
    let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), on_drop: Box::new(on_drop) });
    let thread = thread::Builder::new().name("log".into()).spawn({
        let shared = shared.clone();
        move || {
            drain(&shared, sink);
            shared.lock().done = true;
            shared.changed.notify_all();
        }
    });
    // Without a thread there is no log; a server that can start no thread fails right after this anyway.
    shared.lock().done = thread.is_err();
    (Writer(shared.clone()), Flusher { shared })
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Takes one whole line, or drops it.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.0.lock();
        if state.buffer.len() + line.len() > CAPACITY {
            drop(state);
            (self.0.on_drop)();
            return;
        }
        let first = state.buffer.is_empty();
        state.buffer.extend_from_slice(line);
        drop(state);
        if first {
            self.0.changed.notify_one();
        }
    }
}

/// Each call takes one whole line.
impl Write for Writer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        self.shared.changed.notify_all();
        drop(self.shared.changed.wait_timeout_while(state, LAST_WORDS, |state| !state.done));
    }
}

/// Writes until closed and empty. A sink that fails is not tried again: its reader is gone.
fn drain(shared: &Shared, mut sink: impl Write) {
    let mut taken = Vec::new();
    loop {
        let mut state = shared.lock();
        while state.buffer.is_empty() && !state.closed {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if !state.closed {
            let gathered = shared.changed.wait_timeout_while(state, GATHER, |s| !s.closed);
            state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut state.buffer, &mut taken);
        let done = state.closed;
        drop(state);
        if sink.write_all(&taken).and_then(|()| sink.flush()).is_err() {
            sink_is_gone(shared);
            return;
        }
        taken.clear();
        if done {
            return;
        }
    }
}

/// Empties the buffer for good, so that nothing is kept or counted for a reader that went away.
fn sink_is_gone(shared: &Shared) {
    let mut state = shared.lock();
    while !state.closed {
        state.buffer = Vec::new();
        state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    /// Gives what is written to a channel, after waiting for permission.
    struct Sink {
        may: mpsc::Receiver<()>,
        got: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.may.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.got.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_is_written_before_the_flusher_is_gone() {
        let (may, allowed) = mpsc::channel();
        let (got, written) = mpsc::channel();
        let (mut writer, flusher) = start(Sink { may: allowed, got }, || ());
        for i in 0..100 {
            may.send(()).unwrap();
            writer.write_all(format!("{i}\n").as_bytes()).unwrap();
        }
        drop(flusher);
        let expected: String = (0..100).map(|i| format!("{i}\n")).collect();
        assert_eq!(String::from_utf8(written.iter().flatten().collect()).unwrap(), expected);
    }

    #[test]
    fn a_stuck_reader_costs_lines_and_no_time() {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (may, allowed) = mpsc::channel();
        let (got, _written) = mpsc::channel();
        let count = dropped.clone();
        let (mut writer, flusher) = start(Sink { may: allowed, got }, move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let line = [b'x'; 1 << 20];
        // At most one buffer is being written and one is full: the rest must be dropped, whatever the thread does.
        for _ in 0..12 {
            writer.write_all(&line).unwrap();
        }
        assert!(dropped.load(Ordering::Relaxed) >= 4);
        // Nor does it hold up the end.
        drop(flusher);
        drop(may);
    }
}
