"""Trains models of XGBoost and LightGBM, serves them with the built binary, and compares every answer.

Options, objectives and data are drawn by --seed. Needs xgboost and lightgbm, whatever their versions:
tests/python/boosters-requirements.txt and boosters-old-requirements.txt pin the two that ./test.sh runs.
"""
import argparse, json, os, pickle, subprocess, tempfile, warnings

# Several threads only wait for each other over tables this small.
os.environ["OMP_NUM_THREADS"] = "1"
import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from harness import BINARY, Checks, Server

warnings.filterwarnings("ignore")
FEATURES = 5
NAMES = [f"f{i}" for i in range(FEATURES)]
EXACT, ONE_ULP, SCIPY, DOUBLE, SINGLE = "bit for bit", "1 ulp", "4 ulp", "1e-12", "1e-5"
XGBOOST = tuple(int(part) for part in xgb.__version__.split(".")[:2])


def data(rng, kind, n=300):
    """Features with gaps and zeros, and a target of that kind."""
    x = rng.normal(size=(n, FEATURES)).round(2)
    x[rng.random(x.shape) < 0.05] = 0
    full, signal = x.copy(), x[:, 0] * 3 + x[:, 1] * x[:, 2]
    x[rng.random(x.shape) < 0.1] = np.nan
    targets = {
        "number": signal,
        "two": (signal > 0).astype(int),
        "texts": np.array(["no", "yes"])[(signal > 0).astype(int)],
        "three": np.digitize(full[:, 0] + full[:, 1] * full[:, 2], [-0.7, 0.7]),
        "positive": np.exp(full[:, 0] / 2) + 0.1,
        "count": rng.poisson(np.exp(full[:, 0] / 3)),
        "unit": 1 / (1 + np.exp(-signal)),
        "numbers": np.c_[signal, full[:, 3] * 2],
        "labels": np.c_[full[:, 0] > 0, signal > 0, full[:, 3] > 0.3].astype(int),
    }
    return x, targets[kind]


def xgboost_models(rng):
    """Name, unfitted model, kind of target, how exact."""
    size = lambda: dict(n_estimators=int(rng.integers(1, 25)), max_depth=int(rng.integers(1, 7)), reg_lambda=rng.random())
    classifier = lambda **options: xgb.XGBClassifier(**{**size(), **options})
    regressor = lambda **options: xgb.XGBRegressor(**{**size(), **options})
    yield "two", classifier(), "two", ONE_ULP
    yield "three", classifier(tree_method="exact"), "three", ONE_ULP
    yield "softmax", classifier(objective="multi:softmax"), "three", SCIPY
    yield "hinge", classifier(objective="binary:hinge"), "two", EXACT
    yield "logitraw", classifier(objective="binary:logitraw"), "two", EXACT
    yield "labels", classifier(tree_method="hist"), "labels", ONE_ULP
    yield "many trees at once", classifier(num_parallel_tree=3, subsample=0.7), "three", ONE_ULP
    yield "dart labels", classifier(booster="dart", rate_drop=0.4), "three", ONE_ULP
    yield "linear labels", classifier(booster="gblinear"), "three", ONE_ULP
    yield "base score", classifier(base_score=0.3), "two", ONE_ULP
    yield "forest", xgb.XGBRFClassifier(n_estimators=7, max_depth=4), "three", ONE_ULP
    yield "no split", classifier(gamma=1e9), "two", ONE_ULP
    for objective in ("reg:squarederror", "reg:pseudohubererror", "reg:absoluteerror", "reg:squaredlogerror"):
        yield objective, regressor(objective=objective), "positive", EXACT
    for objective, kind in (("count:poisson", "count"), ("reg:gamma", "positive"), ("reg:tweedie", "positive"),
                            ("survival:cox", "positive"), ("reg:logistic", "unit")):
        yield objective, regressor(objective=objective), kind, ONE_ULP
    yield "quantiles", regressor(objective="reg:quantileerror", quantile_alpha=np.array([0.1, 0.5, 0.9])), "number", EXACT
    yield "numbers", regressor(tree_method="hist"), "numbers", EXACT
    yield "leaves of numbers", regressor(tree_method="hist", multi_strategy="multi_output_tree"), "numbers", EXACT
    yield "dart", regressor(booster="dart", rate_drop=0.4), "number", EXACT
    yield "linear", regressor(booster="gblinear"), "number", EXACT
    yield "missing", regressor(missing=0.0), "number", EXACT
    yield "negative base score", regressor(base_score=-2.7), "number", EXACT
    yield "leaf-wise", regressor(grow_policy="lossguide", max_leaves=9, max_depth=0, tree_method="hist"), "number", EXACT
    yield "random forest", xgb.XGBRFRegressor(n_estimators=7), "number", EXACT


