#!/usr/bin/env python3
"""Converts random models with skl2onnx, serves each with the binary, and compares every output with ONNX Runtime's.

    .venv-onnx/bin/python tests/python/onnx_runtime.py [--rounds 2] [--seed 0] [--only NAME]

A round takes each estimator of models.py and of this file once, with parameters, data, options, types of inputs and the
opset drawn from the seed. What skl2onnx itself cannot convert is counted; what the server refuses must stand in REFUSED,
and what stands there must be refused. Trees must be equal to the last bit, labels equal unless their scores tie, all
else within TOLERANCE, relative to the largest of its kind in the answer.
"""
import argparse, json, math, os, signal, subprocess, tempfile, warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import lightgbm
import numpy as np
import onnxruntime as ort
import pandas as pd
import xgboost
from onnx import AttributeProto
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common import data_types as dt
from skl2onnx.common._container import ModelComponentContainer
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes as labelled
from skl2onnx.common.shape_calculator import calculate_linear_regressor_output_shapes as numbered
from sklearn import cluster, compose, ensemble, impute, linear_model, neighbors, preprocessing as pp, svm
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.pipeline import make_pipeline, make_union

import models
from harness import BINARY, Checks, Refused, Server

# Relative to the largest value of the same output. Products of matrices round once for each term, in an order that
# depends on the processor; ONNX Runtime's exp, tanh and logistic are approximations of their own.
TOLERANCE = 1e-5
# What cancels leaves less: sums over training rows, distances from squares, logarithms of densities. That of kernels is relative to
# the sum of what is added up.
CANCELLING = {"GaussianMixture": 1e-3, "BayesianGaussianMixture": 1e-3, "QuadraticDiscriminantAnalysis": 1e-3, "GaussianNB": 1e-3,
              "GaussianProcessRegressor": 1e-3, "GaussianProcessClassifier": 1e-3, "PLSRegression": 1e-4, "SVC": 1e-6, "NuSVC": 1e-6,
              "SVR": 1e-6, "NuSVR": 1e-6, "OneClassSVM": 1e-6, "MLPClassifier": 1e-4, "MLPRegressor": 1e-4, "LocalOutlierFactor": 1e-4,
              "KMeans": 1e-3, "MiniBatchKMeans": 1e-3, "KNeighborsRegressor": 1e-4, "AdaBoostClassifier": 1e-4, "CalibratedClassifierCV": 1e-4}
# Trees add in the order that is followed here; so does what only divides their sums.
BIT_EQUAL = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor", "RandomForestClassifier",
             "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor", "GradientBoostingRegressor", "XGBRegressor", "LGBMRegressor"}
NEWEST = {"": 21, "ai.onnx.ml": 3}  # that skl2onnx writes
CONVERSION_SECONDS = 5
# What is refused, and what the refusal must name. The multi-output ones: skl2onnx writes graphs that give all outputs
# as rows of one column.
REFUSED = {"KNNImputer": "local_domain.knn_imputer_column", "TfidfVectorizer": "ai.onnx.StringNormalizer", "multi-output MLPRegressor": "ai.onnx.Reshape",
           "multi-output BaggingRegressor": "ai.onnx.ReduceMean"}


def table(rng):
    """Texts, numbers and whole numbers, each column an input of its own."""
    rows = int(rng.integers(60, 200))
    words = np.array(["a", "B", "été", "日本", "a b"], dtype=object)
    X = pd.DataFrame({"word": words[rng.integers(0, 5, rows)], "other": words[rng.integers(1, 4, rows)],
                      "size": rng.normal(size=rows).astype(np.float32), "weight": rng.normal(size=rows) * 10, "count": rng.integers(0, 9, rows)})
    return X, np.array(["low", "high"])[(X["size"] + (X["word"] == "a") > 0.2).astype(int)]


