//! The names that a file may mention, in three disjoint lists: functions it may call, classes it may make objects
//! of, and names that only stand as values.
//!
//! Matched exactly, module and name; never resolved, imported or called. "Call" below means that the reader knows
//! what the call would have made: either it rebuilds that value itself (numpy arrays), or it records the arguments.
//! The lists hold what scikit-learn 1.1 to 1.9 wrote with numpy 1 and 2 (protocols 0 to 5 and joblib), and the plain
//! values of Python, numpy and pandas that people put into a bundle's metadata.

/// What the reader does where the file calls a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Records the arguments in an object.
    Record,
    /// Makes an array that a BUILD fills.
    NumpyReconstruct,
    NumpyFromBuffer,
    NumpyScalar,
    NumpyDType,
    /// `_codecs.encode(text, 'latin1')`: how protocols 0 to 2 spell bytes.
    Encode,
    /// `bytes()` and `bytearray(…)`.
    Bytes,
    /// `set([…])` and `frozenset([…])`.
    Set,
    /// `copyreg._reconstructor(class, object, None)`: how protocols 0 and 1 spell NEWOBJ.
    Reconstructor,
    /// `functools.partial` of the one function that HistGradientBoosting binds.
    Partial,
}

/// What a name may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Call(Call),
    Class,
    Value,
}

