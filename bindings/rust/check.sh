#!/usr/bin/env bash
# One check of the Rust crates; exit status 77: what it needs is not installed, which is said.
#
#   check.sh fetch|linked|leaks|dynamic|readme|find|format|clippy|doc|package|bindgen|bench|regenerate
#
# Environment: LTX_LIB_DIR, the folder of libltx.so; LTX_TEST_CLI, the program ltx; CARGO_TARGET_DIR; CARGO, else the one of PATH.
# Only `fetch` may use the network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
ROOT=$(cd ../.. && pwd)
CARGO=${CARGO:-cargo}
export LD_LIBRARY_PATH=${LTX_LIB_DIR:-}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LTX_INCLUDE_DIR=$ROOT/include CARGO_TERM_COLOR=never
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}  # the tests run side by side, and the models are tiny
unset RUSTFLAGS RUSTDOCFLAGS
DYNAMIC=ltx/load-dynamic

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "error: $*" >&2; exit 1; }

fetch() {  # what the lock files name, from cargo's cache or else the network
  local manifest
  for manifest in Cargo.toml bindgen/Cargo.toml; do
    "$CARGO" fetch --locked --offline --quiet --manifest-path "$manifest" 2>/dev/null ||
      "$CARGO" fetch --locked --quiet --manifest-path "$manifest" ||
      fail "the dependencies of $manifest are neither in cargo's cache nor to be had. Run 'cargo fetch' there with a network."
  done
}

linked() {
  "$CARGO" test --offline --locked -p ltx-sys -p ltx --quiet --lib --test layout --test suite
  "$CARGO" test --offline --locked -p ltx --quiet --doc
}

leaks() {  # blocks of 64 KiB and more are mapped: the heap cannot keep them, and they are counted to the byte
  MALLOC_MMAP_THRESHOLD_=65536 "$CARGO" test --offline --locked -p ltx --quiet --test leaks -- --nocapture
}

dynamic() {  # everything that differs: the table of functions, opening, and one run of each kind through it
  "$CARGO" test --offline --locked --features "$DYNAMIC" -p ltx-sys -p ltx --quiet --lib --test dynamic --test layout
  "$CARGO" test --offline --locked --features "$DYNAMIC" -p ltx --quiet --test suite -- errors:: reports \
    a_job_is_iterated a_clip_is_looked_at latents_are
  "$CARGO" test --offline --locked --features load-dynamic -p ltx-guide --quiet --doc  # the guide's lines about it
  # Without a library the first call says what is missing.
  local program
  "$CARGO" build --offline --locked --quiet --features "$DYNAMIC" -p ltx --example generate
  program=$CARGO_TARGET_DIR/debug/examples/generate
  if LD_LIBRARY_PATH='' "$program" models out.mp4 rain 2>"$CARGO_TARGET_DIR/no-library.txt"; then fail "a library was found"; fi
  grep -q "'libltx.so.0' is not the library" "$CARGO_TARGET_DIR/no-library.txt" || fail "$(cat "$CARGO_TARGET_DIR/no-library.txt")"
  if ldd "$program" | grep libltx; then fail "the program is linked to the library"; fi
}

readme() {  # the Rust lines of README.md, of the crate's README and of docs/rust.md
  "$CARGO" test --offline --locked -p ltx-guide --quiet
}

