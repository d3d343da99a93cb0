#!/usr/bin/env python3
"""The gate and the interchange with MLflow, against MLflow and scikit-learn themselves:
thresholds hold where MLflow's own validation says so; metrics are scikit-learn's; what scorelet exports, MLflow loads and
predicts the same; what MLflow saves, scorelet serves; and pickles that scorelet writes give scikit-learn its model back.

    .venv-mlflow/bin/python tests/python/gate.py [--only TEXT] [--seed 0]
"""
import argparse, json, os, pickle, random, subprocess, sys, tempfile, warnings

warnings.filterwarnings("ignore")
os.environ |= {"MLFLOW_ALLOW_FILE_STORE": "true", "GIT_PYTHON_REFRESH": "quiet"}
import joblib
import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
import sklearn
from mlflow.models import MetricThreshold, infer_signature
from mlflow.models.evaluation.validation import _validate
from sklearn import datasets, ensemble, linear_model, metrics, pipeline, preprocessing

import models
from harness import BINARY, Checks, Server

mlflow.utils.logging_utils.disable_logging()


def run(*args, code=0):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SCORELET_")}
    done = subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True, env=clean)
    assert done.returncode in (code if isinstance(code, tuple) else (code,)), f"{args}: exit {done.returncode}: {done.stderr.strip()}"
    return done.stdout


def verdict(*args):
    return json.loads(run("validate", *args, "--json", code=(0, 1)))


def tables(folder):
    """Training rows and held-out rows: `kind` of three words, `size` a number, `odd` 0 or 1, one column of texts."""
    rng = np.random.default_rng(5)
    X, kind = datasets.load_iris(return_X_y=True, as_frame=True)
    frame = X.rename(columns=lambda name: name.removesuffix(" (cm)"))
    frame["colour"] = rng.choice(["red", "green", "blue"], len(frame))
    frame["kind"] = kind.map({0: "setosa", 1: "versicolor", 2: "virginica"})
    frame["size"] = frame["petal length"] * 2 + (frame["colour"] == "red") + rng.normal(0, 0.3, len(frame))
    frame["odd"] = (frame["kind"] == "setosa").astype(int)
    frame = frame.sample(frac=1, random_state=1)
    for name, part in ("train", frame[:100]), ("holdout", frame[100:]):
        part.to_csv(os.path.join(folder, name + ".csv"), index=False)
    return frame[:100], frame[100:]


NUMBERS = ["sepal length", "sepal width", "petal length", "petal width"]


def train(folder, name, estimator, target=None, features=",".join(NUMBERS), *flags):
    path = os.path.join(folder, name + ".bundle")
    target = ["--target", target] if target else []
    run("train", "--data", os.path.join(folder, "train.csv"), "--estimator", estimator, "--features", features, *target,
        "--output-path", path, "--trained-at", "0", *flags)
    return path


