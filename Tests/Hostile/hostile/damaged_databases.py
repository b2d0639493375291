"""Databases that are damaged, looked at, worked with, and brought back from a backup."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from .case import Case
from .database_damage import damage_file, damage_row
from .judge import settle, voxels_are_whole
from .program import Wrong
from .scene import Scene

LOOKS = [
    ["status", "--json"],
    ["list", "--json"],
    ["blocks", "--json"],
    ["blocks", "--block", "0,0,0,1,1"],
    ["report", "-o", "report.html"],
]
WORKS = [["retry"], ["order", "--quiet"], ["collect", "--quiet"], ["verify", "--repair", "--quiet"], ["order", "--withdraw"]]


def prepare(case: Case, scene: Scene) -> None:
    """A job in one of the states that it may be in when a disk loses a page."""
    rng = case.rng
    scene.must("submit", *scene.submission())
    state = rng.choice(["pending", "killed", "killed", "complete", "ordered", "worked"])
    case.what.append(state)
    if state == "killed":
        running = scene.begin("run", "--quiet", BLOCKFUSE_FAULT=f"file-renamed=kill@{rng.randint(1, 40)}")
        running.signals.add(9)
        scene.noted(running)
    elif state == "complete":
        scene.must("run", "--quiet")
    elif state in ("ordered", "worked"):
        scene.must("run", "--quiet", "--limit", str(rng.randint(1, 18)))
        scene.must("order", "--quiet")
        if state == "worked":
            order = scene.order()
            assert order
            scene.must("work", order, "--task", "0", "--tasks", "2", "--level", "0", "--quiet")
            if rng.random() < 0.5:
                scene.must("collect", "--quiet")


def damaged_databases(case: Case) -> None:
    """A damaged database: nothing crashes, and where all is said to be well, all voxels are; a backup makes it good."""
    rng = case.rng
    scene = case.new_scene(rng.choice(["zarr2-nested", "tiff"]), chunk=rng.choice([16, 32]))
    prepare(case, scene)
    scene.must("backup", "copy.sqlite")
    with closing(sqlite3.connect(scene.database)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    by_file = rng.random() < 0.5
    for _ in range(1 if by_file else rng.choice([1, 1, 2])):
        try:
            what = damage_file(rng, scene.database) if by_file else damage_row(rng, scene.database)
        except sqlite3.Error:
            # the first damage was such that there is no second
            break
        case.what.append(what)
        case.inject(what.split(":")[0].split(".")[0])
    works = [rng.choice(LOOKS), rng.choice(LOOKS), ["run", "--quiet", "--workers", "2"], ["verify", "--quiet"]]
    if rng.random() < 0.3:
        works.insert(rng.randrange(3), rng.choice(WORKS))
    statuses = {}
    for words in works:
        end = scene.blockfuse(*words, BLOCKFUSE_FAULT="patience:0.4")
        if end.status not in (0, 3, 12) and "error: " not in end.errors:
            raise Wrong(f"it does not say why\n{end}")
        statuses[words[0]] = end.status
    if statuses["run"] == 0 and statuses["verify"] == 0 and ["order", "--quiet"] not in works:
        voxels_are_whole(scene)
    recover(scene)
    settle(scene)


def recover(scene: Scene) -> None:
    """By the backup, as the hints say; a file that is no database any more goes first."""
    end = scene.blockfuse("restore", "copy.sqlite")
    if end.status == 64 and scene.database.exists():
        for suffix in ("", "-wal", "-shm"):
            path = f"{scene.database}{suffix}"
            if os.path.exists(path):
                os.rename(path, f"{path}.damaged")
        end = scene.blockfuse("restore", "copy.sqlite")
    if end.status != 0:
        raise Wrong(f"a backup cannot be put in place\n{end}")
