//! `scorelet registry`: what is in a registry, and what may be done with it.

mod change;
mod look;
mod mlflow;
mod text;

pub(super) use text::counted;

use super::Failure;
use crate::registry::{Registry, RegistryError};
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the models, or the versions of one
    List(look::List),
    /// Show a version: files, provenance, verdicts, and what happened to it
    Show(look::Show),
    /// Write the files of a version into a folder, each checked against its digest
    Pull(look::Pull),
    /// Point an alias at a version, as for a rollback, or take it away
    Alias(change::Alias),
    /// Make a version that a gate has passed the champion, here or in another registry
    Promote(change::Promote),
    /// Hide a version from lists and from `latest`
    Archive(change::Archive),
    /// Write a version as an MLflow model folder
    Export(mlflow::Export),
    /// Register an MLflow model folder as the next version of a model
    Import(mlflow::Import),
    /// Sign a version in the format of OpenSSF model-signing
    Sign(change::Sign),
    /// Read everything and say what is damaged
    Verify(look::Verify),
    /// Take away files that no version has
    Gc(change::Gc),
}

/// Which registry, and how to answer.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct At {
    /// The registry: a folder, or a URL as az://CONTAINER/PATH, s3://BUCKET/PATH, gs://BUCKET/PATH [default: ./registry]
    #[arg(long, env = "SCORELET_REGISTRY", value_name = "URL")]
    pub registry: Option<String>,
    /// Print JSON for scripts
    #[arg(long, env = "SCORELET_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub json: bool,
}

/// Who changes something, and why.
#[derive(Debug, Clone, clap::Args)]
struct Author {
    /// Who does it [default: the user of the CI job, else of this machine]
    #[arg(long, env = "SCORELET_BY", value_name = "WHO")]
    by: Option<String>,
    /// Why, for the history
    #[arg(long, env = "SCORELET_REASON", value_name = "TEXT")]
    reason: Option<String>,
}

/// Whose signature is asked for.
#[derive(Debug, Clone, clap::Args)]
struct Signed {
    /// Only with a valid signature by this key (PEM, EC P-256)
    #[arg(long, env = "SCORELET_REQUIRE_SIGNATURE", value_name = "PUBLIC_KEY")]
    require_signature: Option<PathBuf>,
}

impl At {
    pub fn location(&self) -> &str {
        self.registry.as_deref().unwrap_or(super::model::DEFAULT)
    }

    fn open(&self) -> Result<Registry, Failure> {
        Registry::open(self.location()).map_err(failure)
    }
}

impl Author {
    fn open(&self, at: &At) -> Result<Registry, Failure> {
        let registry = at.open()?;
        Ok(match &self.by {
            Some(by) => registry.with_author(by.clone()),
            None => registry,
        })
    }
}

impl Signed {
    fn key(&self) -> Result<Option<crate::registry::PublicKey>, Failure> {
        let key = self.require_signature.as_deref().map(crate::registry::PublicKey::read).transpose();
        key.map_err(|error| failure(error.into()))
    }
}

/// Does one of these things.
///
/// # Errors
/// When the usage is wrong, nothing has that name, something is damaged, or the registry cannot be reached or written.
pub fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::List(args) => look::list(&args),
        Command::Show(args) => look::show(&args),
        Command::Pull(args) => look::pull(&args),
        Command::Alias(args) => change::alias(&args),
        Command::Promote(args) => change::promote(&args),
        Command::Archive(args) => change::archive(&args),
        Command::Export(args) => mlflow::export(&args),
        Command::Import(args) => mlflow::import(args),
        Command::Sign(args) => change::sign(&args),
        Command::Verify(args) => look::verify(&args),
        Command::Gc(args) => change::gc(&args),
    }
}

/// The failure of a command about registries.
pub fn failure(error: RegistryError) -> Failure {
    if error.is_usage() { Failure::Usage(error.to_string()) } else { Failure::Work(error.into()) }
}

pub(super) fn print_json(said: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(said).map_err(anyhow::Error::from)?;
    super::print(&(text + "\n"))
}
