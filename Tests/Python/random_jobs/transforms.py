"""Affine maps of every kind, drawn at random."""
from __future__ import annotations

import numpy as np

from .job import Array

KINDS = ["identity", "whole", "shift", "scale", "flip", "swap", "rotation", "tilt", "turn", "shear", "affine"]
#: Voxels of the view fall on voxels of the output.
ON_GRID = {"identity", "whole"}
RATIOS = [2.0, 0.5, 2 / 3, 1.5, 3 / 7, 7 / 3, 1 / 3]


def linear(rng: np.random.Generator, kind: str, n: int) -> Array:
    """The matrix without its translation."""
    if kind == "scale":
        return np.diag([float(rng.choice(RATIOS)) if rng.random() < 0.4 else float(rng.uniform(0.6, 1.7)) for _ in range(n)])
    if kind == "flip":
        signs = rng.choice([-1.0, 1.0], n)
        signs[int(rng.integers(n))] = -1
        return np.diag(signs)
    if kind == "swap":
        while (order := rng.permutation(n)).tolist() == list(range(n)):
            pass
        matrix: Array = np.eye(n)[order] * rng.choice([-1.0, 1.0], n)[:, None]
        return matrix
    if kind == "rotation":
        return rotated(n, n - 2, n - 1, rng.uniform(-0.4, 0.4))
    if kind == "tilt":
        return rotated(n, 0, int(rng.integers(1, n)), rng.uniform(-0.3, 0.3))
    if kind == "turn":
        # hardly at all, or far
        return rotated(n, n - 2, n - 1, float(rng.choice([1e-7, 1e-5, 1e-3, np.pi / 2, 2.5])))
    if kind == "shear":
        return np.eye(n) + np.tril(rng.uniform(-0.3, 0.3, (n, n)), -1)
    if kind == "affine":
        spin = rotated(n, n - 2, n - 1, rng.uniform(-3, 3)) @ rotated(n, 0, n - 1, rng.uniform(-0.5, 0.5))
        full: Array = spin @ np.diag(rng.uniform(0.7, 1.5, n)) @ (np.eye(n) + np.tril(rng.uniform(-0.2, 0.2, (n, n)), -1))
        return full
    return np.eye(n)


def rotated(n: int, a: int, b: int, angle: float) -> Array:
    matrix = np.eye(n)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
    return matrix


def homogeneous(matrix: Array, translation: Array) -> Array:
    n = len(translation)
    result = np.eye(n + 1)
    result[:n, :n], result[:n, n] = matrix, translation
    return result


def placing(matrix: Array, centre: Array, target: Array) -> Array:
    """The map with this matrix that takes one place to another."""
    return homogeneous(matrix, target - matrix @ centre)
