//! Versions of models in a folder or below a prefix of an object store, without a server.
//!
//! ```text
//! registry.json                               the format
//! blobs/sha256/ab/abcdef…                     files, by their content; written once
//! models/NAME/versions/0000000007.json        the record of a version; written once, by whoever comes first
//! models/NAME/versions/0000000007.sig         its signature, in the format of OpenSSF model-signing
//! models/NAME/events/0000000003.json          what happened since; written once, only ever added to
//! ```
//!
//! Blobs come first, then the record: a crash leaves files that no record names, which `gc` takes away. A record or
//! event is created only where none is, so numbers have no gaps whatever runs beside. Whatever is read is checked
//! against its digest. Nothing here is ever changed, so that what was read once need not be read again.
//!
//! Never decides whether a model is good: verdicts come from the gate, and are kept here.

mod add;
mod blob;
mod error;
mod event;
mod gc;
mod name;
mod promote;
mod pull;
mod record;
mod sign;
mod stamp;
mod state;
mod verify;

pub use add::{Added, Candidate};
pub use error::RegistryError;
pub use event::{Event, State, What};
pub use gc::Collected;
pub use name::{Reference, Which, check_alias, check_name};
pub use promote::{Promoted, Promotion};
pub use pull::Fetched;
pub use record::{FORMAT, Git, Model, Origin, Provenance, Record, Stored, TrainingData};
pub use sign::{Failed, PublicKey, SIGNATURE_FILE, SigningKey};
pub use verify::{Finding, Verified};

use crate::data::blobs::{self, Blobs};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

const FORMAT_KEY: &str = "registry.json";
const MODELS: &str = "models";

/// A registry that is there.
#[derive(Debug)]
pub struct Registry {
    blobs: Arc<dyn Blobs>,
    /// Who writes.
    author: String,
    /// Events that were read, by model: they never change.
    events: Mutex<HashMap<String, Arc<Vec<Event>>>>,
}

impl Registry {
    /// The registry in a folder, or at the URL of an object store.
    ///
    /// # Errors
    /// When there is none, it is of a newer format, or cannot be reached.
    pub fn open(location: &str) -> Result<Registry, RegistryError> {
        let registry = Registry::at(location)?;
        if !registry.exists()? {
            return Err(RegistryError::NoRegistry { place: registry.place("") });
        }
        Ok(registry)
    }

    /// The registry there, or one that is made with the first version that it gets.
    ///
    /// # Errors
    /// When it is of a newer format, or cannot be reached.
    pub fn open_or_create(location: &str) -> Result<Registry, RegistryError> {
        let registry = Registry::at(location)?;
        registry.exists()?;
        Ok(registry)
    }

    /// Makes the registry, where none is.
    fn found(&self) -> Result<(), RegistryError> {
        if !self.exists()? {
            let text = serde_json::json!({ "format": FORMAT, "made_by": stamp::TOOL }).to_string() + "\n";
            self.blobs.create(FORMAT_KEY, text.as_bytes())?;
        }
        Ok(())
    }

    /// Another name for who writes, in place of what the environment says.
    pub fn with_author(self, author: String) -> Registry {
        Registry { author, ..self }
    }

    fn at(location: &str) -> Result<Registry, RegistryError> {
        Ok(Registry { blobs: blobs::open(location)?, author: stamp::author(), events: Mutex::default() })
    }

    /// Whether there is one that can be read.
    fn exists(&self) -> Result<bool, RegistryError> {
        let Some(bytes) = self.read(FORMAT_KEY)? else { return Ok(false) };
        let damaged = |problem: &str| RegistryError::damaged(self.place(FORMAT_KEY), problem);
        let said: Value = serde_json::from_slice(&bytes).map_err(|_| damaged("this is not JSON"))?;
        let found = said.get("format").and_then(Value::as_u64).ok_or_else(|| damaged("it names no format"))?;
        if found > FORMAT {
            return Err(RegistryError::Newer { place: self.place(""), found, known: FORMAT });
        }
        Ok(true)
    }

    /// What is shown of the registry, or of what lies under a key; holds no secret.
    pub fn place(&self, key: &str) -> String {
        self.blobs.place(key)
    }

    /// Where this registry is, for others to know it by: the whole path of a folder, or the URL.
    fn address(&self) -> String {
        let place = self.place("");
        if place.contains("://") {
            return place;
        }
        std::fs::canonicalize(&place).map_or(place, |path| path.display().to_string())
    }

