//! `docs/parity.md`: what was compared, for people. Written by the test, which fails when the committed one is old.

use super::corpus::Case;
use super::exactness::LOOSE;
use scorelet::sklearn;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// One case of one scikit-learn version.
pub struct Entry {
    pub name: String,
    pub version: String,
    /// Model, then scaler, as users import them: `sklearn.svm.SVC`.
    pub classes: Vec<String>,
    /// Why it does not load, if it does not.
    pub refusal: Option<String>,
}

/// Cases of one class in one version.
#[derive(Default, Clone, Copy)]
struct Cell {
    cases: usize,
    loaded: usize,
}

impl Entry {
    pub fn new(version: &str, case: &Case, refusal: Option<String>) -> Entry {
        let classes = std::iter::once(&case.estimator).chain(&case.scaler).map(|class| public(class)).collect();
        Entry { name: case.name.clone(), version: version.to_owned(), classes, refusal }
    }
}

/// `sklearn.svm._classes.SVC` → `sklearn.svm.SVC`.
pub fn public(class: &str) -> String {
    let mut parts = class.split('.');
    let package: Vec<&str> = parts.by_ref().take(2).collect();
    format!("{}.{}", package.join("."), parts.next_back().unwrap_or_default())
}

/// Compares the committed table with what was found; `SCORELET_UPDATE_PARITY=1` writes it instead.
pub fn check(entries: &[Entry]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/parity.md");
    let table = render(entries);
    if std::env::var_os("SCORELET_UPDATE_PARITY").is_some() {
        std::fs::write(&path, table).expect("docs/ can be written");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == table,
        "docs/parity.md is out of date: SCORELET_UPDATE_PARITY=1 cargo test --test it parity:: writes it"
    );
}

fn render(entries: &[Entry]) -> String {
    let versions: BTreeSet<Vec<u32>> = entries.iter().map(|entry| numbers(&entry.version)).collect();
    let versions: Vec<String> =
        versions.iter().map(|parts| parts.iter().map(u32::to_string).collect::<Vec<_>>().join(".")).collect();
    let rows = rows(entries);
    let supported: BTreeSet<String> = sklearn::supported().collect();
    let mut text = String::from(HEADER);
    let _ = writeln!(text, "| class | {} | not bit-equal |", versions.join(" | "));
    let _ = writeln!(text, "|---|{}---|", "---|".repeat(versions.len()));
    for (class, cells) in rows.iter().filter(|(class, _)| supported.contains(**class)) {
        let name = class.rsplit('.').next().unwrap_or_default();
        let loose = LOOSE.iter().filter(|loose| loose.class == name);
        let loose: Vec<String> = loose.map(|loose| format!("{} {:e}", loose.output, loose.bound)).collect();
        let sign = if loose.is_empty() { "=" } else { "≈" };
        let cell = |version: &String| match cells.get(version) {
            None => String::new(),
            Some(cell) if cell.loaded == cell.cases => format!("{sign} {}", cell.cases),
            Some(cell) => format!("{sign} {} of {}", cell.loaded, cell.cases),
        };
        let cells: Vec<String> = versions.iter().map(cell).collect();
        let _ = writeln!(text, "| `{class}` | {} | {} |", cells.join(" | "), loose.join(", "));
    }
    for class in supported.iter().filter(|class| !rows.contains_key(class.as_str())) {
        let _ = writeln!(text, "| `{class}` | {}in others |", "| ".repeat(versions.len()));
    }
    text.push_str(OTHERS);
    let unnamed = |entry: &&Entry| entry.classes.iter().all(|class| supported.contains(class));
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in entries.iter().filter(unnamed).filter_map(|entry| entry.refusal.as_deref()) {
        *reasons.entry(reason).or_default() += 1;
    }
    for (reason, cases) in reasons {
        let _ = writeln!(text, "| {reason} | {cases} |");
    }
    text.push_str(NOT_YET);
    for (class, reason) in sklearn::refused() {
        let _ = writeln!(text, "| `{class}` | {reason} |");
    }
    text
}

const HEADER: &str = "\
# Parity with scikit-learn

Written by `tests/it/parity.rs` (`SCORELET_UPDATE_PARITY=1 cargo test --test it parity::`), which fails when this page is
out of date. Each number counts bundles that real scikit-learn wrote, each in up to 14 formats; all rows and all odd
inputs (NaN, infinity, overflow of float32, numbers as text, unknown categories) of each are scored through the whole
way, file and JSON request to JSON reply, and compared with what scikit-learn itself answered.

- `=` every bit of every output is the same
- `≈` the same but for the outputs in the last column, whose relative difference stays below the bound beside them:
  they pass through exp, log or BLAS, where scikit-learn differs from itself between two machines
- `n of m`: why the others are refused is said below
- `in others`: compared as a part of other models, such as a `Pipeline` or a `ColumnTransformer`

";

const OTHERS: &str = "
## Refused bundles of these classes

In the words of the refusal.

| reasons | bundles |
|---|---|
";

const NOT_YET: &str = "
## Refused classes

Every other estimator of scikit-learn 1.9. A file that holds one as its model, or in it, is refused when it is loaded,
with these words.

| class | why, and what to do |
|---|---|
";

/// By class, then version. A case whose scaler is not supported says nothing about its model, and the reverse.
fn rows(entries: &[Entry]) -> BTreeMap<&str, BTreeMap<String, Cell>> {
    let supported: BTreeSet<String> = sklearn::supported().collect();
    let mut rows: BTreeMap<&str, BTreeMap<String, Cell>> = BTreeMap::new();
    for entry in entries {
        let missing: Vec<&String> = entry.classes.iter().filter(|class| !supported.contains(*class)).collect();
        let concerned = if missing.is_empty() { entry.classes.iter().collect() } else { missing };
        for class in concerned {
            let cell = rows.entry(class).or_default().entry(entry.version.clone()).or_default();
            cell.cases += 1;
            cell.loaded += usize::from(entry.refusal.is_none());
        }
    }
    rows
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
