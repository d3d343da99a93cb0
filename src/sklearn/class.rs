//! Which class is read by which file: the one list of what scorelet supports.

use super::{
    BuildError, Context, agglomeration, bagging, bisecting_kmeans, calibration, cluster, compose, cross_decomposition,
    decomposition, derived, dictionary, discretization, discriminant_analysis, dummy, elliptic_envelope, embedding,
    encoders, factor_analysis, function, gaussian_process, gradient_boosting as gb, hist_gradient_boosting as hgb,
    impute, isolation_forest, isotonic, iterative_imputer, kernel_approximation, kernel_pca, kernel_ridge, kmeans,
    knn_imputer, label_propagation, lightgbm, linear, manifold, matrix_factorization, missing_indicator, mixture,
    multiclass, multioutput, naive_bayes, nearest_centroid, neighbors, neural_network, polynomial, power,
    preprocessing, quantile, random_projection, selection, spline, stacking, svm, target, text, threshold, topics,
    tree, voting, weight_boosting, wrappers, xgboost,
};
use crate::model::{Estimator, Transformer};
use crate::value::{Name, View};

/// Reads an object of one class.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    Estimator(fn(&View<'_, '_>, &mut Context) -> Result<Estimator, BuildError>),
    Transformer(fn(&View<'_, '_>, &mut Context) -> Result<Transformer, BuildError>),
    /// As the two above, of classes whose columns may hold texts: their readers say which do.
    EstimatorOfAny(fn(&View<'_, '_>, &mut Context) -> Result<Estimator, BuildError>),
    TransformerOfAny(fn(&View<'_, '_>, &mut Context) -> Result<Transformer, BuildError>),
    /// A transformer that holds others.
    Composite(fn(&View<'_, '_>, &mut Context) -> Result<Transformer, BuildError>),
    /// An estimator that hands its input on to others.
    Meta(fn(&View<'_, '_>, &mut Context) -> Result<Estimator, BuildError>),
    Pipeline,
}

/// A reader of estimators from a family's builder.
macro_rules! estimator {
    ($variant:ident, $builder:path) => {
        Reader::Estimator(|value, ctx| Ok(Estimator::$variant($builder(value, ctx)?)))
    };
    (any $variant:ident, $builder:path) => {
        Reader::EstimatorOfAny(|value, ctx| Ok(Estimator::$variant($builder(value, ctx)?)))
    };
    (any boxed $variant:ident, $builder:path) => {
        Reader::EstimatorOfAny(|value, ctx| Ok(Estimator::$variant(Box::new($builder(value, ctx)?))))
    };
    (boxed $variant:ident, $builder:path) => {
        Reader::Estimator(|value, ctx| Ok(Estimator::$variant(Box::new($builder(value, ctx)?))))
    };
}

/// A reader of estimators that hold others, from a family's builder.
macro_rules! meta {
    ($variant:ident, $builder:path) => {
        Reader::Meta(|value, ctx| Ok(Estimator::$variant($builder(value, ctx)?)))
    };
    (boxed $variant:ident, $builder:path) => {
        Reader::Meta(|value, ctx| Ok(Estimator::$variant(Box::new($builder(value, ctx)?))))
    };
}

/// A reader of transformers from a family's builder.
macro_rules! transformer {
    ($variant:ident, $builder:path) => {
        Reader::Transformer(|value, ctx| Ok(Transformer::$variant($builder(value, ctx)?)))
    };
    (boxed $variant:ident, $builder:path) => {
        Reader::Transformer(|value, ctx| Ok(Transformer::$variant(Box::new($builder(value, ctx)?))))
    };
    (any $variant:ident, $builder:path) => {
        Reader::TransformerOfAny(|value, ctx| Ok(Transformer::$variant($builder(value, ctx)?)))
    };
    (any boxed $variant:ident, $builder:path) => {
        Reader::TransformerOfAny(|value, ctx| Ok(Transformer::$variant(Box::new($builder(value, ctx)?))))
    };
    (composite boxed $variant:ident, $builder:path) => {
        Reader::Composite(|value, ctx| Ok(Transformer::$variant(Box::new($builder(value, ctx)?))))
    };
    (composite $variant:ident, $builder:path) => {
        Reader::Composite(|value, ctx| Ok(Transformer::$variant($builder(value, ctx)?)))
    };
}

