"""TIFF files of one plane: whether they have a place along z is decided by what the files and the dataset say, and planes
at several z become the slices of a volume. Written by tifffile, read back with zarr-python."""
import json, shutil
import h5py, numpy as np, pytest, tifffile, zarr
from conftest import blockfuse, write_view

YX = (40, 52)


def plane(seed, shape=YX):
    return np.random.default_rng(seed).integers(1, 60000, shape).astype("uint16")


def write_ome(path, data, **place):
    """One plane with a stage position, as acquisition programs write it."""
    metadata = {"axes": "CYX" if data.ndim == 3 else "YX", **{k: v for k, v in place.items() if not k.startswith("Position")}}
    count = len(data) if data.ndim == 3 else 1
    metadata["Plane"] = {k: [v] * count for k, v in place.items() if k.startswith("Position")}
    tifffile.imwrite(path, data, photometric="minisblack", metadata=metadata, ome=True)


def fused(folder, dataset, *options):
    """Level 0, its scale and translation of space, and the notes of the plan."""
    shutil.rmtree(folder / "out.zarr", ignore_errors=True)
    output = folder.parent / (folder.name + "-out.zarr")
    shutil.rmtree(output, ignore_errors=True)
    (folder.parent / "jobs.sqlite").unlink(missing_ok=True)
    plan = json.loads(blockfuse(folder.parent, "plan", folder / dataset, "--json", *options))
    blockfuse(folder.parent, "fuse", folder / dataset, "--output", output, "--quiet", *options)
    group = zarr.open_group(str(output), mode="r")
    placed = {t["type"]: t[t["type"]] for t in group.attrs["multiscales"][0]["datasets"][0]["coordinateTransformations"]}
    notes = " | ".join(plan.get("notes", []) + plan.get("warnings", []))
    return group["0"][:], placed["scale"][2:], placed["translation"][2:], notes


def refused(folder, dataset):
    import subprocess
    from conftest import binary
    end = subprocess.run([binary(), "plan", folder / dataset], cwd=folder, capture_output=True, text=True)
    assert end.returncode == 64, end.stdout + end.stderr
    return end.stderr


def views(folder, *entries, **more):
    (folder / "dataset.json").write_text(json.dumps({"views": list(entries), **more}))


def two_slices(a, b, dx=1):
    """Two planes, the second one a pixel to the right, each in a slice of its own."""
    expected = np.zeros((2, a.shape[0], a.shape[1] + dx), a.dtype)
    expected[0, :, :a.shape[1]], expected[1, :, dx:] = a, b
    return expected


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiles").mkdir()
    return tmp_path / "tiles"


@pytest.mark.parametrize("size", [{}, {"PhysicalSizeZ": 1.5}, {"PhysicalSizeZ": 1500, "PhysicalSizeZUnit": "nm"}])
@pytest.mark.parametrize("route", ["folder", "list", "convert", "dataset.json"])
def test_planes_at_several_z_make_a_volume(folder, size, route):
    a, b = plane(1), plane(2)
    write_ome(folder / "a.ome.tif", a, PositionX=0.0, PositionY=0.0, PositionZ=0.0, **size)
    write_ome(folder / "b.ome.tif", b, PositionX=1.0, PositionY=0.0, PositionZ=1.5, **size)
    dataset = "."
    if route == "list":
        dataset = "list.txt"
        (folder / dataset).write_text("a.ome.tif\nb.ome.tif\n")
    elif route == "convert":
        dataset = "dataset.json"
        blockfuse(folder.parent, "convert", folder, folder / dataset)
    elif route == "dataset.json":
        dataset = "dataset.json"
        views(folder, {"path": "a.ome.tif"}, {"path": "b.ome.tif"})
    read, scale, place, notes = fused(folder, dataset)
    np.testing.assert_array_equal(read[0, 0], two_slices(a, b))
    assert scale == [1.5, 1, 1] and place == [0, 0, 0]
    assert "z" in notes and "1.5" in notes, notes


def test_slices_on_one_place(folder):
    """A stack with a file for each slice: no tiles on one place that would be averaged."""
    data = np.stack([plane(i) for i in range(4)])
    for z in range(4):
        write_ome(folder / f"z{z}.ome.tif", data[z], PositionX=5.0, PositionY=3.0, PositionZ=10 + 0.7 * z)
    read, scale, place, _ = fused(folder, ".")
    np.testing.assert_array_equal(read[0, 0], data)
    np.testing.assert_allclose(scale, [0.7, 1, 1])
    np.testing.assert_allclose(place, [10, 3, 5])


