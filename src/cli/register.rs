//! `scorelet register`: stores a bundle, and what belongs to it, as the next version of a model.

use super::registry::{At, counted, failure};
use super::{Failure, git};
use crate::html::bytes;
use crate::load::LoadOptions;
use crate::registry::{Added, Candidate, Provenance, Reference, Registry, SigningKey, TrainingData};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, Default, clap::Args)]
#[command(after_long_help = NOTES)]
pub struct Args {
    /// The model's name: letters, digits, '.', '-' and '_'
    #[arg(long, env = "SCORELET_NAME", value_name = "NAME")]
    name: String,
    /// The bundle: a file, or a folder that holds one and what belongs to it
    #[arg(long, env = "SCORELET_PATH", value_name = "PATH")]
    path: PathBuf,
    /// A further file to keep with it: a model card, metrics, golden requests
    #[arg(long = "with", env = "SCORELET_WITH", value_name = "FILE")]
    with: Vec<PathBuf>,
    #[command(flatten)]
    at: At,
    /// Something to know a version by
    #[arg(long = "tag", env = "SCORELET_TAG", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// What this version is
    #[arg(long, env = "SCORELET_DESCRIPTION", value_name = "TEXT")]
    description: Option<String>,
    /// The run that registers, such as a build's id: the same key and content again give the same version
    #[arg(long, env = "SCORELET_IDEMPOTENCY_KEY", value_name = "KEY")]
    idempotency_key: Option<String>,
    /// The version that this one is to replace: NAME@7, or an alias [default: the champion, where there is one]
    #[arg(long, env = "SCORELET_PARENT", value_name = "REFERENCE")]
    parent: Option<String>,
    /// Column names in the order of the model's features, for a model fitted without names
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    features: Option<String>,
    /// What the training data are known by [default: what the bundle says]
    #[arg(long, env = "SCORELET_DATA_FINGERPRINT", value_name = "SHA256")]
    data_fingerprint: Option<String>,
    /// The commit that made it [default: that of the CI job, else that of the working folder]
    #[arg(long, env = "SCORELET_GIT_COMMIT", value_name = "COMMIT")]
    git_commit: Option<String>,
    /// Sign it with this private key (PEM, EC P-256), in the format of OpenSSF model-signing
    #[arg(long, env = "SCORELET_SIGN_KEY", value_name = "PEM")]
    sign_key: Option<PathBuf>,
    /// Keep this signature, made with `model_signing sign key` [default: model.sig in the folder]
    #[arg(long, env = "SCORELET_SIGNATURE", value_name = "FILE", conflicts_with = "sign_key")]
    signature: Option<PathBuf>,
    /// Who registers [default: the user of the CI job, else of this machine]
    #[arg(long, env = "SCORELET_BY", value_name = "WHO")]
    by: Option<String>,
}

impl Args {
    /// Registration with the flags that an import has, too.
    pub(super) fn of(
        name: String,
        path: PathBuf,
        at: At,
        tags: Vec<String>,
        idempotency_key: Option<String>,
        by: Option<String>,
    ) -> Args {
        Args { name, path, at, tags, idempotency_key, by, ..Args::default() }
    }
}

const NOTES: &str = "\
Prints the version's number alone, or JSON with --json; everything else goes to stderr.

What does not load is refused with 3, and nothing is stored. Of a folder every file is kept, but hidden ones.
The registry is made where none is. Versions count from 1, without gaps, however many register at once.";

/// Registers one version.
///
/// # Errors
/// When the bundle does not load, the usage is wrong, or the registry cannot be written.
pub fn run(args: Args) -> Result<(), Failure> {
    let (candidate, parent) = candidate(&args)?;
    let mut registry = Registry::open_or_create(args.at.location()).map_err(failure)?;
    if let Some(by) = args.by {
        registry = registry.with_author(by);
    }
    let candidate = with_parent(candidate, parent.as_deref(), &registry)?;
    let Added { record, new } = registry.register(candidate).map_err(super::model::unloadable_or_failure)?;
    let (reference, files) = (record.reference(), record.files.len());
    let said = match new {
        true => {
            let (files, size) = (counted(files as u64, "file"), bytes(record.size()));
            format!("registered {reference}: {files}, {size}, sha256 {}", record.digest)
        }
        false => format!("{reference} has this idempotency key and content already: nothing was written"),
    };
    // Nobody reads stderr: the version is registered all the same.
    let _ = writeln!(io::stderr(), "{said}");
    if !args.at.json {
        return super::print(&format!("{}\n", record.version));
    }
    super::registry::print_json(&json!({
        "registry": registry.place(""),
        "name": record.name,
        "version": record.version,
        "digest": record.digest,
        "files": files,
        "bytes": record.size(),
        "created": new,
    }))
}

/// What is to be registered, and which version it is to replace.
fn candidate(args: &Args) -> Result<(Candidate, Option<String>), Failure> {
    let wrong = |tag: &String| Failure::Usage(format!("--tag {tag:?}: write KEY=VALUE, and each key once"));
    let mut tags = BTreeMap::new();
    for tag in &args.tags {
        let (key, value) = tag.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| wrong(tag))?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(wrong(tag));
        }
    }
    if args.idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 1000) {
        return Err(Failure::Usage("--idempotency-key: give 1 to 1000 characters".to_owned()));
    }
    let key = args.sign_key.as_deref().map(SigningKey::read).transpose().map_err(|error| failure(error.into()))?;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let fingerprint = args.data_fingerprint.clone();
    let data = fingerprint.map(|fingerprint| TrainingData { fingerprint, ..TrainingData::default() });
    let provenance = Provenance {
        description: args.description.clone(),
        tags,
        git: git::state(args.git_commit.clone().or_else(|| git::commit(&variable))),
        data,
        idempotency_key: args.idempotency_key.clone(),
        ..Provenance::default()
    };
    let candidate = Candidate {
        name: args.name.clone(),
        path: args.path.clone(),
        with: args.with.clone(),
        options: LoadOptions { features: args.features.as_deref().map(super::names).transpose()? },
        provenance,
        key,
        signature: args.signature.clone(),
    };
    Ok((candidate, args.parent.clone()))
}

fn with_parent(mut candidate: Candidate, parent: Option<&str>, registry: &Registry) -> Result<Candidate, Failure> {
    Reference::parse(&candidate.name).map_err(failure)?;
    candidate.provenance.parent = match parent {
        // `7` and `champion` are of the same model.
        Some(parent) if parent.contains('@') => Some(registry.resolve(parent).map_err(failure)?.reference()),
        Some(parent) => {
            let reference = format!("{}@{parent}", candidate.name);
            Some(registry.resolve(&reference).map_err(failure)?.reference())
        }
        None => {
            let state = registry.state(&candidate.name).map_err(failure)?;
            state.aliases.get("champion").map(|version| format!("{}@{version}", candidate.name))
        }
    };
    Ok(candidate)
}
