#!/usr/bin/env python3
"""Every estimator of this environment's scikit-learn stands in docs/parity.md: computed, or refused with a reason.

    .venv/bin/python tests/python/estimators.py

The page is written from the lists in the code, and `tests/it/parity.rs` fails when it is out of date. This is the other
direction: a class that scikit-learn has and neither list names. And each of the refused, fitted and dumped, must be
refused by the binary in the page's words.
"""
import os, pickle, re, subprocess, tempfile, warnings

warnings.filterwarnings("ignore")
import numpy as np
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.utils import all_estimators

from harness import BINARY, ROOT, Checks


def listed(page):
    """Classes of the table of what is computed, and reasons by class of the one of what is refused."""
    computed, refused = page.split("## Refused classes")
    return set(re.findall(r"^\| `(sklearn\.[\w.]+)` \|", computed, re.M)), dict(re.findall(r"^\| `(sklearn\.[\w.]+)` \| (.*) \|$", refused, re.M))


def public(kind):
    return ".".join(kind.__module__.split(".")[:2]) + "." + kind.__name__


def main():
    with open(os.path.join(ROOT, "docs", "parity.md"), encoding="utf-8") as f:
        computed, refused = listed(f.read())
    known = {public(kind): kind for _, kind in all_estimators()}
    checks = Checks()
    checks.run("every estimator stands in docs/parity.md", every_estimator, known, computed, refused)
    for name in sorted(refused):
        checks.run(f"{name} is refused", is_refused, known[name], refused[name])
    checks.finish()


def every_estimator(known, computed, refused):
    assert not known.keys() - computed - refused.keys(), f"in neither list: {sorted(known.keys() - computed - refused.keys())}"
    assert not refused.keys() - known.keys(), f"refused, but no estimator: {sorted(refused.keys() - known.keys())}"
    assert not computed & refused.keys(), f"in both lists: {sorted(computed & refused.keys())}"


def is_refused(kind, reason):
    """Fitted where that is simple: the words are the same."""
    model, X = kind(), np.arange(40.0).reshape(20, 2) % 7
    try:
        model.fit(X)
    except Exception:  # it takes images, dicts or labels
        pass
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.pkl")
        with open(path, "wb") as f:
            pickle.dump({"model": model, "scaler": None, "feature_order": ["a", "b"], "metadata": {}}, f, protocol=4)
        done = subprocess.run([BINARY, "inspect", path], capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == 3 and reason in said, f"exit {done.returncode}: {said[-400:]}"


if __name__ == "__main__":
    main()
