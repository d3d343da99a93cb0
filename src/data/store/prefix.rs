//! Keys below a prefix of a container: what a registry is kept in. The only place that writes to a store.

use super::reader::Reader;
use super::{Object, Store, open, url};
use crate::data::DataError;
use crate::data::blobs::{Blobs, Content, Entry};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectMeta, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

/// What is sent in one request; longer content goes in parts of this size.
const PART: usize = 8 << 20;
/// Small objects that are asked for at the same time.
const AT_ONCE: usize = 16;

#[derive(Debug)]
pub(in crate::data) struct Prefix {
    store: Arc<Store>,
    root: Path,
}

impl Prefix {
    /// # Errors
    /// When the URL is none that is known or holds a secret, and when no credential is found.
    pub fn open(location: &str) -> Result<Prefix, DataError> {
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let location = url::parse(location, &environment)?;
        let key = location.key.trim_end_matches('/');
        let problem = "this is no prefix of objects";
        let wrong = || DataError::Url { place: format!("{}/{}", location.base, location.key), problem };
        let root = Path::parse(key).map_err(|_| wrong())?;
        if key.contains(['*', '?', '[']) {
            return Err(wrong());
        }
        Ok(Prefix { store: Arc::new(open(&location, &environment)?), root })
    }

    fn path(&self, key: &str) -> Path {
        key.split('/').filter(|part| !part.is_empty()).fold(self.root.clone(), |path, part| path.join(part))
    }

    fn failed(&self, key: &str, error: Error) -> DataError {
        self.store.answers.error(self.place(key), error)
    }

    /// The key of an object below the prefix.
    fn key(&self, path: &Path) -> Option<String> {
        let rest = path.as_ref().strip_prefix(self.root.as_ref())?;
        Some(rest.trim_start_matches('/').to_owned())
    }

    async fn read_one(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, DataError> {
        let range = Some(object_store::GetRange::Bounded(Range { start: 0, end: most + 1 }));
        let options = GetOptions { range, ..GetOptions::default() };
        let read = async { self.store.inner.get_opts(&self.path(key), options).await?.bytes().await };
        match read.await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(key, error)),
        }
    }

    /// Sends `content` in parts, the first of which was read already.
    fn put_parts(&self, key: &str, first: Vec<u8>, content: &mut dyn Read) -> Result<(), DataError> {
        let runtime = &self.store.runtime;
        let failed = |error| self.failed(key, error);
        let mut upload = runtime.block_on(self.store.inner.put_multipart(&self.path(key))).map_err(failed)?;
        let send = || -> Result<(), DataError> {
            let mut part = first;
            while !part.is_empty() {
                runtime.block_on(upload.put_part(part.into())).map_err(failed)?;
                part = self.part(key, content)?;
            }
            runtime.block_on(upload.complete()).map(|_| ()).map_err(failed)
        };
        let sent = send();
        if sent.is_err() {
            // The store forgets parts of what was never completed in its own time, too.
            let _ = runtime.block_on(upload.abort());
        }
        sent
    }

    fn part(&self, key: &str, content: &mut dyn Read) -> Result<Vec<u8>, DataError> {
        let mut part = Vec::new();
        let read = content.take(PART as u64).read_to_end(&mut part);
        read.map_err(|error| match error.downcast::<DataError>() {
            Ok(error) => error,
            Err(source) => DataError::Io { place: self.place(key), source },
        })?;
        Ok(part)
    }
}

impl Blobs for Prefix {
    fn place(&self, key: &str) -> String {
        self.store.place(self.path(key).as_ref())
    }

    fn read(&self, keys: &[String], most: u64) -> Result<Vec<Option<Vec<u8>>>, DataError> {
        let reads = futures_util::stream::iter(keys.iter().map(|key| self.read_one(key, most)));
        self.store.runtime.block_on(reads.buffered(AT_ONCE).try_collect())
    }

    fn open(&self, key: &str) -> Result<Option<Content>, DataError> {
        let path = self.path(key);
        let meta: ObjectMeta = match self.store.runtime.block_on(self.store.inner.head(&path)) {
            Ok(meta) => meta,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.failed(key, error)),
        };
        let object = Object { store: Arc::clone(&self.store), key: path, place: self.place(key), size: meta.size };
        let (size, modified) = (meta.size, meta.last_modified.into());
        Ok(Some(Content { size, modified, bytes: Box::new(Reader::new(&object)) }))
    }

    fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, DataError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let payload = PutPayload::from(Bytes::copy_from_slice(bytes));
        match self.store.runtime.block_on(self.store.inner.put_opts(&self.path(key), payload, options)) {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            Err(error) => Err(self.failed(key, error)),
        }
    }

    fn put(&self, key: &str, content: &mut dyn Read) -> Result<(), DataError> {
        let first = self.part(key, content)?;
        if first.len() == PART {
            return self.put_parts(key, first, content);
        }
        let put = self.store.runtime.block_on(self.store.inner.put(&self.path(key), first.into()));
        put.map(|_| ()).map_err(|error| self.failed(key, error))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, DataError> {
        let path = self.path(folder);
        let listed = self.store.inner.list(Some(&path)).try_collect::<Vec<_>>();
        let listed = self.store.runtime.block_on(listed).map_err(|error| self.failed(folder, error))?;
        let entry = |meta: ObjectMeta| {
            Some(Entry { key: self.key(&meta.location)?, size: meta.size, modified: meta.last_modified.into() })
        };
        let mut found: Vec<Entry> = listed.into_iter().filter_map(entry).collect();
        found.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }

    fn folders(&self, folder: &str) -> Result<Vec<String>, DataError> {
        let path = self.path(folder);
        let listed = self.store.runtime.block_on(self.store.inner.list_with_delimiter(Some(&path)));
        let listed = listed.map_err(|error| self.failed(folder, error))?;
        let mut names: Vec<String> =
            listed.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    fn remove(&self, key: &str) -> Result<(), DataError> {
        match self.store.runtime.block_on(self.store.inner.delete(&self.path(key))) {
            Err(error) if !matches!(error, Error::NotFound { .. }) => Err(self.failed(key, error)),
            _ => Ok(()),
        }
    }
}
