"""Places of tiles in a TileConfiguration.txt of Fiji."""
import json
import numpy as np, pytest, tifffile, zarr
from conftest import blockfuse
from test_tiff import YX, refused, voxels

def test_tile_configuration(tmp_path):
    whole = voxels((100, 150), "uint8")
    for i, x in enumerate([0, 80]):
        tifffile.imwrite(tmp_path / f"tile_{i}.tif", whole[:, x:x + 70 + 10 * (1 - i)])
    (tmp_path / "TileConfiguration.registered.txt").write_text(
        "# Define the number of dimensions we are working on\r\ndim = 2\r\n\r\n# Define the image coordinates\r\n"
        "tile_0.tif; ; (0.0, 0.0)\r\ntile_1.tif; ; (80.0, 0.0)\r\n")
    blockfuse(tmp_path, "fuse", "TileConfiguration.registered.txt", "--output", "out.zarr", "--quiet")
    np.testing.assert_array_equal(zarr.open_array(str(tmp_path / "out.zarr/0"), mode="r")[0, 0], whole)
    blockfuse(tmp_path, "convert", "TileConfiguration.registered.txt", "dataset.json")
    view = json.loads((tmp_path / "dataset.json").read_text())["views"][1]
    assert view["transforms"] == {"registered": [[1, 0, 0], [0, 1, 80], [0, 0, 1]]}


@pytest.mark.parametrize("text, words", [
    ("dim = 4\n", ["line 1"]), ("dim = 2\na.tif; ; (1.0)\n", ["line 2"]), ("dim = 2\nmultiseries = true\na.tif; 0; (1.0, 2.0)\n", ["line 2", "series"]),
    ("dim = 2\na.tif; 3; (1.0, 2.0)\n", ["line 2", "series 3"]), ("dim = 2\na.tif (0, 0)\n", ["line 2"]), ("dim = 2\n", ["no views"]),
    ("dim = 2\nnone.tif; ; (0, 0)\n", ["none.tif"])])
def test_tile_configurations_that_are_wrong(tmp_path, text, words):
    (tmp_path / "TileConfiguration.txt").write_text(text)
    errors = refused(tmp_path, "TileConfiguration.txt")
    assert all(word in errors for word in words), errors


def test_tile_configuration_in_3d(tmp_path):
    whole = voxels((9, 60, 90))
    tifffile.imwrite(tmp_path / "a.tif", whole[:, :, :50], metadata=None, photometric="minisblack")
    tifffile.imwrite(tmp_path / "b.tif", whole[2:, 5:, 40:], metadata=None, photometric="minisblack")
    (tmp_path / "TileConfiguration.txt").write_text("dim = 3\na.tif; ; (0.0, 0.0, 0.0)\nb.tif; ; (40.0, 5.0, 2.0)\n")
    blockfuse(tmp_path, "fuse", "TileConfiguration.txt", "--output", "out.zarr", "--quiet")
    expected = whole.copy()
    expected[:2, :, 50:] = expected[:, :5, 50:] = 0
    np.testing.assert_array_equal(zarr.open_array(str(tmp_path / "out.zarr/0"), mode="r")[0, 0], expected)


def test_tile_configuration_in_3d_with_pixel_sizes(tmp_path):
    """Places are pixels of the first tile along z too."""
    whole = voxels((12, 60, 90))
    write = lambda name, data: tifffile.imwrite(tmp_path / name, data, imagej=True, resolution=(4, 4), metadata={"axes": "ZYX", "spacing": 3.0, "unit": "um"})
    write("a.tif", whole[:8, :, :50])
    write("b.tif", whole[4:, 5:, 40:])
    (tmp_path / "TileConfiguration.registered.txt").write_text("dim = 3\na.tif; ; (0.0, 0.0, 0.0)\nb.tif; ; (40.0, 5.0, 4.0)\n")
    blockfuse(tmp_path, "fuse", "TileConfiguration.registered.txt", "--output", "out.zarr", "--quiet")
    expected = whole.copy()
    expected[8:, :, :40] = expected[8:, :5] = expected[:4, :, 50:] = expected[:, :5, 50:] = 0
    group = zarr.open_group(str(tmp_path / "out.zarr"), mode="r")
    np.testing.assert_array_equal(group["0"][0, 0], expected)
    assert group.attrs["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"][2:] == [3.0, 0.25, 0.25]


