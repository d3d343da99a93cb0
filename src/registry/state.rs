//! What may be done to a model after its versions were registered. Each is one event, which is written only if what it
//! is based on still holds.

use super::event::{Event, State, What};
use super::name::check_alias;
use super::record::{self, FORMAT, Record};
use super::{Registry, RegistryError, Which, event_key, stamp};
use serde_json::Value;

impl Registry {
    /// Keeps a verdict over a version, for `promote` to ask for.
    ///
    /// # Errors
    /// When it is too large, or cannot be written.
    pub fn record_verdict(&self, record: &Record, passed: bool, verdict: Value) -> Result<(), RegistryError> {
        self.append(&record.name, None, |_| {
            let (version, digest) = (record.version, record.digest.clone());
            Ok(Some(What::Verdict { version, digest, passed, verdict: verdict.clone(), judged_in: None }))
        })?;
        Ok(())
    }

    /// Points an alias at a version, and tells what it meant before. Asks for no verdict: that is `promote`.
    ///
    /// # Errors
    /// When the alias may not have this name, the version is archived or does not exist, or nothing can be written.
    pub fn set_alias(
        &self,
        record: &Record,
        alias: &str,
        reason: Option<String>,
    ) -> Result<Option<u64>, RegistryError> {
        self.move_alias(record, alias, reason, |_| Ok((false, false)))
    }

    /// Points an alias at a version, if `allowed` says so of the state: whether it is a promotion, and one without a
    /// passed verdict.
    pub(super) fn move_alias(
        &self,
        record: &Record,
        alias: &str,
        reason: Option<String>,
        allowed: impl Fn(&State) -> Result<(bool, bool), RegistryError>,
    ) -> Result<Option<u64>, RegistryError> {
        check_alias(alias)?;
        let version = record.version;
        let before = self.append(&record.name, reason, |state| {
            if state.archived.contains(&version) {
                return Err(RegistryError::Archived { name: record.name.clone(), version });
            }
            let (promoted, overridden) = allowed(state)?;
            let from = state.aliases.get(alias).copied();
            let alias = alias.to_owned();
            Ok((from != Some(version)).then_some(What::Alias {
                alias,
                version: Some(version),
                from,
                promoted,
                overridden,
            }))
        })?;
        Ok(before.aliases.get(alias).copied())
    }

    /// Takes an alias away, and tells what it meant.
    ///
    /// # Errors
    /// When the model has no such alias, or nothing can be written.
    pub fn remove_alias(&self, name: &str, alias: &str, reason: Option<String>) -> Result<u64, RegistryError> {
        let meant = self.version_of(name, &Which::Alias(alias.to_owned()))?;
        let before = self.append(name, reason, |state| {
            let from = state.aliases.get(alias).copied();
            let (alias, promoted, overridden) = (alias.to_owned(), false, false);
            Ok(from.map(|_| What::Alias { alias, version: None, from, promoted, overridden }))
        })?;
        Ok(before.aliases.get(alias).copied().unwrap_or(meant))
    }

    /// Hides a version from lists and from `latest`, or shows it again. It stays, and can be had by its number.
    ///
    /// # Errors
    /// When an alias means it, or nothing can be written.
    pub fn archive(&self, record: &Record, archived: bool, reason: Option<String>) -> Result<(), RegistryError> {
        let (name, version) = (&record.name, record.version);
        self.append(name, reason, |state| {
            let aliases = state.aliases_of(version);
            if archived && !aliases.is_empty() {
                let aliases = aliases.join(", ");
                return Err(RegistryError::InUse { name: name.clone(), version, aliases });
            }
            let what = if archived { What::Archived { version } } else { What::Restored { version } };
            Ok((state.archived.contains(&version) != archived).then_some(what))
        })?;
        Ok(())
    }

    /// Adds the event that `what` makes of the state, if any, and gives that state. Where another writer comes first,
    /// `what` is asked again.
    pub(super) fn append(
        &self,
        name: &str,
        reason: Option<String>,
        what: impl Fn(&State) -> Result<Option<What>, RegistryError>,
    ) -> Result<State, RegistryError> {
        let id = stamp::id();
        loop {
            let events = self.events(name)?;
            let state = State::of(events.iter());
            let Some(what) = what(&state)? else { return Ok(state) };
            let sequence = events.len() as u64 + 1;
            let (at, by, reason) = (stamp::now(), self.author.clone(), reason.clone());
            let event = Event { format: FORMAT, sequence, id: id.clone(), at, by, reason, what };
            let key = event_key(name, sequence);
            if self.blobs.create(&key, &json("the event", &event)?)? {
                return Ok(state);
            }
            // Somebody was first, or the answer to our own write was lost.
            let there = self.read(&key)?.and_then(|bytes| Event::parse(&bytes, sequence).ok());
            if there.is_some_and(|there| there.id == id) {
                return Ok(state);
            }
        }
    }
}

/// What is kept, as JSON that people can read.
///
/// # Errors
/// When it is more than a reader would take.
pub(super) fn json(what: &str, value: &impl serde::Serialize) -> Result<Vec<u8>, RegistryError> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("texts and numbers are JSON");
    bytes.push(b'\n');
    if bytes.len() as u64 > record::LARGEST {
        return Err(RegistryError::TooLarge { what: what.to_owned(), size: bytes.len(), most: record::LARGEST });
    }
    Ok(bytes)
}
