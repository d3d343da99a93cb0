#!/usr/bin/env bash
# Installs what the tests need and runs all of them; what is there already is not fetched again.
#     ./test.sh              everything
#     ./test.sh STEP...      some of the steps that `all` names below
# Python packages go to .venv and .venv-*, npm's to tests/*/node_modules, logs to target/test-logs: git ignores them all.
# Debian packages are installed when this runs as root on such a system; elsewhere the steps that need one say so and skip.
# The last line counts every test that ran.
set -uo pipefail
cd "$(dirname "$0")" || exit
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 CARGO_TERM_COLOR=never
logs=target/test-logs
python=.venv/bin/python
passed=0 failed=0 skipped=0 broken=()
mkdir -p "$logs"

needs() { # STEP PACKAGE...: whether these Debian packages are here, after trying to install them; else STEP is counted
  local name=$1 package missing=()
  for package in "${@:2}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    skip "$name" "these Debian packages are missing, and only root can install them: ${missing[*]}"
    return 1
  fi
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } </dev/null >"$logs/apt.log" 2>&1 && return
  step "$name" eval 'tail -5 '"$logs"'/apt.log; false'
  return 1
}

environment() { # FOLDER FILE: a Python environment with the packages at exactly the versions that FILE names
  cmp -s "$2" "$1/installed.txt" && return
  python3 -m venv --clear "$1" && "$1/bin/python" -m pip -q install --only-binary :all: -r "$2" </dev/null && cp "$2" "$1/installed.txt"
}

step() { # NAME COMMAND...: runs it, shows what it says, and counts the tests it reports (itself, if it reports none)
  local name=$1 log=$logs/$1.log began=$SECONDS code counts
  echo "== $name"
  "${@:2}" 2>&1 </dev/null | tee "$log"
  code=$?
  counts=$(awk -v code="$code" '
    /^test result: / { p += $4; f += $6; s += $8; seen = 1 }
    /^[0-9]+ passed, [0-9]+ failed/ { p += $1; f += $3; s += $5; seen = 1 }
    /^[0-9]+ stages, [0-9]+ failed$/ { p += $1 - $3; f += $3; seen = 1 }
    /^---- .* ----$/ { open = 1 }
    open && /^[Ss][Kk][Ii][Pp]/ { p--; s++; open = 0 }
    END { if (!seen && !code) p++; if (code && !f) f++; print p + 0, f + 0, s + 0 }' "$log")
  read -r p f s <<<"$counts"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  [ "$f" -eq 0 ] || broken+=("$name")
  echo "-- $name: $p passed, $f failed, $s skipped in $((SECONDS - began)) s"
}

skip() { # NAME WHY
  skipped=$((skipped + 1))
  echo "== $1"
  echo "-- $1: skipped: $2"
}

format() { step format cargo fmt --check; }
# Everything is tested with all that a build can have; without some of it, as users and docker/build.sh build it, the rest
# must still fit.
features() {
  cargo clippy --locked --no-default-features -- -D warnings && cargo clippy --locked --all-targets -- -D warnings &&
    cargo clippy --locked --all-targets --features data -- -D warnings
}
lint() { step lint features; }
docs() { RUSTDOCFLAGS="-D warnings" step docs cargo doc --locked --no-deps --features data; }
# What a passing test prints is shown too: it says there when it skips.
cargo_tests() { step cargo cargo test --locked --features data --no-fail-fast -- --show-output; }
# The steps below talk to the binary that the tests above made; `cargo build` would make another, with other features.
built() { cargo test --locked --features data -q --no-run && "$@"; }

sample() { step sample built "$python" tests/python/sample.py; }
differential_tests() {
  "$python" tests/python/differential.py --rounds 3 && "$python" tests/python/differential.py --rounds 1 --seed 1 --format skops
}
differential() { step differential built differential_tests; }
estimators() { step estimators built "$python" tests/python/estimators.py; }
onnx_tests() { environment .venv-onnx tests/python/onnx-requirements.txt && .venv-onnx/bin/python tests/python/onnx_operators.py && .venv-onnx/bin/python tests/python/onnx_runtime.py; }
onnx() { step onnx built onnx_tests; }
quality() { step quality built "$python" tests/python/quality.py; }
boosters_tests() {
  environment .venv-boosters tests/python/boosters-requirements.txt && .venv-boosters/bin/python tests/python/boosters.py &&
    environment .venv-boosters-old tests/python/boosters-old-requirements.txt &&
    .venv-boosters-old/bin/python tests/python/boosters.py --seed 1
}
boosters() { step boosters built boosters_tests; }
train() { step train built "$python" tests/python/train.py; }
openapi() { step openapi built "$python" tests/python/openapi.py; }
readme() { step readme built "$python" tests/python/readme.py; }

packages() { # FOLDER: with what its package-lock.json names
  local wanted=$1/package-lock.json have=$1/node_modules/installed.json
  cmp -s "$wanted" "$have" || { npm --prefix "$1" ci --no-audit --no-fund --silent && cp "$wanted" "$have"; }
}
azurite_tests() { packages tests/azurite && "$python" tests/python/azurite.py; }
azurite() { needs azurite openssl && step azurite built azurite_tests; }
azure_tests() { environment .venv-azure tests/python/azure_ml-requirements.txt && .venv-azure/bin/python tests/python/azure_ml.py; }
azure() { step azure built azure_tests; }
pipeline() { SCORELET_BIN=${CARGO_TARGET_DIR:-target}/debug/scorelet step pipeline built scripts/pipeline-local.sh; }

gate_tests() { environment .venv-mlflow tests/python/mlflow-requirements.txt && .venv-mlflow/bin/python tests/python/gate.py; }
gate() { step gate built gate_tests; }

registry_tests() {
  environment .venv-signing tests/python/signing-requirements.txt && packages tests/azurite && "$python" tests/python/registry.py
}
registry() { needs registry openssl && step registry built registry_tests; }

page_tests() { packages tests/e2e && npm --prefix tests/e2e --silent test; }
pages() { needs pages chromium && step pages built page_tests; }
cluster() { environment .venv-k8s tests/k8s/requirements.txt; }
container_tests() { cluster && packages tests/azurite && docker/test.sh; }
container() {
  [ "$(id -u)" = 0 ] || { skip container "containers are run as root here"; return; }
  needs container buildah podman runc netavark aardvark-dns catatonit ca-certificates curl openssl && step container container_tests
}
k8s_tests() { cluster && packages tests/k8s && .venv-k8s/bin/python tests/python/k8s.py; }
k8s() { needs k8s prometheus && step k8s built k8s_tests; }
check_scripts() {
  .venv/bin/hadolint docker/*Dockerfile && .venv/bin/shellcheck test.sh .ci/run docker/*.sh pipelines/*.sh scripts/*.sh tests/fixtures/*.sh
}
scripts() { step scripts check_scripts; }
dependencies() { step dependencies "$python" tests/python/dependencies.py; }

all=(format lint docs cargo sample differential estimators boosters onnx train quality openapi readme azurite registry gate azure
  pipeline pages container k8s scripts dependencies)
[ $# -gt 0 ] || set -- "${all[@]}"
environment .venv tests/python/requirements.txt || { echo "the Python environment could not be made"; exit 1; }
for name in "$@"; do
  case " ${all[*]} " in
    *" $name "*) if [ "$name" = cargo ]; then cargo_tests; else "$name"; fi ;;
    *) echo "no step $name: see the head of test.sh"; exit 2 ;;
  esac
done
[ ${#broken[@]} -eq 0 ] || echo "FAILED: ${broken[*]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
