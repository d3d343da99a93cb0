//! A MODEL argument: a file or folder, or a version of a registry. What exists as a path is one.

use super::Failure;
use crate::load::{BundleFile, LoadOptions};
use crate::registry::{Fetched, PublicKey, Record, Reference, Registry, RegistryError};
use std::path::{Path, PathBuf};

/// Where versions are looked up.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct From {
    /// The registry of a MODEL like NAME, NAME@7 or NAME@champion: a folder, or a URL as az://CONTAINER/PATH
    /// [default: ./registry]
    #[arg(long, env = "SCORELET_REGISTRY", value_name = "URL")]
    pub registry: Option<String>,
    /// Take a version of a registry only with a valid signature by this key (PEM, EC P-256)
    #[arg(long, env = "SCORELET_REQUIRE_SIGNATURE", value_name = "PUBLIC_KEY")]
    pub require_signature: Option<PathBuf>,
}

/// The registry where none is named.
pub const DEFAULT: &str = "registry";

/// What a MODEL argument means.
#[derive(Debug)]
pub enum Model {
    Path(PathBuf),
    Version { registry: Box<Registry>, record: Box<Record> },
}

/// Whether the argument is a reference to a registry. Without `@` and without a registry that is named or there, a
/// misspelt file name is more likely.
pub fn is_reference(model: &Path, from: &From) -> bool {
    let Some(text) = model.to_str() else { return false };
    let near = || from.registry.is_some() || Path::new(DEFAULT).join("registry.json").exists();
    !model.exists() && !text.contains(['/', '\\']) && Reference::parse(text).is_ok() && (text.contains('@') || near())
}

/// Looks up what the argument means.
///
/// # Errors
/// When it is a reference, and the registry has no such version, or one that is damaged or not signed as it should be.
pub fn find(model: &Path, from: &From) -> Result<Model, Failure> {
    if !is_reference(model, from) {
        return Ok(Model::Path(model.to_owned()));
    }
    let key = from.require_signature.as_deref().map(PublicKey::read).transpose();
    let key = key.map_err(|error| unloadable(error.into()))?;
    let registry = Registry::open(from.registry.as_deref().unwrap_or(DEFAULT)).map_err(unloadable)?;
    let record = registry.resolve(&model.to_string_lossy()).map_err(unloadable)?;
    if let Some(key) = &key {
        registry.check_signature(&record, key).map_err(unloadable)?;
    }
    Ok(Model::Version { registry: Box::new(registry), record: Box::new(record) })
}

impl Model {
    /// The bundle, in memory; `options` are completed by what the registry knows.
    ///
    /// # Errors
    /// When it cannot be found or read, or is damaged.
    pub fn read(&self, mut options: LoadOptions) -> Result<(BundleFile, LoadOptions), Failure> {
        match self {
            Model::Path(path) => Ok((BundleFile::read(path)?, options)),
            Model::Version { registry, record } => {
                let Fetched { file, options: known, .. } = registry.fetch(record).map_err(unloadable)?;
                options.features = options.features.or(known.features);
                Ok((file, options))
            }
        }
    }
}

/// A version that cannot be had is a bundle that cannot be loaded.
pub fn unloadable(error: RegistryError) -> Failure {
    match error {
        RegistryError::Load(error) => Failure::Bundle(error),
        error if error.is_usage() => Failure::Usage(error.to_string()),
        error => Failure::Version(error),
    }
}

/// The failure of registering: what does not load is a bundle that cannot be loaded, the rest is work that failed.
pub fn unloadable_or_failure(error: RegistryError) -> Failure {
    match error {
        RegistryError::Load(error) => Failure::Bundle(error),
        error => super::registry::failure(error),
    }
}
