#!/usr/bin/env bash
# The Swift tests under a sanitizer, from a build of their own: sanitize.sh thread|address [options of swift test]
# Every program that the tests run writes what the sanitizer finds into a file, since many of them are killed or are to
# fail: one such file fails the whole.
set -euo pipefail

kind=$1
shift
build=.build-$kind
reports=$PWD/$build/reports
swift build -c release --build-tests --sanitize="$kind" --scratch-path "$build"
rm -rf "$reports"
mkdir -p "$reports"

common="log_path='$reports/report':exitcode=66"
export TSAN_OPTIONS="$common:suppressions='$PWD/Tests/Sanitizers/thread.txt':print_suppressions=0"
# Swift shifts the pointers of its weak references, so that the search for leaks takes what they lead to as lost
export ASAN_OPTIONS="$common:detect_leaks=0"
export BLOCKFUSE_TEST_SANITIZER=$kind
status=0
swift test -c release --skip-build --sanitize="$kind" --scratch-path "$build" "$@" || status=$?

shopt -s nullglob
found=("$reports"/*)
[ ${#found[@]} -eq 0 ] && exit $status
cat "${found[@]}" >&2
echo "the $kind sanitizer reports from ${#found[@]} processes, see $reports" >&2
exit 1
