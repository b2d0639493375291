"""What plan and submit say of jobs that do what is asked, but perhaps not what is meant; and that they are silent otherwise."""
import json
from pathlib import Path
import numpy as np, pytest, tifffile
from conftest import Mosaic, blockfuse, write_view
from test_bigstitcher import N5, shift, tile, write_n5, write_xml
from test_options import said


def notes(folder, *flags, dataset="dataset.json"):
    return json.loads(blockfuse(folder, "plan", dataset, "--json", "--quiet", *flags))["warnings"]


def grid(folder, places, shape=(64, 64), spacing=(1, 1), dtype="uint16", **kwargs):
    mosaic = Mosaic(folder, spacing)
    for y, x in places:
        matrix = np.eye(3)
        matrix[:2, 2] = (y, x)
        mosaic.add(np.full((1, 1, *shape), 9, dtype), (0, 0), matrix, **kwargs)
    return mosaic


def test_an_ordinary_mosaic_has_no_notes(tmp_path):
    grid(tmp_path, [(0, 0), (0, 55.5), (54.3, 0.2), (55, 55)])
    assert notes(tmp_path) == []
    assert notes(tmp_path, "--output-dtype", "float32") == []
    assert notes(tmp_path, "--output-spacing", "1.7") == []


# MARK: one place

def test_tiles_that_were_discarded_at_the_origin(tmp_path):
    for i in range(5):
        tifffile.imwrite(tmp_path / f"tile_{i}.tif", np.full((20, 30), i, "uint16"))
    places = [(0, 0), (25, 0), (0, 0), (25, 15), (0, 0)]
    lines = [f"tile_{i}.tif; ; ({x}.0, {y}.0)" for i, (x, y) in enumerate(places)]
    (tmp_path / "TileConfiguration.txt").write_text("dim = 2\n" + "\n".join(lines) + "\n")
    note, = notes(tmp_path, dataset="TileConfiguration.txt")
    assert '"tile_0", "tile_2", "tile_4"' in note and "same place" in note, note
    assert "same place" in said(tmp_path, "submit", "TileConfiguration.txt", "--output", "a.ome.zarr")
    # chosen, they are fine
    assert notes(tmp_path, "--views", "tile_0,tile_1,tile_3", dataset="TileConfiguration.txt") == []


def test_two_views_at_one_place_in_a_dataset(tmp_path):
    grid(tmp_path, [(0, 0), (0, 50), (0, 50)])
    note, = notes(tmp_path)
    assert '"view_1", "view_2"' in note


