//! Reads everything, and says what is damaged. Files that no version has are no damage: `gc` takes them away.

use super::blob::{BLOBS, key};
use super::record::Record;
use super::{MODELS, PublicKey, Registry, RegistryError, event_key, first_missing, version_key};
use crate::data::DataError;
use serde::Serialize;
use std::collections::HashSet;
use std::io;

/// What was read, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    pub models: u64,
    pub versions: u64,
    pub events: u64,
    /// Different files of all versions, and their bytes.
    pub files: u64,
    pub bytes: u64,
    /// Versions that have a signature.
    pub signed: u64,
    /// Files that no version has; counted where all models are verified.
    pub orphans: Option<u64>,
    pub findings: Vec<Finding>,
}

/// One thing that is damaged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `NAME@7`, or the name alone.
    pub what: String,
    pub problem: String,
}

/// A check of one registry under way.
struct Check<'r> {
    registry: &'r Registry,
    signed_by: Option<&'r PublicKey>,
    /// Digests that were checked already.
    seen: HashSet<String>,
    verified: Verified,
}

impl Registry {
    /// Reads every version and event of one model, or of all, and every file that they have.
    ///
    /// # Errors
    /// When there is no such model, or the registry cannot be reached: what is damaged is no error.
    pub fn verify(&self, name: Option<&str>, signed_by: Option<&PublicKey>) -> Result<Verified, RegistryError> {
        let names = match name {
            Some(name) => {
                super::check_name(name)?;
                if self.numbers(name)?.is_empty() {
                    self.version_of(name, &super::Which::Version(1))?;
                }
                vec![name.to_owned()]
            }
            None => self.models()?,
        };
        let mut check = Check { registry: self, signed_by, seen: HashSet::new(), verified: Verified::default() };
        for name in &names {
            check.model(name)?;
        }
        if name.is_none() {
            let wanted: HashSet<String> = check.seen.iter().map(|sha256| key(sha256)).collect();
            let entries = self.blobs.list(BLOBS)?;
            check.verified.orphans = Some(entries.iter().filter(|entry| !wanted.contains(&entry.key)).count() as u64);
        }
        Ok(check.verified)
    }
}

impl Check<'_> {
    fn model(&mut self, name: &str) -> Result<(), RegistryError> {
        self.verified.models += 1;
        let numbers = self.registry.numbers(name)?;
        if let Some(missing) = first_missing(&numbers) {
            let key = version_key(name, missing, ".json");
            self.finds(format!("{name}@{missing}"), format!("{} is missing", self.registry.place(&key)));
        }
        for version in numbers {
            self.verified.versions += 1;
            match self.registry.record(name, version) {
                Ok(record) => self.version(&record)?,
                Err(error) => self.found(format!("{name}@{version}"), error)?,
            }
        }
        self.events(name)
    }

    fn version(&mut self, record: &Record) -> Result<(), RegistryError> {
        for stored in &record.files {
            if !self.seen.insert(stored.sha256.clone()) {
                continue;
            }
            self.verified.files += 1;
            self.verified.bytes += stored.size;
            let read = self.registry.blob(stored).and_then(|mut content| {
                let read = io::copy(&mut content, &mut io::sink());
                read.map(drop).map_err(|error| self.registry.unread(&key(&stored.sha256), error))
            });
            if let Err(error) = read {
                self.found(format!("{} {}", record.reference(), stored.path), error)?;
            }
        }
        let signature = self.registry.signature(record)?;
        self.verified.signed += u64::from(signature.is_some());
        let checked = match (self.signed_by, signature) {
            (Some(key), _) => self.registry.check_signature(record, key),
            (None, Some(signature)) => super::sign::covers(&signature, record).map_err(RegistryError::from),
            (None, None) => Ok(()),
        };
        checked.or_else(|error| self.found(record.reference(), error))
    }

    /// Each on its own: after a damaged one there may be others.
    fn events(&mut self, name: &str) -> Result<(), RegistryError> {
        let numbers = self.registry.numbers_in(&format!("{MODELS}/{name}/events"))?;
        if let Some(missing) = first_missing(&numbers) {
            self.finds(name.to_owned(), format!("{} is missing", self.registry.place(&event_key(name, missing))));
        }
        let keys: Vec<String> = numbers.iter().map(|sequence| event_key(name, *sequence)).collect();
        for ((bytes, key), sequence) in
            self.registry.blobs.read(&keys, super::record::LARGEST)?.iter().zip(&keys).zip(numbers)
        {
            self.verified.events += 1;
            if let Err(problem) = super::Event::parse(bytes.as_deref().unwrap_or_default(), sequence) {
                self.finds(name.to_owned(), format!("{}: {problem}", self.registry.place(key)));
            }
        }
        Ok(())
    }

    /// Notes an error that is about content; one of reaching the registry ends the check.
    fn found(&mut self, what: String, error: RegistryError) -> Result<(), RegistryError> {
        match error {
            RegistryError::Data(DataError::Denied { .. } | DataError::Credential { .. }) => return Err(error),
            error => self.finds(what, error.to_string().lines().next().unwrap_or_default().to_owned()),
        }
        Ok(())
    }

    fn finds(&mut self, what: String, problem: String) {
        self.verified.findings.push(Finding { what, problem });
    }
}
