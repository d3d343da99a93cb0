#!/usr/bin/env bash
# Runs the tests of the forest, where the only `unsafe` is, under AddressSanitizer: scripts/sanitize.sh [NAME OF TESTS]...
# RUSTC_BOOTSTRAP lets the stable compiler take the sanitizer's flag; --target keeps it away from build scripts and macros.
set -euo pipefail
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
[ $# -gt 0 ] || set -- model::tree
RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/sanitize \
  cargo test --locked --lib --target "$host" -- "$@"
