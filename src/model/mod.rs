//! Matrix in, numbers out: the estimators and transformers of scikit-learn, computed as scikit-learn computes them.
//!
//! Each family is one file, with the same name as the file in `sklearn/` that reads it. Everything here was checked
//! when it was built (`sklearn/`), so no code below validates structure. Never does I/O, never names HTTP or JSON.
//!
//! Inputs are row-major `f64` matrices of shape (rows, features). Text columns hold codes of the bundle's
//! [`Vocabulary`]: a number from 0 for a known text, [`Vocabulary::UNKNOWN`] for any other, NaN for a missing one.

pub mod agglomeration;
mod answers;
pub mod bagging;
pub mod bisecting_kmeans;
pub mod calibration;
mod check;
pub mod cluster;
pub mod compose;
pub mod cross_decomposition;
pub mod decomposition;
pub mod derived;
pub mod dictionary;
mod discretization;
pub mod discriminant_analysis;
mod documents;
pub mod dummy;
pub mod elliptic_envelope;
mod embedding;
pub mod encoders;
pub mod factor_analysis;
pub mod function;
pub mod gaussian_process;
pub mod gradient_boosting;
pub mod hist_gradient_boosting;
mod impute;
mod isolation_forest;
pub mod isotonic;
pub mod iterative_imputer;
pub mod kernel_approximation;
pub mod kernel_pca;
pub mod kernel_ridge;
mod kmeans;
pub mod knn_imputer;
pub mod label_propagation;
pub mod lightgbm;
pub mod linear;
pub mod manifold;
pub(crate) mod math;
pub mod matrix_factorization;
pub mod missing_indicator;
pub mod mixture;
pub mod multiclass;
pub mod multioutput;
pub mod naive_bayes;
pub mod nearest_centroid;
pub mod neighbors;
pub mod neural_network;
pub mod onnx;
mod output;
pub mod pairwise;
mod pipeline;
mod polynomial;
pub mod power;
pub mod preprocessing;
mod product;
mod quantile;
pub mod random_projection;
pub mod rbm;
mod selection;
pub(crate) mod solve;
pub mod spline;
pub mod stacking;
pub mod svm;
mod tanh;
pub mod target;
pub mod text;
pub mod threshold;
pub mod topics;
pub mod tree;
mod typical;
mod vocabulary;
pub mod voting;
pub mod weight_boosting;
pub mod xgboost;

pub use agglomeration::FeatureAgglomeration;
pub use bagging::Bagging;
pub use bisecting_kmeans::BisectingKMeans;
pub use calibration::Calibrated;
pub use check::{FloatType, InputError, InputPolicy, missing_hint};
pub use cluster::Cluster;
pub use compose::Union;
pub use cross_decomposition::CrossDecomposition;
pub use decomposition::{Pca, Projection};
pub use derived::DerivedColumns;
pub use dictionary::Dictionary;
pub use discretization::{Binarizer, KBinsDiscretizer};
pub use discriminant_analysis::{LinearDiscriminant, Quadratic};
pub use documents::Texts;
pub use dummy::{Answer, Dummy, Label};
pub use elliptic_envelope::EllipticEnvelope;
pub use embedding::Embedding;
pub use encoders::{OneHotEncoder, ValueEncoder};
pub use factor_analysis::FactorAnalysis;
pub use function::FunctionTransformer;
pub use gaussian_process::GaussianProcess;
pub use gradient_boosting::GradientBoosting;
pub use hist_gradient_boosting::HistGradientBoosting;
pub use impute::{NULL, SimpleImputer};
pub use isolation_forest::IsolationForest;
pub use isotonic::Isotonic;
pub use iterative_imputer::IterativeImputer;
pub use kernel_approximation::KernelApproximation;
pub use kernel_pca::{KernelCenterer, KernelPca};
pub use kernel_ridge::KernelRidge;
pub use kmeans::KMeans;
pub use knn_imputer::KnnImputer;
pub use label_propagation::LabelPropagation;
pub use lightgbm::LightGbm;
pub use linear::Linear;
pub use manifold::Manifold;
pub use matrix_factorization::MatrixFactorization;
pub use missing_indicator::MissingIndicator;
pub use mixture::Mixture;
pub use multiclass::Multiclass;
pub use multioutput::{Chain, MultiOutput};
pub use naive_bayes::NaiveBayes;
pub use nearest_centroid::NearestCentroid;
pub use neighbors::{KernelDensity, LocalOutlierFactor, Neighbors};
pub use neural_network::Perceptron;
pub use output::{Classes, Method, Output};
pub use pipeline::Pipeline;
pub use polynomial::PolynomialFeatures;
pub use power::PowerTransformer;
pub use preprocessing::{Normalizer, Scaler};
pub use quantile::QuantileTransformer;
pub use random_projection::SparseProjection;
pub use rbm::BoltzmannMachine;
pub use selection::{Elimination, Selector};
pub use spline::SplineTransformer;
pub use stacking::Stacking;
pub use svm::Svm;
pub use target::TransformedTarget;
pub use text::{TfidfTransformer, Vectorizer};
pub use threshold::Threshold;
pub use topics::Topics;
pub use tree::TreeEnsemble;
pub use vocabulary::{Content, Vocabulary};
pub use voting::Voting;
pub use weight_boosting::AdaBoost;
pub use xgboost::Xgboost;

