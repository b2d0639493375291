"""`python -m random_jobs --seeds 0:3000`: runs many jobs, names those that are wrong, and says what was compared."""
from __future__ import annotations

import argparse
import sys
import time

from .check import Checked, Wrong, check


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m random_jobs", description=__doc__)
    parser.add_argument("--seeds", default="0:50", help="one, or FIRST:END")
    parser.add_argument("--keep-going", action="store_true", help="also after a job was wrong")
    arguments = parser.parse_args()
    first, _, end = arguments.seeds.partition(":")
    total, wrong, start = Checked(0, 0, 0), [], time.monotonic()
    for seed in range(int(first), int(end or int(first) + 1)):
        try:
            one = check(seed)
        except Wrong as error:
            print(error, flush=True)
            wrong.append(seed)
            if not arguments.keep_going:
                break
            continue
        total = Checked(total.voxels + one.voxels, total.left_out + one.left_out, total.by_reference + one.by_reference)
    print(f"{total.voxels} voxels in {time.monotonic() - start:.0f} s; left out {100 * total.left_out / max(total.voxels, 1):.4f} %; "
          f"compared with the reference too {100 * total.by_reference / max(total.voxels, 1):.0f} %")
    if wrong:
        print(f"wrong: {' '.join(map(str, wrong))}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
