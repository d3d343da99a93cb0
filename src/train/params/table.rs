//! scikit-learn 1.9.1's estimators and scalers that can be trained: their parameters, defaults and constraints.
//!
//! The one list; checked against scikit-learn itself by `tests/python/train.py`.

use super::accept::{Accept, Range};

use Accept::{Bool, Dict, Fraction, Int, Ints, None as Nothing, Pair, Real, Text};
use Task::{AnomalyDetection, Classification, Clustering, Regression, Scaling};

/// What an estimator is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Classification,
    Regression,
    Clustering,
    AnomalyDetection,
    /// A scaler: no model, only `transform`.
    Scaling,
}

/// A class of scikit-learn and how it is set up.
#[derive(Debug)]
pub struct Class {
    /// What users of `scorelet train` call it.
    pub name: &'static str,
    /// Where a pickle says that it lives.
    pub module: &'static str,
    pub class: &'static str,
    pub task: Task,
    pub(super) params: &'static [Param],
}

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param {
    pub name: &'static str,
    /// As a Python literal.
    pub default: &'static str,
    pub accepts: &'static [Accept],
    pub lacks: Lacks,
}

/// Values that scikit-learn takes and scorelet does not, as Python literals.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lacks {
    Nothing,
    These(&'static [&'static str]),
    /// Only the default is taken.
    AllButDefault,
}

const fn p(name: &'static str, default: &'static str, accepts: &'static [Accept]) -> Param {
    Param { name, default, accepts, lacks: Lacks::Nothing }
}

impl Param {
    const fn lacks(self, values: &'static [&'static str]) -> Param {
        Param { lacks: Lacks::These(values), ..self }
    }

    const fn fixed(self) -> Param {
        Param { lacks: Lacks::AllButDefault, ..self }
    }

    const fn or(self, default: &'static str) -> Param {
        Param { default, ..self }
    }
}

const COUNT: Accept = Ints(Range::from(1.0));
const NOT_NEGATIVE: Accept = Real(Range::from(0.0));
/// A fraction of a whole.
const SHARE: Range = Range::above(0.0, 1.0);

/// scikit-learn's default is a seed from the system; here every run can be repeated.
pub(super) const RANDOM_STATE: Param = p("random_state", "0", &[Ints(Range::closed(0.0, 4_294_967_295.0))]);
const N_JOBS: Param = p("n_jobs", "None", &[Int, Nothing]);
const VERBOSE: Param = p("verbose", "0", &[Ints(Range::from(0.0)), Bool]);
const WARM_START: Param = p("warm_start", "False", &[Bool]);
const N_ESTIMATORS: Param = p("n_estimators", "100", &[COUNT]);

const CLASS_CRITERION: Param = p("criterion", "gini", &[Text(&["gini", "entropy", "log_loss"])]);
const CRITERION: Param = p("criterion", "squared_error", &[Text(&["squared_error", "absolute_error", "poisson"])]);
const SPLITTER: Param = p("splitter", "best", &[Text(&["best", "random"])]);
const MAX_DEPTH: Param = p("max_depth", "None", &[COUNT, Nothing]);
const MIN_SAMPLES_SPLIT: Param = p("min_samples_split", "2", &[Ints(Range::from(2.0)), Fraction(SHARE)]);
const MIN_SAMPLES_LEAF: Param = p("min_samples_leaf", "1", &[COUNT, Fraction(Range::between(0.0, 1.0))]);
const MIN_WEIGHT: Param = p("min_weight_fraction_leaf", "0.0", &[Real(Range::closed(0.0, 0.5))]);
const MAX_FEATURES: Param = p("max_features", "None", &[COUNT, Fraction(SHARE), Text(&["sqrt", "log2"]), Nothing]);
const MAX_LEAF_NODES: Param = p("max_leaf_nodes", "None", &[Ints(Range::from(2.0)), Nothing]);
const MIN_DECREASE: Param = p("min_impurity_decrease", "0.0", &[NOT_NEGATIVE]);
const CLASS_WEIGHT: Param = p("class_weight", "None", &[Dict, Text(&["balanced"]), Nothing]);
const FOREST_CLASS_WEIGHT: Param =
    p("class_weight", "None", &[Text(&["balanced", "balanced_subsample"]), Dict, Nothing]);