def lightgbm_models(rng):
    size = lambda: dict(n_estimators=int(rng.integers(1, 25)), num_leaves=int(rng.integers(2, 20)), verbose=-1,
                        min_child_samples=5)
    classifier = lambda **options: lgb.LGBMClassifier(**{**size(), **options})
    regressor = lambda **options: lgb.LGBMRegressor(**{**size(), **options})
    yield "two", classifier(sigmoid=1.5), "two", DOUBLE
    yield "texts", classifier(), "texts", DOUBLE
    yield "three", classifier(), "three", DOUBLE
    yield "one against the rest", classifier(objective="multiclassova"), "three", DOUBLE
    yield "forest", classifier(boosting_type="rf", bagging_freq=1, bagging_fraction=0.6), "three", DOUBLE
    yield "linear labels", classifier(linear_tree=True), "three", DOUBLE
    yield "no split", classifier(min_child_samples=10**6), "two", DOUBLE
    for objective in ("regression", "regression_l1", "huber", "fair", "quantile", "mape"):
        yield objective, regressor(objective=objective), "positive", EXACT
    for objective, kind in (("poisson", "count"), ("gamma", "positive"), ("tweedie", "positive"), ("cross_entropy", "unit"),
                            ("cross_entropy_lambda", "unit")):
        yield objective, regressor(objective=objective), kind, DOUBLE
    yield "square root", regressor(reg_sqrt=True), "number", EXACT
    yield "dart", regressor(boosting_type="dart"), "number", EXACT
    yield "random forest", regressor(boosting_type="rf", bagging_freq=1, bagging_fraction=0.6), "number", EXACT
    yield "zero is missing", regressor(zero_as_missing=True), "number", EXACT
    yield "nothing is missing", regressor(use_missing=False), "number", EXACT
    yield "linear", regressor(linear_tree=True), "number", EXACT


def composed_models(classifier, regressor):
    """The same inside scikit-learn's own estimators."""
    yield "pipeline", make_pipeline(StandardScaler(), classifier()), "three"
    yield "voting", VotingClassifier([("a", classifier()), ("b", classifier(reg_lambda=3))], voting="soft"), "three"
    yield "voting numbers", VotingRegressor([("a", regressor()), ("b", regressor(reg_lambda=3))]), "number"
    yield "stacking", StackingClassifier([("a", classifier()), ("b", classifier(reg_lambda=3))]), "two"
    yield "stacking numbers", StackingRegressor([("a", regressor())]), "number"
    yield "on top", StackingClassifier([("a", make_pipeline(StandardScaler(), LogisticRegression()))], classifier()), "three"
    yield "calibrated", CalibratedClassifierCV(classifier(), cv=2), "three"
    yield "bagging", BaggingClassifier(classifier(), n_estimators=3, max_features=0.6), "three"
    yield "target", TransformedTargetRegressor(regressor(), func=np.log1p, inverse_func=np.expm1), "positive"
    yield "search", GridSearchCV(classifier(), {"max_depth": [2, 3]}, cv=2), "three"
    yield "outputs", MultiOutputRegressor(regressor()), "numbers"
    yield "one against the rest", OneVsRestClassifier(classifier()), "three"


