"""A view, resampled to the output's grid, and its blending weights: the twin's own, in double precision."""
from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from .job import Array, Job, View
from .place import PixelMap
from .spline import spline

#: A sample so far outside a view's first or last voxel is on it, in voxels.
BORDER = 1e-6


def border(at: PixelMap, axis: int, length: int) -> float:
    """More on long views: for each voxel from the output's first one, the matrix is rounded once."""
    slopes = np.abs(at.matrix[axis])
    if np.count_nonzero(slopes) != 1 or slopes[axis] == 0:
        return BORDER
    return max(BORDER, min(1e-10 * float((abs(at.offset[axis]) + length - 1) / slopes[axis]), 0.01))


@dataclass
class Sampled:
    """A view, resampled to the output's grid."""

    #: NaN where it has no value
    value: Array
    error: Array
    doubtful: Array
    weight: Array
    #: in blending widths, to the border
    distance: Array
    #: what the distance is made of: where another view's is the same, so is the weight, to the last bit
    cells: list[Array]
    ramp: tuple[Any, ...]
    has_exact_place: Array
    on_border: Array

    @property
    def has_value(self) -> Array:
        return ~np.isnan(self.value)


def precision(job: Job) -> float:
    return float(np.finfo(np.float64 if job.is_double else np.float32).eps)


def sample(job: Job, view: View, image: Array, at: PixelMap, index: list[Array], planewise: bool) -> Sampled:
    shape = np.broadcast_shapes(*(a.shape for a in index))
    valid, doubtful, on_border = np.ones(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool)
    places: list[Array] = []
    # the reference counts from the halo on then
    is_grown = bool(job.options.get("weights_func"))
    flat = job.dims == 3 and view.shape[0] == 1 and at.matrix[0, 0] != 0 and not at.matrix[0, 1:].any()
    for axis, length in enumerate(view.shape):
        if flat and axis == 0:
            # a single plane lies on the output plane nearest to it, of two the lower, straight above or below its place
            height = -at.offset[0] / at.matrix[0, 0]
            valid &= index[0] == np.ceil(height - 0.5)
            tie = abs(height - np.floor(height) - 0.5)
            if 0 < tie < 2e-6 + 4 * at.doubt:
                doubtful |= np.abs(index[0] - height) < 0.6
            index = [np.full_like(index[0], height), *index[1:]]
            places.append(np.zeros(shape))
            continue
        p = np.broadcast_to(at.axis(axis, index), shape)
        last = length - 1
        edge = border(at, axis, length)
        valid &= (p >= -edge) & (p <= last + edge)
        doubtful |= (np.abs(p + edge) < at.doubt) | (np.abs(p - last - edge) < at.doubt)
        off = np.minimum(np.abs(p), np.abs(p - last))
        on_border |= ((off > 0) | is_grown) & (off < 2 * edge + at.doubt)
        places.append(np.clip(p, 0, last))
    doubtful &= np.all([(p >= 0) & (p <= n - 1) for p, n in zip(places, view.shape)], axis=0)
    numbers = image.astype(np.longdouble if job.is_double else np.float64)
    order = job.options.get("interpolation_order", 1)
    if order == 0:
        value, error, unsure = nearest(numbers, places, at)
    else:
        value, error, unsure = linear(numbers, places, at, precision(job))
    if order > 1:
        smooth = spline(numbers, places, at, precision(job), order, flat)
        value, error = np.where(smooth.is_missing, value, smooth.value), np.where(smooth.is_missing, error, smooth.error)
        unsure = (unsure & smooth.is_missing) | smooth.unsure
    if view.scale != 1 or view.offset != 0:
        with np.errstate(invalid="ignore", over="ignore"):
            value = value * view.scale + view.offset
            error = error * abs(view.scale) + 4 * precision(job) * (np.abs(value) + abs(view.offset))
        error = np.where(np.isfinite(error), error, 0)
    value = np.where(valid, value, np.nan)
    doubtful |= unsure & valid
    blended = [i for i in range(job.dims) if not (job.axes[i] == "z" and (planewise or flat))]
    widths = blending_widths(job)
    blended = [i for i in blended if widths[i] > 0]
    cells = [np.minimum(places[i] + 1, view.shape[i] - places[i]) * 4 / (view.shape[i] + 1) for i in blended]
    steps = [(view.shape[i] + 1) / 4 * view.spacing[i] / widths[i] for i in blended]
    distance = border_distance(cells, steps, shape)
    weight = np.maximum(np.sin(np.minimum(distance, 1) * np.pi / 2) ** 2, 1e-30)
    exact = np.all([p * 1024 == np.round(p * 1024) for p in places], axis=0)
    return Sampled(value, np.where(valid, error, 0), doubtful, weight, distance, cells, (blended, steps, view.shape), exact, on_border)


