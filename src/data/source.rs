//! Where tables lie: files, folders, patterns; URLs of object stores go to `store`, where the build has it.

use super::DataError;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// One file or object that holds rows.
#[derive(Debug)]
pub(super) struct Input {
    /// What is shown of it; holds no secret.
    pub place: String,
    /// Bytes, as it lies.
    pub size: u64,
    at: At,
}

#[derive(Debug)]
enum At {
    File(PathBuf),
    #[cfg(feature = "data")]
    Object(super::store::Object),
}

/// Endings of data files in a folder, where other things may lie too. A file that is named is read whatever its name.
const ENDINGS: [&str; 7] = [".csv", ".csv.gz", ".csv.zst", ".parquet", ".jsonl", ".ndjson", ".json"];
pub(super) const ENDINGS_SHOWN: &str = "*.csv, *.csv.gz, *.csv.zst, *.parquet, *.jsonl, *.ndjson and *.json";

/// What the sources name, in their order; files of a folder or pattern by name.
///
/// # Errors
/// When one names nothing, or nothing that this build can reach.
pub(super) fn resolve(sources: &[String]) -> Result<Vec<Input>, DataError> {
    let mut inputs = Vec::new();
    for source in sources {
        match source.split_once("://") {
            Some(("file", path)) => local(path, &mut inputs)?,
            Some((scheme, _)) if is_scheme(scheme) => inputs.extend(remote(source)?),
            _ => local(source, &mut inputs)?,
        }
    }
    if inputs.is_empty() { Err(DataError::NoSources) } else { Ok(inputs) }
}

/// A source as it may be printed: of a URL without its query and its user, which may be secrets.
pub fn shown(source: &str) -> String {
    let Some((scheme, rest)) = source.split_once("://") else { return source.to_owned() };
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // abfss://container@account… has a container there, and no password.
    let host = match authority.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => host,
        _ => authority,
    };
    format!("{scheme}://{host}{path}")
}

pub(super) fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(feature = "data")]
fn remote(source: &str) -> Result<Vec<Input>, DataError> {
    let objects = super::store::resolve(source)?;
    let input = |object: super::store::Object| Input {
        place: object.place().to_owned(),
        size: object.size(),
        at: At::Object(object),
    };
    Ok(objects.into_iter().map(input).collect())
}

#[cfg(not(feature = "data"))]
fn remote(source: &str) -> Result<Vec<Input>, DataError> {
    Err(DataError::NeedsFeature { place: shown(source), what: "reading from object stores" })
}

fn local(source: &str, inputs: &mut Vec<Input>) -> Result<(), DataError> {
    let path = Path::new(source);
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => folder(path, inputs),
        Ok(_) => file(path.to_owned(), inputs),
        // A name may hold the characters of a pattern, so it is one only where there is no such file.
        Err(_) if source.contains(['*', '?', '[']) => pattern(source, inputs),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(DataError::NotFound { place: source.to_owned(), what: "file or folder" })
        }
        Err(source_error) => Err(DataError::Io { place: source.to_owned(), source: source_error }),
    }
}

fn folder(path: &Path, inputs: &mut Vec<Input>) -> Result<(), DataError> {
    let place = || path.display().to_string();
    let failed = |source| DataError::Io { place: place(), source };
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    let is_data = |path: &PathBuf| path.file_name().is_some_and(|name| is_data_file(&name.to_string_lossy()));
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(is_data).collect();
    files.retain(|path| path.is_file());
    if files.is_empty() {
        return Err(DataError::NoDataFiles { place: place() });
    }
    files.sort();
    files.into_iter().try_for_each(|path| file(path, inputs))
}

/// Whether a file in a folder is read: known ending, and not hidden as Spark hides `_SUCCESS` and its checksums.
pub(super) fn is_data_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.starts_with(['.', '_']) && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn pattern(source: &str, inputs: &mut Vec<Input>) -> Result<(), DataError> {
    let place = || source.to_owned();
    let no_match = || DataError::NoMatch { place: place() };
    // The crate gives paths in alphabetical order.
    let paths = glob::glob_with(source, MATCHING).map_err(|_| no_match())?;
    let before = inputs.len();
    for path in paths {
        let path = path.map_err(|error| DataError::Io { place: place(), source: error.into() })?;
        if path.is_file() {
            file(path, inputs)?;
        }
    }
    if inputs.len() == before { Err(no_match()) } else { Ok(()) }
}

/// As a shell matches: `*` stays within a folder and away from hidden files.
pub(super) const MATCHING: glob::MatchOptions =
    glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

fn file(path: PathBuf, inputs: &mut Vec<Input>) -> Result<(), DataError> {
    let place = path.display().to_string();
    match fs::metadata(&path) {
        Ok(found) => inputs.push(Input { place, size: found.len(), at: At::File(path) }),
        Err(source) => return Err(DataError::Io { place, source }),
    }
    Ok(())
}

impl Input {
    /// Its bytes, from the first.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, DataError> {
        match &self.at {
            At::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(self.failed(error)),
            },
            #[cfg(feature = "data")]
            At::Object(object) => object.open(),
        }
    }

    /// At most its first `count` bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn start(&self, count: u64) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        match &self.at {
            At::File(_) => {
                self.open()?.take(count).read_to_end(&mut bytes).map_err(|error| self.failed(error))?;
            }
            #[cfg(feature = "data")]
            At::Object(_) if self.size == 0 => {}
            #[cfg(feature = "data")]
            At::Object(object) => {
                let range = 0..count.min(self.size);
                bytes.extend(object.ranges(std::slice::from_ref(&range))?.into_iter().flatten());
            }
        }
        Ok(bytes)
    }

    /// Parts of it.
    ///
    /// # Errors
    /// When one lies beyond its end, or cannot be read.
    #[cfg(feature = "data")]
    pub fn ranges(&self, ranges: &[std::ops::Range<u64>]) -> Result<Vec<bytes::Bytes>, DataError> {
        use std::io::{Seek, SeekFrom};
        let path = match &self.at {
            At::Object(object) => return object.ranges(ranges),
            At::File(path) => path,
        };
        let read = |range: &std::ops::Range<u64>| {
            let length = range.end.saturating_sub(range.start);
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(range.start))?;
            let mut bytes = Vec::new();
            if range.end > self.size || file.take(length).read_to_end(&mut bytes)? as u64 != length {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            Ok(bytes.into())
        };
        ranges.iter().map(|range| read(range).map_err(|error| self.failed(error))).collect()
    }

    /// The error of reading it.
    pub fn failed(&self, source: std::io::Error) -> DataError {
        // A store's own error came through a reader.
        match source.downcast::<DataError>() {
            Ok(error) => error,
            Err(source) => DataError::Io { place: self.place.clone(), source },
        }
    }
}
