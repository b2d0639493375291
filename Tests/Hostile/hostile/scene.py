"""A small job in a folder of its own, and what comes of the same job where nothing disturbs it."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import inputs
from .program import LIMIT_SECONDS, End, Running, Wrong

Voxels = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Look:
    """How an output is written."""

    name: str
    options: tuple[str, ...]
    # whether the record holds a checksum of each file
    is_summed: bool = False


def _look(name: str, version: str, compressor: str | dict[str, Any], *more: str, is_summed: bool = False) -> Look:
    text = compressor if isinstance(compressor, str) else json.dumps(compressor)
    return Look(name, ("--ngff-version", version, "--compressor", text, *more), is_summed)


def _blosc(cname: str, shuffle: int) -> dict[str, Any]:
    return {"id": "blosc", "cname": cname, "clevel": 5, "shuffle": shuffle}


SHARDS = ("--shards", "z=8,y=32,x=32")
LOOKS = [
    _look("v2-zstd", "0.4", "zstd"),
    _look("v2-gzip", "0.4", "gzip"),
    _look("v2-raw", "0.4", "null", is_summed=True),
    _look("v2-blosc-lz4-bits", "0.4", _blosc("lz4", 2), is_summed=True),
    _look("v2-blosc-zstd", "0.4", _blosc("zstd", 1), is_summed=True),
    _look("v2-blosc-zlib", "0.4", _blosc("zlib", 1), is_summed=True),
    _look("v3-zstd", "0.5", "zstd"),
    _look("v3-gzip", "0.5", "gzip"),
    _look("v3-raw", "0.5", "null"),
    _look("v3-blosc-lz4hc", "0.5", _blosc("lz4hc", 0)),
    _look("v3-blosclz", "0.5", _blosc("blosclz", 1)),
    _look("v3-sharded-zstd", "0.5", "zstd", *SHARDS),
    _look("v3-sharded-raw", "0.5", "null", *SHARDS),
    _look("v3-sharded-gzip", "0.5", "gzip", *SHARDS),
    _look("v3-sharded-blosc", "0.5", _blosc("zstd", 2), *SHARDS),
    _look("plain-v2-raw", "0.4", "null", "--ome-zarr", "false", is_summed=True),
    _look("plain-v3-zstd", "0.5", "zstd", "--ome-zarr", "false"),
]


def root() -> Path:
    """Where everything is made: in memory where there is such a place."""
    shared = Path("/dev/shm")
    usual = shared if shared.is_dir() and os.access(shared, os.W_OK) else Path(os.environ.get("TMPDIR", "/tmp"))
    return Path(os.environ.get("BLOCKFUSE_HOSTILE_ROOT", usual / f"blockfuse-hostile-{os.getuid()}"))


def once(folder: Path, make: Any) -> Path:
    """A folder that is made once, whichever process comes first, and then only read."""
    if not folder.exists():
        new = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        make(new)
        try:
            new.rename(folder)
        except OSError:
            shutil.rmtree(new)
    return folder


def shared_inputs(form: str) -> Path:
    """The folder of a dataset that nobody changes."""
    return once(root() / f"inputs-{form}", lambda folder: inputs.write_dataset(folder, form))


@functools.cache
def undisturbed(form: str, look: Look, chunk: int) -> dict[int, Voxels]:
    """The voxels of each level where nothing happens."""
    from .judge import read_levels

    def make(folder: Path) -> None:
        scene = Scene(folder, form, look, chunk)
        scene.must("submit", *scene.submission())
        scene.must("run", "--quiet")

    return read_levels(once(root() / f"undisturbed-{form}-{look.name}-{chunk}", make) / "out.zarr")


class Scene:
    """A job in a folder; its inputs are shared with others unless it has its own."""

    def __init__(self, folder: Path, form: str, look: Look, chunk: int = 16, has_own_inputs: bool = False) -> None:
        """Makes the folder, and no job yet."""
        self.folder, self.form, self.look, self.chunk = folder, form, look, chunk
        folder.mkdir(parents=True, exist_ok=True)
        self.database, self.output = folder / "jobs.sqlite", folder / "out.zarr"
        self.log: list[str] = []
        self.statuses: list[tuple[str, int]] = []
        self.environment: dict[str, str] = {}
        # blocks whose files a test took away: what the record says of them is wrong until it is repaired
        self.harmed: set[tuple[int, tuple[int, ...]]] = set()
        self.inputs = folder / "inputs" if has_own_inputs else shared_inputs(form)
        if has_own_inputs:
            shutil.copytree(shared_inputs(form), self.inputs)

    @property
    def whole(self) -> dict[int, Voxels]:
        """The voxels that there must be in the end."""
        return undisturbed(self.form, self.look, self.chunk)

    def submission(self) -> list[str]:
        """What follows `submit`."""
        chunk = f"z=8,y={self.chunk},x={self.chunk}"
        return [str(self.inputs / "dataset.json"), "--output", str(self.output), "--output-chunksize", chunk, *self.look.options]

    def begin(self, *arguments: str, **environment: str) -> Running:
        """Starts a command."""
        self.log.append(f"{' '.join(f'{k}={v}' for k, v in environment.items())} blockfuse {' '.join(arguments)}".strip())
        return Running(self.folder, self.database, arguments, {**self.environment, **environment})

    def noted(self, running: Running, limit: float = LIMIT_SECONDS) -> End:
        """Waits for the end of a command, and notes it."""
        start = time.monotonic()
        end = running.end(limit)
        said = next((line for line in end.errors.splitlines() if "error:" in line), "")
        self.log.append(f"  {end.arguments[0]}: {end.status} after {time.monotonic() - start:.1f} s {said[:300]}")
        self.statuses.append((end.arguments[0], end.status))
        return end

    def blockfuse(self, *arguments: str, **environment: str) -> End:
        """Runs a command."""
        return self.noted(self.begin(*arguments, **environment))

    def must(self, *arguments: str) -> End:
        """Runs a command that must go well."""
        end = self.blockfuse(*arguments)
        if end.status != 0:
            raise Wrong(f"it was to go well\n{end}")
        return end

    def order(self) -> str | None:
        """The newest work order that lies beside the output."""
        orders = sorted(self.folder.glob("out.zarr.blockfuse/order-*"), key=lambda path: int(path.name.removeprefix("order-")))
        return str(orders[-1]) if orders else None

    def level_is_settled(self, level: int) -> bool:
        """Whether all of a level's blocks were made, by the record or by the logs of tasks."""
        blocks = json.loads(self.must("status", "--json").output)["levels"][level]["blocks"]
        return bool(blocks["done"] + blocks["empty"] == blocks["total"])

    def done_blocks(self) -> list[tuple[int, tuple[int, ...], str]]:
        """Level, place and state of each block that the record says is settled, as the stock SQLite reads it."""
        if not self.database.exists():
            return []
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=20)
        try:
            job = database.execute("SELECT max(id) FROM job").fetchone()[0]
            query = "SELECT level, t, c, z, y, x, state FROM block_status WHERE job = ? AND state IN ('done', 'empty')"
            return [(row[0], tuple(row[1:6]), row[6]) for row in database.execute(query, (job,))]
        finally:
            database.close()