def nearest(image: Array, places: list[Array], at: PixelMap) -> tuple[Array, Array, Array]:
    indices, unsure = [], np.zeros(places[0].shape, bool)
    for p, length in zip(places, image.shape):
        i = np.floor(p + 0.5)
        tie = np.abs(p - np.floor(p) - 0.5)
        unsure |= (tie > 0) & (tie < at.doubt)
        indices.append(np.minimum(i, length - 1).astype(int))
    return image[tuple(indices)], np.zeros(unsure.shape), unsure


def linear(image: Array, places: list[Array], at: PixelMap, eps: float) -> tuple[Array, Array, Array]:
    """A neighbour of weight 0 is not looked at. NaN, or both infinities, among the others is no value."""
    shape = places[0].shape
    floors = [np.floor(p) for p in places]
    fractions = [p - f for p, f in zip(places, floors)]
    total, low, high = np.zeros(shape, image.dtype), np.full(shape, np.inf, image.dtype), np.full(shape, -np.inf, image.dtype)
    missing, plus, minus = (np.zeros(shape, bool) for _ in range(3))
    for corner in product((0, 1), repeat=len(places)):
        weight = np.ones(shape)
        indices = []
        for bit, f, floor, length in zip(corner, fractions, floors, image.shape):
            weight = weight * (f if bit else 1 - f)
            indices.append(np.minimum(floor + bit, length - 1).astype(int))
        v = image[tuple(indices)]
        used = weight > 0
        missing |= used & np.isnan(v)
        plus |= used & (v == np.inf)
        minus |= used & (v == -np.inf)
        finite = used & np.isfinite(v)
        total += np.where(finite, np.where(finite, v, 0) * weight, 0)
        low, high = np.where(finite, np.minimum(low, v), low), np.where(finite, np.maximum(high, v), high)
    value = np.where(plus, np.inf, np.where(minus, -np.inf, total))
    value = np.where(missing | (plus & minus), np.nan, value)
    whole = np.all([f == 0 for f in fractions], axis=0)
    size, spread = finite_or_0(np.maximum(np.abs(low), np.abs(high))), finite_or_0(high - low)
    error = np.where(whole, 0, 4 * len(places) * eps * size + (eps + at.doubt + 1e-13 * max(image.shape)) * len(places) * spread)
    close = np.any([(f != 0) & (np.minimum(f, 1 - f) < 1e-6 + at.doubt) for f in fractions], axis=0)
    return value, error, close & (missing | plus | minus)


def finite_or_0(a: Array) -> Array:
    return np.where(np.isfinite(a), a, 0)


def blending_widths(job: Job) -> Array:
    given = job.options.get("blending_widths")
    widths = job.per_axis(given, 10)
    if job.dims == 3 and (given is None or (isinstance(given, dict) and "z" not in given)):
        widths[0] = 3
    return widths


def border_distance(cells: list[Array], steps: list[float], shape: tuple[int, ...]) -> Array:
    """The distance to the border, in blending widths, as it is interpolated on the reference's grid of 5 nodes an axis."""
    if not cells:
        return np.full(shape, np.inf)
    floors = [np.minimum(np.floor(g), 1) for g in cells]
    distance = np.zeros(shape)
    for corner in product((0, 1), repeat=len(cells)):
        hat, node = np.ones(distance.shape), np.full(distance.shape, np.inf)
        for bit, g, f, step in zip(corner, cells, floors, steps):
            hat = hat * ((g - f) if bit else (1 - (g - f)))
            node = np.minimum(node, (f + bit) * step)
        distance = distance + hat * node
    return distance
