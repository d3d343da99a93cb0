//! Versions to and from MLflow model folders.

use super::{At, Signed, failure, print_json};
use crate::cli::{Failure, register};
use crate::load::{self, ExportError, LoadOptions};
use crate::registry::{Fetched, Record};
use anyhow::{Context, anyhow, ensure};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// What was typed after `export`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "MLflow then loads it: mlflow.pyfunc.load_model(FOLDER).predict(frame), with the predictions of scorelet."
)]
pub(super) struct Export {
    /// The version: NAME, NAME@7 or NAME@champion
    reference: String,
    /// The MLflow model folder to write; it is made
    #[arg(long, env = "SCORELET_MLFLOW", value_name = "FOLDER")]
    mlflow: PathBuf,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    signed: Signed,
}

/// What was typed after `import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Prints the version's number alone, or JSON with --json. Every file of the folder is kept; no code in it is run."
)]
pub(super) struct Import {
    /// The MLflow model folder: one with an MLmodel of the scikit-learn flavor
    #[arg(long, env = "SCORELET_MLFLOW", value_name = "FOLDER")]
    mlflow: PathBuf,
    /// The name of the model that it becomes a version of
    #[arg(long, env = "SCORELET_NAME", value_name = "NAME")]
    name: String,
    #[command(flatten)]
    at: At,
    /// Something to know the version by
    #[arg(long = "tag", env = "SCORELET_TAG", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// The run that imports, such as a build's id: the same key and content again give the same version
    #[arg(long, env = "SCORELET_IDEMPOTENCY_KEY", value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Who imports [default: the user of the CI job, else of this machine]
    #[arg(long, env = "SCORELET_BY", value_name = "WHO")]
    by: Option<String>,
}

pub(super) fn import(args: Import) -> Result<(), Failure> {
    if !args.mlflow.join(load::MLMODEL).is_file() {
        return Err(Failure::Usage(format!(
            "--mlflow {}: there is no file {} in it, so it is no MLflow model\n  `scorelet register --path` takes other folders",
            args.mlflow.display(),
            load::MLMODEL
        )));
    }
    let Import { mlflow, name, at, tags, idempotency_key, by } = args;
    register::run(register::Args::of(name, mlflow, at, tags, idempotency_key, by))
}

pub(super) fn export(args: &Export) -> Result<(), Failure> {
    let key = args.signed.key()?;
    let registry = args.at.open()?;
    let record = registry.resolve(&args.reference).map_err(failure)?;
    if let Some(key) = &key {
        registry.check_signature(&record, key).map_err(failure)?;
    }
    free(&args.mlflow)?;
    let Fetched { file, options, .. } = registry.fetch(&record).map_err(crate::cli::model::unloadable_or_failure)?;
    let source = registry.place(&record.reference());
    let (files, bundle) =
        load::mlflow_files(&file, &options, &source, &record.provenance.created_at).map_err(|error| match error {
            ExportError::Load(error) => Failure::Bundle(error),
            other => Failure::Work(anyhow!(other).context(format!("{} cannot be exported", record.reference()))),
        })?;
    write(&args.mlflow, &files, |folder| {
        let written = load::open(folder, &LoadOptions::default());
        let written =
            written.map_err(|error| anyhow!(error).context("what was written does not load; please report this"))?;
        ensure!(written.same_contract(&bundle), "what was written is not the same model; please report this");
        Ok(())
    })?;
    said(args, &record, &files)
}

fn said(args: &Export, record: &Record, files: &[load::Exported]) -> Result<(), Failure> {
    let (reference, folder) = (record.reference(), args.mlflow.display());
    match args.at.json {
        true => print_json(&json!({
            "name": record.name,
            "version": record.version,
            "folder": folder.to_string(),
            "files": files.iter().map(|(path, _)| path).collect::<Vec<_>>(),
        })),
        false => {
            crate::cli::print(&format!("wrote {reference} as an MLflow model to {folder}: {} files\n", files.len()))
        }
    }
}

/// An empty folder may be there; anything else stays as it is.
fn free(folder: &Path) -> Result<(), Failure> {
    match fs::read_dir(folder).map(|mut entries| entries.next()) {
        Ok(None) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Ok(Some(_)) => Err(Failure::Work(anyhow!("{} is not empty: choose a new folder", folder.display()))),
        Err(error) => Err(Failure::Work(anyhow!(error).context(format!("cannot write {}", folder.display())))),
    }
}

/// Writes all files beside the folder, and moves them there as a whole once `check` accepts them.
fn write(
    folder: &Path,
    files: &[load::Exported],
    check: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", folder.display());
    let name = folder.file_name().ok_or_else(|| anyhow!("{} names no folder", folder.display()))?;
    let beside = folder.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let fill = || -> anyhow::Result<()> {
        for (path, bytes) in files {
            let place = beside.join(path);
            fs::create_dir_all(place.parent().unwrap_or(&beside)).with_context(cannot)?;
            fs::write(&place, bytes).with_context(cannot)?;
        }
        check(&beside)?;
        // An empty folder gives way to a new one.
        fs::rename(&beside, folder).with_context(cannot)
    };
    fill().inspect_err(|_| drop(fs::remove_dir_all(&beside)))
}
