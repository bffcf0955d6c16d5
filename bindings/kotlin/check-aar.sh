#!/bin/sh
# Builds the AAR around an empty library, linked as Android's linker does it, and looks at what is inside: no NDK is needed. Its
# arguments go to Maven.
set -eu
cd "$(dirname "$0")"
rm -rf target/jni target/android target/tabara-core.aar
mkdir -p target/jni/x86_64
echo 'int tabara(void) { return 1; }' |
  cc -shared -fPIC -nostdlib -Wl,-z,max-page-size=16384 -x c -o target/jni/x86_64/libtabara.so -
mvn -B -ntp -q package -Paar -Dmaven.test.skip=true -Djni.dir="$PWD/target/jni" -Dkotlin.compiler.daemon=false "$@"
has() { grep -qx "$1" target/android/list || { echo "check-aar: no $1 in it" >&2; exit 1; }; }
jar tf target/tabara-core.aar >target/android/list
for part in AndroidManifest.xml R.txt classes.jar proguard.txt jni/x86_64/libtabara.so; do has $part; done
(cd target/android && jar xf ../tabara-core.aar classes.jar)
jar tf target/android/classes.jar >target/android/list
for name in FocalPoint KeystoreSecret SyncFlowKt; do has org/tabara/core/$name.class; done
if grep '\.so$' target/android/list; then echo "check-aar: a library for the desktop is in it" >&2; exit 1; fi
echo "layout of the AAR: ok"
