//! The parts of `scorelet registry` that write: aliases, promotion, archive, signatures, garbage.

use super::text::counted;
use super::{At, Author, Signed, failure, print_json};
use crate::cli::Failure;
use crate::html::bytes;
use crate::registry::{Promotion, Reference, Registry, SigningKey, Which};
use serde_json::json;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What was typed after `alias`.
#[derive(Debug, clap::Args)]
pub(super) struct Alias {
    /// The model
    name: String,
    /// The alias: champion, staging, or any other name
    alias: String,
    /// What it is to mean: a version, or another alias
    #[arg(required_unless_present = "remove", conflicts_with = "remove")]
    version: Option<String>,
    /// Take the alias away
    #[arg(long, env = "SCORELET_REMOVE", value_parser = clap::builder::FalseyValueParser::new())]
    remove: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    author: Author,
}

/// What was typed after `promote`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Rolling back asks for no verdict: scorelet registry alias NAME champion VERSION")]
pub(super) struct Promote {
    /// The version: NAME, NAME@7 or NAME@staging
    reference: String,
    /// The alias that it gets
    #[arg(long, env = "SCORELET_ALIAS", value_name = "ALIAS", default_value = "champion")]
    alias: String,
    /// Another registry to promote it to: the version is copied, with its verdicts and its signature
    #[arg(long, env = "SCORELET_TO", value_name = "URL")]
    to: Option<String>,
    /// Promote it though no gate has passed it, for this reason, which is kept
    #[arg(long = "override", env = "SCORELET_OVERRIDE", value_name = "REASON")]
    overriding: Option<String>,
    #[command(flatten)]
    at: At,
    /// Who does it [default: the user of the CI job, else of this machine]
    #[arg(long, env = "SCORELET_BY", value_name = "WHO")]
    by: Option<String>,
    #[command(flatten)]
    signed: Signed,
}

/// What was typed after `archive`.
#[derive(Debug, clap::Args)]
pub(super) struct Archive {
    /// The version: NAME@7
    reference: String,
    /// Show it again
    #[arg(long, env = "SCORELET_UNDO", value_parser = clap::builder::FalseyValueParser::new())]
    undo: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    author: Author,
}

/// What was typed after `sign`.
#[derive(Debug, clap::Args)]
pub(super) struct Sign {
    /// The version: NAME, NAME@7 or NAME@champion
    reference: String,
    /// The private key (PEM, EC P-256)
    #[arg(long, env = "SCORELET_SIGN_KEY", value_name = "PEM")]
    sign_key: PathBuf,
    #[command(flatten)]
    at: At,
}

/// What was typed after `gc`.
#[derive(Debug, clap::Args)]
pub(super) struct Gc {
    /// Spare what is younger, which may belong to a registration under way: 90m, 24h, 7d
    #[arg(long, env = "SCORELET_OLDER_THAN", value_name = "TIME", default_value = "24h")]
    older_than: Age,
    /// Only say what would be taken away
    #[arg(long, env = "SCORELET_DRY_RUN", value_parser = clap::builder::FalseyValueParser::new())]
    dry_run: bool,
    #[command(flatten)]
    at: At,
}

/// A span of time: a number and s, m, h or d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Age(Duration);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Age, String> {
        let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
        let found = units.iter().find_map(|(unit, seconds)| Some((text.trim().strip_suffix(*unit)?, seconds)));
        let age = found.and_then(|(digits, seconds)| digits.parse::<u32>().ok()?.checked_mul(*seconds));
        age.map(|seconds| Age(Duration::from_secs(seconds.into()))).ok_or_else(|| "write 90m, 24h or 7d".to_owned())
    }
}

pub(super) fn alias(args: &Alias) -> Result<(), Failure> {
    let registry = args.author.open(&args.at)?;
    let name = Reference::parse(&args.name).map_err(failure)?.name;
    let reason = args.author.reason.clone();
    let (from, version) = match &args.version {
        None => (Some(registry.remove_alias(&name, &args.alias, reason).map_err(failure)?), None),
        Some(version) => {
            Which::parse(version).map_err(failure)?;
            let record = registry.resolve(&format!("{name}@{version}")).map_err(failure)?;
            (registry.set_alias(&record, &args.alias, reason).map_err(failure)?, Some(record.version))
        }
    };
    moved(&args.at, &registry, &name, &args.alias, from, version)
}

