"""The documented way from multiview-stitcher: its `sims` and a transform key become a dataset.json that fuses to what it fuses."""
import sys
from pathlib import Path
import numpy as np, xarray as xr, zarr
from multiview_stitcher import fusion, param_utils, spatial_image_utils as si_utils
from conftest import blockfuse, texture, write_view

sys.path.insert(0, str(Path(__file__).parents[2] / "Examples/MultiviewStitcher"))
from write_dataset import write_dataset  # noqa: E402


def test_sims_become_a_dataset(tmp_path):
    rng = np.random.default_rng(5)
    spacing, sims, paths = {"z": 2.0, "y": 0.5, "x": 0.5}, [], []
    for i, x in enumerate([0.0, 15.0]):
        data = texture(rng, (2, 1, 8, 40, 44), "uint16")
        origin = {"z": 1.0, "y": -3.0, "x": x}
        sim = si_utils.get_sim_from_array(data, dims=["t", "c", "z", "y", "x"], scale=spacing, translation=origin, transform_key="stage")
        moved = [param_utils.affine_to_xaffine(param_utils.affine_from_translation([0.3, 0.2 * t - i, 0.7 * i])) for t in range(2)]
        si_utils.set_sim_affine(sim, xr.concat(moved, dim="t").assign_coords(t=sim.coords["t"].values), "registered")
        sims.append(sim)
        paths.append(f"tile_{i}.ome.zarr")
        write_view(tmp_path / paths[-1], data, list(spacing.values()), list(origin.values()))
    for key in ["stage", "registered"]:
        write_dataset(sims, paths, key, tmp_path / "dataset.json")
        blockfuse(tmp_path, "fuse", "dataset.json", "--output", f"{key}.zarr", "--rounding", "truncate", "--quiet")
        expected = np.asarray(fusion.fuse(sims, transform_key=key, output_chunksize=64).data)
        found = zarr.open_array(str(tmp_path / f"{key}.zarr/0"), mode="r")[:]
        assert found.shape == expected.shape
        assert (np.abs(found.astype(int) - expected.astype(int)) <= 1).mean() > 0.9999