def thresholds(folder, seed):
    """Random bounds of every metric, each decided by MLflow too."""
    holdout = ["--data", os.path.join(folder, "holdout.csv"), "--target", "size"]
    new = train(folder, "new", "random-forest-regressor", "size", ",".join(NUMBERS), "--n-estimators", "5")
    old = train(folder, "old", "ridge", "size", ",".join(NUMBERS), "--alpha", "50")
    measured = verdict(new, *holdout, "--baseline", old, "--max", "r2=1", "--allow-regression", "--allow-schema-change")
    ours, theirs = measured["metrics"], measured["baseline_metrics"]
    draw, gate, compared = random.Random(seed), os.path.join(folder, "gate.toml"), 0
    for _ in range(12):
        bounds = {}
        for name in ours:
            bound = {"greater_is_better": draw.random() < 0.5}
            if draw.random() < 0.7:
                bound["threshold"] = draw.choice([ours[name], ours[name] + draw.gauss(0, 0.1)])
            if draw.random() < 0.5:
                bound["min_absolute_change"] = draw.choice([abs(ours[name] - theirs[name]), draw.random()]) or 0.1
            if draw.random() < 0.5 or len(bound) == 1:
                bound["min_relative_change"] = draw.choice([draw.random(), draw.random() / 20])
            bounds[name] = bound
        with open(gate, "w") as file:
            for name, bound in bounds.items():
                file.write(f"[metrics.{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in bound.items()))
        checks = verdict(new, *holdout, "--baseline", old, "--gate", gate, "--allow-regression")["checks"]
        for name, bound in bounds.items():
            own = {f"{name}{suffix}" for suffix in ("", " change", " relative change")}
            passed = all(check["passed"] for check in checks if check["name"] in own)
            assert passed == holds({name: MetricThreshold(**bound)}, ours, theirs), (name, bound, ours[name], theirs[name])
            compared += 1
    print(f"{compared} bounds decided as MLflow decides them")


def holds(bounds, candidate, baseline):
    try:
        _validate(bounds, candidate, baseline)
        return True
    except mlflow.exceptions.MlflowException:
        return False


def values(folder, frame, held):
    """Metrics of models that Python pickled are scikit-learn's own, whatever the labels."""
    cases = [(ensemble.RandomForestClassifier(20, random_state=0), "kind"), (linear_model.LogisticRegression(max_iter=500), "odd"),
             (ensemble.GradientBoostingRegressor(n_estimators=20, random_state=0), "size")]
    for model, target in cases:
        path = os.path.join(folder, "python.pkl")
        with open(path, "wb") as file:
            pickle.dump(model.fit(frame[NUMBERS], frame[target]), file)
        found = verdict(path, "--data", os.path.join(folder, "holdout.csv"), "--target", target, "--max-size", "1GB")["metrics"]
        # As the file has them: floats are written with all their digits.
        truth, said = held[target], model.predict(held[NUMBERS])
        if target == "size":
            expected = {"r2": metrics.r2_score(truth, said), "mean_absolute_error": metrics.mean_absolute_error(truth, said)}
        else:
            p = model.predict_proba(held[NUMBERS])
            expected = {"accuracy": metrics.accuracy_score(truth, said), "f1_macro": metrics.f1_score(truth, said, average="macro"),
                        "balanced_accuracy": metrics.balanced_accuracy_score(truth, said), "log_loss": metrics.log_loss(truth, p)}
            if target == "kind":
                expected["roc_auc_ovr"] = metrics.roc_auc_score(truth, p, multi_class="ovr")
            else:
                expected |= {"roc_auc": metrics.roc_auc_score(truth, p[:, 1]), "f1": metrics.f1_score(truth, said)}
        for name, value in expected.items():
            assert abs(found[name] - value) <= 1e-12 * abs(value), (target, name, found[name], value)


def served(path, frame, *flags):
    """What scorelet answers to all rows."""
    with Server(path, *flags) as server:
        status, reply = server.score({"input_data": json.loads(frame.to_json(orient="records", double_precision=15))})
        assert status == 200, reply
        return reply["predictions"]


def same(expected, got, what):
    expected, got = list(expected), [value.item() if hasattr(value, "item") else value for value in got]
    assert len(expected) == len(got), what
    for a, b in zip(expected, got):
        assert a == b or (isinstance(a, float) and abs(a - b) <= 1e-12 * abs(a)), f"{what}: {a!r} and {b!r}"


def exported(folder, registry, name, bundle, held):
    """Through the registry into an MLflow folder, and back."""
    run("register", "--name", name, "--path", bundle, "--registry", registry)
    out = os.path.join(folder, name)
    run("registry", "export", name, "--mlflow", out, "--registry", registry)
    model = mlflow.pyfunc.load_model(out)
    columns = model.metadata.signature.inputs.input_names()
    # Any order, and columns that the model does not take.
    frame = json.loads(held.to_json(orient="records", double_precision=15))
    frame = pd.DataFrame(frame)[list(reversed(held.columns))]
    expected = served(bundle, held[columns])
    same(expected, model.predict(frame), name)
    assert run("registry", "import", "--mlflow", out, "--name", name + "-again", "--registry", registry) == "1\n"
    same(expected, served(f"{name}-again@1", held[columns], "--registry", registry), name + " again")


def exports(checks, folder, frame, held):
    registry, every = os.path.join(folder, "registry"), ",".join(NUMBERS + ["colour"])
    trained = {
        "forest": lambda: train(folder, "forest", "random-forest-classifier", "kind", every, "--n-estimators", "10"),
        "anomalies": lambda: train(folder, "anomalies", "isolation-forest"),
        "numbers": lambda: train(folder, "numbers", "ridge", "size", every, "--missing", "median"),
        "logistic": lambda: train(folder, "logistic", "logistic-regression", "odd"),
        "bare-scaler": lambda: train(folder, "bare-scaler", "extra-trees-regressor", "size", ",".join(NUMBERS), "--scaler", "none"),
        "ordinal": lambda: train(folder, "ordinal", "gaussian-nb", "kind", every, "--encode", "ordinal", "--missing", "most-frequent"),
        "grouped": lambda: train(folder, "grouped", "k-neighbors-regressor", "size", every, "--missing", "colour=constant=none"),
        "vectors": lambda: train(folder, "vectors", "svc", "kind"),
        "clusters": lambda: train(folder, "clusters", "kmeans", None, ",".join(NUMBERS), "--n-clusters", "3"),
        "seed": lambda: seed(folder, frame),
        "pipeline": lambda: bare(folder, frame),
    }
    for name, make in trained.items():
        checks.run(f"export {name}", lambda: exported(folder, registry, name, make(), held))


def seed(folder, frame):
    """The dict of the original scoring script, as joblib writes it."""
    path = os.path.join(folder, "seed.joblib")
    scaler = preprocessing.StandardScaler().fit(frame[NUMBERS])
    model = ensemble.IsolationForest(random_state=0).fit(scaler.transform(frame[NUMBERS]))
    metadata = {"trained_at": "2026-01-15", "source_rows": 100, "clean_rows": 100, "scikit_learn_version": sklearn.__version__}
    joblib.dump({"model": model, "scaler": scaler, "feature_order": NUMBERS, "metadata": metadata}, path, compress=3)
    return path


def bare(folder, frame):
    path = os.path.join(folder, "pipeline.pkl")
    model = pipeline.make_pipeline(preprocessing.RobustScaler(), ensemble.RandomForestClassifier(10, random_state=0))
    joblib.dump(model.fit(frame[NUMBERS], frame["kind"]), path)
    return path


def imported(folder, how, named, frame, held):
    """What MLflow saves in each of its formats, with columns known to the model or to its signature alone."""
    model = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression(max_iter=500))
    X = frame[NUMBERS] if named else frame[NUMBERS].to_numpy()
    model.fit(X, frame["kind"])
    path = os.path.join(folder, f"saved-{how}-{named}")
    mlflow.sklearn.save_model(model, path, serialization_format=how, signature=infer_signature(frame[NUMBERS], model.predict(X)),
                              pip_requirements=[])
    registry = os.path.join(folder, "registry")
    name = f"{how}-{'named' if named else 'unnamed'}"
    run("registry", "import", "--mlflow", path, "--name", name, "--registry", registry)
    expected = mlflow.pyfunc.load_model(path).predict(held[NUMBERS])
    same(served(path, held[NUMBERS]), expected, name)
    same(served(name, held[NUMBERS], "--registry", registry), expected, name)


