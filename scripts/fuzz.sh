#!/usr/bin/env bash
# Fuzzes one target for some seconds; fails on the first input that panics, hangs or takes too much memory.
#     scripts/fuzz.sh [TARGET] [SECONDS]      TARGET: a file of fuzz/fuzz_targets (default pickle); SECONDS: default 60
# Starts from the committed fixtures and, when they lie beside the checkout, from the small files of the corpora. What
# it finds new stays in target/fuzz/corpus/TARGET for the next run; what fails, in target/fuzz/failures/TARGET.
# Does what cargo-fuzz would, with the stable compiler: RUSTC_BOOTSTRAP lets it take the sanitizer's flag.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-pickle} seconds=${2:-60}
[ -f "fuzz/fuzz_targets/$target.rs" ] || { echo "no fuzz target $target in fuzz/fuzz_targets" >&2; exit 2; }

root=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
corpus=$root/corpus/$target seeds=$root/seeds/$target failures=$root/failures/$target
triple=$(rustc -vV | sed -n 's/^host: //p')
mkdir -p "$corpus" "$root/seeds" "$failures"

# Coverage for libFuzzer, and AddressSanitizer for the code beneath us that is not safe Rust.
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address -Ccodegen-units=1"
# --target keeps the flags away from build scripts, which are linked without the sanitizer.
RUSTC_BOOTSTRAP=1 RUSTFLAGS=${flags//$'\n'/ } CARGO_TARGET_DIR=$root/build \
  cargo build --release --manifest-path fuzz/Cargo.toml --target "$triple" --bin "$target"

rm -rf "$seeds" && mkdir "$seeds"
archives=(evil sklearn-1.9.1)
if [ "$target" = request ]; then
  archives=(jsonsuite)
  cp scoring/sample-request.json "$seeds"
else
  cp -r tests/fixtures/corpus tests/fixtures/skops tests/fixtures/onnx tests/fixtures/*.bundle "$seeds"
fi
for archive in "${archives[@]/%/.tar.xz}"; do
  [ ! -f "../shared/corpus/$archive" ] || tar -xJf "../shared/corpus/$archive" -C "$seeds"
done
if [ "$target" = request ]; then # the first byte says in which form the rest is read: 0 is JSON
  find "$seeds" -type f -exec sed -i '1s/^/\x00/' {} +
else
  find "$seeds" -type f \( -size +64k -o -name '*.json' \) -delete
fi

"$root/build/$triple/release/$target" "$corpus" "$seeds" -artifact_prefix="$failures/" \
  -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
