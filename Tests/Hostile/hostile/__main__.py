"""`python -m hostile --minutes 60 --seed 1`: all kinds by turns, a line a case, and a table at the end."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from .case import Outcome, play
from .kinds import KINDS, left_out
from .scene import root


def table(outcomes: list[Outcome]) -> str:
    """By kind: cases, what was done to how many, and how commands ended."""
    lines = []
    for kind in KINDS:
        mine = [outcome for outcome in outcomes if outcome.kind == kind]
        if not mine:
            continue
        failed = sum(outcome.wrong is not None for outcome in mine)
        reached = sum(bool(outcome.injected) for outcome in mine)
        injected: Counter[str] = Counter()
        exits: dict[str, Counter[int]] = {}
        for outcome in mine:
            injected.update(outcome.injected)
            for name, status in outcome.exits:
                exits.setdefault(name, Counter())[status] += 1
        lines.append(f"{kind}: {len(mine)} cases, {reached} met what was done, {failed} failed")
        lines.append(
            f"  done {sum(injected.values())} times, {len(injected)} kinds: "
            + ", ".join(f"{n} {c}" for n, c in injected.most_common())
        )
        for name, counts in sorted(exits.items()):
            lines.append(f"  {name}: " + ", ".join(f"exit {status} {count} times" for status, count in sorted(counts.items())))
    return "\n".join(lines)


def again(outcome: Outcome) -> str:
    """The command that does a case once more."""
    programs = os.environ.get("BLOCKFUSE_BIN", "")
    folder = Path(__file__).parents[1]
    return f"cd {folder} && BLOCKFUSE_BIN={programs} {sys.executable} -m hostile --only {outcome.kind}:{outcome.seed}"


def main() -> int:
    """Runs cases until the time is over."""
    parser = argparse.ArgumentParser(prog="python -m hostile", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="how long new cases begin")
    parser.add_argument("--seed", type=int, default=1, help="of the first case of each kind")
    parser.add_argument("--kinds", default=",".join(KINDS), help="some of " + ",".join(KINDS))
    parser.add_argument("--only", help="one case, as KIND:SEED")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    if "BLOCKFUSE_HOSTILE_ROOT" not in os.environ:
        # runs at the same time do not meet
        os.environ["BLOCKFUSE_HOSTILE_ROOT"] = f"{root()}-{os.getpid()}"
    if arguments.only:
        kind, _, seed = arguments.only.partition(":")
        outcomes = [play(kind, int(seed))]
        print(outcomes[0].line())
    else:
        outcomes = storm(list(dict.fromkeys(arguments.kinds.split(","))), arguments.seed, arguments.minutes, arguments.processes)
    print(table(outcomes))
    failed = [outcome for outcome in outcomes if outcome.wrong is not None]
    for outcome in failed:
        print(f"\n{outcome.line()}\n{outcome.wrong}\nkept: {outcome.folder}\nagain: {again(outcome)}")
    if not failed:
        shutil.rmtree(root(), ignore_errors=True)
    return 1 if failed else 0


def storm(kinds: list[str], first: int, minutes: float, processes: int) -> list[Outcome]:
    """All kinds by turns, several at once."""
    able = []
    for kind in kinds:
        if reason := left_out(kind):
            print(f"{kind}: left out, {reason}", flush=True)
        else:
            able.append(kind)
    outcomes: list[Outcome] = []
    end = time.monotonic() + 60 * minutes
    turns = ((kind, seed) for seed in range(first, 1 << 40) for kind in able)
    with ProcessPoolExecutor(processes) as pool:
        pending: set[Future[Outcome]] = set()
        while pending or (able and time.monotonic() < end):
            while able and len(pending) < processes and time.monotonic() < end:
                pending.add(pool.submit(play, *next(turns)))
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                outcomes.append(future.result())
                print(outcomes[-1].line(), flush=True)
                if outcomes[-1].wrong:
                    print(f"  {outcomes[-1].wrong.splitlines()[0]}\n  again: {again(outcomes[-1])}", flush=True)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