const CCP_ALPHA: Param = p("ccp_alpha", "0.0", &[NOT_NEGATIVE]);
const MONOTONIC: Param = p("monotonic_cst", "None", &[Accept::Numbers, Nothing]).fixed();
const BOOTSTRAP: Param = p("bootstrap", "True", &[Bool]);
const OOB_SCORE: Param = p("oob_score", "False", &[Bool]);
const MAX_SAMPLES: Param = p("max_samples", "None", &[Nothing, Fraction(Range::between(0.0, f64::INFINITY)), COUNT]);

#[rustfmt::skip]
const fn tree_classifier(splitter: &'static str, max_features: &'static str) -> [Param; 13] {
    [
        CLASS_CRITERION, SPLITTER.or(splitter), MAX_DEPTH, MIN_SAMPLES_SPLIT, MIN_SAMPLES_LEAF, MIN_WEIGHT,
        MAX_FEATURES.or(max_features), RANDOM_STATE, MAX_LEAF_NODES, MIN_DECREASE, CLASS_WEIGHT, CCP_ALPHA, MONOTONIC,
    ]
}

#[rustfmt::skip]
const fn tree_regressor(splitter: &'static str, max_features: &'static str) -> [Param; 12] {
    [
        CRITERION, SPLITTER.or(splitter), MAX_DEPTH, MIN_SAMPLES_SPLIT, MIN_SAMPLES_LEAF, MIN_WEIGHT,
        MAX_FEATURES.or(max_features), RANDOM_STATE, MAX_LEAF_NODES, MIN_DECREASE, CCP_ALPHA, MONOTONIC,
    ]
}

#[rustfmt::skip]
const fn forest_classifier(bootstrap: &'static str) -> [Param; 19] {
    [
        N_ESTIMATORS, CLASS_CRITERION, MAX_DEPTH, MIN_SAMPLES_SPLIT, MIN_SAMPLES_LEAF, MIN_WEIGHT,
        MAX_FEATURES.or("sqrt"), MAX_LEAF_NODES, MIN_DECREASE, BOOTSTRAP.or(bootstrap), OOB_SCORE, N_JOBS,
        RANDOM_STATE, VERBOSE, WARM_START, FOREST_CLASS_WEIGHT, CCP_ALPHA, MAX_SAMPLES, MONOTONIC,
    ]
}

#[rustfmt::skip]
const fn forest_regressor(bootstrap: &'static str) -> [Param; 18] {
    [
        N_ESTIMATORS, CRITERION, MAX_DEPTH, MIN_SAMPLES_SPLIT, MIN_SAMPLES_LEAF, MIN_WEIGHT,
        MAX_FEATURES.or("1.0"), MAX_LEAF_NODES, MIN_DECREASE, BOOTSTRAP.or(bootstrap), OOB_SCORE, N_JOBS,
        RANDOM_STATE, VERBOSE, WARM_START, CCP_ALPHA, MAX_SAMPLES, MONOTONIC,
    ]
}

const ISOLATION_FOREST: [Param; 9] = [
    N_ESTIMATORS,
    p("max_samples", "auto", &[Text(&["auto"]), COUNT, Fraction(SHARE)]),
    p("contamination", "auto", &[Text(&["auto"]), Real(Range::above(0.0, 0.5))]),
    p("max_features", "1.0", &[Int, Real(SHARE)]),
    BOOTSTRAP.or("False"),
    N_JOBS,
    RANDOM_STATE,
    VERBOSE,
    WARM_START,
];

