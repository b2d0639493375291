"""Some cases of each kind of disturbance, by fixed seeds; `BLOCKFUSE_TEST_HOSTILE=0:300` takes others. See docs/testing.md."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile.case import play
from hostile.kinds import KINDS, left_out

FIRST, _, END = os.environ.get("BLOCKFUSE_TEST_HOSTILE", "0:12").partition(":")

# what once went wrong, and has no test that is nearer: a database is called damaged while its disk cannot be read
FOUND = [("errors", 4305)]


@pytest.fixture(scope="module", autouse=True)
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One folder for all of them, so that the undisturbed job of each look is made once; kept where one fails."""
    shared = Path("/dev/shm")
    folder = tmp_path_factory.mktemp("hostile")
    if shared.is_dir() and os.access(shared, os.W_OK):
        folder = shared / f"blockfuse-test-hostile-{os.getpid()}"
    os.environ["BLOCKFUSE_HOSTILE_ROOT"] = str(folder)
    yield
    kept = [path for path in folder.glob("*/log.txt") if path.parent.name.startswith(tuple(f"{kind}-" for kind in KINDS))]
    if not kept:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("kind, seed", [(k, s) for k in KINDS for s in range(int(FIRST), int(END or int(FIRST) + 1))] + FOUND)
def test_a_hostile_world(kind: str, seed: int) -> None:
    """A job comes out of it whole, and nothing that its record says is wrong at any time."""
    if reason := left_out(kind):
        pytest.skip(reason)
    outcome = play(kind, seed)
    assert outcome.wrong is None, f"{outcome.line()}\n{outcome.wrong}\nagain: python -m hostile --only {kind}:{seed}"
