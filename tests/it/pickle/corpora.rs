//! Real files: each is read, and all formats of one case hold the same values.

use super::{read, tree};
use crate::parity::corpus;
use scorelet::pickle::{Limits, PickleError, decompress, survey};
use scorelet::value::{ArrayData, Node};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folders with cases: always the committed ones.
fn folders() -> Vec<PathBuf> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let shared = corpus::shared_folder();
    let versions = [Some(committed), shared].into_iter().flatten().flat_map(|root| std::fs::read_dir(root).unwrap());
    versions.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

/// Files of a folder by case; a case's name has no dot.
fn cases(folder: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut cases: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if [".pkl", ".pkl.gz", ".joblib"].iter().any(|ending| name.ends_with(ending)) {
            let case = name.split('.').next().unwrap();
            cases.entry(case.to_owned()).or_default().push(path);
        }
    }
    cases
}

#[test]
fn all_formats_of_a_case_hold_the_same_values() {
    let (mut wrong, mut files) = (Vec::new(), 0);
    for folder in folders() {
        for (case, paths) in cases(&folder) {
            let mut first: Option<String> = None;
            for path in paths {
                files += 1;
                let found = read(&std::fs::read(&path).unwrap(), tree::text);
                match (found, &first) {
                    (Err(problem), _) => wrong.push(format!("{}: {problem}", path.display())),
                    (Ok(text), None) => first = Some(text),
                    (Ok(text), Some(first)) if text != *first => {
                        let same = text.bytes().zip(first.bytes()).take_while(|(a, b)| a == b).count();
                        let around =
                            |text: &str| text.chars().skip(same.saturating_sub(150)).take(300).collect::<String>();
                        wrong.push(format!("{} of {case}:\n{}\n{}", path.display(), around(&text), around(first)));
                    }
                    (Ok(_), Some(_)) => {}
                }
            }
        }
    }
    eprintln!("{files} files read");
    assert!(files > 500 && wrong.is_empty(), "{} of {files}\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}

/// Arrays are borrowed from the stream, in pickles and in joblib files. (Protocols 0 to 2 have no bytes, only text to
/// decode; the pickles that joblib nests are of protocol 2.)
#[test]
fn arrays_are_not_copied() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus/1.9.1");
    let mut borrowed = 0;
    let textual =
        |path: &Path| [".p0.pkl", ".p1.pkl", ".p2.pkl"].iter().any(|end| path.to_string_lossy().ends_with(end));
    for path in cases(&folder).into_values().flatten() {
        let file = std::fs::read(&path).unwrap();
        let limits = Limits::for_file(&file);
        let stream = decompress(&file, &limits).unwrap();
        let nested = survey(&stream, &limits).notes.nested_pickles;
        for node in scorelet::pickle::read(&stream, &limits).unwrap().nodes {
            if let Node::Array(array) = node
                && nested == 0
                && !textual(&path)
            {
                assert!(!matches!(&array.data, ArrayData::Bytes(Cow::Owned(_))), "{}", path.display());
                borrowed += 1;
            }
        }
    }
    assert!(borrowed > 100);
}

#[test]
fn nodes_are_small() {
    assert!(size_of::<Node<'_>>() <= 32);
}

#[test]
fn a_survey_counts_what_the_reader_reads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scoring/model_bundle.pkl");
    let file = std::fs::read(path).unwrap();
    let found = survey(&file, &Limits::for_file(&file));
    assert_eq!(found.problem, None);
    assert_eq!(found.notes.refused, []);
    assert!(found.notes.globals.contains_key(&("sklearn.ensemble._iforest", "IsolationForest")));
    let arrays = read(&file, |graph| graph.nodes.iter().filter(|node| matches!(node, Node::Array(_))).count());
    assert_eq!(Ok(found.notes.arrays as usize), arrays);
}

/// Cut anywhere, a file is refused; with a byte more, too.
#[test]
fn cut_and_lengthened_files_are_refused() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    for name in ["1.9.1/bundle_extra_keys.p4.pkl", "1.5.2/bundle_extra_keys.zlib.joblib"] {
        let file = std::fs::read(fixtures.join(name)).unwrap();
        for length in (0..file.len()).rev().step_by(1 + file.len() / 2000) {
            assert!(read(&file[..length], |_| ()).is_err(), "{name} cut to {length} bytes");
        }
        let longer = [file.as_slice(), b"\0"].concat();
        assert!(read(&longer, |_| ()).is_err(), "{name} with another byte");
        let stream = decompress(&file, &Limits::for_file(&file)).unwrap();
        let longer = [&*stream, b"."].concat();
        assert!(matches!(read(&longer, |_| ()), Err(PickleError::Trailing { bytes: 1, .. })), "{name}");
    }
}
