"""What differential.py draws from: estimators, data, scalers, rows and request forms, all from one random generator."""
import json
import string

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn import (calibration, cluster, compose, covariance, cross_decomposition as cd, decomposition,
                     discriminant_analysis as da, dummy, ensemble, feature_selection as fs, gaussian_process as gp, impute,
                     kernel_approximation as ka, kernel_ridge, linear_model as lm, manifold, mixture, model_selection as ms, multiclass, multioutput, naive_bayes as nb, neighbors,
                     neural_network as nn, preprocessing as pp, random_projection, semi_supervised, svm, tree)
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import text as tx
from sklearn.gaussian_process import kernels as gk
from sklearn.pipeline import make_pipeline, make_union


def pick(rng, *choices):
    return choices[rng.integers(len(choices))]


def trees(rng, **more):
    """Parameters that shape any tree."""
    shape = pick(rng, {}, {"max_depth": int(rng.integers(1, 9))}, {"max_leaf_nodes": int(rng.integers(2, 20))},
                 {"min_samples_leaf": int(rng.integers(1, 30))}, {"ccp_alpha": 0.01})
    return shape | {"random_state": int(rng.integers(1000))} | more


def forest(rng, **more):
    return trees(rng, n_estimators=int(rng.integers(1, 30)), max_features=pick(rng, 1.0, "sqrt", 2), **more)


def boosting(rng, losses, **more):
    shape = pick(rng, {"max_depth": int(rng.integers(1, 5))}, {"max_leaf_nodes": int(rng.integers(2, 9))}, {"subsample": 0.6})
    return shape | {"n_estimators": int(rng.integers(1, 20)), "loss": pick(rng, *losses), "learning_rate": float(rng.uniform(0.01, 1)),
                    "random_state": int(rng.integers(1000))} | more


def histograms(rng, losses):
    bins = pick(rng, {"max_bins": int(rng.integers(4, 256))}, {"categorical_features": [0]})
    return bins | {"max_iter": int(rng.integers(1, 15)), "max_leaf_nodes": int(rng.integers(2, 32)), "loss": pick(rng, *losses),
                   "random_state": int(rng.integers(1000))}


def linear(rng, **more):
    return {"fit_intercept": bool(rng.integers(2))} | more


def isolation(rng):
    return {"n_estimators": int(rng.integers(1, 40)), "max_samples": pick(rng, 2, 32, 0.5, "auto"), "max_features": pick(rng, 1.0, 0.5, 1),
            "contamination": pick(rng, "auto", 0.1), "bootstrap": bool(rng.integers(2)), "random_state": int(rng.integers(1000))}


def small(rng):
    """A model for the end of a pipeline."""
    return pick(rng, tree.DecisionTreeClassifier(max_depth=4, random_state=0), lm.LogisticRegression(max_iter=500),
                ensemble.RandomForestClassifier(5, max_depth=4, random_state=0))


def prepared(rng):
    first = impute.SimpleImputer(strategy=pick(rng, "mean", "median", "most_frequent"), add_indicator=bool(rng.integers(2)))
    return make_pipeline(first, pick(rng, pp.StandardScaler(), pp.RobustScaler(), pp.MinMaxScaler(), "passthrough"), small(rng))


def encoder(rng):
    """What makes numbers of texts, or of numbers that stand for categories."""
    rare = pick(rng, {}, {"min_frequency": int(rng.integers(2, 40))}, {"max_categories": int(rng.integers(2, 5))})
    one_hot = dict(handle_unknown=pick(rng, "error", "ignore", "infrequent_if_exist"), drop=pick(rng, None, "first", "if_binary"))
    ordinal = pick(rng, {}, dict(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2))
    made = pick(rng, pp.OneHotEncoder(sparse_output=bool(rng.integers(2)), **one_hot, **rare), pp.OrdinalEncoder(**ordinal, **rare),
                pp.TargetEncoder(random_state=0))
    return make_pipeline(impute.SimpleImputer(strategy="most_frequent"), made) if rng.integers(2) else made


def of_numbers(rng):
    """What computes with numbers, and gives the same bits wherever it does."""
    return pick(rng, "passthrough", pp.MinMaxScaler(), pp.KBinsDiscretizer(3, strategy="uniform"), pp.PolynomialFeatures(2),
                make_union(pp.StandardScaler(), pp.Binarizer(threshold=0.5)), make_pipeline(impute.SimpleImputer(), pp.MaxAbsScaler()))


def columns(rng):
    """Texts in the last two columns, categories as numbers in the first."""
    parts = [("codes", pick(rng, encoder(rng), "passthrough", "drop"), [0]), ("numbers", of_numbers(rng), slice(1, -2)),
             ("word", encoder(rng), [-2]), ("other", encoder(rng), [-1])]
    made = ColumnTransformer([parts[i] for i in rng.permutation(4)], transformer_weights=pick(rng, None, {"numbers": 0.5}),
                             sparse_threshold=pick(rng, 0, 0.3))
    forest = ensemble.RandomForestClassifier(5, max_depth=4, random_state=0)
    return make_pipeline(made, forest)


def vectorizer(rng):
    """What makes numbers of whole texts, in the ways that scorelet takes them apart."""
    kind = pick(rng, "word", "word", "char", "char_wb")
    how = dict(analyzer=kind, ngram_range=pick(rng, (1, 1), (1, 2), (2, 3)), lowercase=bool(rng.integers(4)), binary=bool(rng.integers(4) == 0),
               strip_accents=pick(rng, None, "ascii", "unicode"))
    if kind == "word":
        how |= dict(stop_words=pick(rng, None, "english", ["la", "red"]), token_pattern=pick(rng, r"(?u)\b\w\w+\b", r"\b\w+\b", r"[a-zA-Z]{2,}", r"\S+"))
    weighed = dict(norm=pick(rng, "l1", "l2", None), use_idf=bool(rng.integers(4)), sublinear_tf=bool(rng.integers(2)), smooth_idf=bool(rng.integers(2)))
    limits = dict(max_features=pick(rng, None, 30), min_df=pick(rng, 1, 2))
    return pick(rng, tx.TfidfVectorizer(**how, **weighed, **limits), tx.CountVectorizer(**how, **limits),
                make_pipeline(tx.CountVectorizer(**how, **limits), tx.TfidfTransformer(**weighed)),
                tx.HashingVectorizer(**how, n_features=pick(rng, 16, 1000), norm=pick(rng, "l1", "l2", None), alternate_sign=bool(rng.integers(2))))