use ndarray::{Array2, ArrayView2};

/// Anything with `predict` (or only `transform`, when it is a pipeline of transformers).
#[derive(Debug, Clone, PartialEq)]
pub enum Estimator {
    AdaBoost(Box<AdaBoost>),
    Bagging(Box<Bagging>),
    BisectingKMeans(Box<BisectingKMeans>),
    Calibrated(Box<Calibrated>),
    Chain(Box<Chain>),
    Cluster(Box<Cluster>),
    CrossDecomposition(Box<CrossDecomposition>),
    Dummy(Dummy),
    /// `RFE`, `RFECV` as the model itself.
    Elimination(Box<Elimination>),
    EllipticEnvelope(Box<EllipticEnvelope>),
    FactorAnalysis(Box<FactorAnalysis>),
    GaussianProcess(Box<GaussianProcess>),
    GradientBoosting(Box<GradientBoosting>),
    HistGradientBoosting(HistGradientBoosting),
    IsolationForest(IsolationForest),
    Isotonic(Isotonic),
    KMeans(KMeans),
    KernelDensity(Box<KernelDensity>),
    KernelRidge(Box<KernelRidge>),
    LabelPropagation(Box<LabelPropagation>),
    LightGbm(Box<LightGbm>),
    Linear(Linear),
    LinearDiscriminant(Box<LinearDiscriminant>),
    LocalOutlierFactor(Box<LocalOutlierFactor>),
    Mixture(Box<Mixture>),
    MultiOutput(MultiOutput),
    Multiclass(Box<Multiclass>),
    NaiveBayes(Box<NaiveBayes>),
    NearestCentroid(Box<NearestCentroid>),
    Neighbors(Box<Neighbors>),
    /// A graph of ONNX operators.
    Onnx(Box<onnx::Session>),
    Pca(Box<Pca>),
    Perceptron(Box<Perceptron>),
    Pipeline(Box<Pipeline>),
    Quadratic(Box<Quadratic>),
    Stacking(Box<Stacking>),
    Svm(Box<Svm>),
    Threshold(Box<Threshold>),
    TransformedTarget(Box<TransformedTarget>),
    /// A transformer where a model is expected: only `transform` is available.
    Transformer(Box<Transformer>),
    Tree(TreeEnsemble),
    Voting(Box<Voting>),
    Xgboost(Box<Xgboost>),
}

