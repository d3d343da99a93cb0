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
corpus=$root/corpus/$target seeds=$root/seeds failures=$root/failures/$target
triple=$(rustc -vV | sed -n 's/^host: //p')
mkdir -p "$corpus" "$seeds" "$failures"

# Coverage for libFuzzer, and AddressSanitizer for the code beneath us that is not safe Rust.
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address -Ccodegen-units=1"
# --target keeps the flags away from build scripts, which are linked without the sanitizer.
RUSTC_BOOTSTRAP=1 RUSTFLAGS=${flags//$'\n'/ } CARGO_TARGET_DIR=$root/build \
  cargo build --release --manifest-path fuzz/Cargo.toml --target "$triple" --bin "$target"

cp tests/fixtures/corpus/*/*.pkl tests/fixtures/corpus/*/*.joblib tests/fixtures/*.bundle "$seeds"
for archive in ../shared/corpus/evil.tar.xz ../shared/corpus/sklearn-1.9.1.tar.xz; do
  [ ! -f "$archive" ] || tar -xJf "$archive" -C "$seeds"
done
find "$seeds" -type f \( -size +64k -o -name '*.json' \) -delete

"$root/build/$triple/release/$target" "$corpus" "$seeds" -artifact_prefix="$failures/" \
  -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
