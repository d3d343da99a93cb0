//! From a file to a bundle and back: what loads, what is refused and why, and that a native bundle is the same model.

mod contract;
mod maker;

use crate::parity::corpus::{self, Case, Corpus};
use ndarray::Array2;
use scorelet::bundle::{Bundle, native};
use scorelet::load::{self, BundleFile, LoadOptions};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

fn in_memory(bytes: Vec<u8>) -> BundleFile {
    BundleFile::new(PathBuf::from("in memory"), bytes)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Every bundle that loads is the same after a conversion, to the last bit of every output.
#[test]
fn every_bundle_that_loads_survives_conversion() {
    let corpora: Vec<Corpus> = corpus::committed().into_iter().chain(corpus::shared().into_iter().flatten()).collect();
    let (mut converted, mut refused) = (0, 0);
    for (corpus, case) in corpora.iter().flat_map(|corpus| corpus.cases.iter().map(move |case| (corpus, case))) {
        for file in &case.files {
            match round_trip(file, case) {
                true => converted += 1,
                false => refused += 1,
            }
        }
        assert!(!corpus.version.is_empty());
    }
    eprintln!("{converted} files converted, {refused} refused");
    assert!(converted > 0);
}

/// False where the file is refused.
fn round_trip(path: &Path, case: &Case) -> bool {
    let at = path.display();
    let original = BundleFile::read(path).unwrap();
    let named = LoadOptions { features: Some(case.feature_order.clone()) };
    let none = LoadOptions::default();
    let options = [none.clone(), named].into_iter().find(|options| original.load(options).is_ok());
    let Some(options) = options else { return false };
    let before = original.load(&options).unwrap();
    let converted = load::convert(&original, &options).unwrap();
    let written = in_memory(converted.bytes.clone());
    // The order of columns that was given is kept in the file.
    let after = written.load(&none).unwrap_or_else(|error| panic!("{at}: {error}"));
    assert!(after.same_contract(&before), "{at}");
    assert_eq!(answers(&after, case), answers(&before, case), "{at}");
    assert_eq!(load::convert(&written, &none).unwrap().bytes, converted.bytes, "{at}: a second conversion differs");
    let generator = b"__randomstate_ctor";
    assert!(!converted.bytes.windows(generator.len()).any(|w| w == generator), "{at}: a random state was kept");
    true
}

/// All outputs for the rows of the case, as text that tells all floats apart.
fn answers(bundle: &Bundle, case: &Case) -> Vec<String> {
    let rows = case.input.as_array().expect("rows");
    let order = &bundle.feature_order;
    let x = Array2::from_shape_fn((rows.len(), order.len()), |(row, column)| match &rows[row][&order[column]] {
        Value::Number(n) => n.as_f64().expect("a number"),
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::String(text) if bundle.vocabulary.is_text(column) => bundle.vocabulary.code(text),
        _ => f64::NAN,
    });
    bundle.methods().into_iter().map(|method| format!("{:?}", bundle.score(x.clone(), &[method]))).collect()
}

/// Written by the first release; every later one must read it, and write the same values as the same bytes.
#[test]
fn version_1_of_the_format_stays_readable() {
    let bytes = std::fs::read(fixture("bundle-v1.bundle")).unwrap();
    let bundle = in_memory(bytes.clone()).load(&LoadOptions::default()).unwrap();
    let source = load::open(&fixture("corpus/1.9.1/bundle_extra_keys.p4.pkl"), &LoadOptions::default()).unwrap();
    assert!(bundle.same_contract(&source));
    assert_eq!(bundle.source.format, "scorelet bundle 1");
    assert_eq!(native::encode(&native::decode(&bytes).unwrap()).unwrap(), bytes);
}

/// A damaged file is refused. One whose digest was made right again is refused or loads, and never panics.
#[test]
fn damaged_native_bundles_are_refused() {
    let bytes = std::fs::read(fixture("bundle-v1.bundle")).unwrap();
    for len in 0..bytes.len() {
        assert!(in_memory(bytes[..len].to_vec()).load(&LoadOptions::default()).is_err(), "cut to {len}");
    }
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            assert!(in_memory(damaged.clone()).load(&LoadOptions::default()).is_err(), "byte {at}");
            let digest = Sha256::new_with_prefix(&damaged[..32]).chain_update(&damaged[64..]).finalize();
            damaged[32..64].copy_from_slice(&digest);
            let _ = in_memory(damaged).load(&LoadOptions::default());
        }
    }
}

/// A pickle with some bytes changed is refused or scores: nothing that a file can say makes a model panic.
#[test]
fn damaged_pickles_are_refused_or_score() {
    const TRIES: usize = 24;
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = move |n: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % n as u64) as usize
    };
    let (mut refused, mut scored) = (0, 0);
    for path in std::fs::read_dir(fixture("corpus/1.9.1")).unwrap().map(|entry| entry.unwrap().path()) {
        if !path.to_string_lossy().ends_with(".p4.pkl") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for _ in 0..TRIES {
            let mut damaged = bytes.clone();
            let at = below(bytes.len() - 8);
            match below(4) {
                0 => damaged[at] = below(256) as u8,
                1 => damaged[at] ^= 1 << below(8),
                2 => damaged[at..at + 8].fill([0x00, 0x7f, 0xff][below(3)]),
                _ => {
                    let from = below(bytes.len() - 8);
                    damaged.copy_within(from..from + 8, at);
                }
            }
            let Ok(bundle) = in_memory(damaged).load(&LoadOptions::default()) else {
                refused += 1;
                continue;
            };
            scored += 1;
            for value in [0.0, -3.5, f64::NAN] {
                let _ = bundle.score(Array2::from_elem((2, bundle.feature_order.len()), value), &bundle.methods());
            }
        }
    }
    assert!(refused > 1000 && scored > 1000, "{refused} refused, {scored} scored");
}

/// The hostile files, through the same door as every bundle.
#[test]
fn hostile_files_are_refused() {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/evil.tar.xz");
    if !archive.exists() {
        eprintln!("SKIPPED: {} is not there", archive.display());
        return;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("evil-through-load");
    corpus::unpack(&archive, &target);
    let index = std::fs::read(target.join("evil/evil.json")).unwrap();
    let index: serde_json::Map<String, Value> = serde_json::from_slice(&index).unwrap();
    let mut wrong = Vec::new();
    for (name, entry) in &index {
        let loaded = load::open(&target.join("evil").join(name), &LoadOptions::default());
        match (entry["expect"].as_str(), loaded) {
            (Some("reject"), Ok(_)) => wrong.push(format!("{name} was accepted")),
            (Some("accept"), Err(error)) => wrong.push(error.to_string()),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a user's wrong file looks like, and a folder instead of a file.
#[test]
fn the_source_is_told() {
    let check = |file: &str, format: &str| {
        let path = fixture("corpus").join(file);
        let bundle = load::open(&path, &LoadOptions::default()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((bundle.source.format.as_str(), bundle.source.bytes), (format, bytes.len() as u64));
        assert_eq!(bundle.source.sha256.hex(), sha256);
    };
    check("1.9.1/bundle_extra_keys.p4.pkl", "pickle protocol 4");
    check("1.5.2/bundle_extra_keys.zlib.joblib", "joblib (zlib)");
}
