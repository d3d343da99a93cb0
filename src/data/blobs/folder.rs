//! Keys as files of a folder. A file is written beside its place under a hidden name and then moved there, so that
//! whoever opens it finds all of it; a hard link is what tells the first of several writers.

use super::{Blobs, Content, DataError, Entry};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub fn new(root: &Path) -> Folder {
        Folder(root.to_owned())
    }

    fn path(&self, key: &str) -> PathBuf {
        if key.is_empty() { self.0.clone() } else { self.0.join(key) }
    }

    fn failed(&self, key: &str, source: io::Error) -> DataError {
        DataError::Io { place: self.place(key), source }
    }
}

impl Blobs for Folder {
    fn place(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    fn read(&self, keys: &[String], most: u64) -> Result<Vec<Option<Vec<u8>>>, DataError> {
        let read = |key: &String| -> Result<Option<Vec<u8>>, DataError> {
            let Some(content) = self.open(key)? else { return Ok(None) };
            let mut bytes = Vec::new();
            content.bytes.take(most + 1).read_to_end(&mut bytes).map_err(|error| self.failed(key, error))?;
            Ok(Some(bytes))
        };
        keys.iter().map(read).collect()
    }

    fn open(&self, key: &str) -> Result<Option<Content>, DataError> {
        let path = self.path(key);
        let opened = || -> io::Result<Option<Content>> {
            let found = match fs::metadata(&path) {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Ok(None);
                }
                found => found?,
            };
            // A pipe would be read for ever.
            if !found.is_file() {
                return Err(io::Error::other("this is no regular file"));
            }
            let (size, modified) = (found.len(), found.modified()?);
            Ok(Some(Content { size, modified, bytes: Box::new(File::open(&path)?) }))
        };
        opened().map_err(|error| self.failed(key, error))
    }

    fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, DataError> {
        let place = self.path(key);
        // The usual loser of a race is told without writing anything.
        if place.exists() {
            return Ok(false);
        }
        let create = || -> io::Result<bool> {
            let beside = Beside::write(&place, &mut &*bytes)?;
            match fs::hard_link(&beside.0, &place) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
                Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
                    let advice = "the file system of this folder has no hard links, which tell the first of two \
                                  writers\n  use a folder elsewhere, or the object store itself by its URL";
                    return Err(io::Error::new(error.kind(), advice));
                }
                Err(error) => return Err(error),
            }
            settle(&place);
            Ok(true)
        };
        create().map_err(|error| self.failed(key, error))
    }

    fn put(&self, key: &str, content: &mut dyn Read) -> Result<(), DataError> {
        let place = self.path(key);
        let mut put = || -> io::Result<()> {
            let beside = Beside::write(&place, content)?;
            fs::rename(&beside.0, &place)?;
            settle(&place);
            Ok(())
        };
        put().map_err(|error| match error.downcast::<DataError>() {
            // What was to be copied could not be read.
            Ok(error) => error,
            Err(error) => self.failed(key, error),
        })
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, DataError> {
        let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(folder) = open.pop() {
            for (name, entry) in self.entries(&folder)? {
                let key = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                let kind = entry.file_type().map_err(|error| self.failed(&key, error))?;
                // Links to folders are not followed: they could lead anywhere, and around in circles.
                if kind.is_dir() {
                    open.push(key);
                    continue;
                }
                match fs::metadata(entry.path()).and_then(|found| Ok((found.len(), found.modified()?))) {
                    Ok((size, modified)) => found.push(Entry { key, size, modified }),
                    // Taken away by somebody else since.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(self.failed(&key, error)),
                }
            }
        }
        found.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }

    fn folders(&self, folder: &str) -> Result<Vec<String>, DataError> {
        let entries = self.entries(folder)?.into_iter();
        let folders = entries.filter(|(_, entry)| fs::metadata(entry.path()).is_ok_and(|found| found.is_dir()));
        let mut names: Vec<String> = folders.map(|(name, _)| name).collect();
        names.sort();
        Ok(names)
    }

    fn remove(&self, key: &str) -> Result<(), DataError> {
        match fs::remove_file(self.path(key)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(key, error)),
            _ => Ok(()),
        }
    }
}

impl Folder {
    /// What is in one folder; names that are no UTF-8 are nobody's keys.
    fn entries(&self, folder: &str) -> Result<Vec<(String, fs::DirEntry)>, DataError> {
        let listed = match fs::read_dir(self.path(folder)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.and_then(Iterator::collect::<io::Result<Vec<_>>>),
        };
        let entries = listed.map_err(|error| self.failed(folder, error))?;
        Ok(entries.into_iter().filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry))).collect())
    }
}

/// A hidden file in the folder of its place, with its content on disk; taken away when dropped.
struct Beside(PathBuf);

impl Beside {
    fn write(place: &Path, content: &mut dyn Read) -> io::Result<Beside> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let folder = place.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        // In containers every process has the same number: the time tells them apart.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".tmp-{}-{now:x}-{count}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let beside = Beside(path);
        io::copy(content, &mut file)?;
        file.flush().and_then(|()| file.sync_all())?;
        Ok(beside)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After a move there is nothing left under this name.
        let _ = fs::remove_file(&self.0);
    }
}

/// The new name survives a crash once its folder is written; not every file system lets us.
fn settle(place: &Path) {
    if let Some(folder) = place.parent() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_writers_creates_a_key() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path());
        for key in ["a/b/1", "a/b/2"] {
            let created: Vec<bool> = std::thread::scope(|scope| {
                let writer = |n: u8| {
                    scope.spawn({
                        let folder = &folder;
                        move || folder.create(key, &[n; 100]).unwrap()
                    })
                };
                (0..8).map(writer).collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(created.iter().filter(|created| **created).count(), 1);
            let read = folder.read(&[key.to_owned()], 1000).unwrap().remove(0).unwrap();
            let winner = created.iter().position(|created| *created).unwrap();
            assert_eq!(read, [winner as u8; 100]);
        }
        let keys: Vec<String> = folder.list("").unwrap().into_iter().map(|entry| entry.key).collect();
        assert_eq!(keys, ["a/b/1", "a/b/2"]);
        assert_eq!(folder.folders("a").unwrap(), ["b"]);
    }

    #[test]
    fn what_is_not_there_is_nothing_and_what_is_there_is_bounded() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path());
        assert!(folder.list("none").unwrap().is_empty() && folder.folders("none").unwrap().is_empty());
        assert!(folder.open("none/a").unwrap().is_none());
        folder.remove("none").unwrap();
        folder.put("a", &mut &[7; 50][..]).unwrap();
        assert!(folder.open("a/b").unwrap().is_none());
        assert_eq!(folder.read(&["a".to_owned(), "b".to_owned()], 9).unwrap(), [Some(vec![7; 10]), None]);
        assert!(!folder.create("a", b"other").unwrap());
        folder.put("a", &mut &[8; 5][..]).unwrap();
        assert_eq!(folder.read(&["a".to_owned()], 9).unwrap(), [Some(vec![8; 5])]);
        fs::create_dir(root.path().join("folder")).unwrap();
        assert!(folder.open("folder").is_err());
    }
}