def mixed(rng):
    one_hot = pp.OneHotEncoder(handle_unknown=models.pick(rng, "ignore", "error"), drop=models.pick(rng, None, None, "first"))
    texts = models.pick(rng, one_hot, pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))
    numbers = models.pick(rng, pp.StandardScaler(), pp.MinMaxScaler(), "passthrough", make_pipeline(impute.SimpleImputer(), pp.RobustScaler()))
    counts = models.pick(rng, "passthrough", "drop", pp.OneHotEncoder(handle_unknown="ignore"))
    parts = [("texts", texts, ["word", "other"]), ("numbers", numbers, ["size", "weight"]), ("counts", counts, ["count"])]
    return make_pipeline(compose.ColumnTransformer(parts), models.small(rng))


def outliers(rng):
    return ensemble.IsolationForest(n_estimators=int(rng.integers(3, 12)), max_samples=models.pick(rng, 16, 0.5), contamination=models.pick(rng, "auto", 0.1), random_state=0)


def boosted(kind, **more):
    return lambda r: kind(n_estimators=int(r.integers(1, 30)), max_depth=int(r.integers(1, 6)), random_state=0, **more)


FEATURES = {"scaled": lambda: pp.StandardScaler(), "spread": lambda: pp.MinMaxScaler(), "best": lambda: SelectKBest(k=2)}
# Beside the estimators of models.py: those whose parameters there skl2onnx does not convert, and transformers alone.
MORE = {
    "IsolationForest": ("nothing", outliers),
    "KNeighborsRegressor": ("values", lambda r: neighbors.KNeighborsRegressor(int(r.integers(1, 9)), weights=models.pick(r, "uniform", "distance"), metric=models.pick(r, "euclidean", "manhattan", "minkowski"))),
    "KNeighborsClassifier": ("classes", lambda r: neighbors.KNeighborsClassifier(int(r.integers(1, 9)), weights=models.pick(r, "uniform", "distance"), metric=models.pick(r, "euclidean", "manhattan", "minkowski"))),
    "KMeans": ("nothing", lambda r: cluster.KMeans(3, n_init=1, random_state=0)),
    "VotingRegressor": ("values", lambda r: ensemble.VotingRegressor([("a", linear_model.Ridge()), ("b", ensemble.RandomForestRegressor(3, random_state=0))])),
    "StackingRegressor": ("values", lambda r: ensemble.StackingRegressor([("a", linear_model.Ridge()), ("b", linear_model.LinearRegression())], cv=3)),
    "XGBClassifier": ("classes", boosted(xgboost.XGBClassifier)), "XGBRegressor": ("values", boosted(xgboost.XGBRegressor, base_score=0.5)),
    "LGBMClassifier": ("classes", boosted(lightgbm.LGBMClassifier, verbose=-1)), "LGBMRegressor": ("values", boosted(lightgbm.LGBMRegressor, verbose=-1)),
    "HistGradientBoosting with gaps": ("classes", lambda r: ensemble.HistGradientBoostingClassifier(max_iter=int(r.integers(1, 9)))),
    "FeatureUnion": ("classes", lambda r: make_pipeline(make_union(*(make() for make in FEATURES.values())), linear_model.LogisticRegression())),
    "multi-output BaggingRegressor": ("many values", lambda r: ensemble.BaggingRegressor(linear_model.LinearRegression(), n_estimators=3, random_state=0)),
    "TfidfVectorizer": ("documents", lambda r: TfidfVectorizer(token_pattern="[a-zA-Z]+", min_df=2)),
    "one-class kernels": ("nothing", lambda r: svm.OneClassSVM(kernel=models.pick(r, "linear", "poly", "sigmoid", "rbf"), nu=0.3)),
    **{name: ("nothing", make) for name, make in {
        "StandardScaler": lambda r: pp.StandardScaler(with_mean=bool(r.integers(2))), "MinMaxScaler": lambda r: pp.MinMaxScaler(clip=bool(r.integers(2))),
        "RobustScaler": lambda r: pp.RobustScaler(), "MaxAbsScaler": lambda r: pp.MaxAbsScaler(), "Normalizer": lambda r: pp.Normalizer(models.pick(r, "l1", "l2", "max")),
        "Binarizer": lambda r: pp.Binarizer(threshold=0.3), "SimpleImputer": lambda r: impute.SimpleImputer(strategy=models.pick(r, "mean", "median", "most_frequent")),
        "KBinsDiscretizer": lambda r: pp.KBinsDiscretizer(3, encode=models.pick(r, "onehot-dense", "ordinal"), strategy="uniform"),
        "PolynomialFeatures": lambda r: pp.PolynomialFeatures(2, interaction_only=bool(r.integers(2))), "PowerTransformer": lambda r: pp.PowerTransformer(),
        "QuantileTransformer": lambda r: pp.QuantileTransformer(n_quantiles=20)}.items()},
}
ALL = models.MODELS | MORE


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rounds", type=int, default=2)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--only", help="only this estimator")
    a = ap.parse_args()
    register()
    signal.signal(signal.SIGALRM, too_long)
    checks, tally = Checks(), {"converted": set(), "not converted": set(), "contradictory": 0, "outputs": 0, "equal": 0}
    names = ["mixed table", *ALL]
    for r in range(a.rounds):
        for number, name in enumerate(names):
            if a.only in (None, name):
                checks.run(f"{name} (seed {a.seed}, round {r})", case, name, np.random.default_rng([a.seed, r, number]), tally)
    print(f"{len(tally['converted'])} estimators, {tally['outputs']} outputs compared, {tally['equal']} of them bit for bit; "
          f"{tally['contradictory']} graphs that ONNX Runtime does not run either")
    print(f"refused: {', '.join(REFUSED)}")
    print(f"skl2onnx converts no {', '.join(sorted(tally['not converted'] - tally['converted']))}")
    checks.finish()


