//! Logs and metrics: the only module that names prometheus. Knows nothing of HTTP, models or requests beyond their
//! names and numbers; whoever has something to tell is handed a [`Metrics`] or calls `tracing`.

mod expose;
mod json;
mod log;
mod metrics;
mod process;
mod writer;

pub use expose::Exposition;
pub use log::{Format, Level, init};
pub use metrics::{Held, Metrics, ModelLabels, Quantiles, RequestSeries};
pub use writer::Flusher;