def test_flat_tiles_stay_flat(folder):
    """A mosaic whose files say nothing of z but that it is the same."""
    a, b = plane(1), plane(2)
    for z in [{}, {"PositionZ": 37.2}]:
        write_ome(folder / "a.ome.tif", a, PositionX=0.0, PositionY=0.0, **z)
        write_ome(folder / "b.ome.tif", b, PositionX=60.0, PositionY=0.0, **z)
        read, scale, _, _ = fused(folder, ".")
        assert read.ndim == 4 and scale == [1, 1]
        np.testing.assert_array_equal(read[0, 0, :, :52], a)
        np.testing.assert_array_equal(read[0, 0, :, 60:], b)


def test_a_slice_thickness_says_that_there_is_z(folder):
    a, b = plane(1), plane(2)
    write_ome(folder / "a.ome.tif", a, PositionX=0.0, PositionY=0.0, PositionZ=7.0, PhysicalSizeZ=2)
    write_ome(folder / "b.ome.tif", b, PositionX=60.0, PositionY=0.0, PositionZ=7.0, PhysicalSizeZ=2)
    read, scale, place, _ = fused(folder, ".")
    assert read.shape == (1, 1, 1, 40, 112) and scale == [2, 1, 1] and place == [7, 0, 0]
    np.testing.assert_array_equal(read[0, 0, 0, :, :52], a)


SAID = {
    "tifffile": lambda path, data: tifffile.imwrite(path, data[None], photometric="minisblack", metadata={"axes": "ZYX"}),
    "ImageJ, slices": lambda path, data: tifffile.imwrite(path, data, metadata=None, description="ImageJ=1.54f\nimages=1\nslices=1\nunit=um\n"),
    "ImageJ, spacing": lambda path, data: tifffile.imwrite(path, data, imagej=True, metadata={"spacing": 1.0, "unit": "um"}),
    "SCIFIO": lambda path, data: tifffile.imwrite(
        path, data, metadata=None, description="SCIFIO=0.42.0\naxes=X,Y,Z\nlengths=52,40,1\nscales=1.0,1.0,1.0\nunits=um,um,um\nimages=1\n"),
}


@pytest.mark.parametrize("name", SAID)
def test_z_of_length_one_stays(folder, name):
    data = plane(3)
    SAID[name](folder / "a.tif", data)
    views(folder, {"path": "a.tif"})
    read, _, _, _ = fused(folder, "dataset.json")
    assert read.shape == (1, 1, 1, *YX)
    np.testing.assert_array_equal(read[0, 0, 0], data)


def test_imagej_origins_are_places_along_z(folder):
    a, b = plane(1), plane(2)
    for name, data, z in [("a", a, 0), ("b", b, -3)]:
        tifffile.imwrite(folder / f"{name}.tif", data, imagej=True, resolution=(2, 2),
                         metadata={"spacing": 2.0, "unit": "um", "zorigin": z, "xorigin": 0 if name == "a" else -1})
    read, scale, _, _ = fused(folder, ".")
    assert read.shape == (1, 1, 4, 40, 53) and scale == [2, 0.5, 0.5]
    np.testing.assert_array_equal(read[0, 0, [0, 3]], two_slices(a, b))
    assert not read[0, 0, 1:3].any()


@pytest.mark.parametrize("axes", [["z", "y", "x"], ["t", "z", "y", "x"], ["t", "c", "z", "y", "x"]])
@pytest.mark.parametrize("metadata", [{}, None])
def test_axes_of_the_dataset(folder, axes, metadata):
    data = plane(4)
    tifffile.imwrite(folder / "p.tif", data, metadata=metadata)
    views(folder, {"path": "p.tif", "axes": axes, "spacing": {"z": 3, "y": 1, "x": 1}, "origin": {"z": 6, "y": 0, "x": 0}})
    read, scale, place, _ = fused(folder, "dataset.json")
    np.testing.assert_array_equal(read[0, 0], data[None])
    assert scale == [3, 1, 1] and place == [6, 0, 0]


def test_spacing_along_z_of_a_plane_with_channels(folder):
    data = np.stack([plane(i) for i in range(3)])
    write_ome(folder / "a.ome.tif", data)
    views(folder, {"path": "a.ome.tif", "spacing": {"z": 2, "y": 0.5, "x": 0.5}})
    read, scale, _, _ = fused(folder, "dataset.json")
    np.testing.assert_array_equal(read[0], data[:, None])
    assert scale == [2, 0.5, 0.5]


