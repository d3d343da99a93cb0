//! Files under keys, in a folder or below the prefix of an object store: what a registry is kept in.
//!
//! A key is a path of plain names with `/` between them. Knows nothing of what the bytes mean.

mod folder;

use super::DataError;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// A place that keeps bytes under keys. What it is asked for may come from any thread, by several at once.
pub trait Blobs: fmt::Debug + Send + Sync {
    /// What is shown of the place of a key; holds no secret.
    fn place(&self, key: &str) -> String;

    /// The bytes under each key, at most `most` of each and one more, which tells that there are more; `None` where
    /// nothing is.
    ///
    /// # Errors
    /// When one is there and cannot be read.
    fn read(&self, keys: &[String], most: u64) -> Result<Vec<Option<Vec<u8>>>, DataError>;

    /// The bytes under the key, from the first; `None` where nothing is.
    ///
    /// # Errors
    /// When they are there and cannot be read.
    fn open(&self, key: &str) -> Result<Option<Content>, DataError>;

    /// Puts bytes where nothing is yet, whole or not at all, and says whether it did. Of several writers one succeeds.
    /// A store that is asked again after its answer was lost may say `false` for what this call itself has put there.
    ///
    /// # Errors
    /// When they cannot be written.
    fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, DataError>;

    /// Puts what `content` gives there, whole or not at all, also where something is.
    ///
    /// # Errors
    /// When `content` cannot be read, or its bytes cannot be written.
    fn put(&self, key: &str, content: &mut dyn Read) -> Result<(), DataError>;

    /// Everything below the folder, however deep, by key; also what writers have not finished, under hidden names.
    ///
    /// # Errors
    /// When it cannot be listed. A folder that is not there is empty.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, DataError>;

    /// The names of the folders in this one, in order.
    ///
    /// # Errors
    /// When it cannot be listed. A folder that is not there is empty.
    fn folders(&self, folder: &str) -> Result<Vec<String>, DataError>;

    /// Takes away what is under the key, if anything.
    ///
    /// # Errors
    /// When it stays.
    fn remove(&self, key: &str) -> Result<(), DataError>;
}

/// The bytes under one key, to be read.
pub struct Content {
    pub size: u64,
    pub modified: SystemTime,
    pub bytes: Box<dyn Read + Send>,
}

/// What lies under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub size: u64,
    pub modified: SystemTime,
}

/// The place that a path or URL names. Nothing is asked of it yet.
///
/// # Errors
/// When the URL is none that is known or holds a secret, when its credential is missing, and when this build lacks
/// object stores.
pub fn open(location: &str) -> Result<Arc<dyn Blobs>, DataError> {
    match location.split_once("://") {
        Some(("file", path)) => Ok(Arc::new(folder::Folder::new(Path::new(path)))),
        Some((scheme, _)) if super::source::is_scheme(scheme) => prefix(location),
        _ => Ok(Arc::new(folder::Folder::new(Path::new(location)))),
    }
}

#[cfg(feature = "data")]
fn prefix(location: &str) -> Result<Arc<dyn Blobs>, DataError> {
    Ok(Arc::new(super::store::Prefix::open(location)?))
}

#[cfg(not(feature = "data"))]
fn prefix(location: &str) -> Result<Arc<dyn Blobs>, DataError> {
    Err(DataError::NeedsFeature { place: super::shown(location), what: "a registry in an object store" })
}
