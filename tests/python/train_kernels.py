"""The parts of tests/python/train.py on estimators that compare rows: neighbours, naive Bayes, support vectors."""
import numpy as np
import pandas as pd
from sklearn import datasets, naive_bayes, neighbors, svm

from trainer import differences

MODELS = {
    "k-neighbors-classifier": neighbors.KNeighborsClassifier, "k-neighbors-regressor": neighbors.KNeighborsRegressor,
    "gaussian-nb": naive_bayes.GaussianNB, "svc": svm.SVC, "svr": svm.SVR,
}


def columns(X):
    """Each column in one piece of memory, as a DataFrame read from a file has them."""
    return pd.DataFrame({str(column): X[column].to_numpy().copy() for column in X})


def sets():
    """Name, features, labels, numbers: ties, duplicates, constant and single columns, labels of every type."""
    iris, cancer = datasets.load_iris(as_frame=True), datasets.load_breast_cancer(as_frame=True)
    wine, diabetes = datasets.load_wine(as_frame=True), datasets.load_diabetes(as_frame=True)
    r = np.random.RandomState(7)
    coarse = pd.DataFrame({f"c{k}": r.randint(0, k + 2, 300).astype(float) for k in range(4)})
    constant = pd.DataFrame({"a": r.rand(90), "k": 3.25, "b": r.rand(90), "z": 0.0})
    single = pd.DataFrame({"x": np.r_[r.randn(60), r.randn(60) + 2]})
    tall = pd.DataFrame(r.randn(1500, 6)).rename(columns=str)
    noisy = (tall["0"] * tall["1"] + r.randn(1500) > 0).map({True: "yes", False: "no"})
    yield "iris", iris.data, iris.target.map({0: "setosa", 1: "versicolor", 2: "é"}), iris.data["petal width (cm)"] * 1.0
    yield "cancer", (cancer.data - cancer.data.mean()) / cancer.data.std(), cancer.target == 1, np.log(cancer.data["mean area"])
    yield "cancer unscaled", cancer.data, cancer.target, cancer.data["mean area"] + 0.5
    yield "wine", (wine.data - wine.data.mean()) / wine.data.std(), wine.target * 10 - 5, wine.data["hue"]
    yield "diabetes", diabetes.data * 20, diabetes.target > 140, diabetes.target
    yield "coarse", coarse, coarse.sum(axis=1).astype(int) % 3, np.sqrt(coarse.sum(axis=1))
    yield "constant", constant, (constant["a"] > 0.5).astype(float), constant["a"] - constant["b"]
    yield "single", single, np.r_[np.zeros(60, int), np.ones(60, int)], np.sin(single["x"])
    yield "tall", tall, noisy, tall["0"] * 2 + np.cos(tall["1"])


def compare(trainer, count, part, grid, tolerance, skip=(), leave_out=lambda data, params: False):
    for data, X, labels, numbers in sets():
        X = columns(X)
        for name, params in grid:
            case = f"{part}: {name} {data} {params}"
            if count.only not in case or leave_out(data, params):
                continue
            y = labels if issubclass(MODELS[name], svm.SVC | neighbors.KNeighborsClassifier | naive_bayes.GaussianNB) else numbers
            try:
                expected = MODELS[name](**params).fit(X, y)
            except ValueError as error:
                reply = trainer.fit(name, X, y, params)
                count.check(case, [] if "error" in reply else [f"fitted; scikit-learn: {error}"])
                continue
            own = {} if "random_state" in params or name not in ("svc",) else {"random_state": 0}
            reply = trainer.fit(name, X, y, own | params)
            left_out = skip + (("random_state",) if own else ())
            count.check(case, [reply["error"]] if "error" in reply else differences(reply["model"], expected, tolerance, left_out))


def nearest(trainer, count):
    """Trees node for node: what breaks a tie among neighbours is the order of rows in them."""
    metrics = [{"metric": m} for m in ("euclidean", "l2", "manhattan", "cityblock", "l1", "chebyshev", "cosine", "sqeuclidean")]
    params = [{}, {"n_neighbors": 1, "weights": "distance"}, {"n_neighbors": 200}, {"leaf_size": 1}, {"leaf_size": 7, "p": 1}, {"p": 3}, {"p": 1.5, "leaf_size": 3},
              {"p": 0.5}, {"p": 0.5, "algorithm": "kd_tree"}, {"p": float("inf")}, {"algorithm": "brute"}, {"algorithm": "kd_tree", "leaf_size": 2},
              {"algorithm": "ball_tree", "leaf_size": 4}, {"algorithm": "ball_tree", "p": 3}, {"algorithm": "ball_tree", "p": 1, "leaf_size": 1},
              {"algorithm": "ball_tree", "metric": "chebyshev"}, {"algorithm": "kd_tree", "metric": "infinity"}, {"algorithm": "kd_tree", "metric": "cosine"},
              {"algorithm": "brute", "metric": "infinity"}] + metrics
    # More neighbours than rows is refused when fitting, not with the first request.
    compare(trainer, count, "nearest", [(n, p) for n in ("k-neighbors-classifier", "k-neighbors-regressor") for p in params if p.get("n_neighbors", 0) < 90], 0.0)
    rows = pd.DataFrame(np.arange(12.0).reshape(6, 2), columns=list("ab"))
    count.check("nearest: too few rows", [] if "more than the 6 rows" in trainer.fit("k-neighbors-regressor", rows, rows["a"], {"n_neighbors": 7}).get("error", "") else ["taken"])


def bayes(trainer, count):
    params = [{}, {"var_smoothing": 1e-3}, {"var_smoothing": 0}, {"priors": (0.3, 0.7)}, {"priors": (0.2, 0.3, 0.5)}, {"priors": (-0.5, 1.5)}, {"priors": (0.3, 0.3)}]
    compare(trainer, count, "bayes", [("gaussian-nb", p) for p in params], 0.0)


def vectors(trainer, count):
    """libsvm's steps, so the same support vectors. Kernels pass through BLAS, whose last bits differ between processors."""
    params = [{}, {"C": 0.01}, {"C": 100.0}, {"gamma": "auto"}, {"gamma": 0.5}, {"kernel": "linear", "C": 0.1}, {"kernel": "poly", "degree": 2, "coef0": 1.0},
              {"kernel": "poly"}, {"kernel": "sigmoid", "coef0": 0.5}, {"shrinking": False}, {"tol": 1e-5}, {"max_iter": 7}, {"cache_size": 0.01}]
    own = [{"class_weight": "balanced"}, {"probability": True, "random_state": 3}, {"probability": True, "random_state": 9, "class_weight": "balanced"},
           {"decision_function_shape": "ovo"}, {"break_ties": True}]
    compare(trainer, count, "vectors", [("svc", p) for p in params + own] + [("svr", p) for p in params + [{"epsilon": 0.0}, {"epsilon": 2.0}]], 1e-9,
            # Millions of steps along a narrow valley: each rounding of BLAS leads elsewhere within the tolerance.
            leave_out=lambda data, params: data == "cancer unscaled" and params.get("kernel") in ("linear", "poly"))
