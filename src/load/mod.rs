//! The only way from a file to a [`Bundle`](crate::bundle::Bundle): sniffs the format by content, reads it, builds
//! the model, checks the feature order.

use crate::bundle::Bundle;
use std::path::{Path, PathBuf};

/// What the user may add to what the file says.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Feature order for a bare estimator that was fitted without column names.
    pub features: Option<Vec<String>>,
}

/// Why a bundle cannot be loaded; `serve` exits 3 with it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read {path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

/// Loads the bundle at `path`: a file, or a folder that holds one bundle (searched two levels deep).
///
/// # Errors
/// When there is none, or it cannot be read, or scorelet cannot reproduce its model exactly.
pub fn open(_path: &Path, _options: &LoadOptions) -> Result<Bundle, LoadError> {
    todo!()
}
