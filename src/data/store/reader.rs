//! The bytes of an object one after another, in blocks: each request is short, so that it can be repeated when it
//! fails, and the next block is on its way while one is read.

use super::{Object, Store};
use crate::data::DataError;
use bytes::{Buf, Bytes};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::io::{Error, Read, Result};
use std::sync::Arc;
use tokio::task::JoinHandle;

const BLOCK: u64 = 8 << 20;

pub(super) struct Reader {
    store: Arc<Store>,
    key: Path,
    place: String,
    size: u64,
    /// Bytes that are here and not yet read.
    block: Bytes,
    /// The block after it, and where the one after that begins.
    next: Option<JoinHandle<object_store::Result<Bytes>>>,
    at: u64,
}

impl Reader {
    pub fn new(object: &Object) -> Reader {
        let (store, key, place) = (Arc::clone(&object.store), object.key.clone(), object.place.clone());
        let mut reader = Reader { store, key, place, size: object.size, block: Bytes::new(), next: None, at: 0 };
        reader.ask();
        reader
    }

    /// Sends for the next block, if there is one.
    fn ask(&mut self) {
        let range = self.at..self.size.min(self.at + BLOCK);
        if range.is_empty() {
            return;
        }
        self.at = range.end;
        let (store, key) = (Arc::clone(&self.store.inner), self.key.clone());
        self.next = Some(self.store.runtime.spawn(async move { store.get_range(&key, range).await }));
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.block.is_empty()
            && let Some(next) = self.next.take()
        {
            let block = self.store.runtime.block_on(next).map_err(Error::other)?;
            let failed = |error| -> DataError { self.store.answers.error(self.place.clone(), error) };
            self.block = block.map_err(|error| Error::other(failed(error)))?;
            self.ask();
        }
        let count = buffer.len().min(self.block.len());
        self.block.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(next) = self.next.take() {
            next.abort();
        }
    }
}
