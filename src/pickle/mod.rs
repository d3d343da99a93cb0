//! Pickle and joblib bytes to a value graph. Cannot run code: it never imports, calls or resolves what a file names.
//!
//! Memory, depth and time are bounded by the size of the input. Never does I/O.
//!
//! `compression.rs` undoes compression; `machine.rs` interprets opcodes; `allow.rs` holds the names that a file may
//! mention and what for.

mod allow;
mod arena;
mod compression;
mod cursor;
mod error;
mod joblib;
mod level;
mod machine;
mod numpy;
mod object;
mod opcode;
mod survey;
mod text;

pub use compression::{Compression, decompress};
pub use error::{Offset, PickleError, Refusal};
pub use survey::{Notes, Refused, Survey};

use crate::value::Graph;
use cursor::Cursor;
use machine::Machine;

/// Bounds on what a file may make the reader do.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Bytes after decompression.
    pub max_decompressed: usize,
    /// Bytes of memory for the graph, beside the stream that it borrows from.
    pub max_graph: usize,
    /// How the file was compressed; errors then say that their offsets count decompressed bytes.
    pub compression: Option<Compression>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_decompressed: 8 << 30, max_graph: 8 << 30, compression: None }
    }
}

/// Memory for the graph of a small file.
const GRAPH_FLOOR: usize = 32 << 20;
/// Memory for the graph of a large file, per byte of stream. Boosting with thousands of tiny trees needs 5.
const GRAPH_RATIO: usize = 16;

/// Reads a (decompressed) pickle or joblib stream.
///
/// # Errors
/// When the stream is malformed, exceeds a limit, or names a class that is not on the allow-list.
pub fn read<'a>(stream: &'a [u8], limits: &Limits) -> Result<Graph<'a>, PickleError> {
    let mut machine = machine(stream, limits, false);
    let root = machine.run()?;
    Ok(Graph { nodes: machine.arena.into_nodes(), root })
}

/// Counts what a (decompressed) stream holds, and goes on past refused names to list them all.
pub fn survey(stream: &[u8], limits: &Limits) -> Survey {
    let mut machine = machine(stream, limits, true);
    let problem = machine.run().err();
    Survey { notes: machine.notes, problem }
}

fn machine<'a>(stream: &'a [u8], limits: &Limits, lenient: bool) -> Machine<'a> {
    let budget = GRAPH_FLOOR.max(stream.len().saturating_mul(GRAPH_RATIO)).min(limits.max_graph);
    Machine::new(Cursor::new(stream, limits.compression), budget, lenient)
}