def register():
    """Converters for XGBoost and LightGBM; and numbers of numpy as Python's, as the newest onnx wants attributes."""
    zipmap = {"nocl": [True, False], "zipmap": [True, False, "columns"], "raw_scores": [True, False]}
    update_registered_converter(xgboost.XGBClassifier, "XGBClassifier", labelled, convert_xgboost, options=zipmap)
    update_registered_converter(xgboost.XGBRegressor, "XGBRegressor", numbered, convert_xgboost)
    update_registered_converter(lightgbm.LGBMClassifier, "LGBMClassifier", labelled, convert_lightgbm, options=zipmap)
    update_registered_converter(lightgbm.LGBMRegressor, "LGBMRegressor", numbered, convert_lightgbm, options={"split": None})
    add = ModelComponentContainer.add_node
    number = lambda v: int(v) if isinstance(v, (bool, np.bool_)) else v.item() if isinstance(v, np.generic) else v
    own = lambda v: [number(one) for one in v] if isinstance(v, (list, np.ndarray)) else number(v)
    ModelComponentContainer.add_node = lambda self, *a, **k: add(self, *a, **{name: own(v) for name, v in k.items()})


def case(name, rng, tally):
    """One model: train, convert, serve, ask, compare."""
    X, y, estimator = trained(name, rng)
    double = name != "mixed table" and rng.integers(4) == 0
    by_column = name == "mixed table" or name in ("TfidfVectorizer", "texts", "texts in a table", "ColumnTransformer") or rng.integers(4) == 0
    if by_column and name not in ("mixed table", "ColumnTransformer", "texts in a table"):
        X.columns = [f"c{i}" for i in range(X.shape[1])]  # the converter renames what is no identifier
    options = drawn(rng, estimator)
    opset = models.pick(rng, NEWEST, NEWEST, {"": 15, "ai.onnx.ml": 1}, {"": 18, "ai.onnx.ml": 3})
    try:
        model, session = converted(estimator, inputs(X, by_column, double), options, opset, name not in REFUSED)
    except Exception:  # not every option, type and version is there for every estimator
        options, double, opset = None, False, {"": 18, "ai.onnx.ml": 3}
        try:
            model, session = converted(estimator, inputs(X, by_column, double), options, opset, name not in REFUSED)
        except Exception:
            tally["not converted"].add(name)
            return
    tally["converted"].add(name)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        Path(path).write_bytes(model.SerializeToString())
        columns, flags = list(X.columns), []
        if not by_column:  # a matrix has no names: they are given, or x0, x1, ...
            columns = [f"x{i}" for i in range(X.shape[1])]
            if rng.integers(2):
                columns = [f"column {i}" for i in range(X.shape[1])]
                flags = ["--features", ",".join(columns)]
        rows = X.iloc[rng.integers(len(X), size=24)].reset_index(drop=True)
        try:
            server = Server(path, *flags)
        except Refused as e:
            if name not in REFUSED and not runs(session, rows):
                tally["contradictory"] += 1
                return
            assert e.code == 3 and name in REFUSED and REFUSED[name] in e.text, f"refused: {e}"
            return
        with server:
            assert name not in REFUSED, "no longer refused: take it out of REFUSED"
            said = json.loads(subprocess.run([BINARY, "inspect", path, "--json", *flags], capture_output=True, text=True, check=True).stdout)
            how = (options, opset, double, by_column)
            least = cancelled(estimator)
            scales = [max(largest(value), least) for value in answers(session, rows, how) or []]
            for part in (rows, rows.iloc[:1]):
                ask(server, session, part, columns, said["outputs"], scales, tolerance(name, estimator), tally, how)


