"""`blending: product` and `like: bigstitcher`, computed once more with numpy; edges that are filled; the order of views that win."""
import json, subprocess
import numpy as np, pytest, zarr
from conftest import Mosaic, binary, blockfuse, write_view
from test_bigstitcher import CALIBRATION, N5, SIZE, shift, tile, write_n5, write_xml, zyx

SHAPE = (12, 30, 36)


def places(matrix, grid, spacing):
    """Where voxels of an output of spacing 1 at the origin lie in a view, in its voxels, z y x last."""
    index = np.moveaxis(np.indices(grid), 0, -1)
    inverse = np.linalg.inv(matrix)
    return (index @ inverse[:3, :3].T + inverse[:3, 3]) / spacing


def sampled(data, p):
    """Linear samples, and where there are any."""
    last = np.array(data.shape) - 1
    inside = ((p >= -1e-6) & (p <= last + 1e-6)).all(-1)
    p = np.clip(p, 0, last)
    base = np.minimum(p.astype(int), np.maximum(last - 1, 0))
    total = np.zeros(p.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(np.array(corner) == 1, p - base, 1 - (p - base)).prod(-1)
        total += weight * data[tuple(np.moveaxis(np.minimum(base + corner, last), -1, 0))]
    return total, inside


def ramp(p, shape, border, length):
    """The product of the cosine ramps, all in voxels of the view."""
    x = (np.minimum(p, np.array(shape) - 1 - p) - border) / length
    return np.where(x <= 1e-6, 0, (np.cos((1 - np.clip(x, 0, 1)) * np.pi) + 1) / 2).prod(-1)


def average(views, grid, spacing, border, length):
    """The weighted average; `border` and `length` are those of each view, in its voxels."""
    total, weights = np.zeros(grid), np.zeros(grid)
    for (data, matrix), border, length in zip(views, border, length):
        p = places(matrix, grid, spacing)
        value, inside = sampled(data.astype(float), p)
        weight = ramp(p, data.shape, border, length) * inside
        total, weights = total + weight * value, weights + weight
    return np.divide(total, weights, out=np.zeros(grid), where=weights > 0), weights


def tiles(folder, spacing=(2, 1, 1)):
    rng = np.random.default_rng(4)
    turned = np.eye(4)
    turned[1:3, 1:3] = [[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]]
    turned[:3, 3] = (1.3, 6.4, 9.7)
    moved = np.eye(4)
    moved[:3, 3] = (0.5, 0, 25.25)
    mosaic, views = Mosaic(folder, spacing), []
    for matrix in (np.eye(4), moved, turned):
        data = rng.integers(100, 4000, (6, 20, 24)).astype("float32")
        mosaic.add(data[None, None], (0, 0, 0), matrix)
        views.append((data, matrix))
    return views


REGION = ["--output-origin", "z=0,y=0,x=0", "--output-spacing", "1", "--output-shape", "z=12,y=30,x=50"]
GRID = (12, 30, 50)


def fuse(folder, output, *flags, dataset="dataset.json"):
    blockfuse(folder, "fuse", dataset, "--output", output, "--quiet", "--output-chunksize", "16", *flags)
    return zarr.open(str(folder / output / "0"))[0, 0]


def plan(folder, *flags, dataset="dataset.json"):
    return json.loads(blockfuse(folder, "plan", dataset, "--json", *flags))


def refused(folder, *flags):
    end = subprocess.run([binary(), "plan", "dataset.json", *flags], cwd=folder, capture_output=True, text=True)
    assert end.returncode == 64, end.stderr
    return end.stderr


@pytest.mark.parametrize("border", [None, {"z": 1, "y": 1.5, "x": 0}])
def test_the_product_of_ramps(tmp_path, border):
    views = tiles(tmp_path)
    flags = ["--blending", "product", "--blending-widths", "z=6,y=5,x=8", *REGION]
    if border:
        flags += ["--blending-border", "z=1,y=1.5,x=0"]
    found = fuse(tmp_path, "p.zarr", *flags)
    size = np.array((2, 1, 1))
    own = np.array([border[a] for a in "zyx"] if border else (0, 0, 0)) / size
    expected, weights = average(views, GRID, size, [own] * 3, [np.array((6, 5, 8)) / size] * 3)
    np.testing.assert_allclose(found, expected, atol=0.02)
    # the rim of a view is black where no other is
    covered = np.any([sampled(d, places(m, GRID, size))[1] for d, m in views], 0)
    assert (covered & (weights == 0)).any() and (found[weights == 0] == 0).all() and (found[weights > 0] > 0).all()
    answer = plan(tmp_path, *flags)
    assert answer["blending"]["ramp"] == "product" and answer["blending"]["border"] == (border or dict.fromkeys("zyx", 0))
    assert any("blending product" in w and "black" in w for w in answer["warnings"])
    # the same by an options file
    options = {"blending": "product", "blending_widths": {"z": 6, "y": 5, "x": 8}, **({"blending_border": border} if border else {})}
    (tmp_path / "o.json").write_text(json.dumps(options))
    assert (fuse(tmp_path, "o.zarr", "--options", "o.json", *REGION) == found).all()


@pytest.mark.parametrize("axis", range(3))
def test_a_shift_of_half_a_voxel_along_one_axis(tmp_path, axis):
    """Where a block begins outside the view, too."""
    matrix = np.eye(4)
    matrix[:3, 3] = 3
    matrix[axis, 3] = 3.5
    data = np.random.default_rng(5).integers(1, 60000, (6, 9, 10)).astype("uint16")
    Mosaic(tmp_path, (1, 1, 1)).add(data[None, None], (0, 0, 0), matrix)
    flags = ["--output-origin", "z=0,y=0,x=0", "--output-shape", "z=12,y=14,x=16", "--blending", "product"]
    expected, _ = average([(data, matrix)], (12, 14, 16), 1, [0], [np.array((3, 10, 10))])
    np.testing.assert_allclose(fuse(tmp_path, "a.zarr", *flags), expected, atol=0.51)
    assert (fuse(tmp_path, "b.zarr", *flags, "--output-chunksize", "z=2,y=5,x=5") == fuse(tmp_path, "c.zarr", *flags)).all()


def test_voxels_do_not_depend_on_blocks(tmp_path):
    tiles(tmp_path)
    flags = ["--blending", "product", "--blending-border", "0.5", "--edges", "filled", *REGION]
    whole = fuse(tmp_path, "a.zarr", *flags, "--output-chunksize", "64")
    assert (fuse(tmp_path, "b.zarr", *flags, "--output-chunksize", "z=5,y=7,x=11", "--workers", "3") == whole).all()
    assert (fuse(tmp_path, "c.zarr", *flags, "--output-chunksize", "8", "--ngff-version", "0.5", "--shards", "16") == whole).all()
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "d.zarr", "--quiet", "--output-chunksize", "8", "--limit", "9", *flags)
    blockfuse(tmp_path, "run", "--quiet")
    assert (zarr.open(str(tmp_path / "d.zarr/0"))[0, 0] == whole).all()
    blockfuse(tmp_path, "verify")


