#!/usr/bin/env bash
# Makes dist/blockfuse-VERSION-SYSTEM.tar.xz: the program with all its libraries inside, its manual page, completions,
# licences. Unpack it anywhere and run bin/blockfuse.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build-static.sh
bin=.build-static/release
version=$("$bin/blockfuse" --version | sed 's/^blockfuse \([^,]*\),.*/\1/')
name="blockfuse-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)"
folder=".build-static/$name"
rm -rf "$folder"
scripts/install.sh "$bin" "$folder"
scripts/licences.sh "$folder/share/doc/blockfuse/licences"
mkdir -p dist
tar -C .build-static --owner=0 --group=0 --numeric-owner -cf - "$name" | xz -9e >"dist/$name.tar.xz"
echo "dist/$name.tar.xz: $(du -h "dist/$name.tar.xz" | cut -f1)"
