//! What `scorelet registry` shows to people. Names and texts of a registry are anybody's: control characters are escaped.

use crate::cli::visible;
use crate::html::{bytes, count, plain};
use crate::registry::{Event, Record, State, Verified, What};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Files and findings that are listed.
const LISTED: usize = 200;

/// One model of a registry.
#[derive(Debug, serde::Serialize)]
pub(super) struct ModelLine {
    pub name: String,
    pub versions: u64,
    /// Null where all are archived.
    pub latest: Option<u64>,
    pub aliases: BTreeMap<String, u64>,
}

/// `1 file`, `2 files`.
pub(in crate::cli) fn counted(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

pub(super) fn verdict(passed: bool) -> &'static str {
    if passed { "passed" } else { "failed" }
}

pub(super) fn models(models: &[ModelLine]) -> String {
    let aliases = |model: &ModelLine| {
        model.aliases.iter().map(|(alias, version)| format!("{alias}={version}")).collect::<Vec<_>>().join(" ")
    };
    let rows = models.iter().map(|model| {
        let latest = model.latest.map_or("-".to_owned(), |latest| latest.to_string());
        [model.name.clone(), model.versions.to_string(), latest, aliases(model)]
    });
    table(["MODEL", "VERSIONS", "LATEST", "ALIASES"], rows.collect())
}

pub(super) fn versions(records: &[Record], state: &State) -> String {
    let rows = records.iter().map(|record| {
        let mut notes: Vec<&str> = state.aliases_of(record.version);
        notes.extend(state.archived.contains(&record.version).then_some("(archived)"));
        [
            record.version.to_string(),
            record.provenance.created_at.clone(),
            record.provenance.created_by.clone(),
            record.provenance.model.estimator.clone(),
            bytes(record.size()),
            state.verdict(record.version, &record.digest).map_or("-", verdict).to_owned(),
            notes.join(" "),
        ]
    });
    table(["VERSION", "CREATED", "BY", "ESTIMATOR", "SIZE", "VERDICT", "ALIASES"], rows.collect())
}

/// Columns as wide as they need be.
fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let rows: Vec<[String; N]> =
        std::iter::once(head.map(str::to_owned)).chain(rows).map(|row| row.map(|c| visible(&c))).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// A version with all that is known of it.
pub(super) fn version(record: &Record, state: &State, signed: bool, events: &[&Event]) -> String {
    let (mut out, known) = (Lines::default(), &record.provenance);
    out.line("version", &record.reference());
    out.line("created", &format!("{} by {}, {}", known.created_at, known.created_by, known.tool));
    out.some("about", known.description.as_deref());
    let aliases = state.aliases_of(record.version);
    out.some("aliases", (!aliases.is_empty()).then(|| aliases.join(", ")).as_deref());
    out.some("state", state.archived.contains(&record.version).then_some("archived"));
    out.line("verdict", state.verdict(record.version, &record.digest).map_or("none", verdict));
    out.line("signed", if signed { "yes" } else { "no" });
    let model = &known.model;
    let learnt =
        model.scikit_learn_version.as_ref().map(|version| format!(", scikit-learn {version}")).unwrap_or_default();
    out.line("model", &format!("{}, {} features, {}{learnt}", model.estimator, model.features, model.format));
    out.some("parent", known.parent.as_deref());
    if let Some(origin) = &known.promoted_from {
        out.line(
            "copy of",
            &format!(
                "{}@{} of {}, created {} by {}",
                origin.name, origin.version, origin.registry, origin.created_at, origin.created_by
            ),
        );
    }
    if let Some(git) = &known.git {
        let dirty = if git.dirty == Some(true) { ", with changes" } else { "" };
        let remote = git.remote.as_ref().map(|remote| format!(", {remote}")).unwrap_or_default();
        out.line("git", &format!("{}{dirty}{remote}", git.commit));
    }
    if let Some(data) = &known.data {
        let rows = data.rows.map(|rows| format!(", {rows} rows")).unwrap_or_default();
        out.line("data", &format!("sha256 {}{rows}", data.fingerprint));
        data.sources.iter().take(LISTED).for_each(|source| out.line("data", &format!("  {source}")));
    }
    known.tags.iter().for_each(|(key, value)| out.line("tags", &format!("{key}={value}")));
    known.metrics.iter().for_each(|(name, value)| out.line("metrics", &format!("{name} {}", plain(value))));
    out.some("run", known.idempotency_key.as_deref());
    out.line("digest", &format!("sha256 {}", record.digest));
    for file in record.files.iter().take(LISTED) {
        out.line("files", &format!("{}  {}  {}", file.sha256, file.path, bytes(file.size)));
    }
    events.iter().for_each(|event| out.line("history", &told(event)));
    out.text
}

/// One line of the history.
fn told(event: &Event) -> String {
    let was = |from: &Option<u64>| from.map(|from| format!(", was {from}")).unwrap_or_default();
    let what = match &event.what {
        What::Alias { alias, version: Some(version), from, promoted, overridden } => {
            let how = match (promoted, overridden) {
                (_, true) => ", promoted without a passed verdict",
                (true, _) => ", promoted",
                _ => "",
            };
            format!("{alias} = {version}{}{how}", was(from))
        }
        What::Alias { alias, version: None, from, .. } => format!("{alias} taken away{}", was(from)),
        What::Verdict { version, passed, judged_in, .. } => {
            let place = judged_in.as_ref().map(|place| format!(" in {place}")).unwrap_or_default();
            format!("{version} {} its gate{place}", verdict(*passed))
        }
        What::Archived { version } => format!("{version} archived"),
        What::Restored { version } => format!("{version} listed again"),
        What::Unknown => "something that a later scorelet did".to_owned(),
    };
    let reason = event.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} {what} ({}){reason}", event.at, event.by)
}

/// The report of `verify`.
pub(super) fn verified(verified: &Verified) -> String {
    let mut out = Lines::default();
    let Verified { models, versions, events, signed, .. } = *verified;
    let (models, versions) = (counted(models, "model"), counted(versions, "version"));
    out.line("read", &format!("{models}, {versions} ({signed} signed), {}", counted(events, "event")));
    out.line("checked", &format!("{}, {}", counted(verified.files, "file"), bytes(verified.bytes)));
    if let Some(orphans @ 1..) = verified.orphans {
        let files = counted(orphans, "file");
        out.line(
            "unused",
            &format!("{files} that no version has; `scorelet registry gc` takes away what is old enough"),
        );
    }
    for finding in verified.findings.iter().take(LISTED) {
        out.line("damaged", &format!("{}: {}", finding.what, finding.problem));
    }
    if verified.findings.is_empty() {
        out.line("result", "clean");
    }
    out.text
}

/// Lines of a label and a text; a label that stays the same is written once.
#[derive(Default)]
struct Lines {
    text: String,
    last: String,
}

impl Lines {
    fn line(&mut self, label: &str, text: &str) {
        let shown = if self.last == label { "" } else { label };
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{shown:<10}{}", visible(text).replace('\n', "\n          "));
        label.clone_into(&mut self.last);
    }

    fn some(&mut self, label: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.line(label, text);
        }
    }
}
