"""Fits the same data with scikit-learn and with scorelet and compares all that both learned: every attribute of the
fitted object, whole trees among them, bit for bit; numbers that pass through linear algebra within a stated tolerance.
    .venv/bin/python tests/python/train.py [--only TEXT] [--seeds N]
"""
import argparse, inspect, sys, warnings

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import InvalidParameterError
from sklearn import cluster, datasets, ensemble, linear_model, preprocessing, tree

import train_kernels
import train_linear
from trainer import Trainer, differences

warnings.filterwarnings("ignore")

TREES = {
    "decision-tree-classifier": tree.DecisionTreeClassifier, "decision-tree-regressor": tree.DecisionTreeRegressor,
    "extra-tree-classifier": tree.ExtraTreeClassifier, "extra-tree-regressor": tree.ExtraTreeRegressor,
    "random-forest-classifier": ensemble.RandomForestClassifier, "random-forest-regressor": ensemble.RandomForestRegressor,
    "extra-trees-classifier": ensemble.ExtraTreesClassifier, "extra-trees-regressor": ensemble.ExtraTreesRegressor,
    "isolation-forest": ensemble.IsolationForest,
}
MODELS = {
    "linear-regression": linear_model.LinearRegression, "ridge": linear_model.Ridge, "lasso": linear_model.Lasso,
    "elastic-net": linear_model.ElasticNet, "logistic-regression": linear_model.LogisticRegression, "kmeans": cluster.KMeans,
}
SCALERS = {"standard": preprocessing.StandardScaler, "minmax": preprocessing.MinMaxScaler,
           "robust": preprocessing.RobustScaler, "maxabs": preprocessing.MaxAbsScaler}

# What scikit-learn's check takes and its fit then fails on.
NARROWER = [("lasso", "max_iter", None), ("elastic-net", "max_iter", None),
            ("k-neighbors-classifier", "n_neighbors", None), ("k-neighbors-regressor", "n_neighbors", None)]

# What a forest does not keep: the sample weights (removed by `convert` too, a row of the training data each), the
# out-of-bag predictions, and the seeds, which also stand in the trees.
LEFT_OUT = ("_sample_weight", "oob_decision_function_", "oob_prediction_", "_seeds")

TREE_GRID = [{}, {"max_depth": 4}, {"min_samples_leaf": 5, "min_samples_split": 20}, {"min_samples_leaf": 0.02, "min_samples_split": 0.1},
             {"max_features": 2}, {"max_features": "log2"}, {"max_features": 0.5}, {"max_leaf_nodes": 12}, {"min_impurity_decrease": 0.01},
             {"min_weight_fraction_leaf": 0.03}, {"max_leaf_nodes": 60, "max_features": 3}, {"ccp_alpha": 0.005}, {"ccp_alpha": 0.02, "max_leaf_nodes": 30}]
# Of regressors; medians are not found among missing values, and counts are at least 0.
LOSS_GRID = [{"criterion": "absolute_error"}, {"criterion": "absolute_error", "min_samples_leaf": 4, "max_features": 2}, {"criterion": "absolute_error", "max_leaf_nodes": 9},
             {"criterion": "poisson"}, {"criterion": "poisson", "max_depth": 5, "min_samples_split": 7}, {"criterion": "poisson", "ccp_alpha": 0.01}]
CLASS_GRID = [{"criterion": "entropy"}, {"criterion": "log_loss"}, {"class_weight": "balanced"}, {"class_weight": {0: 1, 1: 5}}]
FOREST_GRID = [{"max_samples": 0.5}, {"max_samples": 40}, {"bootstrap": False, "max_samples": None}, {"bootstrap": True, "oob_score": True},
               {"bootstrap": True, "max_samples": 1.5}]
FOREST_CLASS_GRID = [{"class_weight": "balanced_subsample"}, {"class_weight": "balanced", "max_samples": 0.5, "bootstrap": True},
                     {"class_weight": "balanced", "bootstrap": False}, {"class_weight": "balanced_subsample", "bootstrap": False}]
ISOLATION_GRID = [{}, {"max_samples": 64}, {"max_samples": 0.3}, {"max_samples": 5}, {"max_samples": 10_000}, {"max_features": 3},
                  {"max_features": 0.5}, {"bootstrap": True}, {"bootstrap": True, "max_features": 2}]


def holes(X, seed=1, share=0.1):
    X = X.copy()
    X.iloc[:, :] = X.where(np.random.RandomState(seed).rand(*X.shape) >= share)
    return X


def frames():
    """Name, features (each column in one piece of memory, as a DataFrame read from a file has them), labels, numbers."""
    for name, X, labels, numbers in sets():
        yield name, pd.DataFrame({column: X[column].to_numpy().copy() for column in X}), labels, numbers


