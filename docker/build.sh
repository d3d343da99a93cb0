#!/usr/bin/env bash
# Builds the image of the scoring server: docker/build.sh [NAME]        (default: localhost/scorelet:latest)
# Needs cargo, and buildah or docker. The binary is static (glibc); `--target` keeps the flag away from build scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-localhost/scorelet:latest}
target=$(rustc -vV | sed -n 's/^host: //p')

RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --target "$target"
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp "${CARGO_TARGET_DIR:-target}/$target/release/scorelet" "$context/"

# The OCI image format has no HEALTHCHECK; docker's has.
if command -v buildah >/dev/null; then
  buildah bud --isolation chroot --format docker -t "$name" -f docker/Dockerfile "$context"
else
  docker build -t "$name" -f docker/Dockerfile "$context"
fi
