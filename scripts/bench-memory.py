#!/usr/bin/env python3
"""Measures the most memory that `scorelet train` takes, as a multiple of the table's matrix of float64.

    .venv/bin/python scripts/bench-memory.py [--rows N] [--features N] [--only TEXT]

The table is made here: normal numbers, a target with fractions, as CSV and as Parquet. Each run is a process of its own that
reads, splits, fits, measures and writes the bundle with the default settings; what the kernel says of its largest resident
set counts. Trees are bounded in depth, so that the model is small beside the data. SCORELET_BIN names a release build with
the feature `data`. Writes benches/results/memory.md and memory.json.
"""
import argparse, json, os, re, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("SCORELET_BIN", os.path.join(ROOT, "target", "release", "scorelet"))
CASES = {
    "isolation-forest": "",
    "random-forest-regressor": "--target y --n-estimators 4 --max-depth 10",
    "extra-trees-regressor": "--target y --n-estimators 4 --max-depth 10",
    "linear-regression": "--target y",
    "kmeans": "--n-clusters 4",
}


# In a process of its own: what a process starts begins with the peak of its parent.
TABLE = '''
import sys
import numpy, pandas
rows, features, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
random = numpy.random.RandomState(0)
x = random.randn(rows, features)
frame = pandas.DataFrame(x, columns=[f"x{k}" for k in range(features)])
frame["y"] = x[:, 0] * 2 + numpy.sin(x[:, 1] * 3) + x[:, 2] * x[:, 3] + random.randn(rows)
frame.to_csv(folder + "/table.csv", index=False, float_format="%.6g")
frame.to_parquet(folder + "/table.parquet", index=False)
'''


def run(path, name, flags, folder):
    bundle = os.path.join(folder, "model.bundle")
    command = [BINARY, "train", "--data", path, "--estimator", name, "--output-path", bundle, *flags.split()]
    if "--target" not in flags:
        command += ["--features", ",".join(f"x{k}" for k in range(args.features))]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, code, used = os.wait4(process.pid, 0)
    if code:
        raise SystemExit(said)
    seconds = time.perf_counter() - began
    return dict(file=os.path.splitext(path)[1][1:], estimator=name, flags=flags, peak_bytes=used.ru_maxrss * 1024,
                bundle_bytes=os.path.getsize(bundle), seconds=round(seconds, 2), processor_seconds=round(used.ru_utime + used.ru_stime, 2))


def main():
    matrix, results = args.rows * args.features * 8, []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", TABLE, str(args.rows), str(args.features), folder], check=True)
        paths = [os.path.join(folder, "table." + form) for form in ("csv", "parquet")]
        for path in paths:
            results += [run(path, name, flags, folder) for name, flags in CASES.items() if args.only in name]
    version = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.strip()
    cpu = re.search("model name.*: (.*)", open("/proc/cpuinfo").read())[1]
    head = dict(script="scripts/bench-memory.py", version=version, cpu=cpu, rows=args.rows, features=args.features, matrix_bytes=matrix)
    lines = [f"<!-- scripts/bench-memory.py at {version}, {cpu} -->",
             f"# Most memory of `scorelet train`: {args.rows:,} rows, {args.features} features, matrix {matrix / 2**20:.0f} MiB", "",
             "| file | estimator | peak, MiB | of the matrix | bundle, MiB | seconds |", "|---|---|---:|---:|---:|---:|"]
    lines += [f"| {r['file']} | {r['estimator']} {r['flags']} | {r['peak_bytes'] / 2**20:.0f} | {r['peak_bytes'] / matrix:.2f} |"
              f" {r['bundle_bytes'] / 2**20:.1f} | {r['seconds']:.1f} |" for r in results]
    print("\n".join(lines))
    out = os.path.join(ROOT, "benches", "results")
    with open(os.path.join(out, "memory.md"), "w") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(out, "memory.json"), "w") as file:
        json.dump(head | {"runs": results}, file, indent=1)
        file.write("\n")


parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--features", type=int, default=20)
parser.add_argument("--only", default="")
args = parser.parse_args()
main()
