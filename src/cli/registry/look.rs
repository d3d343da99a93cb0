//! The parts of `scorelet registry` that change nothing in it.

use super::{At, Signed, failure, print_json, text};
use crate::cli::Failure;
use crate::registry::{Event, Record, Reference, Registry, State, Which};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What was typed after `list`.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The model whose versions are listed
    name: Option<String>,
    #[command(flatten)]
    at: At,
    /// Archived versions, too
    #[arg(long, env = "SCORELET_ALL", value_parser = clap::builder::FalseyValueParser::new())]
    all: bool,
}

/// What was typed after `show`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The version: NAME, NAME@7 or NAME@champion; NAME alone shows the latest, and the model's whole history
    reference: String,
    #[command(flatten)]
    at: At,
}

/// What was typed after `pull`.
#[derive(Debug, clap::Args)]
pub(super) struct Pull {
    /// The version: NAME, NAME@7 or NAME@champion
    reference: String,
    /// The folder to write into; it is made, or may hold an earlier pull
    #[arg(long, env = "SCORELET_OUTPUT", value_name = "FOLDER")]
    output: PathBuf,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    signed: Signed,
}

/// What was typed after `verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exits with 0 if all is well, and with 1 if anything is damaged. Files that no version has are no damage."
)]
pub(super) struct Verify {
    /// The model to verify [default: all]
    name: Option<String>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    signed: Signed,
}

pub(super) fn list(args: &List) -> Result<(), Failure> {
    let registry = args.at.open()?;
    let Some(name) = &args.name else { return models(args, &registry) };
    let name = Reference::parse(name).map_err(failure)?.name;
    let state = registry.state(&name).map_err(failure)?;
    let mut records = registry.versions(&name).map_err(failure)?;
    records.retain(|record| args.all || !state.archived.contains(&record.version));
    if !args.at.json {
        return crate::cli::print(&text::versions(&records, &state));
    }
    let versions: Vec<Value> = records.iter().map(|record| summary(record, &state)).collect();
    print_json(&json!({ "registry": registry.place(""), "name": name, "aliases": state.aliases, "versions": versions }))
}

fn models(args: &List, registry: &Registry) -> Result<(), Failure> {
    let mut models = Vec::new();
    for name in registry.models().map_err(failure)? {
        let count = registry.count(&name).map_err(failure)?;
        let state = registry.state(&name).map_err(failure)?;
        let latest = (1..=count).rev().find(|version| !state.archived.contains(version));
        if count > 0 && (args.all || latest.is_some()) {
            models.push(text::ModelLine { name, versions: count, latest, aliases: state.aliases });
        }
    }
    match args.at.json {
        true => print_json(&json!({ "registry": registry.place(""), "models": models })),
        false => crate::cli::print(&text::models(&models)),
    }
}

/// What a script would ask of a version.
fn summary(record: &Record, state: &State) -> Value {
    json!({
        "version": record.version,
        "digest": record.digest,
        "bytes": record.size(),
        "estimator": record.provenance.model.estimator,
        "created_at": record.provenance.created_at,
        "created_by": record.provenance.created_by,
        "tags": record.provenance.tags,
        "aliases": state.aliases_of(record.version),
        "verdict": verdict(record, state),
        "archived": state.archived.contains(&record.version),
    })
}

/// `passed`, `failed`, or nothing.
fn verdict(record: &Record, state: &State) -> Option<&'static str> {
    state.verdict(record.version, &record.digest).map(text::verdict)
}

pub(super) fn show(args: &Show) -> Result<(), Failure> {
    let registry = args.at.open()?;
    let reference = Reference::parse(&args.reference).map_err(failure)?;
    let record = registry.resolve(&args.reference).map_err(failure)?;
    let events = registry.events(&record.name).map_err(failure)?;
    let state = State::of(events.iter());
    let signed = registry.signature(&record).map_err(failure)?.is_some();
    let whole = reference.which == Which::Latest;
    let events: Vec<&Event> =
        events.iter().filter(|event| whole || event.concerns().contains(&record.version)).collect();
    if !args.at.json {
        return crate::cli::print(&text::version(&record, &state, signed, &events));
    }
    print_json(&json!({
        "registry": registry.place(""),
        "record": record,
        "aliases": state.aliases_of(record.version),
        "verdict": verdict(&record, &state),
        "archived": state.archived.contains(&record.version),
        "signed": signed,
        "events": events,
    }))
}

pub(super) fn pull(args: &Pull) -> Result<(), Failure> {
    let key = args.signed.key()?;
    let registry = args.at.open()?;
    let record = registry.resolve(&args.reference).map_err(failure)?;
    if let Some(key) = &key {
        registry.check_signature(&record, key).map_err(failure)?;
    }
    let path = registry.pull(&record, &args.output).map_err(failure)?;
    if !args.at.json {
        return crate::cli::print(&format!("{}\n", path.display()));
    }
    print_json(&json!({
        "path": path,
        "bundle": record.bundle,
        "name": record.name,
        "version": record.version,
        "digest": record.digest,
        "files": record.files,
    }))
}

pub(super) fn verify(args: &Verify) -> Result<(), Failure> {
    let key = args.signed.key()?;
    let registry = args.at.open()?;
    let verified = registry.verify(args.name.as_deref(), key.as_ref()).map_err(failure)?;
    match args.at.json {
        true => print_json(&verified)?,
        false => crate::cli::print(&text::verified(&verified))?,
    }
    match verified.findings.len() {
        0 => Ok(()),
        1 => Err(Failure::Work(anyhow::anyhow!("{} is damaged in one place", registry.place("")))),
        many => Err(Failure::Work(anyhow::anyhow!("{} is damaged in {many} places", registry.place("")))),
    }
}