def sets():
    iris, cancer = datasets.load_iris(as_frame=True), datasets.load_breast_cancer(as_frame=True)
    diabetes, digits = datasets.load_diabetes(as_frame=True), datasets.load_digits(as_frame=True)
    steps = np.random.RandomState(3)
    coarse = pd.DataFrame({f"c{k}": steps.randint(0, k + 1, 400).astype(float) for k in range(8)})
    yield "iris", iris.data, iris.target, iris.data["sepal length (cm)"] + 0.0
    yield "cancer", cancer.data, cancer.target, np.log(cancer.data["mean area"])
    yield "diabetes", diabetes.data, diabetes.target > 140, diabetes.target
    yield "diabetes ln", diabetes.data, None, np.log(diabetes.target)
    yield "digits", digits.data, digits.target, None
    yield "coarse", coarse, coarse.sum(axis=1).astype(int) % 3, np.sqrt(coarse.sum(axis=1))
    yield "words", iris.data, iris.target.map({0: "setosa", 1: "versicolor", 2: "é"}), None


def tree_cases(seeds):
    for data, X, labels, numbers in frames():
        for hole in (False, True):
            XX = holes(X) if hole else X
            for name, cls in TREES.items():
                for case, params in enumerate(grid(name, data)):
                    y = None if name == "isolation-forest" else labels if name.endswith("classifier") else numbers
                    if y is None and name != "isolation-forest":
                        continue
                    criterion = params.get("criterion")
                    if criterion == "absolute_error" and hole or criterion == "poisson" and min(y) < 0:
                        continue
                    seed = seeds[case % len(seeds)]
                    if "n_estimators" in cls().get_params():
                        params = {"n_estimators": 5} | params
                    yield f"{name} {data}{' with NaN' if hole else ''} {params} seed {seed}", name, cls, params | {"random_state": seed}, XX, y


def grid(name, data):
    if name == "isolation-forest":
        return ISOLATION_GRID
    params = list(TREE_GRID)
    if name.endswith("classifier"):
        params += [p for p in CLASS_GRID if not isinstance(p.get("class_weight"), dict) or data in ("cancer", "diabetes")]
    elif data != "diabetes ln":
        params += LOSS_GRID
    if "forest" in name or "trees" in name:
        params += [p if name.startswith("random") else {"bootstrap": True} | p for p in FOREST_GRID]
        params += FOREST_CLASS_GRID if name.endswith("classifier") else []
    return params


class Count:
    def __init__(self, only):
        self.only, self.passed, self.failed, self.trees = only, 0, 0, 0

    def check(self, name, wrong):
        if wrong:
            self.failed += 1
            print(f"FAILED {name}\n  " + "\n  ".join(wrong[:4]), flush=True)
        else:
            self.passed += 1


def trees(trainer, count, seeds):
    for case, name, cls, params, X, y in tree_cases(seeds):
        if count.only in case:
            expected = cls(**params).fit(X, y)
            reply = trainer.fit(name, X, y, params)
            skip = LEFT_OUT if "oob_score_" in expected.__dict__ else LEFT_OUT + ("oob_score_",)
            # R² of the rows left out is a sum over all of them, made in another order.
            tolerance = 0.0 if not params.get("oob_score") else 1e-12
            count.check(case, [reply["error"]] if "error" in reply else differences(reply["model"], expected, tolerance, skip))
            count.trees += len(getattr(expected, "estimators_", [0]))


def contamination(trainer, count):
    for share in (0.05, 0.1, 0.123, 0.5):
        X = datasets.load_breast_cancer(as_frame=True).data
        params = {"n_estimators": 20, "contamination": share, "random_state": 1}
        expected, reply = ensemble.IsolationForest(**params).fit(X), trainer.fit("isolation-forest", X, params=params)
        # Scores pass through a power, whose last bit differs between numpy's kernels.
        wrong = [reply["error"]] if "error" in reply else differences(reply["model"], expected, 1e-15, LEFT_OUT)
        count.check(f"isolation-forest contamination={share}", wrong)


def scalers(trainer, count):
    grids = {"standard": [{}, {"with_mean": False}, {"with_std": False}, {"with_mean": False, "with_std": False}],
             "minmax": [{}, {"feature_range": (-1, 2)}, {"clip": True}],
             "robust": [{}, {"quantile_range": (10.0, 90.0)}, {"with_centering": False}, {"with_scaling": False}, {"unit_variance": True},
                       {"unit_variance": True, "quantile_range": (5.0, 60.0)}], "maxabs": [{}]}
    constant = pd.DataFrame({"c": [7.1] * 1000, "z": [0.0] * 1000, "huge": np.random.RandomState(0).rand(1000) * 1e-9 + 1e9})
    for data, X in [(d, X) for d, X, *_ in frames()] + [("constant", constant)]:
        for XX, note in ((X, ""), (holes(X), " with NaN")):
            for name, cls in SCALERS.items():
                for params in grids[name]:
                    expected, reply = cls(**params).fit(XX), trainer.fit(name, XX, params=params, kind="scaler")
                    wrong = [reply["error"]] if "error" in reply else differences(reply["model"], expected)
                    count.check(f"{name} scaler {data}{note} {params}", wrong)


