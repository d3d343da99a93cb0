#!/usr/bin/env bash
# Builds the images and runs them. The server as Azure ML would: read-only, without capabilities, in little memory, with the
# model mounted; then with the model inside; then the Deployment of k8s/ itself. The one that trains, against the emulator of
# Azure's storage. Prints sizes, start time and memory. Needs root, buildah, podman, runc, and what ./test.sh container
# puts into .venv, .venv-k8s and tests/azurite. Containers and images live in a folder of their own, removed at the end.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
work=$(mktemp -d)
passed=0 failed=0 started=()

# shellcheck source=docker/engine.sh
. docker/engine.sh
engine_in "$work"

cleanup() {
  if [ -f "$work/pod.yaml" ]; then podman play kube --down "$work/pod.yaml" >/dev/null 2>&1; fi
  for name in "${started[@]}"; do podman rm -f -t 0 "$name" >/dev/null 2>&1; done
  rm -rf "$work"
}
trap cleanup EXIT

check() { # NAME COMMAND...
  if "${@:2}" >"$work/out" 2>&1; then
    passed=$((passed + 1)); echo "ok: $1"
  else
    failed=$((failed + 1)); echo "FAILED: $1"; sed 's/^/    /' "$work/out"
  fi
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start() { # NAME ARG...: a container as strict as an image can be run
  started+=("$1")
  podman run -d --name "$1" --health-interval=disable --read-only --cap-drop all --security-opt no-new-privileges \
    --memory 128m --pids-limit 64 "${@:2}" >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
}

ready() { # PORT: within ten seconds
  local tries=0
  until curl -sf -o /dev/null "http://127.0.0.1:$1/health/ready"; do
    tries=$((tries + 1)); [ $tries -lt 1000 ] || return 1
    sleep 0.01
  done
}

scores() { # PORT: the sample request gets scikit-learn's answer
  curl -sf --data-binary @scoring/sample-request.json "http://127.0.0.1:$1/score" -o "$work/reply" || return 1
  python3 - "$work/reply" scoring/sample-response.json <<'PY'
import json, sys
got, expected = (json.load(open(p)) for p in sys.argv[1:])
sys.exit(f"{got} is not {expected}" if got != expected else 0)
PY
}

drains() { # NAME: SIGTERM ends it with 0
  podman stop -t 10 "$1" >/dev/null
  local code; code=$(podman inspect -f '{{.State.ExitCode}}' "$1")
  [ "$code" = 0 ] || { podman logs "$1"; echo "exit code $code"; return 1; }
}

holds() { # NAME FILE...: these files and no other, except what the engine itself puts there
  local files
  files=$(podman export "$1" | tar -tv | awk '/^-/ && $3 > 0 {print $6}' | sort)
  [ "$files" = "$(printf '%s\n' "${@:2}")" ] || { echo "$files"; return 1; }
}

packages() { # IMAGE [FEATURES]: the list of packages in it is what it says
  local name; name=$(buildah from --pull-never "$1") || return 1
  cat "$(buildah mount "$name")/usr/share/sbom/scorelet.cdx.json" >"$work/sbom.json"
  buildah rm "$name" >/dev/null
  .venv-k8s/bin/python tests/python/sbom.py "$work/sbom.json" "${@:2}"
}

rss() { awk '/^VmRSS/ {printf "%.1f MB", $2 / 1000}' "/proc/$(podman inspect -f '{{.State.Pid}}' "$1")/status"; }

check "the image builds" docker/build.sh localhost/scorelet:test
[ $failed -eq 0 ] || { echo "$passed passed, $failed failed"; exit 1; }
check "it declares a health check" sh -c "podman inspect localhost/scorelet:test | grep -q healthcheck"

port=$(free_port)
began=$(date +%s%N)
check "it runs with the model mounted" start mounted --network host -e SCORELET_HOST=127.0.0.1 -e "SCORELET_PORT=$port" \
  -v "$PWD/scoring/model_bundle.pkl:/var/azureml-app/azureml-models/anomaly/1/model_bundle.pkl:ro" localhost/scorelet:test
check "it becomes ready" ready "$port"
container_ms=$((($(date +%s%N) - began) / 1000000))
check "it scores" scores "$port"
check "its health check passes" podman healthcheck run mounted
check "it holds a binary and the list of what is in that" holds mounted usr/local/bin/scorelet usr/share/sbom/scorelet.cdx.json
check "the list is right" packages localhost/scorelet:test
memory=$(rss mounted)
check "SIGTERM drains it" drains mounted

mkdir "$work/model" && cp scoring/model_bundle.pkl "$work/model/"
check "an image with its model builds" buildah bud --isolation chroot --format docker --pull-never \
  --build-arg BASE=localhost/scorelet:test -t localhost/scorelet:model -f docker/model.Dockerfile "$work/model"
# Without a network there is only loopback: the health check passes if the server listens where the image says.
check "it runs with nothing set" start baked --network none localhost/scorelet:model
healthy() { for _ in $(seq 100); do podman healthcheck run baked >/dev/null 2>&1 && return; sleep 0.05; done; podman logs baked; return 1; }
check "it is healthy on its own port" healthy
check "SIGTERM drains it" drains baked

check "an image without a model says so with code 3" sh -c \
  'podman run --rm --network none localhost/scorelet:test; [ $? -eq 3 ]'

check "a model alone is an image too" buildah bud --isolation chroot --format docker --build-arg BASE=scratch \
  -t localhost/scorelet-model:test -f docker/model.Dockerfile "$work/model"

# The overlay for development on a port that is free here; podman takes the kinds that it knows. With the host's network
# it wants to hear of no ports.
port=$(free_port)
mkdir "$work/overlay"
cat >"$work/overlay/kustomization.yaml" <<YAML
resources: [$(realpath --relative-to "$work/overlay" k8s/overlays/dev)]
configMapGenerator:
  - name: scorelet
    behavior: merge
    literals: [SCORELET_HOST=127.0.0.1, SCORELET_PORT=$port, SCORELET_SHUTDOWN_DELAY_MS=0]
patches:
  - target: {kind: Deployment}
    patch: |-
      - {op: remove, path: /spec/template/spec/containers/0/ports}
YAML
container=scorelet-pod-0-scorelet
buildah tag localhost/scorelet:model localhost/scorelet-sample:dev
plays() { .venv-k8s/bin/kubectl kustomize "$work/overlay" >"$work/pod.yaml" && podman play kube --network host "$work/pod.yaml"; }
restricted() { # what the kernel says of the process, and the engine of its limits
  local status none=0000000000000000
  status=$(awk '/^(Uid|CapEff|CapBnd|NoNewPrivs):/ {print $2}' "/proc/$(podman inspect -f '{{.State.Pid}}' "$container")/status" | xargs)
  [ "$status" = "65532 $none $none 1" ] || { echo "user, capabilities, no new privileges: $status"; return 1; }
  [ "$(podman inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}}' "$container")" = "true $((256 << 20))" ]
}
check "the Deployment of k8s/ runs" plays
check "its pod becomes ready" ready "$port"
check "its pod scores" scores "$port"
check "its pod is as restricted as it says" restricted
check "SIGTERM drains it" drains "$container"
check "and it goes away" podman play kube --down "$work/pod.yaml"

check "the image that trains builds" docker/build.sh --train localhost/scorelet-train:test
check "its list of packages is right" packages localhost/scorelet-train:test train,data
check "it trains" .venv/bin/python tests/python/train_image.py localhost/scorelet-train:test

size=$(podman image inspect -f '{{.Size}}' localhost/scorelet:test)
trainer=$(podman image inspect -f '{{.Size}}' localhost/scorelet-train:test)
echo "image $((size / 1000)) kB, with training and object stores $((trainer / 1000)) kB"
echo "container to first 200 in $container_ms ms (engine included); resident after one request $memory"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