const FIT_INTERCEPT: Param = p("fit_intercept", "True", &[Bool]);
const COPY_X: Param = p("copy_X", "True", &[Bool]);
const MAX_ITER: Param = p("max_iter", "1000", &[COUNT]);
const TOL: Param = p("tol", "0.0001", &[NOT_NEGATIVE]);
const ALPHA: Param = p("alpha", "1.0", &[NOT_NEGATIVE]);
const L1_RATIO: Param = p("l1_ratio", "0.5", &[Real(Range::closed(0.0, 1.0))]);
const PRECOMPUTE: Param = p("precompute", "False", &[Bool]).fixed();
const NONNEGATIVE_COEF: Param = p("positive", "False", &[Bool]);
const SELECTION: Param = p("selection", "cyclic", &[Text(&["cyclic", "random"])]);

const LINEAR_REGRESSION: [Param; 5] = [FIT_INTERCEPT, COPY_X, TOL.or("1e-06"), N_JOBS, NONNEGATIVE_COEF];

const RIDGE: [Param; 8] = [
    ALPHA,
    FIT_INTERCEPT,
    COPY_X,
    p("max_iter", "None", &[COUNT, Nothing]),
    TOL,
    p("solver", "auto", &[Text(&["auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"])]),
    NONNEGATIVE_COEF,
    RANDOM_STATE,
];

#[rustfmt::skip]
const LASSO: [Param; 10] = [
    ALPHA, FIT_INTERCEPT, PRECOMPUTE, COPY_X, MAX_ITER, TOL, WARM_START, NONNEGATIVE_COEF, RANDOM_STATE, SELECTION,
];
#[rustfmt::skip]
const ELASTIC_NET: [Param; 11] = [
    ALPHA, L1_RATIO, FIT_INTERCEPT, PRECOMPUTE, MAX_ITER, COPY_X, TOL, WARM_START, NONNEGATIVE_COEF, RANDOM_STATE,
    SELECTION,
];

const LOGISTIC_REGRESSION: [Param; 14] = [
    p("penalty", "deprecated", &[Text(&["l2", "l1", "elasticnet", "deprecated"]), Nothing]),
    p("C", "1.0", &[Real(Range::above(0.0, f64::INFINITY))]),
    p("l1_ratio", "0.0", &[Real(Range::closed(0.0, 1.0)), Nothing]),
    p("dual", "False", &[Bool]),
    TOL,
    FIT_INTERCEPT,
    p("intercept_scaling", "1", &[Real(Range::between(0.0, f64::INFINITY))]),
    CLASS_WEIGHT,
    RANDOM_STATE,
    p("solver", "lbfgs", &[Text(&["lbfgs", "newton-cg", "newton-cholesky", "liblinear", "sag", "saga"])]),
    p("max_iter", "100", &[Ints(Range::from(0.0))]),
    VERBOSE,
    WARM_START,
    N_JOBS,
];

const KMEANS: [Param; 9] = [
    p("n_clusters", "8", &[COUNT]),
    p("init", "k-means++", &[Text(&["k-means++", "random"])]),
    p("n_init", "auto", &[Text(&["auto"]), COUNT]),
    MAX_ITER.or("300"),
    TOL,
    VERBOSE,
    RANDOM_STATE,
    p("copy_x", "True", &[Bool]),
    p("algorithm", "lloyd", &[Text(&["lloyd", "elkan"])]),
];

