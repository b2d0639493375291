#!/usr/bin/env bash
# Builds and runs all benchmarks: codecs, kernels, the job database and the index of views, then the whole program beside
# its peers, then a petabyte. The tables go to Benchmarks/results/DATE.md, DATE-peers.md and DATE-petabyte.md. Takes some
# 50 minutes; a quiet machine.
set -euo pipefail
cd "$(dirname "$0")"
swift build -c release
../scripts/build-static.sh
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install -q -r peers-requirements.txt
.build/release/benchmarks results
.venv/bin/python peers.py --out results
./petabyte.py --out results
