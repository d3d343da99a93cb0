//! Files by their content. Whatever goes in or out passes a reader that knows what it should be: bytes that are
//! something else end in an error and never appear under a name.

use super::record::{Stored, hex};
use super::{Registry, RegistryError};
use crate::data::DataError;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

pub(super) const BLOBS: &str = "blobs/sha256";
/// A blob that is older is written anew when a version wants it: `gc`, which spares what is young, may be about to take
/// it away.
const FRESH: Duration = Duration::from_secs(3600);

const DAMAGED: &str = "its content is not what its name says\n  it was not used; restore it, or register the same files \
     again, which writes it anew";
const CHANGED: &str = "it changed while it was read\n  wait until its writer is done";

pub(super) fn key(sha256: &str) -> String {
    format!("{BLOBS}/{}/{sha256}", &sha256[..2])
}

/// What a file is, to be stored as `path`.
///
/// # Errors
/// When it cannot be read.
pub(super) fn describe(file: &Path, path: String) -> Result<Stored, RegistryError> {
    let failed = |source| RegistryError::Io { path: file.display().to_string(), source };
    let mut hash = Hashing(Sha256::new());
    let size = io::copy(&mut File::open(file).map_err(failed)?, &mut hash).map_err(failed)?;
    Ok(Stored { path, sha256: hex(&hash.0.finalize()), size })
}

struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Registry {
    /// Stores a file that was described.
    ///
    /// # Errors
    /// When it is not that file any more, or cannot be written.
    pub(super) fn store(&self, file: &Path, stored: &Stored) -> Result<(), RegistryError> {
        self.store_from(stored, || {
            let place = file.display().to_string();
            let source = File::open(file).map_err(|source| RegistryError::Io { path: place.clone(), source })?;
            Ok(Checked::new(Box::new(source), stored, place, CHANGED))
        })
    }

    /// Copies a blob of another registry, unless it is here.
    ///
    /// # Errors
    /// When it cannot be read there, or written here.
    pub(super) fn store_copy(&self, other: &Registry, stored: &Stored) -> Result<(), RegistryError> {
        self.store_from(stored, || other.blob(stored))
    }

    fn store_from(
        &self,
        stored: &Stored,
        source: impl FnOnce() -> Result<Checked, RegistryError>,
    ) -> Result<(), RegistryError> {
        let key = key(&stored.sha256);
        if let Some(there) = self.blobs.open(&key)? {
            let age = SystemTime::now().duration_since(there.modified).unwrap_or_default();
            let mut content = Checked::new(there.bytes, stored, String::new(), DAMAGED);
            // What is damaged there is written anew.
            if age < FRESH && there.size == stored.size && io::copy(&mut content, &mut io::sink()).is_ok() {
                return Ok(());
            }
        }
        Ok(self.blobs.put(&key, &mut source()?)?)
    }

    /// The content of a stored file, which is checked while it is read.
    ///
    /// # Errors
    /// When it is missing, or has another size.
    pub(super) fn blob(&self, stored: &Stored) -> Result<Checked, RegistryError> {
        let key = key(&stored.sha256);
        let damaged = |problem: String| RegistryError::damaged(self.place(&key), problem);
        let there = self.blobs.open(&key)?;
        let there = there.ok_or_else(|| damaged(format!("it is missing, and {:?} is kept in it", stored.path)))?;
        if there.size != stored.size {
            let problem =
                format!("it has {} bytes where the record of {:?} has {}", there.size, stored.path, stored.size);
            return Err(damaged(problem));
        }
        Ok(Checked::new(there.bytes, stored, self.place(&key), DAMAGED))
    }

    /// A stored file in memory.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub(super) fn content(&self, stored: &Stored) -> Result<Vec<u8>, RegistryError> {
        let mut content = self.blob(stored)?;
        let mut bytes = Vec::new();
        // The size was compared with that of the blob itself.
        let expected = usize::try_from(stored.size).ok().filter(|size| bytes.try_reserve_exact(*size).is_ok());
        let key = key(&stored.sha256);
        if expected.is_none() {
            let what = format!("{:?}", stored.path);
            return Err(RegistryError::File {
                path: self.place(&key),
                problem: format!("{what} does not fit into memory"),
            });
        }
        content.read_to_end(&mut bytes).map_err(|error| self.unread(&key, error))?;
        Ok(bytes)
    }

    /// What an error of reading a blob means.
    pub(super) fn unread(&self, key: &str, error: io::Error) -> RegistryError {
        match error.downcast::<DataError>() {
            Ok(error) => error.into(),
            Err(source) => RegistryError::Io { path: self.place(key), source },
        }
    }
}

/// Bytes that end in an error unless they are as many as they should be and have the right digest.
pub(super) struct Checked {
    inner: Box<dyn Read + Send>,
    hash: Sha256,
    left: u64,
    expected: String,
    place: String,
    problem: &'static str,
}

impl Checked {
    fn new(inner: Box<dyn Read + Send>, stored: &Stored, place: String, problem: &'static str) -> Checked {
        Checked { inner, hash: Sha256::new(), left: stored.size, expected: stored.sha256.clone(), place, problem }
    }

    fn wrong(&self) -> io::Error {
        io::Error::other(DataError::Store { place: self.place.clone(), problem: self.problem.to_owned() })
    }
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| self.wrong())?;
        self.hash.update(&buffer[..count]);
        if count == 0 && (self.left > 0 || hex(&self.hash.clone().finalize()) != self.expected) {
            return Err(self.wrong());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_something_else_end_in_an_error() {
        let stored = Stored { path: "a".to_owned(), sha256: hex(&Sha256::digest(b"content")), size: 7 };
        let read = |bytes: &'static [u8]| {
            let mut all = Vec::new();
            Checked::new(Box::new(bytes), &stored, "here".to_owned(), DAMAGED).read_to_end(&mut all).map(|_| all)
        };
        assert_eq!(read(b"content").unwrap(), b"content");
        for wrong in [&b"contend"[..], b"conten", b"contents", b""] {
            assert!(read(wrong).unwrap_err().to_string().starts_with("here: its content is not what its name says"));
        }
    }
}
