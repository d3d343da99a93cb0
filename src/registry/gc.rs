//! Takes away files that no version has: what a crash between blobs and record leaves, and what killed writers left
//! half written. Spares what is young, which may belong to a registration that is under way.

use super::blob::{BLOBS, key};
use super::{MODELS, Registry, RegistryError};
use crate::data::blobs::Entry;
use std::collections::HashSet;
use std::time::{Duration, SystemTime};

/// What was found, and taken away unless it was a dry run.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Collected {
    /// Keys, in order.
    pub removed: Vec<String>,
    pub bytes: u64,
    /// Files that no version has and that are too young to go.
    pub spared: u64,
}

impl Registry {
    /// Removes what no record names and is older than `older_than`.
    ///
    /// # Errors
    /// When a record cannot be read, for then nobody knows what it names; when something cannot be listed or removed.
    pub fn collect(&self, older_than: Duration, dry_run: bool) -> Result<Collected, RegistryError> {
        // Blobs first: what is registered meanwhile is either not in this list, or in the records that follow.
        let mut entries = self.blobs.list(BLOBS)?;
        let models = format!("{MODELS}/");
        let half_written = |entry: &Entry| {
            let (folder, name) = entry.key.rsplit_once('/').unwrap_or(("", &entry.key));
            name.starts_with(".tmp-") && (folder.is_empty() || folder.starts_with(&models))
        };
        entries.extend(self.blobs.list("")?.into_iter().filter(half_written));
        let wanted = self.wanted()?;
        let now = SystemTime::now();
        let mut collected = Collected::default();
        for entry in entries.into_iter().filter(|entry| !wanted.contains(&entry.key)) {
            if now.duration_since(entry.modified).unwrap_or_default() < older_than {
                collected.spared += 1;
                continue;
            }
            if !dry_run {
                self.blobs.remove(&entry.key)?;
            }
            collected.bytes += entry.size;
            collected.removed.push(entry.key);
        }
        Ok(collected)
    }

    /// The keys of all blobs that versions have.
    pub(super) fn wanted(&self) -> Result<HashSet<String>, RegistryError> {
        let mut wanted = HashSet::new();
        for name in self.models()? {
            let records = self.records(&name, &self.numbers(&name)?)?;
            wanted.extend(records.iter().flat_map(|record| &record.files).map(|file| key(&file.sha256)));
        }
        Ok(wanted)
    }
}