/// One expression for whichever model an estimator is, and another for a transformer.
macro_rules! for_each {
    ($estimator:expr, $model:ident => $value:expr, $transformer:ident => $other:expr) => {
        match $estimator {
            Estimator::AdaBoost($model) => $value,
            Estimator::Bagging($model) => $value,
            Estimator::BisectingKMeans($model) => $value,
            Estimator::Calibrated($model) => $value,
            Estimator::Chain($model) => $value,
            Estimator::Cluster($model) => $value,
            Estimator::CrossDecomposition($model) => $value,
            Estimator::Dummy($model) => $value,
            Estimator::Elimination($model) => $value,
            Estimator::EllipticEnvelope($model) => $value,
            Estimator::FactorAnalysis($model) => $value,
            Estimator::GaussianProcess($model) => $value,
            Estimator::GradientBoosting($model) => $value,
            Estimator::HistGradientBoosting($model) => $value,
            Estimator::IsolationForest($model) => $value,
            Estimator::Isotonic($model) => $value,
            Estimator::KMeans($model) => $value,
            Estimator::KernelDensity($model) => $value,
            Estimator::KernelRidge($model) => $value,
            Estimator::LabelPropagation($model) => $value,
            Estimator::LightGbm($model) => $value,
            Estimator::Linear($model) => $value,
            Estimator::LinearDiscriminant($model) => $value,
            Estimator::LocalOutlierFactor($model) => $value,
            Estimator::Mixture($model) => $value,
            Estimator::MultiOutput($model) => $value,
            Estimator::Multiclass($model) => $value,
            Estimator::NaiveBayes($model) => $value,
            Estimator::NearestCentroid($model) => $value,
            Estimator::Neighbors($model) => $value,
            Estimator::Onnx($model) => $value,
            Estimator::Pca($model) => $value,
            Estimator::Perceptron($model) => $value,
            Estimator::Pipeline($model) => $value,
            Estimator::Quadratic($model) => $value,
            Estimator::Stacking($model) => $value,
            Estimator::Svm($model) => $value,
            Estimator::Threshold($model) => $value,
            Estimator::TransformedTarget($model) => $value,
            Estimator::Transformer($transformer) => $other,
            Estimator::Tree($model) => $value,
            Estimator::Voting($model) => $value,
            Estimator::Xgboost($model) => $value,
        }
    };
}

/// Anything with `transform`.
#[derive(Debug, Clone, PartialEq)]
pub enum Transformer {
    Scaler(Scaler),
    Normalizer(Normalizer),
    SimpleImputer(SimpleImputer),
    OneHotEncoder(OneHotEncoder),
    /// `OrdinalEncoder`, `TargetEncoder`.
    ValueEncoder(ValueEncoder),
    FunctionTransformer(FunctionTransformer),
    DerivedColumns(DerivedColumns),
    KBinsDiscretizer(KBinsDiscretizer),
    Binarizer(Binarizer),
    PolynomialFeatures(PolynomialFeatures),
    PowerTransformer(PowerTransformer),
    QuantileTransformer(QuantileTransformer),
    /// `VarianceThreshold`, `SelectKBest`, `SelectFromModel`.
    Selector(Selector),
    Embedding(Box<Embedding>),
    KnnImputer(Box<KnnImputer>),
    IterativeImputer(Box<IterativeImputer>),
    SplineTransformer(SplineTransformer),
    /// `PCA`, `TruncatedSVD`.
    Projection(Projection),
    TfidfTransformer(Box<TfidfTransformer>),
    /// `CountVectorizer`, `HashingVectorizer`, `TfidfVectorizer`.
    Vectorizer(Box<Vectorizer>),
    /// `BernoulliRBM`.
    BoltzmannMachine(Box<BoltzmannMachine>),
    /// `DictionaryLearning`, `MiniBatchDictionaryLearning`, `SparseCoder`.
    Dictionary(Box<Dictionary>),
    FeatureAgglomeration(Box<FeatureAgglomeration>),
    /// `Nystroem`, `RBFSampler` and their like.
    KernelApproximation(Box<KernelApproximation>),
    KernelCenterer(Box<KernelCenterer>),
    KernelPca(Box<KernelPca>),
    /// `Isomap`, `LocallyLinearEmbedding`.
    Manifold(Box<Manifold>),
    /// `NMF`, `MiniBatchNMF`.
    MatrixFactorization(Box<MatrixFactorization>),
    MissingIndicator(Box<MissingIndicator>),
    /// `SparseRandomProjection`.
    SparseProjection(Box<SparseProjection>),
    /// `LatentDirichletAllocation`.
    Topics(Box<Topics>),
    /// `ColumnTransformer`, `FeatureUnion`.
    Union(Union),
    /// Transformers one after the other.
    Pipeline(Vec<Transformer>),
    /// `KMeans` and others that are used for their `transform` inside a pipeline.
    Estimator(Box<Estimator>),
}

