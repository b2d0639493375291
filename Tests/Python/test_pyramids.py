"""Levels that the user chooses: by spacing, by their factors, by number and size. Voxels by numpy, however the work is cut."""
import json, subprocess
import numpy as np, pytest, zarr
from conftest import binary, blockfuse, write_view

SHAPE = (13, 90, 70)


def scene(folder, data, spacing=(4, 1, 1)):
    write_view(folder / "v.ome.zarr", data, spacing, (0.0,) * len(spacing), chunks=(16,) * len(spacing))
    (folder / "dataset.json").write_text(json.dumps({"views": [{"path": "v.ome.zarr"}]}))


def fuse(folder, *flags, output="out.ome.zarr"):
    blockfuse(folder, "fuse", "dataset.json", "--output", output, "--output-chunksize", "z=8,y=16,x=16", "--quiet", *flags)
    return zarr.open_group(folder / output, mode="r")


def shrunk(data, factor):
    """The mean of each window, truncated: of the level below, as every level is made."""
    z, y, x = (n // f for n, f in zip(data.shape[-3:], factor))
    cut = data[..., : z * factor[0], : y * factor[1], : x * factor[2]].astype(np.int64)
    return cut.reshape(*data.shape[:-3], z, factor[0], y, factor[1], x, factor[2]).sum((-5, -3, -1)) // np.prod(factor)


def scales(group):
    attrs = dict(group.attrs)
    return [d["coordinateTransformations"] for d in attrs.get("ome", attrs)["multiscales"][0]["datasets"]]


@pytest.mark.parametrize("flags", [[], ["--limit", "40"], ["--ngff-version", "0.5", "--shards", "z=16,y=64,x=64"], ["--workers", "3"]])
def test_levels_by_their_factors(tmp_path, flags):
    data = np.random.default_rng(5).integers(0, 60000, (1, 2) + SHAPE, dtype="uint16")
    scene(tmp_path, data)
    (tmp_path / "o.json").write_text(json.dumps({"output_chunksize": {"z": 8, "y": 16, "x": 16}, "pyramid": [[1, 3, 3], [2, 6, 12]]}))
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.ome.zarr", "--options", "o.json", "--quiet", *flags)
    if "--limit" in flags:
        blockfuse(tmp_path, "run", "--quiet")
    blockfuse(tmp_path, "verify")
    group = zarr.open_group(tmp_path / "out.ome.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][:], data)
    np.testing.assert_array_equal(group["1"][:], shrunk(data, (1, 3, 3)))
    np.testing.assert_array_equal(group["2"][:], shrunk(group["1"][:].astype("uint16"), (2, 2, 4)))
    assert "3" not in group
    first = np.array(scales(group)[0][0]["scale"])
    for level, factor in enumerate([(1, 3, 3), (2, 6, 12)], 1):
        scale, translation = (np.array(scales(group)[level][k][name]) for k, name in enumerate(("scale", "translation")))
        np.testing.assert_allclose(scale[-3:], first[-3:] * factor)
        np.testing.assert_allclose(translation[-3:], first[-3:] * (np.array(factor) - 1) / 2)


@pytest.mark.parametrize("method", ["mode", "max", "nearest"])
def test_large_windows_of_labels_hold_labels_that_exist(tmp_path, method):
    labels = np.random.default_rng(6).choice(np.array([3, 70000, 900], "uint32"), (1, 1) + SHAPE)
    scene(tmp_path, labels)
    group = fuse(tmp_path, "--pyramid", "4,5,7", "--downsample", method)
    z, y, x = (n // f for n, f in zip(SHAPE, (4, 5, 7)))
    cut = labels[0, 0, : 4 * z, : 5 * y, : 7 * x].reshape(z, 4, y, 5, x, 7).transpose(0, 2, 4, 1, 3, 5).reshape(z, y, x, -1)
    for place in np.ndindex(z, y, x):
        values, first, counts = np.unique(cut[place], return_index=True, return_counts=True)
        expected = {"max": values[-1], "nearest": cut[place][0], "mode": values[np.lexsort((first, -counts))[0]]}[method]
        assert group["1"][0, 0][place] == expected


def test_spacings_become_equal_and_then_grow_together(tmp_path):
    data = np.random.default_rng(7).integers(0, 255, (1, 1, 40, 260, 270), dtype="uint8")
    scene(tmp_path, data)
    group = fuse(tmp_path, "--pyramid", "isotropic", "--pyramid-minimum-size", "12")
    assert [group[str(i)].shape[-3:] for i in range(5)] == [(40, 260, 270), (40, 130, 135), (40, 65, 67), (20, 32, 33), (20, 16, 16)]
    assert [tuple(s[0]["scale"][-3:]) for s in scales(group)][:4] == [(4, 1, 1), (4, 2, 2), (4, 4, 4), (8, 8, 8)]
    below = data
    for level, factor in enumerate([(1, 2, 2), (1, 2, 2), (2, 2, 2)], 1):
        below = shrunk(below, factor)
        np.testing.assert_array_equal(group[str(level)][:], below)


def test_levels_by_number_and_size(tmp_path):
    data = np.random.default_rng(8).integers(0, 255, (1, 1, 4, 60, 50), dtype="uint8")
    scene(tmp_path, data)
    flags = ["--pyramid-minimum-size", "10"]
    assert sorted(fuse(tmp_path, *flags).array_keys()) == ["0", "1", "2"]
    assert sorted(fuse(tmp_path, *flags, "--pyramid-levels", "1", output="one").array_keys()) == ["0", "1"]
    assert sorted(fuse(tmp_path, "--pyramid-levels", "0", output="none").array_keys()) == ["0"]
    said = blockfuse(tmp_path, "plan", "dataset.json", "--pyramid-levels", "4", "--json", *flags)
    assert any("4 levels above 0 were asked for, and there are 2" in note for note in json.loads(said)["warnings"])


def test_images_of_two_dimensions(tmp_path):
    data = np.random.default_rng(9).integers(0, 255, (1, 1, 31, 50), dtype="uint8")
    scene(tmp_path, data, spacing=(1, 1))
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "o", "--pyramid", "1,1;2,3", "--quiet")
    group = zarr.open_group(tmp_path / "o", mode="r")
    np.testing.assert_array_equal(group["1"][:], shrunk(data[:, :, None], (1, 2, 3))[:, :, 0])


@pytest.mark.parametrize(
    "flags, word",
    [
        (["--pyramid", "isotopic"], "isotropic"), (["--pyramid", "1,2"], "z"), (["--pyramid", "1,2,2;1,3,3"], "multiple"),
        (["--pyramid", "1,2,2;1,2,2"], "multiple"), (["--pyramid", "1,32,2"], "16"), (["--pyramid", "2,2,2;16,16,16"], "no voxel along z"),
        (["--pyramid", "0,1,1"], "z,y,x"), (["--pyramid", "1,2,2;"], "z,y,x"), (["--pyramid", "t=2"], "z,y,x"),
        (["--pyramid", "1,2,2", "--pyramid-levels", "1"], "leave out"), (["--pyramid", "isotropic", "--ome-zarr", "false"], "plain array"),
        (["--pyramid-levels=-1"], "pyramid_levels"), (["--pyramid-minimum-size", "0"], "pyramid_minimum_size"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, flags, word):
    scene(tmp_path, np.ones((1, 1) + SHAPE, "uint8"))
    end = subprocess.run([binary(), "plan", "dataset.json", *flags], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 64 and word in end.stderr, end.stderr


def test_factors_in_the_wrong_order_are_noticed(tmp_path):
    scene(tmp_path, np.ones((1, 1) + SHAPE, "uint8"))
    said = json.loads(blockfuse(tmp_path, "plan", "dataset.json", "--pyramid", "2,2,1;4,4,2", "--json"))
    assert any("z,y,x" in note for note in said["warnings"])
    assert [level["shape"][-3:] for level in said["levels"]] == [[13, 90, 70], [6, 45, 70], [3, 22, 35]]
    right = json.loads(blockfuse(tmp_path, "plan", "dataset.json", "--pyramid", "1,2,2;2,4,4", "--json"))
    assert not any("z,y,x" in note for note in right["warnings"])
