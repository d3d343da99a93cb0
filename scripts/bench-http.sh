#!/usr/bin/env bash
# Measures the release build over HTTP against the floor (axum that parses the JSON and answers a constant) and other
# servers, all in one run: scripts/bench-http.sh [rf|if]... (default: both models). Needs ../shared/tools/peers, set up
# with `../shared/tools/peers/setup.sh floor fastapi-onnx azureml`. Options of bench.py go into BENCH_OPTIONS.
# Writes benches/results/http-MODEL.md (the table) and .json (every round).
set -euo pipefail
cd "$(dirname "$0")/.."
peers=../shared/tools/peers
[ -x $peers/bench.py ] || { echo "no $peers here: nothing to measure against" >&2; exit 1; }
[ $# -gt 0 ] || set -- rf if

cargo build --release --locked
mkdir -p benches/results
for model in "$@"; do
  out=benches/results/http-$model
  # shellcheck disable=SC2086  # BENCH_OPTIONS is a list of words
  {
    echo "<!-- scripts/bench-http.sh $model ${BENCH_OPTIONS:-} at $(git describe --always --dirty), $(date -u +%F)," \
      "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(rustc -V) -->"
    "$peers/bench.py" --candidate "${CARGO_TARGET_DIR:-target}/release/scorelet serve {bundle} --host 127.0.0.1 --port {port}" \
      --peers fastapi-onnx,azureml --model "$model" --json "$out.json" --rounds 3 ${BENCH_OPTIONS:-}
  } | tee "$out.md.new"
  mv "$out.md.new" "$out.md"
done