def test_origins_of_the_dataset_make_a_volume(folder):
    a, b = plane(1), plane(2)
    for name, data in [("a", a), ("b", b)]:
        tifffile.imwrite(folder / f"{name}.tif", data)
    views(folder, *({"path": f"{n}.tif", "origin": {"z": z, "y": 0, "x": x}} for n, z, x in [("a", 0, 0), ("b", 2.5, 1)]))
    read, scale, _, _ = fused(folder, "dataset.json")
    np.testing.assert_array_equal(read[0, 0], two_slices(a, b))
    assert scale == [2.5, 1, 1]


def matrix(n, *shift):
    m = np.eye(n + 1)
    m[:n, n] = shift
    return m.tolist()


def test_matrices_say_how_many_axes_there_are(folder):
    a, b = plane(1), plane(2)
    write_ome(folder / "a.ome.tif", a, PhysicalSizeZ=1.5, PositionZ=0.0)
    write_ome(folder / "b.ome.tif", b, PhysicalSizeZ=1.5, PositionZ=0.0)
    views(folder, *({"path": f"{n}.ome.tif", "transforms": {"r": matrix(3, z, 0, x)}} for n, z, x in [("a", 0, 0), ("b", 1.5, 1)]))
    np.testing.assert_array_equal(fused(folder, "dataset.json")[0][0, 0], two_slices(a, b))
    views(folder, *({"path": f"{n}.ome.tif", "transforms": {"r": matrix(2, 0, x)}} for n, x in [("a", 0), ("b", 60)]))
    read, _, _, notes = fused(folder, "dataset.json")
    assert read.shape == (1, 1, 40, 112) and "several z" not in notes
    np.testing.assert_array_equal(read[0, 0, :, 60:], b)


def test_matrices_without_z_over_planes_at_several_z_are_said(folder):
    for name, z in [("a", 0.0), ("b", 1.5)]:
        write_ome(folder / f"{name}.ome.tif", plane(1), PositionZ=z)
    views(folder, *({"path": f"{n}.ome.tif", "transforms": {"r": matrix(2, 0, x)}} for n, x in [("a", 0), ("b", 1)]))
    read, _, _, notes = fused(folder, "dataset.json")
    assert read.ndim == 4 and "z" in notes and "1.5" in notes, notes


@pytest.mark.parametrize("axis", ["t", "c"])
def test_time_points_and_channels_in_focus(folder, axis):
    """Each of them at a z of its own: nothing is averaged, and nothing is a volume."""
    data = np.stack([plane(i) for i in range(3)])
    for i, z in enumerate([10.0, 10.4, 9.7]):
        write_ome(folder / f"{i}.ome.tif", data[i], PositionX=0.0, PositionY=0.0, PositionZ=z)
    views(folder, *({"path": f"{i}.ome.tif", axis: i} for i in range(3)))
    read, _, _, notes = fused(folder, "dataset.json")
    assert read.ndim == 4 and "9.7" in notes and "10.4" in notes
    np.testing.assert_array_equal(read.reshape(3, *YX), data)


@pytest.mark.parametrize("first", ["plane", "stack"])
def test_a_plane_among_stacks(folder, first):
    stack, single = np.stack([plane(i) for i in range(3)]), plane(9)
    tifffile.imwrite(folder / "stack.ome.tif", stack, metadata={"axes": "ZYX", "PhysicalSizeZ": 2.0, "Plane": {"PositionX": [0.0] * 3, "PositionY": [0.0] * 3, "PositionZ": [0.0, 2.0, 4.0]}})
    write_ome(folder / "plane.ome.tif", single, PositionX=60.0, PositionY=0.0, PositionZ=2.0)
    names = ["plane", "stack"] if first == "plane" else ["stack", "plane"]
    views(folder, *({"path": f"{n}.ome.tif"} for n in names))
    read, scale, _, _ = fused(folder, "dataset.json")
    expected = np.zeros((3, 40, 112), "uint16")
    expected[:, :, :52], expected[1, :, 60:] = stack, single
    np.testing.assert_array_equal(read[0, 0], expected)
    assert scale == [2, 1, 1]


