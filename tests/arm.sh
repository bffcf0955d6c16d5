#!/bin/sh
# The vault's tests on 64-bit ARM, under qemu. Usage: tests/arm.sh (cargo xtask test --only arm)
#
# Rust ships no ARM library with the compiler alone, so the standard library is built from source: Debian packages the
# sources of some versions of Rust (rust-src); without the compiler's own version there this says `absent`. Cargo looks for
# the sources beside the compiler, so compiler and sources are laid side by side in arm of the target folder, as hard links.
set -eu
cd "$(dirname "$0")/.."
here=$(realpath -m "${CARGO_TARGET_DIR:-target}/arm")
absent() { echo "absent: $*"; exit 0; }
for tool in aarch64-linux-gnu-gcc qemu-aarch64; do
  command -v $tool >/dev/null || absent "$tool; Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
done
version=$(rustc --version | cut -d' ' -f2)
source=$here/toolchain/lib/rustlib/src/rust/library
if [ ! -e "$source/Cargo.lock" ]; then
  command -v apt-get >/dev/null || absent "apt, which brings rust-src $version"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/$' | head -1)
  [ -n "$mirror" ] || absent "a mirror of Debian, which brings rust-src $version"
  rm -rf "$here" && mkdir -p "$here/apt/lists/partial" "$here/deb"
  for suite in trixie-backports trixie sid; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done >"$here/apt/sources"
  apt="-qq -o Dir::Etc::sourcelist=$here/apt/sources -o Dir::Etc::sourceparts=- -o Dir::State::lists=$here/apt/lists"
  apt="$apt -o Dir::Cache=$here/apt -o APT::Sandbox::User=root"
  apt-get $apt update || absent "Debian's list of packages"
  package=$(apt-cache $apt madison rust-src | tr -d ' ' | cut -d'|' -f2 | grep "^$version" | head -1) || true
  [ -n "$package" ] || absent "rust-src $version: Debian has it no more, or not yet"
  (cd "$here/deb" && apt-get $apt download "rust-src=$package") || absent "rust-src $package cannot be had"
  dpkg -x "$here"/deb/rust-src_*.deb "$here/deb"
  sysroot=$(rustc --print sysroot)
  cp -al "$sysroot" "$here/toolchain" 2>/dev/null || { rm -rf "$here/toolchain"; cp -a "$sysroot" "$here/toolchain"; }
  mkdir -p "$here/toolchain/lib/rustlib/src/rust"
  cp -r "$here"/deb/usr/src/rustc-*/library "$source"
fi
# rustup names its own toolchain and libraries to what it starts: the sources would be looked for beside those
unset LD_LIBRARY_PATH RUSTUP_TOOLCHAIN CARGO RUSTC
export RUSTC_BOOTSTRAP=1 RUSTC="$here/toolchain/bin/rustc"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
# few random histories: the emulator is twenty times slower
export PROPTEST_CASES=8
"$here/toolchain/bin/cargo" test -p tabara-core --lib --target aarch64-unknown-linux-gnu -Z build-std --target-dir "$here/build" -- vault::
