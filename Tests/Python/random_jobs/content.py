"""Content weights (Preibisch et al., 2008), by scipy's Gaussian filter, over the whole output and its surroundings."""
from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from .job import Array, Job


def content_weights(job: Job, values: Array, errors: Array, blending: Array, planewise: bool) -> tuple[Array, Array, Array]:
    """Weights of the views, how far off each may be as a part of it, and where that is too much to compare voxels."""
    kwargs = job.options.get("weights_func_kwargs", {})
    sigmas = [[0.0 if planewise and a == "z" else float(kwargs.get(key, default)) for a in job.axes]
              for key, default in (("sigma_1", 5), ("sigma_2", 11))]
    total = blending.sum(0)
    blending = blending / np.where(total > 0, total, 1)
    content, off = np.zeros(values.shape), np.zeros(values.shape)
    for k in range(len(values)):
        has = ~np.isnan(values[k]) & (blending[k] >= 1e-7)
        numbers = np.where(has, values[k], 0).astype(float)
        detail = numbers - smooth(numbers, has, sigmas[0])
        noise = errors[k] + 3e-6 * np.abs(numbers).max(initial=0)
        content[k] = smooth(detail**2, has, sigmas[1])
        off[k] = smooth(2 * np.abs(detail) * noise + noise**2, has, sigmas[1])
    shares = content.sum(0)
    weights = blending * content / np.where(shares > 0, shares, 1)
    nothing = weights.sum(0) == 0
    weights = np.where(nothing, blending, weights)
    relative = np.where(content > 0, off / np.where(content > 0, content, 1), np.where(off > 0, 1.0, 0.0)) + 4e-6
    used = blending > 0
    unsure = ((relative > 0.2) & used & (content + off > 1e-3 * shares)).any(0) & (used.sum(0) > 1)
    return weights, relative, unsure


def smooth(numbers: Array, has: Array, sigma: list[float]) -> Array:
    """Outside the output, as everywhere else, only numbers count."""
    blurred = gaussian_filter(np.where(has, numbers, 0), sigma, mode="constant", truncate=4)
    share = gaussian_filter(has.astype(float), sigma, mode="constant", truncate=4)
    return np.where(has, blurred / np.where(has, share, 1), 0)