@pytest.mark.parametrize("names", [["plane", "stack"], ["stack", "plane"]])
@pytest.mark.parametrize("spacing", [None, 3.0])
def test_a_plane_among_stacks_of_a_tile_configuration(folder, names, spacing):
    stack, single = np.stack([plane(i) for i in range(3)]), plane(9)
    if spacing:
        tifffile.imwrite(folder / "stack.tif", stack, imagej=True, resolution=(1, 1), metadata={"axes": "ZYX", "spacing": spacing, "unit": "um"})
        tifffile.imwrite(folder / "plane.tif", single, imagej=True, resolution=(1, 1), metadata={"unit": "um"})
    else:
        tifffile.imwrite(folder / "stack.tif", stack, photometric="minisblack", metadata=None)
        tifffile.imwrite(folder / "plane.tif", single, metadata=None)
    places = {"plane": "(60.0, 0.0, 2.0)", "stack": "(0.0, 0.0, 0.0)"}
    (folder / "TileConfiguration.txt").write_text("dim = 3\n" + "".join(f"{n}.tif; ; {places[n]}\n" for n in names))
    read, scale, _, _ = fused(folder, "TileConfiguration.txt")
    expected = np.zeros((3, 40, 112), "uint16")
    expected[:, :, :52], expected[2, :, 60:] = stack, single
    np.testing.assert_array_equal(read[0, 0], expected)
    assert scale[0] == (spacing or 1)


def test_planes_of_a_tile_configuration_at_several_z(folder):
    a, b = plane(1), plane(2)
    for name, data in [("a", a), ("b", b)]:
        tifffile.imwrite(folder / f"{name}.tif", data)
    (folder / "TileConfiguration.txt").write_text("dim = 3\na.tif; ; (0, 0, 0)\nb.tif; ; (1, 0, 1)\n")
    np.testing.assert_array_equal(fused(folder, "TileConfiguration.txt")[0][0, 0], two_slices(a, b))
    (folder / "TileConfiguration.txt").write_text("dim = 2\na.tif; ; (0, 0)\nb.tif; ; (60, 0)\n")
    assert fused(folder, "TileConfiguration.txt")[0].ndim == 4


def test_a_stack_of_frames(folder):
    data = np.stack([plane(i) for i in range(3)])
    tifffile.imwrite(folder / "a.tif", data, imagej=True, metadata={"axes": "TYX", "unit": "um"})
    (folder / "TileConfiguration.txt").write_text("dim = 3\na.tif; ; (0, 0, 2)\n")
    views(folder, {"path": "a.tif", "spacing": {"z": 2, "y": 1, "x": 1}})
    for dataset in ["dataset.json", "TileConfiguration.txt"]:
        errors = refused(folder, dataset)
        assert all(word in errors for word in ["a.tif", "3 planes", "along t", '"axes"', '"z", "y", "x"']), errors
    views(folder, {"path": "a.tif", "axes": ["z", "y", "x"], "spacing": {"z": 2, "y": 1, "x": 1}})
    np.testing.assert_array_equal(fused(folder, "dataset.json")[0][0, 0], data)
    views(folder, {"path": "a.tif", "axes": ["t", "z", "y", "x"], "spacing": {"z": 2, "y": 1, "x": 1}})
    np.testing.assert_array_equal(fused(folder, "dataset.json")[0][:, 0, 0], data)


def test_arrays_keep_a_z_of_one(folder):
    """Their axes are those of the array, however long."""
    data = plane(5)
    write_view(str(folder / "a.ome.zarr"), data[None, None, None], [2.0, 1.0, 1.0], [4.0, 0.0, 0.0])
    with h5py.File(folder / "a.h5", "w") as file:
        file["image"] = data[None]
    zarr.create_array(str(folder / "a.zarr"), shape=(1, *YX), chunks=(1, *YX), dtype="u2", zarr_format=2)[:] = data[None]
    (folder / "a.n5").mkdir()
    (folder / "a.n5/attributes.json").write_text(json.dumps({"dimensions": [52, 40, 1], "blockSize": [52, 40, 1], "dataType": "uint16", "compression": {"type": "raw"}}))
    block = folder / "a.n5/0/0/0"
    block.parent.mkdir(parents=True)
    block.write_bytes(bytes([0, 0, 0, 3, 0, 0, 0, 52, 0, 0, 0, 40, 0, 0, 0, 1]) + data.astype(">u2").tobytes())
    place = {"axes": ["z", "y", "x"], "spacing": {"z": 2, "y": 1, "x": 1}, "origin": {"z": 4, "y": 0, "x": 0}}
    for entry in [{"path": "a.ome.zarr"}, {"path": "a.h5", "dataset": "image", **place}, {"path": "a.zarr", **place}, {"path": "a.n5", **place}]:
        views(folder, entry)
        read, scale, origin, _ = fused(folder, "dataset.json")
        np.testing.assert_array_equal(read[0, 0], data[None])
        assert scale == [2, 1, 1] and origin == [4, 0, 0], entry
