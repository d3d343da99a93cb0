"""`scorelet train` on real tables, next to scikit-learn on the same rows: quality, wall time, memory, and served replies.

    python tests/python/quality.py            what test.sh runs: every number of quality is checked, no time is
    python tests/python/quality.py --write    also writes the table of docs/training.md; with SCORELET_BIN a release build

Both sides are processes of their own that read the CSV, fit on the same three quarters, and predict the held-out rest.
"""
import argparse, json, os, re, subprocess, sys, tempfile, time

import numpy as np
import pandas as pd

import tables
from harness import BINARY, ROOT, Checks, Server

CLOSE = 1e-9
# Name, table, flags of scorelet, what scikit-learn does: a Python expression of an estimator that is given the columns.
CASES = {
    "Shuttle anomalies": dict(
        table="shuttle", flags="--estimator isolation-forest --target anomaly", target="anomaly", metric="roc_auc",
        model="make_pipeline(StandardScaler(), IsolationForest(random_state=0))"),
    "Breast cancer, forest": dict(
        table="cancer", flags="--estimator random-forest-classifier --target target --stratify --cv 3", target="target", metric="roc_auc", stratify=True, more=True,
        model="make_pipeline(StandardScaler(), RandomForestClassifier(random_state=0))"),
    "Breast cancer, logistic": dict(
        table="cancer", flags="--estimator logistic-regression --target target --stratify", target="target", metric="log_loss", stratify=True,
        model="make_pipeline(StandardScaler(), LogisticRegression())", close=1e-3),
    "Diamonds, forest": dict(
        table="diamonds", flags="--estimator random-forest-regressor --n-estimators 20 --target price", target="price", metric="r2",
        model="""make_pipeline(ColumnTransformer([("carat", "passthrough", ["carat"]),
            ("texts", OneHotEncoder(sparse_output=False, handle_unknown="ignore"), ["cut", "color", "clarity"]),
            ("rest", "passthrough", ["depth", "table", "x", "y", "z"])]), StandardScaler(), RandomForestRegressor(20, random_state=0))"""),
    "Penguins, 3 clusters": dict(
        table="penguins", flags="--estimator kmeans --n-clusters 3 --n-init 10 --missing drop --features bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g",
        target=None, metric="silhouette", columns=["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"],
        model="make_pipeline(StandardScaler(), KMeans(3, n_init=10, random_state=0))", close=1e-6),
    "Flights, 336,776 rows": dict(
        table="flights", target="arr_delay", metric="r2", columns=["month", "day", "dep_delay", "distance", "air_time", "hour"],
        flags="--estimator random-forest-regressor --n-estimators 10 --max-depth 12 --missing drop --target arr_delay --features month,day,dep_delay,distance,air_time,hour --scaler none",
        model="make_pipeline(RandomForestRegressor(10, max_depth=12, random_state=0, n_jobs=-1))"),
}

# What the other process runs: reads, splits, fits, predicts; prints its own numbers.
SKLEARN = '''
import json, sys
import numpy as np, pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import IsolationForest, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn import metrics
from sklearn.inspection import permutation_importance
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

case = json.loads(sys.argv[1])
frame = pd.read_csv(case["path"])
target, columns = case["target"], case.get("columns")
if columns:
    frame = frame[columns + ([target] if target else [])].dropna()
x, y = (frame.drop(columns=target), frame[target]) if target else (frame, None)
stratify = y if case.get("stratify") else None
parts = train_test_split(x, *([] if y is None else [y]), test_size=0.25, random_state=0, stratify=stratify)
a, b = parts[:2]
model = eval(case["model"])
model.fit(a, parts[2] if y is not None else None)
truth, predicted = parts[3] if y is not None else None, model.predict(b)
if case["metric"] == "r2":
    value = metrics.r2_score(truth, predicted)
elif case["metric"] == "silhouette":
    value = metrics.silhouette_score(model[0].transform(b), predicted)
elif case["metric"] == "log_loss":
    value = metrics.log_loss(truth, model.predict_proba(b))
else:
    value = metrics.roc_auc_score(truth, -model.score_samples(b) if hasattr(model, "score_samples") else model.predict_proba(b)[:, 1])
rows = [dict(zip(b.columns, row)) for row in b.head(200).to_numpy(dtype=object).tolist()]
more = {}
if case.get("more"):
    shuffled = permutation_importance(model, b, truth, random_state=0).importances_mean
    folds = cross_validate(model, a, parts[2], cv=3, scoring=["accuracy", "neg_log_loss"])
    more = {"model": dict(zip(b.columns, model[-1].feature_importances_)), "permutation": dict(zip(b.columns, shuffled)),
            "folds": {"accuracy": folds["test_accuracy"].mean(), "log_loss": -folds["test_neg_log_loss"].mean()}}
print(json.dumps({"more": more, "value": value, "rows": rows, "predicted": predicted[:200].tolist()}))
'''


