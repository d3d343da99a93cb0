//! What a run is busy with, on one line of a terminal that is rewritten; nothing in a pipe.

use crate::data;
use crate::html::bytes;
use crate::train::job::Stage;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often the line changes at most.
const PACE: Duration = Duration::from_millis(100);

pub(in crate::cli) struct Progress {
    terminal: bool,
    last: Mutex<Option<Instant>>,
}

impl Progress {
    pub fn new() -> Self {
        Progress { terminal: io::stderr().is_terminal(), last: Mutex::new(None) }
    }

    pub fn shown(&self) -> bool {
        self.terminal
    }

    /// How far the data are read.
    pub fn read(&self, at: data::Progress) {
        let Ok(mut last) = self.last.lock() else { return };
        if last.is_some_and(|last| last.elapsed() < PACE) {
            return;
        }
        *last = Some(Instant::now());
        let share = at.bytes as f64 / at.total.max(1) as f64;
        let full = (share.clamp(0.0, 1.0) * 30.0) as usize;
        let bar = format!("{}{}", "█".repeat(full), "░".repeat(30 - full));
        self.line(&format!("reading {bar} {} of {}, {} rows", bytes(at.bytes), bytes(at.total), at.rows));
    }

    pub fn stage(&self, stage: Stage) {
        self.line(&match stage {
            Stage::Fold { number, of } => format!("cross-validating, fold {number} of {of}"),
            Stage::Fit => "fitting".to_owned(),
            Stage::Measure => "measuring".to_owned(),
            Stage::Write => "writing".to_owned(),
        });
    }

    /// Takes the line away.
    pub fn done(&self) {
        self.line("");
    }

    fn line(&self, text: &str) {
        if self.terminal {
            // A terminal that went away is no failure.
            let _ = write!(io::stderr(), "\r\x1b[2K{text}").and_then(|()| io::stderr().flush());
        }
    }
}

impl Drop for Progress {
    /// An error is printed on a line of its own.
    fn drop(&mut self) {
        self.done();
    }
}
