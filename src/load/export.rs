//! A bundle for Python: as a pickle that scikit-learn loads, or as the files of an MLflow model. Writes no file.

use super::contract::{self, Contract};
use super::mlflow::LOADER;
use super::{BundleFile, LoadError, LoadOptions};
use crate::bundle::Bundle;
use crate::model::{Content, Method};
use crate::pickle::{self, WriteError};
use crate::sklearn::{self, Version};
use crate::value::Graph;
use serde_json::json;

/// Why a bundle that loads has no form that Python could load.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("{path} cannot be written for Python: {problem}")]
    Pickle { path: String, problem: WriteError },
}

/// A bundle as a pickle.
pub struct Pickled {
    pub bytes: Vec<u8>,
    /// The model that was built from the input, to compare the written file with.
    pub bundle: Bundle,
    /// A fitted estimator itself, not a dict with scaler and feature order.
    pub bare: bool,
    /// Of the scikit-learn that wrote the model.
    pub sklearn: String,
}

/// Reads `file` and writes what it holds as a pickle of protocol 4. The same input gives the same bytes.
///
/// # Errors
/// When `serve` would refuse the file, or Python lacks something that is in it.
pub fn pickled(file: &BundleFile, options: &LoadOptions) -> Result<Pickled, ExportError> {
    let content = file.content()?;
    let mut graph = content.graph()?;
    let bundle = content.bundle(&graph, options)?;
    let named = contract::names_columns(&graph);
    sklearn::prune(&mut graph);
    if !named {
        super::convert::keep_order(&mut graph, &bundle.feature_order);
    }
    let bundle = if super::python::complete(&mut graph) { content.bundle(&graph, options)? } else { bundle };
    let failed = |problem| ExportError::Pickle { path: file.path().display().to_string(), problem };
    let bytes = pickle::write(&graph).map_err(failed)?;
    let (bare, sklearn) = facts(&graph, &bundle);
    Ok(Pickled { bytes, bundle, bare, sklearn })
}

fn facts(graph: &Graph<'_>, bundle: &Bundle) -> (bool, String) {
    let Ok(contract) = Contract::of(graph) else { return (false, String::new()) };
    let own = contract.model.some("_sklearn_version").and_then(|version| version.str().ok().map(str::to_owned));
    let version = own.or_else(|| bundle.metadata.scikit_learn_version.clone());
    (contract.model.id() == graph.root, version.unwrap_or_default())
}

/// One file of a folder: its path there, with `/`, and its content.
pub type Exported = (&'static str, Vec<u8>);

/// The files of an MLflow model: of the sklearn flavor for an estimator by itself, else a python function with a small
/// module that puts the columns in order and scales them. `now` is in ISO 8601; `source` says where the model comes from.
///
/// # Errors
/// When `serve` would refuse the file, or Python lacks something that is in it.
pub fn mlflow(
    file: &BundleFile,
    options: &LoadOptions,
    source: &str,
    now: &str,
) -> Result<(Vec<Exported>, Bundle), ExportError> {
    let Pickled { bytes, bundle, bare, sklearn } = pickled(file, options)?;
    let flavored = bare && bundle.default_method() == Method::Predict;
    let describes = description(&bundle, flavored, &sklearn, &file.sha256(), source, now, bytes.len());
    let mut files = vec![
        ("MLmodel", describes.into_bytes()),
        ("model.pkl", bytes),
        ("requirements.txt", requirements(&sklearn).join("\n").into_bytes()),
        ("python_env.yaml", format!("python: \"{PYTHON}\"\ndependencies:\n- -r requirements.txt\n").into_bytes()),
        ("conda.yaml", conda(&sklearn).into_bytes()),
    ];
    if !flavored {
        files.push(("code/scorelet_pyfunc.py", MODULE.as_bytes().to_vec()));
    }
    Ok((files, bundle))
}

/// Has wheels of every scikit-learn that is read.
const PYTHON: &str = "3.11";

/// What MLflow imports to load a bundle.
const MODULE: &str = include_str!("scorelet_pyfunc.py");

/// `MLmodel`. Texts are written as JSON writes them, which YAML reads, too.
fn description(
    bundle: &Bundle,
    flavored: bool,
    sklearn: &str,
    sha256: &str,
    source: &str,
    now: &str,
    bytes: usize,
) -> String {
    let loader = match flavored {
        true => "    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    predict_fn: predict\n".to_owned(),
        false => format!("    loader_module: {LOADER}\n    code: code\n    data: model.pkl\n"),
    };
    let sklearn = match flavored {
        true => format!(
            "  sklearn:\n    code: null\n    pickled_model: model.pkl\n    serialization_format: pickle\n    \
             sklearn_version: {}\n",
            json!(sklearn)
        ),
        false => String::new(),
    };
    let (source, time) = (json!(source), json!(now.replace('T', " ").trim_end_matches('Z')));
    format!(
        "flavors:\n  python_function:\n{loader}    env:\n      conda: conda.yaml\n      virtualenv: python_env.yaml\n{sklearn}\
         metadata:\n  scorelet: {{source: {source}, sha256: {sha256}}}\nmodel_size_bytes: {bytes}\nmodel_uuid: {}\n\
         signature:\n  inputs: {}\n  outputs: null\n  params: null\nutc_time_created: {time}\n",
        &sha256[..32],
        json!(inputs(bundle))
    )
}

/// The columns of a request as MLflow's signature has them, as JSON.
fn inputs(bundle: &Bundle) -> String {
    let column = |(at, name): (usize, &String)| {
        let kind = match bundle.vocabulary.content(at) {
            Content::Number => "double",
            Content::Text(_) | Content::Document(_) => "string",
            Content::Date => "datetime",
            Content::Unused => "any",
        };
        json!({ "type": kind, "name": name, "required": true })
    };
    bundle.feature_order.iter().enumerate().map(column).collect::<serde_json::Value>().to_string()
}

/// What Python needs. Arrays are written as numpy from 1.26 reads them; before scikit-learn 1.5 there is none for numpy 2.
fn requirements(sklearn: &str) -> [String; 4] {
    let old = Version::parse(sklearn).is_some_and(|version| version < Version(1, 5));
    let numpy = if old { "numpy>=1.26,<2" } else { "numpy>=1.26" };
    let exactly = if sklearn.is_empty() { String::new() } else { format!("=={sklearn}") };
    ["mlflow".to_owned(), format!("scikit-learn{exactly}"), numpy.to_owned(), "pandas\n".to_owned()]
}

fn conda(sklearn: &str) -> String {
    let lines: String = requirements(sklearn).iter().map(|line| format!("  - {}\n", json!(line.trim_end()))).collect();
    format!("name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python={PYTHON}\n- pip\n- pip:\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_follow_the_version() {
        assert_eq!(requirements("1.9.1")[1..3], ["scikit-learn==1.9.1", "numpy>=1.26"]);
        assert_eq!(requirements("1.2.2")[1..3], ["scikit-learn==1.2.2", "numpy>=1.26,<2"]);
        assert_eq!(requirements("")[1..3], ["scikit-learn", "numpy>=1.26"]);
    }

    #[test]
    fn the_module_is_the_loader() {
        assert!(MODULE.contains("def _load_pyfunc(path)"));
        assert_eq!(LOADER, "scorelet_pyfunc");
    }
}
