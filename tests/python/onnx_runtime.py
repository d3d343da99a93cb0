#!/usr/bin/env python3
"""Converts random models with skl2onnx, serves each with the binary, and compares every output with ONNX Runtime's.

    .venv-onnx/bin/python tests/python/onnx_runtime.py [--rounds 2] [--seed 0] [--only NAME]

A round takes each estimator of models.py and each pipeline below once, with parameters, data, options, types of inputs
and the opset drawn from the seed. What skl2onnx itself cannot convert is counted; what the server refuses must stand in
REFUSED, and what stands there must have been refused. Trees, labels and integers must be equal, all else within
TOLERANCE, relative to the largest of its kind in the answer.
"""
import argparse, json, math, os, subprocess, tempfile, warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import numpy as np
import onnxruntime as ort
import pandas as pd
from onnx import AttributeProto
from skl2onnx import to_onnx
from skl2onnx.common import data_types as dt
from sklearn import compose, impute, preprocessing as pp
from sklearn.pipeline import make_pipeline

import models
from harness import BINARY, Checks, Refused, Server

# Relative to the largest value of the same output. Products of matrices round once for each term, in an order that
# depends on the processor; ONNX Runtime's exp, tanh and logistic are approximations of their own.
TOLERANCE = 1e-5
# What cancels leaves less: sums over training rows, distances from squares, logarithms of densities.
CANCELLING = {"GaussianMixture": 1e-3, "BayesianGaussianMixture": 1e-3, "QuadraticDiscriminantAnalysis": 1e-3, "GaussianNB": 1e-3,
              "GaussianProcessRegressor": 1e-3, "GaussianProcessClassifier": 1e-3, "PLSRegression": 1e-4, "SVC": 1e-4, "NuSVC": 1e-4,
              "SVR": 1e-4, "NuSVR": 1e-4, "OneClassSVM": 1e-4, "MLPClassifier": 1e-4, "MLPRegressor": 1e-4, "LocalOutlierFactor": 1e-4,
              "KMeans": 1e-3, "MiniBatchKMeans": 1e-3, "KNeighborsRegressor": 1e-4, "AdaBoostClassifier": 1e-4}
# Trees add in the order that is followed here; so does what only divides their sums.
BIT_EQUAL = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor", "RandomForestClassifier",
             "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor", "GradientBoostingRegressor"}
# The newest that skl2onnx writes.
NEWEST = {"": 21, "ai.onnx.ml": 3}
# Operators that are refused, by the estimators whose graphs have them.
REFUSED = {}


def table(rng):
    """Texts, numbers and whole numbers, each column an input of its own."""
    rows = int(rng.integers(60, 200))
    words = np.array(["a", "B", "été", "日本", "a b"], dtype=object)
    X = pd.DataFrame({"word": words[rng.integers(0, 5, rows)], "other": words[rng.integers(1, 4, rows)],
                      "size": rng.normal(size=rows).astype(np.float32), "weight": rng.normal(size=rows) * 10, "count": rng.integers(0, 9, rows)})
    return X, np.array(["low", "high"])[(X["size"] + (X["word"] == "a") > 0.2).astype(int)]


def mixed(rng):
    one_hot = pp.OneHotEncoder(handle_unknown=models.pick(rng, "ignore", "error"))
    texts = models.pick(rng, one_hot, pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))
    parts = [("texts", texts, ["word", "other"]), ("numbers", models.pick(rng, pp.StandardScaler(), pp.MinMaxScaler(), "passthrough"), ["size", "weight"]),
             ("counts", models.pick(rng, "passthrough", "drop", pp.OneHotEncoder(handle_unknown="ignore")), ["count"])]
    return make_pipeline(compose.ColumnTransformer(parts), models.small(rng))


