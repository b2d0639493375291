"""Views of one plane lie on one plane of the output; views without a single voxel in it are named."""
import json
from pathlib import Path
import numpy as np, pytest, zarr
from conftest import Mosaic, blockfuse
from test_options import said

YX = (20, 24)


def flat(folder, planes, spacing=(1, 1, 1), matrix=None, dtype="uint16", **kwargs):
    """Views of one plane at (z, y, x), each of its own constant 100, 200, ..."""
    mosaic = Mosaic(folder, spacing)
    for i, (z, y, x) in enumerate(planes):
        place = np.eye(4) if matrix is None else np.array(matrix, float)
        place[:3, 3] += (z, y, x)
        mosaic.add(np.full((1, 1, 1, *YX), 100 * (i + 1), dtype), (0, 0, 0), place, **kwargs)
    return mosaic


def fused(folder, *flags, level="0", output="out.ome.zarr"):
    blockfuse(folder, "fuse", "dataset.json", "--output", output, "--quiet", *flags)
    return zarr.open_array(Path(folder) / output / level, mode="r")[0, 0]


def plan(folder, *flags):
    return json.loads(blockfuse(folder, "plan", "dataset.json", "--json", "--quiet", *flags))


FUNCTIONS = [(), ("--fusion-func", "simple_average_fusion"), ("--fusion-func", "max_fusion"), ("--fusion-func", "closest_view_wins"),
             ("--weights-func", "content_based"), ("--interpolation-order", "0"), ("--blending-widths", "z=9,y=4,x=4")]


@pytest.mark.parametrize("flags", FUNCTIONS)
@pytest.mark.parametrize("turned", [0, 0.2])
@pytest.mark.parametrize("dtype", ["uint16", "float32", "uint32"])
def test_tiles_lie_on_the_nearest_plane_and_on_no_other(tmp_path, flags, turned, dtype):
    """Autofocus: tiles side by side, each at a z of its own."""
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]]
    z = [0, 0.3, 1.4, 1.5, 2.2, 2.6, 4]
    planes = [0, 0, 1, 1, 2, 3, 4]  # halves go to the lower one
    flat(tmp_path, [(at, 0, 40 * i) for i, at in enumerate(z)], matrix=turn, dtype=dtype)
    out = fused(tmp_path, *flags, "--output-chunksize", "z=2,y=16,x=16")
    assert out.shape[0] == 5
    for i, plane in enumerate(planes):
        holding = {k for k in range(5) if (out[k] == 100 * (i + 1)).any()}
        assert holding == {plane}, (i, holding)
        assert (out[plane] == 100 * (i + 1)).sum() > 0.7 * YX[0] * YX[1]
    assert np.array_equal(out, fused(tmp_path, *flags, "--output-chunksize", "z=5,y=64,x=7", output="other.ome.zarr"))
    assert plan(tmp_path, *flags)["views_without_voxels"] == []


def test_no_ramp_in_z(tmp_path):
    """Where a plane crosses a stack, z has no part in the weight of the plane: in the middle both count alike."""
    mosaic = Mosaic(tmp_path, (1, 1, 1))
    mosaic.add(np.full((1, 1, 9, 40, 40), 100, "uint16"), (0, 0, 0), np.eye(4))
    place = np.eye(4)
    place[0, 3] = 4.4
    mosaic.add(np.full((1, 1, 1, 40, 40), 300, "uint16"), (0, 0, 0), place)
    out = fused(tmp_path, "--blending-widths", "z=3,y=4,x=4")
    assert (out[[0, 1, 2, 3, 5, 6, 7, 8]] == 100).all() and (out[4, 10:30, 10:30] == 200).all()


def test_a_mask_counts_planes_where_they_lie(tmp_path):
    flat(tmp_path, [(0, 0, 0), (0.4, 0, 0), (2, 0, 0)])
    out = fused(tmp_path, "--output-mask")
    assert [sorted(set(plane.ravel())) for plane in out] == [[2], [0], [1]]


def test_other_spacings_and_mirrors(tmp_path):
    mirror = np.diag([-1.0, 1, 1, 1])
    flat(tmp_path, [(0, 0, 0), (1.2, 0, 40), (2.6, 0, 80), (3.0, 0, 120)], spacing=(5, 1, 1), matrix=mirror)
    out = fused(tmp_path, "--output-spacing", "z=1.5,y=1,x=1")
    assert [[100 * (i + 1) in plane for i in range(4)] for plane in out] == [
        [True, False, False, False], [False, True, False, False], [False, False, True, True]]


