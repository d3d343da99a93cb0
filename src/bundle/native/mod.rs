//! The native `.bundle`: a value graph in a form that is small, checked and quick to load.
//!
//! | bytes  | what |
//! |--------|------|
//! | 0..12  | magic, `\x89scorelet\r\n\x1a`: says at once when a transfer treated the file as text |
//! | 12..16 | format version, 1 |
//! | 16..24 | length of the whole file |
//! | 24..32 | length of the records |
//! | 32..64 | SHA-256 of all other bytes |
//! | 64..   | records: names, element types, nodes (`wire.rs`); zeros up to a multiple of 64 |
//! | …      | the elements of all arrays in the order of their nodes, each aligned to 64 bytes, or to its own length rounded up to a power of two where that is less |
//!
//! All numbers are little-endian. Node 0 is the root; every other node is referred to by an earlier one and refers
//! only to later ones, so a file cannot hold a cycle or anything unreachable. The same graph gives the same bytes.
//!
//! It holds what a pickle says, not how scorelet computes it: a new estimator needs no new format, and an old file
//! passes the same builders and the same validation as a pickle. Hence the policy: **a file written by any released
//! version stays readable by every later one.** A change of layout takes a new version number and a reader beside
//! this one; `tests/fixtures/bundle-v1.bundle` is read by a test for ever.
//!
//! Never does I/O.

mod decode;
mod encode;
mod wire;

use crate::value::{DType, Graph};
use sha2::{Digest, Sha256};

/// The version that [`encode()`] writes and the only one so far.
pub const VERSION: u32 = 1;

const MAGIC: &[u8; 12] = b"\x89scorelet\r\n\x1a";
const HEADER: usize = 64;
const DIGEST: std::ops::Range<usize> = 32..64;
/// Arrays start at multiples of this, so that a reader may use them in place whatever its vector width.
const ALIGN: usize = 64;

/// Why a native bundle cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NativeError {
    #[error("the file is cut short: {found} of {expected} bytes are there; copy it again")]
    Truncated { found: u64, expected: u64 },
    #[error("{extra} bytes follow the end of the bundle; copy it again")]
    Trailing { extra: u64 },
    #[error("format version {found} is newer than this scorelet reads (up to {VERSION}); update scorelet")]
    Version { found: u32 },
    #[error("the file is damaged: its SHA-256 is not the one it was written with; copy it again")]
    Digest,
    /// The digest is right, yet the content is not what this program writes.
    #[error("{place}: {problem}; the file was not written by scorelet")]
    Malformed { place: String, problem: String },
    #[error("a value contains itself ({what}): a native bundle cannot hold that")]
    Cyclic { what: String },
    #[error("{what}: a native bundle cannot hold that")]
    Unstorable { what: String },
}

/// Whether the bytes start like a native bundle, of whatever version.
pub fn is_native(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Writes the part of `graph` that its root reaches.
///
/// # Errors
/// When a value contains itself, or is outside what the format holds (an array of structures of structures).
pub fn encode(graph: &Graph<'_>) -> Result<Vec<u8>, NativeError> {
    let parts = encode::parts(graph)?;
    let arrays_at = (HEADER + parts.records.len()).next_multiple_of(ALIGN);
    let mut out = Vec::with_capacity(arrays_at + parts.arrays_len);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&((arrays_at + parts.arrays_len) as u64).to_le_bytes());
    out.extend_from_slice(&(parts.records.len() as u64).to_le_bytes());
    out.resize(HEADER, 0);
    out.extend_from_slice(&parts.records);
    out.resize(arrays_at, 0);
    for array in parts.arrays {
        let at = out.len() - arrays_at;
        out.resize(arrays_at + aligned(at, array.len()), 0);
        out.extend_from_slice(array);
    }
    let digest = digest(&out);
    out[DIGEST].copy_from_slice(&digest);
    Ok(out)
}

/// Reads a native bundle; text and arrays are borrowed from `bytes`.
///
/// # Errors
/// When the file is cut short, damaged, of a newer version, or not what [`encode()`] writes.
pub fn decode(bytes: &[u8]) -> Result<Graph<'_>, NativeError> {
    let sealed = Sealed::open(bytes)?;
    sealed.verify()?;
    sealed.graph()
}

/// A native bundle whose header is right. Its digest takes longest to check, so that can be done beside the rest.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a>(&'a [u8]);

impl<'a> Sealed<'a> {
    /// Looks at the header.
    ///
    /// # Errors
    /// When the file is cut short, too long, or of a newer version.
    pub fn open(bytes: &'a [u8]) -> Result<Self, NativeError> {
        let header =
            bytes.get(..HEADER).ok_or(NativeError::Truncated { found: len(bytes), expected: HEADER as u64 })?;
        let version = u32::from_le_bytes(word(header, 12));
        if version != VERSION {
            return Err(NativeError::Version { found: version });
        }
        let expected = u64::from_le_bytes(word(header, 16));
        if len(bytes) < expected {
            return Err(NativeError::Truncated { found: len(bytes), expected });
        }
        if len(bytes) > expected {
            return Err(NativeError::Trailing { extra: len(bytes) - expected });
        }
        Ok(Sealed(bytes))
    }

    /// Compares the digest.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn verify(self) -> Result<(), NativeError> {
        if digest(self.0) == self.0[DIGEST] { Ok(()) } else { Err(NativeError::Digest) }
    }

    /// What the file holds. Nothing that is made of it may be used before [`Sealed::verify`] agrees.
    ///
    /// # Errors
    /// When it is not what [`encode()`] writes.
    pub fn graph(self) -> Result<Graph<'a>, NativeError> {
        let bytes = self.0;
        let malformed = |problem: &str| NativeError::Malformed { place: "header".into(), problem: problem.into() };
        let records_len = u64::from_le_bytes(word(bytes, 24));
        let records_len = usize::try_from(records_len).ok().filter(|n| *n <= bytes.len() - HEADER);
        let records_end = HEADER + records_len.ok_or_else(|| malformed("the records reach beyond the end"))?;
        let arrays_at = records_end.next_multiple_of(ALIGN);
        let padding = bytes.get(records_end..arrays_at).ok_or_else(|| malformed("the arrays begin beyond the end"))?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(malformed("the padding is not zero"));
        }
        decode::graph(&bytes[HEADER..records_end], &bytes[arrays_at..])
    }
}

/// SHA-256 of a whole file, except the place where the digest itself stands.
fn digest(file: &[u8]) -> [u8; 32] {
    let hash = Sha256::new_with_prefix(&file[..DIGEST.start]);
    hash.chain_update(&file[DIGEST.end..]).finalize().into()
}

fn len(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

fn word<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    let mut word = [0; N];
    word.copy_from_slice(&header[at..at + N]);
    word
}

/// Where an array of `len` bytes stands, at or after `at`.
fn aligned(at: usize, len: usize) -> usize {
    at.next_multiple_of(len.clamp(1, ALIGN).next_power_of_two())
}

/// Whether the format holds arrays of this type; in words why not.
fn storable(dtype: &DType) -> Result<(), &'static str> {
    match dtype {
        DType::Struct { fields, .. } if fields.iter().any(|f| matches!(f.dtype, DType::Struct { .. })) => {
            Err("structures of structures")
        }
        DType::Opaque { code, .. } if code.len() > 64 => Err("a type with a name of over 64 bytes"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