def trained(name, rng):
    if name == "mixed table":
        X, y = table(rng)
        estimator = mixed(rng)
        return X, y, estimator.fit(X, y)
    kind, make = ALL[name]
    X, y = models.data(rng, kind)
    X = models.holes(rng, name, X)
    if name == "HistGradientBoosting with gaps":
        X = X.mask(rng.random(X.shape) < 0.2)
    estimator = make(rng)
    if name not in models.PREPARED and kind != "documents":
        X = (X - X.mean()) / X.std()
    if name == "XGBClassifier":  # takes 0, 1, ... alone
        y = np.unique(y, return_inverse=True)[1]
    if name in ("TfidfVectorizer", "texts"):
        return X.iloc[:, -1:], y, estimator.fit(X.iloc[:, -1], y)
    # The converter of XGBoost knows no names, and LightGBM not all.
    return X, y, estimator.fit(X.to_numpy() if name.startswith(("XGB", "LGBM")) else X, y)


def inputs(X, by_column, double):
    number = dt.DoubleTensorType if double else dt.FloatTensorType
    if not by_column:
        return [("X", number([None, X.shape[1]]))]
    kind = lambda c: number if X[c].dtype.kind == "f" else dt.Int64TensorType if X[c].dtype.kind in "iu" else dt.StringTensorType
    return [(str(c), kind(c)([None, 1])) for c in X.columns]


def converted(estimator, kinds, options, opset, serving=True):
    signal.setitimer(signal.ITIMER_REAL, CONVERSION_SECONDS)  # skl2onnx searches some thresholds for ever
    try:
        model = to_onnx(estimator, initial_types=kinds, options=options, target_opset=opset)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return model, serving and ort.InferenceSession(model.SerializeToString(), threads(), providers=["CPUExecutionProvider"])


def too_long(*_):
    raise TimeoutError("the conversion takes too long")


def threads():
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options


def drawn(rng, estimator):
    """Options of the converter, where the estimator has them."""
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    if hasattr(last, "score_samples") and not hasattr(last, "classes_"):
        return models.pick(rng, None, {id(last): {"score_samples": True}})
    if not hasattr(last, "predict_proba") and not hasattr(last, "classes_"):
        return None
    return models.pick(rng, None, None, {id(last): {"zipmap": False}}, {id(last): {"zipmap": "columns"}}, {id(last): {"zipmap": False, "raw_scores": True}},
                       {id(last): {"nocl": True, "zipmap": False}})


def feed(session, rows):
    given = session.get_inputs()
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object}
    if len(given) == 1:
        return {given[0].name: rows.to_numpy(kinds[given[0].type])}
    return {i.name: rows[[i.name]].to_numpy().astype(kinds[i.type]) for i in given}


def runs(session, rows):
    try:
        return session.run(None, feed(session, rows))
    except Exception:
        return None


def answers(session, rows, how):
    """ONNX Runtime's, as lists; the columns of `zipmap='columns'` as one table."""
    found = runs(session, rows)
    if found is None:
        return None
    found = [plain(value) for value in found]
    if "columns" in str(how[0]):
        return [found[0], [[v if isinstance(v, float) else v[0] for v in row] for row in zip(*found[1:])]]
    return found


