//! The only way from a file to a [`Bundle`]: sniffs the format by content, reads it, builds the model, checks the
//! feature order.
//!
//! A file is read into memory, not mapped. A mapped file that another process cuts short kills the reader with
//! SIGBUS, which no check can prevent; and a loaded model keeps nothing of the file, so a mapping would only save the
//! copy from the page cache, once per start. Text and arrays are borrowed from that one buffer until the model is
//! built.

mod booster;
mod contract;
mod convert;
mod export;
mod find;
mod json;
mod mlflow;
mod order;
mod outline;
mod python;
mod read;
mod report;
mod sniff;

pub use contract::{Contract, ContractError};
pub use convert::{Converted, convert};
pub use export::{ExportError, Exported, Pickled, mlflow as mlflow_files, pickled};
pub use find::FindError;
pub use mlflow::{FILE as MLMODEL, MlflowError};
pub use order::OrderError;
pub use outline::{Outline, Trees};
pub use report::{Contents, Inputs, RefusedName, Report, report};
pub use sniff::Foreign;

use crate::boosters::BoosterError;
use crate::bundle::native::{self, NativeError, Sealed};
use crate::bundle::{Bundle, FileDigest, Source, hex_sha256};
use crate::onnx::{self, OnnxError};
use crate::pickle::{self, Limits, PickleError};
use crate::skops::{self, SkopsError};
use crate::value::Graph;
use sniff::{Format, Kind};
use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the user may add to what the file says.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Feature order for a bare estimator that was fitted without column names.
    pub features: Option<Vec<String>>,
}

/// Why a bundle cannot be loaded; `serve` exits 3 with it.
#[derive(Debug, thiserror::Error)]
#[error("cannot load {}: {problem}", path.display())]
pub struct LoadError {
    pub path: PathBuf,
    pub problem: Problem,
}

impl LoadError {
    /// The single reasons, where several stand in the way.
    pub fn reasons(&self) -> Vec<String> {
        match &self.problem {
            Problem::Contract(ContractError::Build(error)) => {
                error.clone().into_list().iter().map(ToString::to_string).collect()
            }
            Problem::Contract(ContractError::Onnx(error)) => {
                error.clone().into_list().iter().map(ToString::to_string).collect()
            }
            one => vec![one.to_string()],
        }
    }
}

