//! `.skops` files to a value graph: a zip archive of `schema.json`, which says what the values are, and their arrays.
//!
//! Cannot run code: what the schema names is looked up on the pickle reader's allow-list, never imported. Memory and
//! depth are bounded by the size of the file. Never does I/O.

mod archive;
mod make;
mod npy;
mod schema;

use crate::pickle::Limits;
use crate::value::Graph;
use archive::Archive;
use serde_json::value::RawValue;
use std::fmt;

/// Why a `.skops` file is not read, in words for the person who has the file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SkopsError {
    #[error("the zip archive is damaged or cut off: {0}")]
    Zip(String),
    #[error(
        "the zip archive holds no {SCHEMA}, so skops did not write it (PyTorch, Keras and numpy write zip archives too); \
         save the model with pickle, joblib or skops"
    )]
    Other,
    #[error("{member} in the archive: {problem}")]
    Member { member: String, problem: String },
    #[error("the archive unpacks to more than a model of this size needs; if it is yours, dump it without compression")]
    TooLarge,
    #[error("{SCHEMA} gives no protocol from 0 to {newest}: a newer skops wrote it, or none at all")]
    Protocol { newest: i64 },
    #[error("{SCHEMA} at {}: {problem}", if path.is_empty() { "its top" } else { path.as_str() })]
    Schema { path: String, problem: String },
    #[error("{}", Listed(.0))]
    Refused(Vec<Refused>),
}

/// A name that a file may not use.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    pub name: String,
    /// What skops would make of it: `ObjectNode`, `FunctionNode`, `MethodNode`…
    pub loader: String,
    /// Where it stands: `.model.steps[0][1]`.
    pub path: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, path) = (self.name.escape_debug(), self.path.escape_debug());
        write!(f, "{name:.120} at {path:.120} ({:.40}) is refused", self.loader.escape_debug())
    }
}

/// The first refused name, and how many more there are.
struct Listed<'r>(&'r [Refused]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.0.first() else { return Ok(()) };
        write!(f, "{first}: nothing that a file names is run, and scorelet does not rebuild this one")?;
        match self.0.len() - 1 {
            0 => Ok(()),
            more => write!(f, " (and {more} more; `scorelet inspect` lists them)"),
        }
    }
}

const SCHEMA: &str = "schema.json";

/// Whether these are the first bytes of a zip archive.
pub fn is_archive(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

/// Reads a `.skops` file, as `skops.io.dump` writes it: protocols 0 to 2, stored or deflated.
///
/// # Errors
/// When it is damaged or no such file, exceeds a limit, or names a class that is not on the allow-list.
pub fn read(file: &[u8], limits: &Limits) -> Result<Graph<'static>, SkopsError> {
    let mut archive = Archive::open(file, limits.max_decompressed)?;
    if !archive.holds(SCHEMA) {
        return Err(SkopsError::Other);
    }
    let text = archive.read(SCHEMA)?;
    let wrong = |error: &dyn fmt::Display| SkopsError::Schema { path: String::new(), problem: error.to_string() };
    let text = std::str::from_utf8(&text).map_err(|error| wrong(&error))?;
    let schema: &RawValue = serde_json::from_str(text).map_err(|error| wrong(&error))?;
    make::graph(archive, schema)
}
