#!/bin/sh
# Builds the phone's library and writes its Kotlin and Python. Usage: bindings/build.sh [debug|release]
#
#   target/phone/native/libtabara.so   the library, stripped       (-Dnative.dir of the Maven projects)
#   target/phone/kotlin/               its Kotlin                  (-Dbindings.dir of the Maven projects)
#   bindings/python/tabara/            its Python and a copy of the library: `pip install` or PYTHONPATH
#
# The generator reads the symbol table, so stripping comes last; it asks cargo where uniffi.toml lies, so all of this
# runs inside the workspace (so does the build: .cargo/config.toml is found from the working folder).
set -eu
cd "$(dirname "$0")/.."
profile=${1:-debug}
case $profile in debug) flag= ;; release) flag=--release ;; *) echo "usage: $0 [debug|release]" >&2; exit 2 ;; esac
target=${CARGO_TARGET_DIR:-target}

# Two calls: built together, the generator's features would slip into the phone's library.
cargo build -q $flag -p tabara-bindings
cargo build -q -p tabara-bindgen

library=$target/$profile/libtabara.so
out=$target/phone
python=bindings/python/tabara
mkdir -p "$out/native"
"$target/debug/tabara-bindgen" generate -n -l kotlin -o "$out/kotlin" "$library"
"$target/debug/tabara-bindgen" generate -n -l python -o "$python" "$library"
strip --strip-unneeded -o "$out/native/libtabara.so" "$library"
cp "$out/native/libtabara.so" "$python/"