def ask(server, session, rows, columns, outputs, scales, allowed, tally, how):
    expected = answers(session, rows, how)
    if expected is None:
        tally["contradictory"] += 1
        return
    body = {"columns": columns, "index": list(range(len(rows))), "data": [[None if v != v else v for v in r] for r in rows.to_numpy(object).tolist()]}
    status, reply = server.score({"input_data": body, "params": {"outputs": outputs}})
    assert status == 200, f"{how}: {status} {str(reply)[:300]}"
    given = [reply["predictions" if o == "predict" else o] for o in outputs]
    tied = {row for scores, scale in zip(expected, scales) for row in ties(scores, len(rows), allowed * scale)}
    for wanted, scale in zip(expected, scales):
        tally["outputs"] += 1
        differences = [difference(wanted, got, allowed * scale, tied, len(rows)) for got in given]
        best = min(differences, key=lambda d: d[0])
        tally["equal"] += best[1]
        assert best[0] == 0, f"{how}, outputs {outputs}: {best[2]}; ONNX Runtime gives {str(wanted)[:200]}, the server {str(given)[:300]}"


def tolerance(name, estimator):
    last = type(estimator[-1] if hasattr(estimator, "steps") else estimator).__name__
    if last in BIT_EQUAL and name not in models.PREPARED and name != "mixed table":
        return 0.0
    return CANCELLING.get(last, TOLERANCE)


def cancelled(estimator):
    """What sums over support vectors may cancel from: a graph's float32 is as exact as that is large."""
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    if not isinstance(last, (svm.SVC, svm.NuSVC, svm.SVR, svm.NuSVR, svm.OneClassSVM)):
        return 0.0
    kernels = pairwise_kernels(last.support_vectors_, metric=last.kernel, filter_params=True, gamma=last._gamma, degree=last.degree, coef0=last.coef0)
    return float(np.abs(last.dual_coef_).sum(axis=1).max() * np.abs(kernels).max())


def plain(value):
    """ONNX Runtime's answer as lists: maps as their values in order, one column as numbers."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [list(map(float, m.values())) for m in value]
    if isinstance(value, list):
        return [v.tolist() for v in value]
    return value.tolist()


def ties(scores, count, allowed):
    """Rows in which another label is within the tolerance: the best two scores, or a single one and 0."""
    flat = list(flattened(scores))
    if not flat or not isinstance(flat[0], float) or len(flat) % count:
        return
    for row in range(count):
        own = sorted(flat[row * len(flat) // count:(row + 1) * len(flat) // count])
        if (abs(own[0]) if len(own) == 1 else own[-1] - own[-2]) <= 2 * allowed:
            yield row


def difference(wanted, got, allowed, tied, count):
    """(how many differ, whether all are equal, the first that differs); infinite where the shapes do."""
    one, other = list(flattened(wanted)), list(flattened(got))
    if len(one) != len(other) or [isinstance(v, str) for v in one] != [isinstance(v, str) for v in other]:
        return math.inf, False, f"{len(one)} values, not {len(other)}"
    if one and isinstance(one[0], float) != isinstance(other[0], float) and other[0] is not None:
        return math.inf, False, "another type"
    each = max(len(one) // count, 1)
    label = lambda at: not isinstance(one[at], float) and at // each in tied
    differ = [(a, b) for at, (a, b) in enumerate(zip(one, other)) if not same(a, b, allowed) and not label(at)]
    return len(differ), one == other, differ[0] if differ else None


def largest(values):
    return max((abs(v) for v in flattened(values) if isinstance(v, float) and math.isfinite(v)), default=0.0)


def flattened(values):
    if isinstance(values, (list, tuple)):
        for v in values:
            yield from flattened(v)
    else:
        yield values


def same(a, b, allowed):
    if isinstance(a, float):
        return b is None if not math.isfinite(a) else b is not None and abs(a - b) <= allowed
    return a == b


if __name__ == "__main__":
    main()
