//! Files that appear whole or not at all: written beside their place, checked, and only then moved there. Whoever opens
//! one finds the old file or the whole new one, also after ctrl-C, on a full disk or when the process is killed.

use crate::bundle::{Bundle, native};
use crate::load::{self, LoadOptions};
use anyhow::{Context, anyhow, ensure};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code of a process that ctrl-C or SIGTERM ended, as shells have it.
pub(super) const INTERRUPTED: i32 = 130;

/// Where a bundle really goes: what a link at `output` points to.
///
/// # Errors
/// When something stands there that is no native bundle, and `force` does not allow to replace it; when the folder is
/// not there.
pub(super) fn bundle_place(output: &Path, force: bool) -> anyhow::Result<PathBuf> {
    let shown = output.display();
    match fs::metadata(output) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = folder_of(output);
            fs::metadata(folder).with_context(|| format!("cannot write {shown}"))?;
            Ok(output.to_owned())
        }
        Err(error) => Err(error).with_context(|| format!("cannot write {shown}")),
        Ok(kind) => {
            ensure!(!kind.is_dir(), "{shown} is a folder: name the file to write, such as {shown}/model.bundle");
            ensure!(kind.is_file(), "{shown} is no regular file and cannot be replaced by a bundle");
            let replaceable = force || is_native(output).with_context(|| format!("cannot read {shown}"))?;
            ensure!(
                replaceable,
                "{shown} exists and is no native bundle: choose another name, or --force to replace it"
            );
            fs::canonicalize(output).with_context(|| format!("cannot write {shown}"))
        }
    }
}

fn is_native(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut start)?;
    Ok(native::is_native(&start))
}

/// Writes a bundle, reads it back, and compares it with the one it should be.
///
/// # Errors
/// When it cannot be written, or is not the same model.
pub(super) fn write_bundle(place: &Path, bytes: &[u8], bundle: &Bundle) -> anyhow::Result<()> {
    write(place, bytes, |path| {
        let written = load::open(path, &LoadOptions::default());
        let written =
            written.map_err(|error| anyhow!(error).context("what was written does not load; please report this"))?;
        ensure!(written.same_contract(bundle), "what was written is not the same model; please report this");
        Ok(())
    })
}

/// Writes a file that `check` accepts.
///
/// # Errors
/// When it cannot be written, or `check` says no.
pub(super) fn write(place: &Path, bytes: &[u8], check: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", place.display());
    let (beside, mut file) = Beside::create(place).with_context(cannot)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(cannot)?;
    drop(file);
    check(&beside.0)?;
    {
        // No signal may take away what is just being moved.
        let mut open = open_files();
        fs::rename(&beside.0, place).with_context(cannot)?;
        open.retain(|path| *path != beside.0);
    }
    // The new name itself survives a crash only when the folder is written, too; not every file system lets us.
    let _ = File::open(folder_of(place)).and_then(|folder| folder.sync_all());
    Ok(())
}

pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A hidden file in the same folder, removed when dropped unless it was moved away.
struct Beside(PathBuf);

impl Beside {
    fn create(place: &Path) -> io::Result<(Self, File)> {
        let name = place.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let mut hidden = OsString::from(".");
        hidden.push(name);
        // In a container every process has the same id: a file that a killed one left must not stand in the way.
        hidden.push(format!(".{}-{now:x}.tmp", std::process::id()));
        let path = folder_of(place).join(hidden);
        let mut open = open_files();
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        open.push(path.clone());
        Ok((Beside(path), file))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let mut open = open_files();
        if open.contains(&self.0) {
            let _ = fs::remove_file(&self.0);
            open.retain(|path| *path != self.0);
        }
    }
}

/// Files that a signal must take away.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn open_files() -> MutexGuard<'static, Vec<PathBuf>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on ctrl-C and SIGTERM take away what is half written, and end the process with a line that says so.
pub(super) fn clean_up_when_interrupted() {
    when_interrupted(|| {
        let open = open_files();
        open.iter().for_each(|path| drop(fs::remove_file(path)));
        super::complain("interrupted: nothing was written");
        std::process::exit(INTERRUPTED);
    });
}

/// Calls this at each ctrl-C, SIGTERM and SIGHUP that comes after the return.
pub(super) fn when_interrupted(act: impl Fn() + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Without the runtime the signals do what they always do: the file that is written beside stays, OUT is whole.
    let Ok(runtime) = runtime else { return };
    let Ok([mut interrupt, mut terminate, mut hangup]) = runtime.block_on(async { interruptions() }) else { return };
    std::thread::spawn(move || {
        loop {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
            });
            act();
        }
    });
}

fn interruptions() -> io::Result<[Signal; 3]> {
    Ok([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?])
}