TRANSFORMERS = {
    "StandardScaler": lambda r: pp.StandardScaler(), "MinMaxScaler": lambda r: pp.MinMaxScaler(clip=bool(r.integers(2))), "RobustScaler": lambda r: pp.RobustScaler(),
    "MaxAbsScaler": lambda r: pp.MaxAbsScaler(), "Normalizer": lambda r: pp.Normalizer(models.pick(r, "l1", "l2", "max")), "Binarizer": lambda r: pp.Binarizer(threshold=0.3),
    "SimpleImputer": lambda r: impute.SimpleImputer(), "KBinsDiscretizer": lambda r: pp.KBinsDiscretizer(3, encode=models.pick(r, "onehot-dense", "ordinal"), strategy="uniform"),
    "PolynomialFeatures": lambda r: pp.PolynomialFeatures(2), "PowerTransformer": lambda r: pp.PowerTransformer(), "QuantileTransformer": lambda r: pp.QuantileTransformer(n_quantiles=20),
}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rounds", type=int, default=2)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--only", help="only this estimator")
    a = ap.parse_args()
    checks, tally = Checks(), {"not converted": set(), "refused": {}, "outputs": 0, "equal": 0}
    names = ["mixed table", *TRANSFORMERS, *models.MODELS]
    for r in range(a.rounds):
        for number, name in enumerate(names):
            if a.only in (None, name):
                checks.run(f"{name} (seed {a.seed}, round {r})", case, name, np.random.default_rng([a.seed, r, number]), tally)
    if not a.only:
        checks.run("known refusals", lambda: known(tally))
    print(f"{tally['outputs']} outputs compared, {tally['equal']} of them bit for bit; skl2onnx converts no {', '.join(sorted(tally['not converted']))}")
    print("refused:", "; ".join(f"{k} ({', '.join(sorted(v))})" for k, v in sorted(tally["refused"].items())) or "nothing")
    checks.finish()


def known(tally):
    assert set(tally["refused"]) == set(REFUSED), f"refused {sorted(tally['refused'])}, the table says {sorted(REFUSED)}"


def case(name, rng, tally):
    """One model: train, convert, serve, ask, compare."""
    if name == "mixed table":
        X, y = table(rng)
        estimator = mixed(rng)
    else:
        kind, make = models.MODELS.get(name, ("nothing", TRANSFORMERS.get(name)))
        if kind == "texts":
            return
        X, y = models.data(rng, kind)
        X = models.holes(rng, name, X)
        estimator = make(rng)
        if name not in models.PREPARED:
            X = (X - X.mean()) / X.std()
    estimator.fit(X, y)
    double = name != "mixed table" and rng.integers(4) == 0
    options = drawn(rng, estimator)
    opset = models.pick(rng, NEWEST, NEWEST, {"": 15, "ai.onnx.ml": 1}, {"": 18, "ai.onnx.ml": 3})
    try:
        model, session = converted(estimator, inputs(name, X, double), options, opset)
    except Exception:  # not every option, type and version is there for every estimator
        options, double, opset = None, False, {"": 18, "ai.onnx.ml": 3}
        try:
            model, session = converted(estimator, inputs(name, X, double), options, opset)
        except Exception:
            tally["not converted"].add(name)
            return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        Path(path).write_bytes(model.SerializeToString())
        columns, flags = list(X.columns), []
        if name != "mixed table":  # a matrix has no names: they are given, or x0, x1, ...
            columns = [f"x{i}" for i in range(X.shape[1])]
            if rng.integers(2):
                columns = [f"column {i}" for i in range(X.shape[1])]
                flags = ["--features", ",".join(columns)]
        try:
            server = Server(path, *flags)
        except Refused as e:
            reasons = [op for op in operators(model.graph) if op in e.text]
            assert e.code == 3 and reasons, f"refused without an operator's name: {e}"
            for op in reasons:
                tally["refused"].setdefault(op, set()).add(name)
            return
        said = json.loads(subprocess.run([BINARY, "inspect", path, "--json", *flags], capture_output=True, text=True, check=True).stdout)
        with server:
            rows = X.iloc[rng.integers(len(X), size=24)].reset_index(drop=True)
            for part in (rows, rows.iloc[:1]):
                ask(server, session, part, columns, said["outputs"], estimator, name, tally, (options, opset, double))


def converted(estimator, kinds, options, opset):
    model = to_onnx(estimator, initial_types=kinds, options=options, target_opset=opset)
    return model, ort.InferenceSession(model.SerializeToString(), threads(), providers=["CPUExecutionProvider"])


