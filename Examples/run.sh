#!/usr/bin/env bash
# Builds the example and runs jobs with each of its functions: planned, stopped midway, resumed, verified.
# usage: run.sh BINARIES, where `mosaic` and `blockfuse` are
set -euo pipefail

bin=$(cd "${1:?usage: run.sh BINARIES}" && pwd)
cd "$(dirname "$0")/OwnFunctions"
# SwiftPM sees only that the module which is imported did not change, not those behind it: objects of an earlier version would stay
touch Sources/own-functions/*.swift
swift build -c release
own=$PWD/.build/release/own-functions
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export BLOCKFUSE_DB=jobs.sqlite
fail() { echo "failed: $*" >&2; exit 1; }
# the exit status of a command that may fail
status() { local code=0; "$@" >out.txt 2>err.txt || code=$?; echo $code; }
# submits, runs in two pieces and verifies: NAME OPTIONS…
job() {
  local name=$1; shift
  "$own" submit mosaic/dataset.json --output "$name.ome.zarr" --name "$name" --output-chunksize 32 "$@" >/dev/null
  "$own" run "$name" --limit 7 --quiet
  "$own" status "$name" --json | grep -q '"state":"interrupted"' || fail "$name is not interrupted"
  "$own" run "$name" --quiet
  "$own" status "$name" --json | grep -q '"state":"complete"' || fail "$name is not complete"
  "$own" verify "$name" >/dev/null
}
same() { diff -r "$1.ome.zarr/0" "$2.ome.zarr/0" >/dev/null; }

"$bin/mosaic" mosaic --tiles 2x2 --shape 16,140,140 --chunk 16,70,70 >/dev/null

# a fusion function, with an argument
job plain
job minimum --fusion-func minimum_fusion
job mixed --fusion-func minimum_fusion --fusion-func-kwargs percent=50
same minimum plain && fail "the minimum is the weighted average"
same minimum mixed && fail "percent changes nothing"

# a weights function; its halo counts in the plan
job bright --weights-func brightness --weights-func-kwargs radius=4
same bright plain && fail "the weights change nothing"
need() {
  "$own" plan mosaic/dataset.json --output-chunksize 32 --weights-func brightness --weights-func-kwargs "radius=$1" --json \
    | sed 's/.*"per_worker":\([0-9]*\).*/\1/'
}
[ "$(need 20)" -gt "$(need 1)" ] || fail "the plan does not count the halo"

# a batch function: the same voxels, batch by batch
job batched --batch-options '{"n_batch": 4, "batch_func": "in_turn", "batch_func_kwargs": {"reverse": true}}' 2>batches.txt
same batched plain || fail "batches change voxels"
grep -q 'batch of 4 blocks of level 0' batches.txt || fail "the batch function did not run"
grep -q 'of level 1' batches.txt || fail "the batch function did not run the pyramid"

# names and arguments are looked at when a job is submitted
[ "$(status "$own" submit mosaic/dataset.json --output x.zarr --batch-options batch_func=in_turns)" = 64 ] || fail "a wrong name"
grep -q '"in_turn"' err.txt || fail "no nearest name: $(cat err.txt)"
[ "$(status "$own" submit mosaic/dataset.json --output x.zarr --fusion-func minimum_fusion --fusion-func-kwargs percents=3)" = 64 ] || fail "a wrong argument"
# a program that lacks the function does not run its job
"$own" submit mosaic/dataset.json --output later.ome.zarr --fusion-func minimum_fusion >/dev/null 2>&1
[ "$(status "$bin/blockfuse" run)" = 64 ] || fail "the program without the function ran the job"
grep -q minimum_fusion err.txt || fail "it does not say why: $(cat err.txt)"
echo "the example's functions work with jobs, resume, plan and verify"
