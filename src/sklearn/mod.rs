//! Value graph to estimator: reads the attributes that scikit-learn stores and builds checked models from them.
//!
//! The only module that knows scikit-learn's attribute names and how they changed between versions. One file per
//! family, with the same name as the file in `model/` that computes it. Works the same on a graph from a pickle, a
//! joblib file or a native bundle. Never does I/O.

mod agglomeration;
mod attributes;
mod bagging;
mod bisecting_kmeans;
mod calibration;
mod class;
mod cluster;
mod compose;
mod cross_decomposition;
mod decomposition;
pub mod derived;
mod dictionary;
mod discretization;
mod discriminant_analysis;
mod dummy;
mod elliptic_envelope;
mod embedding;
mod encoders;
mod factor_analysis;
mod function;
mod gaussian_process;
mod gradient_boosting;
mod hist_gradient_boosting;
mod importance;
mod impute;
mod isolation_forest;
mod isotonic;
mod iterative_imputer;
mod kernel_approximation;
mod kernel_pca;
mod kernel_ridge;
mod kmeans;
mod knn_imputer;
mod label_propagation;
mod labels;
mod lightgbm;
mod linear;
mod manifold;
mod matrix_factorization;
mod members;
mod missing_indicator;
mod mixture;
mod multiclass;
mod multioutput;
mod naive_bayes;
mod nearest_centroid;
mod neighbors;
mod nested;
mod neural_network;
mod pairwise;
mod pipeline;
mod polynomial;
mod power;
mod preprocessing;
mod prune;
mod quantile;
mod random_projection;
mod refused;
mod selection;
mod sources;
mod sparse;
mod spline;
mod stacking;
mod survey;
mod svm;
mod target;
#[cfg(test)]
mod tests;
mod text;
mod threshold;
mod topics;
mod tree;
mod version;
mod voting;
mod weight_boosting;
mod wrappers;
mod xgboost;

pub use class::{boosters, supported};
pub use isolation_forest::average_path_length;
pub use prune::prune;
pub use refused::refused;
pub use survey::{Found, Support, survey};
pub use version::Version;

use crate::model::{Estimator, Transformer, Vocabulary};
use crate::value::{Id, ValueError, View};
use sources::{Numbers, Sources};
use std::collections::HashMap;

/// Why a bundle's model cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BuildError {
    /// An attribute is missing or has a value that cannot be.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A class that scorelet does not compute.
    #[error("{path}: {class} is not supported{}", refused::reason(.class))]
    Unsupported { path: String, class: String },
    /// A supported class with an option that scorelet does not compute.
    #[error("{path}: {class} with {option} is not supported")]
    UnsupportedOption { path: String, class: String, option: String },
    /// Several of the above: everything that stands in the way, not only the first.
    #[error("{}", .0.iter().map(BuildError::to_string).collect::<Vec<_>>().join("; "))]
    Several(Vec<BuildError>),
}

impl BuildError {
    /// One error that says all of `errors`, flat; there must be at least one.
    pub fn all(errors: Vec<BuildError>) -> BuildError {
        let mut flat: Vec<BuildError> = errors.into_iter().flat_map(BuildError::into_list).collect();
        if flat.len() == 1 { flat.remove(0) } else { BuildError::Several(flat) }
    }

    /// The single reasons.
    pub fn into_list(self) -> Vec<BuildError> {
        match self {
            BuildError::Several(errors) => errors,
            one => vec![one],
        }
    }

    fn option(value: &View<'_, '_>, option: impl Into<String>) -> BuildError {
        BuildError::UnsupportedOption {
            path: value.path(),
            class: attributes::class_name(value).to_owned(),
            option: option.into(),
        }
    }
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
    /// How many columns the estimator will see, where that is known: for estimators that do not say it themselves.
    pub inputs: Option<usize>,
    /// What stands behind the columns that the next estimator sees.
    sources: Sources,
    /// What stands behind the columns that the transformer built last gives; readers say it where it is not computed.
    gives: Sources,
    /// Columns of the request that something reads as numbers.
    numbers: Numbers,
    /// How often each object and each large array was read: see [`Context::read`].
    reads: HashMap<Id, u8>,
}