def threads():
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options


def drawn(rng, estimator):
    """Options of the converter, where the estimator has them."""
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    if not hasattr(last, "predict_proba") and not hasattr(last, "classes_"):
        return None
    return models.pick(rng, None, None, {id(last): {"zipmap": False}}, {id(last): {"zipmap": "columns"}}, {id(last): {"zipmap": False, "raw_scores": True}},
                       {id(last): {"nocl": True, "zipmap": False}})


def inputs(name, X, double):
    if name != "mixed table":
        return [("X", (dt.DoubleTensorType if double else dt.FloatTensorType)([None, X.shape[1]]))]
    kinds = {"word": dt.StringTensorType, "other": dt.StringTensorType, "size": dt.FloatTensorType, "weight": dt.FloatTensorType, "count": dt.Int64TensorType}
    return [(c, kinds[c]([None, 1])) for c in X.columns]


def operators(graph):
    for node in graph.node:
        yield f"{node.domain or 'ai.onnx'}.{node.op_type}"
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from operators(attribute.g)


def feed(session, rows):
    given = session.get_inputs()
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object}
    if len(given) == 1:
        return {given[0].name: rows.to_numpy(kinds[given[0].type])}
    return {i.name: rows[[i.name]].to_numpy().astype(kinds[i.type]) for i in given}


def ask(server, session, rows, columns, outputs, estimator, name, tally, how):
    try:
        found = session.run(None, feed(session, rows))
    except Exception as e:
        return
    body = {"columns": columns, "index": list(range(len(rows))), "data": [[None if v != v else v for v in r] for r in rows.to_numpy(object).tolist()]}
    status, reply = server.score({"input_data": body, "params": {"outputs": outputs}})
    assert status == 200, f"{how}: {status} {str(reply)[:300]}"
    answers = [reply["predictions" if o == "predict" else o] for o in outputs]
    expected = [plain(value) for value in found]
    if len(expected) > 2 and all(isinstance(v[0], float) or len(v[0]) == 1 for v in expected[1:]):  # zipmap='columns'
        expected = [expected[0], [[v if isinstance(v, float) else v[0] for v in row] for row in zip(*expected[1:])]]
    last = type(estimator[-1] if hasattr(estimator, "steps") else estimator).__name__
    tolerance = 0.0 if last in BIT_EQUAL and name not in models.PREPARED and name != "mixed table" else CANCELLING.get(last, TOLERANCE)
    for wanted in expected:
        tally["outputs"] += 1
        differences = [difference(wanted, got, tolerance) for got in answers]
        best = min(differences, key=lambda d: d[0])
        tally["equal"] += best[1]
        assert best[0] == 0, f"{how}, outputs {outputs}: {best[2]}; ONNX Runtime gives {str(wanted)[:200]}, the server {str(answers)[:300]}"


def plain(value):
    """ONNX Runtime's answer as lists: maps as their values in order, one column as numbers."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [list(map(float, m.values())) for m in value]
    if isinstance(value, list):
        return [v.tolist() for v in value]
    return value.tolist()


def difference(wanted, got, tolerance):
    """(how many differ, whether all are equal, the first that differs); infinite where the shapes do."""
    one, other = list(models_flat(wanted)), list(models_flat(got))
    if len(one) != len(other) or [isinstance(v, str) for v in one] != [isinstance(v, str) for v in other]:
        return math.inf, False, f"{len(one)} values, not {len(other)}"
    if one and isinstance(one[0], float) != isinstance(other[0], float) and other[0] is not None:
        return math.inf, False, "another type"
    scale = max((abs(v) for v in one if isinstance(v, float) and math.isfinite(v)), default=0.0)
    differ = [(a, b) for a, b in zip(one, other) if not same(a, b, tolerance * scale)]
    return len(differ), one == other, differ[0] if differ else None


def models_flat(values):
    if isinstance(values, (list, tuple)):
        for v in values:
            yield from models_flat(v)
    else:
        yield values


def same(a, b, allowed):
    if isinstance(a, float):
        return b is None if not math.isfinite(a) else b is not None and abs(a - b) <= allowed
    return a == b


if __name__ == "__main__":
    main()
