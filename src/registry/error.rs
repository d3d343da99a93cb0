//! Why a registry says no. Each message names the place or version, what is wrong, and what to do.

use super::Failed;
use crate::data::DataError;
use crate::load::LoadError;
use std::io;

/// Why something could not be done with a registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("{place}: there is no registry here\n  check --registry; `scorelet register` makes a new one")]
    NoRegistry { place: String },
    #[error("{place}: this registry has format {found}, and this scorelet knows {known}\n  use a newer scorelet")]
    Newer { place: String, found: u64, known: u64 },
    #[error("{text:?} is no legal {what}: {rule}")]
    Illegal { what: &'static str, text: String, rule: &'static str },
    #[error("{place} has no {what} {name}\n  {alternatives}")]
    Unknown { place: String, what: &'static str, name: String, alternatives: String },
    #[error("{name}@{version} is archived\n  `scorelet registry archive {name}@{version} --undo` brings it back")]
    Archived { name: String, version: u64 },
    #[error("{name}@{version} is what {aliases} means, and cannot be archived\n  point the alias elsewhere first")]
    InUse { name: String, version: u64, aliases: String },
    #[error(
        "{place} is damaged: {problem}\n  nothing was used of it; restore it, or use another version (see `scorelet registry verify`)"
    )]
    Damaged { place: String, problem: String },
    #[error("{path}: {problem}")]
    File { path: String, problem: String },
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
    #[error(
        "the idempotency key {key:?} stands for {name}@{version}, which has other content\n  a key belongs to one run: use another one"
    )]
    OtherContent { key: String, name: String, version: u64 },
    #[error("{name}@{version} may not be promoted: {why}\n  {advice}")]
    Gate { name: String, version: u64, why: String, advice: &'static str },
    #[error("{what} is {size} bytes, and {most} may be kept")]
    TooLarge { what: String, size: usize, most: u64 },
    #[error(transparent)]
    Signature(#[from] Failed),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl RegistryError {
    /// Whether what was typed is wrong, rather than what lies there.
    pub fn is_usage(&self) -> bool {
        match self {
            RegistryError::Illegal { .. } => true,
            RegistryError::Signature(failed) => failed.is_usage(),
            RegistryError::Data(error) => error.is_usage(),
            _ => false,
        }
    }

    pub(super) fn damaged(place: String, problem: impl Into<String>) -> RegistryError {
        RegistryError::Damaged { place, problem: problem.into() }
    }
}
