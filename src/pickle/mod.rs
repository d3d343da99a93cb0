//! Pickle and joblib bytes to a value graph. Cannot run code: it never imports, calls or resolves what a file names.
//!
//! Memory, depth and time are bounded by the size of the input. Never does I/O.

use crate::value::Graph;

/// Bounds on what a file may make the reader do.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Bytes after decompression.
    pub max_decompressed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_decompressed: 8 << 30 }
    }
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PickleError {
    #[error("{0}")]
    ToBeWritten(String),
}

/// Undoes gzip, zlib, bz2, xz, lzma or lz4 if the first bytes say so; borrows otherwise.
///
/// # Errors
/// When the compressed stream is damaged or larger than the limits allow.
pub fn decompress<'a>(_bytes: &'a [u8], _limits: &Limits) -> Result<std::borrow::Cow<'a, [u8]>, PickleError> {
    todo!()
}

/// Reads a (decompressed) pickle or joblib stream.
///
/// # Errors
/// When the stream is malformed, exceeds a limit, or names a class that is not on the allow-list.
pub fn read<'a>(_bytes: &'a [u8], _limits: &Limits) -> Result<Graph<'a>, PickleError> {
    todo!()
}