def of_texts(rng):
    """A vectorizer, perhaps something that makes its columns fewer, and a classifier."""
    made = vectorizer(rng)
    signed = "alternate_sign=True" in repr(made) or "HashingVectorizer" in repr(made)
    between = pick(rng, "passthrough", pp.MaxAbsScaler(), pp.Normalizer(), decomposition.TruncatedSVD(5, random_state=0),
                   random_projection.SparseRandomProjection(8, random_state=0), decomposition.LatentDirichletAllocation(3, max_iter=2, random_state=0),
                   decomposition.NMF(3, max_iter=20, random_state=0),
                   "passthrough" if signed else fs.SelectKBest(fs.chi2, k=min(20, 10)))
    if signed and isinstance(between, (decomposition.NMF, decomposition.LatentDirichletAllocation)):
        between = "passthrough"  # they take no negative numbers
    counts = [] if signed or isinstance(between, (decomposition.TruncatedSVD, random_projection.SparseRandomProjection)) else [nb.MultinomialNB(), nb.ComplementNB(), nb.BernoulliNB()]
    return make_pipeline(made, between, pick(rng, small(rng), lm.RidgeClassifier(), svm.LinearSVC(random_state=0), lm.SGDClassifier(random_state=0),
                                           svm.SVC(kernel=pick(rng, "linear", "rbf")), *counts))


def beside_texts(rng):
    """Whole texts in the last column, a category in the one before, numbers."""
    made = ColumnTransformer([("text", make_union(vectorizer(rng), vectorizer(rng)) if rng.integers(2) else vectorizer(rng), -1),
                              ("word", pp.OneHotEncoder(handle_unknown="ignore"), [-2]), ("numbers", pp.StandardScaler(), slice(0, -2))])
    return make_pipeline(made, pick(rng, small(rng), svm.LinearSVC(random_state=0)))


def takes_texts(model):
    """Whether its input is a column of texts, not a table."""
    while hasattr(model, "steps") or hasattr(model, "transformer_list"):
        model = (getattr(model, "steps", None) or model.transformer_list)[0][1]
    return type(model).__module__ == "sklearn.feature_extraction.text" and not isinstance(model, tx.TfidfTransformer)


def seen(model, frame):
    """What the model is shown: a vectorizer takes a column, not a table."""
    return frame.iloc[:, -1] if takes_texts(model) else frame


def some(rng):
    """Named classifiers for a vote."""
    made = [("tree", tree.DecisionTreeClassifier(max_depth=int(rng.integers(1, 6)), random_state=0)), ("line", lm.LogisticRegression(max_iter=300)),
            ("forest", ensemble.RandomForestClassifier(int(rng.integers(1, 6)), max_depth=3, random_state=0)), ("ridge", lm.RidgeClassifier())]
    return [made[i] for i in sorted(rng.permutation(4)[: rng.integers(2, 5)])]


def probable(rng):
    return [(name, one) for name, one in some(rng) if name != "ridge"] or [("tree", tree.DecisionTreeClassifier(max_depth=2, random_state=0))]


def numbers(rng):
    return [("tree", tree.DecisionTreeRegressor(max_depth=4, random_state=0)), ("line", lm.Ridge()), ("flat", dummy.DummyRegressor()),
            ("forest", ensemble.RandomForestRegressor(3, max_depth=3, random_state=0))][: rng.integers(2, 5)]


def classifier(rng):
    return pick(rng, *(one for _, one in some(rng)))


def regressor(rng):
    return pick(rng, *(one for _, one in numbers(rng)))


def weights(rng, count):
    return pick(rng, None, rng.integers(1, 5, count).tolist(), rng.uniform(0.1, 2, count).tolist())


def vote(rng):
    voting = pick(rng, "soft", "hard")
    members = probable(rng) if voting == "soft" else some(rng)
    return ensemble.VotingClassifier(members, voting=voting, weights=weights(rng, len(members)), flatten_transform=bool(rng.integers(2)))


def vote_numbers(rng):
    members = numbers(rng)
    return ensemble.VotingRegressor(members, weights=weights(rng, len(members)))


def bags(rng):
    return {"n_estimators": int(rng.integers(1, 12)), "max_features": pick(rng, 1.0, 0.5, 2), "max_samples": pick(rng, 1.0, 0.5),
            "bootstrap": bool(rng.integers(2)), "bootstrap_features": bool(rng.integers(2)), "n_jobs": pick(rng, None, 2), "random_state": 0}


def kernel(rng, **more):
    return {"kernel": pick(rng, "rbf", "linear", "poly", "sigmoid"), "gamma": pick(rng, "scale", "auto", 0.3), "degree": int(rng.integers(1, 5)),
            "coef0": float(rng.uniform(0, 1))} | more


def similar(rng):
    name = pick(rng, "linear", "rbf", "poly", "laplacian", "sigmoid", "cosine")
    return kernel_ridge.KernelRidge(kernel=name, gamma=pick(rng, None, 0.1), degree=int(rng.integers(1, 4)), coef0=float(rng.uniform(0, 1)))


def process(rng, kind, **more):
    """A Gaussian process with an expression of up to three kernels, as they are drawn: to optimise them would take long.
    ExpSineSquared of several columns has no Cholesky factor."""
    draw = lambda: pick(rng, gk.RBF(float(rng.uniform(0.5, 3))), gk.Matern(nu=pick(rng, 0.5, 1.5, 2.5, np.inf, 0.8, 3.3)), gk.RationalQuadratic(),
                        gk.DotProduct(0.5), gk.ConstantKernel(0.5), gk.PairwiseKernel(metric="laplacian"))
    kernel = pick(rng, draw() + gk.WhiteKernel(0.1), draw() * draw() + gk.WhiteKernel(), draw() ** 2 + 2.0 * draw())
    return kind(kernel, optimizer=None, **more)