    /// The names of all models.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn models(&self) -> Result<Vec<String>, RegistryError> {
        let mut names = self.blobs.folders(MODELS)?;
        names.retain(|name| check_name(name).is_ok());
        Ok(names)
    }

    /// The version that `NAME`, `NAME@7`, `NAME@latest` or `NAME@champion` means.
    ///
    /// # Errors
    /// When the reference is none, nothing has that name, or what lies there is damaged.
    pub fn resolve(&self, reference: &str) -> Result<Record, RegistryError> {
        let Reference { name, which } = Reference::parse(reference)?;
        let version = self.version_of(&name, &which)?;
        self.record(&name, version)
    }

    /// The number that a reference means; its record is not read.
    ///
    /// # Errors
    /// When nothing has that name.
    pub fn version_of(&self, name: &str, which: &Which) -> Result<u64, RegistryError> {
        let unknown = |what, name: String, alternatives| RegistryError::Unknown {
            place: self.place(""),
            what,
            name,
            alternatives,
        };
        let numbers = self.numbers(name)?;
        let Some(&last) = numbers.last() else {
            let alternatives = name::alternatives(name, &self.models()?);
            return Err(unknown("model", name.to_owned(), alternatives));
        };
        match which {
            Which::Version(version) if numbers.binary_search(version).is_ok() => Ok(*version),
            Which::Version(version) => {
                let versions =
                    if last == 1 { "there is version 1".to_owned() } else { format!("there are 1 to {last}") };
                Err(unknown("version", format!("{name}@{version}"), versions))
            }
            Which::Latest => {
                let state = self.state(name)?;
                let found = numbers.into_iter().rev().find(|version| !state.archived.contains(version));
                found.ok_or(RegistryError::Archived { name: name.to_owned(), version: last })
            }
            Which::Alias(alias) => {
                let state = self.state(name)?;
                let known: Vec<String> = state.aliases.keys().cloned().chain(["latest".to_owned()]).collect();
                let version = state.aliases.get(alias).copied();
                version.ok_or_else(|| unknown("alias", format!("{name}@{alias}"), name::alternatives(alias, &known)))
            }
        }
    }

    /// How many versions a model has; 0 where there is no such model.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn count(&self, name: &str) -> Result<u64, RegistryError> {
        Ok(self.numbers(name)?.len() as u64)
    }

    /// The numbers of a model's versions, in order.
    fn numbers(&self, name: &str) -> Result<Vec<u64>, RegistryError> {
        self.numbers_in(&format!("{MODELS}/{name}/versions"))
    }

    fn numbers_in(&self, folder: &str) -> Result<Vec<u64>, RegistryError> {
        let entries = self.blobs.list(folder)?;
        let mut numbers: Vec<u64> = entries.iter().filter_map(|entry| number(&entry.key, ".json")).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The record of a version.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn record(&self, name: &str, version: u64) -> Result<Record, RegistryError> {
        Ok(self.records(name, &[version])?.remove(0))
    }

    /// The records of all versions, in order.
    ///
    /// # Errors
    /// When there is none, or one is damaged.
    pub fn versions(&self, name: &str) -> Result<Vec<Record>, RegistryError> {
        self.version_of(name, &Which::Version(1))?;
        self.records(name, &self.numbers(name)?)
    }

    fn records(&self, name: &str, versions: &[u64]) -> Result<Vec<Record>, RegistryError> {
        let keys: Vec<String> = versions.iter().map(|version| version_key(name, *version, ".json")).collect();
        let read = self.blobs.read(&keys, record::LARGEST)?;
        let parsed = read.into_iter().zip(keys).zip(versions).map(|((bytes, key), version)| {
            let damaged = |problem: String| RegistryError::damaged(self.place(&key), problem);
            let bytes = bytes.ok_or_else(|| damaged("the record is missing".to_owned()))?;
            Record::parse(&bytes, name, *version).map_err(damaged)
        });
        parsed.collect()
    }

    /// All that happened to a model, from the first.
    ///
    /// # Errors
    /// When an event cannot be read, is damaged or is missing: what holds now would not be known.
    pub fn events(&self, name: &str) -> Result<Arc<Vec<Event>>, RegistryError> {
        let folder = format!("{MODELS}/{name}/events");
        let numbers = self.numbers_in(&folder)?;
        let last = numbers.len() as u64;
        if let Some(missing) = first_missing(&numbers) {
            return Err(RegistryError::damaged(self.place(&folder), format!("event {missing} is missing")));
        }
        let known = self.cache().get(name).cloned().unwrap_or_default();
        if known.len() as u64 >= last {
            return Ok(known);
        }
        let unread: Vec<u64> = (known.len() as u64 + 1..=last).collect();
        let keys: Vec<String> = unread.iter().map(|sequence| event_key(name, *sequence)).collect();
        let mut events = known.to_vec();
        for ((bytes, key), sequence) in self.blobs.read(&keys, record::LARGEST)?.into_iter().zip(&keys).zip(unread) {
            let damaged = |problem: String| RegistryError::damaged(self.place(key), problem);
            let bytes = bytes.ok_or_else(|| damaged("it is missing".to_owned()))?;
            events.push(Event::parse(&bytes, sequence).map_err(damaged)?);
        }
        let events = Arc::new(events);
        self.cache().insert(name.to_owned(), Arc::clone(&events));
        Ok(events)
    }

    /// What holds now for a model.
    ///
    /// # Errors
    /// Those of [`Registry::events`].
    pub fn state(&self, name: &str) -> Result<State, RegistryError> {
        Ok(State::of(self.events(name)?.iter()))
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Vec<Event>>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A small file, bounded.
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        let read = self.blobs.read(&[key.to_owned()], record::LARGEST)?;
        Ok(read.into_iter().next().flatten())
    }
}

fn version_key(name: &str, version: u64, ending: &str) -> String {
    format!("{MODELS}/{name}/versions/{version:010}{ending}")
}

fn event_key(name: &str, sequence: u64) -> String {
    format!("{MODELS}/{name}/events/{sequence:010}.json")
}

/// The number that a key ends in, before `ending`.
fn number(key: &str, ending: &str) -> Option<u64> {
    let digits = key.rsplit('/').next()?.strip_suffix(ending)?;
    let valid = digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| valid && *number > 0)
}

/// The first number from 1 that is not there, though a higher one is.
fn first_missing(numbers: &[u64]) -> Option<u64> {
    let missing = (1_u64..).zip(numbers).find(|(expected, number)| expected != *number);
    missing.map(|(expected, _)| expected)
}