def measured(command, env=None):
    """(stdout, seconds, MiB at most) of a process."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began, most = time.monotonic(), 0
        process = subprocess.Popen(command, stdout=out, stderr=err, env=env)
        # The kernel's own maximum (ru_maxrss) begins with what this process holds when it forks.
        while process.poll() is None:
            most = max(most, resident(process.pid))
            time.sleep(0.003)
        seconds = time.monotonic() - began
        out.seek(0), err.seek(0)
        assert process.returncode == 0, f"{command[0]}: exit {process.returncode}: {err.read()[-2000:]}"
        return out.read(), seconds, most / 1024


def resident(pid):
    """Peak of a running process so far in KiB; 0 once it has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1])
    except (OSError, TypeError):
        return 0


def compare(name, case, folder, lines):
    path = tables.path(case["table"])
    bundle = os.path.join(folder, "model.bundle")
    command = [BINARY, "train", "--data", path, "--output-path", bundle, "--json", *case["flags"].split()]
    env = {k: v for k, v in os.environ.items() if not k.startswith("SCORELET_")}
    said, ours_seconds, ours_memory = measured(command, env)
    run = json.loads(said)
    ours = run["evaluation"]["metrics"][case["metric"]]
    said, their_seconds, their_memory = measured([sys.executable, "-W", "ignore", "-c", SKLEARN, json.dumps(case | {"path": path})])
    theirs = json.loads(said)
    lines.append((name, case["metric"], ours, theirs["value"], ours_seconds, their_seconds, ours_memory, their_memory))
    assert abs(ours - theirs["value"]) <= case.get("close", CLOSE) * abs(theirs["value"]), f"{case['metric']}: {ours}, scikit-learn {theirs['value']}"
    for kind in ("model", "permutation") if case.get("more") else ():
        same(kind, run["importances"][kind], theirs["more"][kind])
    if case.get("more"):
        mean = run["evaluation"]["cross_validation"]["mean"]
        same("folds", {name: mean[name] for name in ("accuracy", "log_loss")}, theirs["more"]["folds"])
    served(bundle, theirs, case)


def same(what, ours, theirs):
    """Numbers by name, the same up to the order of additions."""
    assert ours.keys() == theirs.keys(), f"{what}: {sorted(ours)} and {sorted(theirs)}"
    for name, value in theirs.items():
        assert abs(ours[name] - value) <= 1e-12 + CLOSE * abs(value), f"{what} of {name}: {ours[name]}, scikit-learn {value}"


def served(bundle, theirs, case):
    """The server's predictions are those of the pipeline that scikit-learn fitted itself."""
    with Server(bundle) as server:
        status, reply = server.score({"input_data": theirs["rows"]})
    assert status == 200, reply
    ours, expected = np.array(reply["predictions"]), np.array(theirs["predicted"])
    if case["metric"] == "silhouette":
        # Clusters may be numbered differently.
        ours, expected = (np.unique(ours, return_index=True)[1][np.searchsorted(np.unique(ours), ours)],
                          np.unique(expected, return_index=True)[1][np.searchsorted(np.unique(expected), expected)])
    if ours.dtype.kind == "f":
        worst = np.max(np.abs(ours - expected) / np.maximum(np.abs(expected), 1e-9))
        assert worst <= CLOSE, f"predictions differ by up to {worst}"
    else:
        assert (ours == expected).all(), f"{np.sum(ours != expected)} of {len(ours)} predictions differ"


def table(lines):
    out = ["| table and model | metric | scorelet | scikit-learn | wall time, s | ratio | peak memory, MiB | ratio |", "|---|---|---|---|---|---|---|---|"]
    for name, metric, ours, theirs, s1, s2, m1, m2 in lines:
        out.append(f"| {name} | {metric} | {ours:.6f} | {theirs:.6f} | {s1:.2f} / {s2:.2f} | {s1 / s2:.2f} | {m1:.0f} / {m2:.0f} | {m1 / m2:.2f} |")
    return "\n".join(out)


def write(text):
    place = os.path.join(ROOT, "docs", "training.md")
    with open(place) as file:
        page = file.read()
    page, n = re.subn(r"(<!-- quality -->\n).*?(<!-- /quality -->)", lambda m: m[1] + text + "\n" + m[2], page, flags=re.S)
    assert n == 1, "docs/training.md has lost its marks"
    with open(place, "w") as file:
        file.write(page)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("cases", nargs="*")
    args = parser.parse_args()
    checks, lines = Checks(), []
    for name, case in CASES.items():
        if not args.cases or any(word.lower() in name.lower() for word in args.cases):
            with tempfile.TemporaryDirectory() as folder:
                checks.run(name, compare, name, case, folder, lines)
    print(table(lines))
    if args.write:
        write(table(lines))
    checks.finish()
