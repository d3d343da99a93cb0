//! Object stores: what URLs name there, and how its bytes come. The only place that names `object_store`.
//!
//! Tables are read and listed; `prefix` alone writes. What a store answers becomes a [`DataError`] that says which credential was used and
//! holds no part of it.

mod answer;
mod azure;
mod clouds;
mod credential;
mod machine_learning;
mod prefix;
mod reader;
mod url;

pub(super) use prefix::Prefix;

use super::DataError;
use super::source::{MATCHING, is_data_file};
use answer::Answers;
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use url::{Location, Provider};

/// One container or bucket, opened.
#[derive(Debug)]
struct Store {
    inner: Arc<dyn ObjectStore>,
    /// What stands before an object's key when it is shown.
    base: String,
    answers: Answers,
    /// Requests run here; the readers of tables wait for them.
    runtime: Arc<Runtime>,
}

/// An object that holds rows.
#[derive(Debug)]
pub(super) struct Object {
    store: Arc<Store>,
    key: Path,
    place: String,
    size: u64,
}

/// The objects that a URL names: one, all data files of a folder, or all that match a pattern; by name.
///
/// # Errors
/// When the URL is none that is known or holds a secret, when no credential is found or it is refused, and when nothing
/// lies there.
pub(super) fn resolve(source: &str) -> Result<Vec<Object>, DataError> {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let location = url::parse(source, &environment)?;
    let store = Arc::new(open(&location, &environment)?);
    let mut found = store.runtime.block_on(store.find(&location))?;
    found.sort_by(|one, other| one.location.cmp(&other.location));
    let object = |meta: ObjectMeta| Object {
        place: store.place(meta.location.as_ref()),
        key: meta.location,
        size: meta.size,
        store: Arc::clone(&store),
    };
    Ok(found.into_iter().map(object).collect())
}

/// Reads a variable of the environment; an empty one counts as absent.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

fn open(location: &Location, environment: Environment) -> Result<Store, DataError> {
    // The library asks for one if two could be meant; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|source| DataError::Io { place: location.base.clone(), source })?;
    let (inner, answers) = match location.provider {
        Provider::Azure => azure::open(location, environment)?,
        Provider::Amazon | Provider::Google => clouds::open(location, environment)?,
    };
    Ok(Store { inner, base: location.base.clone(), answers, runtime: Arc::new(runtime) })
}

/// Enough for a store that is busy, and soon over where there is none.
fn retries() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(10), base: 2.0 };
    RetryConfig { backoff, max_retries: 5, retry_timeout: Duration::from_secs(120) }
}

impl Store {
    fn place(&self, key: &str) -> String {
        format!("{}/{key}", self.base)
    }

    async fn find(&self, location: &Location) -> Result<Vec<ObjectMeta>, DataError> {
        let key = location.key.as_str();
        let failed = |error| self.answers.error(self.place(key), error);
        let no_path = |_| DataError::Url { place: self.place(key), problem: "this is no path of an object" };
        let path = |key: &str| Path::parse(key.trim_end_matches('/')).map_err(no_path);
        if let (Some(special), Ok(pattern)) = (key.find(['*', '?', '[']), glob::Pattern::new(key)) {
            let folder = path(&key[..key[..special].rfind('/').unwrap_or(0)])?;
            let mut found: Vec<ObjectMeta> = self.inner.list(Some(&folder)).try_collect().await.map_err(failed)?;
            found.retain(|meta| meta.size > 0 && pattern.matches_with(meta.location.as_ref(), MATCHING));
            return if found.is_empty() { Err(DataError::NoMatch { place: self.place(key) }) } else { Ok(found) };
        }
        let path = path(key)?;
        if !key.is_empty() && !key.ends_with('/') {
            match self.inner.head(&path).await {
                // Where folders are objects too, they are empty.
                Ok(meta) if meta.size > 0 => return Ok(vec![meta]),
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        let listed = self.inner.list_with_delimiter(Some(&path)).await.map_err(failed)?;
        let (any, mut found) = (!listed.common_prefixes.is_empty() || !listed.objects.is_empty(), listed.objects);
        found.retain(|meta| meta.size > 0 && meta.location.filename().is_some_and(is_data_file));
        match (found.is_empty(), any) {
            (false, _) => Ok(found),
            (true, true) => Err(DataError::NoDataFiles { place: self.place(key) }),
            (true, false) => Err(DataError::NotFound { place: self.place(key), what: "blob or folder" }),
        }
    }
}

impl Object {
    pub fn place(&self) -> &str {
        &self.place
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its bytes, from the first; the next are under way while some are used.
    ///
    /// # Errors
    /// None here: the first read tells.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, DataError> {
        Ok(Box::new(reader::Reader::new(self)))
    }

    /// Parts of it, fetched side by side.
    ///
    /// # Errors
    /// When the store does not give them.
    pub fn ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, DataError> {
        let fetched = self.store.runtime.block_on(self.store.inner.get_ranges(&self.key, ranges));
        fetched.map_err(|error| self.store.answers.error(self.place.clone(), error))
    }
}
