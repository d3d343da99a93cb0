//! A folder of its own for each test, with a registry in it and the program to run on it.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub struct Bench(tempfile::TempDir);

/// Two models; the first takes the columns of the flowers.
pub const IRIS: &str = "corpus/1.9.1/bundle_extra_keys.p4.pkl";
pub const OTHER: &str = "corpus/1.9.1/bundle_integers.p4.pkl";

pub fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).display().to_string()
}

impl Bench {
    pub fn new() -> Bench {
        Bench(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program with the registry of this bench, without what the environment of the tests may say.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scorelet"));
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("SCORELET_") || name.starts_with("BUILD_"))
        {
            command.env_remove(name);
        }
        command.args(args).env("SCORELET_REGISTRY", self.path("registry")).current_dir(self.0.path());
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program starts")
    }

    /// What it prints when all goes well.
    pub fn says(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.says(&[args, &["--json"]].concat())).expect("JSON")
    }

    /// Its exit code, and what it says on stderr, which is short.
    pub fn fails(&self, args: &[&str], code: i32, expected: &str) {
        let output = self.output(args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(expected), "{args:?}: {expected:?} is not in {text}");
        let lines = text.lines().filter(|line| !line.starts_with("listening on ")).count();
        assert!(lines <= 3 && text.contains("scorelet: "), "{args:?}: {text}");
    }

    /// Registers a fixture under a name, and gives its version.
    pub fn register(&self, name: &str, model: &str) -> u64 {
        self.says(&["register", "--name", name, "--path", &fixture(model)]).trim().parse().expect("a number alone")
    }

    pub fn verify_is_clean(&self) {
        let found = self.json(&["registry", "verify"]);
        assert_eq!(found["findings"], serde_json::json!([]));
    }

    /// Everything in the registry, relative, in order.
    pub fn files(&self) -> Vec<String> {
        let root = self.path("registry");
        let (mut found, mut open) = (Vec::new(), vec![root.clone()]);
        while let Some(folder) = open.pop() {
            // It may be that a writer has just moved what was listed.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => open.push(entry.path()),
                    _ => found.push(entry.path().strip_prefix(&root).unwrap().display().to_string()),
                }
            }
        }
        found.sort();
        found
    }

    /// The only file of the registry whose name has this part.
    pub fn file(&self, part: &str) -> PathBuf {
        let found: Vec<String> = self.files().into_iter().filter(|name| name.contains(part)).collect();
        assert_eq!(found.len(), 1, "{part}: {found:?}");
        self.path("registry").join(&found[0])
    }
}