def regressions(trainer, count):
    """Least squares and its relatives: what LAPACK finds, within rounding; coordinate descent stops at the same step."""
    plain = [{}, {"fit_intercept": False}]
    grids = {
        "linear-regression": (linear_model.LinearRegression, plain + [{"positive": True}, {"positive": True, "fit_intercept": False}]),
        "ridge": (linear_model.Ridge, plain + [{"alpha": a, "solver": s} for a in (0.01, 10) for s in ("cholesky", "svd")] + [{"alpha": 0}]),
        "lasso": (linear_model.Lasso, plain + [{"alpha": 0.01}, {"alpha": 0.1, "positive": True}, {"alpha": 0.01, "selection": "random", "random_state": 3},
                                               {"alpha": 0.001, "max_iter": 3}]),
        "elastic-net": (linear_model.ElasticNet, plain + [{"alpha": 0.01, "l1_ratio": 0.9}, {"alpha": 0.01, "l1_ratio": 0.0}, {"alpha": 0.1, "selection": "random", "random_state": 8},
                                                          {"alpha": 0.01, "positive": True}]),
    }
    for data, X, y in regression_sets():
        for name, (cls, grid_) in grids.items():
            for params in grid_:
                if params.get("alpha") == 0 and data in ("wide", "dependent"):
                    continue
                case = f"{name} {data} {params}"
                if count.only in case:
                    expected, reply = cls(**params).fit(X, y), trainer.fit(name, X, y, {"random_state": 0} | params)
                    skip = () if "random_state" in params else ("random_state",)
                    count.check(case, [reply["error"]] if "error" in reply else differences(reply["model"], expected, 1e-9, skip + ("dual_gap_",)))


def regression_sets():
    X, y = datasets.load_diabetes(return_X_y=True, as_frame=True)
    yield "diabetes", X, y
    X, y = datasets.load_breast_cancer(return_X_y=True, as_frame=True)
    yield "cancer", (X - X.mean()) / X.std(), np.log(X["mean area"])
    r = np.random.RandomState(0)
    wide = pd.DataFrame(r.rand(30, 50)).rename(columns=str)
    yield "wide", wide, wide["0"] * 3 - wide["7"] + r.rand(30) * 0.1
    tall = pd.DataFrame(r.rand(200, 4)).rename(columns=str)
    tall["sum"], tall["same"] = tall["0"] + tall["1"], tall["2"]
    yield "dependent", tall, tall["0"] * 3 - tall["2"] + r.rand(200) * 0.1


