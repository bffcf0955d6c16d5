#!/usr/bin/env bash
# Swift 6 on a Debian machine that has none: Debian trixie's swiftlang in a folder. Needs root, and a kernel that lets it mount.
#
#   chroot.sh ROOT install              makes it in the folder ROOT: a minute, 0.6 GB to fetch, 2.7 GB on the disk
#   chroot.sh ROOT run DIR [CMD...]     runs CMD (swift test) in DIR, which has the same path inside
#
# BIND    further folders to show inside, with spaces between
# MIRROR  a Debian mirror (the one that this machine uses)
#
# Mounts are made in a namespace of their own and end with the command, however it ends: ROOT can be deleted at any time.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,10p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
mkdir -p "$1"
ROOT=$(realpath "$1")
[ "$(id -u)" = 0 ] || { echo "chroot.sh: Swift's folder is a change of root: run it as root" >&2; exit 2; }
if [ -z "${TABARA_NAMESPACE:-}" ]; then
  TABARA_NAMESPACE=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
unset TABARA_NAMESPACE
export DEBIAN_FRONTEND=noninteractive

mirror() {
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
    { grep -vE '^[[:space:]]*#' || true; } | { grep -oE 'https?://[^ ]+/debian/?( |$)' || true; } | sed -n '1s/ *$//p'
}

# without /proc the loader does not find Swift's own libraries
mount_system() {
  mount -t proc proc "$ROOT/proc"
  [ -c "$ROOT/dev/null" ] || mount --rbind /dev "$ROOT/dev"
}

install_swift() {
  [ ! -e "$ROOT/.ready" ] || return 0
  exec 9>"$ROOT.lock"
  flock 9 # who comes second waits, and finds it ready
  [ ! -e "$ROOT/.ready" ] || return 0
  local from=${MIRROR:-$(mirror)} log=$ROOT.log file
  [ -n "$from" ] || { echo "chroot.sh: set MIRROR to a Debian mirror" >&2; exit 2; }
  rm -rf --one-file-system "$ROOT" # what an interrupted installation left
  echo "installing Swift into $ROOT"
  debootstrap --variant=minbase trixie "$ROOT" "$from" >"$log" 2>&1 || { tail -5 "$log" >&2; exit 1; }
  ! mountpoint -q "$ROOT/proc" || umount -R "$ROOT/proc"
  for file in /etc/apt/apt.conf.d/*; do ! grep -qsE 'Acquire::' "$file" || cp -L "$file" "$ROOT/etc/apt/apt.conf.d/"; done
  cp -fL /etc/resolv.conf /etc/hosts "$ROOT/etc/"
  mkdir -p "$ROOT/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/" 2>/dev/null || true
  mount_system
  chroot "$ROOT" apt-get update -qq
  # libc6-dev and libstdc++ for Foundation's C modules; SwiftPM asks for git
  chroot "$ROOT" apt-get install -qqy --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Options::=--force-unsafe-io \
    swiftlang libc6-dev libstdc++-14-dev git ca-certificates >>"$log" 2>&1 || { tail -5 "$log" >&2; exit 1; }
  chroot "$ROOT" apt-get clean
  rm -rf "$ROOT"/var/lib/apt/lists/*
  chroot "$ROOT" swift --version
  umount "$ROOT/proc"
  touch "$ROOT/.ready"
  rm -f "$log"
  exec 9>&-
}

case $2 in
  install) install_swift ;;
  run)
    dir=$(realpath "$3")
    shift 3
    [ $# -gt 0 ] || set -- swift test
    install_swift
    mount_system
    for folder in "$dir" ${BIND:-}; do
      mkdir -p "$ROOT$folder"
      mount --rbind "$folder" "$ROOT$folder"
    done
    exec chroot "$ROOT" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 \
      /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$dir" "$@"
    ;;
  *) echo "chroot.sh: install or run" >&2; exit 2 ;;
esac
