//! Names that stand in files and that no prediction needs: how a search went about it — scorers and what they compute,
//! splitters, distributions of parameters —, caches, and requests of metadata.
//!
//! The second half of the allow-lists in `allow.rs`, and matched as those are. Generated once from what scikit-learn 1.1
//! to 1.9 and scipy 1.9 to 1.17 export; a name that is missing is refused, one too many only stands here.

/// Classes that NEWOBJ may make objects of.
#[rustfmt::skip]
pub(super) const CLASSES: &[(&str, &[&str])] = &[
    ("joblib._store_backends", &["FileSystemStoreBackend"]),
    ("joblib.memory", &["Memory"]),
    ("numpy", &["vectorize"]),
    ("numpy.lib._function_base_impl", &["vectorize"]),
    ("numpy.lib.function_base", &["vectorize"]),
    ("scipy.stats._continuous_distns", &[
        "alpha_gen", "anglit_gen", "arcsine_gen", "argus_gen", "beta_gen", "betaprime_gen", "bradford_gen",
        "burr12_gen", "burr_gen", "cauchy_gen", "chi2_gen", "chi_gen", "cosine_gen", "crystalball_gen", "dgamma_gen",
        "dpareto_lognorm_gen", "dweibull_gen", "erlang_gen", "expon_gen", "exponnorm_gen", "exponpow_gen",
        "exponweib_gen", "f_gen", "fatiguelife_gen", "fisk_gen", "foldcauchy_gen", "foldnorm_gen", "gamma_gen",
        "gausshyper_gen", "genexpon_gen", "genextreme_gen", "gengamma_gen", "genhalflogistic_gen",
        "genhyperbolic_gen", "geninvgauss_gen", "genlogistic_gen", "gennorm_gen", "genpareto_gen", "gibrat_gen",
        "gilbrat_gen", "gompertz_gen", "gumbel_l_gen", "gumbel_r_gen", "halfcauchy_gen", "halfgennorm_gen",
        "halflogistic_gen", "halfnorm_gen", "hypsecant_gen", "invgamma_gen", "invgauss_gen", "invweibull_gen",
        "irwinhall_gen", "jf_skew_t_gen", "johnsonsb_gen", "johnsonsu_gen", "kappa3_gen", "kappa4_gen", "ksone_gen",
        "kstwo_gen", "kstwobign_gen", "landau_gen", "laplace_asymmetric_gen", "laplace_gen", "levy_gen", "levy_l_gen",
        "loggamma_gen", "logistic_gen", "loglaplace_gen", "lognorm_gen", "lomax_gen", "maxwell_gen", "mielke_gen",
        "moyal_gen", "nakagami_gen", "ncf_gen", "nct_gen", "ncx2_gen", "norm_gen", "norminvgauss_gen", "pareto_gen",
        "pearson3_gen", "powerlaw_gen", "powerlognorm_gen", "powernorm_gen", "rayleigh_gen", "rdist_gen",
        "recipinvgauss_gen", "reciprocal_gen", "rel_breitwigner_gen", "rice_gen", "semicircular_gen", "skew_norm_gen",
        "skewcauchy_gen", "skewnorm_gen", "studentized_range_gen", "t_gen", "trapezoid_gen", "trapz_gen",
        "triang_gen", "truncexpon_gen", "truncnorm_gen", "truncpareto_gen", "truncweibull_min_gen", "tukeylambda_gen",
        "uniform_gen", "vonmises_gen", "wald_gen", "weibull_max_gen", "weibull_min_gen", "wrapcauchy_gen",
    ]),
    ("scipy.stats._discrete_distns", &[
        "bernoulli_gen", "betabinom_gen", "betanbinom_gen", "binom_gen", "boltzmann_gen", "dlaplace_gen", "geom_gen",
        "hypergeom_gen", "logser_gen", "nbinom_gen", "nchypergeom_fisher_gen", "nchypergeom_wallenius_gen",
        "nhypergeom_gen", "planck_gen", "poisson_binom_gen", "poisson_gen", "randint_gen", "skellam_gen",
        "yulesimon_gen", "zipf_gen", "zipfian_gen",
    ]),
    ("scipy.stats._distn_infrastructure", &["rv_continuous_frozen", "rv_discrete_frozen"]),
    ("scipy.stats._levy_stable", &["levy_stable_gen"]),
    ("sklearn.metrics._scorer", &[
        "_CurveScorer", "_MultimetricScorer", "_PassthroughScorer", "_PredictScorer", "_ProbaScorer", "_Scorer",
        "_ThresholdScorer",
    ]),
    ("sklearn.model_selection._split", &[
        "GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut", "LeaveOneOut", "LeavePGroupsOut", "LeavePOut",
        "PredefinedSplit", "RepeatedKFold", "RepeatedStratifiedKFold", "ShuffleSplit", "StratifiedGroupKFold",
        "StratifiedKFold", "StratifiedShuffleSplit", "TimeSeriesSplit", "_CVIterableWrapper",
    ]),
    ("sklearn.utils._metadata_requests", &["MetadataRequest", "MethodMetadataRequest"]),
];

/// Names that may stand as values and are never called.
#[rustfmt::skip]
pub(super) const VALUES: &[(&str, &[&str])] = &[
    ("sklearn.metrics._classification", &[
        "accuracy_score", "balanced_accuracy_score", "brier_score_loss", "class_likelihood_ratios",
        "cohen_kappa_score", "d2_brier_score", "d2_log_loss_score", "f1_score", "fbeta_score", "hamming_loss",
        "hinge_loss", "jaccard_score", "log_loss", "matthews_corrcoef", "precision_score", "recall_score",
        "zero_one_loss",
    ]),
    ("sklearn.metrics._ranking", &[
        "average_precision_score", "coverage_error", "dcg_score", "label_ranking_average_precision_score",
        "label_ranking_loss", "ndcg_score", "roc_auc_score", "top_k_accuracy_score",
    ]),
    ("sklearn.metrics._regression", &[
        "d2_absolute_error_score", "d2_pinball_score", "d2_tweedie_score", "explained_variance_score", "max_error",
        "mean_absolute_error", "mean_absolute_percentage_error", "mean_gamma_deviance", "mean_pinball_loss",
        "mean_poisson_deviance", "mean_squared_error", "mean_squared_log_error", "mean_tweedie_deviance",
        "median_absolute_error", "r2_score", "root_mean_squared_error", "root_mean_squared_log_error",
    ]),
    ("sklearn.metrics._scorer", &["_passthrough_scorer"]),
    ("sklearn.metrics.cluster._bicluster", &["consensus_score"]),
    ("sklearn.metrics.cluster._supervised", &[
        "adjusted_mutual_info_score", "adjusted_rand_score", "completeness_score", "fowlkes_mallows_score",
        "homogeneity_score", "mutual_info_score", "normalized_mutual_info_score", "rand_score", "v_measure_score",
    ]),
    ("sklearn.metrics.cluster._unsupervised", &[
        "calinski_harabasz_score", "davies_bouldin_score", "silhouette_score",
    ]),
];
