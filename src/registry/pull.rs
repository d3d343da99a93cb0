//! From a version to files, or to a bundle in memory; every byte is checked against the record on its way.

use super::blob::key;
use super::record::{Record, Stored};
use super::{Registry, RegistryError, SIGNATURE_FILE, stamp};
use crate::load::{BundleFile, LoadOptions};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How many names a message lists.
const LISTED: usize = 5;

/// The bundle of a version, in memory.
pub struct Fetched {
    pub file: BundleFile,
    /// How the version was loaded when it was registered.
    pub options: LoadOptions,
    /// Where the version lies as files, if its bundle cannot be loaded by itself.
    _folder: Option<Scratch>,
}

impl Registry {
    /// Writes the files of a version into a folder, with its signature beside them, and gives the folder back.
    /// What is there already is not written again; files of the same names and other content are replaced.
    ///
    /// # Errors
    /// When the folder holds other files, a file cannot be written, or what is stored is damaged.
    pub fn pull(&self, record: &Record, into: &Path) -> Result<PathBuf, RegistryError> {
        let failed = |source| RegistryError::Io { path: into.display().to_string(), source };
        fs::create_dir_all(into).map_err(failed)?;
        let mut others = Vec::new();
        strangers(into, "", record, &mut others).map_err(failed)?;
        if !others.is_empty() {
            others.sort();
            let more = if others.len() > LISTED { ", …" } else { "" };
            let listed = others[..others.len().min(LISTED)].join(", ");
            let problem = format!("the folder holds other files ({listed}{more})\n  choose an empty or new one");
            return Err(RegistryError::File { path: into.display().to_string(), problem });
        }
        for stored in &record.files {
            self.pull_file(stored, &into.join(&stored.path))?;
        }
        match self.signature(record)? {
            Some(signature) => write(&into.join(SIGNATURE_FILE), &mut &*signature)?,
            None => drop(fs::remove_file(into.join(SIGNATURE_FILE))),
        }
        Ok(into.to_owned())
    }

    fn pull_file(&self, stored: &Stored, place: &Path) -> Result<(), RegistryError> {
        let there = super::blob::describe(place, stored.path.clone());
        if there.is_ok_and(|there| there == *stored) {
            return Ok(());
        }
        let mut content = self.blob(stored)?;
        write(place, &mut content).map_err(|error| match error {
            RegistryError::Io { source, .. } if source.get_ref().is_some() => self.unread(&key(&stored.sha256), source),
            error => error,
        })
    }

    /// The bundle of a version, without a file on disk where that can be.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn fetch(&self, record: &Record) -> Result<Fetched, RegistryError> {
        let options = LoadOptions { features: record.features.clone() };
        let bundle = record.bundle.as_ref().and_then(|path| record.files.iter().find(|file| file.path == *path));
        let (file, folder) = match bundle {
            Some(stored) => {
                let path = PathBuf::from(self.place(&record.reference())).join(&stored.path);
                (BundleFile::new(path, self.content(stored)?), None)
            }
            None => {
                let folder = Scratch::new()?;
                self.pull(record, &folder.0)?;
                (BundleFile::read(&folder.0)?, Some(folder))
            }
        };
        Ok(Fetched { file, options, _folder: folder })
    }
}

/// Writes a file beside its place, then moves it there.
fn write(place: &Path, content: &mut dyn io::Read) -> Result<(), RegistryError> {
    let folder = place.parent().unwrap_or(Path::new("."));
    let beside = folder.join(format!(".tmp-{}", stamp::id()));
    let mut write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = File::create_new(&beside)?;
        io::copy(content, &mut file)?;
        file.sync_all()?;
        fs::rename(&beside, place)
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&beside);
        RegistryError::Io { path: place.display().to_string(), source }
    })
}

/// The files below a folder that are not the version's; hidden ones are nobody's business.
fn strangers(folder: &Path, under: &str, record: &Record, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{under}{name}");
        let within = |file: &Stored| file.path.starts_with(&format!("{path}/"));
        if entry.file_type()?.is_dir() && record.files.iter().any(within) {
            strangers(&entry.path(), &format!("{path}/"), record, found)?;
        } else if !name.starts_with('.') && path != SIGNATURE_FILE && !record.files.iter().any(|f| f.path == path) {
            found.push(path);
        }
    }
    Ok(())
}

/// A folder that is taken away when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Scratch, RegistryError> {
        let path = std::env::temp_dir().join(format!("scorelet-{}", stamp::id()));
        match fs::create_dir(&path) {
            Ok(()) => Ok(Scratch(path)),
            Err(source) => Err(RegistryError::Io { path: path.display().to_string(), source }),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
