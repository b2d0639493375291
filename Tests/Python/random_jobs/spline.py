"""Samples of a view by B-splines of order 2 to 5: the twin's own, in double precision."""
from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from .job import Array
from .place import PixelMap

#: The values of the B-splines at whole numbers, from 0 on.
AT_VOXELS = {2: [6 / 8, 1 / 8], 3: [4 / 6, 1 / 6], 4: [230 / 384, 76 / 384, 1 / 384], 5: [66 / 120, 26 / 120, 1 / 120]}
#: How many voxels to each side a coefficient is made of.
REACH = {2: 10, 3: 14, 4: 19, 5: 24}
#: Larger numbers have no part in a spline.
LARGEST = float(np.finfo(np.float32).max) / 2**20


@dataclass
class Smooth:
    value: Array
    error: Array
    #: where samples are linear: a voxel that is no number, or too large, would have a part in them
    is_missing: Array
    unsure: Array


def whole_axes(at: PixelMap, flat: bool) -> list[bool]:
    """Axes along which all samples lie on voxels."""
    matrix, offset = at.matrix.copy(), at.offset.copy()
    if flat:
        offset[1:] += matrix[1:, 0] * (-offset[0] / matrix[0, 0])
        matrix[:, 0], matrix[0], offset[0] = 0, [1, 0, 0], 0
    off_diagonal = matrix - np.diag(np.diag(matrix))
    integers = [float(m).is_integer() and float(o).is_integer() for m, o in zip(np.diag(matrix), offset)]
    if not off_diagonal.any():
        return integers
    # planes alone may lie on planes
    return [len(integers) == 3 and integers[0] and not off_diagonal[0].any(), *(False for _ in integers[1:])]


def spline(image: Array, places: list[Array], at: PixelMap, eps: float, order: int, flat: bool) -> Smooth:
    whole = whole_axes(at, flat)
    is_bad = ~(np.abs(image) <= LARGEST)
    numbers = np.where(is_bad, 0, image).astype(np.float64)
    size, wide, centre = np.abs(numbers), is_bad.copy(), order // 2
    if all(whole):
        nothing = np.zeros(places[0].shape, bool)
        return Smooth(np.zeros(nothing.shape), np.zeros(nothing.shape), ~nothing, nothing)
    filters = impulse(order)
    raise_ = 0.5 if order % 2 == 0 else 0.0
    bases = [np.floor(p + (0 if w else raise_)).astype(int) for p, w in zip(places, whole)]
    for axis, is_whole in enumerate(whole):
        if not is_whole:
            numbers, size = filtered(numbers, axis, filters), filtered(size, axis, np.abs(filters))
            wide = reached(wide, axis, REACH[order] + 1)
    narrow = is_bad
    for axis, is_whole in enumerate(whole):
        if not is_whole:
            narrow = reached(narrow, axis, REACH[order])
    value, error = np.zeros(places[0].shape), np.zeros(places[0].shape)
    missing, nearly = np.zeros(value.shape, bool), np.zeros(value.shape, bool)
    close = np.zeros(value.shape, bool)
    for p, w in zip(places, whole):
        fraction = p + raise_ - np.floor(p + raise_)
        close |= (not w) & (fraction != 0) & (np.minimum(fraction, 1 - fraction) < 1e-6 + at.doubt)
    for taps in product(*([0] if w else range(-centre, order + 1 - centre) for w in whole)):
        weight, index = np.ones(value.shape), []
        for tap, p, b, w, length in zip(taps, places, bases, whole, image.shape):
            if not w:
                weight = weight * b_spline(order, np.abs(p - (b + tap)))
            index.append(mirrored(b + tap, length))
        here = tuple(index)
        value += weight * numbers[here]
        error += weight * size[here]
        missing |= narrow[here]
        nearly |= wide[here]
    gap = 2.0**-26 * len(places)
    error = (2 * eps + gap + at.doubt + 1e-13 * max(image.shape)) * error
    return Smooth(value, error, missing, close & nearly)


def impulse(order: int) -> Array:
    """How much a coefficient is made of the voxel itself, the next one, …: the inverse of the samples at voxels, cut."""
    b = AT_VOXELS[order]
    row = np.zeros(4001)
    for i, v in enumerate(b):
        row[i] = row[-i] = v
    kernel: Array = np.fft.ifft(1 / np.fft.fft(row)).real[: REACH[order] + 1]
    kernel[0] = 1 - 2 * kernel[1:].sum()
    return kernel


def filtered(a: Array, axis: int, kernel: Array) -> Array:
    n = a.shape[axis]
    around = [np.take(a, mirrored(np.arange(n) + k, n), axis) for k in range(1 - len(kernel), len(kernel))]
    total = kernel[0] * a
    for k in range(1, len(kernel)):
        total = total + kernel[k] * (around[len(kernel) - 1 - k] + around[len(kernel) - 1 + k])
    return np.asarray(total)


def reached(bad: Array, axis: int, reach: int) -> Array:
    n = bad.shape[axis]
    return np.any([np.take(bad, mirrored(np.arange(n) + k, n), axis) for k in range(-reach, reach + 1)], axis=0)


def mirrored(i: Array, n: int) -> Array:
    if n == 1:
        return np.zeros_like(i)
    at = np.mod(i, 2 * (n - 1))
    return np.minimum(at, 2 * (n - 1) - at)


def b_spline(order: int, x: Array) -> Array:
    """By its recursion."""
    def value(n: int, x: Array) -> Array:
        if n == 0:
            return np.where((x >= -0.5) & (x < 0.5), 1.0, 0.0)
        half = (n + 1) / 2
        return np.asarray(((half + x) * value(n - 1, x + 0.5) + (half - x) * value(n - 1, x - 0.5)) / n)
    return value(order, x)
