#!/usr/bin/env bash
# Builds an image:
#     docker/build.sh [NAME]            the scoring server, no more     (default: localhost/scorelet:latest)
#     docker/build.sh --train [NAME]    training and object stores too  (default: localhost/scorelet-train:latest)
# Needs cargo, python3, and buildah or docker. The binary is static (glibc); `--target` keeps the flag away from build
# scripts. The list of everything in it (CycloneDX) goes into the image.
set -euo pipefail
cd "$(dirname "$0")/.."
file=docker/Dockerfile name=localhost/scorelet:latest features=
if [ "${1:-}" = --train ]; then
  file=docker/train.Dockerfile name=localhost/scorelet-train:latest features=train,data
  shift
fi
case "${1:-}" in
  -*) echo "docker/build.sh: $1 is not understood; see the head of the script" >&2; exit 2 ;;
  ?*) name=$1 ;;
esac
target=$(rustc -vV | sed -n 's/^host: //p')
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

authorities() { # whom TLS trusts: CA_BUNDLE, else Mozilla's list as the distribution ships it
  local mozilla=/usr/share/ca-certificates/mozilla
  # Not /etc/ssl/certs: that may also hold the authorities of the network that this machine stands in.
  if [ -n "${CA_BUNDLE:-}" ]; then cat "$CA_BUNDLE"
  elif [ -d $mozilla ]; then cat $mozilla/*.crt
  else
    echo "docker/build.sh: no $mozilla (package ca-certificates); set CA_BUNDLE to a file of PEM certificates" >&2
    return 1
  fi
}

if [ -n "$features" ]; then authorities >"$context/ca-certificates.crt"; fi
RUSTFLAGS="-C target-feature=+crt-static" cargo build --profile dist --locked --target "$target" \
  --no-default-features --features "$features"
cp "${CARGO_TARGET_DIR:-target}/$target/dist/scorelet" "$context/"
python3 scripts/sbom.py --target "$target" --features "$features" >"$context/scorelet.cdx.json"
chmod 644 "$context"/*.*

# The OCI image format has no HEALTHCHECK; docker's has.
if command -v buildah >/dev/null; then
  buildah bud --isolation chroot --format docker -t "$name" -f "$file" "$context"
else
  docker build -t "$name" -f "$file" "$context"
fi
