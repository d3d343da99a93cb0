//! What a file is, by its bytes. Names of files say nothing: `model.pkl` may be a web page.
//!
//! Foreign formats are told apart only so that the error can say what to do.

/// How many bytes from the start of a file are enough for [`kind`].
pub const START: usize = 1024;

/// What a file's bytes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Native,
    /// By what: its content shows after decompression.
    Compressed(&'static str),
    /// Or something that no one has a name for: the pickle reader says what is wrong with it.
    Pickle,
    /// Something else.
    Foreign(Foreign),
}

/// A file that is no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is {what}; {advice}")]
pub struct Foreign {
    pub what: &'static str,
    pub advice: &'static str,
}

const COMPRESSED: [(&[u8], &str); 6] = [
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x5d\x00\x00", "lzma"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x78", "zlib"),
];

const SAVE: &str = "save the model with pickle or joblib";
const COPY: &str = "fetch the file itself";

/// First bytes of formats that people have given to a scikit-learn server.
const FOREIGN: [(&[u8], &str, &str); 13] = [
    (b"PK\x03\x04", "a zip archive (skops, PyTorch, Keras or npz)", "not read yet: save the model with pickle or joblib"),
    (b"PK\x05\x06", "an empty zip archive", SAVE),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras)", SAVE),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for", "run `git lfs pull`"),
    (b"\x93NUMPY", "a numpy array", "save the bundle with pickle or joblib"),
    (b"\x28\xb5\x2f\xfd", "a zstd-compressed file", "decompress it first"),
    (b"PAR1", "a Parquet table, not a model", SAVE),
    (b"ARROW1", "an Arrow table, not a model", SAVE),
    (b"SQLite format 3", "an SQLite database, not a model", SAVE),
    (b"\x7fELF", "a program", SAVE),
    (b"tree\nversion=", "a LightGBM model in text form", "only scikit-learn's estimators are served"),
    (b"binf", "an XGBoost model", "only scikit-learn's estimators are served"),
    (b"{L", "an XGBoost model (UBJSON)", "only scikit-learn's estimators are served"),
];

/// What a file that starts with these bytes is; `bytes` may be the whole file or its first [`START`] bytes.
pub fn kind(bytes: &[u8]) -> Kind {
    if crate::bundle::native::is_native(bytes) {
        return Kind::Native;
    }
    if let Some(name) = compression(bytes) {
        return Kind::Compressed(name);
    }
    match foreign(bytes) {
        Some(foreign) => Kind::Foreign(foreign),
        None => Kind::Pickle,
    }
}

fn compression(bytes: &[u8]) -> Option<&'static str> {
    COMPRESSED.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, name)| *name)
}

fn foreign(bytes: &[u8]) -> Option<Foreign> {
    let is = |what, advice| Some(Foreign { what, advice });
    if bytes.is_empty() {
        return is("an empty file", "copy it again");
    }
    if let Some((_, what, advice)) = FOREIGN.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return is(what, advice);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return is("a tar archive", "unpack it and name the bundle in it");
    }
    if let [0x08, 1..=0x1f, 0x12 | 0x3a | 0x42, ..] = bytes {
        return is("an ONNX model", "not read yet: save the scikit-learn model with pickle or joblib");
    }
    markup_or_text(bytes)
}

/// Web pages, XML, JSON and other text that is no pickle of protocol 0.
fn markup_or_text(bytes: &[u8]) -> Option<Foreign> {
    let is = |what, advice| Some(Foreign { what, advice });
    let start: String = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).trim_start().to_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return is("a web page, perhaps a login or error page", COPY);
    }
    if start.starts_with("<?xml") {
        return is("an XML file (an error of a storage service, or PMML)", COPY);
    }
    if start.starts_with("{\"") || start.starts_with("[{") {
        return is("a JSON file", SAVE);
    }
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if bytes.iter().take(START).all(printable) && !text_pickle(bytes) {
        return is("a text file", SAVE);
    }
    None
}

/// Protocol 0 is text too. It begins with a mark, or names what to import on two lines of their own.
fn text_pickle(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let name = |line: Option<&[u8]>| {
        line.is_some_and(|l| !l.is_empty() && l.iter().all(|b| b.is_ascii_alphanumeric() || b"._".contains(b)))
    };
    match bytes {
        [b'(', b'd' | b'l' | b'i' | b't' | b'V' | b'S' | b'I' | b'c', ..] => true,
        [b'c', ..] => name(lines.next()) && name(lines.next()),
        [.., b'.'] => bytes.len() < START,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let found = match kind(bytes) {
            Kind::Native => "native".to_owned(),
            Kind::Compressed(by) => by.to_owned(),
            Kind::Pickle => "pickle".to_owned(),
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
        check(b"I42\n.", "pickle");
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
        check(b"PK\x03\x04\x14", "a zip archive (skops, PyTorch, Keras or npz)");
        check(b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras)");
        check(b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer, not the file it stands for");
        check(b"\n<!DOCTYPE html><html>", "a web page, perhaps a login or error page");
        check(b"<?xml version='1.0'?><Error>", "an XML file (an error of a storage service, or PMML)");
        check(b"\x08\x08\x12\x08skl2onnx", "an ONNX model");
        check(b"{\"learner\": {}}", "a JSON file");
        check(b"# A model\n\nIt scores.\n", "a text file");
        check(b"context: the model\n", "a text file");
        check(b"\x89scorelet\r\n\x1a\x01\x00\x00\x00", "native");
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        check(&tar, "a tar archive");
    }
}