/// Says what an alias means now, and meant before.
fn moved(
    at: &At,
    registry: &Registry,
    name: &str,
    alias: &str,
    from: Option<u64>,
    version: Option<u64>,
) -> Result<(), Failure> {
    if at.json {
        let place = registry.place("");
        return print_json(
            &json!({ "registry": place, "name": name, "alias": alias, "version": version, "from": from }),
        );
    }
    let said = match (from, version) {
        (Some(from), Some(version)) if from == version => format!("{name}@{alias} is version {version}, as it was"),
        (Some(from), Some(version)) => format!("{name}@{alias} is version {version} now; it was {from}"),
        (None, Some(version)) => format!("{name}@{alias} is version {version} now"),
        (from, None) => format!("{name}@{alias} is gone; it was version {}", from.unwrap_or_default()),
    };
    crate::cli::print(&(said + "\n"))
}

pub(super) fn promote(args: &Promote) -> Result<(), Failure> {
    if args.overriding.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Failure::Usage("--override asks for the reason, which is kept".to_owned()));
    }
    let key = args.signed.key()?;
    let author = Author { by: args.by.clone(), reason: None };
    let registry = author.open(&args.at)?;
    let to = args.to.as_deref().map(Registry::open_or_create).transpose().map_err(failure)?;
    let to = to.map(|to| if let Some(by) = &args.by { to.with_author(by.clone()) } else { to });
    let promotion = Promotion {
        reference: &args.reference,
        to: to.as_ref(),
        alias: &args.alias,
        overriding: args.overriding.as_deref(),
        signed_by: key.as_ref(),
    };
    let done = registry.promote(&promotion).map_err(failure)?;
    let (place, record) = (to.as_ref().unwrap_or(&registry), done.record);
    if args.at.json {
        return print_json(&json!({
            "registry": place.place(""),
            "name": record.name,
            "version": record.version,
            "digest": record.digest,
            "alias": args.alias,
            "from": done.from,
            "overridden": done.overridden,
            "promoted_from": record.provenance.promoted_from.filter(|_| to.is_some()),
        }));
    }
    if let (Some(origin), true) = (&record.provenance.promoted_from, to.is_some()) {
        let said = format!(
            "{}@{} of {} is {} of {}\n",
            origin.name,
            origin.version,
            origin.registry,
            record.reference(),
            place.place("")
        );
        crate::cli::print(&said)?;
    }
    moved(&args.at, place, &record.name, &args.alias, done.from, Some(record.version))
}

pub(super) fn archive(args: &Archive) -> Result<(), Failure> {
    let reference = Reference::parse(&args.reference).map_err(failure)?;
    if reference.which == Which::Latest {
        let name = reference.name;
        return Err(Failure::Usage(format!("say which version: {name}@7, or an alias")));
    }
    let registry = args.author.open(&args.at)?;
    let record = registry.resolve(&args.reference).map_err(failure)?;
    registry.archive(&record, !args.undo, args.author.reason.clone()).map_err(failure)?;
    match args.at.json {
        true => print_json(&json!({ "name": record.name, "version": record.version, "archived": !args.undo })),
        false => {
            let now = if args.undo { "listed again" } else { "archived" };
            crate::cli::print(&format!("{} is {now}\n", record.reference()))
        }
    }
}

pub(super) fn sign(args: &Sign) -> Result<(), Failure> {
    let key = SigningKey::read(&args.sign_key).map_err(|error| failure(error.into()))?;
    let registry = args.at.open()?;
    let record = registry.resolve(&args.reference).map_err(failure)?;
    registry.sign(&record, &key).map_err(failure)?;
    match args.at.json {
        true => print_json(&json!({ "name": record.name, "version": record.version, "digest": record.digest })),
        false => crate::cli::print(&format!("{} is signed\n", record.reference())),
    }
}

pub(super) fn gc(args: &Gc) -> Result<(), Failure> {
    let registry = args.at.open()?;
    let collected = registry.collect(args.older_than.0, args.dry_run).map_err(failure)?;
    if args.at.json {
        return print_json(&collected);
    }
    let would = if args.dry_run { "would take away" } else { "took away" };
    let files = counted(collected.removed.len() as u64, "file");
    let mut said = format!("{would} {files}, {}\n", bytes(collected.bytes));
    collected.removed.iter().for_each(|key| said.push_str(&format!("  {key}\n")));
    if collected.spared > 0 {
        said.push_str(&format!("spared for being young: {}\n", counted(collected.spared, "file")));
    }
    crate::cli::print(&said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units() {
        for (text, seconds) in [("90m", 5400), ("24h", 86_400), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(text.parse(), Ok(Age(Duration::from_secs(seconds))), "{text}");
        }
        for wrong in ["", "7", "d", "-1h", "1.5h", "999999999999d", "99999999d", "7 days"] {
            assert!(wrong.parse::<Age>().is_err(), "{wrong}");
        }
    }
}