def booster_of(model):
    """The booster inside, whatever holds it; None where there are several."""
    if isinstance(model, (xgb.Booster, lgb.Booster)):
        return model
    return model.get_booster() if hasattr(model, "get_booster") else getattr(model, "booster_", None)


def on_thresholds(model, x):
    """Rows with a feature exactly at a threshold, and next to it on either side."""
    booster = booster_of(model)
    if booster is None:
        return x[:0]
    try:
        frame = booster.trees_to_dataframe()
    except Exception:  # gblinear has no trees, and older libraries do not show some kinds of them
        return x[:0]
    light = "split_feature" in frame
    feature, split = ("split_feature", "threshold") if light else ("Feature", "Split")
    rows = []
    for name, at in frame[[feature, split]].dropna().head(40).itertuples(index=False):
        digits = "".join(filter(str.isdigit, str(name)))
        if not digits or not np.isfinite(float(at)):
            continue
        kind = np.float64 if light else np.float32
        for value in (kind(at), np.nextafter(kind(at), kind(-np.inf)), np.nextafter(kind(at), kind(np.inf))):
            row = x[len(rows) % len(x)].copy()
            row[int(digits)] = value
            rows.append(row)
    return np.array(rows) if rows else x[:0]


def answers(model, rows):
    if isinstance(model, xgb.Booster):
        return {"predict": model.predict(xgb.DMatrix(rows))}
    found = {"predict": model.predict(rows)}
    for method in ("predict_proba", "decision_function"):
        if hasattr(model, method):
            found[method] = getattr(model, method)(rows)
    return {name: np.asarray(answer) for name, answer in found.items()}


def ulps(got, wanted):
    """The largest distance in units in the last place of float32."""
    bits = lambda numbers: np.asarray(numbers, dtype=np.float32).view(np.int32).astype(np.int64)
    return int(np.abs(bits(got) - bits(wanted)).max())


def compare(name, got, wanted, exactness):
    if wanted.dtype.kind in "OU":
        assert list(map(str, got)) == list(map(str, wanted)), f"{name}: other labels"
        return
    got = np.array(got, dtype=np.float64)
    assert got.shape == wanted.shape, f"{name}: shape {got.shape}, expected {wanted.shape}"
    if wanted.dtype.kind in "biu" or exactness == EXACT:
        different = int((got != wanted).sum())
        assert different == 0, f"{name}: {different} of {wanted.size} differ, by {np.abs(got - wanted).max()}"
    elif exactness in (ONE_ULP, SCIPY):
        most = 1 if exactness == ONE_ULP else 4
        assert ulps(got, wanted) <= most, f"{name}: {ulps(got, wanted)} units of float32 apart"
    else:
        relative = float(exactness)
        np.testing.assert_allclose(got, wanted, rtol=relative, atol=relative, err_msg=name)


def request(rows):
    """Infinite numbers are sent as text, which Python's float() reads."""
    cell = lambda value: None if value != value else value if np.isfinite(value) else str(value)
    return {"columns": NAMES, "data": [[cell(value) for value in row] for row in rows.tolist()]}


def check(model, rows, exactness, folder):
    path = os.path.join(folder, "model.pkl")
    with open(path, "wb") as out:
        pickle.dump({"model": model, "scaler": None, "feature_order": NAMES}, out)
    wanted = answers(model, rows)
    with Server(path) as server:
        status, reply = server.score({"input_data": request(rows), "params": {"outputs": list(wanted)}})
    assert status == 200, reply
    for method, answer in wanted.items():
        compare(method, reply["predictions" if method == "predict" else method], answer, exactness)


def fit(model, rng, kind):
    """The model, and rows to score: seen ones, new ones, and some on thresholds."""
    x, y = data(rng, kind)
    model.fit(x, y)
    new, _ = data(rng, kind, 60)
    return model, np.r_[x[:60], new, on_thresholds(model, x)]