impl Context {
    pub fn new(default_version: Version) -> Self {
        Context {
            default_version,
            vocabulary: Vocabulary::default(),
            depth: 0,
            inputs: None,
            sources: Sources::Request,
            gives: Sources::Computed,
            numbers: Numbers::None,
            reads: HashMap::new(),
        }
    }
}

impl Context {
    /// Notes that `value` is read once more. A file may refer to one object or array from many places for a few bytes
    /// each, and what is built from it must not grow by that.
    ///
    /// # Errors
    /// When it was read often already: a step that stands in two places is odd, one in many is an attack.
    pub fn read(&mut self, value: &View<'_, '_>) -> Result<(), ValueError> {
        const MOST: u8 = 4;
        const SMALL: usize = 64;
        if value.array().is_some_and(|array| array.len() <= SMALL) {
            return Ok(());
        }
        let reads = self.reads.entry(value.id()).or_default();
        *reads = reads.saturating_add(1);
        match *reads > MOST {
            true => Err(value.error("the same object stands in too many places")),
            false => Ok(()),
        }
    }
}

impl Context {
    /// Builds what sees these columns of the estimator around it, and computed ones where there is `None`.
    fn with_columns<T>(&mut self, columns: &[Option<usize>], build: impl FnOnce(&mut Context) -> T) -> T {
        let own = columns.iter().map(|column| column.and_then(|column| self.sources.of(column))).collect();
        let own = std::mem::replace(&mut self.sources, Sources::Each(own));
        let given = (self.inputs.replace(columns.len()), own);
        let built = build(self);
        (self.inputs, self.sources) = given;
        built
    }

    /// Whether the next estimator sees the columns of the request as they are.
    fn sees_request(&self) -> bool {
        self.sources == Sources::Request
    }
}

/// Model and scaler of one bundle, checked against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    pub estimator: Estimator,
    pub scaler: Option<Transformer>,
    pub vocabulary: Vocabulary,
}

/// Builds what scores in a bundle. `n_features` is the length of its feature order, where it has one; a model that
/// takes another number of features is the caller's to refuse.
///
/// # Errors
/// Everything that scorelet lacks, in model and scaler together; or that the two do not fit each other.
pub fn parts(
    model: &View<'_, '_>,
    scaler: Option<&View<'_, '_>>,
    n_features: Option<usize>,
    default_version: Version,
) -> Result<Parts, BuildError> {
    let mut ctx = Context { inputs: n_features, ..Context::new(default_version) };
    let scaler = scaler.map(|scaler| transformer(scaler, &mut ctx)).transpose();
    if let Ok(Some(scaler)) = &scaler {
        ctx.inputs = Some(scaler.n_features_out());
        ctx.sources = std::mem::take(&mut ctx.gives);
    }
    let (scaler, estimator) = match (scaler, estimator(model, &mut ctx)) {
        (Ok(scaler), Ok(estimator)) => (scaler, estimator),
        (scaler, estimator) => {
            return Err(BuildError::all([estimator.err(), scaler.err()].into_iter().flatten().collect()));
        }
    };
    if let Some(gives) = scaler.as_ref().map(Transformer::n_features_out)
        && gives != estimator.n_features()
    {
        let takes = estimator.n_features();
        return Err(model.error(format!("takes {takes} features, but the scaler gives {gives}")).into());
    }
    // What passes through to the output is a number there.
    let output = std::mem::take(&mut ctx.gives);
    ctx.numbers.add(&output);
    ctx.check_texts(model)?;
    ctx.mark_unused(n_features);
    Ok(Parts { estimator, scaler, vocabulary: ctx.vocabulary })
}

/// Builds an estimator (or a pipeline, or a transformer used as a model).
///
/// # Errors
/// When the class is not supported or its attributes are not what scikit-learn writes.
pub fn estimator(value: &View<'_, '_>, ctx: &mut Context) -> Result<Estimator, BuildError> {
    nested::estimator(value, ctx)
}

/// The columns that a booster was fitted on, which stand in its own bytes.
pub fn booster_names(value: &View<'_, '_>) -> Option<Vec<String>> {
    match value.class()?.module.split('.').next()? {
        "lightgbm" => lightgbm::feature_names(value),
        "xgboost" => xgboost::feature_names(value),
        _ => None,
    }
}

/// Builds a transformer.
///
/// # Errors
/// As [`estimator`].
pub fn transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Transformer, BuildError> {
    nested::transformer(value, ctx)
}
