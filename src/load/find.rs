//! The one bundle of a folder: Azure mounts a model under `$AZUREML_MODEL_DIR` as a file, as a folder that holds the
//! file, or one folder deeper.
//!
//! Goes by the bytes of files, never by their names.

use super::sniff::{self, Kind};
use crate::pickle::{self, Limits};
use std::collections::HashSet;
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
        if is_bundle(file, starts_like_bundle)? {
            bundles.push(file);
        }
    }
    if bundles.len() > 1 {
        // A compressed table beside the model looks like a compressed model until it is opened.
        let mut sure = Vec::new();
        for file in bundles {
            if is_bundle(file, holds_bundle)? {
                sure.push(file);
            }
        }
        bundles = sure;
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

fn is_bundle(path: &Path, check: fn(&Path) -> io::Result<bool>) -> Result<bool, FindError> {
    check(path).map_err(|source| FindError::Io { path: path.to_owned(), source })
}

fn starts_like_bundle(path: &Path) -> io::Result<bool> {
    let mut start = Vec::with_capacity(sniff::START);
    File::open(path)?.take(sniff::START as u64).read_to_end(&mut start)?;
    Ok(!matches!(sniff::kind(&start), Kind::Foreign(_)))
}

/// Damaged files count: the user should hear of them.
fn holds_bundle(path: &Path) -> io::Result<bool> {
    let bytes = fs::read(path)?;
    let Kind::Compressed(_) = sniff::kind(&bytes) else { return Ok(true) };
    let content = pickle::decompress(&bytes, &Limits::for_file(&bytes));
    Ok(content.map_or(true, |content| !matches!(sniff::kind(&content), Kind::Foreign(_))))
}

/// All files down to the depth, in order of their names. Hidden ones are not models.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, FindError> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    let mut entries = 0;
    let mut seen = HashSet::new();
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
            // Follows symbolic links: Kubernetes mounts volumes through them.
            let Ok(kind) = fs::metadata(entry.path()) else { continue };
            if !fs::canonicalize(entry.path()).is_ok_and(|real| seen.insert(real)) {
                continue;
            }
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
        let several = "several bundles in this folder, name one of them; it holds:\n  a/x.pkl\n  b";
        check(&[("a/x.pkl", PICKLE), ("b", PICKLE)], Err(several));
    }

    #[test]
    fn a_compressed_table_beside_the_model_is_no_bundle() {
        let mut table = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut table, b"a,b\n1,2\n").unwrap();
        check(&[("model.pkl", PICKLE), ("train.csv.gz", &table.finish().unwrap())], Ok("model.pkl"));
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
    fn a_file_is_seen_once_through_all_its_links() {
        let folder = folder(&[("model.pkl", PICKLE)]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        std::os::unix::fs::symlink("model.pkl", folder.path().join("latest.pkl")).unwrap();
        assert!(bundle_in(folder.path()).is_ok());
    }
}
