//! Registration: from files to a new version. What does not load is refused; blobs come first, then the record, whose
//! creation allots the number.

use super::blob::describe;
use super::record::{self, FORMAT, Model, Provenance, Record, Stored, TrainingData};
use super::state::json;
use super::{Registry, RegistryError, SIGNATURE_FILE, SigningKey, check_name, first_missing, stamp, version_key};
use crate::bundle::Bundle;
use crate::load::{BundleFile, LoadOptions};
use serde_json::{Map, Value};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files that are to become a version.
#[derive(Debug, Default)]
pub struct Candidate {
    pub name: String,
    /// The bundle, or a folder with it and what belongs to it; hidden files are left out.
    pub path: PathBuf,
    /// Further files.
    pub with: Vec<PathBuf>,
    pub options: LoadOptions,
    /// What is known beside what the bundle says.
    pub provenance: Provenance,
    pub key: Option<SigningKey>,
    /// A signature that was made elsewhere. One that is called `model.sig` in the folder is found.
    pub signature: Option<PathBuf>,
}

/// A version that is registered.
#[derive(Debug)]
pub struct Added {
    pub record: Record,
    /// Whether this call did it, or an earlier one with the same idempotency key.
    pub new: bool,
}

/// A file, and the path that it gets.
struct Source {
    file: PathBuf,
    stored: Stored,
}

impl Registry {
    /// Registers files as the next version.
    ///
    /// # Errors
    /// When the name is illegal, the bundle does not load, the idempotency key stands for other content, or something
    /// cannot be read or written.
    pub fn register(&self, candidate: Candidate) -> Result<Added, RegistryError> {
        check_name(&candidate.name)?;
        let (mut sources, signature) = sources(&candidate)?;
        sources.sort_by(|one, other| record::order(&one.stored.path, &other.stored.path));
        let record = record(&candidate, &sources)?;
        let same = |there: &Record| same_run(there, &record);
        let keyed = record.provenance.idempotency_key.is_some();
        let seen = if keyed { self.numbers(&record.name)? } else { Vec::new() };
        if let Some(there) = self.find(&record.name, &seen, same)? {
            self.sign_or_adopt(&there, candidate.key.as_ref(), signature.as_deref())?;
            return Ok(Added { record: there, new: false });
        }
        if let Some(signature) = &signature {
            super::sign::covers(signature, &record)?;
        }
        self.found()?;
        for source in &sources {
            self.store(&source.file, &source.stored)?;
        }
        let (record, new) = self.allot(record.clone(), keyed.then_some(seen.len()), same)?;
        self.sign_or_adopt(&record, candidate.key.as_ref(), signature.as_deref())?;
        Ok(Added { record, new })
    }

    /// The first of these versions whose record is the `same`.
    fn find(
        &self,
        name: &str,
        versions: &[u64],
        same: impl Fn(&Record) -> Result<bool, RegistryError>,
    ) -> Result<Option<Record>, RegistryError> {
        for there in self.records(name, versions)? {
            if same(&there)? {
                return Ok(Some(there));
            }
        }
        Ok(None)
    }

    /// Creates the record under the next number, and tells whether it did. Where another writer takes that number, or
    /// has taken one after the first `seen`, `same` tells whether its record is the one that was to be made.
    pub(super) fn allot(
        &self,
        mut record: Record,
        seen: Option<usize>,
        same: impl Fn(&Record) -> Result<bool, RegistryError>,
    ) -> Result<(Record, bool), RegistryError> {
        let numbers = self.numbers(&record.name)?;
        if let Some(missing) = first_missing(&numbers) {
            let place = self.place(&version_key(&record.name, missing, ".json"));
            return Err(RegistryError::damaged(place, "the record is missing, though there are later ones"));
        }
        let unseen = seen.and_then(|seen| numbers.get(seen..)).unwrap_or_default();
        if let Some(there) = self.find(&record.name, unseen, &same)? {
            return Ok((there, false));
        }
        record.version = numbers.len() as u64 + 1;
        record.id = stamp::id();
        loop {
            record.provenance.created_at = stamp::now();
            record.provenance.created_by.clone_from(&self.author);
            let key = version_key(&record.name, record.version, ".json");
            if self.blobs.create(&key, &json("the record", &record)?)? {
                return Ok((record, true));
            }
            let there = self.record(&record.name, record.version)?;
            // The answer to our own write may have been lost.
            if there.id == record.id {
                return Ok((record, true));
            }
            if same(&there)? {
                return Ok((there, false));
            }
            record.version += 1;
        }
    }

    fn sign_or_adopt(
        &self,
        record: &Record,
        key: Option<&SigningKey>,
        signature: Option<&[u8]>,
    ) -> Result<(), RegistryError> {
        match (key, signature) {
            (Some(key), _) => self.sign(record, key),
            (None, Some(signature)) => self.add_signature(record, signature),
            (None, None) => Ok(()),
        }
    }
}

/// Whether a record comes from the same run.
///
/// # Errors
/// When it does, and has other content.
fn same_run(there: &Record, wanted: &Record) -> Result<bool, RegistryError> {
    let Some(key) = &wanted.provenance.idempotency_key else { return Ok(false) };
    if there.provenance.idempotency_key.as_ref() != Some(key) {
        return Ok(false);
    }
    if there.digest != wanted.digest {
        let (key, name) = (key.clone(), there.name.clone());
        return Err(RegistryError::OtherContent { key, name, version: there.version });
    }
    Ok(true)
}

