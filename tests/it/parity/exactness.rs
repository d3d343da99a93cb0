//! How close each output must come to scikit-learn's. What is not listed is equal bit for bit. The list cannot lie: an
//! output beyond its bound fails, and so does a bound that no case needs.

/// The project's bound for what passes through exp, log or BLAS: scikit-learn differs from itself by as much between
/// two machines.
const ROUNDING: f64 = 1e-12;

/// An output that may differ in its last bits.
pub struct Loose {
    /// Class name without its module; the scaler's for the output `scaled`.
    pub class: &'static str,
    pub output: &'static str,
    /// The largest relative difference.
    pub bound: f64,
}

pub const LOOSE: &[Loose] = &[
    Loose { class: "BayesianRidge", output: "predict", bound: ROUNDING },
    Loose { class: "ElasticNet", output: "predict", bound: ROUNDING },
    Loose { class: "ElasticNetCV", output: "predict", bound: ROUNDING },
    Loose { class: "FeatureUnion", output: "scaled", bound: ROUNDING },
    Loose { class: "FunctionTransformer", output: "scaled", bound: ROUNDING },
    Loose { class: "GammaRegressor", output: "predict", bound: ROUNDING },
    Loose { class: "GradientBoostingClassifier", output: "decision_function", bound: ROUNDING },
    Loose { class: "GradientBoostingClassifier", output: "predict_proba", bound: ROUNDING },
    Loose { class: "HistGradientBoostingClassifier", output: "predict_proba", bound: ROUNDING },
    Loose { class: "HistGradientBoostingRegressor", output: "predict", bound: ROUNDING },
    Loose { class: "HuberRegressor", output: "predict", bound: ROUNDING },
    Loose { class: "IsolationForest", output: "decision_function", bound: ROUNDING },
    Loose { class: "IsolationForest", output: "score_samples", bound: ROUNDING },
    Loose { class: "KMeans", output: "transform", bound: ROUNDING },
    Loose { class: "Lars", output: "predict", bound: ROUNDING },
    Loose { class: "Lasso", output: "predict", bound: ROUNDING },
    Loose { class: "LassoCV", output: "predict", bound: ROUNDING },
    Loose { class: "LinearRegression", output: "predict", bound: ROUNDING },
    Loose { class: "LinearSVC", output: "decision_function", bound: ROUNDING },
    Loose { class: "LinearSVR", output: "predict", bound: ROUNDING },
    Loose { class: "LogisticRegression", output: "decision_function", bound: ROUNDING },
    Loose { class: "LogisticRegression", output: "predict_proba", bound: ROUNDING },
    Loose { class: "LogisticRegressionCV", output: "decision_function", bound: ROUNDING },
    Loose { class: "LogisticRegressionCV", output: "predict_proba", bound: ROUNDING },
    Loose { class: "MiniBatchKMeans", output: "transform", bound: ROUNDING },
    Loose { class: "Normalizer", output: "scaled", bound: ROUNDING },
    Loose { class: "PCA", output: "scaled", bound: ROUNDING },
    Loose { class: "PassiveAggressiveClassifier", output: "decision_function", bound: ROUNDING },
    Loose { class: "Perceptron", output: "decision_function", bound: ROUNDING },
    Loose { class: "Pipeline", output: "decision_function", bound: ROUNDING },
    Loose { class: "Pipeline", output: "predict_proba", bound: ROUNDING },
    Loose { class: "Pipeline", output: "transform", bound: ROUNDING },
    Loose { class: "PoissonRegressor", output: "predict", bound: ROUNDING },
    Loose { class: "PowerTransformer", output: "scaled", bound: ROUNDING },
    Loose { class: "QuantileRegressor", output: "predict", bound: ROUNDING },
    Loose { class: "Ridge", output: "predict", bound: ROUNDING },
    Loose { class: "RidgeCV", output: "predict", bound: ROUNDING },
    Loose { class: "RidgeClassifier", output: "decision_function", bound: ROUNDING },
    Loose { class: "RidgeClassifierCV", output: "decision_function", bound: ROUNDING },
    Loose { class: "SGDClassifier", output: "decision_function", bound: ROUNDING },
    Loose { class: "SGDClassifier", output: "predict_proba", bound: ROUNDING },
    Loose { class: "SGDOneClassSVM", output: "decision_function", bound: ROUNDING },
    Loose { class: "SGDOneClassSVM", output: "score_samples", bound: ROUNDING },
    Loose { class: "SGDRegressor", output: "predict", bound: ROUNDING },
    Loose { class: "TruncatedSVD", output: "scaled", bound: ROUNDING },
    Loose { class: "TruncatedSVD", output: "transform", bound: ROUNDING },
    Loose { class: "TweedieRegressor", output: "predict", bound: ROUNDING },
];

/// The largest relative difference allowed; 0 is equality of all bits.
pub fn bound(class: &str, output: &str) -> f64 {
    LOOSE.iter().find(|loose| loose.class == class && loose.output == output).map_or(0.0, |loose| loose.bound)
}
