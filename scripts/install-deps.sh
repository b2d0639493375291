#!/usr/bin/env bash
# Installs the system libraries that blockfuse links to, where they are missing. Debian, Ubuntu or macOS with Homebrew.
set -euo pipefail

packages=(libzstd-dev libblosc-dev liblz4-dev zlib1g-dev libbz2-dev liblzma-dev libtiff-dev libhdf5-dev libsqlite3-dev)
[ "${1:-}" = "--tests" ] && packages+=(python3-venv sqlite3 bindfs strace)
# what is inside of a program that needs no libraries
[ "${1:-}" = "--static" ] && packages+=(libxml2-dev libicu-dev libsnappy-dev binutils)

if [ "$(uname)" = Darwin ]; then
  command -v brew >/dev/null || { echo "Homebrew is needed: https://brew.sh" >&2; exit 1; }
  for name in zstd c-blosc lz4 xz bzip2 libtiff hdf5; do brew list "$name" >/dev/null 2>&1 || brew install "$name"; done
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
command -v apt-get >/dev/null || { echo "install these yourself: ${missing[*]}" >&2; exit 1; }
sudo=""
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "installing ${missing[*]}" >&2
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "${missing[@]}" >/dev/null