def pickled(folder, name, seed):
    """A model to a native bundle, and that to a pickle: scikit-learn's answers stay the same to the bit."""
    rng = np.random.default_rng([seed, 77, list(models.MODELS).index(name)])
    kind, make = models.MODELS[name]
    X, y = models.data(rng, kind)
    model = make(rng)
    scaler = models.scaler(rng, name, model, X)
    if models.takes_texts(model):
        X = X.iloc[:, -1:]
    model.fit(models.seen(model, X) if scaler is None else scaler.fit(X).transform(X), y)
    paths = [os.path.join(folder, "model" + ending) for ending in (".joblib", ".bundle", ".pkl")]
    joblib.dump({"model": model, "scaler": scaler, "feature_order": list(X.columns), "metadata": {}}, paths[0])
    run("convert", paths[0], paths[1], "--force")
    run("convert", paths[1], paths[2], "--force")
    with open(paths[2], "rb") as file:
        again = pickle.load(file)
    assert type(again["model"]) is type(model) and type(again["scaler"]) is type(scaler)
    assert again["feature_order"] == list(X.columns)
    rows = models.seen(model, X.iloc[:40])
    for method in "predict", "predict_proba", "decision_function", "score_samples", "transform":
        if hasattr(model, method):
            answers = [getattr(b, method)(rows if s is None else s.transform(rows)) for b, s in
                       ((model, scaler), (again["model"], again["scaler"]))]
            for a, b in zip(*(part if isinstance(part, list) else [part] for part in answers), strict=True):
                a, b = (part.toarray() if hasattr(part, "toarray") else np.asarray(part) for part in (a, b))
                assert a.dtype == b.dtype, f"{method}: {a.dtype} and {b.dtype}"
                np.testing.assert_array_equal(a, b, err_msg=f"{method} of {model}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--only", default="")
    ap.add_argument("--seed", type=int, default=0)
    a = ap.parse_args()
    checks = Checks()
    if a.only:
        every = checks.run
        checks.run = lambda name, *rest: every(name, *rest) if a.only in name else None
    with tempfile.TemporaryDirectory() as folder:
        frame, held = tables(folder)
        held = pd.read_csv(os.path.join(folder, "holdout.csv"), float_precision="round_trip")
        checks.run("thresholds", thresholds, folder, a.seed)
        checks.run("metrics", values, folder, frame, held)
        exports(checks, folder, frame, held)
        for how in "pickle", "cloudpickle", "skops":
            for named in True, False:
                checks.run(f"import {how} {named}", imported, folder, how, named, frame, held)
        for name in models.MODELS:
            checks.run(f"pickle {name}", pickled, folder, name, a.seed)
    checks.finish()


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    main()
