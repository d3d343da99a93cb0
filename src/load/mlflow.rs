//! MLflow model folders: which file of one is the model, and in which order its signature names the columns. Read as data;
//! the code that a folder may bring is never looked at.

use super::order;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// The file that makes a folder an MLflow model.
pub const FILE: &str = "MLmodel";

/// The module by which MLflow loads what scorelet exports with its scaler and feature order.
pub const LOADER: &str = "scorelet_pyfunc";

/// Bytes of an `MLmodel`: a signature takes some 60 for each column.
const MAX_BYTES: u64 = 16 << 20;

/// Why a folder with an `MLmodel` is no model that can be read.
#[derive(Debug, thiserror::Error)]
pub enum MlflowError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("MLmodel has over {MAX_BYTES} bytes: it describes no model")]
    TooLarge,
    #[error("MLmodel is no YAML that describes a model: {0}")]
    Yaml(String),
    #[error("this MLflow model has no scikit-learn flavor, only {flavors}; log it with mlflow.sklearn")]
    Flavor { flavors: String },
    #[error("MLmodel names the file {file:?}, which lies outside of its folder; it must be a relative path without ..")]
    Outside { file: String },
    #[error("the signature in MLmodel cannot be read: {0}")]
    Signature(String),
}

/// What is read of an MLflow model.
#[derive(Debug, PartialEq)]
pub(super) struct Saved {
    /// The pickled model.
    pub file: PathBuf,
    /// The columns of the signature, where it names them all.
    pub columns: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct MlModel {
    flavors: BTreeMap<String, Flavor>,
    signature: Option<Signature>,
}

/// Fields of any flavor that is read; all others are passed over.
#[derive(Default, Deserialize)]
struct Flavor {
    pickled_model: Option<String>,
    loader_module: Option<String>,
    data: Option<String>,
}

/// JSON in YAML: a list of columns.
#[derive(Deserialize)]
struct Signature {
    inputs: Option<String>,
}

/// A column; tensors have no names.
#[derive(Deserialize)]
struct Input {
    name: Option<String>,
}

/// The model of a folder that MLflow saved; `None` for any other folder.
///
/// # Errors
/// When its `MLmodel` cannot be used.
pub(super) fn saved(folder: &Path) -> Result<Option<Saved>, MlflowError> {
    let path = folder.join(FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(MlflowError::TooLarge);
    }
    let (file, columns) = parse(&text)?;
    Ok(Some(Saved { file: folder.join(file), columns }))
}

/// The folder with an `MLmodel`: this one, or the only one that it holds, as model folders are mounted.
pub(super) fn folder_in(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut here = folder.to_owned();
    for _ in 0..=2 {
        if here.join(FILE).is_file() {
            return Ok(Some(here));
        }
        let visible = |entry: &fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
        let mut entries = fs::read_dir(&here)?.take(3).collect::<io::Result<Vec<_>>>()?;
        entries.retain(visible);
        match entries.as_slice() {
            [only] if only.path().is_dir() => here = only.path(),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn parse(text: &str) -> Result<(PathBuf, Option<Vec<String>>), MlflowError> {
    let model: MlModel = yaml(text)?;
    let file = model_file(&model.flavors)?;
    let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let path = PathBuf::from(&file);
    if file.is_empty() || !inside(&path) {
        return Err(MlflowError::Outside { file });
    }
    let inputs = model.signature.and_then(|signature| signature.inputs);
    Ok((path, inputs.as_deref().map(columns).transpose()?.flatten()))
}

fn yaml(text: &str) -> Result<MlModel, MlflowError> {
    let mut budget = serde_saphyr::budget::Budget::default();
    budget.max_depth = 32;
    budget.max_nodes = 100_000;
    let options = serde_saphyr::options! { budget: Some(budget) };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let said = error.without_snippet().to_string();
        MlflowError::Yaml(said.lines().next().unwrap_or_default().chars().take(300).collect())
    })
}

/// What the sklearn flavor names, else what scorelet's own export does.
fn model_file(flavors: &BTreeMap<String, Flavor>) -> Result<String, MlflowError> {
    let own = flavors.get("python_function").filter(|flavor| flavor.loader_module.as_deref() == Some(LOADER));
    let named = flavors.get("sklearn").and_then(|flavor| flavor.pickled_model.clone());
    named.or_else(|| own?.data.clone()).ok_or_else(|| {
        let names: Vec<&str> = flavors.keys().map(String::as_str).take(10).collect();
        MlflowError::Flavor { flavors: if names.is_empty() { "none at all".to_owned() } else { names.join(", ") } }
    })
}

/// Columns by name; nothing where one has none, or all are one tensor.
fn columns(text: &str) -> Result<Option<Vec<String>>, MlflowError> {
    let inputs: Vec<Input> = serde_json::from_str(text).map_err(|error| MlflowError::Signature(error.to_string()))?;
    let names: Option<Vec<String>> = inputs.into_iter().map(|input| input.name).collect();
    let Some(names) = names.filter(|names| !names.is_empty()) else { return Ok(None) };
    order::check(&names).map_err(|error| MlflowError::Signature(error.to_string()))?;
    Ok(Some(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mlflow_writes_is_read() {
        let check = |text: &str, file: &str, columns: Option<&[&str]>| {
            let columns = columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            assert_eq!(parse(text).unwrap(), (PathBuf::from(file), columns), "{text}");
        };
        let sklearn = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n  sklearn:\n    \
                       code: null\n    pickled_model: model.pkl\n    sklearn_version: 1.9.1\n";
        check(sklearn, "model.pkl", None);
        let inputs = "signature:\n  inputs: '[{\"type\": \"double\", \"name\": \"a b\", \"required\": true}, {\"type\":\n    \"long\", \
                      \"name\": \"c\"}]'\n  outputs: null\n";
        check(&format!("{sklearn}{inputs}"), "model.pkl", Some(&["a b", "c"]));
        let tensor = "signature:\n  inputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float64\", \"shape\": [-1, 4]}}]'\n";
        check(&format!("{sklearn}{tensor}"), "model.pkl", None);
        check(
            "flavors:\n  python_function: {loader_module: scorelet_pyfunc, data: d/model.pkl, code: code}\n",
            "d/model.pkl",
            None,
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        };
        check(
            "flavors: {pytorch: {}, python_function: {loader_module: mlflow.pytorch}}",
            "this MLflow model has no scikit-learn flavor, only python_function, pytorch; ",
        );
        check("flavors: {}", "this MLflow model has no scikit-learn flavor, only none at all; ");
        check("- a\n", "MLmodel is no YAML that describes a model: ");
        check("flavors: [", "MLmodel is no YAML that describes a model: ");
        for outside in ["../model.pkl", "/etc/passwd", "a/../../b", "\"\""] {
            check(&format!("flavors: {{sklearn: {{pickled_model: {outside}}}}}"), "MLmodel names the file ");
        }
        let with =
            |inputs: &str| format!("flavors: {{sklearn: {{pickled_model: m}}}}\nsignature: {{inputs: '{inputs}'}}");
        check(&with("["), "the signature in MLmodel cannot be read: ");
        check(&with("[{\"name\": \"a\"}, {\"name\": \"a\"}]"), "the signature in MLmodel cannot be read: ");
        let deep = format!("flavors: {}{}", "[".repeat(10_000), "]".repeat(10_000));
        check(&deep, "MLmodel is no YAML that describes a model: ");
        let bomb = format!(
            "a: &a [x, x]\n{}flavors: *z\n",
            ('b'..='z').zip('a'..='y').map(|(n, o)| format!("{n}: &{n} [*{o}, *{o}]\n")).collect::<String>()
        );
        check(&bomb, "MLmodel is no YAML that describes a model: ");
    }
}