/// The allowed name, in static text, and its role; `None` for every other name.
pub(super) fn find(module: &str, name: &str) -> Option<(&'static str, &'static str, Role)> {
    let named = |(m, names, role): (&'static str, &'static [&'static str], Role)| {
        (m == module).then(|| names.iter().find(|n| **n == name).map(|n| (m, *n, role))).flatten()
    };
    let called = CALLS.iter().find(|(m, n, _)| *m == module && *n == name).map(|(m, n, c)| (*m, *n, Role::Call(*c)));
    called
        .or_else(|| RECORDED.iter().find_map(|(m, names)| named((m, names, Role::Call(Call::Record)))))
        .or_else(|| CLASSES.iter().find_map(|(m, names)| named((m, names, Role::Class))))
        .or_else(|| VALUES.iter().find_map(|(m, names)| named((m, names, Role::Value))))
}

/// Functions whose result the reader makes itself.
const CALLS: &[(&str, &str, Call)] = &[
    ("__builtin__", "bytearray", Call::Bytes),
    ("__builtin__", "bytes", Call::Bytes),
    ("__builtin__", "frozenset", Call::Set),
    ("__builtin__", "set", Call::Set),
    ("_codecs", "encode", Call::Encode),
    ("builtins", "bytearray", Call::Bytes),
    ("builtins", "bytes", Call::Bytes),
    ("builtins", "frozenset", Call::Set),
    ("builtins", "set", Call::Set),
    ("copy_reg", "_reconstructor", Call::Reconstructor),
    ("copyreg", "_reconstructor", Call::Reconstructor),
    ("functools", "partial", Call::Partial),
    ("numpy", "dtype", Call::NumpyDType),
    ("numpy._core.multiarray", "_reconstruct", Call::NumpyReconstruct),
    ("numpy._core.multiarray", "scalar", Call::NumpyScalar),
    ("numpy._core.numeric", "_frombuffer", Call::NumpyFromBuffer),
    ("numpy.core.multiarray", "_reconstruct", Call::NumpyReconstruct),
    ("numpy.core.multiarray", "scalar", Call::NumpyScalar),
    ("numpy.core.numeric", "_frombuffer", Call::NumpyFromBuffer),
];

/// Functions whose arguments are recorded.
#[rustfmt::skip]
const RECORDED: &[(&str, &[&str])] = &[
    ("__builtin__", &["complex", "slice"]),
    ("_loss", &[
        "CyAbsoluteError", "CyExponentialLoss", "CyHalfBinomialLoss", "CyHalfGammaLoss", "CyHalfPoissonLoss",
        "CyHalfSquaredError", "CyHalfTweedieLoss", "CyHalfTweedieLossIdentity", "CyHuberLoss", "CyPinballLoss",
        "__pyx_unpickle_CyAbsoluteError", "__pyx_unpickle_CyExponentialLoss", "__pyx_unpickle_CyHalfBinomialLoss",
        "__pyx_unpickle_CyHalfGammaLoss", "__pyx_unpickle_CyHalfMultinomialLoss", "__pyx_unpickle_CyHalfPoissonLoss",
        "__pyx_unpickle_CyHalfSquaredError", "__pyx_unpickle_CyHalfTweedieLoss",
        "__pyx_unpickle_CyHalfTweedieLossIdentity", "__pyx_unpickle_CyHuberLoss", "__pyx_unpickle_CyPinballLoss",
    ]),
    ("builtins", &["complex", "slice"]),
    ("collections", &["OrderedDict", "defaultdict"]),
    ("datetime", &["date", "datetime", "time", "timedelta", "timezone"]),
    ("decimal", &["Decimal"]),
    ("numpy.ma.core", &["_mareconstruct"]),
    ("numpy.random._pickle", &["__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor"]),
    ("numpy.random.bit_generator", &["__pyx_unpickle_SeedSequence"]),
    ("pandas", &["StringDtype"]),
    ("pandas._libs.arrays", &["__pyx_unpickle_NDArrayBacked"]),
    ("pandas._libs.internals", &["_unpickle_block"]),
    ("pandas._libs.tslibs.timestamps", &["_unpickle_timestamp"]),
    ("pandas.core.indexes.base", &["_new_Index"]),
    ("pandas.core.internals.managers", &["BlockManager"]),
    ("pathlib", &["PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"]),
    ("pathlib._local", &["PosixPath", "WindowsPath"]),
    ("sklearn._loss._loss", &[
        "CyAbsoluteError", "CyExponentialLoss", "CyHalfBinomialLoss", "CyHalfGammaLoss", "CyHalfPoissonLoss",
        "CyHalfSquaredError", "CyHalfTweedieLoss", "CyHalfTweedieLossIdentity", "CyHuberLoss", "CyPinballLoss",
        "__pyx_unpickle_CyAbsoluteError", "__pyx_unpickle_CyExponentialLoss", "__pyx_unpickle_CyHalfBinomialLoss",
        "__pyx_unpickle_CyHalfGammaLoss", "__pyx_unpickle_CyHalfMultinomialLoss", "__pyx_unpickle_CyHalfPoissonLoss",
        "__pyx_unpickle_CyHalfSquaredError", "__pyx_unpickle_CyHalfTweedieLoss",
        "__pyx_unpickle_CyHalfTweedieLossIdentity", "__pyx_unpickle_CyHuberLoss", "__pyx_unpickle_CyPinballLoss",
    ]),
    ("sklearn.linear_model._sgd_fast", &[
        "EpsilonInsensitive", "Hinge", "Huber", "Log", "ModifiedHuber", "SquaredEpsilonInsensitive", "SquaredHinge",
        "SquaredLoss",
    ]),
    ("sklearn.metrics._dist_metrics", &["newObj"]),
    ("sklearn.neighbors._ball_tree", &["newObj"]),
    ("sklearn.neighbors._kd_tree", &["newObj"]),
    ("sklearn.tree._tree", &["Tree"]),
    ("zoneinfo", &["ZoneInfo._unpickle"]),
];

/// Classes that NEWOBJ may make objects of.
#[rustfmt::skip]
const CLASSES: &[(&str, &[&str])] = &[
    ("joblib.numpy_pickle", &["NumpyArrayWrapper"]),
    ("lightgbm.basic", &["Booster"]),
    ("lightgbm.sklearn", &["LGBMClassifier", "LGBMRanker", "LGBMRegressor"]),
    ("pandas", &["DataFrame"]),
    ("pandas.core.frame", &["DataFrame"]),
    ("scipy.interpolate._bsplines", &["BSpline"]),
    ("scipy.sparse._csc", &["csc_array", "csc_matrix"]),
    ("scipy.sparse._csr", &["csr_array", "csr_matrix"]),
    ("scipy.sparse._dia", &["dia_array", "dia_matrix"]),
    ("scipy.sparse.csc", &["csc_matrix"]),
    ("scipy.sparse.csr", &["csr_matrix"]),
    ("scipy.sparse.dia", &["dia_matrix"]),
    ("sklearn._loss.link", &[
        "HalfLogitLink", "IdentityLink", "Interval", "LogLink", "LogitLink", "MultinomialLogit",
    ]),
    ("sklearn._loss.loss", &[
        "AbsoluteError", "ExponentialLoss", "HalfBinomialLoss", "HalfGammaLoss", "HalfMultinomialLoss",
        "HalfPoissonLoss", "HalfSquaredError", "HalfTweedieLoss", "HalfTweedieLossIdentity", "HuberLoss", "PinballLoss",
    ]),
    ("sklearn.calibration", &["CalibratedClassifierCV", "_CalibratedClassifier", "_SigmoidCalibration", "_TemperatureScaling"]),
    ("sklearn.cluster._agglomerative", &["AgglomerativeClustering", "FeatureAgglomeration"]),
    ("sklearn.cluster._affinity_propagation", &["AffinityPropagation"]),
    ("sklearn.cluster._bicluster", &["SpectralBiclustering", "SpectralCoclustering"]),
    ("sklearn.cluster._birch", &["Birch", "_CFNode", "_CFSubcluster"]),
    ("sklearn.cluster._bisect_k_means", &["BisectingKMeans", "_BisectingTree"]),
    ("sklearn.cluster._dbscan", &["DBSCAN"]),
    ("sklearn.cluster._hdbscan.hdbscan", &["HDBSCAN"]),
    ("sklearn.cluster._kmeans", &["KMeans", "MiniBatchKMeans"]),
    ("sklearn.cluster._mean_shift", &["MeanShift"]),
    ("sklearn.cluster._optics", &["OPTICS"]),
    ("sklearn.cluster._spectral", &["SpectralClustering"]),
    ("sklearn.compose._column_transformer", &["ColumnTransformer", "_RemainderColsList", "make_column_selector"]),
    ("sklearn.compose._target", &["TransformedTargetRegressor"]),
    ("sklearn.covariance._elliptic_envelope", &["EllipticEnvelope"]),
    ("sklearn.covariance._empirical_covariance", &["EmpiricalCovariance"]),
    ("sklearn.covariance._graph_lasso", &["GraphicalLasso", "GraphicalLassoCV"]),
    ("sklearn.covariance._robust_covariance", &["MinCovDet"]),
    ("sklearn.covariance._shrunk_covariance", &["LedoitWolf", "OAS", "ShrunkCovariance"]),
    ("sklearn.cross_decomposition._pls", &["CCA", "PLSCanonical", "PLSRegression", "PLSSVD"]),
    ("sklearn.decomposition._dict_learning", &["DictionaryLearning", "MiniBatchDictionaryLearning", "SparseCoder"]),
    ("sklearn.decomposition._factor_analysis", &["FactorAnalysis"]),
    ("sklearn.decomposition._fastica", &["FastICA"]),
    ("sklearn.decomposition._incremental_pca", &["IncrementalPCA"]),
    ("sklearn.decomposition._kernel_pca", &["KernelPCA"]),
    ("sklearn.decomposition._lda", &["LatentDirichletAllocation"]),
    ("sklearn.decomposition._nmf", &["MiniBatchNMF", "NMF"]),
    ("sklearn.decomposition._pca", &["PCA"]),
    ("sklearn.decomposition._sparse_pca", &["MiniBatchSparsePCA", "SparsePCA"]),
    ("sklearn.decomposition._truncated_svd", &["TruncatedSVD"]),
    ("sklearn.discriminant_analysis", &["LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"]),
    ("sklearn.dummy", &["DummyClassifier", "DummyRegressor"]),
    ("sklearn.ensemble._bagging", &["BaggingClassifier", "BaggingRegressor"]),
    ("sklearn.ensemble._forest", &[
        "ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor",
        "RandomTreesEmbedding",
    ]),
    ("sklearn.ensemble._gb", &["GradientBoostingClassifier", "GradientBoostingRegressor"]),
    ("sklearn.ensemble._gb_losses", &[
        "BinomialDeviance", "ExponentialLoss", "HuberLossFunction", "LeastAbsoluteError", "LeastSquaresError",
        "MultinomialDeviance", "QuantileLossFunction",
    ]),
    ("sklearn.ensemble._hist_gradient_boosting.binning", &["_BinMapper"]),
    ("sklearn.ensemble._hist_gradient_boosting.gradient_boosting", &[
        "HistGradientBoostingClassifier", "HistGradientBoostingRegressor",
    ]),
    ("sklearn.ensemble._hist_gradient_boosting.predictor", &["TreePredictor"]),
    ("sklearn.ensemble._iforest", &["IsolationForest"]),
    ("sklearn.ensemble._stacking", &["StackingClassifier", "StackingRegressor"]),
    ("sklearn.ensemble._voting", &["VotingClassifier", "VotingRegressor"]),
    ("sklearn.ensemble._weight_boosting", &["AdaBoostClassifier", "AdaBoostRegressor"]),
    ("sklearn.feature_extraction._dict_vectorizer", &["DictVectorizer"]),
    ("sklearn.feature_extraction._hash", &["FeatureHasher"]),
    ("sklearn.feature_extraction.image", &["PatchExtractor"]),
    ("sklearn.feature_extraction.text", &["CountVectorizer", "HashingVectorizer", "TfidfTransformer", "TfidfVectorizer"]),
    ("sklearn.feature_selection._from_model", &["SelectFromModel"]),
    ("sklearn.feature_selection._rfe", &["RFE", "RFECV"]),
    ("sklearn.feature_selection._sequential", &["SequentialFeatureSelector"]),
    ("sklearn.feature_selection._univariate_selection", &["GenericUnivariateSelect", "SelectFdr", "SelectFpr", "SelectFwe", "SelectKBest", "SelectPercentile"]),
    ("sklearn.feature_selection._variance_threshold", &["VarianceThreshold"]),
    ("sklearn.frozen._frozen", &["FrozenEstimator"]),
    ("sklearn.gaussian_process._gpc", &["GaussianProcessClassifier", "_BinaryGaussianProcessClassifierLaplace"]),
    ("sklearn.gaussian_process._gpr", &["GaussianProcessRegressor"]),
    ("sklearn.gaussian_process.kernels", &[
        "CompoundKernel", "ConstantKernel", "DotProduct", "ExpSineSquared", "Exponentiation", "Matern", "PairwiseKernel",
        "Product", "RBF", "RationalQuadratic", "Sum", "WhiteKernel",
    ]),
    ("sklearn.impute._base", &["MissingIndicator", "SimpleImputer"]),
    ("sklearn.impute._iterative", &["IterativeImputer", "_ImputerTriplet"]),
    ("sklearn.impute._knn", &["KNNImputer"]),
    ("sklearn.isotonic", &["IsotonicRegression"]),
    ("sklearn.kernel_approximation", &["AdditiveChi2Sampler", "Nystroem", "PolynomialCountSketch", "RBFSampler", "SkewedChi2Sampler"]),
    ("sklearn.kernel_ridge", &["KernelRidge"]),
    ("sklearn.linear_model._base", &["LinearRegression"]),
    ("sklearn.linear_model._bayes", &["ARDRegression", "BayesianRidge"]),
    ("sklearn.linear_model._coordinate_descent", &["ElasticNet", "ElasticNetCV", "Lasso", "LassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV"]),
    ("sklearn.linear_model._glm.glm", &["GammaRegressor", "PoissonRegressor", "TweedieRegressor"]),
    ("sklearn.linear_model._huber", &["HuberRegressor"]),
    ("sklearn.linear_model._least_angle", &["Lars", "LarsCV", "LassoLars", "LassoLarsCV", "LassoLarsIC"]),
    ("sklearn.linear_model._logistic", &["LogisticRegression", "LogisticRegressionCV"]),
    ("sklearn.linear_model._omp", &["OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV"]),
    ("sklearn.linear_model._passive_aggressive", &["PassiveAggressiveClassifier", "PassiveAggressiveRegressor"]),
    ("sklearn.linear_model._perceptron", &["Perceptron"]),
    ("sklearn.linear_model._quantile", &["QuantileRegressor"]),
    ("sklearn.linear_model._ransac", &["RANSACRegressor"]),
    ("sklearn.linear_model._ridge", &["Ridge", "RidgeCV", "RidgeClassifier", "RidgeClassifierCV"]),
    ("sklearn.linear_model._stochastic_gradient", &["SGDClassifier", "SGDOneClassSVM", "SGDRegressor"]),
    ("sklearn.linear_model._theil_sen", &["TheilSenRegressor"]),
    ("sklearn.manifold._classical_mds", &["ClassicalMDS"]),
    ("sklearn.manifold._isomap", &["Isomap"]),
    ("sklearn.manifold._locally_linear", &["LocallyLinearEmbedding"]),
    ("sklearn.manifold._mds", &["MDS"]),
    ("sklearn.manifold._spectral_embedding", &["SpectralEmbedding"]),
    ("sklearn.manifold._t_sne", &["TSNE"]),
    ("sklearn.metrics._scorer", &["_CurveScorer", "_PassthroughScorer", "_Scorer"]),
    ("sklearn.mixture._bayesian_mixture", &["BayesianGaussianMixture"]),
    ("sklearn.mixture._gaussian_mixture", &["GaussianMixture"]),
    ("sklearn.model_selection._classification_threshold", &[
        "FixedThresholdClassifier", "TunedThresholdClassifierCV", "_CurveScorer",
    ]),
    ("sklearn.model_selection._search", &["GridSearchCV", "RandomizedSearchCV"]),
    ("sklearn.model_selection._search_successive_halving", &["HalvingGridSearchCV", "HalvingRandomSearchCV"]),
    ("sklearn.model_selection._split", &["KFold", "StratifiedKFold"]),
    ("sklearn.multiclass", &[
        "OneVsOneClassifier", "OneVsRestClassifier", "OutputCodeClassifier", "_ConstantPredictor",
    ]),
    ("sklearn.multioutput", &[
        "ClassifierChain", "MultiOutputClassifier", "MultiOutputRegressor", "RegressorChain",
    ]),
    ("sklearn.naive_bayes", &["BernoulliNB", "CategoricalNB", "ComplementNB", "GaussianNB", "MultinomialNB"]),
    ("sklearn.neighbors._classification", &["KNeighborsClassifier", "RadiusNeighborsClassifier"]),
    ("sklearn.neighbors._graph", &["KNeighborsTransformer", "RadiusNeighborsTransformer"]),
    ("sklearn.neighbors._kde", &["KernelDensity"]),
    ("sklearn.neighbors._lof", &["LocalOutlierFactor"]),
    ("sklearn.neighbors._nca", &["NeighborhoodComponentsAnalysis"]),
    ("sklearn.neighbors._nearest_centroid", &["NearestCentroid"]),
    ("sklearn.neighbors._regression", &["KNeighborsRegressor", "RadiusNeighborsRegressor"]),
    ("sklearn.neighbors._unsupervised", &["NearestNeighbors"]),
    ("sklearn.neural_network._multilayer_perceptron", &["MLPClassifier", "MLPRegressor"]),
    ("sklearn.neural_network._rbm", &["BernoulliRBM"]),
    ("sklearn.neural_network._stochastic_optimizers", &["AdamOptimizer", "SGDOptimizer"]),
    ("sklearn.pipeline", &["FeatureUnion", "Pipeline"]),
    ("sklearn.preprocessing._data", &["Binarizer", "KernelCenterer", "MaxAbsScaler", "MinMaxScaler", "Normalizer", "PowerTransformer", "QuantileTransformer", "RobustScaler", "StandardScaler"]),
    ("sklearn.preprocessing._discretization", &["KBinsDiscretizer"]),
    ("sklearn.preprocessing._encoders", &["OneHotEncoder", "OrdinalEncoder"]),
    ("sklearn.preprocessing._function_transformer", &["FunctionTransformer"]),
    ("sklearn.preprocessing._label", &["LabelBinarizer", "LabelEncoder", "MultiLabelBinarizer"]),
    ("sklearn.preprocessing._polynomial", &["PolynomialFeatures", "SplineTransformer"]),
    ("sklearn.preprocessing._target_encoder", &["TargetEncoder"]),
    ("sklearn.random_projection", &["GaussianRandomProjection", "SparseRandomProjection"]),
    ("sklearn.semi_supervised._label_propagation", &["LabelPropagation", "LabelSpreading"]),
    ("sklearn.semi_supervised._self_training", &["SelfTrainingClassifier"]),
    ("sklearn.svm._classes", &["LinearSVC", "LinearSVR", "NuSVC", "NuSVR", "OneClassSVM", "SVC", "SVR"]),
    ("sklearn.tree._classes", &[
        "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    ]),
    ("sklearn.utils._bunch", &["Bunch"]),
    ("sklearn.utils._metadata_requests", &["MetadataRequest", "MethodMetadataRequest"]),
    ("uuid", &["UUID"]),
    ("xgboost.callback", &["EarlyStopping"]),
    ("xgboost.compat", &["XGBoostLabelEncoder"]),
    ("xgboost.core", &["Booster"]),
    ("xgboost.sklearn", &["XGBClassifier", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor"]),
];

/// Names that may stand as values and are never called.
#[rustfmt::skip]
const VALUES: &[(&str, &[&str])] = &[
    ("__builtin__", &["bool", "dict", "float", "int", "list", "long", "object", "str", "tuple"]),
    ("_loss", &["CyHalfMultinomialLoss"]),
    ("builtins", &["bool", "dict", "float", "int", "list", "object", "str", "tuple"]),
    ("numpy", &[
        "absolute", "amax", "amin", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "around", "bool",
        "bool_", "cbrt", "ceil", "cos", "cosh", "deg2rad", "degrees", "exp", "exp2", "expm1", "fabs", "float16",
        "float32", "float64", "floating", "floor", "generic", "int16", "int32", "int64", "int8", "intc", "integer",
        "log", "log10", "log1p", "log2", "max", "mean", "median", "min", "nan_to_num", "ndarray", "negative",
        "number", "object_", "rad2deg", "radians", "rint", "round", "round_", "sign", "sin", "sinh", "sqrt", "square",
        "str_", "sum", "tan", "tanh", "trunc", "uint16", "uint32", "uint64", "uint8",
    ]),
    ("numpy._core._multiarray_umath", &[
        "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "cos", "cosh",
        "deg2rad", "degrees", "exp", "exp2", "expm1", "fabs", "floor", "log", "log10", "log1p", "log2", "negative",
        "rad2deg", "radians", "rint", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
    ]),
    ("numpy.core._multiarray_umath", &[
        "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "cos", "cosh",
        "deg2rad", "degrees", "exp", "exp2", "expm1", "fabs", "floor", "log", "log10", "log1p", "log2", "negative",
        "rad2deg", "radians", "rint", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
    ]),
    ("numpy.ma", &["MaskedArray"]),
    ("numpy.ma.core", &["MaskedArray"]),
    ("numpy.random._mt19937", &["MT19937"]),
    ("numpy.random._pcg64", &["PCG64", "PCG64DXSM"]),
    ("numpy.random._philox", &["Philox"]),
    ("numpy.random._sfc64", &["SFC64"]),
    ("numpy.random.bit_generator", &["SeedSequence"]),
    ("pandas", &["Index", "RangeIndex"]),
    ("pandas.arrays", &["StringArray"]),
    ("pandas.core.indexes.base", &["Index"]),
    ("pandas.core.indexes.range", &["RangeIndex"]),
    ("scipy._lib.array_api_compat.numpy._aliases", &["asarray"]),
    ("scipy.special._special_ufuncs", &["expit", "logit"]),
    ("scipy.special._ufuncs", &["expit", "logit"]),
    ("sklearn._loss._loss", &["CyHalfMultinomialLoss"]),
    ("sklearn.cluster._kmeans", &["_kmeans_single_elkan", "_kmeans_single_lloyd"]),
    ("sklearn.feature_selection._mutual_info", &["mutual_info_classif", "mutual_info_regression"]),
    ("sklearn.feature_selection._univariate_selection", &["chi2", "f_classif", "f_regression", "r_regression"]),
    ("sklearn.metrics._dist_metrics", &[
        "BrayCurtisDistance", "BrayCurtisDistance32", "BrayCurtisDistance64", "CanberraDistance",
        "CanberraDistance32", "CanberraDistance64", "ChebyshevDistance", "ChebyshevDistance32", "ChebyshevDistance64",
        "DiceDistance", "DiceDistance32", "DiceDistance64", "EuclideanDistance", "EuclideanDistance32",
        "EuclideanDistance64", "HammingDistance", "HammingDistance32", "HammingDistance64", "HaversineDistance",
        "HaversineDistance32", "HaversineDistance64", "JaccardDistance", "JaccardDistance32", "JaccardDistance64",
        "MahalanobisDistance", "MahalanobisDistance32", "MahalanobisDistance64", "ManhattanDistance",
        "ManhattanDistance32", "ManhattanDistance64", "MinkowskiDistance", "MinkowskiDistance32",
        "MinkowskiDistance64", "RogersTanimotoDistance", "RogersTanimotoDistance32", "RogersTanimotoDistance64",
        "RussellRaoDistance", "RussellRaoDistance32", "RussellRaoDistance64", "SEuclideanDistance",
        "SEuclideanDistance32", "SEuclideanDistance64", "SokalMichenerDistance", "SokalMichenerDistance32",
        "SokalMichenerDistance64", "SokalSneathDistance", "SokalSneathDistance32", "SokalSneathDistance64",
    ]),
    ("sklearn.metrics._classification", &[
        "accuracy_score", "balanced_accuracy_score", "cohen_kappa_score", "f1_score", "fbeta_score", "jaccard_score",
        "matthews_corrcoef", "precision_score", "recall_score", "zero_one_loss",
    ]),
    ("sklearn.metrics._scorer", &["_passthrough_scorer"]),
    ("sklearn.neighbors._ball_tree", &["BallTree", "BallTree32", "BallTree64"]),
    ("sklearn.neighbors._kd_tree", &["KDTree", "KDTree32", "KDTree64"]),
    ("sklearn.utils.validation", &["check_array"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_name_has_two_roles() {
        let lists = [RECORDED, CLASSES, VALUES].into_iter().flatten();
        let names = lists.flat_map(|(module, names)| names.iter().map(move |name| (*module, *name)));
        let mut seen = HashSet::new();
        for (module, name) in names.chain(CALLS.iter().map(|(module, name, _)| (*module, *name))) {
            assert!(seen.insert((module, name)), "{module}.{name} stands twice");
        }
    }

    #[test]
    fn names_match_exactly() {
        assert_eq!(find("sklearn.tree._tree", "Tree").map(|found| found.2), Some(Role::Call(Call::Record)));
        assert_eq!(find("sklearn.pipeline", "Pipeline").map(|found| found.2), Some(Role::Class));
        assert_eq!(find("numpy", "float64").map(|found| found.2), Some(Role::Value));
        for (module, name) in [
            ("sklearn.tree._tree ", "Tree"),
            ("sklearn.tree._tree", "Tree\r"),
            ("sklearn.tree", "_tree.Tree"),
            ("sklearn.utils", "os.system"),
            ("numpy", "load"),
            ("", ""),
        ] {
            assert_eq!(find(module, name), None, "{module}.{name}");
        }
    }
}
