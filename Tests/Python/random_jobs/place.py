"""Where the output's voxels are, and where in a view each of them is sampled.

Lists are in the order z y x, or y x. What rounding may change is said beside what it is: several shapes of the output
may be right, and a sample's place is known up to `doubt`.
"""
from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from .job import Array, Job, View

EPS = float(np.finfo(float).eps)


@dataclass
class Grid:
    spacing: Array
    origin: Array
    shape: Array

    def __str__(self) -> str:
        return f"shape {self.shape.tolist()}, origin {self.origin.tolist()}, spacing {self.spacing.tolist()}"


class Empty(Exception):
    """The views have no common part."""


def box(view: View, affine: Array, mode: str) -> tuple[Array, Array]:
    """What a view's pixel centres span in the world; for `sample` the middle of its far plane."""
    n = len(view.shape)
    last = (np.array(view.shape) - 1) * view.spacing
    corners = [np.array(c, float) for c in product((0.0, 1.0), repeat=n)]
    if mode == "sample":
        corners = [np.array([1.0, c[1], 0.5]) for c in corners]
    places = np.array([affine[:n, :n] @ (c * last + view.origin) + affine[:n, n] for c in corners])
    return places.min(0), places.max(0)


def enclosing(views: list[tuple[View, Array]], spacing: Array, mode: str) -> tuple[Grid, Grid]:
    """The output that views ask for at one time point: with the fewest and with the most voxels that rounding allows."""
    boxes = [box(v, a, mode) for v, a in views]
    lows, highs = np.array([b[0] for b in boxes]), np.array([b[1] for b in boxes])
    low, high = (lows.max(0), highs.min(0)) if mode == "intersection" else (lows.min(0), highs.max(0))
    fewest, most = steps(high - low, spacing, reach(views))
    if (fewest < 0).any():
        raise Empty
    return Grid(spacing, low, fewest.astype(int) + 1), Grid(spacing, low, most.astype(int) + 1)


def steps(extent: Array, spacing: Array, largest: Array) -> tuple[Array, Array]:
    """Steps that fit into an extent. What is less than a few units in the last place short of one has it: 1 is too few to
    miss, and 24 are too many to take."""
    ulp = largest * EPS / spacing
    return np.floor(extent / spacing + 1e-9 + ulp), np.floor(extent / spacing + 1.1e-9 + 24 * ulp)


def reach(views: list[tuple[View, Array]]) -> Array:
    """The largest number that takes part in the place of a voxel."""
    n = len(views[0][0].shape)
    largest = np.zeros(n)
    for view, affine in views:
        far = np.abs(view.origin) + np.array(view.shape) * view.spacing
        largest = np.maximum(largest, np.abs(affine[:n, :n]) @ far + np.abs(affine[:n, n]))
    return largest


def combined(all_times: list[Grid], which: int) -> Grid:
    low = np.min([g.origin for g in all_times], axis=0)
    spacing = all_times[0].spacing
    ends = [(g.origin - low) + (g.shape - 1) * spacing for g in all_times]
    cells = np.max([steps(end, spacing, np.abs(low) + np.abs(g.origin) + end)[which] for g, end in zip(all_times, ends)], axis=0)
    return Grid(spacing, low, cells.astype(int) + 1)


def output_grids(job: Job) -> list[Grid]:
    """The output, as more than one where rounding decides how many voxels it has: the first is that with the fewest."""
    options = job.options.get("output_stack_properties") or {
        k: job.options[f"output_{k}"] for k in ("origin", "shape") if f"output_{k}" in job.options}
    given = {k: options.get(k, {}) for k in ("origin", "shape")}
    spacing = job.output_spacing
    if all(len(given[k]) == job.dims for k in given):
        grids = [Grid(spacing, np.zeros(job.dims), np.ones(job.dims, int))]
    else:
        groups = by_time(job)
        mode = job.options.get("output_stack_mode", "union")
        both = [enclosing(group, spacing, mode) for group in groups]
        grids = [combined([b[i] for b in both], i) if len(both) > 1 else both[0][i] for i in (0, 1)]
    for grid in grids:
        for i, axis in enumerate(job.axes):
            grid.origin[i] = given["origin"].get(axis, grid.origin[i])
            grid.shape[i] = given["shape"].get(axis, grid.shape[i])
    if len(grids) == 1 or (grids[0].shape == grids[1].shape).all():
        return grids[:1]
    ranges = [range(a, b + 1) for a, b in zip(grids[0].shape, grids[1].shape)]
    return [Grid(spacing, grids[0].origin, np.array(shape)) for shape in product(*ranges)]


