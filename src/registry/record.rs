//! The record of a version: which files it has, their digests, and where it came from. Written once, and checked on
//! every read as something that anybody may have put there.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The format of records and events; what is newer is refused.
pub const FORMAT: u64 = 1;
/// Bytes of a record or event.
pub(super) const LARGEST: u64 = 1 << 20;
const MOST_FILES: usize = 10_000;
const LONGEST_PATH: usize = 1024;
const LONGEST_NAME: usize = 255;

/// One version of a model, as it was registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub format: u64,
    pub name: String,
    pub version: u64,
    /// Random; by it a writer whose answer was lost knows its own record.
    pub id: String,
    /// Hex SHA-256 of the lines `SHA256  PATH`, in order of paths: what `sha256sum FILES | sha256sum` prints.
    pub digest: String,
    /// In order of their paths.
    pub files: Vec<Stored>,
    /// The file that is the bundle, where it can be loaded by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// Feature order that was given by hand, for a model fitted without names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// Where a version came from, beside its files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    pub created_at: String,
    pub created_by: String,
    /// `scorelet 0.1.0`.
    pub tool: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub model: Model,
    /// What the bundle says about itself.
    pub metadata: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metrics: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<TrainingData>,
    /// The version that this one is to replace: `NAME@7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promoted_from: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// What kind of model it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    pub estimator: String,
    /// In words: `pickle protocol 4`, `scorelet bundle 1`.
    pub format: String,
    /// Number of features.
    pub features: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scikit_learn_version: Option<String>,
}

/// The state of the working folder that a version was registered from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Git {
    pub commit: String,
    /// Whether files that git knows were changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// Without user or password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}

/// What a version was trained on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainingData {
    /// SHA-256 of the table's content.
    pub fingerprint: String,
    pub sources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// The version of another registry that this one is a copy of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub registry: String,
    pub name: String,
    pub version: u64,
    #[serde(default)]
    pub created_at: String,
    #[serde(default)]
    pub created_by: String,
}

/// One file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Relative, with `/`.
    pub path: String,
    /// In hexadecimal.
    pub sha256: String,
    pub size: u64,
}

impl Record {
    /// `NAME@7`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Reads the record of version `version` of `name`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(bytes: &[u8], name: &str, version: u64) -> Result<Record, String> {
        let record: Record = parse(bytes)?;
        if (record.name.as_str(), record.version) != (name, version) {
            return Err(format!("it says that it is {}@{}", shown(&record.name), record.version));
        }
        check_files(&record.files)?;
        if record.digest != digest(&record.files) {
            return Err("its digest is not that of its files".to_owned());
        }
        if record.bundle.as_ref().is_some_and(|bundle| !record.files.iter().any(|file| file.path == *bundle)) {
            return Err("the bundle it names is not among its files".to_owned());
        }
        Ok(record)
    }
}

/// Reads JSON of a known format and bounded size.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn parse<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, String> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u64,
    }
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    let Versioned { format } = serde_json::from_slice(bytes).map_err(|error| said(&error))?;
    if format > FORMAT {
        return Err(format!("it has format {format}, and this scorelet knows {FORMAT}; use a newer scorelet"));
    }
    serde_json::from_slice(bytes).map_err(|error| said(&error))
}

/// What serde says, cut short where it repeats what it was given.
fn said(error: &serde_json::Error) -> String {
    error.to_string().chars().take(200).collect()
}

/// A text that anybody may have written, cut short.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// # Errors
/// When one could lead out of a folder, or two could not lie in one beside each other.
pub(super) fn check_files(files: &[Stored]) -> Result<(), String> {
    if files.is_empty() || files.len() > MOST_FILES {
        return Err(format!("it has {} files, and 1 to {MOST_FILES} may be", files.len()));
    }
    let mut folders = BTreeSet::new();
    for file in files {
        check_path(&file.path)?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if file.sha256.len() != 64 || !file.sha256.bytes().all(hex) {
            return Err(format!("{:?} has no SHA-256", file.path));
        }
        folders.extend(file.path.match_indices('/').map(|(at, _)| &file.path[..at]));
    }
    if let Some(pair) = files.windows(2).find(|pair| order(&pair[0].path, &pair[1].path).is_ge()) {
        return Err(format!("its files are not in order, or one is there twice: {:?}", pair[1].path));
    }
    if let Some(file) = files.iter().find(|file| folders.contains(file.path.as_str())) {
        return Err(format!("{:?} would be a file and a folder", file.path));
    }
    let size = files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.size));
    size.map(|_| ()).ok_or_else(|| "its files are larger than any disk".to_owned())
}

