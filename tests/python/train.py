"""Fits the same data with scikit-learn and with scorelet and compares all that both learned: every attribute of the
fitted object, whole trees among them, bit for bit; numbers that pass through linear algebra within a stated tolerance.
    .venv/bin/python tests/python/train.py [--only TEXT] [--seeds N]
"""
import argparse, sys, warnings

import numpy as np
import pandas as pd
from sklearn import cluster, datasets, ensemble, linear_model, preprocessing, tree

from trainer import Trainer, differences

warnings.filterwarnings("ignore")

TREES = {
    "decision-tree-classifier": tree.DecisionTreeClassifier, "decision-tree-regressor": tree.DecisionTreeRegressor,
    "extra-tree-classifier": tree.ExtraTreeClassifier, "extra-tree-regressor": tree.ExtraTreeRegressor,
    "random-forest-classifier": ensemble.RandomForestClassifier, "random-forest-regressor": ensemble.RandomForestRegressor,
    "extra-trees-classifier": ensemble.ExtraTreesClassifier, "extra-trees-regressor": ensemble.ExtraTreesRegressor,
    "isolation-forest": ensemble.IsolationForest,
}
SCALERS = {"standard": preprocessing.StandardScaler, "minmax": preprocessing.MinMaxScaler,
           "robust": preprocessing.RobustScaler, "maxabs": preprocessing.MaxAbsScaler}

# What a forest does not keep: the sample weights (removed by `convert` too, a row of the training data each), the
# out-of-bag predictions, and the seeds, which also stand in the trees.
LEFT_OUT = ("_sample_weight", "oob_decision_function_", "oob_prediction_", "_seeds")

TREE_GRID = [{}, {"max_depth": 4}, {"min_samples_leaf": 5, "min_samples_split": 20}, {"min_samples_leaf": 0.02, "min_samples_split": 0.1},
             {"max_features": 2}, {"max_features": "log2"}, {"max_features": 0.5}, {"max_leaf_nodes": 12}, {"min_impurity_decrease": 0.01},
             {"min_weight_fraction_leaf": 0.03}, {"max_leaf_nodes": 60, "max_features": 3}]
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
             "robust": [{}, {"quantile_range": (10.0, 90.0)}, {"with_centering": False}, {"with_scaling": False}], "maxabs": [{}]}
    constant = pd.DataFrame({"c": [7.1] * 1000, "z": [0.0] * 1000, "huge": np.random.RandomState(0).rand(1000) * 1e-9 + 1e9})
    for data, X in [(d, X) for d, X, *_ in frames()] + [("constant", constant)]:
        for XX, note in ((X, ""), (holes(X), " with NaN")):
            for name, cls in SCALERS.items():
                for params in grids[name]:
                    expected, reply = cls(**params).fit(XX), trainer.fit(name, XX, params=params, kind="scaler")
                    wrong = [reply["error"]] if "error" in reply else differences(reply["model"], expected)
                    count.check(f"{name} scaler {data}{note} {params}", wrong)


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
        for part in (contamination, scalers, threads):
            if not args.only or args.only in part.__name__:
                part(trainer, count)
    print(f"{count.trees} trees compared")
    print(f"{count.passed} passed, {count.failed} failed, 0 skipped")
    return count.failed > 0


if __name__ == "__main__":
    sys.exit(main())
