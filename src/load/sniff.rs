//! What a file is, by its bytes. Names of files say nothing: `model.pkl` may be a web page.
//!
//! Foreign formats are told apart only so that the error can say what to do.

use crate::boosters::Library;
use crate::pickle::Compression;
use crate::{onnx, skops};

/// How many bytes from the start of a file are enough for [`kind`].
pub const START: usize = 1024;

/// What a file's bytes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It may be a bundle.
    Bundle(Format),
    /// By what: its content shows after decompression.
    Compressed(Compression),
    /// Something else.
    Foreign(Foreign),
}

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Native,
    /// A zip archive, as skops writes.
    Skops,
    /// A message of protocol buffers that begins as ONNX models do.
    Onnx,
    /// Begins like a pickle of a dict or an object; joblib's files do.
    Pickle,
    /// A model of XGBoost or LightGBM by itself, as their `save_model` writes it.
    Booster(Library),
}

/// A file that is no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is {what}; {advice}")]
pub struct Foreign {
    pub what: &'static str,
    pub advice: &'static str,
}

const SAVE: &str = "save the model with pickle or joblib";
const COPY: &str = "fetch the file itself";

/// Compressed content that is compressed again.
pub const TWICE: Foreign = Foreign { what: "a file that is compressed twice", advice: "decompress it once" };

/// First bytes of formats that people have given to a scikit-learn server.
const FOREIGN: [(&[u8], &str, &str); 11] = [
    (b"PK\x05\x06", "an empty zip archive", SAVE),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras)", SAVE),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for", "run `git lfs pull`"),
    (b"\x93NUMPY", "a numpy array", "save the bundle with pickle or joblib"),
    (b"\x28\xb5\x2f\xfd", "a zstd-compressed file", "decompress it first"),
    (b"PAR1", "a Parquet table, not a model", SAVE),
    (b"ARROW1", "an Arrow table, not a model", SAVE),
    (b"SQLite format 3", "an SQLite database, not a model", SAVE),
    (b"\x7fELF", "a program", SAVE),
    (
        b"binf",
        "an XGBoost model in its old binary format",
        "load it with XGBoost 1.3 to 3.0 and save it as .ubj or .json",
    ),
    (b"CBM1", "a CatBoost model", "export it to ONNX: save_model(path, format=\"onnx\")"),
];

/// What a file that starts with these bytes is; `bytes` may be the whole file or its first [`START`] bytes.
pub fn kind(bytes: &[u8]) -> Kind {
    if crate::bundle::native::is_native(bytes) {
        return Kind::Bundle(Format::Native);
    }
    if skops::is_archive(bytes) {
        return Kind::Bundle(Format::Skops);
    }
    if let Some(library) = Library::of_model(bytes) {
        return Kind::Bundle(Format::Booster(library));
    }
    if onnx::is_onnx(bytes) {
        return Kind::Bundle(Format::Onnx);
    }
    if let Some(by) = compression(bytes) {
        return Kind::Compressed(by);
    }
    match begins_pickle(bytes) {
        true => Kind::Bundle(Format::Pickle),
        false => Kind::Foreign(foreign(bytes)),
    }
}

/// Protocols from 2 say so. Earlier ones begin with an empty dict or list, with a mark, or with what to import on
/// two lines of their own.
fn begins_pickle(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut name = || {
        let part_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._".contains(byte);
        lines.next().is_some_and(|line| !line.is_empty() && line.iter().all(part_of_name))
    };
    match bytes {
        [0x80, ..] | [b'}' | b']', b'q' | b'r' | b'(' | b'.', ..] | [b'(', b'd' | b'l', ..] => true,
        [b'c', ..] => name() && name(),
        _ => false,
    }
}

/// Text may begin with an x as zlib does, but the two bytes of a zlib header are a multiple of 31.
fn compression(bytes: &[u8]) -> Option<Compression> {
    let header = |flags: &u8| (0x7800 + u32::from(*flags)).is_multiple_of(31);
    Compression::sniff(bytes).filter(|by| *by != Compression::Zlib || bytes.get(1).is_some_and(header))
}

