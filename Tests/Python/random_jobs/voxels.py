"""Voxels of a view, of any element type: soft, noise over the whole range, nearly nothing, extremes, holes, infinities."""
from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from .job import Array

TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64"]
INTEGERS = ["soft", "range", "constant", "sparse", "extremes"]
FLOATS = ["soft", "range", "constant", "holes", "extremes", "infinite"]


def contents(dtype: np.dtype[Any], *, gentle: bool) -> list[str]:
    """What voxels of a type may be; `gentle` leaves out what sums of squares do not bear."""
    if gentle:
        return ["soft"] if dtype.kind in "iu" else ["soft", "soft", "holes"]
    return INTEGERS if dtype.kind in "iu" else FLOATS


def make(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any], content: str) -> Array:
    if content == "soft":
        return soft(rng, shape, dtype)
    if dtype.kind in "iu":
        return integers(rng, shape, dtype, content)
    return floats(rng, shape, dtype, content)


def soft(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """As a microscope's: soft shapes with some noise."""
    blurred = gaussian_filter(rng.random(shape), [0, 0] + [1.2] * (len(shape) - 2))
    low, high = (10, 110) if dtype.itemsize == 1 else (100, 4000)
    scaled = low + (high - low) * (blurred - blurred.min()) / max(float(np.ptp(blurred)), 1e-9)
    noisy: Array = (scaled + rng.uniform(0, (high - low) / 20, shape)).astype(dtype)
    return noisy


def integers(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any], content: str) -> Array:
    info = np.iinfo(dtype)
    data = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    if content == "constant":
        return np.full(shape, data.flat[0])
    if content == "sparse":
        return np.where(rng.random(shape) < 0.02, data, np.zeros_like(data))
    if content == "extremes":
        chosen = np.array([info.min, info.max, info.max - 1, 0, 1], dtype)
        return np.where(rng.random(shape) < 0.6, rng.choice(chosen, shape), data)
    return data


def floats(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any], content: str) -> Array:
    info = np.finfo(dtype)
    if content == "constant":
        return np.full(shape, rng.normal(0, 1000)).astype(dtype)
    data: Array
    if content == "range":
        # of all sizes, from the smallest to near the largest
        exponents = rng.uniform(float(np.log2(float(info.smallest_subnormal))), float(np.log2(float(info.max))) - 4, shape)
        data = (np.exp2(exponents) * rng.choice([-1.0, 1.0], shape)).astype(dtype)
        return data
    data = rng.normal(0, 100, shape).astype(dtype)
    if content == "holes":
        data[rng.random(shape) < 0.01] = np.nan
        inside = np.ones(shape, bool)
        for axis in range(2, len(shape)):
            at = np.arange(shape[axis]) - int(rng.integers(0, shape[axis]))
            inside &= ((at >= 0) & (at < int(rng.integers(1, 6)))).reshape([-1 if axis == i else 1 for i in range(len(shape))])
        data[inside] = np.nan
    elif content == "extremes":
        chosen = np.array([info.max, -info.max, info.tiny, info.smallest_subnormal, 0, -0.0], dtype)
        data = np.where(rng.random(shape) < 0.2, rng.choice(chosen, shape), data)
    elif content == "infinite":
        chosen = np.array([np.inf, -np.inf, np.nan], dtype)
        data = np.where(rng.random(shape) < 0.03, rng.choice(chosen, shape, p=[0.6, 0.3, 0.1]), data)
    return data