def test_like_bigstitcher(tmp_path):
    """Ramps of 40 voxels of the world: a view whose planes lie 2 apart has 20 along z."""
    views = {(0, s): [shift(20 * s), CALIBRATION] for s in range(2)}
    data = {v: tile(v[1], "float32") for v in views}
    for (t, s), voxels in data.items():
        write_n5(tmp_path / f"data.n5/setup{s}/timepoint{t}/s0", voxels)
    write_xml(tmp_path / "dataset.xml", N5, views)
    grid = (19, 22, 46)
    found = fuse(tmp_path, "l.zarr", "--like", "bigstitcher", dataset="dataset.xml")
    assert found.shape == grid
    placed = [(data[v], zyx(views[v])) for v in views]
    expected, weights = average(placed, grid, 1, [0, 0], [np.array((20, 40, 40))] * 2)
    np.testing.assert_allclose(found, expected, atol=0.01)
    assert (weights == 0).any()
    answer = plan(tmp_path, "--like", "bigstitcher", dataset="dataset.xml")
    assert any("like bigstitcher" in w and "weigh 0" in w and "black" in w for w in answer["warnings"])
    assert answer["blending"] == {"ramp": "product", "widths": dict.fromkeys("zyx", 40), "border": dict.fromkeys("zyx", 0), "world_widths": dict.fromkeys("zyx", True)}
    # submit says it, too
    end = subprocess.run([binary(), "submit", "dataset.xml", "--output", "s.zarr", "--like", "bigstitcher", "--db", "s.sqlite"], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 0 and "weigh 0" in end.stderr, end.stderr
    # what is given wins: a width in the view's own lengths, of which the planes of the XML have 1
    given = fuse(tmp_path, "w.zarr", "--like", "bigstitcher", "--blending-widths", "z=7", "--blending-border", "y=1", dataset="dataset.xml")
    expected, _ = average(placed, grid, 1, [np.array((0, 1, 0))] * 2, [np.array((7, 40, 40))] * 2)
    np.testing.assert_allclose(given, expected, atol=0.01)
    assert (fuse(tmp_path, "r.zarr", "--like", "bigstitcher", "--blending", "reference", dataset="dataset.xml") == fuse(tmp_path, "d.zarr", dataset="dataset.xml")).all()
    # the same dataset as dataset.json
    blockfuse(tmp_path, "convert", "dataset.xml", "dataset.json")
    assert (fuse(tmp_path, "j.zarr", "--like", "bigstitcher") == found).all()


def test_a_world_voxel_is_the_smallest_side(tmp_path):
    tiles(tmp_path, (2, 0.5, 0.5))
    assert plan(tmp_path, "--like", "bigstitcher")["blending"]["widths"] == dict.fromkeys("zyx", 20)


def test_blending_that_has_no_part(tmp_path):
    tiles(tmp_path)
    assert (fuse(tmp_path, "a.zarr", "--fusion-func", "max_fusion", "--like", "bigstitcher", *REGION) == fuse(tmp_path, "b.zarr", "--fusion-func", "max_fusion", *REGION)).all()
    assert any("no part in max_fusion" in w for w in plan(tmp_path, "--fusion-func", "max_fusion", "--blending", "product")["warnings"])
    assert (fuse(tmp_path, "c.zarr", "--output-mask", "--blending", "product", *REGION) == fuse(tmp_path, "d.zarr", "--output-mask", *REGION)).all()
    assert "blending_border" in refused(tmp_path, "--blending-border", "3")
    assert "blending_border" in refused(tmp_path, "--blending", "product", "--blending-border", "3", "--blending-widths", "z=0")
    # a border that leaves nothing of a view is told
    answer = plan(tmp_path, "--blending", "product", "--blending-border", "z=5")
    assert answer["views_without_voxels"] == ["view_0", "view_1", "view_2"]
    assert any("weighs more than 0" in w for w in answer["warnings"])


# MARK: edges

def grid_of_tiles(folder, gap, shape=(20, 24), rows=2, columns=3, dtype="uint16"):
    rng = np.random.default_rng(8)
    mosaic = Mosaic(folder, (1, 1))
    for y in range(rows):
        for x in range(columns):
            matrix = np.eye(3)
            matrix[:2, 2] = (y * (shape[0] + gap), x * (shape[1] + gap))
            mosaic.add(rng.integers(1, 60000, (1, 1, *shape)).astype(dtype), (0, 0), matrix)
    return mosaic


def black_lines(folder, *flags):
    return [w for w in plan(folder, *flags)["warnings"] if "black lines" in w]


@pytest.mark.parametrize("function", ["weighted_average_fusion", "max_fusion", "median_fusion", "last_view_wins", "closest_view_wins"])
@pytest.mark.parametrize("order", [0, 1])
def test_tiles_that_touch_with_a_drift(tmp_path, order, function):
    grid_of_tiles(tmp_path, 0.004)
    flags = ["--interpolation-order", order, "--fusion-func", function]
    note, = black_lines(tmp_path, *flags)
    assert "--edges filled" in note
    assert black_lines(tmp_path, *flags, "--edges", "filled") == []
    assert plan(tmp_path, "--edges", "filled")["edges"] == "filled" and plan(tmp_path)["edges"] == "reference"
    plain = fuse(tmp_path, "r.zarr", *flags)
    filled = fuse(tmp_path, "f.zarr", *flags, "--edges", "filled")
    black = plain == 0
    assert black.any() and (filled > 0).all() and (filled[~black] == plain[~black]).all()
    # voxel 24 along x lies 0.004 before the first voxel of the second tile
    second = zarr.open(str(tmp_path / "view_1.ome.zarr/0"))[0, 0]
    np.testing.assert_array_equal(filled[:20, 24], second[:, 0])
    whole = fuse(tmp_path, "w.zarr", *flags, "--edges", "filled", "--output-chunksize", "100")
    assert (whole == filled).all()


def test_coarse_output_of_coarse_levels(tmp_path):
    """16 times as coarse: the last voxels of a coarse level end 7.5 voxels before the tile does."""
    views = []
    for y in range(2):
        for x in range(2):
            path = tmp_path / f"tile_{y}{x}.ome.zarr"
            write_view(path, np.full((1, 1, 128, 128), 9, "uint16"), (1, 1), (128 * y, 128 * x))
            group = zarr.open_group(path, mode="r+")
            multiscales = group.attrs["multiscales"]
            for level, factor in enumerate((2, 4, 8, 16), 1):
                n = 128 // factor
                group.create_array(str(level), shape=(1, 1, n, n), chunks=(1, 1, n, n), dtype="uint16", fill_value=0,
                                   chunk_key_encoding={"name": "v2", "separator": "/"})[:] = 9
                shift = (factor - 1) / 2
                multiscales[0]["datasets"].append({"path": str(level), "coordinateTransformations": [
                    {"type": "scale", "scale": [1.0, 1.0, factor, factor]}, {"type": "translation", "translation": [0.0, 0.0, 128 * y + shift, 128 * x + shift]}]})
            group.attrs["multiscales"] = multiscales
            views.append({"name": path.stem, "path": path.name})
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    flags = ["--output-spacing", "16"]
    note, = black_lines(tmp_path, *flags)
    assert "coarser level" in note and "--edges filled" in note
    assert black_lines(tmp_path, *flags, "--edges", "filled") == []
    plain, filled = fuse(tmp_path, "r.zarr", *flags), fuse(tmp_path, "f.zarr", *flags, "--edges", "filled")
    assert (plain == 0).any() and (filled == 9).all()
    answer = plan(tmp_path, *flags, "--edges", "filled")
    assert answer["covered"] == {"share": 1, "method": "exact"} and plan(tmp_path, *flags)["covered"]["share"] == (plain > 0).mean()


@pytest.mark.parametrize("flags", [[], ["--planewise", "true"], ["--weights-func", "content_based", "--weights-func-kwargs", "sigma_1=1,sigma_2=2"], ["--output-mask"]])
def test_turned_tiles_in_three_dimensions(tmp_path, flags):
    tiles(tmp_path)
    plain = fuse(tmp_path, "r.zarr", *REGION, *flags)
    filled = fuse(tmp_path, "f.zarr", *REGION, *flags, "--edges", "filled")
    covered = fuse(tmp_path, "c.zarr", *REGION, "--output-mask") > 0
    assert (filled[covered] == plain[covered]).all()
    views = [(np.zeros((6, 20, 24)), np.array(v["transforms"]["registered"])) for v in json.loads((tmp_path / "dataset.json").read_text())["views"]]
    near = np.zeros(GRID, int)
    for data, matrix in views:
        p = places(matrix, GRID, np.array((2, 1, 1)))
        near += ((p >= -0.5 - 1e-6) & (p <= np.array(data.shape) - 0.5 + 1e-6)).all(-1)
    assert ((filled > 0) == (covered | (near > 0))).all() and (filled > 0).sum() > covered.sum()
    if "--output-mask" in flags:
        assert (filled[~covered] == near[~covered]).all()


def test_a_view_between_the_rows_of_the_output(tmp_path):
    """It has no voxel by its centres, and one where nothing else is."""
    mosaic = Mosaic(tmp_path, (1, 1))
    for y in (0, 8.4):
        matrix = np.eye(3)
        matrix[0, 2] = y
        mosaic.add(np.full((1, 1, 8 if y == 0 else 1, 20), 5 + y, "float32"), (0, 0), matrix)
    region = ["--output-origin", "y=0,x=0", "--output-shape", "y=10,x=20"]
    assert plan(tmp_path, *region)["views_without_voxels"] == ["view_1"]
    assert plan(tmp_path, *region, "--edges", "filled")["views_without_voxels"] == []
    filled = fuse(tmp_path, "f.zarr", *region, "--edges", "filled")
    np.testing.assert_allclose(filled[8], 13.4, atol=1e-5)
    assert (filled[9] == 0).all()


# MARK: order

def test_the_order_of_views_that_win(tmp_path):
    mosaic = Mosaic(tmp_path, (1, 1))
    for i in range(4):
        matrix = np.eye(3)
        matrix[1, 2] = 10 * i
        mosaic.add(np.full((1, 1, 16, 40), i + 1, "uint16"), (0, 0), matrix)
    def row(name, *flags):
        return fuse(tmp_path, name, *flags)[0]
    first = row("a.zarr", "--fusion-func", "first_view_wins", "--fusion-func-kwargs", "order=view_3,view_1")
    expected = np.array([1] * 10 + [2] * 20 + [4] * 40)
    np.testing.assert_array_equal(first, expected)
    (tmp_path / "o.json").write_text(json.dumps({"fusion_func": "first_view_wins", "fusion_func_kwargs": {"order": ["view_3", "view_1"]}}))
    np.testing.assert_array_equal(row("b.zarr", "--options", "o.json", "--output-chunksize", "7"), expected)
    # those that are not in the list come after, and so win where the last does
    last = row("c.zarr", "--fusion-func", "last_view_wins", "--fusion-func-kwargs", "order=view_3,view_1")
    np.testing.assert_array_equal(last, [1] * 20 + [3] * 40 + [4] * 10)
    answer = plan(tmp_path, "--options", "o.json")
    assert answer["view_order"] == ["view_3", "view_1"] and plan(tmp_path)["view_order"] is None
    np.testing.assert_array_equal(row("d.zarr", "--options", "o.json", "--views", "view_1,view_3"), [2] * 20 + [4] * 40)
    message = refused(tmp_path, "--fusion-func", "first_view_wins", "--fusion-func-kwargs", "order=view_3,veiw_1,nothing")
    assert '"veiw_1", "nothing"' in message and "view_1" in message
    assert "more than once" in refused(tmp_path, "--fusion-func", "first_view_wins", "--fusion-func-kwargs", "order=view_3,view_3")
    assert "order" in refused(tmp_path, "--fusion-func", "max_fusion", "--fusion-func-kwargs", "order=view_3")