/// # Errors
/// When the path is not relative and plain.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && part.len() <= LONGEST_NAME;
    let odd = |c: char| c.is_control() || c == '\\' || c == ':';
    if path.len() <= LONGEST_PATH && path.split('/').all(plain) && !path.contains(odd) {
        return Ok(());
    }
    Err(format!("{:?} is no plain relative path", shown(path)))
}

/// How paths are ordered: folder by folder, as the tools that sign models do it.
pub(super) fn order(one: &str, other: &str) -> std::cmp::Ordering {
    one.split('/').cmp(other.split('/'))
}

/// The digest of [`Record::digest`].
pub(super) fn digest(files: &[Stored]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(format!("{}  {}\n", file.sha256, file.path));
    }
    hex(&hash.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Stored {
        Stored { path: path.to_owned(), sha256: "0a".repeat(32), size: 1 }
    }

    fn record(files: &[Stored]) -> Value {
        serde_json::json!({
            "format": 1, "name": "m", "version": 3, "id": "x", "digest": digest(files), "files": files, "future": [1],
        })
    }

    fn check(record: &Value, expected: Result<(), &str>) {
        match (Record::parse(record.to_string().as_bytes(), "m", 3), expected) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err(part)) if error.contains(part) && error.len() < 400 => {}
            (found, expected) => panic!("{record}: {found:?} where {expected:?} was expected"),
        }
    }

    fn with(key: &str, value: Value) -> Value {
        let mut record = record(&[file("a")]);
        record[key] = value;
        record
    }

    #[test]
    fn a_record_is_read_with_what_later_versions_add() {
        check(&record(&[file("a"), file("b/c"), file("b.c")]), Ok(()));
        check(&with("bundle", "a".into()), Ok(()));
    }

    #[test]
    fn a_record_that_lies_is_refused() {
        check(&with("digest", "0b".repeat(32).into()), Err("its digest is not that of its files"));
        check(&with("version", 4.into()), Err("it says that it is m@4"));
        check(&with("name", "x".repeat(9999).into()), Err("it says that it is xxx"));
        check(&with("bundle", "z".into()), Err("not among its files"));
        check(&with("format", 2.into()), Err("it has format 2, and this scorelet knows 1"));
        check(&with("files", Value::Null), Err("invalid type"));
        check(&with("tags", serde_json::json!({"a": 1})), Err("invalid type"));
        check(&Value::Null, Err("invalid type"));
        check(&with("metadata", "x".repeat(2 << 20).into()), Err("it is larger than"));
        let deep = format!("{{\"format\":1,\"name\":{}", "[".repeat(500_000));
        assert!(Record::parse(deep.as_bytes(), "m", 3).is_err());
    }

    #[test]
    fn paths_stay_in_their_folder() {
        for path in
            ["", "/etc/passwd", "../a", "a/../b", "a//b", "a/", "./a", "a\\b", "c:a", "a\0", "a\nb", &"x".repeat(300)]
        {
            check(&record(&[file(path)]), Err("is no plain relative path"));
        }
        check(&record(&[]), Err("it has 0 files"));
        check(&record(&[file("b"), file("a")]), Err("not in order"));
        check(&record(&[file("a"), file("a")]), Err("there twice"));
        check(&record(&[file("a"), file("a/b")]), Err("would be a file and a folder"));
        let short = Stored { sha256: "0a".to_owned(), ..file("a") };
        check(&record(&[short]), Err("has no SHA-256"));
        let huge = |path: &str| Stored { size: u64::MAX, ..file(path) };
        check(&record(&[huge("a"), huge("b")]), Err("larger than any disk"));
    }

    #[test]
    fn the_digest_is_that_of_the_usual_tool() {
        // sha256sum of the line `0a…0a  a`.
        let expected = "777bb1a3ef43bed6a385c81b573c26ed9225907a6574565f83869f15c6ad9a72";
        assert_eq!(digest(&[file("a")]), expected);
    }
}
