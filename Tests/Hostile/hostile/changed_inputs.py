"""Inputs that change while a job is at work: written anew, overwritten, cut, purged, gone, and put back."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from . import inputs
from .case import Case
from .judge import done_blocks_hold, settle
from .program import Running, Wrong
from .scene import Scene

METADATA = {".zarray", ".zattrs", "zarr.json", "attributes.json"}


class Change:
    """Of the second view; it can be put back with all its times."""

    def __init__(self, case: Case, scene: Scene) -> None:
        """Keeps the view as it is."""
        self.rng, self.form, self.path = case.rng, scene.form, scene.inputs / "second"
        self.aside = scene.folder / "aside"
        if self.path.is_dir():
            shutil.copytree(self.path, self.aside)
        else:
            shutil.copy2(self.path, self.aside)
        ways = ["new", "new", "garbage", "touched"]
        if self.path.is_dir():
            ways += ["metadata gone", "replaced"]
            # of other formats nobody promises that a chunk that goes in mid-run is seen
            if self.form in ("zarr2-flat", "zarr2-nested", "zarr3", "n5"):
                ways += ["purged", "purged", "one purged"]
        else:
            ways += ["cut", "cut", "gone"]
        self.how = self.rng.choice(ways)

    def chunks(self) -> list[Path]:
        """The files that hold voxels."""
        return sorted(file for file in self.path.rglob("*") if file.is_file() and file.name not in METADATA)

    def make(self) -> None:
        """Does it."""
        if self.how == "new":
            inputs.write(self.path, self.form, 0)
        elif self.how == "replaced":
            # another store takes the place of the old one by a rename
            new = self.path.with_name("new")
            inputs.write(new, self.form, 0)
            self.path.rename(self.path.with_name("old"))
            new.rename(self.path)
        elif self.how == "touched":
            for file in self.path.rglob("*") if self.path.is_dir() else [self.path]:
                if file.is_file() and (file.name in METADATA or not self.path.is_dir()):
                    file.touch()
        elif self.how == "purged":
            for file in self.chunks():
                file.unlink()
        elif self.how == "one purged":
            self.rng.choice(self.chunks()).unlink()
        elif self.how == "metadata gone":
            for file in self.path.iterdir():
                if file.name in METADATA:
                    file.unlink()
        elif self.how == "gone":
            self.path.unlink()
        elif self.how == "cut":
            os.truncate(self.path, self.rng.randrange(self.path.stat().st_size))
        else:
            # so that no reader takes it for voxels
            file = self.rng.choice(self.chunks()) if self.path.is_dir() else self.path
            file.write_bytes(b"\xff" * 64)

    def undo(self) -> None:
        """Puts it back, with its times."""
        shutil.rmtree(self.path.with_name("old"), ignore_errors=True)
        if self.path.is_dir():
            shutil.rmtree(self.path)
            shutil.copytree(self.aside, self.path)
            return
        shutil.copy2(self.aside, self.path)


class Held:
    """Commands that stand still at some block until they are let go on."""

    def __init__(self, scene: Scene, at: int, commands: list[list[str]], checks: float | None) -> None:
        """Starts them, and waits until all of them stand still or have ended."""
        self.hold = scene.folder / "hold"
        self.hold.touch()
        self.scene = scene
        environment = {"BLOCKFUSE_FAULT": f"file-opening=hold:{self.hold}@{at}+,patience:0.5"}
        if checks is not None:
            environment["BLOCKFUSE_VIEW_CHECK_SECONDS"] = str(checks)
        self.running: list[Running] = [scene.begin(*words, **environment) for words in commands]
        start, first = time.monotonic(), 0.0
        while not all(self._is_still(running) for running in self.running):
            now = time.monotonic()
            if first == 0 and any(self._is_still(running) for running in self.running):
                first = now
            # one that has nothing to take waits for the other, and is never held
            if first and now > first + 0.5 or now > start + 30:
                break
            time.sleep(0.003)
        # where all had ended before, nothing was left to be noticed
        self.is_at_work = any(running.process.poll() is None for running in self.running)

    def _is_still(self, running: Running) -> bool:
        return running.process.poll() is not None or "made to fail" in running.errors()

    def go_on(self, kill: bool) -> None:
        """Lets them go on, or kills them."""
        for running in self.running:
            if kill and running.process.poll() is None:
                running.signal(9)
        self.hold.unlink()
        for running in self.running:
            self.scene.noted(running)


def changed_inputs(case: Case) -> None:
    """A view that changes while a run or a task is held, and is put back before or after that goes on."""
    rng = case.rng
    scene = case.new_scene(rng.choice(inputs.FORMATS), chunk=rng.choice([16, 32]), has_own_inputs=True)
    scene.must("submit", *scene.submission())
    change = Change(case, scene)
    workers = ["--workers", str(rng.randint(1, 3)), "--quiet"]
    who = rng.choice(["run", "run", "join", "work"])
    if who == "work":
        scene.must("order", "--quiet")
        order = scene.order()
        assert order
        tasks = rng.choice([1, 2])
        commands = [["work", order, "--task", str(i), "--tasks", str(tasks), *workers] for i in range(tasks)]
    elif who == "join":
        commands = [["run", "--join", *workers]] * 2
    else:
        commands = [["run", *workers]]
    at = rng.choice([1, rng.randint(2, 10), rng.randint(5, 25)])
    when = rng.choice(["after", "after", "before", "killed"])
    checks = rng.choice([None, 0.05, 0.2])
    case.what.append(f"{change.how}, {who} held at {at}, put back {when}, checks {checks}")
    held = Held(scene, at, commands, checks)
    change.make()
    if rng.random() < 0.3:
        time.sleep(rng.uniform(0, 0.3))
    if when == "before":
        change.undo()
    case.inject(change.how)
    held.go_on(kill=when == "killed")
    if when == "killed":
        # a change that is put back before the next run begins can be seen by nobody
        scene.environment = {"BLOCKFUSE_FAULT": "patience:0.5"}
        fused = scene.level_is_settled(0)
        end = scene.blockfuse("run", "--quiet")
        if end.status == 0 and held.is_at_work and change.how != "garbage" and not unnoticed(change, fused):
            raise Wrong(f"a change ({change.how}) was not noticed by the next run\n{end}")
    done_blocks_hold(scene)
    if when != "before":
        change.undo()
    scene.environment = {}
    if scene.blockfuse("status").status != 0:
        raise Wrong("status does not go well")
    settle(scene)


def unnoticed(change: Change, fused: bool) -> bool:
    """Chunks inside of folders that are never read, or whose removal leaves every recorded time as it was.

    Where level 0 was made before, no chunk of a view is read any more.
    """
    return change.form == "zarr3-sharded" or change.how == "metadata gone" or (fused and change.how in ("purged", "one purged"))
