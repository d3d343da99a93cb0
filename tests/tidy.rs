//! Rules about the source itself: layers without a cycle, one home for each package that matters, a header in each
//! file, files that can be read in one go, nothing of anyone's machine.
//!
//! Reads text, not syntax: comments are dropped, then names are looked for where a path can begin. Each rule is a
//! function from sources to complaints, so that it can be shown to complain.

use std::fs;
use std::path::Path;

/// Modules, lowest layer first. One uses only modules of earlier lines.
const LAYERS: &[&[&str]] = &[
    &["calendar", "html", "literal", "value", "zstd"],
    &["pickle", "model", "data", "telemetry"],
    &["boosters", "bundle", "onnx", "skops"],
    &["sklearn", "score"],
    &["load"],
    &["registry"],
    &["train"],
    &["gate"],
    &["serve"],
    &["deploy"],
    &["cli"],
];

/// Packages, and the folder or file under `src/` that alone may name them.
const HOMES: &[(&str, &str)] = &[
    ("axum", "serve/"),
    ("tower", "serve/"),
    ("tower_http", "serve/"),
    ("hyper", "serve/"),
    ("hyper_util", "serve/"),
    ("clap", "cli/"),
    ("anyhow", "cli/"),
    ("bincode", "bundle/native/wire.rs"),
    ("prometheus", "telemetry/"),
    ("arrow_array", "data/"),
    ("arrow_schema", "data/"),
    ("parquet", "data/"),
    ("object_store", "data/store/"),
    ("reqwest", "data/store/"),
    ("rustls", "data/store/"),
    ("nalgebra", "train/"),
    ("zip", "skops/archive.rs"),
    ("p256", "registry/sign"),
    ("base64ct", "registry/sign"),
    ("arc_swap", "serve/"),
    ("syn", "sklearn/derived/expression.rs"),
    ("unicode_normalization", "model/text/unicode.rs"),
    ("ruzstd", "zstd.rs"),
];

/// Lines of a file, beyond which it should have become a folder.
const MAX_LINES: usize = 500;

/// Where the files of one person or machine lie.
const MACHINE_PATHS: [&str; 6] = ["/home/", "/Users/", "/root/", "/work/", "/mnt/", "C:\\"];

#[test]
fn modules_use_only_lower_layers() {
    holds(layers, &sources("src"));
}

#[test]
fn each_package_has_one_home() {
    holds(homes, &sources("src"));
}

#[test]
fn every_file_is_readable_on_its_own() {
    let all = ["src", "tests", "benches", "fuzz", "examples"].into_iter().flat_map(sources).collect::<Vec<_>>();
    holds(headers, &all);
    holds(machine_paths, &all);
    holds(lengths, &sources("src"));
}

#[test]
fn the_entry_points_hold_no_logic() {
    let entry_points = sources("src").into_iter().filter(|file| ["main.rs", "lib.rs"].contains(&file.name.as_str()));
    holds(entry_point_lengths, &entry_points.collect::<Vec<_>>());
}