def selected(rng):
    """Columns that count in a model, before another one."""
    asked = pick(rng, lm.LogisticRegression(max_iter=500), tree.DecisionTreeClassifier(max_depth=4, random_state=0), lm.RidgeClassifier(),
                 ensemble.RandomForestClassifier(5, max_depth=4, random_state=0), ensemble.GradientBoostingClassifier(n_estimators=4, random_state=0))
    chosen = fs.SelectFromModel(asked, threshold=pick(rng, None, "median", "0.5*mean", -np.inf), norm_order=pick(rng, 1, 2, np.inf),
                                max_features=pick(rng, None, 2))
    return make_pipeline(chosen, small(rng))


def filled_by_neighbors(rng):
    """Of rows that are equally far numpy takes any. Weighted by distance, a row is filled from its like with the inverse of
    what rounding leaves of a difference of large squares; so that is for the committed cases."""
    return impute.KNNImputer(n_neighbors=int(rng.integers(1, 8)), add_indicator=bool(rng.integers(2)),
                             keep_empty_features=bool(rng.integers(2)))


def filled_by_regression(rng):
    asked = pick(rng, None, lm.Ridge(), tree.DecisionTreeRegressor(max_depth=3, random_state=0))
    return impute.IterativeImputer(asked, max_iter=int(rng.integers(1, 4)), n_nearest_features=pick(rng, None, 2), add_indicator=bool(rng.integers(2)),
                                   initial_strategy=pick(rng, "mean", "median", "constant"), min_value=pick(rng, -np.inf, 0.0), random_state=0)


def splines(rng):
    return pp.SplineTransformer(int(rng.integers(2, 7)) + 3, int(rng.integers(0, 4)), knots=pick(rng, "uniform", "quantile"), include_bias=bool(rng.integers(2)),
                                extrapolation=pick(rng, "constant", "linear", "continue", "periodic"))


# A sum over support vectors whose terms may be a million times larger than itself (7.6e6 for 6.2 with a linear NuSVC);
# BLAS adds them in another order.
# Sums over training rows of a kernel model cancel as well. The five error functions of a GaussianProcessClassifier have
# factors in the thousands, which leave a probability. Linear models of texts add up thousands of terms. A PCA's likelihood comes from the inverse of a covariance.
CANCELLING = {"NuSVC": 1e-9, "OneClassSVM": 1e-11, "KernelRidge": 1e-9, "GaussianProcessRegressor": 1e-9, "GaussianProcessClassifier": 1e-9, "PCA": 1e-8, "LinearSVC": 1e-11, "RidgeClassifier": 1e-11,
              "SGDClassifier": 1e-11}
# Their score_samples is drawn at random.
RANDOM = {"BernoulliRBM"}
# Their transform gives distances to centres.
DISTANCES = {"Birch", "BisectingKMeans", "KMeans", "MiniBatchKMeans"}


def near(rng, **more):
    return {"algorithm": pick(rng, "auto", "kd_tree", "ball_tree", "brute"), "metric": pick(rng, "minkowski", "manhattan", "chebyshev"), "p": pick(rng, 2, 1, 3),
            "leaf_size": int(rng.integers(1, 40)), "weights": pick(rng, "uniform", "distance")} | more


def density(rng):
    """Of a kernel that ends somewhere, and of tolerances that let the search stop early."""
    metric = pick(rng, "euclidean", "manhattan", "chebyshev", "minkowski")
    return neighbors.KernelDensity(
        kernel=pick(rng, "gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"), metric=metric,
        metric_params={"p": 3} if metric == "minkowski" and rng.integers(2) else None, algorithm=pick(rng, "auto", "kd_tree", "ball_tree"),
        bandwidth=pick(rng, 0.3, 1.0, 5.0, "scott", "silverman"), leaf_size=int(rng.integers(1, 40)), breadth_first=bool(rng.integers(2)),
        rtol=pick(rng, 0, 1e-8, 1e-3), atol=pick(rng, 0, 1e-6))


def by_score(rng):
    """Columns with the best scores, by each of the selectors' ways."""
    score = pick(rng, fs.f_classif, fs.mutual_info_classif)
    return pick(rng, fs.SelectPercentile(score, percentile=pick(rng, 10, 34, 50, 100)), fs.SelectFpr(alpha=0.5), fs.SelectFdr(alpha=0.9), fs.SelectFwe(alpha=0.9),
                fs.GenericUnivariateSelect(mode="k_best", param=2), fs.GenericUnivariateSelect(mode="percentile", param=60),
                fs.GenericUnivariateSelect(mode="fdr", param=0.9), fs.SequentialFeatureSelector(tree.DecisionTreeClassifier(max_depth=2, random_state=0), n_features_to_select=2, cv=2),
                fs.RFE(lm.LogisticRegression(), n_features_to_select=2))


def left(rng):
    """What an estimator is left with."""
    asked = pick(rng, lm.LogisticRegression(max_iter=500), tree.DecisionTreeClassifier(max_depth=4, random_state=0), lm.RidgeClassifier())
    return pick(rng, fs.RFE(asked, n_features_to_select=2), fs.RFECV(asked, cv=2, min_features_to_select=1))


def mapped(rng):
    """Kernels as columns."""
    kernel = pick(rng, {"kernel": "rbf", "gamma": pick(rng, None, 0.2)}, {"kernel": "poly", "degree": 2, "coef0": 0.5}, {"kernel": "cosine"}, {"kernel": "laplacian"})
    made = pick(rng, ka.Nystroem(n_components=8, random_state=0, **kernel), ka.RBFSampler(n_components=12, gamma=pick(rng, "scale", 0.3), random_state=0),
                ka.PolynomialCountSketch(degree=int(rng.integers(1, 4)), n_components=10, coef0=pick(rng, 0, 2), random_state=0))
    return make_pipeline(pp.MinMaxScaler((-1, 1), clip=True), made)  # nothing is left of the cosine of a large number


