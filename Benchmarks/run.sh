#!/usr/bin/env bash
# Builds and runs all benchmarks; the table goes to Benchmarks/results/DATE.md.
set -euo pipefail
cd "$(dirname "$0")"
swift build -c release
.build/release/benchmarks results
