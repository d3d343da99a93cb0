//! The one bundle of a folder: Azure mounts a model under `$AZUREML_MODEL_DIR` as a file, as a folder that holds the
//! file, or one folder deeper.
//!
//! Goes by the first bytes of files, never by their names, and never reads a file whole.

use super::sniff::{self, Kind};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How deep below the folder a bundle may lie.
const MAX_DEPTH: usize = 2;
/// How many files an error lists.
const MAX_LISTED: usize = 200;
/// A folder with more entries than this is no model folder.
const MAX_ENTRIES: usize = 10_000;

/// Why a folder does not give one bundle.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("no bundle in this folder or two levels below it; {}", listing(.seen, "it holds"))]
    Nothing { seen: Vec<String> },
    #[error("several bundles in this folder, name one of them; {}", listing(.found, "it holds"))]
    Several { found: Vec<String> },
    #[error("more than {MAX_ENTRIES} files: this is no model folder, name the bundle itself")]
    TooMany,
}

/// The names, one to a line, or that there are none.
fn listing(names: &[String], intro: &str) -> String {
    if names.is_empty() {
        return "it is empty".to_owned();
    }
    let shown = names.iter().take(MAX_LISTED).map(|name| format!("\n  {name}")).collect::<String>();
    match names.len().saturating_sub(MAX_LISTED) {
        0 => format!("{intro}:{shown}"),
        more => format!("{intro}:{shown}\n  and {more} more"),
    }
}

/// The only bundle in `folder`, searched two levels deep.
///
/// # Errors
/// When there is none, or more than one, or a folder cannot be listed.
pub fn bundle_in(folder: &Path) -> Result<PathBuf, FindError> {
    let files = files_in(folder)?;
    let mut bundles = Vec::new();
    for file in &files {
        if looks_like_bundle(file)? {
            bundles.push(file);
        }
    }
    let names = |files: Vec<&PathBuf>| -> Vec<String> {
        files.into_iter().map(|file| file.strip_prefix(folder).unwrap_or(file).display().to_string()).collect()
    };
    match bundles.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(FindError::Nothing { seen: names(files.iter().collect()) }),
        _ => Err(FindError::Several { found: names(bundles) }),
    }
}

/// All files down to the depth, in order of their names. Hidden ones are not models.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, FindError> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    let mut entries = 0;
    while let Some((path, depth)) = folders.pop() {
        let fail = |source| FindError::Io { path: path.clone(), source };
        for entry in fs::read_dir(&path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(FindError::TooMany);
            }
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // Follows symbolic links: Kubernetes mounts volumes through them. The depth bounds a loop.
            let Ok(kind) = fs::metadata(entry.path()) else { continue };
            if kind.is_file() {
                files.push(entry.path());
            } else if kind.is_dir() && depth < MAX_DEPTH {
                folders.push((entry.path(), depth + 1));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn looks_like_bundle(path: &Path) -> Result<bool, FindError> {
    let mut start = Vec::with_capacity(sniff::START);
    let read = File::open(path).and_then(|file| file.take(sniff::START as u64).read_to_end(&mut start));
    read.map_err(|source| FindError::Io { path: path.to_owned(), source })?;
    Ok(matches!(sniff::kind(&start), Kind::Native | Kind::Compressed(_) | Kind::Pickle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    const PICKLE: &[u8] = b"\x80\x04}.";

    fn check(files: &[(&str, &[u8])], expected: Result<&str, &str>) {
        let folder = folder(files);
        let found = bundle_in(folder.path()).map_err(|error| error.to_string());
        assert_eq!(found, expected.map(|name| folder.path().join(name)).map_err(str::to_owned));
    }

    #[test]
    fn finds_the_only_bundle_down_to_the_second_level() {
        check(&[("model.pkl", PICKLE)], Ok("model.pkl"));
        check(&[("any/name/at-all", PICKLE), ("README.md", b"# a model"), (".cache", PICKLE)], Ok("any/name/at-all"));
    }

    #[test]
    fn says_what_it_saw() {
        let none = "no bundle in this folder or two levels below it; it";
        check(&[], Err(&format!("{none} is empty")));
        check(&[("a.txt", b"hello"), ("b/c.csv", b"x,y")], Err(&format!("{none} holds:\n  a.txt\n  b/c.csv")));
        check(&[("1/2/3/model.pkl", PICKLE)], Err(&format!("{none} is empty")));
        let several = "several bundles in this folder, name one of them; it holds:\n  a/x.pkl\n  b.gz";
        check(&[("a/x.pkl", PICKLE), ("b.gz", b"\x1f\x8b\x08")], Err(several));
    }

    #[test]
    fn the_list_ends_somewhere() {
        let names: Vec<String> = (0..450).map(|n| format!("{n:03}.txt")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"text".as_slice())).collect();
        let error = bundle_in(folder(&files).path()).unwrap_err().to_string();
        assert!(error.ends_with("\n  199.txt\n  and 250 more"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_its_own_folder_ends() {
        let folder = folder(&[("model.pkl", PICKLE)]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        // The file is seen once for each level of the loop: ambiguous, but finite.
        assert!(matches!(bundle_in(folder.path()), Err(FindError::Several { found }) if found.len() == 3));
    }
}