def kernel_components(rng):
    kernel = pick(rng, {"kernel": "rbf"}, {"kernel": "rbf", "gamma": 0.2}, {"kernel": "poly", "degree": 2}, {"kernel": "linear"}, {"kernel": "sigmoid", "gamma": 0.01}, {"kernel": "cosine"})
    return decomposition.KernelPCA(int(rng.integers(1, 4)), random_state=0, **kernel)


def not_negative(rng):
    """What takes no negative numbers, behind what makes none."""
    made = pick(rng, decomposition.NMF(2, solver=pick(rng, "cd", "mu"), max_iter=60, alpha_W=pick(rng, 0, 0.01), l1_ratio=0.5, random_state=0),
                decomposition.NMF(2, solver="mu", beta_loss=pick(rng, "kullback-leibler", 1.5, 0.5, 3), max_iter=40, random_state=0),
                decomposition.MiniBatchNMF(2, max_iter=10, beta_loss=pick(rng, "frobenius", "kullback-leibler"), random_state=0),
                decomposition.LatentDirichletAllocation(3, max_iter=3, doc_topic_prior=pick(rng, None, 0.2), random_state=0),
                ka.AdditiveChi2Sampler(sample_steps=int(rng.integers(1, 4))), ka.SkewedChi2Sampler(skewedness=0.1, n_components=7, random_state=0))
    return make_pipeline(pp.MinMaxScaler((0.01, 2), clip=True), made)


def pooled(rng):
    return cluster.FeatureAgglomeration(2, pooling_func=pick(rng, np.mean, np.median, np.max, np.min))


def coded(rng):
    how = pick(rng, {"transform_algorithm": "omp", "transform_n_nonzero_coefs": pick(rng, None, 2)}, {"transform_algorithm": "threshold", "transform_alpha": 0.2})
    how["split_sign"] = bool(rng.integers(2))
    return pick(rng, decomposition.DictionaryLearning(4, max_iter=5, random_state=0, **how),
                decomposition.MiniBatchDictionaryLearning(4, max_iter=5, random_state=0, **how))


def told(rng):
    """Gaps told as columns, beside values without them."""
    return make_union(make_pipeline(impute.SimpleImputer(), pp.MaxAbsScaler()), impute.MissingIndicator(features=pick(rng, "missing-only", "all"), error_on_new=bool(rng.integers(2))))


def layers(rng):
    return {"hidden_layer_sizes": pick(rng, (5,), (8, 3)), "activation": pick(rng, "identity", "logistic", "tanh", "relu"), "max_iter": 30, "random_state": 0}


def components(rng, **more):
    return {"n_components": int(rng.integers(1, 5)), "covariance_type": pick(rng, "full", "tied", "diag", "spherical"), "random_state": 0} | more


def back(rng):
    return pick(rng, {"func": np.log, "inverse_func": np.exp}, {"func": np.log1p, "inverse_func": np.expm1}, {"transformer": pp.StandardScaler()},
                {"transformer": pp.MinMaxScaler((-2, 2))}, {"transformer": pp.RobustScaler()}, {"transformer": pp.PowerTransformer()}, {})


