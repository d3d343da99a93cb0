#!/usr/bin/env python3
"""Trains random models with this environment's scikit-learn, serves each with the binary, and compares every output.

    .venv/bin/python tests/python/differential.py [--rounds 3] [--seed 0] [--only NAME] [--format skops]

A round takes each estimator of models.py once, with parameters, data, labels, scaler, file format and request form
drawn from the seed and the case's number: a failure names both, and `--only NAME --round N` repeats it. What the
model's own scikit-learn refuses the server must refuse with a 4xx; what it answers must come back equal, bit for bit
where only comparisons, additions and divisions are involved, else within 1e-12, or what models.py grants and why.
"""
import argparse, json, math, os, pickle, tempfile, warnings

warnings.filterwarnings("ignore")
import joblib
import numpy as np
import pandas as pd
import sklearn
import skops.io

import models
from harness import Checks, Server

TOLERANCE = 1e-12
OUTPUTS = ("predict", "predict_proba", "decision_function", "score_samples", "transform")
DUMPS = {**{f"pickle {p}": (lambda b, path, p=p: pickle.dump(b, open(path, "wb"), protocol=p)) for p in range(6)},
         **{f"joblib {c}": (lambda b, path, c=c: joblib.dump(b, path, compress=c)) for c in
            (0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lz4", 3))},
         "skops": skops.io.dump}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--round", type=int, help="only this one")
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--only", help="only this estimator")
    ap.add_argument("--format", choices=sorted(DUMPS), help="the file format of all cases, instead of a drawn one")
    a = ap.parse_args()
    checks = Checks()
    for r in range(a.rounds) if a.round is None else [a.round]:
        for number, name in enumerate(models.MODELS):
            if a.only in (None, name):
                rng = np.random.default_rng([a.seed, r, number])
                checks.run(f"{name} (seed {a.seed}, round {r})", compare, name, rng, a.format)
    checks.finish()


def compare(name, rng, how):
    """One case: train, serve, ask, compare."""
    kind, make = models.MODELS[name]
    X, y = models.data(rng, kind)
    X = models.holes(rng, name, X)
    estimator = make(rng)
    if models.takes_texts(estimator):
        X = X.iloc[:, -1:]
    scaler = models.scaler(rng, name, estimator, X)
    estimator.fit(models.seen(estimator, X) if scaler is None else scaler.fit(X).transform(X), y)
    bundle = {"model": estimator, "scaler": scaler, "feature_order": list(X.columns),
              "metadata": {"trained_at": "2026-01-15T09:30:00+00:00", "source_rows": len(X), "clean_rows": len(X),
                           "scikit_learn_version": sklearn.__version__}}
    how = how or sorted(DUMPS)[rng.integers(len(DUMPS))]
    if how == "skops" and name == "Birch":
        how = "pickle 4"  # the one estimator that skops itself does not dump
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model_bundle.pkl")
        DUMPS[how](bundle, path)
        with Server(path) as server:
            for rows in models.requests(rng, name, X):
                try:
                    ask(server, bundle, rows, rng)
                except AssertionError as e:
                    raise AssertionError(f"{scaler} then {estimator}, {how}: {e}; rows {rows.head(3).to_dict('records')}")


def ask(server, bundle, rows, rng):
    frame = pd.DataFrame(json.loads(json.dumps(models.records(rows))))[bundle["feature_order"]]
    try:
        expected = answers(bundle, frame)
    except (ValueError, AttributeError) as e:  # the latter of a text that is None
        status, reply = server.score(models.request(rng, rows, ["predict"]))
        assert 400 <= status < 500, f"scikit-learn refuses ({e}), the server answers {status} {str(reply)[:200]}"
        return
    status, reply = server.score(models.request(rng, rows, list(expected)))
    assert status == 200, f"{status} {reply}, scikit-learn answers"
    for output, (values, tolerance, distances) in expected.items():
        got = reply["predictions" if output == "predict" else output]
        scale = max((abs(v) for v in flat(values) if isinstance(v, float) and math.isfinite(v)), default=0.0)
        differences = [d for d in map(lambda p: differs(*p, tolerance, scale), zip(flat(got), flat(values), strict=True)) if d]
        # scikit-learn takes distances from x² - 2xy + y²: beside a centre what cancels there is all that is left.
        differences = [d for d in differences if not (distances and abs(d[0]**2 - d[1]**2) <= TOLERANCE * scale**2)]
        assert not differences, f"{output}: {len(differences)} of {len(list(flat(values)))} differ, first {differences[0]}"


def answers(bundle, frame):
    """Each output that the model has, and how far an answer may be from it."""
    model, scaler, found = bundle["model"], bundle["scaler"], {}
    X = models.seen(model, frame) if scaler is None else scaler.transform(frame)
    last = model[-1] if hasattr(model, "steps") else model
    for output in OUTPUTS:
        if not hasattr(model, output) or (output == "score_samples" and (not hasattr(last, output) or type(last).__name__ in models.RANDOM)):
            continue
        values = getattr(model, output)(X)
        values = values.toarray() if hasattr(values, "toarray") else values
        values = [v.tolist() for v in values] if isinstance(values, list) else values.tolist()
        tolerance = 0.0 if models.exact(last, output) else models.CANCELLING.get(type(last).__name__, TOLERANCE)
        found[output] = (values, tolerance, output == "transform" and type(last).__name__ in models.DISTANCES)
    return found


def flat(values):
    if isinstance(values, list):
        for v in values:
            yield from flat(v)
    else:
        yield values


def differs(got, expected, tolerance, scale):
    """The pair, if it is not equal enough. Labels keep their type; null stands for what JSON cannot write."""
    if isinstance(expected, float) and not math.isfinite(expected):
        return None if got is None else (got, expected)
    if type(got) is not type(expected):
        return got, expected
    if got == expected or (isinstance(expected, float)
                           and abs(got - expected) <= tolerance * max(abs(got), abs(expected), scale * 1e-3)):
        return None
    return got, expected


if __name__ == "__main__":
    main()