/// What is to be stored, and a signature that lies beside it.
fn sources(candidate: &Candidate) -> Result<(Vec<Source>, Option<Vec<u8>>), RegistryError> {
    let mut files = Vec::new();
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| RegistryError::Io { path, source }
    };
    let root = &candidate.path;
    if fs::metadata(root).map_err(failed(root))?.is_dir() {
        below(root, "", &mut files).map_err(failed(root))?;
    } else {
        files.push((file_name(root)?, root.clone()));
    }
    for file in &candidate.with {
        files.push((file_name(file)?, file.clone()));
    }
    let beside = files.iter().position(|(path, _)| path == SIGNATURE_FILE).map(|at| files.swap_remove(at).1);
    let signature = candidate.signature.clone().or(beside).filter(|_| candidate.key.is_none());
    let signature = signature.map(|path| super::sign::read(&path)).transpose()?;
    let described = files.into_iter().map(|(path, file)| {
        record::check_path(&path)
            .map_err(|problem| RegistryError::File { path: file.display().to_string(), problem })?;
        Ok(Source { stored: describe(&file, path)?, file })
    });
    Ok((described.collect::<Result<_, RegistryError>>()?, signature))
}

fn file_name(file: &Path) -> Result<String, RegistryError> {
    let name = file.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let problem = "its name is not UTF-8, or it has none".to_owned();
    name.ok_or_else(|| RegistryError::File { path: file.display().to_string(), problem })
}

/// All files below a folder but hidden ones.
fn below(folder: &Path, under: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| io::Error::other(format!("{name:?}: the name is not UTF-8")))?;
        let path = format!("{under}{name}");
        let kind = fs::metadata(entry.path())?;
        match (name.starts_with('.'), kind.is_dir()) {
            (true, _) => {}
            // A link to a folder above would never end.
            (_, true) if under.matches('/').count() >= 16 => return Err(io::Error::other("folders are too deep")),
            (_, true) => below(&entry.path(), &format!("{path}/"), files)?,
            _ if kind.is_file() => files.push((path, entry.path())),
            _ => return Err(io::Error::other(format!("{path} is no regular file"))),
        }
    }
    Ok(())
}

/// The record, all but its number.
///
/// # Errors
/// When the bundle does not load.
fn record(candidate: &Candidate, sources: &[Source]) -> Result<Record, RegistryError> {
    let problem = |problem: String| RegistryError::File { path: candidate.path.display().to_string(), problem };
    let file = BundleFile::read(&candidate.path)?;
    let bundle = file.load(&candidate.options)?;
    let files: Vec<Stored> = sources.iter().map(|source| source.stored.clone()).collect();
    record::check_files(&files).map_err(problem)?;
    let held =
        sources.iter().find(|source| source.file == file.path() && source.stored.sha256 == bundle.source.sha256.hex());
    let held =
        held.ok_or_else(|| problem("it changed while it was read, or its bundle is a hidden file".to_owned()))?;
    // What needs the files beside it is pulled with them.
    let alone = file.path() == candidate.path || {
        let alone = BundleFile::new(file.path().to_owned(), file.bytes().to_vec()).load(&candidate.options);
        alone.is_ok_and(|alone| alone.same_contract(&bundle))
    };
    Ok(Record {
        format: FORMAT,
        name: candidate.name.clone(),
        version: 0,
        id: String::new(),
        digest: record::digest(&files),
        bundle: alone.then(|| held.stored.path.clone()),
        features: candidate.options.features.clone(),
        provenance: provenance(candidate.provenance.clone(), &bundle),
        files,
    })
}

/// What is known, with what the bundle says about itself.
fn provenance(known: Provenance, bundle: &Bundle) -> Provenance {
    let said = &bundle.metadata;
    let model = Model {
        estimator: bundle.estimator_name.clone(),
        format: bundle.source.format.clone(),
        features: bundle.feature_order.len() as u64,
        scikit_learn_version: said.scikit_learn_version.clone(),
    };
    let mut metadata = Map::new();
    let named = [
        ("trained_at", said.trained_at.clone().map(Value::from)),
        ("source_rows", said.source_rows.map(Value::from)),
        ("clean_rows", said.clean_rows.map(Value::from)),
    ];
    metadata.extend(named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    metadata.extend(said.extra.clone());
    let fingerprint = said.extra.get("data_fingerprint").and_then(Value::as_str).map(|fingerprint| TrainingData {
        fingerprint: fingerprint.to_owned(),
        sources: texts(said.extra.get("data_sources")),
        rows: said.source_rows.and_then(|rows| u64::try_from(rows).ok()),
    });
    let metrics = bundle.extra.get("evaluation").and_then(|evaluation| evaluation.get("metrics")?.as_object().cloned());
    Provenance {
        tool: stamp::TOOL.to_owned(),
        model,
        metadata,
        metrics: metrics.unwrap_or(known.metrics),
        data: known.data.or(fingerprint),
        ..known
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
