#!/usr/bin/env python3
"""Trains the sample bundle: an IsolationForest behind a StandardScaler, on labelled telemetry of the space shuttle.

    pip install -r scoring/requirements.txt
    python scoring/train_model.py --output-path scoring/model_bundle.pkl --samples scoring

Data: UCI Statlog (Shuttle) in the form used for anomaly detection, 49,097 rows, 3,511 of them labelled anomalies. It
comes inside the package river (BSD-3-Clause); `--data` takes any CSV with the same columns. UCI names only the first
reading (time); the other eight are called by their place. Labels are used to choose the contamination and to measure
the model on held-out rows, never as a feature.

`--samples DIR` also writes sample-request.json and sample-response.json: rows that the model has not seen, and what
scikit-learn answers. The same environment writes the same bytes; SOURCE_DATE_EPOCH sets `trained_at`.
"""
import argparse, importlib.util, json, os, pickle, sys
from datetime import datetime, timezone

import pandas as pd
import sklearn
from sklearn.ensemble import IsolationForest
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

LABEL = "anomaly"
RENAMED = {"f1": "time"} | {f"f{i}": f"sensor_{i}" for i in range(2, 10)}
FEATURES = list(RENAMED.values())
LEAST_ROWS = 1000


def shipped_data():
    package = importlib.util.find_spec("river")
    if package is None:
        sys.exit("the data comes with the package river: pip install -r scoring/requirements.txt, or give --data FILE")
    return os.path.join(os.path.dirname(package.origin), "datasets", "shuttle.csv.gz")


def cleaned(raw):
    """Rows with every column present and numeric; names matched whatever their case and surrounding spaces."""
    frame = raw.rename(columns=lambda c: str(c).strip().lower()).rename(columns=RENAMED)
    absent = [c for c in FEATURES + [LABEL] if c not in frame.columns]
    if absent:
        sys.exit(f"columns missing from the data: {', '.join(absent)}; found: {', '.join(raw.columns)}")
    frame = frame[FEATURES + [LABEL]].apply(pd.to_numeric, errors="coerce").dropna()
    if len(frame) < LEAST_ROWS:
        sys.exit(f"{len(frame)} usable rows of {len(raw)}: at least {LEAST_ROWS} are needed")
    return frame


def trained(frame):
    """The fitted scaler and model, the metrics on held-out rows, and those rows."""
    X, anomalous = frame[FEATURES].astype(float), frame[LABEL] == 1
    train, test, train_labels, test_labels = train_test_split(X, anomalous, test_size=0.25, random_state=0, stratify=anomalous)
    scaler = StandardScaler().fit(train)
    model = IsolationForest(n_estimators=100, max_samples=128, contamination=float(train_labels.mean()), random_state=0)
    model.fit(scaler.transform(train))
    scaled = scaler.transform(test)
    precision, recall, _, _ = precision_recall_fscore_support(test_labels, model.predict(scaled) == -1, average="binary")
    metrics = {"roc_auc": roc_auc_score(test_labels, -model.score_samples(scaled)), "precision": precision, "recall": recall}
    return scaler, model, {k: round(float(v), 4) for k, v in metrics.items()}, test.assign(anomaly=test_labels)


def samples(bundle, held_out):
    """A request of two usual rows and two labelled anomalies, and the reply that a Python scoring script gives to it."""
    rows = pd.concat([held_out[~held_out[LABEL]].head(2), held_out[held_out[LABEL]].head(2)])[FEATURES]
    request = {"input_data": rows.to_dict("records")}
    frame = pd.DataFrame(json.loads(json.dumps(request))["input_data"])[bundle["feature_order"]]
    predictions = bundle["model"].predict(bundle["scaler"].transform(frame))
    return request, {"predictions": predictions.tolist(), "model_version": bundle["metadata"]["scikit_learn_version"]}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", help="CSV file (default: the one inside the package river)")
    ap.add_argument("--output-path", required=True)
    ap.add_argument("--samples", metavar="DIR", help="also write sample-request.json and sample-response.json there")
    a = ap.parse_args()
    raw = pd.read_csv(a.data or shipped_data())
    frame = cleaned(raw)
    scaler, model, metrics, held_out = trained(frame)
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), timezone.utc) if epoch else datetime.now(timezone.utc)
    metadata = {"trained_at": now.isoformat(timespec="seconds"), "source_rows": len(raw), "clean_rows": len(frame),
                "scikit_learn_version": sklearn.__version__, "metrics": metrics}
    bundle = {"model": model, "scaler": scaler, "feature_order": FEATURES, "metadata": metadata}
    with open(a.output_path, "wb") as f:
        pickle.dump(bundle, f)
    if a.samples:
        request, response = samples(bundle, held_out)
        rows = ",\n".join("  " + json.dumps(row) for row in request["input_data"])
        with open(os.path.join(a.samples, "sample-request.json"), "w") as f:
            f.write(f'{{"input_data": [\n{rows}\n]}}\n')
        with open(os.path.join(a.samples, "sample-response.json"), "w") as f:
            f.write(json.dumps(response) + "\n")
    print(f"{a.output_path}: {os.path.getsize(a.output_path):,} bytes, {metadata}", file=sys.stderr)


if __name__ == "__main__":
    main()
