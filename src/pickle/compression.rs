//! Undoes the compressions that joblib and gzip write, told by their first bytes, in bounded memory.

use super::{Limits, PickleError};
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};

/// What a decoder of xz or lzma may hold besides its output. The largest dictionary of Python's own presets is 64 MiB.
const DICTIONARY: usize = 80 << 20;
/// First growth of the output.
const CHUNK: usize = 64 << 10;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Zlib,
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Lz4,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::Zlib => "zlib",
            Compression::Gzip => "gzip",
            Compression::Bzip2 => "bz2",
            Compression::Xz => "xz",
            Compression::Lzma => "lzma",
            Compression::Lz4 => "lz4",
        })
    }
}

impl Compression {
    /// The compression that the first bytes announce. No pickle begins with any of these bytes.
    pub fn sniff(file: &[u8]) -> Option<Compression> {
        const MAGIC: [(&[u8], Compression); 6] = [
            (b"\x1f\x8b", Compression::Gzip),
            (b"\x78", Compression::Zlib),
            (b"BZh", Compression::Bzip2),
            (b"\xfd7zXZ\0", Compression::Xz),
            (b"\x5d\0", Compression::Lzma),
            (b"\x04\x22\x4d\x18", Compression::Lz4),
        ];
        MAGIC.iter().find(|(magic, _)| file.starts_with(magic)).map(|(_, compression)| *compression)
    }

    /// Bytes that a decoder may hold besides its output: what it looks back on, and its buffers.
    pub(super) fn window(self) -> usize {
        match self {
            Compression::Xz | Compression::Lzma => DICTIONARY,
            Compression::Lz4 | Compression::Bzip2 => 16 << 20,
            Compression::Zlib | Compression::Gzip => 1 << 20,
        }
    }
}

/// Undoes gzip, zlib, bz2, xz, lzma or lz4 if the first bytes say so; borrows otherwise.
///
/// # Errors
/// When the compressed stream is damaged or larger than the limits allow.
pub fn decompress<'a>(file: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, PickleError> {
    let Some(compression) = Compression::sniff(file) else {
        return Ok(Cow::Borrowed(file));
    };
    let dictionary_kib = (DICTIONARY >> 10) as u32;
    let mut rest = file;
    let limit = limits.max_decompressed;
    let read = match compression {
        Compression::Zlib => read_bounded(flate2::bufread::ZlibDecoder::new(&mut rest), limit),
        Compression::Gzip => read_bounded(flate2::bufread::MultiGzDecoder::new(&mut rest), limit),
        Compression::Bzip2 => read_bounded(bzip2::bufread::MultiBzDecoder::new(&mut rest), limit),
        Compression::Xz => read_bounded(lzma_rust2::XzReader::new_mem_limit(&mut rest, true, dictionary_kib), limit),
        Compression::Lzma => lzma_rust2::LzmaReader::new_mem_limit(&mut rest, dictionary_kib, None)
            .and_then(|reader| read_bounded(reader, limit)),
        Compression::Lz4 => read_bounded(lz4_flex::frame::FrameDecoder::new(&mut rest), limit),
    };
    let out = read.map_err(|e| PickleError::Compressed { compression, problem: e.to_string() })?;
    if out.len() > limit {
        return Err(PickleError::TooLarge { compression, limit, file: file.len() });
    }
    if !rest.is_empty() {
        let problem = format!("{} bytes follow its end", rest.len());
        return Err(PickleError::Compressed { compression, problem });
    }
    Ok(Cow::Owned(out))
}

/// Reads up to one byte beyond `limit`. Grows by quarters: doubling would hold up to twice what the limit says.
fn read_bounded(mut reader: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let step = (out.len() / 4).max(CHUNK).min((limit + 1).saturating_sub(out.len()));
        out.try_reserve_exact(step).map_err(io::Error::other)?;
        let read = reader.by_ref().take(step as u64).read_to_end(&mut out)?;
        if read < step || out.len() > limit {
            return Ok(out);
        }
    }
}