# name: (what it learns from, how one is made)
MODELS = {
    "DecisionTreeClassifier": ("classes", lambda r: tree.DecisionTreeClassifier(**trees(r, criterion=pick(r, "gini", "entropy")))),
    "DecisionTreeRegressor": ("values", lambda r: tree.DecisionTreeRegressor(**trees(r))),
    "ExtraTreeClassifier": ("classes", lambda r: tree.ExtraTreeClassifier(**trees(r))),
    "ExtraTreeRegressor": ("values", lambda r: tree.ExtraTreeRegressor(**trees(r))),
    "RandomForestClassifier": ("classes", lambda r: ensemble.RandomForestClassifier(**forest(r, class_weight=pick(r, None, "balanced")))),
    "RandomForestRegressor": ("values", lambda r: ensemble.RandomForestRegressor(**forest(r))),
    "ExtraTreesClassifier": ("classes", lambda r: ensemble.ExtraTreesClassifier(**forest(r))),
    "ExtraTreesRegressor": ("values", lambda r: ensemble.ExtraTreesRegressor(**forest(r))),
    "multi-output forest": ("many values", lambda r: ensemble.RandomForestRegressor(**forest(r))),
    "IsolationForest": ("nothing", lambda r: ensemble.IsolationForest(**isolation(r))),
    "GradientBoostingClassifier": ("classes", lambda r: ensemble.GradientBoostingClassifier(**boosting(r, ["log_loss"]))),
    "GradientBoostingClassifier, two classes": ("two classes", lambda r: ensemble.GradientBoostingClassifier(**boosting(r, ["log_loss", "exponential"], init=pick(r, None, "zero")))),
    "GradientBoostingRegressor": ("values", lambda r: ensemble.GradientBoostingRegressor(**boosting(r, ["squared_error", "absolute_error", "huber", "quantile"]))),
    "HistGradientBoostingClassifier": ("classes", lambda r: ensemble.HistGradientBoostingClassifier(**histograms(r, ["log_loss"]))),
    "HistGradientBoostingRegressor": ("values", lambda r: ensemble.HistGradientBoostingRegressor(**histograms(r, ["squared_error", "absolute_error", "poisson", "gamma"]))),
    "LinearRegression": ("values", lambda r: lm.LinearRegression(**linear(r))),
    "multi-output LinearRegression": ("many values", lambda r: lm.LinearRegression(**linear(r))),
    "Ridge": ("values", lambda r: lm.Ridge(**linear(r, alpha=float(r.uniform(0, 5))))),
    "RidgeClassifier": ("classes", lambda r: lm.RidgeClassifier(**linear(r))),
    "Lasso": ("values", lambda r: lm.Lasso(**linear(r, alpha=0.1))),
    "ElasticNet": ("values", lambda r: lm.ElasticNet(**linear(r, alpha=0.1))),
    "LogisticRegression": ("classes", lambda r: lm.LogisticRegression(**linear(r, max_iter=300, C=float(r.uniform(0.01, 10))))),
    "LogisticRegression, two classes": ("two classes", lambda r: lm.LogisticRegression(**linear(r, max_iter=300, solver=pick(r, "lbfgs", "liblinear", "newton-cholesky")))),
    "SGDClassifier": ("classes", lambda r: lm.SGDClassifier(**linear(r, loss=pick(r, "hinge", "log_loss", "modified_huber"), random_state=0))),
    "SGDRegressor": ("values", lambda r: lm.SGDRegressor(**linear(r, random_state=0))),
    "SGDOneClassSVM": ("nothing", lambda r: lm.SGDOneClassSVM(**linear(r, random_state=0))),
    "KMeans": ("nothing", lambda r: cluster.KMeans(int(r.integers(1, 9)), n_init=1, random_state=0)),
    "MiniBatchKMeans": ("nothing", lambda r: cluster.MiniBatchKMeans(int(r.integers(1, 9)), n_init=1, random_state=0)),
    "DummyClassifier": ("classes", lambda r: dummy.DummyClassifier(strategy=pick(r, "prior", "most_frequent"))),
    "DummyRegressor": ("values", lambda r: dummy.DummyRegressor(strategy=pick(r, "mean", "median"))),
    "AdaBoostClassifier": ("classes", lambda r: ensemble.AdaBoostClassifier(pick(r, None, tree.DecisionTreeClassifier(max_depth=2)), n_estimators=int(r.integers(1, 20)), random_state=0)),
    "AdaBoostRegressor": ("values", lambda r: ensemble.AdaBoostRegressor(pick(r, None, lm.Ridge()), n_estimators=int(r.integers(1, 20)), loss=pick(r, "linear", "square", "exponential"), random_state=0)),
    "BaggingClassifier": ("classes", lambda r: ensemble.BaggingClassifier(classifier(r), **bags(r))),
    "BaggingRegressor": ("values", lambda r: ensemble.BaggingRegressor(regressor(r), **bags(r))),
    "multi-output BaggingRegressor": ("many values", lambda r: ensemble.BaggingRegressor(**bags(r))),
    "VotingClassifier": ("classes", vote),
    "VotingRegressor": ("values", vote_numbers),
    "StackingClassifier": ("classes", lambda r: ensemble.StackingClassifier(some(r), classifier(r), cv=2, passthrough=bool(r.integers(2)), stack_method=pick(r, "auto", "predict"))),
    "StackingRegressor": ("values", lambda r: ensemble.StackingRegressor(numbers(r), regressor(r), cv=2, passthrough=bool(r.integers(2)))),
    "CalibratedClassifierCV": ("classes", lambda r: calibration.CalibratedClassifierCV(classifier(r), method=pick(r, "sigmoid", "isotonic", "temperature"), ensemble=bool(r.integers(2)), cv=2)),
    "GridSearchCV": ("classes", lambda r: ms.GridSearchCV(tree.DecisionTreeClassifier(random_state=0), {"max_depth": [2, 5]}, cv=2)),
    "FixedThresholdClassifier": ("two classes", lambda r: ms.FixedThresholdClassifier(classifier(r), threshold=pick(r, "auto", 0.3))),
    "TunedThresholdClassifierCV": ("two classes", lambda r: ms.TunedThresholdClassifierCV(classifier(r), cv=2)),
    "OneVsRestClassifier": ("classes", lambda r: multiclass.OneVsRestClassifier(classifier(r))),
    "OneVsOneClassifier": ("classes", lambda r: multiclass.OneVsOneClassifier(classifier(r))),
    "OutputCodeClassifier": ("classes", lambda r: multiclass.OutputCodeClassifier(classifier(r), code_size=float(r.uniform(1, 4)), random_state=0)),
    "MultiOutputClassifier": ("many classes", lambda r: multioutput.MultiOutputClassifier(classifier(r))),
    "MultiOutputRegressor": ("many values", lambda r: multioutput.MultiOutputRegressor(regressor(r))),
    "ClassifierChain": ("many classes", lambda r: multioutput.ClassifierChain(lm.LogisticRegression(), order=pick(r, None, "random", [2, 0, 1]), chain_method=pick(r, "predict", "predict_proba", "decision_function"), random_state=0)),
    "RegressorChain": ("many values", lambda r: multioutput.RegressorChain(regressor(r), order=pick(r, None, "random", [2, 0, 1]), random_state=0)),
    "RANSACRegressor": ("values", lambda r: lm.RANSACRegressor(pick(r, None, tree.DecisionTreeRegressor(max_depth=4)), min_samples=20, random_state=0)),
    "TransformedTargetRegressor": ("values", lambda r: compose.TransformedTargetRegressor(regressor(r), **back(r))),
    "multi-output TransformedTargetRegressor": ("many values", lambda r: compose.TransformedTargetRegressor(lm.Ridge(), transformer=pick(r, pp.StandardScaler(), pp.RobustScaler()))),
    "SVC": ("classes", lambda r: svm.SVC(**kernel(r, C=float(r.uniform(0.1, 20)), decision_function_shape=pick(r, "ovr", "ovo")))),
    "SVC, break_ties": ("classes", lambda r: svm.SVC(**kernel(r, break_ties=True))),
    "SVC, probability": ("classes", lambda r: svm.SVC(**kernel(r, probability=True, random_state=0))),
    "NuSVC": ("classes", lambda r: svm.NuSVC(**kernel(r, nu=0.2))),
    "SVR": ("values", lambda r: svm.SVR(**kernel(r, C=float(r.uniform(0.1, 20))))),
    "NuSVR": ("values", lambda r: svm.NuSVR(**kernel(r))),
    "OneClassSVM": ("nothing", lambda r: svm.OneClassSVM(**kernel(r, nu=0.1))),
    "KNeighborsClassifier": ("classes", lambda r: neighbors.KNeighborsClassifier(int(r.integers(1, 20)), **near(r))),
    "KNeighborsRegressor": ("values", lambda r: neighbors.KNeighborsRegressor(int(r.integers(1, 20)), **near(r))),
    "multi-output KNeighborsRegressor": ("many values", lambda r: neighbors.KNeighborsRegressor(int(r.integers(1, 20)), **near(r))),
    "multi-output KNeighborsClassifier": ("many classes", lambda r: neighbors.KNeighborsClassifier(int(r.integers(1, 20)), **near(r))),
    "RadiusNeighborsClassifier": ("classes", lambda r: neighbors.RadiusNeighborsClassifier(float(r.uniform(0.2, 3)), outlier_label=pick(r, None, "most_frequent"), **near(r, algorithm=pick(r, "kd_tree", "ball_tree")))),
    "RadiusNeighborsRegressor": ("values", lambda r: neighbors.RadiusNeighborsRegressor(float(r.uniform(0.2, 3)), **near(r))),
    "LocalOutlierFactor": ("nothing", lambda r: neighbors.LocalOutlierFactor(int(r.integers(1, 20)), novelty=True, algorithm=pick(r, "auto", "ball_tree"), contamination=pick(r, "auto", 0.1))),
    "KernelDensity": ("nothing", density),
    "NearestCentroid": ("classes", lambda r: neighbors.NearestCentroid(metric=pick(r, "euclidean", "manhattan"), priors=pick(r, "uniform", "empirical"), shrink_threshold=pick(r, None, 0.2))),
    "GaussianNB": ("classes", lambda r: nb.GaussianNB()),
    "BernoulliNB": ("classes", lambda r: nb.BernoulliNB(alpha=float(r.uniform(0.1, 2)), binarize=pick(r, 0.0, 0.3))),
    "LinearDiscriminantAnalysis": ("classes", lambda r: da.LinearDiscriminantAnalysis(solver=pick(r, "svd", "eigen"))),
    "QuadraticDiscriminantAnalysis": ("classes", lambda r: da.QuadraticDiscriminantAnalysis(reg_param=0.1)),
    "GaussianMixture": ("nothing", lambda r: mixture.GaussianMixture(**components(r))),
    "BayesianGaussianMixture": ("nothing", lambda r: mixture.BayesianGaussianMixture(**components(r, weight_concentration_prior_type=pick(r, "dirichlet_process", "dirichlet_distribution")))),
    "EllipticEnvelope": ("nothing", lambda r: covariance.EllipticEnvelope(store_precision=bool(r.integers(2)), random_state=0)),
    "MLPClassifier": ("classes", lambda r: nn.MLPClassifier(**layers(r))),
    "MLPRegressor": ("values", lambda r: nn.MLPRegressor(**layers(r))),
    "multi-output MLPRegressor": ("many values", lambda r: nn.MLPRegressor(**layers(r))),
    "PLSRegression": ("values", lambda r: cd.PLSRegression(int(r.integers(1, 4)), scale=bool(r.integers(2)))),
    "multi-output PLSRegression": ("many values", lambda r: cd.PLSRegression(int(r.integers(1, 4)))),
    "PLSCanonical": ("many values", lambda r: cd.PLSCanonical(int(r.integers(1, 3)))),
    "CCA": ("many values", lambda r: cd.CCA(int(r.integers(1, 3)))),
    "PLSSVD": ("many values", lambda r: cd.PLSSVD(int(r.integers(1, 4)))),
    "KernelRidge": ("values", similar),
    "multi-output KernelRidge": ("many values", similar),
    "GaussianProcessRegressor": ("values", lambda r: process(r, gp.GaussianProcessRegressor, alpha=0.1, normalize_y=bool(r.integers(2)))),
    "multi-output GaussianProcessRegressor": ("many values", lambda r: process(r, gp.GaussianProcessRegressor, alpha=0.1)),
    "GaussianProcessClassifier": ("classes", lambda r: process(r, gp.GaussianProcessClassifier)),
    "MeanShift": ("nothing", lambda r: cluster.MeanShift(bandwidth=pick(r, None, 3.0))),
    "AffinityPropagation": ("nothing", lambda r: cluster.AffinityPropagation(damping=pick(r, 0.5, 0.9), random_state=0)),
    "Birch": ("nothing", lambda r: cluster.Birch(threshold=float(r.uniform(0.1, 2)), n_clusters=pick(r, None, 2, 5))),
    "BisectingKMeans": ("nothing", lambda r: cluster.BisectingKMeans(int(r.integers(1, 9)), random_state=0)),
    "RandomTreesEmbedding": ("nothing", lambda r: ensemble.RandomTreesEmbedding(int(r.integers(1, 12)), max_depth=int(r.integers(1, 6)), random_state=0)),
    "PCA": ("nothing", lambda r: decomposition.PCA(pick(r, None, 1, 2), whiten=bool(r.integers(2)))),
    "SelectFromModel": ("classes", selected),
    "selectors by score": ("classes", lambda r: make_pipeline(by_score(r), small(r))),
    "RFE": ("classes", left),
    "kernel approximations": ("nothing", mapped),
    "KernelPCA": ("nothing", kernel_components),
    "NMF and others": ("nothing", not_negative),
    "FeatureAgglomeration": ("nothing", pooled),
    "DictionaryLearning": ("nothing", coded),
    "SparsePCA": ("nothing", lambda r: pick(r, decomposition.SparsePCA(2, max_iter=20, random_state=0), decomposition.MiniBatchSparsePCA(2, max_iter=20, random_state=0))),
    "FactorAnalysis": ("nothing", lambda r: decomposition.FactorAnalysis(int(r.integers(1, 3)), rotation=pick(r, None, "varimax"))),
    "FastICA": ("nothing", lambda r: decomposition.FastICA(int(r.integers(1, 4)), whiten=pick(r, "unit-variance", "arbitrary-variance"), random_state=0)),
    "IncrementalPCA": ("nothing", lambda r: decomposition.IncrementalPCA(int(r.integers(1, 4)), whiten=bool(r.integers(2)))),
    "random projections": ("nothing", lambda r: pick(r, random_projection.GaussianRandomProjection(4, random_state=0), random_projection.SparseRandomProjection(4, density=pick(r, "auto", 1.0), random_state=0))),
    "NeighborhoodComponentsAnalysis": ("classes", lambda r: make_pipeline(neighbors.NeighborhoodComponentsAnalysis(2, max_iter=10, random_state=0), neighbors.KNeighborsClassifier(3))),
    "BernoulliRBM": ("classes", lambda r: make_pipeline(pp.MinMaxScaler(), nn.BernoulliRBM(5, n_iter=2, random_state=0), small(r))),
    "Isomap": ("nothing", lambda r: make_pipeline(pp.MinMaxScaler(clip=True), manifold.Isomap(n_components=2, n_neighbors=int(r.integers(3, 12))))),
    "LocallyLinearEmbedding": ("nothing", lambda r: manifold.LocallyLinearEmbedding(n_components=2, n_neighbors=int(r.integers(6, 12)), random_state=0)),
    "LabelPropagation": ("partly labelled", lambda r: semi_supervised.LabelPropagation(kernel="knn", n_neighbors=int(r.integers(2, 9)))),
    "LabelSpreading": ("partly labelled", lambda r: semi_supervised.LabelSpreading(kernel=pick(r, "rbf", "knn"), gamma=pick(r, 0.3, 2), n_neighbors=5)),
    "least angles": ("values", lambda r: pick(r, lm.LarsCV(cv=2), lm.LassoLarsCV(cv=2), lm.LassoLarsIC(), lm.OrthogonalMatchingPursuitCV(cv=2))),
    "many values by cross-validation": ("many values", lambda r: pick(r, lm.MultiTaskElasticNetCV(cv=2, alphas=3), lm.MultiTaskLassoCV(cv=2, alphas=3))),
    "MissingIndicator": ("classes", lambda r: make_pipeline(told(r), small(r))),
    "KNNImputer": ("classes", lambda r: make_pipeline(filled_by_neighbors(r), small(r))),
    "IterativeImputer": ("classes", lambda r: make_pipeline(filled_by_regression(r), small(r))),
    "SplineTransformer": ("classes", lambda r: make_pipeline(splines(r), small(r))),
    "Pipeline": ("classes", prepared),
    "ColumnTransformer": ("texts", columns),
    "texts": ("documents", of_texts),
    "texts in a table": ("documents", beside_texts),
}
# Trees compare and add; everything else passes through exp, log, pow or a matrix product of BLAS. So does the score that
# a GradientBoostingClassifier starts from, the log of the classes' shares; HistGradientBoosting stores its own.
BIT_EQUAL = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor", "RandomForestClassifier",
             "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor", "GradientBoostingRegressor", "DummyClassifier", "DummyRegressor"}


