#!/usr/bin/env python3
"""Measures how long a large forest takes to load, and the memory it takes, beside joblib.load in the same run.

    scripts/bench-load.py [--rounds N] [--trees N]

The forest is a random forest regressor whose joblib dump has about 100 MB; it is loaded as joblib writes it, as a pickle, as
joblib compresses it (zlib, level 3) and as a native bundle. Each load is a process of its own, with the file in the page
cache. "load" is the time inside the process from the path to a model that is checked and ready; "ready" is the time from the
start of the process, for Python with the imports. Rounds take turns; ratios are medians of the rounds' own. The digest of the
file, which the status page shows, is computed beside the first answers and is in the processor time. Uses the venv of
scripts/bench-engine.py. Writes benches/results/load.md and load.json.
"""
import argparse, os, pickle, statistics, subprocess, sys, tempfile, time

import bench_engines

bench_engines.enter()

import joblib
import numpy as np
import sklearn
from sklearn.ensemble import RandomForestRegressor

PYTHON = "import sys, time; import joblib, sklearn.ensemble; began = time.perf_counter(); model = joblib.load(sys.argv[1]); print((time.perf_counter() - began) * 1e3)"


def forest(trees):
    random = np.random.RandomState(0)
    x = random.randn(20_000, 20)
    y = x[:, 0] * 2 + np.sin(x[:, 1] * 3) + x[:, 2] * x[:, 3] + random.randn(len(x))
    return RandomForestRegressor(trees, n_jobs=2, random_state=0).fit(x, y)


def load(command):
    """Milliseconds inside and outside, processor milliseconds and peak bytes of one process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    inside = float(process.stdout.readline())
    ready = (time.perf_counter() - began) * 1e3
    _, code, used = os.wait4(process.pid, 0)
    process.stdout.close()
    if code:
        raise SystemExit(f"{command}: {code}")
    return dict(load_ms=inside, ready_ms=ready, processor_ms=(used.ru_utime + used.ru_stime) * 1e3, peak_mb=used.ru_maxrss / 1024)


def main():
    binary, program = bench_engines.built(args.binary), args.program or bench_engines.program()
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        bundle = {"model": forest(args.trees), "scaler": None, "feature_order": [f"f{k}" for k in range(20)]}
        joblib.dump(bundle, at("forest.joblib"))
        joblib.dump(bundle, at("forest.zlib.joblib"), compress=("zlib", 3))
        with open(at("forest.pkl"), "wb") as file:
            pickle.dump(bundle, file)
        subprocess.run([program, "convert", at("forest.joblib"), at("forest.bundle")], check=True, stderr=subprocess.DEVNULL)
        names = ("forest.joblib", "forest.pkl", "forest.zlib.joblib", "forest.bundle")
        python = lambda name: [sys.executable, "-c", PYTHON, at(name)]
        sides = [(f"joblib.load, {name}", python(name)) for name in names[:1] + names[2:3]]
        sides += [(f"scorelet, {name}", [binary, at(name)]) for name in names]
        sizes = {name: os.path.getsize(at(name)) for name in names}
        before, rounds = os.getloadavg()[0], {name: [] for name, _ in sides}
        for _ in range(args.rounds + 1):
            for name, command in sides:
                rounds[name].append(load(command))
    # The first round fills caches.
    rounds = {name: runs[1:] for name, runs in rounds.items()}
    plain = rounds["joblib.load, forest.joblib"]
    head = bench_engines.head("scripts/bench-load.py", args.rounds, before, sklearn)
    lines = [f"<!-- {head} -->", "", f"A random forest regressor of {args.trees} trees; ratios to joblib.load of the plain file.", "",
             "| what | file, MB | load, ms | ratio | start to ready, ms | ratio | processor, ms | peak, MB |", "|---|---:|---:|---:|---:|---:|---:|---:|"]
    results = []
    for name, runs in rounds.items():
        median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        ratio = {key: statistics.median(run[key] / other[key] for run, other in zip(runs, plain)) for key in ("load_ms", "ready_ms")}
        size = sizes[name.split(", ")[1]] / 1e6
        results.append(dict(what=name, file_mb=size, median=median, ratio=ratio, runs=runs))
        lines.append(f"| {name} | {size:.1f} | {median['load_ms']:.0f} | {ratio['load_ms']:.2f} | {median['ready_ms']:.0f} | {ratio['ready_ms']:.2f} | {median['processor_ms']:.0f} | {median['peak_mb']:.0f} |")
    bench_engines.write("load", "\n".join(lines) + "\n", dict(head=head, results=results))


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rounds", type=int, default=9)
parser.add_argument("--trees", type=int, default=56, help="56 give 100 MB")
parser.add_argument("--binary", help="a built benches/bundle instead of building it")
parser.add_argument("--program", help="a built scorelet instead of building it")
args = parser.parse_args()
main()
