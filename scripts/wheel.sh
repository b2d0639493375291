#!/usr/bin/env bash
# Makes dist/blockfuse-VERSION-py3-none-….whl, which carries the program.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(uname)" = Linux ] || { echo "wheels are made on Linux only" >&2; exit 1; }
scripts/build-static.sh
scripts/check-static.sh .build-static/release/blockfuse
BLOCKFUSE_VERSION=$(.build-static/release/blockfuse --version | sed 's/^blockfuse \([^,]*\),.*/\1/')
export BLOCKFUSE_VERSION
folder=.build-static/wheel
rm -rf "$folder"
cp -R Python "$folder"
install -D -m 755 .build-static/release/blockfuse "$folder/program/blockfuse"
scripts/licences.sh "$folder/licences"
rm -f dist/blockfuse-*.whl
[ -x .build-static/venv/bin/pip ] || python3 -m venv .build-static/venv
.build-static/venv/bin/pip wheel -q --no-deps --wheel-dir dist "$folder"
ls -l dist/blockfuse-*.whl