def early_stops(rng):
    """Fitted with a validation set that only disturbs them."""
    for name, make, kind in (("xgboost", xgb.XGBClassifier, "three"), ("xgboost", xgb.XGBRegressor, "number"),
                             ("lightgbm", lgb.LGBMClassifier, "three"), ("lightgbm", lgb.LGBMRegressor, "number")):
        (x, y), (x_seen, y_seen) = data(rng, kind), data(rng, kind)
        seen = [(x_seen, rng.permutation(y_seen))]
        if name == "xgboost":
            model = make(n_estimators=40, early_stopping_rounds=2).fit(x, y, eval_set=seen, verbose=False)
        else:
            model = make(n_estimators=40, verbose=-1)
            model.fit(x, y, eval_set=seen, callbacks=[lgb.early_stopping(2, verbose=False)])
        yield f"early stop {make.__name__}", model, np.r_[x[:60], on_thresholds(model, x)]


def boosters(rng):
    """Boosters without a wrapper."""
    for kind, objective in (("number", "reg:squarederror"), ("three", "multi:softprob"), ("two", "binary:logistic")):
        x, y = data(rng, kind)
        more = {"num_class": 3} if kind == "three" else {}
        yield f"booster {objective}", xgb.train({"objective": objective, **more}, xgb.DMatrix(x, y), 5), x[:60], ONE_ULP
    x, y = data(rng, "three")
    model = lgb.train({"objective": "multiclass", "num_class": 3, "verbose": -1}, lgb.Dataset(x, y), 5)
    yield "booster multiclass", model, x[:60], DOUBLE


def categories_as_numbers(rng):
    x, y = data(rng, "number")
    x[:, 1], x[:, 3] = rng.integers(0, 12, len(x)), rng.integers(0, 600, len(x))
    y = y + np.sin(x[:, 1] * 7) * 3 + np.cos(x[:, 3] * 3)
    strange = x[:8].copy()
    strange[:, 1], strange[:, 3] = [77, 3.7, -1, np.nan, 0, 11, 12, 1e6], [1e9, 599.9, 600, 0, np.nan, -0.5, 300, 255]
    light = lgb.LGBMRegressor(n_estimators=15, verbose=-1, min_data_per_group=1, cat_smooth=1)
    light.fit(x, y, categorical_feature=[1, 3])
    yield "lightgbm categories", light, np.r_[x, strange]
    for one_hot in (1, 1000):
        types = ["q", "c", "q", "c", "q"]
        model = xgb.XGBRegressor(n_estimators=15, tree_method="hist", enable_categorical=True, feature_types=types,
                                 max_cat_to_onehot=one_hot)
        yield f"xgboost categories, one-hot below {one_hot}", model.fit(x, y), np.r_[x, strange]


def categories_of_pandas(rng, folder):
    """LightGBM numbers them itself: requests carry the texts."""
    n = 300
    frame = pd.DataFrame({
        "f0": rng.normal(size=n).round(2),
        "f1": pd.Categorical(rng.choice(["rot", "grün", "o'x", ""], n)),
        "f2": pd.Categorical(rng.integers(0, 30, n) * 3),
    })
    y = frame.f0 + frame.f1.cat.codes * 1.5 + np.sin(frame.f2.cat.codes) * 2
    model = lgb.LGBMRegressor(n_estimators=15, verbose=-1, min_data_per_group=1, cat_smooth=1).fit(frame, y)
    wanted = model.predict(frame)
    path = os.path.join(folder, "pandas.pkl")
    with open(path, "wb") as out:
        pickle.dump(model, out)
    with Server(path) as server:
        status, reply = server.score({"input_data": json.loads(frame.to_json(orient="records", double_precision=15))})
        assert status == 200 and reply["predictions"] == wanted.tolist(), reply
        unknown = frame[:1].assign(f1=pd.Categorical([None], frame.f1.cat.categories))
        status, reply = server.score({"input_data": [{"f0": float(frame.f0[0]), "f1": "lila", "f2": int(frame.f2[0])}]})
        assert status == 200 and reply["predictions"] == model.predict(unknown).tolist(), reply