def test_tile_configuration_with_fractions_and_negative_places(tmp_path):
    data = voxels((40, 50))
    for name in "ab":
        tifffile.imwrite(tmp_path / f"{name}.tif", data, metadata=None)
    (tmp_path / "TileConfiguration.registered.txt").write_text("dim = 2\na.tif; ; (-1.5, -2.25)\nb.tif; ; (30.25, 1e1)\n")
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [
        {"path": f"{n}.tif", "transforms": {"r": [[1, 0, y], [0, 1, x], [0, 0, 1]]}} for n, x, y in [("a", -1.5, -2.25), ("b", 30.25, 10)]]}))
    for dataset, output in [("TileConfiguration.registered.txt", "a.zarr"), ("dataset.json", "b.zarr")]:
        blockfuse(tmp_path, "fuse", dataset, "--output", output, "--quiet")
    a, b = (zarr.open_array(str(tmp_path / f"{n}.zarr/0"), mode="r")[:] for n in "ab")
    assert a.any() and (a == b).all()


def test_tile_configuration_of_zarr_tiles(tmp_path):
    from conftest import write_view
    whole = voxels((60, 90))
    for i, x in enumerate([0, 40]):
        write_view(tmp_path / f"t{i}.ome.zarr", whole[None, None, :, x:x + 50], [0.5, 0.5], [99.0, 99.0])
    (tmp_path / "TileConfiguration.txt").write_text("dim = 2\nt0.ome.zarr; ; (0, 0)\nt1.ome.zarr; ; (40, 0)\n")
    blockfuse(tmp_path, "fuse", "TileConfiguration.txt", "--output", "out.zarr", "--quiet")
    np.testing.assert_array_equal(zarr.open_array(str(tmp_path / "out.zarr/0"), mode="r")[0, 0], whole)


@pytest.mark.parametrize("change, words", [
    (lambda folder: (folder / "b.tif").write_bytes((folder / "b.tif").read_bytes()[:-500]), ["\"b\"", "b.tif"]),
    (lambda folder: (folder / "b.tif").write_text("no image"), ["\"b\"", "b.tif"]),
    (lambda folder: tifffile.imwrite(folder / "b.tif", voxels((3, *YX)), metadata=None, photometric="minisblack"), ["\"b\"", "has z"]),
    (lambda folder: (folder / "TileConfiguration.txt").write_bytes(b"\xff\xfed\0i\0m\0"), ["TileConfiguration.txt"]),
    (lambda folder: (folder / "TileConfiguration.txt").write_text("dim = 2\na.tif; ; (0, 0)\nb.tif; ; (1,0\n"), ["line 3", "parentheses"]),
    (lambda folder: (folder / "TileConfiguration.txt").write_text("dim = 2\na.tif; ; (0, 0)\nb.tif; ; (1, 1e999)\n"), ["line 3", "2 numbers"]),
    (lambda folder: (folder / "TileConfiguration.txt").write_text("dim = 2\na.tif; ; (0, 0)\na.tif; ; (1, 1)\n"), ["two views", "\"a.tif\""]),
    (lambda folder: (folder / "TileConfiguration.txt").write_text("dim = 2\nflavour = 3\na.tif; ; (0, 0)\n"), ["line 2", "flavour"]),
])
def test_tiles_and_configurations_that_are_damaged(tmp_path, change, words):
    for name in "ab":
        tifffile.imwrite(tmp_path / f"{name}.tif", voxels(YX), metadata=None)
    (tmp_path / "TileConfiguration.txt").write_text("dim = 2\na.tif; ; (0, 0)\nb.tif; ; (40, 0)\n")
    change(tmp_path)
    errors = refused(tmp_path, "TileConfiguration.txt")
    assert "hint:" in errors and all(word in errors for word in words), errors
