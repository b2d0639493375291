"""Files of an output that are damaged, in every codec: `verify` names them, and what is made again is as it was."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

from .case import Case
from .judge import Blocks, block_files, settle
from .program import Wrong
from .scene import Scene

WAYS = ["bit", "bit", "bits", "bytes", "cut", "longer", "empty", "zeros", "noise", "removed", "removed", "folder", "link"]
WAYS += ["older half"]
METADATA = {".zarray", ".zattrs", ".zgroup", "zarr.json"}
# a file that is whole, and another block's: only a checksum in the record tells
SWAPS = ["swapped", "copied"]


def damage(rng: random.Random, way: str, file: Path, other: Path) -> None:
    """Does it to a file; two of them where they are swapped."""
    data = bytearray(file.read_bytes())
    if way == "bit":
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif way == "bits":
        for _ in range(rng.randint(2, 9)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif way == "bytes":
        at = rng.randrange(len(data))
        data[at : at + rng.randint(1, 40)] = rng.randbytes(len(data[at : at + rng.randint(1, 40)]))
    elif way == "cut":
        del data[rng.randrange(len(data)) :]
    elif way == "longer":
        data += rng.choice([b"\0", rng.randbytes(rng.randint(1, 5000)), bytes(data)])
    elif way == "empty":
        data = bytearray()
    elif way == "zeros":
        # what a file system leaves of a file whose bytes it lost
        at = rng.randrange(len(data))
        data[at:] = bytes(len(data) - at)
    elif way == "noise":
        data = bytearray(rng.randbytes(len(data)))
    elif way == "older half":
        half = len(data) // 2
        data[half:] = other.read_bytes()[half : len(data)]
    if way in ("removed", "folder", "link"):
        file.unlink()
        if way == "folder":
            file.mkdir()
        elif way == "link":
            file.symlink_to("nowhere")
    elif way == "swapped":
        theirs = other.read_bytes()
        other.write_bytes(data)
        file.write_bytes(theirs)
    elif way == "copied":
        shutil.copyfile(other, file)
    else:
        file.write_bytes(data)


def damaged_outputs(case: Case) -> None:
    """Some blocks of a job are damaged: all that is wrong is named, and nothing that nobody touched."""
    rng = case.rng
    scene = case.new_scene("zarr2-nested", chunk=rng.choice([16, 16, 32]))
    scene.must("submit", *scene.submission())
    if rng.random() < 0.2:
        scene.must("run", "--quiet", "--limit", str(rng.randint(30, 60)))
        scene.must("run", "--quiet", "--limit", str(rng.randint(1, 10)))
    else:
        scene.must("run", "--quiet")
    if rng.random() < 0.15 and not scene.look.name.startswith("plain"):
        damage_metadata(case, scene)
        settle(scene)
        return
    files = block_files(scene)
    touched: set[tuple[int, tuple[int, ...]]] = set()
    ways = WAYS + SWAPS * 2 if scene.look.is_summed else WAYS
    for _ in range(rng.choice([1, 1, 2, 3, 6])):
        left = [file for file, block in files.items() if block not in touched]
        file, other = rng.sample(left, 2)
        # of two files that are swapped in one and the same way nothing is seen by anybody
        way = rng.choice(ways)
        damage(rng, way, file, other)
        touched.add(files[file])
        if way == "swapped":
            touched.add(files[other])
        case.what.append(f"{way} {os.path.relpath(file, scene.output)}")
        case.inject(way)
    named = verify(scene)
    for level, place in touched:
        fault = Blocks(scene, level).fault(place)
        if fault and (level, place) not in named:
            raise Wrong(f"block {place} of level {level} is damaged, and verify does not name it: {fault}")
    if named - touched:
        raise Wrong(f"verify names what nobody touched: {sorted(named - touched)}")
    end = scene.blockfuse("verify", "--repair", "--quiet")
    if end.status != 0:
        raise Wrong(f"repairing does not go well\n{end}")
    settle(scene)


def damage_metadata(case: Case, scene: Scene) -> None:
    """What says how blocks lie is damaged: repairing writes it again, and leaves the voxels."""
    rng = case.rng
    files = sorted(file for file in scene.output.rglob("*") if file.name in METADATA)
    # by those of the levels an output is known that lost its own, and the other way round
    is_image = rng.random() < 0.5
    files = [file for file in files if (file.parent == scene.output) == is_image]
    for file in rng.sample(files, min(len(files), rng.choice([1, 1, 2, 9]))):
        way = rng.choice(["bit", "bytes", "cut", "longer", "empty", "zeros", "noise", "removed", "folder", "another"])
        if way == "another":
            file.write_text("{}")
        else:
            damage(rng, way, file, file)
        case.what.append(f"{way} {os.path.relpath(file, scene.output)}")
        case.inject(f"metadata {way}")
    before = len(scene.done_blocks())
    scene.blockfuse("verify", "--quiet")
    end = scene.blockfuse("verify", "--repair", "--quiet")
    if end.status != 0:
        raise Wrong(f"repairing does not go well\n{end}")
    if len(scene.done_blocks()) != before:
        raise Wrong("for damaged metadata blocks are made again")


def verify(scene: Scene) -> set[tuple[int, tuple[int, ...]]]:
    """The blocks that `verify` names."""
    end = scene.blockfuse("verify", "--json")
    if end.status not in (0, 12):
        raise Wrong(f"verify neither finds all well nor names a block\n{end}")
    answer = json.loads(end.output)
    named = {(problem["level"], tuple(problem["block"])) for problem in answer["problems"]}
    if (end.status == 12) != bool(named):
        raise Wrong(f"its status does not say what it found\n{end}")
    return named
