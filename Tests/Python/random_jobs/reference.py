"""The voxels of a job by multiview-stitcher: `fuse_np`, given whole views and one block."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from multiview_stitcher import param_utils, weights
from multiview_stitcher import spatial_image_utils as si
from multiview_stitcher.fusion import _core as core

from .job import Array, Job, View
from .place import Grid
from .twin import content_reach

FUNCTIONS = ("weighted_average_fusion", "simple_average_fusion", "max_fusion")


def is_defined(job: Job, planewise: bool) -> bool:
    """Whether it can compute the job: functions that it has, numbers that 32 bit bear, without what docs/fusion.md lists as
    departures."""
    widths = job.per_axis(job.options.get("blending_widths"), 10)
    return (
        job.options.get("fusion_func", FUNCTIONS[0]) in FUNCTIONS
        and not job.options.get("output_mask") and "intensity_range" not in job.options
        and not planewise and bool((widths > 0).all() and (widths <= 100).all())
        and all(min(v.shape) > 1 for v in job.views)
        and all(bool((np.abs(v.data.astype(float)) < 1e30).all()) for v in job.views)
    )


def compute(job: Job, grid: Grid, t: int, c: int) -> Array:
    """In 32 bit, not rounded; 0 where no view has a value."""
    sims: list[Any] = []
    params: list[Any] = []
    boxes: list[Any] = []
    for view in job.views:
        image = view.image(t, c)
        if image is None:
            continue
        spacing, origin = by_axis(job, view.spacing), by_axis(job, view.origin)
        values = image.astype(np.float32) * np.float32(view.scale) + np.float32(view.offset)
        sims.append(si.to_spatial_image(values, dims=list(job.axes), scale=spacing, translation=origin))
        params.append(param_utils.affine_to_xaffine(view.affine(t)))
        boxes.append({"spacing": spacing, "origin": origin, "shape": dict(zip(job.axes, view.shape))})
    if not sims:
        return np.zeros(grid.shape)
    halo = max(content_reach(job, False))
    properties = {"spacing": by_axis(job, grid.spacing), "origin": by_axis(job, grid.origin - halo * grid.spacing),
                  "shape": {a: int(s) + 2 * halo for a, s in zip(job.axes, grid.shape)}}
    content = bool(job.options.get("weights_func"))
    widths = {"z": 3.0, "y": 10.0, "x": 10.0} | job.options.get("blending_widths", {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fused = core.fuse_np(
            sims, params, properties, fusion_func=getattr(core, job.options.get("fusion_func", FUNCTIONS[0])),
            weights_func=weights.content_based if content else None, weights_func_kwargs=job.options.get("weights_func_kwargs"),
            interpolation_order=job.options.get("interpolation_order", 1), full_view_bbs=boxes,
            blending_widths={a: widths[a] for a in job.axes}, trim_overlap_in_pixels=halo)
    return np.asarray(fused, float)


def stack(job: Job) -> Grid:
    """The output that it would make, before origin and shape are replaced."""
    def properties(view: View) -> dict[str, dict[str, Any]]:
        return {"spacing": by_axis(job, view.spacing), "origin": by_axis(job, view.origin), "shape": dict(zip(job.axes, view.shape))}

    spacing, mode = by_axis(job, job.output_spacing), job.options.get("output_stack_mode", "union")
    at_times = [core.calc_stack_properties_from_view_properties_and_params([properties(v) for v in job.views], [v.affine(t) for v in job.views], spacing, mode)
                for t in range(max(len(v.affines) for v in job.views))]
    made = core.combine_stack_props(at_times) if len(at_times) > 1 else at_times[0]
    return Grid(np.array(made["spacing"]), np.array(made["origin"]), np.array(made["shape"]).astype(int))


def by_axis(job: Job, values: Any) -> dict[str, float]:
    return {a: float(v) for a, v in zip(job.axes, values)}