def comes_back(model, rows, folder):
    """Through a native bundle and back into Python, it answers the same."""
    first, native, last = (os.path.join(folder, name) for name in ("first.pkl", "model.bundle", "last.pkl"))
    with open(first, "wb") as out:
        pickle.dump({"model": model, "scaler": None, "feature_order": NAMES}, out)
    for source, target in ((first, native), (native, last)):
        subprocess.run([BINARY, "convert", source, target, "--force"], check=True, capture_output=True)
    with open(last, "rb") as back:
        again = pickle.load(back)["model"]
    assert np.array_equal(again.predict(rows), model.predict(rows))


def refused(make, folder, words):
    path = os.path.join(folder, "refused.pkl")
    with open(path, "wb") as out:
        pickle.dump({"model": make(), "scaler": None, "feature_order": NAMES}, out)
    run = subprocess.run([BINARY, "inspect", path], capture_output=True, text=True)
    assert run.returncode == 3 and all(word in run.stdout + run.stderr for word in words), run.stdout + run.stderr


def fitted_on_pandas_categories(rng):
    frame = pd.DataFrame({"f0": rng.normal(size=99), "f1": pd.Categorical(rng.choice(["a", "b"], 99))})
    return xgb.XGBRegressor(n_estimators=2, enable_categorical=True, tree_method="hist").fit(frame, frame.f0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    rng, checks = np.random.default_rng(arguments.seed), Checks()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(arguments.rounds):
            for library, models in (("xgboost", xgboost_models), ("lightgbm", lightgbm_models)):
                for name, model, kind, exactness in models(rng):
                    checks.run(f"{library} {name}", lambda: check(*fit(model, rng, kind), exactness, folder))
        for library, classifier, regressor in (
                ("xgboost", lambda **o: xgb.XGBClassifier(n_estimators=5, **o), lambda **o: xgb.XGBRegressor(n_estimators=5, **o)),
                ("lightgbm", lambda **o: lgb.LGBMClassifier(n_estimators=5, verbose=-1, **o),
                 lambda **o: lgb.LGBMRegressor(n_estimators=5, verbose=-1, **o))):
            for name, model, kind in composed_models(classifier, regressor):
                exactness = SINGLE if library == "xgboost" else DOUBLE
                checks.run(f"{library} in {name}", lambda: check(*fit_full(model, rng, kind), exactness, folder))
        for name, model, rows in early_stops(rng):
            checks.run(name, check, model, rows, ONE_ULP if "XGB" in name else DOUBLE, folder)
        for name, model, rows in categories_as_numbers(rng):
            checks.run(name, check, model, rows, EXACT, folder)
        for name, model, rows, exactness in boosters(rng):
            checks.run(name, check, model, rows, exactness, folder)
        checks.run("categories of pandas", categories_of_pandas, rng, folder)
        x, y = data(rng, "two")
        for make in (xgb.XGBClassifier(n_estimators=3), lgb.LGBMClassifier(n_estimators=3, verbose=-1)):
            checks.run(f"{type(make).__name__} comes back", comes_back, make.fit(x, y), x, folder)
        if XGBOOST >= (3, 1):
            words = ["enable_categorical", "OrdinalEncoder"]
            checks.run("named categories are refused", refused, lambda: fitted_on_pandas_categories(rng), folder, words)
    checks.finish()


def fit_full(model, rng, kind):
    """As fit, without gaps: most of scikit-learn's estimators take none."""
    x, y = data(rng, kind)
    x = np.nan_to_num(x)
    return model.fit(x, y), x[:80]


main()