/// Every supported class: the public package that it is imported from, its name, its reader. The private modules
/// between them have moved from version to version and do not matter.
const CLASSES: &[(&str, &str, Reader)] = &[
    ("lightgbm", "Booster", estimator!(any boxed LightGbm, lightgbm::booster)),
    ("lightgbm", "LGBMClassifier", estimator!(any boxed LightGbm, lightgbm::estimator)),
    ("lightgbm", "LGBMRanker", estimator!(any boxed LightGbm, lightgbm::estimator)),
    ("lightgbm", "LGBMRegressor", estimator!(any boxed LightGbm, lightgbm::estimator)),
    ("scorelet.features", "DerivedColumns", transformer!(any DerivedColumns, derived::derived_columns)),
    ("sklearn.calibration", "CalibratedClassifierCV", meta!(boxed Calibrated, calibration::calibrated)),
    ("sklearn.cluster", "AffinityPropagation", estimator!(boxed Cluster, cluster::affinity_propagation)),
    ("sklearn.cluster", "Birch", estimator!(boxed Cluster, cluster::birch)),
    ("sklearn.cluster", "BisectingKMeans", estimator!(boxed BisectingKMeans, bisecting_kmeans::bisecting_kmeans)),
    (
        "sklearn.cluster",
        "FeatureAgglomeration",
        transformer!(boxed FeatureAgglomeration, agglomeration::feature_agglomeration),
    ),
    ("sklearn.cluster", "KMeans", estimator!(KMeans, kmeans::kmeans)),
    ("sklearn.cluster", "MeanShift", estimator!(boxed Cluster, cluster::mean_shift)),
    ("sklearn.cluster", "MiniBatchKMeans", estimator!(KMeans, kmeans::kmeans)),
    ("sklearn.compose", "ColumnTransformer", transformer!(composite Union, compose::column_transformer)),
    ("sklearn.compose", "TransformedTargetRegressor", meta!(boxed TransformedTarget, target::transformed_target)),
    (
        "sklearn.covariance",
        "EllipticEnvelope",
        estimator!(boxed EllipticEnvelope, elliptic_envelope::elliptic_envelope),
    ),
    ("sklearn.cross_decomposition", "CCA", estimator!(boxed CrossDecomposition, cross_decomposition::pls)),
    ("sklearn.cross_decomposition", "PLSCanonical", estimator!(boxed CrossDecomposition, cross_decomposition::pls)),
    ("sklearn.cross_decomposition", "PLSRegression", estimator!(boxed CrossDecomposition, cross_decomposition::pls)),
    ("sklearn.cross_decomposition", "PLSSVD", estimator!(boxed CrossDecomposition, cross_decomposition::pls_svd)),
    ("sklearn.decomposition", "DictionaryLearning", transformer!(boxed Dictionary, dictionary::dictionary)),
    ("sklearn.decomposition", "FactorAnalysis", estimator!(boxed FactorAnalysis, factor_analysis::factor_analysis)),
    ("sklearn.decomposition", "FastICA", transformer!(Projection, decomposition::fast_ica)),
    ("sklearn.decomposition", "IncrementalPCA", transformer!(Projection, decomposition::pca)),
    ("sklearn.decomposition", "KernelPCA", transformer!(boxed KernelPca, kernel_pca::kernel_pca)),
    ("sklearn.decomposition", "LatentDirichletAllocation", transformer!(boxed Topics, topics::topics)),
    ("sklearn.decomposition", "MiniBatchDictionaryLearning", transformer!(boxed Dictionary, dictionary::dictionary)),
    (
        "sklearn.decomposition",
        "MiniBatchNMF",
        transformer!(boxed MatrixFactorization, matrix_factorization::matrix_factorization),
    ),
    ("sklearn.decomposition", "MiniBatchSparsePCA", transformer!(Projection, factor_analysis::sparse_pca)),
    (
        "sklearn.decomposition",
        "NMF",
        transformer!(boxed MatrixFactorization, matrix_factorization::matrix_factorization),
    ),
    ("sklearn.decomposition", "PCA", transformer!(Projection, decomposition::pca)),
    ("sklearn.decomposition", "SparseCoder", transformer!(boxed Dictionary, dictionary::dictionary)),
    ("sklearn.decomposition", "SparsePCA", transformer!(Projection, factor_analysis::sparse_pca)),
    ("sklearn.decomposition", "TruncatedSVD", transformer!(Projection, decomposition::truncated_svd)),
    (
        "sklearn.discriminant_analysis",
        "LinearDiscriminantAnalysis",
        estimator!(boxed LinearDiscriminant, discriminant_analysis::linear),
    ),
    (
        "sklearn.discriminant_analysis",
        "QuadraticDiscriminantAnalysis",
        estimator!(boxed Quadratic, discriminant_analysis::quadratic),
    ),
    ("sklearn.dummy", "DummyClassifier", estimator!(Dummy, dummy::classifier)),
    ("sklearn.dummy", "DummyRegressor", estimator!(Dummy, dummy::regressor)),
    ("sklearn.ensemble", "AdaBoostClassifier", meta!(boxed AdaBoost, weight_boosting::ada_boost)),
    ("sklearn.ensemble", "AdaBoostRegressor", meta!(boxed AdaBoost, weight_boosting::ada_boost)),
    ("sklearn.ensemble", "BaggingClassifier", meta!(boxed Bagging, bagging::bagging)),
    ("sklearn.ensemble", "BaggingRegressor", meta!(boxed Bagging, bagging::bagging)),
    ("sklearn.ensemble", "ExtraTreesClassifier", estimator!(Tree, tree::forest)),
    ("sklearn.ensemble", "ExtraTreesRegressor", estimator!(Tree, tree::forest)),
    ("sklearn.ensemble", "GradientBoostingClassifier", estimator!(boxed GradientBoosting, gb::gradient_boosting)),
    ("sklearn.ensemble", "GradientBoostingRegressor", estimator!(boxed GradientBoosting, gb::gradient_boosting)),
    (
        "sklearn.ensemble",
        "HistGradientBoostingClassifier",
        estimator!(any HistGradientBoosting, hgb::hist_gradient_boosting),
    ),
    (
        "sklearn.ensemble",
        "HistGradientBoostingRegressor",
        estimator!(any HistGradientBoosting, hgb::hist_gradient_boosting),
    ),
    ("sklearn.ensemble", "IsolationForest", estimator!(IsolationForest, isolation_forest::isolation_forest)),
    ("sklearn.ensemble", "RandomForestClassifier", estimator!(Tree, tree::forest)),
    ("sklearn.ensemble", "RandomForestRegressor", estimator!(Tree, tree::forest)),
    ("sklearn.ensemble", "RandomTreesEmbedding", transformer!(boxed Embedding, embedding::random_trees_embedding)),
    ("sklearn.ensemble", "StackingClassifier", meta!(boxed Stacking, stacking::stacking)),
    ("sklearn.ensemble", "StackingRegressor", meta!(boxed Stacking, stacking::stacking)),
    ("sklearn.ensemble", "VotingClassifier", meta!(boxed Voting, voting::voting)),
    ("sklearn.ensemble", "VotingRegressor", meta!(boxed Voting, voting::voting)),
    ("sklearn.feature_extraction", "CountVectorizer", transformer!(any boxed Vectorizer, text::vectorizer)),
    ("sklearn.feature_extraction", "HashingVectorizer", transformer!(any boxed Vectorizer, text::hashing_vectorizer)),
    ("sklearn.feature_extraction", "TfidfTransformer", transformer!(boxed TfidfTransformer, text::tfidf_transformer)),
    ("sklearn.feature_extraction", "TfidfVectorizer", transformer!(any boxed Vectorizer, text::vectorizer)),
    (
        "sklearn.feature_selection",
        "GenericUnivariateSelect",
        transformer!(Selector, selection::generic_univariate_select),
    ),
    ("sklearn.feature_selection", "RFE", transformer!(composite Selector, selection::by_support)),
    ("sklearn.feature_selection", "RFECV", transformer!(composite Selector, selection::by_support)),
    ("sklearn.feature_selection", "SelectFdr", transformer!(Selector, selection::select_by_p_values)),
    ("sklearn.feature_selection", "SelectFpr", transformer!(Selector, selection::select_by_p_values)),
    ("sklearn.feature_selection", "SelectFromModel", transformer!(Selector, selection::select_from_model)),
    ("sklearn.feature_selection", "SelectFwe", transformer!(Selector, selection::select_by_p_values)),
    ("sklearn.feature_selection", "SelectKBest", transformer!(Selector, selection::select_k_best)),
    ("sklearn.feature_selection", "SelectPercentile", transformer!(Selector, selection::select_percentile)),
    ("sklearn.feature_selection", "SequentialFeatureSelector", transformer!(Selector, selection::by_support)),
    ("sklearn.feature_selection", "VarianceThreshold", transformer!(Selector, selection::variance_threshold)),
    ("sklearn.frozen", "FrozenEstimator", Reader::Meta(wrappers::frozen)),
    (
        "sklearn.gaussian_process",
        "GaussianProcessClassifier",
        estimator!(boxed GaussianProcess, gaussian_process::classifier),
    ),
    (
        "sklearn.gaussian_process",
        "GaussianProcessRegressor",
        estimator!(boxed GaussianProcess, gaussian_process::regressor),
    ),
    (
        "sklearn.gaussian_process",
        "_BinaryGaussianProcessClassifierLaplace",
        estimator!(boxed GaussianProcess, gaussian_process::binary),
    ),
    (
        "sklearn.impute",
        "IterativeImputer",
        transformer!(composite boxed IterativeImputer, iterative_imputer::iterative_imputer),
    ),
    ("sklearn.impute", "KNNImputer", transformer!(boxed KnnImputer, knn_imputer::knn_imputer)),
    ("sklearn.impute", "MissingIndicator", transformer!(boxed MissingIndicator, missing_indicator::missing_indicator)),
    ("sklearn.impute", "SimpleImputer", transformer!(any SimpleImputer, impute::simple_imputer)),
    ("sklearn.isotonic", "IsotonicRegression", estimator!(Isotonic, isotonic::isotonic)),
    (
        "sklearn.kernel_approximation",
        "AdditiveChi2Sampler",
        transformer!(boxed KernelApproximation, kernel_approximation::additive_chi2),
    ),
    (
        "sklearn.kernel_approximation",
        "Nystroem",
        transformer!(boxed KernelApproximation, kernel_approximation::nystroem),
    ),
    (
        "sklearn.kernel_approximation",
        "PolynomialCountSketch",
        transformer!(boxed KernelApproximation, kernel_approximation::count_sketch),
    ),
    (
        "sklearn.kernel_approximation",
        "RBFSampler",
        transformer!(boxed KernelApproximation, kernel_approximation::fourier),
    ),
    (
        "sklearn.kernel_approximation",
        "SkewedChi2Sampler",
        transformer!(boxed KernelApproximation, kernel_approximation::fourier),
    ),
    ("sklearn.kernel_ridge", "KernelRidge", estimator!(boxed KernelRidge, kernel_ridge::kernel_ridge)),
    ("sklearn.linear_model", "ARDRegression", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "BayesianRidge", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "ElasticNet", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "ElasticNetCV", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "GammaRegressor", estimator!(Linear, linear::log_link_regressor)),
    ("sklearn.linear_model", "HuberRegressor", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "Lars", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "LarsCV", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "Lasso", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "LassoCV", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "LassoLars", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "LassoLarsCV", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "LassoLarsIC", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "LinearRegression", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "LogisticRegression", estimator!(Linear, linear::logistic_regression)),
    ("sklearn.linear_model", "LogisticRegressionCV", estimator!(Linear, linear::logistic_regression)),
    ("sklearn.linear_model", "MultiTaskElasticNet", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "MultiTaskElasticNetCV", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "MultiTaskLasso", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "MultiTaskLassoCV", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "OrthogonalMatchingPursuit", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "OrthogonalMatchingPursuitCV", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "PassiveAggressiveClassifier", estimator!(Linear, linear::classifier)),
    ("sklearn.linear_model", "PassiveAggressiveRegressor", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "Perceptron", estimator!(Linear, linear::classifier)),
    ("sklearn.linear_model", "PoissonRegressor", estimator!(Linear, linear::log_link_regressor)),
    ("sklearn.linear_model", "QuantileRegressor", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "RANSACRegressor", Reader::Meta(wrappers::ransac)),
    ("sklearn.linear_model", "Ridge", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "RidgeCV", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "RidgeClassifier", estimator!(Linear, linear::classifier)),
    ("sklearn.linear_model", "RidgeClassifierCV", estimator!(Linear, linear::classifier)),
    ("sklearn.linear_model", "SGDClassifier", estimator!(Linear, linear::sgd_classifier)),
    ("sklearn.linear_model", "SGDOneClassSVM", estimator!(Linear, linear::one_class_svm)),
    ("sklearn.linear_model", "SGDRegressor", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "TheilSenRegressor", estimator!(Linear, linear::regressor)),
    ("sklearn.linear_model", "TweedieRegressor", estimator!(Linear, linear::tweedie_regressor)),
    ("sklearn.manifold", "Isomap", transformer!(boxed Manifold, manifold::isomap)),
    ("sklearn.manifold", "LocallyLinearEmbedding", transformer!(boxed Manifold, manifold::locally_linear)),
    ("sklearn.mixture", "BayesianGaussianMixture", estimator!(boxed Mixture, mixture::mixture)),
    ("sklearn.mixture", "GaussianMixture", estimator!(boxed Mixture, mixture::mixture)),
    ("sklearn.model_selection", "FixedThresholdClassifier", meta!(boxed Threshold, threshold::threshold)),
    ("sklearn.model_selection", "GridSearchCV", Reader::Meta(wrappers::search)),
    ("sklearn.model_selection", "HalvingGridSearchCV", Reader::Meta(wrappers::search)),
    ("sklearn.model_selection", "HalvingRandomSearchCV", Reader::Meta(wrappers::search)),
    ("sklearn.model_selection", "RandomizedSearchCV", Reader::Meta(wrappers::search)),
    ("sklearn.model_selection", "TunedThresholdClassifierCV", meta!(boxed Threshold, threshold::threshold)),
    ("sklearn.multiclass", "OneVsOneClassifier", meta!(boxed Multiclass, multiclass::one_vs_one)),
    ("sklearn.multiclass", "OneVsRestClassifier", meta!(boxed Multiclass, multiclass::one_vs_rest)),
    ("sklearn.multiclass", "OutputCodeClassifier", meta!(boxed Multiclass, multiclass::output_code)),
    ("sklearn.multioutput", "ClassifierChain", meta!(boxed Chain, multioutput::chain)),
    ("sklearn.multioutput", "MultiOutputClassifier", meta!(MultiOutput, multioutput::multi_output)),
    ("sklearn.multioutput", "MultiOutputRegressor", meta!(MultiOutput, multioutput::multi_output)),
    ("sklearn.multioutput", "RegressorChain", meta!(boxed Chain, multioutput::chain)),
    ("sklearn.naive_bayes", "BernoulliNB", estimator!(boxed NaiveBayes, naive_bayes::naive_bayes)),
    ("sklearn.naive_bayes", "CategoricalNB", estimator!(boxed NaiveBayes, naive_bayes::naive_bayes)),
    ("sklearn.naive_bayes", "ComplementNB", estimator!(boxed NaiveBayes, naive_bayes::naive_bayes)),
    ("sklearn.naive_bayes", "GaussianNB", estimator!(boxed NaiveBayes, naive_bayes::naive_bayes)),
    ("sklearn.naive_bayes", "MultinomialNB", estimator!(boxed NaiveBayes, naive_bayes::naive_bayes)),
    ("sklearn.neighbors", "KNeighborsClassifier", estimator!(boxed Neighbors, neighbors::neighbors)),
    ("sklearn.neighbors", "KNeighborsRegressor", estimator!(boxed Neighbors, neighbors::neighbors)),
    ("sklearn.neighbors", "KernelDensity", estimator!(boxed KernelDensity, neighbors::kernel_density)),
    ("sklearn.neighbors", "LocalOutlierFactor", estimator!(boxed LocalOutlierFactor, neighbors::local_outlier_factor)),
    ("sklearn.neighbors", "NearestCentroid", estimator!(boxed NearestCentroid, nearest_centroid::nearest_centroid)),
    ("sklearn.neighbors", "NeighborhoodComponentsAnalysis", transformer!(Projection, random_projection::projection)),
    ("sklearn.neighbors", "RadiusNeighborsClassifier", estimator!(boxed Neighbors, neighbors::neighbors)),
    ("sklearn.neighbors", "RadiusNeighborsRegressor", estimator!(boxed Neighbors, neighbors::neighbors)),
    (
        "sklearn.neural_network",
        "BernoulliRBM",
        transformer!(boxed BoltzmannMachine, random_projection::boltzmann_machine),
    ),
    ("sklearn.neural_network", "MLPClassifier", estimator!(boxed Perceptron, neural_network::perceptron)),
    ("sklearn.neural_network", "MLPRegressor", estimator!(boxed Perceptron, neural_network::perceptron)),
    ("sklearn.pipeline", "FeatureUnion", transformer!(composite Union, compose::feature_union)),
    ("sklearn.pipeline", "Pipeline", Reader::Pipeline),
    ("sklearn.preprocessing", "Binarizer", transformer!(Binarizer, discretization::binarizer)),
    (
        "sklearn.preprocessing",
        "FunctionTransformer",
        transformer!(any FunctionTransformer, function::function_transformer),
    ),
    ("sklearn.preprocessing", "KBinsDiscretizer", transformer!(KBinsDiscretizer, discretization::k_bins_discretizer)),
    ("sklearn.preprocessing", "KernelCenterer", transformer!(boxed KernelCenterer, kernel_pca::kernel_centerer)),
    ("sklearn.preprocessing", "MaxAbsScaler", transformer!(Scaler, preprocessing::max_abs_scaler)),
    ("sklearn.preprocessing", "MinMaxScaler", transformer!(Scaler, preprocessing::min_max_scaler)),
    ("sklearn.preprocessing", "Normalizer", transformer!(Normalizer, preprocessing::normalizer)),
    ("sklearn.preprocessing", "OneHotEncoder", transformer!(any OneHotEncoder, encoders::one_hot_encoder)),
    ("sklearn.preprocessing", "OrdinalEncoder", transformer!(any ValueEncoder, encoders::ordinal_encoder)),
    ("sklearn.preprocessing", "PolynomialFeatures", transformer!(PolynomialFeatures, polynomial::polynomial_features)),
    ("sklearn.preprocessing", "PowerTransformer", transformer!(PowerTransformer, power::power_transformer)),
    ("sklearn.preprocessing", "QuantileTransformer", transformer!(QuantileTransformer, quantile::quantile_transformer)),
    ("sklearn.preprocessing", "RobustScaler", transformer!(Scaler, preprocessing::robust_scaler)),
    ("sklearn.preprocessing", "SplineTransformer", transformer!(SplineTransformer, spline::spline_transformer)),
    ("sklearn.preprocessing", "StandardScaler", transformer!(Scaler, preprocessing::standard_scaler)),
    ("sklearn.preprocessing", "TargetEncoder", transformer!(any ValueEncoder, encoders::target_encoder)),
    ("sklearn.random_projection", "GaussianRandomProjection", transformer!(Projection, random_projection::projection)),
    (
        "sklearn.random_projection",
        "SparseRandomProjection",
        transformer!(boxed SparseProjection, random_projection::sparse_projection),
    ),
    (
        "sklearn.semi_supervised",
        "LabelPropagation",
        estimator!(boxed LabelPropagation, label_propagation::label_propagation),
    ),
    (
        "sklearn.semi_supervised",
        "LabelSpreading",
        estimator!(boxed LabelPropagation, label_propagation::label_propagation),
    ),
    ("sklearn.semi_supervised", "SelfTrainingClassifier", Reader::Meta(wrappers::self_training)),
    ("sklearn.svm", "LinearSVC", estimator!(Linear, linear::classifier)),
    ("sklearn.svm", "LinearSVR", estimator!(Linear, linear::regressor)),
    ("sklearn.svm", "NuSVC", estimator!(boxed Svm, svm::svm)),
    ("sklearn.svm", "NuSVR", estimator!(boxed Svm, svm::svm)),
    ("sklearn.svm", "OneClassSVM", estimator!(boxed Svm, svm::svm)),
    ("sklearn.svm", "SVC", estimator!(boxed Svm, svm::svm)),
    ("sklearn.svm", "SVR", estimator!(boxed Svm, svm::svm)),
    ("sklearn.tree", "DecisionTreeClassifier", estimator!(Tree, tree::decision_tree)),
    ("sklearn.tree", "DecisionTreeRegressor", estimator!(Tree, tree::decision_tree)),
    ("sklearn.tree", "ExtraTreeClassifier", estimator!(Tree, tree::decision_tree)),
    ("sklearn.tree", "ExtraTreeRegressor", estimator!(Tree, tree::decision_tree)),
    ("xgboost", "Booster", estimator!(boxed Xgboost, xgboost::booster)),
    ("xgboost", "XGBClassifier", estimator!(boxed Xgboost, xgboost::estimator)),
    ("xgboost", "XGBRFClassifier", estimator!(boxed Xgboost, xgboost::estimator)),
    ("xgboost", "XGBRFRegressor", estimator!(boxed Xgboost, xgboost::estimator)),
    ("xgboost", "XGBRanker", estimator!(boxed Xgboost, xgboost::estimator)),
    ("xgboost", "XGBRegressor", estimator!(boxed Xgboost, xgboost::estimator)),
];