fn holds(rule: fn(&[Source]) -> Vec<String>, sources: &[Source]) {
    assert!(!sources.is_empty());
    let complaints = rule(sources);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn layers(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in sources.iter().filter(|file| !["main", "lib"].contains(&file.module())) {
        let Some(layer) = layer_of(file.module()) else {
            wrong.push(format!("{}: the module stands in no layer", file.name));
            continue;
        };
        for used in file.modules_used() {
            if used != file.module() && layer_of(&used).is_none_or(|other| other >= layer) {
                wrong.push(format!("{} uses crate::{used}, which is not of a lower layer", file.name));
            }
        }
    }
    wrong
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn homes(sources: &[Source]) -> Vec<String> {
    let strays = sources.iter().flat_map(|file| HOMES.iter().map(move |home| (file, home)));
    let strays = strays.filter(|(file, (package, home))| !file.name.starts_with(home) && file.names_package(package));
    strays.map(|(file, (package, home))| format!("{} names {package}, whose home is src/{home}", file.name)).collect()
}

fn headers(sources: &[Source]) -> Vec<String> {
    let says =
        |file: &&Source| file.text.lines().take_while(|line| line.starts_with("//!")).map(str::len).sum::<usize>();
    let silent = sources.iter().filter(|file| says(file) <= "//! ".len() + 10);
    silent.map(|file| format!("{} does not begin with what it is for (`//!`)", file.name)).collect()
}

fn lengths(sources: &[Source]) -> Vec<String> {
    let long = sources.iter().filter(|file| file.text.lines().count() > MAX_LINES);
    long.map(|file| format!("{} has over {MAX_LINES} lines", file.name)).collect()
}

fn entry_point_lengths(sources: &[Source]) -> Vec<String> {
    let most = |file: &Source| if file.name == "main.rs" { 40 } else { 60 };
    let long = sources.iter().filter(|file| file.text.lines().count() > most(file));
    long.map(|file| format!("{} has over {} lines", file.name, most(file))).collect()
}

fn machine_paths(sources: &[Source]) -> Vec<String> {
    let own = |file: &&Source| file.name != "tidy.rs";
    let found = |file: &&Source| MACHINE_PATHS.iter().any(|path| file.text.contains(&format!("\"{path}")));
    let strays = sources.iter().filter(own).filter(found);
    strays.map(|file| format!("{} names a path of one machine", file.name)).collect()
}

/// Every rule complains of what it is there for, and of nothing else.
#[test]
fn the_rules_complain() {
    let check = |rule: fn(&[Source]) -> Vec<String>, name: &str, text: &str, expected: &[&str]| {
        assert_eq!(rule(&[Source { name: name.into(), text: text.into() }]), expected, "{name}: {text}");
    };
    let upwards = "value/mod.rs uses crate::load, which is not of a lower layer";
    check(layers, "value/mod.rs", "use crate::load::open;", &[upwards]);
    check(layers, "value/mod.rs", "let bundle = crate::load::open(path);", &[upwards]);
    check(layers, "value/mod.rs", "use crate::{value::Id, load as l};", &[upwards]);
    check(layers, "value/mod.rs", "use super::load::open;", &[upwards]);
    check(
        layers,
        "pickle/a.rs",
        "use crate::model::M;",
        &["pickle/a.rs uses crate::model, which is not of a lower layer"],
    );
    check(layers, "new/mod.rs", "", &["new/mod.rs: the module stands in no layer"]);
    check(layers, "cli/a.rs", "use crate::new::N;", &["cli/a.rs uses crate::new, which is not of a lower layer"]);
    check(layers, "cli/serve.rs", "use crate::{load, score::{Scorer, Form}};\nuse super::Failure;", &[]);
    check(layers, "load/a.rs", "/// See [`crate::serve`].\nuse super::sniff; // crate::cli", &[]);
    check(homes, "score/mod.rs", "use axum::Router;", &["score/mod.rs names axum, whose home is src/serve/"]);
    check(homes, "load/mod.rs", "#[derive(clap::Args)]", &["load/mod.rs names clap, whose home is src/cli/"]);
    check(homes, "serve/mod.rs", "use axum::Router; // not clap::Args", &[]);
    check(homes, "score/mod.rs", "use my_axum::Router;", &[]);
    check(headers, "a.rs", "// a comment\nfn a() {}", &["a.rs does not begin with what it is for (`//!`)"]);
    check(headers, "a.rs", "//! Reads what was written.", &[]);
    check(lengths, "a.rs", &"\n".repeat(MAX_LINES + 1), &["a.rs has over 500 lines"]);
    check(entry_point_lengths, "main.rs", &"\n".repeat(41), &["main.rs has over 40 lines"]);
    check(machine_paths, "a.rs", "open(\"/home/me/model.pkl\")", &["a.rs names a path of one machine"]);
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let check = |name: &str, text: &str, expected: &[&str]| {
        assert_eq!(Source { name: name.into(), text: text.into() }.modules_used(), expected, "{name}: {text}");
    };
    check("a/b.rs", "use crate::{load, score::{Scorer, error}, value as v};", &["load", "score", "value"]);
    check("a/b.rs", "use crate::{\n    load,\n    value,\n};", &["load", "value"]);
    check("a/b.rs", "use super::super::load::open;", &["load"]);
    check("a/b.rs", "use super::load::open;", &[]);
    check("a/b/c.rs", "use super::super::super::load::open;", &["load"]);
    check("a/mod.rs", "use super::load::open;", &["load"]);
    check("a.rs", "use super::load::open;", &["load"]);
    check("a/b.rs", "use not_crate::load; let url = \"http://crate::value\";", &[]);
}

/// One file of Rust.
struct Source {
    /// Its path under the folder that was searched, with `/`.
    name: String,
    text: String,
}

impl Source {
    /// The top-level module that it belongs to.
    fn module(&self) -> &str {
        self.name.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// How many `super::` lead from this file to the root of the crate.
    fn depth(&self) -> usize {
        self.name.trim_end_matches("/mod.rs").split('/').count()
    }

    /// The text without comments.
    fn code(&self) -> String {
        let lines = self.text.lines().map(|line| match line.find("//") {
            Some(at) if at == 0 || line[..at].ends_with(' ') => &line[..at],
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Top-level modules that the code names through `crate::` or through a chain of `super::` that reaches the root.
    fn modules_used(&self) -> Vec<String> {
        let code = self.code();
        let up = "super::".repeat(self.depth());
        let mut used = names_after(&code, "crate::");
        used.extend(names_after(&code, &up).into_iter().filter(|name| layer_of(name).is_some()));
        used.sort();
        used.dedup();
        used
    }

    /// Whether the code uses a package, by path or by `use`.
    fn names_package(&self, package: &str) -> bool {
        let code = self.code();
        let imported = [format!("use {package};"), format!("use {package} as ")];
        begins(&code, &format!("{package}::")).next().is_some() || imported.iter().any(|form| code.contains(form))
    }
}

/// What follows each `prefix`: the name, or the first name of each item of a `{…}` group.
fn names_after(code: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for at in begins(code, prefix) {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group_items(group).into_iter().map(|item| leading_name(item.trim_start()))),
            None => found.push(leading_name(rest)),
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// Where `form` stands and is not the end of a longer name or path.
fn begins<'a>(code: &'a str, form: &'a str) -> impl Iterator<Item = usize> + 'a {
    let continues = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '/';
    code.match_indices(form).map(|(at, _)| at).filter(move |at| !code[..*at].ends_with(continues))
}

/// The items of a `{…}` group whose opening brace is already behind.
fn group_items(group: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// All files of Rust under a folder of the repository; none where there is no such folder.
fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("a folder can be listed").path()) {
            if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name =
                    path.strip_prefix(&root).expect("it lies under the root").to_string_lossy().replace('\\', "/");
                found.push(Source { name, text: fs::read_to_string(path).expect("a source file is text") });
            }
        }
    }
    found
}