def logistic(trainer, count):
    """scikit-learn stops early; compared with its most exact solver, told to go on."""
    X, y = datasets.load_breast_cancer(return_X_y=True, as_frame=True)
    digits, digit = datasets.load_digits(return_X_y=True, as_frame=True)
    iris = datasets.load_iris(as_frame=True)
    words = iris.target.map({0: "setosa", 1: "versicolor", 2: "é"})
    sets = [("cancer", (X - X.mean()) / X.std(), y), ("cancer unscaled", X, y == 1), ("iris", iris.data, words), ("digits", digits / 16, digit)]
    grid_ = [{}, {"C": 0.01}, {"C": 100.0}, {"class_weight": "balanced"}, {"fit_intercept": False}]
    for data, X, y in sets:
        for params in grid_ + ([{"class_weight": {0: 1, 1: 5}}] if data.startswith("cancer") else []) + ([{"penalty": None}] if data == "diabetes" else []):
            case = f"logistic-regression {data} {params}"
            if count.only not in case:
                continue
            exact = linear_model.LogisticRegression(**params, random_state=0, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
            reply = trainer.fit("logistic-regression", X, y, params | {"random_state": 0})
            wrong = [reply["error"]] if "error" in reply else differences(reply["model"], exact, 1e-6, ("n_iter_", "solver", "tol", "max_iter"))
            count.check(case, wrong)


def clusters(trainer, count):
    """Only on data without ties: where a row lies between two centers, rounding decides, and scikit-learn's own answer
    changes with its number of threads and its BLAS."""
    diabetes, cancer = datasets.load_diabetes(as_frame=True).data, datasets.load_breast_cancer(as_frame=True).data
    blobs = pd.DataFrame(datasets.make_blobs(3000, 5, centers=7, cluster_std=3.0, random_state=1)[0]).rename(columns=str)
    for data, X in (("diabetes", diabetes), ("cancer", cancer), ("blobs", blobs)):
        for params in [{}, {"n_clusters": 3}, {"init": "random"}, {"init": "random", "n_init": 2, "max_iter": 5}, {"n_init": 4, "n_clusters": 5},
                       {"algorithm": "elkan"}, {"max_iter": 2}, {"tol": 0.01, "n_clusters": 20}, {"tol": 0.0}]:
            for seed in (0, 42):
                case = f"kmeans {data} {params} seed {seed}"
                if count.only in case:
                    expected, reply = cluster.KMeans(**params, random_state=seed).fit(X), trainer.fit("kmeans", X, params=params | {"random_state": seed})
                    count.check(case, [reply["error"]] if "error" in reply else differences(reply["model"], expected, 1e-10, ("_n_threads",)))
    single = trainer.fit("kmeans", cancer, params={"n_clusters": 1})
    count.check("kmeans of one cluster", differences(single["model"], cluster.KMeans(1, random_state=0).fit(cancer), 1e-10, ("_n_threads",)))


def stricter(parameter, default, probe):
    """Whether scorelet means to take less than scikit-learn's check: no bools for numbers, no arrays, ranges as pairs of
    numbers only, and no seed from the system, because every run can be repeated."""
    return (isinstance(probe, bool) and not isinstance(default, bool) or isinstance(probe, (dict, tuple)) and parameter != "class_weight"
            or parameter in ("feature_range", "quantile_range") or parameter == "random_state" and probe is None)


def parameters(trainer, count):
    """Every parameter takes what scikit-learn takes, and refuses the rest with the same words."""
    X = pd.DataFrame(np.random.RandomState(0).rand(20, 3)).rename(columns=str)
    y = (X["0"] > 0.5).astype(int)
    probes = [None, True, False, -1, 0, 1, 2, 3, 0.0, 0.3, 1.0, 1.5, -0.5, float("inf"), "auto", "sqrt", "nonsense", {0: 1, 1: 5}, (0, 1)]
    for name, cls in (TREES | SCALERS | MODELS | train_kernels.MODELS).items():
        kind = "scaler" if name in SCALERS else "estimator"
        target = None if kind == "scaler" or name in ("isolation-forest", "kmeans") else y if issubclass(cls, ClassifierMixin) else X["1"]
        own, wrong = inspect.signature(cls).parameters, []
        for parameter in own:
            for probe in probes:
                if stricter(parameter, own[parameter].default, probe):
                    continue
                expected = None
                try:
                    cls(**{parameter: probe})._validate_params()
                except InvalidParameterError as error:
                    expected = str(error)
                reply = trainer.fit(name, X, target, {"random_state": 0} | {parameter: probe}, kind=kind, quiet=True)
                refused = " must be " in reply.get("error", "") and "parameter of" in reply["error"]
                if refused != (expected is not None) and (name, parameter, probe) not in NARROWER:
                    wrong.append(f"{parameter}={probe!r}: {reply.get('error', 'taken')!r}, scikit-learn: {expected or 'taken'!r}")
        count.check(f"parameters of {name}", wrong)
    reply = trainer.fit("isolation-forest", X, params={"n_estimator": 5})
    count.check("an unknown parameter", [] if "did you mean \"n_estimators\"" in reply["error"] and "contamination" in reply["error"] else [str(reply)])


def threads(trainer, count):
    X, y = datasets.load_breast_cancer(return_X_y=True)
    for name in ("random-forest-classifier", "extra-trees-classifier", "isolation-forest"):
        replies = [trainer.fit(name, X, y, {"n_estimators": 9, "contamination" if "iso" in name else "oob_score": 0.1 if "iso" in name else False},
                               threads=n)["model"] for n in (1, 2, 7)]
        count.check(f"{name} is the same on 1, 2 and 7 threads", [] if replies[0] == replies[1] == replies[2] else ["it is not"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="run the cases whose name holds this text")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 42, 4294967295])
    args = parser.parse_args()
    count = Count(args.only)
    with Trainer() as trainer:
        trees(trainer, count, args.seeds)
        for part in (contamination, scalers, regressions, logistic, clusters, train_linear.penalties, train_linear.ridges, train_kernels.nearest, train_kernels.bayes, train_kernels.vectors, parameters, threads):
            if not args.only or args.only in part.__name__:
                # Who names a part means all of it.
                count.only = ""
                part(trainer, count)
    print(f"{count.trees} trees compared")
    print(f"{count.passed} passed, {count.failed} failed, 0 skipped")
    return count.failed > 0


if __name__ == "__main__":
    sys.exit(main())
