//! What a source holds, by its first bytes. Names of files say nothing: `data.csv` may be a web page or gzip.

use super::DataError;
use super::source::Input;
use crate::zstd::Frames;
use std::io::{BufReader, Read};

/// What rows are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    JsonLines,
    Parquet,
}

/// What the text of CSV or JSON lines is packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// Largest window of a zstd frame in bytes: that of `zstd --long`, its program's own limit.
const ZSTD_WINDOW: u64 = 128 << 20;

/// How many bytes are looked at.
const START: u64 = 4096;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UNPACK: &str = "unpack it: tables are read as CSV (also .gz, .zst), JSON lines or Parquet";
const SAVE: &str = "save the table as CSV, JSON lines or Parquet";

/// First bytes of what people take for tables.
const FOREIGN: [(&[u8], &str, &str); 14] = [
    (b"PK\x03\x04", "a zip archive or an Excel workbook", SAVE),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", SAVE),
    (b"ARROW1", "an Arrow or Feather file", SAVE),
    (b"ORC", "an ORC file", SAVE),
    (b"Obj\x01", "an Avro file", SAVE),
    (b"SQLite format 3", "an SQLite database", SAVE),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", SAVE),
    (b"\x93NUMPY", "a numpy array", SAVE),
    (b"\x80", "a pickle", SAVE),
    (b"BZh", "a bzip2 file", UNPACK),
    (b"\xfd7zXZ\x00", "an xz file", UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 file", UNPACK),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for", "run `git lfs pull`"),
    (b"PARE", "an encrypted Parquet file", "decrypt it first"),
];

/// What the source holds and how it is packed.
///
/// # Errors
/// When it cannot be read, is empty or no table.
pub(super) fn sniff(input: &Input) -> Result<(Format, Packing), DataError> {
    let bytes = input.start(START)?;
    let packing = match bytes.as_slice() {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        _ => Packing::Plain,
    };
    let mut text = Vec::new();
    let mut unpacked = unpack(&bytes[..], packing).take(START);
    // The start of a packed file ends in the middle of a block: what came until then is enough.
    while text.len() < START as usize {
        let mut piece = [0; START as usize];
        match unpacked.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => text.extend_from_slice(&piece[..read]),
            Err(_) if !text.is_empty() => break,
            Err(_) if packing != Packing::Plain && input.size > START => break,
            Err(error) => return Err(input.failed(error)),
        }
    }
    match kind(&text) {
        Ok(Format::Parquet) if packing != Packing::Plain => {
            Err(("a Parquet file packed once more", "unpack it: Parquet compresses its columns itself"))
        }
        Ok(format) => Ok((format, packing)),
        Err(what) => Err(what),
    }
    .map_err(|(what, advice)| match what {
        "" => DataError::Empty { place: input.place.clone() },
        _ => DataError::NotATable { place: input.place.clone(), what, advice },
    })
}

/// What bytes are unpacked to.
pub(super) fn unpack<'a>(bytes: impl Read + Send + 'a, packing: Packing) -> Box<dyn Read + Send + 'a> {
    match packing {
        Packing::Plain => Box::new(bytes),
        Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        Packing::Zstd => Box::new(Frames::new(BufReader::new(bytes), ZSTD_WINDOW)),
    }
}

/// The text of a source, without a byte order mark.
///
/// # Errors
/// When it cannot be read.
pub(super) fn text<'a>(bytes: impl Read + Send + 'a, packing: Packing) -> std::io::Result<Box<dyn Read + Send + 'a>> {
    let mut text = unpack(bytes, packing);
    let mut start = Vec::new();
    text.by_ref().take(UTF8_MARK.len() as u64).read_to_end(&mut start)?;
    if start == UTF8_MARK {
        start.clear();
    }
    Ok(Box::new(std::io::Cursor::new(start).chain(text)))
}

/// The format, or what it is instead and what to do; nothing is said of nothing.
fn kind(bytes: &[u8]) -> Result<Format, (&'static str, &'static str)> {
    if bytes.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(("UTF-16 text", "save the file as UTF-8 (iconv -f utf-16 -t utf-8)"));
    }
    if let Some((_, what, advice)) = FOREIGN.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err((what, advice));
    }
    let text = bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes).trim_ascii_start();
    if text.contains(&0) {
        return Err(("a file of no known format", SAVE));
    }
    let begins = |tag: &str| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
    match text {
        [] => Err(("", "")),
        [b'{', ..] => Ok(Format::JsonLines),
        [b'[', b'{' | b'[' | b' ' | b'\n' | b'\r' | b'\t', ..] => {
            Err(("a JSON array", "write one object a line: jq -c '.[]'"))
        }
        _ if begins("<!doctype html") || begins("<html") => {
            Err(("a web page, perhaps a login or error page", "fetch the file itself"))
        }
        _ if begins("<?xml") => Err(("an XML file, perhaps the error of a storage service", "fetch the file itself")),
        _ => Ok(Format::Csv),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Format::{Csv, JsonLines, Parquet};

    fn check(bytes: &[u8], expected: Result<Format, &str>) {
        assert_eq!(kind(bytes).map_err(|(what, _)| what), expected, "{:?}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn content_says_what_it_is() {
        check(b"a,b\n1,2\n", Ok(Csv));
        check("\u{feff}Größe;b\n".as_bytes(), Ok(Csv));
        check(b"\"a\",b", Ok(Csv));
        check(b"[a],b\n", Ok(Csv));
        check(b"{\"a\": 1}\n", Ok(JsonLines));
        check("\u{feff}\n {\"a\": 1}\n".as_bytes(), Ok(JsonLines));
        check(b"PAR1\x15\x04", Ok(Parquet));
        check(b"", Err(""));
        check(b" \n", Err(""));
        check(b"[{\"a\": 1}]", Err("a JSON array"));
        check(b"PK\x03\x04", Err("a zip archive or an Excel workbook"));
        check(b"\xff\xfea\0", Err("UTF-16 text"));
        check(b"a\0b", Err("a file of no known format"));
        check(b"\n<!DOCTYPE html>", Err("a web page, perhaps a login or error page"));
        check(b"<?xml version='1.0'?><Error>", Err("an XML file, perhaps the error of a storage service"));
    }
}