impl Estimator {
    /// The outputs this estimator has, in the order of [`Method::ALL`].
    pub fn methods(&self) -> Vec<Method> {
        for_each!(self, model => model.methods(), _transformer => vec![Method::Transform])
    }

    /// Number of input features.
    pub fn n_features(&self) -> usize {
        for_each!(self, model => model.n_features(), transformer => transformer.n_features_in())
    }

    /// Computes one output for each row of `x`, shape (rows, [`Estimator::n_features`]).
    ///
    /// # Errors
    /// When the estimator refuses a value (NaN, infinity, an unknown category), with scikit-learn's message.
    ///
    /// # Panics
    /// When `method` is not one of [`Estimator::methods`]: callers ask first.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        for_each!(self, model => model.call(method, x), transformer => transformer.transform(x.to_owned()).map(Output::Matrix))
    }
}

impl Transformer {
    /// Number of input features.
    pub fn n_features_in(&self) -> usize {
        match self {
            Transformer::Scaler(t) => t.n_features(),
            Transformer::Normalizer(t) => t.n_features(),
            Transformer::SimpleImputer(t) => t.n_features_in(),
            Transformer::OneHotEncoder(t) => t.n_features_in(),
            Transformer::ValueEncoder(t) => t.n_features_in(),
            Transformer::FunctionTransformer(t) => t.n_features,
            Transformer::DerivedColumns(t) => t.n_features_in(),
            Transformer::KBinsDiscretizer(t) => t.n_features_in(),
            Transformer::Binarizer(t) => t.n_features,
            Transformer::PolynomialFeatures(t) => t.n_features,
            Transformer::PowerTransformer(t) => t.n_features(),
            Transformer::QuantileTransformer(t) => t.n_features(),
            Transformer::Selector(t) => t.n_features,
            Transformer::Embedding(t) => t.n_features_in(),
            Transformer::KnnImputer(t) => t.n_features_in(),
            Transformer::IterativeImputer(t) => t.n_features_in(),
            Transformer::SplineTransformer(t) => t.n_features_in(),
            Transformer::Projection(t) => t.n_features_in(),
            Transformer::TfidfTransformer(t) => t.n_features,
            Transformer::Vectorizer(_) => 1,
            Transformer::BoltzmannMachine(t) => t.projection.n_features_in(),
            Transformer::Dictionary(t) => t.atoms.ncols(),
            Transformer::FeatureAgglomeration(t) => t.n_features,
            Transformer::KernelApproximation(t) => t.n_features,
            Transformer::KernelCenterer(t) => t.means.len(),
            Transformer::KernelPca(t) => t.n_features,
            Transformer::Manifold(t) => t.search.n_features,
            Transformer::MatrixFactorization(t) => t.n_features(),
            Transformer::MissingIndicator(t) => t.n_features,
            Transformer::SparseProjection(t) => t.n_features,
            Transformer::Topics(t) => t.words.ncols(),
            Transformer::Union(t) => t.n_features_in(),
            Transformer::Pipeline(steps) => steps.first().map_or(0, Transformer::n_features_in),
            Transformer::Estimator(e) => e.n_features(),
        }
    }