find_library() {  # pkg-config, and neither it nor LTX_LIB_DIR
  local folder=$CARGO_TARGET_DIR/find library=$LTX_LIB_DIR
  mkdir -p "$folder"
  printf 'Name: libltx\nDescription: for a test\nVersion: 0.1.0\nLibs: -L%s -lltx\nCflags: -I%s\n' "$library" "$ROOT/include" \
    >"$folder/libltx.pc"
  unset LTX_LIB_DIR
  export CARGO_TARGET_DIR=$folder
  command -v pkg-config >/dev/null || skip "pkg-config is not installed"
  PKG_CONFIG_PATH=$folder "$CARGO" run --offline --locked --quiet -p ltx --example generate -- \
    "$ROOT/tests/golden/models/tiny23" "$folder/rust.mp4" "rain on a pasture" 64 64 9
  [ -s "$folder/rust.mp4" ] || fail "no clip was written"
  export PKG_CONFIG_LIBDIR=$folder/nothing
  "$CARGO" check --offline --locked -p ltx 2>"$folder/check.txt" || fail "$(cat "$folder/check.txt")"
  grep -q "libltx was not found by pkg-config. Set LTX_LIB_DIR" "$folder/check.txt" || fail "no warning: $(cat "$folder/check.txt")"
}

format() {
  "$CARGO" fmt --version >/dev/null 2>&1 || skip "rustfmt is not installed"
  "$CARGO" fmt --check
  "$CARGO" fmt --check --manifest-path bindgen/Cargo.toml -- --config-path "$PWD"
}

clippy() {
  "$CARGO" clippy --version >/dev/null 2>&1 || skip "clippy is not installed"
  "$CARGO" clippy --offline --locked --workspace --all-targets --quiet -- -D warnings
  "$CARGO" clippy --offline --locked --workspace --all-targets --quiet --features "$DYNAMIC,ltx-guide/load-dynamic" -- -D warnings
}

doc() {
  command -v rustdoc >/dev/null || "$CARGO" rustdoc --version >/dev/null 2>&1 || skip "rustdoc is not installed"
  RUSTDOCFLAGS="-D warnings" "$CARGO" doc --offline --locked --no-deps --quiet -p ltx-sys -p ltx --features "$DYNAMIC"
}

package() {  # what would be uploaded compiles by itself, is small and carries the licence
  local version minor name file crate size
  version=$("$CARGO" --version | cut -d' ' -f2); minor=$(cut -d. -f2 <<<"$version")
  [ "$minor" -ge 90 ] || skip "cargo $version does not package a workspace whose crates need each other; 1.90 does"
  "$CARGO" package --offline --locked --workspace --exclude ltx-guide --allow-dirty --quiet
  for name in ltx-sys ltx; do
    crate=$(ls "$CARGO_TARGET_DIR"/package/$name-[0-9]*.crate)
    size=$(stat -c %s "$crate")
    echo "$name: $size bytes"
    [ "$size" -lt 200000 ] || fail "$crate has $size bytes. See what its include list lets in."
    for file in LICENSE THIRD_PARTY_NOTICES.md; do
      tar xOf "$crate" --wildcards "*/$file" | cmp - "$ROOT/$file" || fail "$crate does not carry $file"
    done
  done
}

generate() {  # the declarations of the header, into $1
  "$CARGO" build --offline --locked --quiet --manifest-path bindgen/Cargo.toml
  if ! "$CARGO_TARGET_DIR/debug/ltx-bindgen" "$ROOT/include/ltx_c.h" >"$1" 2>"$1.txt"; then
    grep -qi "unable to find libclang" "$1.txt" && skip "libclang is not installed"
    fail "$(cat "$1.txt")"
  fi
}

bindgen() {  # the checked-in declarations are those of the header
  generate "$CARGO_TARGET_DIR/bindings.rs"
  diff -u ltx-sys/src/bindings.rs "$CARGO_TARGET_DIR/bindings.rs" || fail "the header has changed. Run bindings/rust/check.sh regenerate"
}

regenerate() {
  export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
  generate "$CARGO_TARGET_DIR/bindings.rs"
  cp "$CARGO_TARGET_DIR/bindings.rs" ltx-sys/src/bindings.rs
}

bench() { "$CARGO" bench --offline --locked -p ltx --quiet --bench overhead; }

case ${1:-} in
  fetch|linked|leaks|bench|regenerate|dynamic|readme|format|clippy|doc|package|bindgen) "$1" ;;
  find) find_library ;;
  *) sed -n '2,7p' "$0" >&2; exit 2 ;;
esac
