//! Promotion: a version that a gate has passed becomes what an alias means, here or in another registry. The copy has
//! the same content, proven by its digest, and knows where it came from.

use super::event::What;
use super::record::{Origin, Record};
use super::{PublicKey, Registry, RegistryError};

/// What is promoted, and where to.
#[derive(Debug, Clone, Copy)]
pub struct Promotion<'a> {
    /// `NAME[@VERSION|@ALIAS]`.
    pub reference: &'a str,
    /// Another registry, in place of this one.
    pub to: Option<&'a Registry>,
    pub alias: &'a str,
    /// Why it is promoted without a passed verdict.
    pub overriding: Option<&'a str>,
    /// Whose signature it must have.
    pub signed_by: Option<&'a PublicKey>,
}

/// What a promotion did.
#[derive(Debug)]
pub struct Promoted {
    /// As it is in the registry that it was promoted to.
    pub record: Record,
    /// What the alias meant before.
    pub from: Option<u64>,
    /// Whether it was done without a passed verdict.
    pub overridden: bool,
}

const VALIDATE: &str = "run `scorelet validate` on it with --registry, which keeps the verdict; or give --override and \
     the reason, which is kept, too";

impl Registry {
    /// Promotes a version. What was done before is not done again.
    ///
    /// # Errors
    /// When no passed verdict is kept and none is overridden, the signature is not the one that is asked for, something
    /// is damaged, or nothing can be written.
    pub fn promote(&self, promotion: &Promotion) -> Result<Promoted, RegistryError> {
        super::check_alias(promotion.alias)?;
        let source = self.resolve(promotion.reference)?;
        let state = self.state(&source.name)?;
        if state.archived.contains(&source.version) {
            return Err(RegistryError::Archived { name: source.name, version: source.version });
        }
        let overridden = allowed(&source, state.verdict(source.version, &source.digest), promotion.overriding)?;
        if let Some(key) = promotion.signed_by {
            self.check_signature(&source, key)?;
        }
        let (registry, record) = match promotion.to {
            None => (self, source),
            Some(other) => (other, other.copy(self, &source)?),
        };
        let reason = promotion.overriding.map(str::to_owned);
        let from = registry.move_alias(&record, promotion.alias, reason, |state| {
            // A verdict that came in since, or one that was given in the other registry, counts as well.
            let overridden = allowed(&record, state.verdict(record.version, &record.digest), promotion.overriding)?;
            Ok((true, overridden))
        })?;
        Ok(Promoted { record, from, overridden })
    }

    /// Copies a version of another registry with its files, signature and verdicts. Of several copies of the same
    /// version one is made.
    fn copy(&self, other: &Registry, source: &Record) -> Result<Record, RegistryError> {
        self.found()?;
        for stored in &source.files {
            self.store_copy(other, stored)?;
        }
        let origin = Origin {
            registry: other.address(),
            name: source.name.clone(),
            version: source.version,
            created_at: source.provenance.created_at.clone(),
            created_by: source.provenance.created_by.clone(),
        };
        let mut record = source.clone();
        record.provenance.promoted_from = Some(origin.clone());
        record.provenance.idempotency_key = None;
        let same = |there: &Record| -> Result<bool, RegistryError> {
            Ok(there.digest == source.digest && there.provenance.promoted_from.as_ref() == Some(&origin))
        };
        let (record, _) = self.allot(record, Some(0), same)?;
        if let Some(signature) = other.signature(source)? {
            self.add_signature(&record, &signature)?;
        }
        self.copy_verdicts(other, source, &record)?;
        Ok(record)
    }

    fn copy_verdicts(&self, other: &Registry, source: &Record, record: &Record) -> Result<(), RegistryError> {
        for event in other.events(&source.name)?.iter() {
            let What::Verdict { version, digest, passed, verdict, judged_in } = &event.what else { continue };
            if *version != source.version {
                continue;
            }
            let place = format!("{} {} event {}", other.address(), source.reference(), event.sequence);
            let judged_in = Some(judged_in.clone().unwrap_or(place));
            let known = |known: &What| matches!(known, What::Verdict { judged_in: there, version, .. } if *there == judged_in && *version == record.version);
            if self.events(&record.name)?.iter().any(|event| known(&event.what)) {
                continue;
            }
            let (digest, verdict, version) = (digest.clone(), verdict.clone(), record.version);
            let what = What::Verdict { version, digest, passed: *passed, verdict, judged_in };
            self.append(&record.name, None, |_| Ok(Some(what.clone())))?;
        }
        Ok(())
    }
}

/// Whether the promotion overrides the gate.
///
/// # Errors
/// When the version has not passed, and nobody says why it is promoted all the same.
fn allowed(record: &Record, verdict: Option<bool>, overriding: Option<&str>) -> Result<bool, RegistryError> {
    let why = match (verdict, overriding) {
        (Some(true), _) => return Ok(false),
        (_, Some(_)) => return Ok(true),
        (Some(false), None) => "its last verdict is that it failed",
        (None, None) => "no verdict over it is kept",
    };
    let (name, version) = (record.name.clone(), record.version);
    Err(RegistryError::Gate { name, version, why: why.to_owned(), advice: VALIDATE })
}
