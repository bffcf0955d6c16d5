#!/bin/sh
# Looks at the libraries of an AAR: FOLDER/ABI/libtabara.so. Each must be built for the ABI of its folder, and for pages of
# 16 KB, which Android 15 has and Google Play asks for: each LOAD segment is aligned to 0x4000 or more.
set -eu
folder=${1:?a folder with ABI/libtabara.so}
fault() { echo "check-abis: $*" >&2; exit 1; }
found=
for library in "$folder"/*/libtabara.so; do
  [ -e "$library" ] || fault "no $folder/ABI/libtabara.so: build them with cargo ndk -t arm64-v8a -t armeabi-v7a -o $folder"
  abi=$(basename "$(dirname "$library")")
  case $abi in
    arm64-v8a) machine=AArch64 ;;
    armeabi-v7a) machine=ARM ;;
    x86_64) machine="Advanced Micro Devices X86-64" ;;
    x86) machine="Intel 80386" ;;
    *) fault "$abi is no ABI of Android" ;;
  esac
  LC_ALL=C readelf -hW "$library" | grep -q "Machine: *$machine\$" || fault "$library is not built for $abi"
  case $abi in
    arm64-v8a | x86_64)
      for align in $(LC_ALL=C readelf -lW "$library" | awk '$1 == "LOAD" { print $NF }'); do
        [ $((align)) -ge 16384 ] || fault "$library has a segment for pages of $((align)) bytes: link it with -z max-page-size=16384"
      done ;;
  esac
  if LC_ALL=C readelf -dW "$library" | grep -q 'NEEDED.*\[libc\.so\.6\]'; then fault "$library is for desktop Linux"; fi
  found="$found $abi"
done
echo "libraries:$found"