/// Every supported class of scikit-learn as users import it, `sklearn.svm.LinearSVC`, in alphabetical order.
pub fn supported() -> impl Iterator<Item = String> {
    CLASSES
        .iter()
        .filter(|(package, name, _)| package.starts_with("sklearn.") && !name.starts_with('_'))
        .map(|(package, name, _)| format!("{package}.{name}"))
}

/// As [`supported`], of XGBoost and LightGBM.
pub fn boosters() -> impl Iterator<Item = String> {
    let own = CLASSES.iter().filter(|(package, ..)| ["lightgbm", "xgboost"].contains(package));
    own.map(|(package, name, _)| format!("{package}.{name}"))
}

/// Whether scorelet computes objects of that class.
pub(super) fn is_supported(class: &Name<'_>) -> bool {
    reader(class).is_some()
}

/// Whether objects of that class are computed by computing the estimators in them.
pub(super) fn is_composite(class: &Name<'_>) -> bool {
    matches!(reader(class), Some(Reader::Composite(_) | Reader::Meta(_) | Reader::Pipeline))
}

pub(super) fn reader(class: &Name<'_>) -> Option<Reader> {
    CLASSES.iter().find(|(package, name, _)| is_of(class, package, name)).map(|(_, _, reader)| *reader)
}

/// Whether a class is the one of that name which is imported from `package`, whatever private module it stands in.
pub(super) fn is_of(class: &Name<'_>, package: &str, name: &str) -> bool {
    let within = |rest: &str| rest.is_empty() || rest.starts_with('.');
    class.name == name && class.module.strip_prefix(package).is_some_and(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_wherever_their_module_moved() {
        for (module, name, expected) in [
            ("sklearn.linear_model._base", "LinearRegression", true),
            ("sklearn.linear_model.base", "LinearRegression", true),
            ("sklearn.linear_model", "LinearRegression", true),
            ("sklearn.linear_modelling", "LinearRegression", false),
            ("lightgbm.sklearn.linear_model", "LinearRegression", false),
            ("sklearn.linear_model._base", "linearRegression", false),
            ("sklearn.cluster._kmeans", "LinearRegression", false),
        ] {
            let class = Name { module: module.into(), name: name.into() };
            assert_eq!(is_supported(&class), expected, "{class}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_names_each_class_once() {
        let all: Vec<String> = supported().collect();
        assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    }
}
