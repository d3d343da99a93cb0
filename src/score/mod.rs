//! Request to reply: bytes in, bytes out. Decodes the request into a matrix, scores it, writes the answer.
//!
//! Pure: no clock but the durations it reports, no I/O, no HTTP. The whole story of one request is [`Scorer::score`].

mod error;
mod reply;

pub use error::{Code, ErrorKind, ScoreError};

use crate::bundle::Bundle;
use std::sync::Arc;
use std::time::Duration;

/// How replies look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyStyle {
    /// A JSON object; errors have their own status.
    #[default]
    Plain,
    /// Exactly what the seed's score.py gives behind Microsoft's server: a JSON *string*, errors as 200.
    AzureMl,
}

/// The form of a request's bytes, decided by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Csv,
    /// The query of `GET /score?col=v`, without the `?`.
    Query,
}

/// What happened, for metrics and logs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stats {
    pub rows: usize,
    pub decode: Duration,
    pub score: Duration,
}

/// A bundle prepared to answer requests.
pub struct Scorer {
    bundle: Arc<Bundle>,
    style: ReplyStyle,
}

impl Scorer {
    pub fn new(bundle: Arc<Bundle>, style: ReplyStyle) -> Self {
        Scorer { bundle, style }
    }

    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    pub fn style(&self) -> ReplyStyle {
        self.style
    }

    /// Scores one request and appends the reply to `out`.
    ///
    /// # Errors
    /// When the request cannot be scored, in both styles; `out` is then unchanged and [`ScoreError::body`] is the reply.
    pub fn score(&self, _form: Form, _body: &[u8], _out: &mut Vec<u8>) -> Result<Stats, ScoreError> {
        todo!()
    }
}
