#!/usr/bin/env bash
# What is too long for every day: thorough.sh [steps], without steps all of them by turns, some hours in all.
#   faults     a fault at every time that a fault point is reached, x {kill, ENOSPC, EIO, EACCES}
#   kills      at least 100 kills -9 in one job, shared jobs, full disks, damage, power loss
#   damages    300 random damages of a database, 1,000 random jobs
#   hostile    an hour of Tests/Hostile
#   fuzz       half an hour of the fuzzer
#   thread, address
#              the Swift tests under a sanitizer
# A step that fails does not hinder the others. Each writes .build/thorough/STEP.log; at the end there is a line for each.
# HOSTILE_MINUTES, FUZZ_SECONDS and SEED change what the two that rest on time do.
set -uo pipefail
cd "$(dirname "$0")/.."

venv=$PWD/.venv-tests/bin
logs=.build/thorough
mkdir -p "$logs"
export BLOCKFUSE_BIN=$PWD/.build/release

swift_tests() { swift test -c release --skip-build --filter "EndToEndTests\.($1)"; }

faults() { BLOCKFUSE_TEST_THOROUGH=1 swift_tests '[A-Za-z]*FaultTests'; }
kills() { BLOCKFUSE_TEST_KILLS=100 swift_tests 'KillTests|JoinTests|DiskFullTests|InputDamageTests|DatabaseTests|PowerLossTests|OutageTests|OwnerTests|SignalTests'; }
damages() { BLOCKFUSE_TEST_DAMAGES=0:300 BLOCKFUSE_TEST_SEEDS=0:1000 "$venv/python" -m pytest -q -rs Tests/Python/test_database_damage.py Tests/Python/test_random_jobs.py; }
hostile() { (cd Tests/Hostile && "$venv/python" -m hostile --minutes "${HOSTILE_MINUTES:-60}" --seed "${SEED:-1}"); }
fuzz() { .build/release/fuzz --seconds "${FUZZ_SECONDS:-1800}"; }
thread() { scripts/sanitize.sh thread; }
address() { scripts/sanitize.sh address; }

if [ $# -gt 0 ]; then steps=("$@"); else steps=(faults kills damages hostile fuzz thread address); fi
failed=0
for step in "${steps[@]}"; do
  begin=$SECONDS
  if "$step" >"$logs/$step.log" 2>&1; then end=passed; else end="FAILED, see $logs/$step.log"; failed=1; fi
  printf '%-8s %5d s  %s\n' "$step" $((SECONDS - begin)) "$end" | tee -a "$logs/summary.txt"
done
exit $failed
