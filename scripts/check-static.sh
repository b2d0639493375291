#!/usr/bin/env bash
# Whether a program needs nothing of the system that it runs on: no interpreter, no library, no version of a symbol. Prints
# its size.
set -euo pipefail
program=${1:?usage: check-static.sh PROGRAM}
fail() { echo "$program: $*" >&2; exit 1; }
segments=$(readelf --wide --program-headers "$program")
grep -q LOAD <<<"$segments" || fail "no program"
! grep -q INTERP <<<"$segments" || fail "it needs an interpreter"
! readelf --wide --dynamic "$program" | grep NEEDED || fail "it needs these libraries"
! readelf --wide --version-info "$program" | grep 'Version needs' || fail "it needs versions of symbols"
echo "$program needs no interpreter, no library and no version of a symbol; $(stat -c %s "$program") bytes"