    /// Number of output features, for input of [`Transformer::n_features_in`].
    pub fn n_features_out(&self) -> usize {
        match self {
            Transformer::Scaler(t) => t.n_features(),
            Transformer::Normalizer(t) => t.n_features(),
            Transformer::SimpleImputer(t) => t.n_features_out(),
            Transformer::OneHotEncoder(t) => t.n_features_out(),
            Transformer::ValueEncoder(t) => t.n_features_out(),
            Transformer::FunctionTransformer(t) => t.n_features,
            Transformer::DerivedColumns(t) => t.n_features_out(),
            Transformer::KBinsDiscretizer(t) => t.n_features_out(),
            Transformer::Binarizer(t) => t.n_features,
            Transformer::PolynomialFeatures(t) => t.n_features_out(),
            Transformer::PowerTransformer(t) => t.n_features(),
            Transformer::QuantileTransformer(t) => t.n_features(),
            Transformer::Selector(t) => t.kept.len(),
            Transformer::Embedding(t) => t.n_features_out(),
            Transformer::KnnImputer(t) => t.n_features_out(),
            Transformer::IterativeImputer(t) => t.n_features_out(),
            Transformer::SplineTransformer(t) => t.n_features_out(),
            Transformer::Projection(t) => t.n_features_out(),
            Transformer::TfidfTransformer(t) => t.n_features,
            Transformer::Vectorizer(t) => t.n_features_out(),
            Transformer::BoltzmannMachine(t) => t.projection.n_features_out(),
            Transformer::Dictionary(t) => t.n_features_out(),
            Transformer::FeatureAgglomeration(t) => t.groups.len(),
            Transformer::KernelApproximation(t) => t.n_features_out(),
            Transformer::KernelCenterer(t) => t.means.len(),
            Transformer::KernelPca(t) => t.components.nrows(),
            Transformer::Manifold(t) => t.n_features_out(),
            Transformer::MatrixFactorization(t) => t.components.nrows(),
            Transformer::MissingIndicator(t) => t.columns.len(),
            Transformer::SparseProjection(t) => t.components.len(),
            Transformer::Topics(t) => t.words.nrows(),
            Transformer::Union(t) => t.n_features_out(),
            Transformer::Pipeline(steps) => steps.last().map_or(0, Transformer::n_features_out),
            Transformer::Estimator(e) => e.width(Method::Transform).unwrap_or_default(),
        }
    }

    /// Transforms all rows, in place where the shape stays the same.
    ///
    /// # Errors
    /// When the transformer refuses a value, with scikit-learn's message.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        match self {
            Transformer::Scaler(t) => t.transform(x),
            Transformer::Normalizer(t) => t.transform(x),
            Transformer::SimpleImputer(t) => t.transform(x),
            Transformer::OneHotEncoder(t) => t.transform(x),
            Transformer::ValueEncoder(t) => t.transform(x),
            Transformer::FunctionTransformer(t) => t.transform(x),
            Transformer::DerivedColumns(t) => t.transform(x),
            Transformer::KBinsDiscretizer(t) => t.transform(x),
            Transformer::Binarizer(t) => t.transform(x),
            Transformer::PolynomialFeatures(t) => t.transform(x),
            Transformer::PowerTransformer(t) => t.transform(x),
            Transformer::QuantileTransformer(t) => t.transform(x),
            Transformer::Selector(t) => t.transform(x),
            Transformer::Embedding(t) => t.transform(x),
            Transformer::KnnImputer(t) => t.transform(x),
            Transformer::IterativeImputer(t) => t.transform(x),
            Transformer::SplineTransformer(t) => t.transform(x),
            Transformer::Projection(t) => t.transform(x),
            Transformer::TfidfTransformer(t) => t.transform(x),
            Transformer::Vectorizer(t) => t.transform(x),
            Transformer::BoltzmannMachine(t) => t.transform(x),
            Transformer::Dictionary(t) => t.transform(x),
            Transformer::FeatureAgglomeration(t) => t.transform(x),
            Transformer::KernelApproximation(t) => t.transform(x),
            Transformer::KernelCenterer(t) => t.transform(x),
            Transformer::KernelPca(t) => t.transform(x),
            Transformer::Manifold(t) => t.transform(x),
            Transformer::MatrixFactorization(t) => t.transform(x),
            Transformer::MissingIndicator(t) => t.transform(x),
            Transformer::SparseProjection(t) => t.transform(x),
            Transformer::Topics(t) => t.transform(x),
            Transformer::Union(t) => t.transform(x),
            Transformer::Pipeline(steps) => steps.iter().try_fold(x, |x, step| step.transform(x)),
            Transformer::Estimator(e) => e.table(Method::Transform, x.view()),
        }
    }
}
