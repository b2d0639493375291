"""Errors of the system that were once told as something else: each is said by its own name now."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hostile.gate import Traced, missing
from hostile.scene import LOOKS, Scene

CASES = [
    # once "a link leads to a name that is not UTF-8", exit 64
    ("run", "readlink", "ENOMEM"),
    ("run", "readlink", "EIO"),
    # once "... is no part of a Zarr", exit 64
    ("overwrite", "getdents64", "EIO"),
    ("overwrite", "getdents64", "ENOMEM"),
]


@pytest.fixture(scope="module", autouse=True)
def root(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is made once for all of them."""
    os.environ["BLOCKFUSE_HOSTILE_ROOT"] = str(tmp_path_factory.mktemp("words"))


def scene(folder: Path) -> Scene:
    """A job that is complete."""
    scene = Scene(folder, "zarr2-nested", LOOKS[0], chunk=32)
    scene.must("submit", *scene.submission())
    scene.must("run", "--quiet")
    return scene


@pytest.mark.parametrize("command, call, name", CASES)
def test_an_error_is_said_by_its_name(tmp_path: Path, command: str, call: str, name: str) -> None:
    """It is an error of the system (1), and none of the command line (64)."""
    if reason := missing():
        pytest.skip(reason)
    job = scene(tmp_path / "job")
    arguments = ["run", "--quiet"] if command == "run" else ["submit", *job.submission(), "--overwrite"]
    traced = Traced(job, [f"{call}:error={name}:when=1+"], *arguments)
    end = job.noted(traced.running)
    assert traced.injected().get(call), "nothing failed"
    assert end.status == 1 and os.strerror(getattr(errno, name)) in end.errors, end


@pytest.mark.parametrize("at", range(5, 12))
def test_a_file_that_cannot_be_opened_for_writing_is_not_a_matter_of_rights(tmp_path: Path, at: int) -> None:
    """SQLite opens it for reading then, and says that it is read-only."""
    if reason := missing():
        pytest.skip(reason)
    job = scene(tmp_path / "job")
    traced = Traced(job, [f"openat:error=EMFILE:when={at}"], "retry")
    end = job.noted(traced.running)
    traced.injected()
    assert "give yourself the right" not in end.errors, end
