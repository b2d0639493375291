"""Writes a dataset.json from the `sims` of multiview-stitcher and a transform key."""
import json
import numpy as np
from multiview_stitcher import spatial_image_utils as si_utils


def write_dataset(sims, paths, transform_key, file="dataset.json"):
    """`paths`: the OME-Zarr or TIFF file of each sim, relative to `file` or absolute."""
    views = []
    for i, (sim, path) in enumerate(zip(sims, paths, strict=True)):
        affine = si_utils.get_affine_from_sim(sim, transform_key)
        # one for each time point of the sim; often all the same
        matrices = [np.asarray(affine.sel(t=t)) for t in sim.coords["t"]] if "t" in affine.dims else [np.asarray(affine)]
        same = all(np.array_equal(m, matrices[0]) for m in matrices)
        views.append({
            "name": f"view_{i}", "path": str(path),
            "spacing": si_utils.get_spacing_from_sim(sim), "origin": si_utils.get_origin_from_sim(sim),
            "transforms": {transform_key: matrices[0].tolist() if same else {"t": [m.tolist() for m in matrices]}},
        })
    with open(file, "w") as out:
        json.dump({"views": views}, out, indent=1)
