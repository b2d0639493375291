"""What README.md says of multiview-stitcher where it is interrupted: not a fault of it, but why there is a record here."""
import numpy as np, pytest
from multiview_stitcher import fusion, spatial_image_utils as si_utils


def test_the_reference_takes_a_half_written_level_for_whole(tmp_path):
    data = np.random.default_rng(2).integers(100, 4000, (1, 1, 16, 420, 420)).astype("uint16")
    sims = [si_utils.get_sim_from_array(data, dims=list("tczyx"), scale=dict.fromkeys("zyx", 1.0), translation={"z": 0.0, "y": 0.0, "x": x}, transform_key="r")
            for x in (0.0, 30.5)]
    out = tmp_path / "out.zarr"

    def fuse():
        fusion.fuse(sims, transform_key="r", output_chunksize=128, output_zarr_url=str(out), zarr_options={"ome_zarr": True, "overwrite": False})

    fuse()
    chunks = {level: sorted(p for p in (out / level).rglob("*") if p.is_file() and not p.name.startswith(".")) for level in "01"}
    written = [p.stat().st_mtime_ns for p in chunks["0"]]
    lost = chunks["1"][-1]
    lost.unlink()  # as if killed before it was written
    fuse()
    assert all(p.stat().st_mtime_ns > before for p, before in zip(chunks["0"], written)), "level 0 is fused again as a whole"
    assert not lost.exists(), "and the hole in level 1 stays"
