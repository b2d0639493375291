"""Jobs drawn at random, against a twin in double precision and the reference: see `random_jobs`, and docs/testing.md.

`BLOCKFUSE_TEST_SEEDS=0:3000` runs others than the 50 of every day.
"""
from __future__ import annotations

import os

import pytest
from random_jobs.check import Checked, check

FIRST, _, END = os.environ.get("BLOCKFUSE_TEST_SEEDS", "0:50").partition(":")
CHECKED: list[Checked] = []


@pytest.mark.parametrize("seed", range(int(FIRST), int(END or int(FIRST) + 1)))
def test_a_job_drawn_at_random(seed: int) -> None:
    CHECKED.append(check(seed))


def test_hardly_any_voxel_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Voxels that the last place may decide are not compared."""
    if not CHECKED:
        pytest.skip("no job ran")
    voxels, left_out = sum(c.voxels for c in CHECKED), sum(c.left_out for c in CHECKED)
    with capsys.disabled():
        print(f" random jobs: {len(CHECKED)} jobs, {voxels} voxels, {100 * left_out / voxels:.4f} % of them left out ", end="")
    assert left_out <= voxels / 1000