def test_a_plane_beyond_half_a_spacing_is_named(tmp_path):
    flat(tmp_path, [(0, 0, 0), (0.5, 0, 0), (0.9, 0, 40)])
    answer = plan(tmp_path)
    assert answer["shape"][2] == 1 and answer["views_without_voxels"] == ["view_2"]
    note = said(tmp_path, "plan", "dataset.json")
    assert "1 of 3 views has no voxel in the output" in note and '"view_2"' in note, note
    assert '"view_2"' in said(tmp_path, "submit", "dataset.json", "--output", "a.ome.zarr")
    assert '"view_2"' in said(tmp_path, "run")
    assert said(tmp_path, "fuse", "dataset.json", "--output", "b.ome.zarr").count("no voxel") == 1
    assert json.loads(blockfuse(tmp_path, "status", "--json"))["views_without_voxels"] == ["view_2"]


def test_views_between_rows_and_columns_are_named(tmp_path):
    mosaic = Mosaic(tmp_path, (1, 1, 1))
    mosaic.add(np.ones((1, 1, 4, 30, 30), "uint16"), (0, 0, 0), np.eye(4))
    for shape, place in [((4, 30, 1), (0, 0, 9.5)), ((4, 1, 30), (0, 9.5, 0)), ((4, 1, 30), (0, 9, 0.5)), ((2, 30, 30), (0.5, 0, 0))]:
        matrix = np.eye(4)
        matrix[:3, 3] = place
        mosaic.add(np.ones((1, 1, *shape), "uint16"), (0, 0, 0), matrix)
    assert plan(tmp_path)["views_without_voxels"] == ["view_1", "view_2"]


def test_views_that_a_region_leaves_out_are_counted_only(tmp_path):
    flat(tmp_path, [(0, 0, 0), (1, 0, 40), (0.2, 0, 0)])
    region = ("--output-origin", "z=0,y=0,x=0", "--output-shape", "z=1,y=10,x=10")
    answer = plan(tmp_path, *region)
    assert answer["views_without_voxels"] == [] and answer["views_outside_region"] == 1
    note = said(tmp_path, "plan", "dataset.json", *region)
    assert "1 of 3 views is outside the region" in note and "view_1" not in note, note


def test_tilted_planes_without_a_voxel_are_named(tmp_path):
    """A tilted plane of one voxel's thickness meets voxels by chance only; today's rule stays, and it is named."""
    tilt = np.eye(4)
    tilt[:3, :3] = [[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]
    flat(tmp_path, [(0.123, 0.05, 0)], matrix=tilt)
    mosaic = Mosaic(tmp_path, (1, 1, 1))
    mosaic.add(np.full((1, 1, 30, 30, 30), 7, "uint16"), (0, 0, 0), np.eye(4))
    mosaic.views[0]["name"] = "stack"
    one = json.loads((tmp_path / "dataset.json").read_text())["views"]
    plane = flat(tmp_path / "more", [(3.123, 0.057, 0)], matrix=tilt).views[0] if (tmp_path / "more").mkdir() is None else None
    plane.update(path="more/view_0.ome.zarr", name="tilted")
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{**one[0], "name": "stack"}, plane]}))
    assert plan(tmp_path)["views_without_voxels"] == ["tilted"]


def test_a_rotated_view_that_fits_between_voxels_is_named(tmp_path):
    mosaic = Mosaic(tmp_path, (1, 1))
    mosaic.add(np.ones((1, 1, 30, 30), "uint16"), (0, 0), np.eye(3))
    for place, spacing in [((10.5, 10.2), 0.1), ((10.5, 9.8), 0.1)]:
        matrix = np.eye(3)
        matrix[:2, :2] = [[np.sqrt(0.5), -np.sqrt(0.5)], [np.sqrt(0.5), np.sqrt(0.5)]]
        matrix[:2, 2] = place
        mosaic.add(np.ones((1, 1, 4, 4), "uint16"), (0, 0), matrix, spacing=(spacing, spacing))
    matrix = np.eye(3)
    matrix[:2, 2] = (4.7, 4.7)
    mosaic.add(np.ones((1, 1, 8, 8), "uint16"), (0, 0), matrix, spacing=(0.1, 0.1))
    # the corner of the second reaches no voxel either
    assert plan(tmp_path)["views_without_voxels"] == ["view_1", "view_2"]
