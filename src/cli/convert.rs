//! `scorelet convert`: writes any readable bundle as a native bundle.
//!
//! The new file is written beside its place, read back, compared with the input, and only then moved there: whoever
//! opens OUT finds the old file or the whole new one.

use super::Failure;
use crate::bundle::native;
use crate::load::{self, BundleFile, LoadOptions};
use anyhow::{Context, anyhow, ensure};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle to read: a file, or a folder that holds one
    input: PathBuf,
    /// The native bundle to write; an older native bundle there is replaced
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Column names in the order of the model's features, for a model fitted without names
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    features: Option<String>,
    /// Replace OUT also if it is no native bundle
    #[arg(long, env = "SCORELET_FORCE", value_parser = clap::builder::FalseyValueParser::new())]
    force: bool,
}

/// Converts one bundle.
///
/// # Errors
/// When the input cannot be loaded or the output cannot be written.
pub fn run(args: Args) -> Result<(), Failure> {
    let options = LoadOptions { features: args.features.as_deref().map(super::names).transpose()? };
    let place = place(&args.output, args.force)?;
    let input = BundleFile::read(&args.input)?;
    let converted = load::convert(&input, &options)?;
    write_verified(&place, &converted)?;
    let (from, to) = (input.len(), converted.bytes.len());
    super::print(&format!("wrote {}: {to} bytes (from {from}), read back and equal\n", args.output.display()))
}

/// Where the file really goes: what a link at OUT points to.
fn place(output: &Path, force: bool) -> anyhow::Result<PathBuf> {
    let shown = output.display();
    match fs::metadata(output) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(output.to_owned()),
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

fn write_verified(place: &Path, converted: &load::Converted) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", place.display());
    let (beside, mut file) = Beside::create(place).with_context(cannot)?;
    file.write_all(&converted.bytes).and_then(|()| file.sync_all()).with_context(cannot)?;
    drop(file);
    let written = load::open(&beside.0, &LoadOptions::default());
    let written =
        written.map_err(|error| anyhow!(error).context("what was written does not load; please report this"))?;
    ensure!(written.same_contract(&converted.bundle), "what was written is not the same model; please report this");
    fs::rename(&beside.0, place).with_context(cannot)?;
    // The new name itself survives a crash only when the folder is written, too; not every file system lets us.
    let _ = File::open(folder_of(place)).and_then(|folder| folder.sync_all());
    Ok(())
}

fn folder_of(file: &Path) -> &Path {
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
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.tmp", std::process::id()));
        let path = folder_of(place).join(hidden);
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok((Beside(path), file))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
