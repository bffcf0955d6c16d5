#!/bin/sh
# Builds the phone's library and writes its Kotlin, Swift and Python. Usage: bindings/build.sh [debug|phone] [OUT]
#
#   debug   for tests and for a first look (the default); a first build takes some ten minutes on two cores
#   phone   optimised and small, as it goes onto a phone
#
#   OUT/native/libtabara.so    the library, stripped (OUT is target/bindings where none is given)
#   OUT/kotlin/                what an app compiles
#   OUT/swift/                 a package for SwiftPM; for debug it is bindings/swift
#   OUT/python/*.whl           the wheel, where maturin is on the path (pip install maturin)
#
# The generator reads the symbol table, so stripping comes last; it asks cargo where uniffi.toml lies, so all of this
# runs inside the workspace (so does the build: .cargo/config.toml is found from the working folder).
set -eu
cd "$(dirname "$0")/.."
profile=${1:-debug}
target=${CARGO_TARGET_DIR:-target}
out=${2:-$target/bindings}
library=$target/$profile/libtabara.so

# Two calls: built together, the generator's features would slip into the phone's library.
linker=
case $profile in
  debug)
    echo "building the library for tests: $library (the first time takes some ten minutes)"
    cargo build -p tabara-bindings
    ;;
  # The profile of Cargo.toml. SQLite without what no phone's table uses: full text, trees of boxes, histograms, plug-ins,
  # JSON, UTF-16. C without tables for exceptions that no C throws. Equal functions once, relative relocations packed:
  # both are lld's words, which is the linker of rustc on x86-64 and of the NDK.
  phone)
    echo "building the library for phones: $library (the first time takes some twenty minutes)"
    flags=-DSQLCIPHER_CRYPTO_CUSTOM=tabara_sqlcipher_setup
    for part in FTS3 FTS3_PARENTHESIS FTS5 RTREE STAT4 DBSTAT_VTAB LOAD_EXTENSION; do
      flags="$flags -USQLITE_ENABLE_$part"
    done
    for part in JSON DEPRECATED SHARED_CACHE UTF16; do flags="$flags -DSQLITE_OMIT_$part"; done
    case $(rustc -vV | sed -n 's/^host: //p') in
      x86_64-*-linux-gnu) linker="-C link-arg=-Wl,--icf=all -C link-arg=-Wl,-z,pack-relative-relocs" ;;
    esac
    export LIBSQLITE3_FLAGS="$flags" CFLAGS="-fno-asynchronous-unwind-tables -fno-unwind-tables"
    # shellcheck disable=SC2086
    cargo rustc --profile phone -p tabara-bindings --lib --crate-type cdylib -- $linker
    ;;
  *) echo "usage: $0 [debug|phone] [OUT]" >&2; exit 2 ;;
esac
echo "building the generator"
cargo build -p tabara-bindgen

swift=bindings/swift
if [ "$profile" != debug ]; then
  swift=$out/swift
  rm -rf "$swift"
  mkdir -p "$swift"
  cp -R bindings/swift/Package.swift bindings/swift/Sources bindings/swift/Tests bindings/swift/README.md "$swift/"
fi
mkdir -p "$swift/Sources/TabaraCoreFFI" "$swift/lib"

mkdir -p "$out/native"
for language in kotlin swift; do
  folder=$out/$language
  [ $language = kotlin ] || folder=$swift/Sources/TabaraCoreFFI
  "$target/debug/tabara-bindgen" generate -n -l $language -o "$folder" "$library" >/dev/null
done

# Half an emoji is no Unicode text. The generated Kotlin would throw an exception of its own, outside of TabaraException:
# let it send a question mark instead.
generated=$out/kotlin/org/tabara/core/tabara.kt
grep -q 'onMalformedInput(CodingErrorAction.REPORT)' "$generated"
sed 's/onMalformedInput(CodingErrorAction.REPORT)/onMalformedInput(CodingErrorAction.REPLACE)/' "$generated" >"$generated.new"
mv "$generated.new" "$generated"

# SwiftPM wants one kind of file in a folder, and knows the map by one name only.
mv "$swift/Sources/TabaraCoreFFI/TabaraCore.swift" "$swift/Sources/TabaraCore/Generated.swift"
mv "$swift/Sources/TabaraCoreFFI/TabaraCoreFFI.modulemap" "$swift/Sources/TabaraCoreFFI/module.modulemap"

strip --strip-unneeded -o "$out/native/libtabara.so" "$library"
cp "$out/native/libtabara.so" "$swift/lib/"
echo "written: $out/native, $out/kotlin, $swift"

if command -v maturin >/dev/null; then
  rm -rf "$out/python"
  case $profile in debug) cargo_profile=dev ;; *) cargo_profile=$profile ;; esac
  wheel=$(realpath -m "$out/python") TABARA_BINDGEN=$(realpath "$target/debug/tabara-bindgen")
  CARGO_TARGET_DIR=$(realpath "$target") PATH=$PWD/bindings/bin:$PATH
  export TABARA_BINDGEN CARGO_TARGET_DIR PATH
  # shellcheck disable=SC2086
  (cd bindings/python && maturin build -q --profile "$cargo_profile" --auditwheel skip -o "$wheel" -- $linker)
  echo "written: $(ls "$wheel"/*.whl)"
else
  echo "not written: the wheel for Python, which needs maturin (pip install maturin)"
fi