# They bring their own first steps, and are not scaled before.
PREPARED = {"Pipeline", "ColumnTransformer", "texts", "texts in a table", "MissingIndicator", "NMF and others", "kernel approximations", "Isomap", "KNNImputer", "IterativeImputer", "SplineTransformer", "SelectFromModel"}


def exact(model, output):
    name = type(model).__name__
    raw = name == "HistGradientBoostingClassifier" and output == "decision_function"
    plain = name == "HistGradientBoostingRegressor" and model.loss in ("squared_error", "absolute_error")
    return name in BIT_EQUAL or raw or plain


def names(rng, count):
    """Column names as people have them: with spaces, accents, quotes, and digits alone."""
    odd = ["Period ID", "größe", "a.b", 'say "x"', "0", "naïve\tTab", "x" * 60, "emoji 🌸", "back\\slash"]
    chosen = [odd[i] for i in rng.permutation(len(odd))[: rng.integers(0, 3)]]
    while len(chosen) < count:
        name = "".join(rng.choice(list(string.ascii_lowercase), rng.integers(1, 12)))
        chosen += [name] if name not in chosen else []
    return [chosen[i] for i in rng.permutation(count)]


def data(rng, kind):
    """A table of floats whose first column holds small whole numbers, and what to learn from it."""
    rows, columns = int(rng.integers(60, 300)), int(rng.integers(3, 9)) + 2 * (kind in ("texts", "documents"))
    values = rng.normal(size=(rows, columns)) * 10.0 ** rng.integers(-3, 4, size=columns)
    values[:, 0] = rng.integers(0, int(rng.integers(2, 60)), size=rows)
    X = pd.DataFrame(values, columns=names(rng, columns))
    if kind == "texts":
        for column in X.columns[-2:]:
            words = np.array(["a", "B", "été", "日本", "", "a b", "'q'"][: rng.integers(2, 8)], dtype=object)
            X[column] = words[np.minimum(rng.geometric(0.4, rows) - 1, len(words) - 1)]
    if kind == "documents":
        X[X.columns[-2]] = rng.choice(["red", "green"], rows)
        X[X.columns[-1]] = [document(rng) for _ in range(rows)]
    z = (values - values.mean(0)) / values.std(0)
    signal = z[:, 0] + z[:, 1] * z[:, 2] + 0.3 * rng.normal(size=rows)
    if kind == "nothing":
        return X, None
    if kind == "values":
        return X, np.exp(0.5 * signal)
    if kind == "many values":
        return X, np.c_[signal, z[:, 1], -signal]
    if kind == "many classes":
        return X, np.c_[signal > 0, z[:, 1] > 0.5, -signal > 0.5].astype(int)
    if kind == "partly labelled":
        return X, np.where(rng.random(rows) < 0.5, -1, np.digitize(signal, [-0.3, 0.3]))
    count = 2 if kind == "two classes" else int(rng.integers(2, 5))
    codes = np.digitize(signal, np.quantile(signal, np.linspace(0, 1, count + 1)[1:-1]))
    labels = pick(rng, list(range(count)), [7, -3, 40, 11], ["a", "Ärger", "b 🌸", ""], [1.0, 2.0, 4.0, 8.0])[:count]
    if count == 2 and rng.integers(4) == 0:
        labels = [False, True]
    return X, np.array(labels, dtype=object if isinstance(labels[0], str) and rng.integers(2) else None)[codes]


