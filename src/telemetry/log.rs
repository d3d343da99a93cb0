//! Logs: one JSON object or one text line for each event, on standard output.

use super::json::JsonLines;
use super::writer::{self, Flusher};
use std::io;
use std::str::FromStr;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, for collectors.
    Json,
    /// For people.
    Text,
}

/// The least important events that are logged, by Python's names and by Rust's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(LevelFilter);

impl Level {
    pub const INFO: Level = Level(LevelFilter::INFO);
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Level(match text.to_ascii_lowercase().as_str() {
            "trace" | "notset" => LevelFilter::TRACE,
            "debug" => LevelFilter::DEBUG,
            "info" => LevelFilter::INFO,
            "warn" | "warning" => LevelFilter::WARN,
            "error" | "critical" | "fatal" => LevelFilter::ERROR,
            "off" => LevelFilter::OFF,
            _ => return Err(format!("{text:?} is none of debug, info, warning, error, off")),
        }))
    }
}

/// Sends all events of this process to standard output. They are written from a thread; `on_drop` is called for each
/// that found its buffer full. The log is complete once the [`Flusher`] is dropped.
///
/// A second call in one process has no effect.
pub fn init(format: Format, level: Level, on_drop: impl Fn() + Send + Sync + 'static) -> Flusher {
    let (writer, flusher) = writer::start(io::stdout(), on_drop);
    // It fails only when a subscriber is already set.
    let _ = match format {
        Format::Json => {
            let lines = tracing_subscriber::registry().with(level.0).with(JsonLines(writer));
            tracing::subscriber::set_global_default(lines)
        }
        Format::Text => {
            let lines = tracing_subscriber::fmt().with_max_level(level.0).with_target(false).with_ansi(false);
            tracing::subscriber::set_global_default(lines.with_writer(move || writer.clone()).finish())
        }
    };
    flusher
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_python_names_too() {
        for (text, level) in [
            ("WARNING", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("CRITICAL", LevelFilter::ERROR),
            ("Debug", LevelFilter::DEBUG),
        ] {
            assert_eq!(text.parse(), Ok(Level(level)));
        }
        assert!("loud".parse::<Level>().is_err());
    }
}