/// The metrics by which scoring finds neighbours, then scikit-learn's others.
const METRIC: Param = p(
    "metric",
    "minkowski",
    &[Text(&[
        "minkowski",
        "euclidean",
        "l2",
        "manhattan",
        "cityblock",
        "l1",
        "chebyshev",
        "infinity",
        "cosine",
        "sqeuclidean",
        "braycurtis",
        "canberra",
        "correlation",
        "dice",
        "hamming",
        "haversine",
        "jaccard",
        "mahalanobis",
        "nan_euclidean",
        "p",
        "precomputed",
        "pyfunc",
        "rogerstanimoto",
        "russellrao",
        "seuclidean",
        "sokalmichener",
        "sokalsneath",
        "yule",
    ])],
)
.lacks(&[
    "'braycurtis'",
    "'canberra'",
    "'correlation'",
    "'dice'",
    "'hamming'",
    "'haversine'",
    "'jaccard'",
    "'mahalanobis'",
    "'nan_euclidean'",
    "'p'",
    "'precomputed'",
    "'pyfunc'",
    "'rogerstanimoto'",
    "'russellrao'",
    "'seuclidean'",
    "'sokalmichener'",
    "'sokalsneath'",
    "'yule'",
]);

const K_NEIGHBORS: [Param; 8] = [
    p("n_neighbors", "5", &[COUNT]),
    p("weights", "uniform", &[Text(&["uniform", "distance"]), Nothing]),
    p("algorithm", "auto", &[Text(&["auto", "ball_tree", "kd_tree", "brute"])]),
    p("leaf_size", "30", &[COUNT]),
    p("p", "2", &[Real(Range::above(0.0, f64::INFINITY)), Nothing]),
    METRIC,
    p("metric_params", "None", &[Dict, Nothing]).fixed(),
    N_JOBS,
];

const GAUSSIAN_NB: [Param; 2] =
    [p("priors", "None", &[Accept::Numbers, Nothing]), p("var_smoothing", "1e-09", &[NOT_NEGATIVE])];

const SVM_C: Param = p("C", "1.0", &[Real(Range::above(0.0, f64::INFINITY))]);
/// A kernel that is precomputed needs the training rows at scoring time, which no request has.
const KERNEL: Param =
    p("kernel", "rbf", &[Text(&["linear", "poly", "rbf", "sigmoid", "precomputed"])]).lacks(&["'precomputed'"]);
const DEGREE: Param = p("degree", "3", &[Ints(Range::from(0.0))]);
const GAMMA: Param = p("gamma", "scale", &[Text(&["scale", "auto"]), NOT_NEGATIVE]);
const COEF0: Param = p("coef0", "0.0", &[Real(Range::between(f64::NEG_INFINITY, f64::INFINITY))]);
const SHRINKING: Param = p("shrinking", "True", &[Bool]);
const SVM_TOL: Param = p("tol", "0.001", &[Real(Range::between(0.0, f64::INFINITY))]);
const CACHE_SIZE: Param = p("cache_size", "200", &[Real(Range::between(0.0, f64::INFINITY))]);
const SVM_MAX_ITER: Param = p("max_iter", "-1", &[Ints(Range::from(-1.0))]);
const VERBOSE_FLAG: Param = VERBOSE.or("False");

#[rustfmt::skip]
const SVC: [Param; 15] = [
    SVM_C, KERNEL, DEGREE, GAMMA, COEF0, SHRINKING,
    p("probability", "deprecated", &[Bool, Text(&["deprecated"])]),
    SVM_TOL, CACHE_SIZE, CLASS_WEIGHT, VERBOSE_FLAG, SVM_MAX_ITER,
    p("decision_function_shape", "ovr", &[Text(&["ovo", "ovr"])]),
    p("break_ties", "False", &[Bool]),
    RANDOM_STATE,
];

#[rustfmt::skip]
const SVR: [Param; 11] = [
    KERNEL, DEGREE, GAMMA, COEF0, SVM_TOL, SVM_C,
    p("epsilon", "0.1", &[NOT_NEGATIVE]),
    SHRINKING, CACHE_SIZE, VERBOSE_FLAG, SVM_MAX_ITER,
];