fn foreign(bytes: &[u8]) -> Foreign {
    let is = |what, advice| Foreign { what, advice };
    if bytes.is_empty() {
        return is("an empty file", "copy it again");
    }
    if let Some((_, what, advice)) = FOREIGN.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return is(what, advice);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return is("a tar archive", "unpack it and name the bundle in it");
    }
    text(bytes).unwrap_or(is("a file of no known format", SAVE))
}

/// Web pages, XML, JSON and other text.
fn text(bytes: &[u8]) -> Option<Foreign> {
    let is = |what, advice| Some(Foreign { what, advice });
    let start = &bytes[..bytes.len().min(START)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if start.len() - error.valid_up_to() < 4 => {
            std::str::from_utf8(&start[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start().to_lowercase();
    match text {
        html if html.starts_with("<!doctype html") || html.starts_with("<html") => {
            is("a web page, perhaps a login or error page", COPY)
        }
        xml if xml.starts_with("<?xml") => is("an XML file (an error of a storage service, or PMML)", COPY),
        json if json.starts_with('{') || json.starts_with("[{") => is("a JSON file", SAVE),
        _ => is("a text file", SAVE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let found = match kind(bytes) {
            Kind::Bundle(format) => format!("{format:?}").to_lowercase(),
            Kind::Compressed(by) => by.to_string(),
            Kind::Foreign(foreign) => foreign.what.to_owned(),
        };
        assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn every_protocol_is_a_pickle() {
        check(b"\x80\x02}q\x00.", "pickle");
        check(b"\x80\x05\x95\x10", "pickle");
        check(b"}q\x00(X", "pickle");
        check(b"(dp0\nVmodel\np1\n", "pickle");
        check(b"(lp0\n.", "pickle");
        check(b"ccopy_reg\n_reconstructor\np0\n(csklearn", "pickle");
    }

    #[test]
    fn compressed_files_are_known_by_their_first_bytes() {
        check(b"\x1f\x8b\x08\x00", "gzip");
        check(b"\x78\x9c\x00", "zlib");
        check(b"BZh91AY", "bz2");
        check(b"\xfd7zXZ\x00", "xz");
        check(b"\x5d\x00\x00\x80", "lzma");
        check(b"\x04\x22\x4d\x18", "lz4");
    }

    #[test]
    fn other_files_are_named() {
        check(b"", "an empty file");
        check(b"PK\x03\x04\x14", "skops");
        check(b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras)");
        check(b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer, not the file it stands for");
        check(b"\n<!DOCTYPE html><html>", "a web page, perhaps a login or error page");
        check(b"<?xml version='1.0'?><Error>", "an XML file (an error of a storage service, or PMML)");
        check(b"\x08\x08\x12\x08skl2onnx", "onnx");
        check(b"{\"learners\": {}}", "a JSON file");
        check(b"{\"learner\":{\"attributes\":{}", "booster(xgboost)");
        check(b"{L\0\0\0\0\0\0\0\x07learner", "booster(xgboost)");
        check(b"tree\nversion=v4\n", "booster(lightgbm)");
        check(b"binf\0\0\0", "an XGBoost model in its old binary format");
        check(b"CBM1\0", "a CatBoost model");
        check(b"# A model\n\nIt scores.\n", "a text file");
        check(b"x,y\n1,2\n", "a text file");
        check("\u{feff}Modèle de détection\n".as_bytes(), "a text file");
        check(b"(c) 2026", "a text file");
        check(b"\x89PNG\r\n\x1a\n", "a file of no known format");
        check(b"I42\n.", "a text file");
        check(b"context: the model\n", "a text file");
        check(b"\x89scorelet\r\n\x1a\x01\x00\x00\x00", "native");
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        check(&tar, "a tar archive");
    }
}
