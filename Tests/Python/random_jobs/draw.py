"""Jobs by seed."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import transforms, voxels
from .job import Array, Job, View, Way
from .place import Empty, Grid, output_grids, planewise

#: An output has no more voxels than this at a time point and channel.
LARGEST = 30_000
FUNCTIONS = ["weighted_average_fusion"] * 6 + ["simple_average_fusion", "max_fusion", "min_fusion", "median_fusion", "first_view_wins", "last_view_wins"] + ["closest_view_wins"] * 2
WITH_TIME = ["ome-zarr-0.4", "ome-zarr-0.5", "zarr-2", "zarr-3"]
ONE_IMAGE = [*WITH_TIME, "n5", "hdf5", "tiff"]
COMPRESSORS = ["zstd", "gzip", "blosc", None]


def draw(seed: int) -> Job:
    rng = np.random.default_rng([seed, 0xB10C])
    while True:
        job = attempt(rng, seed)
        grid = fitted(rng, job)
        if grid is not None:
            job.ways = ways(rng, job, grid)
            return job


def maybe(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)


def attempt(rng: np.random.Generator, seed: int) -> Job:
    n = 3 if maybe(rng, 0.65) else 2
    count = int(rng.integers(1, 9)) if maybe(rng, 0.5) else int(rng.integers(1, 4))
    times, channels = (1, 1) if maybe(rng, 0.75) else (int(rng.integers(1, 4)), int(rng.integers(1, 3)))
    options = fusion_options(rng, n)
    gentle = "weights_func" in options
    views = draw_views(rng, n, count, times, channels, gentle)
    if times * channels > 1 and maybe(rng, 0.4):
        views = [one_of_series(v, t, c) for t in range(times) for c in range(channels) for v in views]
    options |= output_options(rng, views, n)
    return Job(seed, views, times, channels, options, [])


def draw_views(rng: np.random.Generator, n: int, count: int, times: int, channels: int, gentle: bool) -> list[View]:
    base = np.array([int(rng.integers(*((2, 12) if n == 3 and a == 0 else (8, 26)))) for a in range(n)])
    if n == 2 and maybe(rng, 0.08):
        base[1] = int(rng.integers(200, 240))  # long enough for a pyramid
    spacing = np.array([float(rng.choice([1, 0.5, 0.25, 2, 0.325, 0.1])) if maybe(rng, 0.7) else float(rng.uniform(0.2, 3)) for _ in range(n)])
    style = str(rng.choice(["grid", "shifted", "one kind", "any kind"]))
    kind_of_all = str(rng.choice(transforms.KINDS))
    dtype, mixed = str(rng.choice(voxels.TYPES)), maybe(rng, 0.2)
    unequal, flat = maybe(rng, 0.5), n == 3 and maybe(rng, 0.12)
    moving = times > 1 and maybe(rng, 0.5)
    far = np.zeros(n)
    if maybe(rng, 0.15):
        far = spacing * np.round(rng.choice([-1, 1], n) * 10.0 ** rng.uniform(3, 8, n))
    views: list[View] = []
    for i in range(count):
        kind = {"grid": "whole", "shifted": "shift", "one kind": kind_of_all}.get(style) or str(rng.choice(transforms.KINDS))
        shape = base.copy()
        if unequal:
            shape = np.maximum(shape + rng.integers(-4, 5, n), 2)
        if flat and maybe(rng, 0.7):
            shape[0] = 1
        own = spacing if maybe(rng, 0.8) or kind in transforms.ON_GRID else spacing * rng.choice([1, 2, 0.5, 1.3], n)
        kind_dtype = np.dtype(str(rng.choice(voxels.TYPES)) if mixed else dtype)
        content = str(rng.choice(voxels.contents(kind_dtype, gentle=gentle)))
        data = voxels.make(rng, (times, channels, *(int(s) for s in shape)), kind_dtype, content)
        origin, affines = placed(rng, kind, shape, own, spacing, base, count, far, times if moving else 1)
        view = View(f"v{i}", kind, content, data, own.tolist(), origin, affines)
        layouts = ONE_IMAGE if times * channels == 1 else WITH_TIME
        view.layout = layout(rng, view, layouts)
        if not gentle and content in ("soft", "constant") and maybe(rng, 0.1):
            view.scale, view.offset = float(rng.uniform(0.3, 2)), float(rng.uniform(-50, 50))
        views.append(view)
    return views


def layout(rng: np.random.Generator, view: View, layouts: list[str]) -> str:
    possible = [k for k in layouts if not (k == "n5" and view.data.dtype == np.float16) and not (k == "tiff" and 1 in view.shape)]
    return str(rng.choice(possible))


def placed(rng: np.random.Generator, kind: str, shape: Array, own: Array, spacing: Array, base: Array, count: int, far: Array,
           times: int) -> tuple[list[float], list[Array]]:
    """An origin and maps that put a view beside or onto the others."""
    n = len(shape)
    spread = 0.4 * count ** (1 / n)
    target = rng.uniform(-spread, spread, n) * base
    origin = np.round(rng.uniform(-20, 20, n)) * own
    if kind in transforms.ON_GRID:
        move = np.round(target) * spacing
        if kind == "identity":
            return (move + far).tolist(), [np.eye(n + 1)] * times
        start, step = (origin + far, move) if maybe(rng, 0.5) else (move, far)
        return start.tolist(), [transforms.homogeneous(np.eye(n), step + t * spacing) for t in range(times)]
    affines = []
    for _ in range(times):
        matrix = transforms.linear(rng, kind, n)
        aim = target + rng.uniform(-1, 1, n)
        if kind in ("flip", "swap") and maybe(rng, 0.5):
            aim = np.round(aim * 2) / 2
        centre = origin + (shape - 1) / 2 * own
        affines.append(transforms.placing(matrix, centre, aim * spacing + far))
    return origin.tolist(), affines


def one_of_series(view: View, t: int, c: int) -> View:
    """The image of one time point and channel, in a file of its own."""
    data = view.data[t:t + 1, c:c + 1]
    kind = {"zarr-2": "n5", "zarr-3": "hdf5", "ome-zarr-0.5": "tiff"}.get(view.layout, view.layout)
    if (kind == "n5" and data.dtype == np.float16) or (kind == "tiff" and 1 in view.shape):
        kind = "hdf5"
    return View(f"{view.name}_t{t}_c{c}", view.kind, view.content, data, view.spacing, view.origin, [view.affine(t)], kind,
                view.scale, view.offset, (t, c))


def fusion_options(rng: np.random.Generator, n: int) -> dict[str, Any]:
    options: dict[str, Any] = {}
    axes = "zyx"[-n:]
    if maybe(rng, 0.1):
        options["weights_func"] = "content_based"
        options["weights_func_kwargs"] = {"sigma_1": float(rng.choice([0.5, 1, 1.5])), "sigma_2": float(rng.choice([1, 2, 3]))}
    else:
        options["fusion_func"] = str(rng.choice(FUNCTIONS))
        if maybe(rng, 0.3):
            options["interpolation_order"] = int(rng.choice([0, 2, 3, 4, 5], p=[0.4, 0.1, 0.25, 0.1, 0.15]))
        if maybe(rng, 0.06):
            options["output_mask"] = True
    if maybe(rng, 0.6):
        widths = {a: float(rng.choice([0.3, 1, 2, 3, 5, 20])) for a in axes}
        options["blending_widths"] = widths
        if maybe(rng, 0.08) and "weights_func" not in options:
            widths[axes[int(rng.integers(n))]] = float(rng.choice([0, 1000]))
    if maybe(rng, 0.1):
        options["overlap_in_pixels"] = int(rng.integers(1, 4))
    if maybe(rng, 0.15):
        options["rounding"] = "truncate"
    if n == 3 and maybe(rng, 0.15):
        options["planewise"] = maybe(rng, 0.5)
    return options


def output_options(rng: np.random.Generator, views: list[View], n: int) -> dict[str, Any]:
    axes = "zyx"[-n:]
    options: dict[str, Any] = {}
    first = dict(zip(axes, views[0].spacing))
    if maybe(rng, 0.35):
        chosen = [a for a in axes if maybe(rng, 0.6)] or [axes[-1]]
        ratios = [float(rng.choice([*transforms.RATIOS, 1 / 7])) if maybe(rng, 0.5) else float(rng.uniform(0.6, 1.8)) for _ in chosen]
        options["output_spacing"] = {a: first[a] * r for a, r in zip(chosen, ratios)}
    mode = str(rng.choice(["union", "intersection", "sample"], p=[0.75, 0.15, 0.1]))
    if mode != "union" and not (mode == "sample" and n == 2):
        options["output_stack_mode"] = mode
    if maybe(rng, 0.2):
        options["output_dtype"] = str(rng.choice(voxels.TYPES))
    return options


def fitted(rng: np.random.Generator, job: Job) -> Grid | None:
    """The output, after it was made smaller where it is too large, and a part of it chosen; None where there is none."""
    options = job.options
    if options.get("output_mask"):
        options.pop("output_dtype", None)
        if maybe(rng, 0.3):
            options["output_dtype"] = "uint16"
    if job.output_type.kind in "iu" and not options.get("output_mask") and maybe(rng, 0.1):
        low = float(rng.uniform(-100, 100))
        options["intensity_range"] = [low, low + float(rng.choice([50, 300, 5000.0, 1e6]))]
    for _ in range(40):
        try:
            grid = output_grids(job)[0]
        except Empty:
            if options.pop("output_stack_mode", None) is None:
                return None
            continue
        if np.prod(grid.shape.astype(float)) <= LARGEST:
            return region(rng, job, grid)
        coarser = np.where(grid.shape > 20, 1.5, 1.0)
        options["output_spacing"] = dict(zip(job.axes, (job.output_spacing * coarser).tolist()))
    return None


def region(rng: np.random.Generator, job: Job, grid: Grid) -> Grid:
    if maybe(rng, 0.75):
        return grid
    options = job.options
    lower = [int(rng.integers(-2, max(s // 2, 1))) for s in grid.shape]
    part = rng.choice([0.0, 0.0, 0.5, 0.37], job.dims)
    origin = dict(zip(job.axes, (grid.origin + (lower + part) * grid.spacing).tolist()))
    shape = dict(zip(job.axes, (int(rng.integers(1, s + 3)) for s in grid.shape)))
    chosen = [a for a in job.axes if maybe(rng, 0.7)] or [job.axes[-1]]
    if maybe(rng, 0.4):
        options["output_stack_properties"] = {"spacing": dict(zip(job.axes, grid.spacing.tolist())), "origin": origin, "shape": shape}
    else:
        options["output_shape"] = {a: shape[a] for a in chosen}
        if maybe(rng, 0.7):
            options["output_origin"] = {a: origin[a] for a in chosen}
    return output_grids(job)[0]


def ways(rng: np.random.Generator, job: Job, grid: Grid) -> list[Way]:
    result = [way(rng, job, grid), way(rng, job, grid)]
    result[0].limits = [int(rng.integers(1, 9)) for _ in range(int(rng.integers(0, 3)))]
    # which chunk is asked for decides this, so that the second way has to say what the first came to
    if job.dims == 3 and planewise(job, grid, result[0].chunk) != planewise(job, grid, result[1].chunk):
        result[1].chunk["z"] = result[0].chunk["z"]
        if result[1].shards:
            result[1].shards["z"] = result[1].chunk["z"]
    return result


def way(rng: np.random.Generator, job: Job, grid: Grid) -> Way:
    # not so many blocks that most of the time goes into files
    while True:
        chunk = {a: int(rng.integers(1, s + 6)) for a, s in zip(job.axes, grid.shape)}
        if np.prod([np.ceil(s / chunk[a]) for a, s in zip(job.axes, grid.shape)]) * job.times * job.channels <= 60:
            break
    made = Way(chunk, int(rng.integers(1, 5)), str(rng.choice(["0.4", "0.4", "0.5", "0.5", "plain-0.4", "plain-0.5"])))
    made.compressor = COMPRESSORS[int(rng.integers(4))]
    if made.layout.endswith("0.5") and maybe(rng, 0.5):
        made.shards = {a: chunk[a] * int(rng.integers(1, 4)) for a in job.axes}
    return made