/// What is wrong with the file of a [`LoadError`].
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is neither a file nor a folder")]
    Special,
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    Mlflow(#[from] MlflowError),
    #[error(transparent)]
    Foreign(#[from] Foreign),
    #[error(transparent)]
    Pickle(#[from] PickleError),
    #[error(transparent)]
    Skops(#[from] SkopsError),
    #[error(transparent)]
    Booster(#[from] BoosterError),
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    #[error(transparent)]
    Native(#[from] NativeError),
    #[error(transparent)]
    Contract(#[from] ContractError),
}

/// Loads the bundle at `path`: a file, or a folder that holds one bundle (searched two levels deep).
///
/// # Errors
/// When there is none, or it cannot be read, or scorelet cannot reproduce its model exactly.
pub fn open(path: &Path, options: &LoadOptions) -> Result<Bundle, LoadError> {
    BundleFile::read(path)?.load(options)
}

/// A file that may be a bundle, in memory.
pub struct BundleFile {
    path: PathBuf,
    bytes: Arc<Vec<u8>>,
    /// The columns that the signature of an MLflow model names, for a model that was fitted without names.
    signature: Option<Vec<String>>,
}

impl BundleFile {
    /// A file that is in memory already; `path` is what messages call it.
    pub fn new(path: PathBuf, bytes: Vec<u8>) -> BundleFile {
        BundleFile { path, bytes: Arc::new(bytes), signature: None }
    }

    /// Reads the file at `path`, or the only bundle in the folder there; of an MLflow model the file that it names.
    ///
    /// # Errors
    /// When it cannot be found or read.
    pub fn read(path: &Path) -> Result<BundleFile, LoadError> {
        let fail = |path: &Path, problem| LoadError { path: path.to_owned(), problem };
        let kind = fs::metadata(path).map_err(|error| fail(path, error.into()))?;
        let (path, signature) = if kind.is_dir() {
            in_folder(path).map_err(|problem| fail(path, problem))?
        } else {
            (path.to_owned(), None)
        };
        match read::regular(&path) {
            Ok(Some(bytes)) => Ok(BundleFile { path, bytes: Arc::new(bytes), signature }),
            Ok(None) => Err(LoadError { path, problem: Problem::Special }),
            Err(error) => Err(LoadError { path, problem: error.into() }),
        }
    }

    /// The file itself, where a folder was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The file as it is, compressed or not.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Hex SHA-256 of the file.
    pub fn sha256(&self) -> String {
        hex_sha256(&self.bytes)
    }

    /// Builds the bundle that the file holds.
    ///
    /// # Errors
    /// When it is damaged, or scorelet cannot reproduce its model exactly.
    pub fn load(&self, options: &LoadOptions) -> Result<Bundle, LoadError> {
        let content = self.content()?;
        let mut bundle = content.verified(|graph| content.bundle(graph, options))?;
        let sha256 = FileDigest::of(self.bytes.clone());
        bundle.source = Source { sha256, bytes: self.len(), format: content.format() };
        Ok(bundle)
    }

    /// Undoes compression and tells what the content is.
    ///
    /// # Errors
    /// When a compressed stream is damaged, or the content is no bundle.
    pub fn content(&self) -> Result<Content<'_>, LoadError> {
        self.decompressed().map_err(|problem| LoadError { path: self.path.clone(), problem })
    }

    fn decompressed(&self) -> Result<Content<'_>, Problem> {
        let (path, bytes, signature) = (self.path.as_path(), self.bytes.as_slice(), self.signature.as_deref());
        let limits = Limits::for_file(bytes);
        match sniff::kind(bytes) {
            Kind::Foreign(foreign) => Err(foreign.into()),
            Kind::Bundle(format) => Ok(Content { path, bytes: Cow::Borrowed(bytes), limits, format, signature }),
            Kind::Compressed(_) => {
                let bytes = pickle::decompress(bytes, &limits)?;
                match sniff::kind(&bytes) {
                    Kind::Foreign(foreign) => Err(foreign.into()),
                    Kind::Compressed(_) => Err(sniff::TWICE.into()),
                    Kind::Bundle(format) => Ok(Content { path, bytes, limits, format, signature }),
                }
            }
        }
    }
}

/// The file of a folder that is the bundle, and the columns that stand beside it.
fn in_folder(folder: &Path) -> Result<(PathBuf, Option<Vec<String>>), Problem> {
    let saved = mlflow::folder_in(folder)?.map(|folder| mlflow::saved(&folder)).transpose()?.flatten();
    match saved {
        Some(saved) => Ok((saved.file, saved.columns)),
        None => Ok((find::bundle_in(folder)?, None)),
    }
}

/// The decompressed content of a [`BundleFile`].
pub struct Content<'f> {
    path: &'f Path,
    bytes: Cow<'f, [u8]>,
    /// Of the file, before decompression.
    limits: Limits,
    format: Format,
    signature: Option<&'f [String]>,
}

impl Content<'_> {
    /// The format in words: `pickle protocol 4`, `joblib (zlib)`, `scorelet bundle 1`.
    pub fn format(&self) -> String {
        let name = match (self.format, self.bytes.as_ref()) {
            (Format::Native, _) => format!("scorelet bundle {}", native::VERSION),
            (Format::Skops, _) => "skops".to_owned(),
            (Format::Booster(library), _) => format!("{} model", library.name()),
            (Format::Onnx, _) => "ONNX".to_owned(),
            (Format::Pickle, bytes) if is_joblib(bytes) => "joblib".to_owned(),
            (Format::Pickle, [0x80, protocol, ..]) => format!("pickle protocol {protocol}"),
            (Format::Pickle, _) => "pickle protocol 0 or 1".to_owned(),
        };
        match self.limits.compression {
            Some(by) => format!("{name} ({by})"),
            None => name,
        }
    }

    /// Bytes after decompression.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether this is a stream of opcodes: a pickle or a joblib file.
    pub fn is_pickle(&self) -> bool {
        self.format == Format::Pickle
    }

    /// Reads the content into values.
    ///
    /// # Errors
    /// When it is damaged, or names a class that is not on the allow-list.
    pub fn graph(&self) -> Result<Graph<'_>, LoadError> {
        let graph = match self.format {
            Format::Native => native::decode(&self.bytes).map_err(Problem::from),
            Format::Onnx => onnx::read(&self.bytes).map_err(Problem::from),
            Format::Skops => skops::read(&self.bytes, &self.limits).map_err(Problem::from),
            Format::Pickle => pickle::read(&self.bytes, &self.limits).map_err(Problem::from),
            Format::Booster(library) => booster::graph(&self.bytes, library).map_err(Problem::from),
        };
        graph.map_err(|problem| self.error(problem))
    }

    /// What `build` makes of the values, once the digest of a native bundle is found right, which takes about as long.
    fn verified<T>(&self, build: impl FnOnce(&Graph<'_>) -> Result<T, LoadError>) -> Result<T, LoadError> {
        if self.format != Format::Native {
            return build(&self.graph()?);
        }
        let failed = |problem: NativeError| self.error(problem.into());
        let sealed = Sealed::open(&self.bytes).map_err(failed)?;
        std::thread::scope(|scope| {
            let verified = scope.spawn(|| sealed.verify());
            let built = sealed.graph().map_err(failed).and_then(|graph| build(&graph));
            verified.join().expect("hashing does not panic").map_err(failed)?;
            built
        })
    }

    /// Builds the model of `graph`; its [`Source`] is left empty.
    ///
    /// # Errors
    /// When scorelet cannot reproduce the model exactly, or the bundle contradicts itself.
    pub fn bundle(&self, graph: &Graph<'_>, options: &LoadOptions) -> Result<Bundle, LoadError> {
        contract::bundle(graph, options, self.signature).map_err(|error| self.error(error.into()))
    }

    fn error(&self, problem: Problem) -> LoadError {
        LoadError { path: self.path.to_owned(), problem }
    }
}

/// joblib keeps arrays beside the pickle behind a wrapper; the first one comes early.
fn is_joblib(bytes: &[u8]) -> bool {
    let wrapper = b"NumpyArrayWrapper";
    bytes[..bytes.len().min(1 << 20)].windows(wrapper.len()).any(|window| window == wrapper)
}
