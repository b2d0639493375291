"""The voxels of a job in double precision (80 bit where the program uses 64), by the rules of docs/fusion.md.

Each voxel comes with how far the program's arithmetic may be off. Where more than that hangs on the last place, as at
the border of a view, the voxel is `doubtful`.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .content import content_weights
from .job import Array, Job
from .place import Grid, pixel_map
from .sample import Sampled, precision, sample

#: How exact blending weights are: they are computed in 32 bit.
WEIGHT_ERROR = 4e-6


@dataclass
class Answer:
    #: NaN where no view has a value
    value: Array
    error: Array
    doubtful: Array
    #: how many views have a value
    count: Array
    #: nearly on a view's first or last voxel, where scipy goes by the last place
    on_border: Array
    #: sum of the blending weights of the views that have a value there
    weight: Array


def compute(job: Job, grid: Grid, t: int, c: int, *, planewise: bool) -> Answer:
    reach = content_reach(job, planewise)
    index = [np.arange(-r, s + r, dtype=float) for r, s in zip(reach, grid.shape)]
    index = [a.reshape([-1 if i == j else 1 for j in range(job.dims)]) for i, a in enumerate(index)]
    views = []
    for view in job.views:
        image = view.image(t, c)
        if image is not None:
            views.append(sample(job, view, image, pixel_map(view, view.affine(t), grid), index, planewise))
    shape = tuple(a.size for a in index)
    answer = combine(job, views, shape, planewise)
    if any(reach):
        # there the reference has other content weights, far around
        answer.on_border[:] = answer.on_border.any()
    inner = tuple(slice(r, s - r) for r, s in zip(reach, shape))
    return Answer(*(a[inner] for a in (answer.value, answer.error, answer.doubtful, answer.count, answer.on_border, answer.weight)))


def content_reach(job: Job, planewise: bool) -> list[int]:
    if not job.options.get("weights_func") or job.options.get("fusion_func", "weighted_average_fusion") != "weighted_average_fusion":
        return [0] * job.dims
    kwargs = job.options.get("weights_func_kwargs", {})
    reach = sum(int(4 * kwargs.get(k, d) + 0.5) for k, d in (("sigma_1", 5), ("sigma_2", 11)))
    return [0 if planewise and a == "z" else reach for a in job.axes]


def combine(job: Job, views: list[Sampled], shape: tuple[int, ...], planewise: bool) -> Answer:
    kind = np.longdouble if job.is_double else np.float64
    if not views:
        return Answer(np.full(shape, np.nan), np.zeros(shape), np.zeros(shape, bool), np.zeros(shape, int), np.zeros(shape, bool), np.ones(shape))
    values = np.array([v.value for v in views], kind)
    has = np.array([v.has_value for v in views])
    errors = np.array([v.error for v in views], float)
    weights = np.array([v.weight for v in views]) * has
    blending = weights.sum(0)
    doubtful = np.any([v.doubtful for v in views], axis=0)
    count = has.sum(0)
    function = job.options.get("fusion_func", "weighted_average_fusion")
    first, last = has.argmax(0), len(views) - 1 - has[::-1].argmax(0)
    chosen = first
    if function in ("weighted_average_fusion", "simple_average_fusion"):
        spread = np.full(values.shape, WEIGHT_ERROR)
        if function == "simple_average_fusion":
            weights, spread = has.astype(float), np.zeros(values.shape)
        elif job.options.get("weights_func"):
            weights, spread, unsure = content_weights(job, values, errors, weights, planewise)
            doubtful |= unsure
        value, error = average(values, has, errors, weights, spread, precision(job))
    elif function == "max_fusion":
        value = np.where(has, values, -np.inf).max(0)
        error = errors.max(0)
    elif function == "min_fusion":
        value = np.where(has, values, np.inf).min(0)
        error = errors.max(0)
    elif function == "median_fusion":
        value = middle(values, has, count)
        # the mean of two is rounded
        error = errors.max(0) + 4 * precision(job) * np.where(has & np.isfinite(values), np.abs(values), 0).max(0)
    else:
        if function == "last_view_wins":
            chosen = last
        elif function == "closest_view_wins":
            chosen, unsure = closest(views, weights, has)
            doubtful |= unsure
        value = np.take_along_axis(values, chosen[None], 0)[0]
        error = np.take_along_axis(errors, chosen[None], 0)[0]
    alone = count == 1
    value = np.where(alone, np.take_along_axis(values, first[None], 0)[0], value)
    error = np.where(alone, np.take_along_axis(errors, first[None], 0)[0], error)
    return Answer(np.where(count == 0, np.nan, value), np.asarray(error, float), doubtful, count,
                  np.any([v.on_border for v in views], axis=0), np.where(count > 0, blending, 1))


def middle(values: Array, has: Array, count: Array) -> Array:
    """The median of the values that are there; the mean of both infinities is NaN."""
    ordered = np.sort(np.where(has, values, np.inf), axis=0)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[None], 0)[0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, len(values) - 1)[None], 0)[0]
    with np.errstate(invalid="ignore"):
        return np.where(low == high, low, low / 2 + high / 2)


def average(values: Array, has: Array, errors: Array, weights: Array, spread: Array, eps: float) -> tuple[Array, Array]:
    """Infinities stay; both of them are NaN. `spread` is how far off each weight may be, as a part of it."""
    finite = has & np.isfinite(values)
    numbers = np.where(finite, values, 0)
    total = weights.sum(0)
    total = np.where(total > 0, total, 1)
    mean = (weights * numbers).sum(0) / total
    plus, minus = (has & (values == np.inf)).any(0), (has & (values == -np.inf)).any(0)
    value = np.where(plus & minus, np.nan, np.where(plus, np.inf, np.where(minus, -np.inf, mean)))
    off = (weights * np.where(finite, np.abs(numbers - mean), 0) * spread).sum(0) * 2
    error = ((weights * errors).sum(0) + off) / total + 4 * (len(values) + 1) * eps * np.abs(numbers).max(0)
    return value, error


def closest(views: list[Sampled], weights: Array, has: Array) -> tuple[Array, Array]:
    chosen = np.where(has, weights, -1).argmax(0)
    best = np.take_along_axis(weights, chosen[None], 0)[0]
    unsure = np.zeros(best.shape, bool)
    for k, view in enumerate(views):
        near = has[k] & (k != chosen) & (np.abs(weights[k] - best) < WEIGHT_ERROR * best)
        for j in np.unique(chosen[near]):
            other = views[j]
            full = (view.distance > 1.001) & (other.distance > 1.001)
            equal = view.has_exact_place & other.has_exact_place & (view.ramp == other.ramp)
            for a, b in zip(view.cells, other.cells):
                equal = equal & (a == b)
            unsure |= near & (chosen == j) & ~full & ~equal
    return chosen, unsure
