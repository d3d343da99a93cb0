//! Undoes the compressions that joblib and gzip write, told by their first bytes, in bounded memory.

use super::{Limits, PickleError};
use std::borrow::Cow;
use std::fmt;
use std::io::Read;

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
}

/// Undoes gzip, zlib, bz2, xz, lzma or lz4 if the first bytes say so; borrows otherwise.
///
/// # Errors
/// When the compressed stream is damaged or larger than the limits allow.
pub fn decompress<'a>(file: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, PickleError> {
    let Some(compression) = Compression::sniff(file) else {
        return Ok(Cow::Borrowed(file));
    };
    let mut rest = file;
    let limit = limits.max_decompressed;
    let mut out = Vec::new();
    let read = match compression {
        Compression::Zlib => flate2::bufread::ZlibDecoder::new(&mut rest).take(limit as u64 + 1).read_to_end(&mut out),
        Compression::Gzip => {
            flate2::bufread::MultiGzDecoder::new(&mut rest).take(limit as u64 + 1).read_to_end(&mut out)
        }
        Compression::Bzip2 => {
            bzip2::bufread::MultiBzDecoder::new(&mut rest).take(limit as u64 + 1).read_to_end(&mut out)
        }
        Compression::Xz => lzma_rust2::XzReader::new(&mut rest, true).take(limit as u64 + 1).read_to_end(&mut out),
        Compression::Lzma => lzma_rust2::LzmaReader::new_mem_limit(&mut rest, 1 << 20, None)
            .and_then(|reader| reader.take(limit as u64 + 1).read_to_end(&mut out)),
        Compression::Lz4 => lz4_flex::frame::FrameDecoder::new(&mut rest).take(limit as u64 + 1).read_to_end(&mut out),
    };
    read.map_err(|e| PickleError::Compressed { compression, problem: e.to_string() })?;
    if out.len() > limit {
        return Err(PickleError::TooLarge { compression, limit, file: file.len() });
    }
    Ok(Cow::Owned(out))
}
