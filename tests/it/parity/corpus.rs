//! Cases of the corpora: bundles that real scikit-learn wrote, with its own answers. Conventions:
//! `../shared/tools/sklearn-corpus/README.md`.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// A folder of cases made by one scikit-learn version.
pub struct Corpus {
    /// `1.5.2`.
    pub version: String,
    pub cases: Vec<Case>,
}

/// One bundle in several formats, and what scikit-learn computes with it.
pub struct Case {
    pub name: String,
    /// Full class name of the model.
    pub estimator: String,
    pub scaler: Option<String>,
    pub feature_order: Vec<String>,
    pub input: Value,
    pub outputs: Value,
    pub probes: Vec<Value>,
    pub files: Vec<PathBuf>,
}

/// The small corpus that is part of the repository.
pub fn committed() -> Vec<Corpus> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let corpora = folders(&root);
    assert!(!corpora.is_empty(), "no corpus in {}", root.display());
    corpora
}

/// The large corpus beside the checkout.
pub fn shared() -> Option<Vec<Corpus>> {
    shared_folder().map(|folder| folders(&folder))
}

/// The folder of the large corpus, unpacked; `None`, said aloud, when it is not there.
pub fn shared_folder() -> Option<PathBuf> {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut archives: Vec<PathBuf> = files(&packed).into_iter().filter(|path| is_archive(path)).collect();
    archives.sort();
    if archives.is_empty() {
        eprintln!("SKIPPED: no sklearn-*.tar.xz in {}; only the committed corpus is compared", packed.display());
        return None;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sklearn-corpus");
    for archive in &archives {
        unpack(archive, &target);
    }
    Some(target)
}

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("sklearn-") && name.ends_with(".tar.xz")
}

/// Unpacks with the system's tar, once for each size of the archive.
pub fn unpack(archive: &Path, target: &Path) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().expect("no unpacking panicked");
    let size = std::fs::metadata(archive).expect("an archive has a size").len();
    let name = archive.file_name().and_then(|name| name.to_str()).expect("a name in ASCII");
    let stamp = target.join(format!(".{name}.{size}"));
    if stamp.exists() {
        return;
    }
    std::fs::create_dir_all(target).expect("the target folder can be written");
    let status = Command::new("tar").arg("-xJf").arg(archive).arg("-C").arg(target).status();
    assert!(status.expect("tar is installed").success(), "tar cannot unpack {}", archive.display());
    std::fs::write(stamp, "").expect("the target folder can be written");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn folders(root: &Path) -> Vec<Corpus> {
    let mut corpora: Vec<Corpus> =
        files(root).into_iter().filter(|path| path.join("manifest.json").exists()).map(|path| corpus(&path)).collect();
    let number = |text: &str| text.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    corpora.sort_by_key(|corpus| number(&corpus.version));
    corpora
}

fn corpus(folder: &Path) -> Corpus {
    let manifest = json(&folder.join("manifest.json"));
    let cases = manifest["cases"].as_object().expect("a manifest lists cases");
    let case = |(name, entry): (&String, &Value)| {
        let files = entry["files"].as_object().expect("a case lists files").keys().map(|file| folder.join(file));
        let mut data = json(&folder.join(format!("{name}.json")));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Case {
            name: name.clone(),
            estimator: text(&data["estimator"]).expect("a case names its estimator"),
            scaler: text(&data["scaler"]),
            feature_order: data["feature_order"].as_array().into_iter().flatten().filter_map(text).collect(),
            input: data["input_data"].take(),
            outputs: data["outputs"].take(),
            probes: match data["probes"].take() {
                Value::Array(probes) => probes,
                _ => vec![],
            },
            files: files.collect(),
        }
    };
    Corpus {
        version: manifest["versions"]["scikit-learn"].as_str().expect("a manifest names its version").to_owned(),
        cases: cases.iter().map(case).collect(),
    }
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
