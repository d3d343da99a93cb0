//! Pickle and joblib bytes to a value graph. Cannot run code: it never imports, calls or resolves what a file names.
//!
//! Memory, depth and time are bounded by the size of the input. Never does I/O.
//!
//! `compression.rs` undoes compression; `machine.rs` interprets opcodes; `allow.rs` holds the names that a file may
//! mention and what for; `write.rs` goes the other way.

mod allow;
mod arena;
mod bystanders;
mod call;
mod compression;
mod container;
mod cursor;
mod depth;
mod dtype;
mod error;
mod joblib;
mod level;
mod limits;
mod literal;
mod machine;
mod numpy;
mod object;
mod opcode;
mod survey;
mod text;
mod write;

pub use compression::{Compression, decompress};
pub use error::{Offset, PickleError, Refusal};
pub use limits::Limits;
pub use survey::{Notes, Refused, Survey};
pub use write::{WriteError, write};

use crate::value::{DType, Graph, Name};
use machine::Machine;
use std::borrow::Cow;

/// Reads a (decompressed) pickle or joblib stream.
///
/// No value of the graph contains itself, and none nests deeper than 1000 values, apart from the links between the
/// nodes of Birch's tree.
///
/// # Errors
/// When the stream is malformed, exceeds a limit, or names a class that is not on the allow-list.
pub fn read<'a>(stream: &'a [u8], limits: &Limits) -> Result<Graph<'a>, PickleError> {
    let mut machine = Machine::new(stream, limits, false);
    let root = machine.run()?;
    machine.finish(root)
}

/// Counts what a (decompressed) stream holds, and goes on past refused names to list them all.
pub fn survey(stream: &[u8], limits: &Limits) -> Survey {
    let mut machine = Machine::new(stream, limits, true);
    let problem = machine.run().err();
    Survey { notes: machine.notes, problem }
}

/// The name, if a file may mention it, whatever for: the one allow-list of all formats.
pub(crate) fn known_name(module: &str, name: &str) -> Option<Name<'static>> {
    let (module, name, _) = allow::find(module, name)?;
    Some(Name { module: Cow::Borrowed(module), name: Cow::Borrowed(name) })
}

/// A dtype by its code: `f8`, `<U10`, `|b1`.
pub(crate) fn dtype_by_code(code: &str) -> Option<DType> {
    dtype::parse_code(code)
}
