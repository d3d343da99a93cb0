#!/usr/bin/env bash
# To be sourced: lets buildah and podman work anywhere, with containers and images in a folder of their own.
engine_in() { # FOLDER
  # What a machine without systemd, with mixed control groups and low limits needs; harmless elsewhere.
  cat >"$1/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
  cat >"$1/storage.conf" <<CONF
[storage]
driver = "vfs"
graphroot = "$1/storage"
runroot = "$1/run"
CONF
  export CONTAINERS_CONF=$1/containers.conf CONTAINERS_STORAGE_CONF=$1/storage.conf
}
