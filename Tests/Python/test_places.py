"""Where tiles come to lie: far from the origin, at spacings that are no decimal numbers, with values that are no ordinary ones. Against
the reference and against the same tiles elsewhere."""
import json
import numpy as np, pytest, zarr
from conftest import Mosaic, blockfuse, texture, write_view
from test_reference import expect_agreement

STARTS = [0.0, 66_000.0, 66_000.123, -66_000.5, 400_000.0]


def two_tiles(folder, start, shape, spacing, by_transform, dtype="uint16"):
    """Two tiles, the second 40 columns and one row further, as their metadata or their transforms have it."""
    rng = np.random.default_rng(3)
    mosaic = Mosaic(folder, spacing)
    n = len(shape)
    for i in range(2):
        place = [start] * (n - 2) + [start + i * spacing[-2], start + i * 40 * spacing[-1]]
        matrix = np.eye(n + 1)
        if by_transform:
            matrix[:n, n], place = place, [0.0] * n
        mosaic.add(texture(rng, (1, 1) + shape, dtype), place, matrix)
    return mosaic


@pytest.mark.parametrize("by_transform", [False, True])
@pytest.mark.parametrize("shape, spacing", [((50, 60), (0.004, 0.004)), ((7, 30, 60), (0.03, 0.004, 0.004))])
def test_tiles_far_from_the_origin_are_as_near_it(tmp_path, shape, spacing, by_transform):
    results = []
    for i, start in enumerate(STARTS):
        folder = tmp_path / str(i)
        folder.mkdir()
        mosaic = two_tiles(folder, start, shape, spacing, by_transform)
        options = dict(output_chunksize=32, blending_widths={"z": 0.05, "y": 0.04, "x": 0.04})
        output = mosaic.fuse("out.ome.zarr", options)
        results.append(zarr.open_array(output / "0", mode="r")[:])
        assert results[-1].shape[2:] == shape[:-2] + (shape[-2] + 1, 100), start
        if start == 0 or by_transform:
            # told what to make, since the reference, too, may lose a column or a row far away; and it takes spacings from
            # differences of coordinates, which are not quite those of the metadata there
            axes = "zyx"[-len(shape):]
            whole = {"output_origin": dict.fromkeys(axes, start), "output_spacing": dict(zip(axes, spacing)), "output_shape": dict(zip(axes, results[-1].shape[2:]))}
            expect_agreement(mosaic, output, {**options, **whole})
    for start, result in zip(STARTS, results):
        # places differ by what a double so far away tells apart
        assert np.abs(result.astype(int) - results[0].astype(int)).max() <= 1, start


def test_time_points_far_from_the_origin(tmp_path):
    """One output for all: views that move by whole voxels from time point to time point."""
    rng = np.random.default_rng(4)
    shapes = []
    for start in STARTS:
        folder = tmp_path / str(start)
        folder.mkdir()
        mosaic = Mosaic(folder, (0.004, 0.004))
        matrices = np.array([np.eye(3)] * 3)
        matrices[:, 1, 2] = [start, start + 10 * 0.004, start + 5 * 0.004]
        mosaic.add(texture(rng, (3, 1, 30, 60), "uint16"), [0.0, 0.0], matrices)
        shapes.append(zarr.open_array(mosaic.fuse("out.ome.zarr", {}) / "0", mode="r").shape)
    assert shapes == [(3, 1, 30, 70)] * len(STARTS)


@pytest.mark.parametrize("ratio", [2 / 3, 1 / 7, 5 / 7, 1 / 3])
@pytest.mark.parametrize("degrees", [0, 180])
def test_the_last_voxel_is_there_at_any_ratio(tmp_path, ratio, degrees):
    """The reference has 0 there; docs/fusion.md."""
    data = np.random.default_rng(5).integers(1, 60_000, (1, 1, 7, 11, 21)).astype("uint16")
    mosaic = Mosaic(tmp_path, (1.0, 1.0, 1.0))
    matrix = np.eye(4)
    if degrees:
        matrix[1, 1] = matrix[2, 2] = -1
    mosaic.add(data, [0.0, 0.0, 0.0], matrix)
    fused = zarr.open_array(mosaic.fuse("out.ome.zarr", dict(output_spacing={"z": 1, "y": ratio, "x": ratio}, output_chunksize=16)) / "0", mode="r")[0, 0]
    assert fused.shape == (7, round(10 / ratio) + 1, round(20 / ratio) + 1)
    corners = data[0, 0][:, ::10, ::20]
    assert (fused[:, [0, -1]][:, :, [0, -1]] == (corners[:, ::-1, ::-1] if degrees else corners)).all()
    assert (fused > 0).all()


def row(folder, values, dtype, shift):
    """One row of voxels, a part of a voxel beside a row of zeros that makes the grid."""
    write_view(folder / "grid.ome.zarr", np.zeros((1, 1, 1, 9), dtype), (1.0, 1.0), (0.0, 0.0))
    write_view(folder / "row.ome.zarr", np.array(values, dtype).reshape(1, 1, 1, -1), (1.0, 1.0), (0.0, 1.0 + shift))
    (folder / "dataset.json").write_text(json.dumps({"views": [{"name": n, "path": f"{n}.ome.zarr"} for n in ("grid", "row")]}))


