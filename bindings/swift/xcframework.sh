#!/bin/sh
# The library for iPhones and the simulator as TabaraCoreFFI.xcframework, and the Swift of this package.
# Usage: bindings/swift/xcframework.sh, on macOS with Xcode and rustup. Never run: the project has no such machine.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
package=bindings/swift
export IPHONEOS_DEPLOYMENT_TARGET=15.0

# As build.sh builds for phones: SQLite without what no phone's table uses, and with the core's own cryptography, not CommonCrypto.
flags=-DSQLCIPHER_CRYPTO_CUSTOM=tabara_sqlcipher_setup
for part in FTS3 FTS3_PARENTHESIS FTS5 RTREE STAT4 DBSTAT_VTAB LOAD_EXTENSION; do
  flags="$flags -USQLITE_ENABLE_$part"
done
for part in JSON DEPRECATED SHARED_CACHE UTF16; do flags="$flags -DSQLITE_OMIT_$part"; done

for system in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios; do
  rustup target add "$system"
  # the last line says which of Apple's libraries Package.swift must name (linkedFramework)
  LIBSQLITE3_FLAGS=$flags cargo rustc --profile phone -p tabara-bindings --lib --crate-type staticlib --target "$system" \
    -- --print native-static-libs
done
cargo build -p tabara-bindgen

include=$target/xcframework/include
rm -rf "$target/xcframework" "$package/TabaraCoreFFI.xcframework"
mkdir -p "$include" "$target/xcframework/simulator"
device=$target/aarch64-apple-ios/phone/libtabara.a
"$target/debug/tabara-bindgen" generate -n -l swift -o "$include" "$device"
mv "$include/TabaraCore.swift" "$package/Sources/TabaraCore/Generated.swift"
mv "$include/TabaraCoreFFI.modulemap" "$include/module.modulemap"

# The generator reads symbols, so stripping comes last.
xcrun strip -S -x "$device"
lipo -create "$target/aarch64-apple-ios-sim/phone/libtabara.a" "$target/x86_64-apple-ios/phone/libtabara.a" \
  -output "$target/xcframework/simulator/libtabara.a"
xcodebuild -create-xcframework \
  -library "$device" -headers "$include" \
  -library "$target/xcframework/simulator/libtabara.a" -headers "$include" \
  -output "$package/TabaraCoreFFI.xcframework"
echo "written: $package/TabaraCoreFFI.xcframework; swift build, or open the package in Xcode"