WORDS = ["the", "Red", "café", "déjà vu", "2nd", "it's", "été", "naïve", "x", "日本語", "I", "well-known", "état", "ﬁn", "ΟΔΟΣ", "İ", "a_b", "la",
         "mer", "🌸", "prix: 10.50€", "²", "क़िला", "price", "not", "good", "bad", "very", "service", "food"]


def document(rng):
    """Some words between spaces of all kinds; now and then nothing."""
    chosen = [WORDS[i] for i in np.minimum(rng.geometric(0.12, rng.integers(0, 25)) - 1, len(WORDS) - 1)]
    return "".join(word + pick(rng, " ", " ", " ", "  ", ", ", "\n\t", "\u00a0", ". ") for word in chosen)


def holes(rng, name, X):
    """The table with missing values, for the models that can learn from them and half of the time."""
    if name == "ColumnTransformer" and rng.integers(2):
        return X.assign(**{c: X[c].mask(rng.random(len(X)) < 0.1) for c in X.columns[-2:]})
    if name in ("KNNImputer", "IterativeImputer", "MissingIndicator"):
        return X.mask(rng.random(X.shape) < 0.1)
    learns = name == "Pipeline" or name.startswith(("DecisionTree", "RandomForest", "ExtraTrees", "Hist"))
    return X.mask(rng.random(X.shape) < 0.1) if learns and rng.integers(2) else X


