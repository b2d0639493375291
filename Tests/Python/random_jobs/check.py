"""Runs the program on a job, and compares what it wrote with the twin, the reference and itself."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from conftest import binary

from . import reference, twin
from .draw import draw
from .job import Array, Job, Way
from .place import EPS, Grid, output_grids, planewise, reach
from .sample import precision
from .write import write

#: syncing files costs nothing there
MEMORY = Path("/dev/shm")


class Wrong(AssertionError):
    """What is wrong, where, and how to see it again."""

    def __init__(self, job: Job, what: str):
        run = f"cd Tests/Python && BLOCKFUSE_BIN={os.environ.get('BLOCKFUSE_BIN', '../../.build/release')} python -m random_jobs --seeds {job.seed}"
        super().__init__(f"seed {job.seed}: {what}\n  again: {run}\n  {job}")


@dataclass
class Checked:
    voxels: int
    #: voxels that the last place may decide: not compared
    left_out: int
    by_reference: int


def check(seed: int) -> Checked:
    """Raises `Wrong`."""
    job = draw(seed)
    folder = Path(tempfile.mkdtemp(prefix=f"job{seed}-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    try:
        write(job, folder)
        grids = output_grids(job)
        is_planewise = planewise(job, grids[0], job.ways[0].chunk)
        first, second = (run(job, way, folder, f"out{i}", is_planewise) for i, way in enumerate(job.ways))
        fitting = [g for g in grids if first.shape[2:] == tuple(g.shape)]
        if not fitting or first.shape[:2] != (job.times, job.channels):
            raise Wrong(job, f"the output is {first.shape}, not {grids[0]}")
        compare_place(job, folder, fitting[0])
        compare_extent(job, fitting[0])
        if first.tobytes() != second.tobytes():
            at = tuple(int(i) for i in np.argwhere(first != second)[0]) if first.shape == second.shape and (first != second).any() else "shape or NaN"
            raise Wrong(job, f"the way decides voxels, first at {at}")
        return compare(job, fitting[0], first, is_planewise)
    finally:
        shutil.rmtree(folder)


def run(job: Job, way: Way, folder: Path, output: str, is_planewise: bool) -> Array:
    options = job.options | way.options()
    if way is job.ways[1] and job.dims == 3:
        options["planewise"] = is_planewise
    (folder / f"{output}.json").write_text(json.dumps(options))

    def blockfuse(*arguments: str) -> None:
        command = [binary(), *arguments]
        database = str(folder / f"{output}.sqlite")
        end = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": database})
        if end.returncode != 0:
            raise Wrong(job, f"{' '.join(command)}: exit {end.returncode}\n{end.stdout}{end.stderr}")

    workers = ("--workers", str(way.workers), "--quiet")
    blockfuse("submit", "dataset.json", "--output", output, "--options", f"{output}.json")
    for limit in way.limits:
        blockfuse("run", "--limit", str(limit), *workers)
    blockfuse("run", *workers)
    level = folder / output if way.layout.startswith("plain") else folder / output / "0"
    result: Array = np.asarray(zarr.open_array(str(level), mode="r")[:])
    if not way.layout.startswith("plain"):
        compare_pyramid(job, folder / output, result)
    return result.astype(result.dtype.newbyteorder("="))


def compare_pyramid(job: Job, output: Path, base: Array) -> None:
    """A voxel is the mean of the 2 along each axis whose half is above 100, truncated."""
    names = sorted(zarr.open_group(str(output), mode="r").array_keys(), key=int)
    for name in names[1:]:
        found = np.asarray(zarr.open_array(str(output / name), mode="r")[:])
        mean: Array = base.astype(np.longdouble)
        for axis in range(2, base.ndim):
            if base.shape[axis] // 2 > 100:
                pairs = np.moveaxis(mean, axis, 0)[: base.shape[axis] // 2 * 2]
                with np.errstate(invalid="ignore"):
                    mean = np.moveaxis((pairs[0::2] + pairs[1::2]) / 2, 0, axis)
        number = np.where(np.isnan(mean), 0, mean)
        low, high = stored(number, np.abs(finite(number)) * 1e-15 if job.is_double else 0, found.dtype, "truncate")
        wrong = ~((low <= found) & (found <= high))
        if found.shape != number.shape or wrong.any():
            raise Wrong(job, f"level {name} of the pyramid is not the mean of the level below")
        base = found
    if any(s // 2 > 100 for s in base.shape[2:]):
        raise Wrong(job, f"the pyramid ends at {base.shape}")


def compare_place(job: Job, folder: Path, grid: Grid) -> None:
    for i, way in enumerate(job.ways):
        if way.layout.startswith("plain"):
            continue
        attributes: dict[str, Any] = dict(zarr.open_group(str(folder / f"out{i}"), mode="r").attrs)
        first = (attributes.get("ome") or attributes)["multiscales"][0]["datasets"][0]["coordinateTransformations"]
        place = {t["type"]: np.array(t[t["type"]][2:]) for t in first}
        close = 1e-13 * (np.abs(grid.origin) + 100 * grid.spacing) + 1e-15 * max(float(np.abs(v.origin).max()) for v in job.views)
        if (np.abs(place["translation"] - grid.origin) > close).any() or not np.allclose(place["scale"], grid.spacing, 1e-12):
            raise Wrong(job, f"the output is at {place}, not at {grid}")


def compare_extent(job: Job, grid: Grid) -> None:
    """With the reference's, where numbers are so small that its fixed tolerance is enough."""
    is_given = any(f"output_{k}" in job.options for k in ("origin", "shape", "stack_properties"))
    largest = reach([(v, a) for v in job.views for a in v.affines])
    if is_given or job.views[0].only is not None or (largest * EPS / grid.spacing > 1e-11).any():
        return
    expected = reference.stack(job)
    if (expected.shape != grid.shape).any() or (np.abs(expected.origin - grid.origin) > 1e-9 * grid.spacing).any():
        raise Wrong(job, f"the output is {grid}, and the reference's {expected}")