const COPY: Param = p("copy", "True", &[Bool]);
const CLIP: Param = p("clip", "False", &[Bool]);
const STANDARD_SCALER: [Param; 3] = [COPY, p("with_mean", "True", &[Bool]), p("with_std", "True", &[Bool])];
const MIN_MAX_SCALER: [Param; 3] = [p("feature_range", "(0, 1)", &[Pair]), COPY, CLIP];
const ROBUST_SCALER: [Param; 5] = [
    p("with_centering", "True", &[Bool]),
    p("with_scaling", "True", &[Bool]),
    p("quantile_range", "(25.0, 75.0)", &[Pair]),
    COPY,
    p("unit_variance", "False", &[Bool]),
];
const MAX_ABS_SCALER: [Param; 2] = [COPY, CLIP];

/// A row of the tables below.
macro_rules! class {
    ($name:literal, $module:literal, $class:literal, $task:expr, $params:expr) => {
        Class { name: $name, module: concat!("sklearn.", $module), class: $class, task: $task, params: &$params }
    };
}

/// In the order of [`super::Estimator`].
#[rustfmt::skip]
pub(super) static ESTIMATORS: [Class; super::Estimator::ALL.len()] = [
    class!("isolation-forest", "ensemble._iforest", "IsolationForest", AnomalyDetection, ISOLATION_FOREST),
    class!("decision-tree-classifier", "tree._classes", "DecisionTreeClassifier", Classification, const { tree_classifier("best", "None") }),
    class!("decision-tree-regressor", "tree._classes", "DecisionTreeRegressor", Regression, const { tree_regressor("best", "None") }),
    class!("extra-tree-classifier", "tree._classes", "ExtraTreeClassifier", Classification, const { tree_classifier("random", "sqrt") }),
    class!("extra-tree-regressor", "tree._classes", "ExtraTreeRegressor", Regression, const { tree_regressor("random", "1.0") }),
    class!("random-forest-classifier", "ensemble._forest", "RandomForestClassifier", Classification, const { forest_classifier("True") }),
    class!("random-forest-regressor", "ensemble._forest", "RandomForestRegressor", Regression, const { forest_regressor("True") }),
    class!("extra-trees-classifier", "ensemble._forest", "ExtraTreesClassifier", Classification, const { forest_classifier("False") }),
    class!("extra-trees-regressor", "ensemble._forest", "ExtraTreesRegressor", Regression, const { forest_regressor("False") }),
    class!("linear-regression", "linear_model._base", "LinearRegression", Regression, LINEAR_REGRESSION),
    class!("ridge", "linear_model._ridge", "Ridge", Regression, RIDGE),
    class!("lasso", "linear_model._coordinate_descent", "Lasso", Regression, LASSO),
    class!("elastic-net", "linear_model._coordinate_descent", "ElasticNet", Regression, ELASTIC_NET),
    class!("logistic-regression", "linear_model._logistic", "LogisticRegression", Classification, LOGISTIC_REGRESSION),
    class!("kmeans", "cluster._kmeans", "KMeans", Clustering, KMEANS),
    class!("k-neighbors-classifier", "neighbors._classification", "KNeighborsClassifier", Classification, K_NEIGHBORS),
    class!("k-neighbors-regressor", "neighbors._regression", "KNeighborsRegressor", Regression, K_NEIGHBORS),
    class!("gaussian-nb", "naive_bayes", "GaussianNB", Classification, GAUSSIAN_NB),
    class!("svc", "svm._classes", "SVC", Classification, SVC),
    class!("svr", "svm._classes", "SVR", Regression, SVR),
];

/// In the order of [`super::ScalerKind`].
pub(super) static SCALERS: [Class; super::ScalerKind::ALL.len()] = [
    class!("standard", "preprocessing._data", "StandardScaler", Scaling, STANDARD_SCALER),
    class!("minmax", "preprocessing._data", "MinMaxScaler", Scaling, MIN_MAX_SCALER),
    class!("robust", "preprocessing._data", "RobustScaler", Scaling, ROBUST_SCALER),
    class!("maxabs", "preprocessing._data", "MaxAbsScaler", Scaling, MAX_ABS_SCALER),
];