def by_time(job: Job) -> list[list[tuple[View, Array]]]:
    """The views of each time point; one group where it makes no difference. What all of them cover, unlike what they have in
    common, does not depend on when they are there."""
    is_common = job.options.get("output_stack_mode", "union") == "intersection"
    if all(len(v.affines) == 1 and (v.only is None or not is_common) for v in job.views):
        return [[(v, v.affine(0)) for v in job.views]]
    groups = [[(v, v.affine(t)) for v in job.views if v.only is None or v.only[0] == t] for t in range(job.times)]
    return [g for g in groups if g]


@dataclass
class PixelMap:
    """Output voxel i is sampled at `offset + matrix @ i`, in voxels of the view."""

    matrix: Array
    offset: Array
    #: how far off either may have come, in voxels, by rounding
    doubt: float

    def axis(self, axis: int, index: list[Array]) -> Array:
        """A coordinate of the samples, summed in the order that docs/fusion.md means by a fixed one."""
        p = self.offset[axis] + self.matrix[axis, 0] * index[0]
        for j in range(1, len(index)):
            p = p + self.matrix[axis, j] * index[j]
        return np.asarray(p)


def pixel_map(view: View, affine: Array, grid: Grid) -> PixelMap:
    n = len(view.shape)
    spacing, origin = np.array(view.spacing), np.array(view.origin)
    inverse = np.linalg.inv(affine)
    matrix = np.around(inverse[:n, :n] * grid.spacing / spacing[:, None], 10)
    excess = (inverse[:n, :n] - np.eye(n)) @ grid.origin
    offset = np.around((inverse[:n, n] + excess + (grid.origin - origin)) / spacing, 10)
    whole = np.round(offset)
    size = np.abs(inverse[:n, :n]) @ (np.abs(grid.origin) + np.abs(affine[:n, n])) + np.abs(origin)
    # a few units in the last place of what it is made of count as nothing
    noise = np.minimum(8 * np.spacing(np.abs(inverse[:n, n]) + np.abs(inverse[:n, :n] - np.eye(n)) @ np.abs(grid.origin) + np.abs(grid.origin) + np.abs(origin)) / spacing, 0.01)
    offset = np.where(np.abs(offset - whole) <= np.maximum(1e-6, noise), whole, offset)
    is_shift = bool((affine[:n, :n] == np.eye(n)).all())
    doubt = float((size / spacing).max()) * EPS * (4 if is_shift else 4 * float(np.linalg.cond(affine[:n, :n])))
    # where that is much, the tenth decimal may be another
    return PixelMap(matrix, offset, doubt + (1e-12 if doubt < 1e-12 else 2e-10))


def planewise(job: Job, grid: Grid, chunk: dict[str, int]) -> bool:
    """Whether z has no part in blending, in a job whose blocks are cut so."""
    choice = job.options.get("planewise", "auto")
    if choice != "auto":
        return bool(choice)
    if job.dims < 3 or min(chunk["z"], int(grid.shape[0])) > 1:
        return False
    if job.options.get("weights_func") or job.per_axis(job.options.get("overlap_in_pixels"), 0)[0] > 0:
        return False
    for view in job.views:
        for affine in view.affines:
            m = pixel_map(view, affine, grid)
            coupling = [m.matrix[0, 0] - 1, m.matrix[0, 1], m.matrix[0, 2], m.matrix[1, 0], m.matrix[2, 0]]
            if np.abs(coupling).max() > 1e-6 or m.offset[0] != np.round(m.offset[0]):
                return False
    return True