def fuse(folder, *flags, output="out.ome.zarr"):
    blockfuse(folder, "fuse", "dataset.json", "--output", output, "--quiet", *flags)
    return zarr.open_array(folder / output / "0", mode="r")[:].ravel()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_infinity_stays_one(tmp_path, dtype):
    row(tmp_path, [1, 2, np.inf, 4, 5, 6], dtype, 0.25)
    last = fuse(tmp_path, "--fusion-func", "last_view_wins")
    assert last.tolist() == [0, 0, 1.75, np.inf, np.inf, 4.75, 5.75, 0, 0]
    assert fuse(tmp_path, "--output-mask", output="mask.ome.zarr").tolist() == [1, 1, 2, 2, 2, 2, 2, 1, 1]
    assert np.isinf(fuse(tmp_path, output="mean.ome.zarr")).tolist() == [False] * 3 + [True] * 2 + [False] * 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_above_the_largest_number(tmp_path, dtype):
    most = np.finfo(dtype).max
    row(tmp_path, [most, -most, most, most], dtype, 0.25)
    last = fuse(tmp_path, "--fusion-func", "last_view_wins")
    expected = np.array([0, 0, -0.5, 0.5, 1, 0, 0, 0, 0])
    np.testing.assert_allclose(last / most, expected, atol=1e-6)


@pytest.mark.parametrize("dtype, value", [("uint32", 4_000_000_001), ("int32", -2_000_000_001), ("uint64", 2**53 + 1), ("int64", -(2**53) - 1)])
def test_an_average_of_one_number_is_that_number(tmp_path, dtype, value):
    mosaic = Mosaic(tmp_path, (1.0, 1.0))
    for shift in (0.0, 8.0, 13.5):
        mosaic.add(np.full((1, 1, 30, 40), value, dtype), [shift / 3, shift], np.eye(3))
    fused = zarr.open_array(mosaic.fuse("out.ome.zarr", {}) / "0", mode="r")[:]
    off = [abs(int(v) - value) for v in np.unique(fused) if v != 0]
    # a double holds every second whole number above 2^53
    assert off and max(off) <= (4 if np.dtype(dtype).itemsize == 8 else 0)


@pytest.mark.parametrize("widths, axes", [({"y": 0, "x": 0}, ""), ({"y": 0, "x": 9}, "x"), ({"y": 7, "x": 0}, "y")])
def test_an_axis_of_width_zero_has_no_part_in_the_weights(tmp_path, widths, axes):
    rng = np.random.default_rng(6)
    mosaic = Mosaic(tmp_path, (1.0, 1.0))
    tiles = [texture(rng, (1, 1, 30, 40), "float32") for _ in range(2)]
    for data, place in zip(tiles, ([0.0, 0.0], [4.0, 11.0])):
        mosaic.add(data, place, np.eye(3))
    fused = zarr.open_array(mosaic.fuse("out.ome.zarr", dict(blending_widths=widths)) / "0", mode="r")[0, 0]

    def ramp(n, width):
        # the reference's, along one axis
        grid = np.array([0, 1, 2, 1, 0]) * (n + 1) / 4 / width
        d = np.interp(4 * (np.arange(n) + 1) / (n + 1), range(5), grid)
        return np.where(d < 1, (np.cos((1 - d) * np.pi) + 1) / 2, 1)

    weight = np.ones((30, 40))
    if "y" in axes:
        weight = weight * ramp(30, 7)[:, None]
    if "x" in axes:
        weight = weight * ramp(40, 9)
    sums, weights = np.zeros((34, 51)), np.zeros((34, 51))
    for data, (y, x) in zip(tiles, ((0, 0), (4, 11))):
        sums[y:y + 30, x:x + 40] += weight * data[0, 0]
        weights[y:y + 30, x:x + 40] += weight
    covered = weights > 0
    np.testing.assert_allclose(fused[covered], (sums[covered] / weights[covered]), atol=2e-6)


def test_an_output_covers_views_of_any_time_point_alike(tmp_path):
    """Views that stand still, each of one time point: what they cover is rounded once, as if all were there always."""
    shapes = []
    for places in ([{}, {}], [{"t": [0]}, {"t": [1]}]):
        views = []
        for i, (place, (x, width)) in enumerate(zip(places, ((0.0, 10), (1.0, 12)))):
            times = 1 if place else 2
            name = f"v{len(shapes)}{i}.ome.zarr"
            write_view(tmp_path / name, np.ones((times, 1, 6, width), "uint16"), (1.0, 1.0), (0.0, x))
            views.append({"name": name, "path": name, **place})
        (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
        blockfuse(tmp_path, "fuse", "dataset.json", "--output", f"o{len(shapes)}.zarr", "--output-spacing", "y=1,x=1.5", "--quiet")
        shapes.append(zarr.open_array(tmp_path / f"o{len(shapes)}.zarr" / "0", mode="r").shape)
    # from 0 to 12 in steps of 1.5
    assert shapes == [(2, 1, 6, 9)] * 2
