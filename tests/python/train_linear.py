"""The parts of tests/python/train.py on what the minimum of a convex objective decides alone: scikit-learn's solvers are told
to go on until they are there."""
from sklearn import datasets, linear_model

from trainer import differences


def penalties(trainer, count):
    """Every solver and penalty of LogisticRegression; liblinear also penalizes the intercept."""
    X, y = datasets.load_breast_cancer(return_X_y=True, as_frame=True)
    iris = datasets.load_iris(as_frame=True)
    two = [{"solver": s} for s in ("newton-cg", "newton-cholesky", "sag", "saga", "liblinear")]
    two += [{"solver": "saga", "l1_ratio": r, "C": c} for r in (1, 0.5, 0.9) for c in (0.05, 1.0)]
    two += [{"solver": "liblinear", "l1_ratio": 1, "C": 0.3}, {"solver": "liblinear", "dual": True, "C": 0.1}, {"solver": "liblinear", "intercept_scaling": 5.0, "class_weight": "balanced"},
            {"solver": "liblinear", "fit_intercept": False}, {"solver": "liblinear", "l1_ratio": 1, "intercept_scaling": 2}, {"penalty": "l1", "solver": "saga"},
            {"solver": "saga", "l1_ratio": 1, "class_weight": {0: 1, 1: 5}, "fit_intercept": False}]
    many = [{"solver": s} for s in ("newton-cg", "sag", "saga")] + [{"solver": "saga", "l1_ratio": r, "C": c} for r in (1, 0.3) for c in (0.1, 5.0)]
    sets = [("cancer", (X - X.mean()) / X.std(), y, two), ("iris", (iris.data - iris.data.mean()) / iris.data.std(), iris.target, many)]
    for data, X, y, grid in sets:
        for params in grid:
            case = f"penalties: {data} {params}"
            if count.only in case:
                exact = linear_model.LogisticRegression(**params, random_state=0, tol=1e-12, max_iter=200_000).fit(X, y)
                reply = trainer.fit("logistic-regression", X, y, params | {"random_state": 0})
                wrong = [reply["error"]] if "error" in reply else differences(reply["model"], exact, 1e-4, ("n_iter_", "tol", "max_iter"))
                count.check(case, wrong)
    refused = [({"l1_ratio": 1}, "supports only 'l2'"), ({"l1_ratio": 0.5, "solver": "liblinear"}, "Only 'saga'"), ({"dual": True}, "supports only dual=False"),
               ({"solver": "liblinear", "C": float("inf")}, "C=np.inf")]
    for params, words in refused:
        count.check(f"penalties: refused {params}", [] if words in trainer.fit("logistic-regression", X, y == 1, params).get("error", "") else ["taken"])


def ridges(trainer, count):
    """The solvers that come near the minimum step by step, and coefficients that stay at 0 or above."""
    X, y = datasets.load_diabetes(return_X_y=True, as_frame=True)
    for params in [{"solver": s} for s in ("lsqr", "sparse_cg", "sag", "saga")] + [{"positive": True}, {"positive": True, "solver": "lbfgs", "alpha": 0.1, "fit_intercept": False}]:
        case = f"ridges: {params}"
        if count.only in case:
            exact = linear_model.Ridge(**params, tol=1e-13, max_iter=1_000_000, random_state=0).fit(X, y)
            reply = trainer.fit("ridge", X, y, params | {"random_state": 0})
            wrong = [reply["error"]] if "error" in reply else differences(reply["model"], exact, 1e-6, ("n_iter_", "tol", "max_iter"))
            count.check(case, wrong)
    for params, words in [({"solver": "lbfgs"}, "only when positive=True"), ({"solver": "svd", "positive": True}, "does not support positive fitting")]:
        count.check(f"ridges: refused {params}", [] if words in trainer.fit("ridge", X, y, params).get("error", "") else ["taken"])
