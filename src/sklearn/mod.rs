//! Value graph to estimator: reads the attributes that scikit-learn stores and builds checked models from them.
//!
//! The only module that knows scikit-learn's attribute names and how they changed between versions. One file per
//! family, with the same name as the file in `model/` that computes it. Works the same on a graph from a pickle, a
//! joblib file or a native bundle. Never does I/O.

mod class;
mod dummy;
mod gradient_boosting;
mod hist_gradient_boosting;
mod impute;
mod isolation_forest;
mod kmeans;
mod labels;
mod linear;
mod pipeline;
mod preprocessing;
mod tree;
mod version;

pub use version::Version;

use crate::model::{Estimator, Transformer, Vocabulary};
use crate::value::{ValueError, View};

/// Why a bundle's model cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BuildError {
    /// An attribute is missing or has a value that cannot be.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A class that scorelet does not compute.
    #[error("{path}: {class} is not supported")]
    Unsupported { path: String, class: String },
    /// A supported class with an option that scorelet does not compute.
    #[error("{path}: {class} with {option} is not supported")]
    UnsupportedOption { path: String, class: String, option: String },
}

/// What builders need besides the object itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// Stands in for objects that carry no `_sklearn_version`.
    pub default_version: Version,
    /// Collects the texts that encoders know.
    pub vocabulary: Vocabulary,
    /// How deep estimators are nested; refused beyond a limit.
    pub depth: usize,
}

/// Builds an estimator (or a pipeline, or a transformer used as a model).
///
/// # Errors
/// When the class is not supported or its attributes are not what scikit-learn writes.
pub fn estimator(value: &View<'_, '_>, ctx: &mut Context) -> Result<Estimator, BuildError> {
    class::estimator(value, ctx)
}

/// Builds a transformer.
///
/// # Errors
/// As [`estimator`].
pub fn transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Transformer, BuildError> {
    class::transformer(value, ctx)
}