def compare(job: Job, grid: Grid, found: Array, is_planewise: bool) -> Checked:
    left_out = by_reference = 0
    has_reference = reference.is_defined(job, is_planewise)
    for t in range(job.times):
        for c in range(job.channels):
            answer = twin.compute(job, grid, t, c, planewise=is_planewise)
            low, high = bounds(job, answer)
            voxels = found[t, c]
            wrong = ~((low <= voxels) & (voxels <= high)) & ~answer.doubtful
            if wrong.any():
                raise Wrong(job, said("the twin", wrong, voxels, low, high, answer, t, c))
            left_out += int(answer.doubtful.sum())
            if has_reference:
                is_compared = ~answer.doubtful & ~answer.on_border
                by_reference += int(is_compared.sum())
                low, high = reference_bounds(job, reference.compute(job, grid, t, c), answer)
                wrong = ~((low <= voxels) & (voxels <= high)) & is_compared
                if wrong.any():
                    raise Wrong(job, said("the reference", wrong, voxels, low, high, answer, t, c))
    return Checked(found.size, left_out, by_reference)


def said(whose: str, wrong: Array, voxels: Array, low: Array, high: Array, answer: twin.Answer, t: int, c: int) -> str:
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (f"{int(wrong.sum())} of {wrong.size} voxels are not {whose}'s, first t {t}, c {c}, {at}: {voxels[at]}, not {low[at]} to {high[at]}; "
            f"{answer.count[at]} views have a value there")


def finite(a: Array) -> Array:
    return np.where(np.isfinite(a), a, 0)


def bounds(job: Job, answer: twin.Answer) -> tuple[Array, Array]:
    """What may be stored: from one value to another."""
    if job.options.get("output_mask"):
        top = np.iinfo(job.output_type).max
        return np.minimum(answer.count, top), np.minimum(answer.count, top)
    value, error = answer.value, answer.error
    has = ~np.isnan(value)
    if "intensity_range" in job.options:
        least, most = job.options["intensity_range"]
        gain = np.iinfo(job.output_type).max / (most - least)
        with np.errstate(over="ignore"):
            error = error * gain + 8 * precision(job) * (np.abs(finite(value)) + abs(least)) * gain
            value = (value - least) * gain
    low, high = stored(np.where(has, value, 0), error, job.output_type, job.options.get("rounding", "nearest"))
    return np.where(has, low, 0), np.where(has, high, 0)


def stored(value: Array, error: Array | float, dtype: np.dtype[Any], rounding: str) -> tuple[Array, Array]:
    low, high = value - error, value + error
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        whole = np.trunc if rounding == "truncate" else np.rint
        least, most = np.longdouble(info.min), np.longdouble(info.max)
        return np.clip(whole(low), least, most), np.clip(whole(high), least, most)
    limits = np.finfo(dtype)
    step = np.abs(finite(value)) * float(limits.eps) + float(limits.smallest_subnormal)
    low, high = low - step, high + step
    top = float(limits.max)
    # what rounds to more than the largest number is infinity
    low, high = np.where(low < -top, -np.inf, low), np.where(high > top, np.inf, high)
    return np.where(value == np.inf, np.inf, low), np.where(value == -np.inf, -np.inf, high)


def reference_bounds(job: Job, expected: Array, answer: twin.Answer) -> tuple[Array, Array]:
    # its weights are sums of 32 bit, which tell where numbers of all sizes meet
    part = 1e-3 if job.is_double or job.options.get("weights_func") else 1e-4
    error = part * float(np.ptp(expected)) + 1e-5 * np.abs(expected)
    if job.options.get("fusion_func", "weighted_average_fusion") == "weighted_average_fusion":
        # its ramp is 1 plus a cosine in 32 bit, which is off by as much however small the weight is
        error = error + 4 * float(np.finfo(np.float32).eps) * answer.count * float(np.ptp(expected)) / answer.weight
    return stored(expected, error, job.output_type, job.options.get("rounding", "nearest"))
