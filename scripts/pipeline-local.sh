#!/usr/bin/env bash
# The stages of azure-pipelines.yml on one machine, without a cloud: Microsoft's storage emulator in place of the storage
# account, a registry in it, a second one in a folder as production, the container (or the binary) in place of the endpoint.
#     scripts/pipeline-local.sh
# Prints a line for each stage and ends with 0 when all of them did what they should. Everything is kept in a folder that is
# removed at the end (KEEP=1 leaves it). Needs Python 3 and npm, whose packages are fetched once; with root, buildah, podman
# and runc the server runs as the image that Azure would run. Variables: SCORELET_BIN (the binary, built with the feature
# `data`; else it is built), CONTAINER=no (the binary serves even where containers could).
set -uo pipefail
cd "$(dirname "$0")/.." || exit
work=$(mktemp -d)
stages=0 failed=0 began=0 server='' emulator='' container=no
model=anomaly

cleanup() {
  touch "$work/stop"
  if [ -n "$server" ]; then kill "$server" 2>/dev/null; fi
  if [ "$container" = yes ]; then podman rm -f -t 5 pipeline >/dev/null 2>&1; fi
  if [ -n "$emulator" ]; then kill "$emulator" 2>/dev/null; fi
  wait 2>/dev/null
  if [ -n "${KEEP:-}" ]; then echo "kept in $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

stage() { # NAME COMMAND...: one line with the verdict and what the command says last; all of it when it fails
  local name=$1 verdict code
  began=$(milliseconds)
  "${@:2}" >"$work/log" 2>&1 && code=0 || code=$?
  stages=$((stages + 1))
  if [ $code -eq 0 ]; then verdict=ok; else verdict=FAILED failed=$((failed + 1)); fi
  printf '%-11s%-8s%6d ms  %s\n' "$name" "$verdict" $(($(milliseconds) - began)) "$(tail -1 "$work/log")"
  [ $code -eq 0 ] && return
  sed 's/^/    /' "$work/log"
  echo "$stages stages, $failed failed"
  exit 1
}

refuses() { # CODE TEXT COMMAND...: the command must end with this code and say this
  local code=0
  "${@:3}" >"$work/said" 2>&1 || code=$?
  if [ $code -ne "$1" ] || ! grep -q -- "$2" "$work/said"; then cat "$work/said"; echo "exit $code, not $1 with \"$2\""; return 1; fi
  echo "refused as it must be: $(grep -m1 -- "$2" "$work/said" | sed 's/^scorelet: //')"
}

# What the stages need.

tools() {
  local wanted=tests/python/requirements.txt lock=tests/azurite/package-lock.json
  if ! cmp -s "$wanted" .venv/installed.txt; then
    python3 -m venv --clear .venv && .venv/bin/python -m pip -q install --only-binary :all: -r "$wanted" && cp "$wanted" .venv/installed.txt || return
  fi
  if ! cmp -s "$lock" tests/azurite/node_modules/installed.json; then
    npm --prefix tests/azurite ci --no-audit --no-fund --silent && cp "$lock" tests/azurite/node_modules/installed.json || return
  fi
  if [ -z "${SCORELET_BIN:-}" ]; then
    cargo build --release --locked --features data && SCORELET_BIN=${CARGO_TARGET_DIR:-target}/release/scorelet || return
  fi
  mkdir -p "$work/bin" && ln -s "$(realpath "$SCORELET_BIN")" "$work/bin/scorelet"
}

storage() { # the emulator, on a port of its choice
  tests/azurite/node_modules/.bin/azurite-blob --blobHost 127.0.0.1 --blobPort 0 --inMemoryPersistence --skipApiVersionCheck \
    --disableTelemetry >"$work/azurite.log" 2>&1 &
  emulator=$!
  local tries=0 found
  until found=$(grep -om1 'successfully listens on .*' "$work/azurite.log"); do
    tries=$((tries + 1))
    if [ $tries -gt 1200 ] || ! kill -0 "$emulator" 2>/dev/null; then cat "$work/azurite.log"; return 1; fi
    sleep 0.1
  done
  # The emulator's account and key are the same everywhere, and public.
  export AZURITE_BLOB_STORAGE_URL=${found#successfully listens on }
}

tables() { # labelled telemetry as Parquet, in two containers of the account; a quarter of the rows is held out
  PYTHONPATH=tests/python .venv/bin/python - "$AZURITE_BLOB_STORAGE_URL" <<'PY'
import io, sys
import tables
from azurite import Container

frame = tables.frame("shuttle").sample(frac=1, random_state=0)
rows = len(frame) // 4
data, store = Container(sys.argv[1], "data"), Container(sys.argv[1], "store")
for name, part in {"train/part-0": frame[rows:2 * rows], "train/part-1": frame[2 * rows:], "holdout/rows": frame[:rows]}.items():
    buffer = io.BytesIO()
    part.to_parquet(buffer, index=False)
    data.put(f"{name}.parquet", buffer.getvalue())
print(f"{len(frame) - rows} rows to train on and {rows} to judge by are in {sys.argv[1]}")
PY
}

# The stages.

store=az://store/registry
production=$work/production

gate() {
  scorelet deploy --check --deployment scoring/deployment-blue.yml scoring/deployment-green.yml \
    --model "azureml:$model:1" --image contoso.azurecr.io/scorelet:0.1.0 || return
  echo "build initiated - local; $(scorelet --version)"
}

train() { # FOLDER FLAG...
  mkdir -p "$work/$1" &&
    scorelet train --data 'az://data/train/*.parquet' --estimator isolation-forest --target anomaly \
      --output-path "$work/$1/model.bundle" --metrics "$work/$1/metrics.json" --report "$work/$1/card.html" "${@:2}" || return
  echo "$(wc -c <"$work/$1/model.bundle") bytes: $(sha256sum <"$work/$1/model.bundle" | cut -c1-12)"
}

register() { # FOLDER VERSION: twice, as when a stage is run again
  local got again
  got=$(scorelet register --name $model --path "$work/$1" --registry $store --idempotency-key "build-$1") || return
  again=$(scorelet register --name $model --path "$work/$1" --registry $store --idempotency-key "build-$1") || return
  if [ "$got" != "$2" ] || [ "$again" != "$2" ]; then echo "version $got, then $again, not $2"; return 1; fi
  echo "$model@$got, and again $again"
}

validate() { # VERSION FLAG...
  scorelet validate "$model@$1" --registry $store --data az://data/holdout/rows.parquet --target anomaly "${@:2}"
}

passes() { # VERSION
  validate "$1" --gate scoring/gate.toml --max-p99-ms 1000 || return
  echo "$model@$1 passes scoring/gate.toml"
}

promote() { # VERSION: from the registry of builds to that of production
  scorelet registry promote "$model@$1" --registry $store --alias champion || return
  scorelet registry promote "$model@$1" --registry $store --alias champion --to "$production" || return
  echo "$model@$1 is champion, here and in production"
}

image() { # the image, where containers can be run; else says why the binary serves
  local tool missing=()
  for tool in buildah podman runc; do command -v $tool >/dev/null || missing+=("$tool"); done
  if [ "${CONTAINER:-}" = no ]; then echo "the binary serves: CONTAINER=no"; return; fi
  if [ "$(id -u)" != 0 ]; then echo "the binary serves: containers are run as root here"; return; fi
  if [ ${#missing[@]} -gt 0 ]; then echo "the binary serves: no ${missing[*]} on this machine"; return; fi
  # shellcheck source=docker/engine.sh
  . docker/engine.sh
  engine_in "$work"
  docker/build.sh localhost/scorelet:pipeline || return
  container=yes
  echo "localhost/scorelet:pipeline, $(($(podman image inspect -f '{{.Size}}' localhost/scorelet:pipeline) / 1000)) kB"
}

serve() { # follows the champion of production, as an endpoint follows its traffic
  local flags=("$model@champion" --follow --follow-interval-ms 200 --port 0)
  if [ $container = yes ]; then
    chmod -R a+rX "$production"
    podman run -d --name pipeline --health-interval=disable --network host --read-only --cap-drop all --memory 128m \
      --security-opt no-new-privileges -v "$production:/registry:ro" localhost/scorelet:pipeline \
      serve "${flags[@]}" --host 127.0.0.1 --registry /registry || return
    said() { podman logs pipeline 2>&1; }
  else
    scorelet serve "${flags[@]}" --registry "$production" >"$work/server.log" 2>&1 &
    server=$!
    said() { cat "$work/server.log"; }
  fi
  local tries=0 found
  until found=$(said | grep -oE '127\.0\.0\.1:[0-9]+' | head -1) && [ -n "$found" ] && curl -sf -o /dev/null "http://$found/health/ready"; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { said; return 1; }
    sleep 0.1
  done
  address=http://$found
  echo "$address is ready"
}

smoke() { # VERSION: within a minute this version answers, with a prediction for each row
  local reply tries=0
  while true; do
    reply=$(curl -sf -H 'Content-Type: application/json' --data-binary @"$work/request.json" "$address/score") &&
      python3 -c 'import json, sys
reply = json.loads(sys.argv[1])
sys.exit(reply["model_version"] != sys.argv[2] or len(reply["predictions"]) != 4)' "$reply" "$1" && break
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { echo "no answer of version $1: $reply"; return 1; }
    sleep 0.2
  done
  echo "$reply"
}

callers() { # clients that never stop asking; each failure is a line
  : >"$work/lost"
  while [ ! -e "$work/stop" ]; do
    curl -sf -o /dev/null -H 'Content-Type: application/json' --data-binary @"$work/request.json" "$address/score" || echo lost >>"$work/lost"
    echo asked >>"$work/asked"
  done &
}

nothing_lost() {
  touch "$work/stop"
  local lost; lost=$(wc -l <"$work/lost")
  echo "$(wc -l <"$work/asked") requests while versions changed, $lost failed"
  [ "$lost" -eq 0 ]
}

switch() { # VERSION
  promote "$1" && smoke "$1"
}

rollback() {
  scorelet registry alias $model champion 1 --registry "$production" && smoke 1
}

kept() { # what both registries say in the end
  scorelet registry verify --registry $store && scorelet registry verify --registry "$production" &&
    scorelet registry show $model --registry "$production"
}

rehearsal() { # what the same release would do in Azure
  scorelet deploy --dry-run --live blue --output-dir "$work/azure" --deployment scoring/deployment-blue.yml scoring/deployment-green.yml \
    --model "azureml://registries/contoso-ml-registry/models/$model/versions/2" --image contoso.azurecr.io/scorelet:0.1.0 \
    --resource-group rg-ml-prod --workspace ml-workspace-prod --request-file scoring/sample-request.json || return
  echo "$(grep -c -- '--traffic' "$work/log") shifts of traffic among $(grep -c ^az "$work/log") commands of az"
}

export PATH=$work/bin:$PATH
sed 's/"time"/"f1"/g; s/"sensor_/"f/g' scoring/sample-request.json >"$work/request.json"
stage tools tools
stage storage storage
stage data tables
stage gate gate
stage train train v1 --max-samples 128
stage register register v1 1
stage promote refuses 1 verdict promote 1
stage validate passes 1
stage promote promote 1
stage image image
stage serve serve
stage smoke smoke 1
callers
stage train train v2 --max-samples 128 --n-estimators 200
stage register register v2 2
stage validate passes 2
stage switch switch 2
stage train train v3 --max-samples 2 --n-estimators 1
stage register register v3 3
stage validate refuses 1 roc_auc validate 3 --gate scoring/gate.toml
stage promote refuses 1 verdict promote 3
stage smoke smoke 2
stage rollback rollback
stage callers nothing_lost
stage registry kept
stage rehearsal rehearsal
echo "$stages stages, $failed failed"
