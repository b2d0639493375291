"""Whether record and voxels are those of a job that nothing happened to, as zarr-python and tensorstore read them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tensorstore
import zarr

from .program import End, Wrong
from .scene import Scene, Voxels


def levels(output: Path) -> list[tuple[int, Path]]:
    """The arrays of an image; a plain array is its own level 0."""
    if (output / ".zarray").exists():
        return [(0, output)]
    if (output / "zarr.json").exists() and json.loads((output / "zarr.json").read_text())["node_type"] == "array":
        return [(0, output)]
    return sorted((int(path.name), path) for path in output.iterdir() if path.name.isdigit())


def read_levels(output: Path) -> dict[int, Voxels]:
    """All voxels, by zarr-python."""
    return {level: np.asarray(zarr.open_array(str(path), mode="r")[:]) for level, path in levels(output)}


def read_by_tensorstore(path: Path) -> Voxels:
    """All voxels of a level, by another reader."""
    driver = "zarr" if (path / ".zarray").exists() else "zarr3"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": f"{path}/"}}
    return np.asarray(tensorstore.open(spec, read=True).result().read().result())


def block_files(scene: Scene) -> dict[Path, tuple[int, tuple[int, ...]]]:
    """The file of each block that has one."""
    files = {}
    for level, path in levels(scene.output):
        for file in path.rglob("*"):
            if file.is_file() and not file.name.startswith((".z", "zarr.json")):
                keys = [key for part in file.relative_to(path).parts for key in part.split(".") if key != "c"]
                files[file] = (level, tuple(map(int, keys)))
    return dict(sorted(files.items()))


class Blocks:
    """The blocks of a level, each read for itself."""

    def __init__(self, scene: Scene, level: int) -> None:
        """Opens the level's array."""
        self.path = dict(levels(scene.output))[level]
        self.array = zarr.open_array(str(self.path), mode="r")
        self.whole = scene.whole[level]
        self.size = self.array.shards or self.array.chunks

    def region(self, place: tuple[int, ...]) -> tuple[slice, ...]:
        """Its voxels, cut at the level's end."""
        return tuple(slice(i * n, min((i + 1) * n, m)) for i, n, m in zip(place, self.size, self.array.shape, strict=True))

    def fault(self, place: tuple[int, ...]) -> str | None:
        """What is wrong with a block, if anything is."""
        region = self.region(place)
        try:
            there = np.asarray(self.array[region])
        except Exception as error:  # whatever a reader says of bytes that are no chunk
            return f"cannot be read: {error!r}"[:300]
        wrong = int((there != self.whole[region]).sum())
        return f"{wrong} of {there.size} voxels differ" if wrong else None


def done_blocks_hold(scene: Scene) -> int:
    """No block that the record says is done differs from the undisturbed run's; how many there are."""
    done = scene.done_blocks()
    opened: dict[int, Blocks] = {}
    for level, place, state in done:
        if (level, place) in scene.harmed:
            continue
        if level not in opened:
            opened[level] = Blocks(scene, level)
        blocks = opened[level]
        if fault := blocks.fault(place):
            raise Wrong(f"block {place} of level {level} is recorded as {state}: {fault}")
        if state == "empty" and blocks.whole[blocks.region(place)].any():
            raise Wrong(f"block {place} of level {level} is recorded as empty")
    return len(done)


def voxels_are_whole(scene: Scene) -> None:
    """All voxels of all levels are those of the undisturbed run, to two readers."""
    there = levels(scene.output)
    if [level for level, _ in there] != sorted(scene.whole):
        raise Wrong(f"levels {there} are not those of the undisturbed run")
    for level, path in there:
        for reader in (lambda path: np.asarray(zarr.open_array(str(path), mode="r")[:]), read_by_tensorstore):
            wrong = int((reader(path) != scene.whole[level]).sum())
            if wrong:
                raise Wrong(f"{wrong} voxels of level {level} are not those of the undisturbed run")


def settle(scene: Scene) -> None:
    """The disturbance is over: following the hints ends in a job that is complete, whole and clean."""
    ends: list[End] = []
    scene.environment = {}
    for _ in range(8):
        end = scene.blockfuse("run", "--quiet")
        ends.append(end)
        if end.status == 3:
            scene.must("retry")
        elif end.status == 12 or end.status == 1 and "verify" in end.errors:
            _repair(scene)
        elif end.status == 0:
            end = scene.blockfuse("verify", "--quiet")
            ends.append(end)
            if end.status == 0:
                state = json.loads(scene.must("status", "--json").output)["state"]
                if state != "complete":
                    raise Wrong(f"run and verify went well, and the job is {state}")
                voxels_are_whole(scene)
                done_blocks_hold(scene)
                return
            if end.status != 12:
                raise Wrong(f"nothing disturbs it any more\n{end}")
            _repair(scene)
        else:
            break
    raise Wrong("it does not become complete:\n" + "\n".join(map(str, ends[-3:])))


def _repair(scene: Scene) -> None:
    end = scene.blockfuse("verify", "--repair", "--quiet")
    if end.status == 64 and "--withdraw" in end.errors:
        scene.must("order", "--withdraw")
        end = scene.blockfuse("verify", "--repair", "--quiet")
    if end.status != 0:
        raise Wrong(f"repairing does not go well\n{end}")
