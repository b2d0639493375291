#!/usr/bin/env bash
# Builds the program as it is installed, into .build-static: on Linux with the Swift runtime inside, so that it starts
# sooner, and goes on working when Swift is updated or removed. Further words are for `swift build`.
set -euo pipefail
cd "$(dirname "$0")/.."
runtime=()
[ "$(uname)" = Darwin ] || runtime=(--static-swift-stdlib)
exec "${SWIFT:-swift}" build -c release --product blockfuse ${runtime[@]+"${runtime[@]}"} --scratch-path .build-static "$@"