def test_channels_and_time_points_at_one_place_are_fine(tmp_path):
    mosaic = grid(tmp_path, [(0, 0)] * 4)
    for i, view in enumerate(mosaic.views):
        view.update(c=i % 2, t=i // 2)
    (tmp_path / "dataset.json").write_text(json.dumps({"views": mosaic.views}))
    assert notes(tmp_path) == []


def test_views_at_one_place_share_some_time_points_only(tmp_path):
    """Whatever else each of them has: where two meet, they are fused into one."""
    for i in range(3):
        write_view(tmp_path / f"{i}.ome.zarr", np.full((2, 1, 8, 8), i + 1, "uint16"), (1, 1), (0, 0))

    def at(x):
        return [[1, 0, 0], [0, 1, x], [0, 0, 1]]

    def told(*views):
        (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": f"v{i}", "path": f"{i}.ome.zarr", **v} for i, v in enumerate(views)]}))
        return [note.split("fused into one: ")[1].split(". Fiji")[0] for note in notes(tmp_path) if "same place" in note]

    assert told({"t": [0, 1]}, {"t": [1, 2]}) == ['"v0", "v1"']
    assert told({"t": [0, 1]}, {"t": [2, 3]}) == []
    assert told({"t": [0, 1]}, {"t": [2, 3]}, {"t": [3, 4]}) == ['"v1", "v2"']
    assert told({"t": [0, 1]}, {"t": 1, "select": {"t": 0}}) == ['"v0", "v1"']
    # views that move, or not, and meet at one time point
    still, moving, other = ({"transforms": {"a": m}} for m in (at(0), {"t": [at(0), at(3)]}, {"t": [at(9), at(3)]}))
    assert told(still, moving) == ['"v0", "v1"']
    assert told(moving, other) == ['"v0", "v1"']
    assert told(still, other) == []
    for x, names in [(0, ['"v0", "v1"']), (3, [])]:
        assert told({**moving, "t": [0, 1]}, {"t": 0, "select": {"t": 0}, "transforms": {"a": {"t": [at(x)]}}}) == names


@pytest.mark.parametrize("kind, told", [("tile", True), ("angle", False), ("illumination", False)])
def test_angles_and_illuminations_at_one_place_are_fine(tmp_path, kind, told):
    for setup in range(2):
        write_n5(tmp_path / f"data.n5/setup{setup}/timepoint0/s0", tile(setup))
    write_xml(tmp_path / "dataset.xml", N5, {(0, 0): [shift(0)], (0, 1): [shift(0)]})
    text = (tmp_path / "dataset.xml").read_text()
    assert "<tile>1</tile>" in text
    if not told:
        text = text.replace("<tile>1</tile>", "<tile>0</tile>")
        head, tail = text.split("<ViewSetup><id>1</id>")
        text = head + "<ViewSetup><id>1</id>" + tail.replace(f"<{kind}>0</{kind}>", f"<{kind}>1</{kind}>", 1)
        (tmp_path / "dataset.xml").write_text(text)
    assert any("same place" in note for note in notes(tmp_path, dataset="dataset.xml")) == told


def test_views_of_other_sizes_at_one_place_are_fine(tmp_path):
    mosaic = grid(tmp_path, [(0, 0)])
    mosaic.add(np.ones((1, 1, 20, 20), "uint16"), (0, 0), np.eye(3))
    assert notes(tmp_path) == []


# MARK: the pyramid

@pytest.mark.parametrize("flags, told", [
    (("--interpolation-order", "0"), True), (("--fusion-func", "first_view_wins"), True), (("--fusion-func", "last_view_wins"), True),
    ((), False), (("--fusion-func", "max_fusion"), False), (("--interpolation-order", "0", "--ome-zarr", "false"), False)])
def test_a_pyramid_of_labels_holds_means(tmp_path, flags, told):
    grid(tmp_path, [(0, 0), (0, 200)], shape=(256, 256))
    assert any("means" in note for note in notes(tmp_path, *flags)) == told


def test_a_job_without_a_pyramid_has_no_means(tmp_path):
    grid(tmp_path, [(0, 0)])
    assert notes(tmp_path, "--interpolation-order", "0") == []


# MARK: types

@pytest.mark.parametrize("kind, flags, told", [
    ("uint16", ("--output-dtype", "uint8"), True), ("float32", ("--output-dtype", "uint16"), True), ("int16", ("--output-dtype", "uint16"), True),
    ("uint16", ("--output-dtype", "uint8", "--intensity-range", "0,4000"), False), ("uint8", ("--output-dtype", "uint16"), False),
    ("uint16", ("--output-mask",), False), ("float32", (), False), ("float64", ("--output-dtype", "float32"), False)])
def test_a_type_that_cannot_hold_the_values_is_told(tmp_path, kind, flags, told):
    grid(tmp_path, [(0, 0), (0, 50)], dtype=kind)
    found = notes(tmp_path, *flags)
    assert len(found) == told and all("--intensity-range" in note for note in found), found


@pytest.mark.parametrize("first, second, told", [("u2", "u1", False), ("i2", "u1", False), ("f4", "u2", False), ("u2", "i2", True), ("i2", "u2", True), ("u2", "f4", True)])
def test_the_first_view_decides_the_type(tmp_path, first, second, told):
    grid(tmp_path, [(0, 0)], dtype=first).add(np.ones((1, 1, 64, 64), second), (0, 50), np.eye(3))
    found = notes(tmp_path)
    assert len(found) == told and all(f'{np.dtype(second)} of view "view_1"' in note and "--output-dtype" in note for note in found), found


def test_views_of_wider_types_than_the_first(tmp_path):
    grid(tmp_path, [(0, 0)], dtype="uint8").add(np.ones((1, 1, 64, 64), "uint16"), (0, 50), np.eye(3))
    assert any("clipped" in note for note in notes(tmp_path))
    assert any("infinite" in note for note in notes(tmp_path, "--output-dtype", "float16"))
    # an output that holds them all has nothing to clip
    assert notes(tmp_path, "--output-dtype", "uint16") == []


# MARK: black lines

@pytest.mark.parametrize("second, told", [(64, False), (64.5, True), (63.5, False), (63, False), (64.99, True), (66.5, False)])
def test_tiles_that_should_touch(tmp_path, second, told):
    """Between the last column of the first, 63, and the first of the second there is a column of neither."""
    grid(tmp_path, [(0, 0), (0, second)])
    black = any("black" in note for note in notes(tmp_path))
    assert black == told
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.ome.zarr", "--quiet")
    import zarr
    out = zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[0, 0]
    assert bool((out[:, :120] == 0).any()) == told or second > 66


def test_a_line_that_a_third_view_covers_is_none(tmp_path):
    grid(tmp_path, [(0, 0), (0, 64.5), (0, 30)])
    assert notes(tmp_path) == []


def test_lines_along_each_axis_and_in_3d(tmp_path):
    for axis in range(3):
        folder = tmp_path / "zyx"[axis]
        folder.mkdir()
        mosaic = Mosaic(folder, (2, 1, 1))
        for place in (0, 8.5 * (2, 1, 1)[axis]):
            matrix = np.eye(4)
            matrix[axis, 3] = place
            mosaic.add(np.ones((1, 1, 8, 8, 8), "uint16"), (0, 0, 0), matrix)
        note, = notes(folder)
        assert "black" in note and f"along {'zyx'[axis]}" in note and '"view_0"' in note and '"view_1"' in note, note


def test_views_of_other_channels_do_not_touch(tmp_path):
    mosaic = grid(tmp_path, [(0, 0), (0, 64.5)])
    for i, view in enumerate(mosaic.views):
        view["c"] = i
    (tmp_path / "dataset.json").write_text(json.dumps({"views": mosaic.views}))
    assert notes(tmp_path) == []


def test_coarser_levels_end_earlier(tmp_path):
    """Tiles touch at their finest level; of the level that is read, voxels are in the middle of four times as many."""
    import zarr
    views = []
    for i in range(2):
        path = tmp_path / f"tile_{i}.ome.zarr"
        write_view(path, np.full((1, 1, 64, 64), 9, "uint16"), (1, 1), (0, 64 * i))
        group = zarr.open_group(path, mode="r+")
        group.create_array("1", shape=(1, 1, 16, 16), chunks=(1, 1, 16, 16), dtype="uint16", fill_value=0,
                           chunk_key_encoding={"name": "v2", "separator": "/"})[:] = 9
        multiscales = group.attrs["multiscales"]
        multiscales[0]["datasets"].append({"path": "1", "coordinateTransformations": [
            {"type": "scale", "scale": [1.0, 1.0, 4.0, 4.0]}, {"type": "translation", "translation": [0.0, 0.0, 1.5, 64 * i + 1.5]}]})
        group.attrs["multiscales"] = multiscales
        views.append({"name": f"tile_{i}", "path": path.name})
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    assert notes(tmp_path) == []
    note, = notes(tmp_path, "--output-spacing", "4")
    assert "black" in note and "coarser level" in note, note


def test_planes_of_different_z_on_one_plane_of_the_output(tmp_path):
    """Nearer to each other than planes of the output, they lie on the same one."""
    mosaic = Mosaic(tmp_path, (1, 1, 1))
    for z in (0, 0.4, 1):
        matrix = np.eye(4)
        matrix[0, 3] = z
        mosaic.add(np.ones((1, 1, 1, 20, 20), "uint16"), (0, 0, 0), matrix)
    note, = notes(tmp_path)
    assert "same place" in note and '"view_0", "view_1"' in note and "view_2" not in note
    assert notes(tmp_path, "--output-spacing", "z=0.4,y=1,x=1") == []