def scaler(rng, name, estimator, X):
    """None for half of the trees and where a column is a category; else one that a solver converges behind."""
    if name in PREPARED or getattr(estimator, "categorical_features", None) == [0] or ("Tree" in name or "orest" in name or "Hist" in name) and rng.integers(2):
        return None
    made = [pp.StandardScaler(), pp.MinMaxScaler(clip=bool(rng.integers(2))), pp.RobustScaler(), pp.MaxAbsScaler()]
    if not X.isna().any(axis=None):  # Normalizer takes no missing values
        made.append(make_pipeline(pp.StandardScaler(), pp.Normalizer(pick(rng, "l1", "l2", "max"))))
    return made[rng.integers(len(made))]


def requests(rng, name, X):
    """Tables of rows to ask about: training rows, new ones, odd numbers, holes.

    A column that is null in every row reaches scikit-learn as None, which SimpleImputer with the strategies most_frequent
    and constant does not take for missing: an accident of dtypes. So a pipeline is never asked about one.
    """
    if name == "ColumnTransformer":
        return text_requests(rng, X)
    if name.startswith("texts"):
        return document_requests(rng, X)
    known = X.dropna() if name in PREPARED else X
    near = known.iloc[rng.integers(len(known), size=12)].reset_index(drop=True)
    moved = near * (1 + 0.2 * rng.normal(size=near.shape))
    odd = near.iloc[:3].copy()
    for value in (0.0, -0.0, 5e-324, 1e-300, 1e30, 123456789.125):
        odd.iloc[rng.integers(3), rng.integers(odd.shape[1])] = value
    holes = near.iloc[:2].mask(rng.random((2, near.shape[1])) < 0.3)
    if name in PREPARED:
        holes = pd.concat([holes, near.iloc[:1]])
    return [near, moved, moved.iloc[:1], odd, holes, near.iloc[:1].assign(**{X.columns[-1]: 1e39})]


def text_requests(rng, X):
    """Rows of training, new ones, texts never seen; a missing text only beside others, which keeps its column one of texts."""
    near = X.iloc[rng.integers(len(X), size=12)].reset_index(drop=True)
    complete = X.dropna().iloc[:3].reset_index(drop=True)
    moved = complete.assign(**{c: complete[c] * (1 + 0.2 * rng.normal(size=len(complete))) for c in X.columns[1:-2]})
    unseen = complete.copy()
    unseen.iloc[1, -1 - rng.integers(2)] = "never seen"
    gap = complete.copy().astype({c: object for c in X.columns[-2:]})
    gap.iloc[0, -1 - rng.integers(2)] = None
    return [pd.concat([near, complete]), moved, complete.iloc[:1], unseen, gap, complete.assign(**{X.columns[0]: [61.0, 62.0, 0.5]})]


def document_requests(rng, X):
    """Rows of training, texts never seen, and a missing one, which scikit-learn refuses."""
    near = X.iloc[rng.integers(len(X), size=12)].reset_index(drop=True)
    new = near.assign(**{X.columns[-1]: [document(rng) + " never seen " + document(rng).upper() for _ in range(len(near))]})
    gap = near.iloc[:3].astype({X.columns[-1]: object})
    gap.iloc[0, -1] = None
    return [near, new, new.iloc[:1], near.iloc[:1].assign(**{X.columns[-1]: ""}), gap]


def records(rows):
    return [{c: None if v != v else v for c, v in zip(rows.columns, r)} for r in rows.to_numpy().tolist()]


def request(rng, rows, outputs):
    """The same rows in a form drawn by chance: key order, unknown columns, layout, numbers as text."""
    form = pick(rng, "records", "shuffled", "extra", "lists", "split", "matrix", "texts")
    plain, columns = records(rows), list(rows.columns)
    values = [list(r.values()) for r in plain]
    if form == "shuffled":
        plain = [{c: r[c] for c in rng.permutation(columns)} for r in plain]
    elif form == "extra":
        plain = [{"not a feature": "x"} | r | {"nor this": None} for r in plain]
    elif form == "lists":
        plain = {c: [r[c] for r in plain] for c in columns}
    elif form == "split":
        plain = {"columns": columns, "index": list(range(len(plain))), "data": values}
    elif form == "matrix":
        plain = values
    elif form == "texts":
        plain = [{c: repr(v) if isinstance(v, float) else v for c, v in r.items()} for r in plain]
    return json.dumps({"input_data": plain, "params": {"outputs": outputs}}, ensure_ascii=bool(rng.integers(2)))
