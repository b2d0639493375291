"""Lengths in the output are physical, whatever unit the world of a BigStitcher XML has; and its units are those that strict
readers take, or none."""
import json, subprocess
import numpy as np, pytest, yaozarrs, zarr
from ome_zarr_models import open_ome_zarr
from conftest import Mosaic, binary, blockfuse, write_view
from test_bigstitcher import N5, shift, tile, write_n5, write_xml


def scaled(x, y, z):
    return [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0]


def dataset(folder, setups, name="dataset.xml", calibration="<Name>calibration</Name>"):
    """`setups`: voxel size (x y z, as text), unit, and the transforms of each; None: without voxelSize."""
    write_xml(folder / name, N5, {(0, s): transforms for s, (_, _, transforms) in enumerate(setups)})
    text = (folder / name).read_text()
    for s, (size, unit, _) in enumerate(setups):
        write_n5(folder / f"data.n5/setup{s}/timepoint0/s0", tile(s))
        start = text.index("<voxelSize>", text.index(f"<ViewSetup><id>{s}</id>"))
        end = text.index("</voxelSize>", start) + len("</voxelSize>")
        voxel = "" if size is None else f"<voxelSize><unit>{unit}</unit><size>{size}</size></voxelSize>"
        text = text[:start] + voxel + text[end:]
    # the last one listed is applied first, and is what BigStitcher calls calibration
    views = text.split("</ViewRegistration>")
    (folder / name).write_text("</ViewRegistration>".join(calibration.join(v.rsplit("<Name>n</Name>", 1)) for v in views))
    return name


def plan(folder, *arguments, status=0):
    end = subprocess.run([binary(), "plan", *arguments, "--json"], cwd=folder, capture_output=True, text=True)
    assert end.returncode == status, end.stderr
    return (json.loads(end.stdout) if status == 0 else None), end.stderr


def placed(output):
    """Axis units, and scale and translation of level 0 along z y x, as an independent reader has them."""
    attributes = zarr.open_group(output, mode="r").attrs
    multiscale = (attributes.get("ome") or attributes)["multiscales"][0]
    scale, translation = multiscale["datasets"][0]["coordinateTransformations"]
    return [a.get("unit") for a in multiscale["axes"]][-3:], scale["scale"][-3:], translation["translation"][-3:]


# voxel size x y z and its unit, what the registration says first, and the world unit in micrometres
KNOWN = {
    "isotropic": ("0.25 0.25 0.25", "um", [shift(10)], 0.25),
    "as_bigstitcher": ("0.4 0.4 2.0", "µm", [shift(10), scaled(1, 1, 5)], 0.4),
    "rounded_as_files_are": ("0.325 0.325 1.0", "um", [shift(10), scaled(1, 1, 3.08)], 0.325),
    "z_is_finest": ("2 2 0.5", "um", [shift(10), scaled(4, 4, 1)], 0.5),
    "nanometres": ("250 250 1000", "nm", [shift(10), scaled(1, 1, 4)], 0.25),
    "millimetres": ("0.0004 0.0004 0.002", "mm", [shift(10), scaled(1, 1, 5)], 0.4),
    "micrometres_already": ("0.4 0.4 2.0", "micrometer", [shift(10), scaled(0.4, 0.4, 2)], 1),
    "nanometres_already": ("400 400 2000", "nm", [shift(10), scaled(400, 400, 2000)], 0.001),
    "micrometres_of_nanometre_voxels": ("400 400 2000", "nm", [shift(10), scaled(0.4, 0.4, 2)], 1),
    "registered_by_an_affine": ("0.4 0.4 2.0", "um", [[1.01, 0.02, 0, 5, -0.02, 0.99, 0, 3, 0, 0, 1, 1], scaled(1, 1, 5)], 0.4),
    "split_tiles": ("0.4 0.4 2.0", "um", [shift(10), scaled(1, 1, 5), shift(64)], 0.4),
    "deskewed": ("0.4 0.4 2.0", "um", [shift(10), [1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0], scaled(1, 1, 5)], 0.4),
    "one_micrometre": ("1 1 1", "um", [shift(10)], 1),
}


@pytest.mark.parametrize("calibration", ["calibration", "n"])
@pytest.mark.parametrize("name", KNOWN)
def test_the_world_unit_is_told_by_the_registrations(tmp_path, name, calibration):
    size, unit, transforms, world = KNOWN[name]
    if name == "split_tiles":
        calibration = "Image Splitting"
    path = dataset(tmp_path, [(size, unit, transforms), (size, unit, [shift(3, 2), *transforms])], calibration=f"<Name>{calibration}</Name>")
    # one unit, unless that is far less than a voxel
    step = 400 if name == "nanometres_already" else 1
    spacing = ["--output-spacing", f"z={2 * step},y={step},x={step}"]
    answer, notes = plan(tmp_path, path, *spacing)
    assert answer["spacing_world"] == {"z": 2 * step, "y": step, "x": step}
    assert answer["spacing"] == pytest.approx({"z": 2 * step * world, "y": step * world, "x": step * world}, rel=1e-12)
    assert answer["origin"] == pytest.approx({a: v * world for a, v in answer["origin_world"].items()}, rel=1e-12)
    assert answer["world_unit"] == pytest.approx(world, rel=1e-12)
    blockfuse(tmp_path, "fuse", path, "--output", "out.ome.zarr", "--quiet", *spacing)
    units, scale, translation = placed(tmp_path / "out.ome.zarr")
    assert units == ["micrometer"] * 3
    np.testing.assert_allclose(scale, np.array([2, 1, 1]) * step * world, rtol=1e-12)
    np.testing.assert_allclose(translation, [answer["origin"][a] for a in "zyx"], rtol=1e-12)
    # by way of what was understood, too
    blockfuse(tmp_path, "convert", path, "converted.json")
    again, _ = plan(tmp_path, "converted.json", *spacing)
    assert again["spacing"] == answer["spacing"] and again["origin"] == answer["origin"]


UNKNOWN = {
    "neither": [("0.4 0.4 2.0", "um", [shift(10)])],
    "pixels": [("1 1 5", "pixel", [shift(10), scaled(1, 1, 5)])],
    "no_unit": [("0.4 0.4 2", "", [shift(10), scaled(1, 1, 5)])],
    "no_voxel_size": [(None, None, [shift(10)])],
    "no_size_at_all": [("0 0 0", "um", [shift(10)])],
    "scaled_once_more": [("0.4 0.4 2.0", "um", [scaled(0.4, 0.4, 0.4), scaled(1, 1, 5)])],
    "a_stale_size": [("1 1 1", "um", [shift(10), scaled(0.4, 0.4, 2)])],
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_where_it_cannot_be_told_nothing_is_guessed(tmp_path, name):
    path = dataset(tmp_path, UNKNOWN[name])
    answer, notes = plan(tmp_path, path)
    assert answer["spacing"] == answer["spacing_world"] and answer["world_unit"] is None
    assert "--world-unit" in notes
    blockfuse(tmp_path, "fuse", path, "--output", "out.ome.zarr", "--quiet")
    units, scale, _ = placed(tmp_path / "out.ome.zarr")
    # the world's units, of which nobody knows how long they are
    assert units == [None] * 3 and scale == [1, 1, 1]
    yaozarrs.validate_zarr_store(str(tmp_path / "out.ome.zarr"))
    blockfuse(tmp_path, "convert", path, "converted.json")
    again, notes = plan(tmp_path, "converted.json")
    assert again["world_unit"] is None and "--world-unit" in notes
    for given, world in [("0.25um", 0.25), ("250 nm", 0.25), ("µm", 1), ("0.0005 millimeter", 0.5)]:
        answer, notes = plan(tmp_path, path, "--world-unit", given)
        assert answer["world_unit"] == pytest.approx(world, rel=1e-12) and "--world-unit" not in notes
        assert answer["spacing"]["x"] == pytest.approx(world, rel=1e-12) and answer["spacing_world"]["x"] == 1
    blockfuse(tmp_path, "fuse", path, "--output", "given.ome.zarr", "--quiet", "--world-unit", "0.25um", "--ngff-version", "0.5")
    units, scale, _ = placed(tmp_path / "given.ome.zarr")
    assert units == ["micrometer"] * 3 and scale == [0.25] * 3
    status = json.loads(blockfuse(tmp_path, "status", "--json"))
    assert status["spacing"] == {a: 0.25 for a in "zyx"} and status["spacing_world"] == {a: 1 for a in "zyx"}


def test_setups_that_contradict_each_other_show_nothing(tmp_path):
    """Each setup by its own smallest voxel: the world cannot have both units. They are fused as before, and a note says so."""
    both = [("0.4 0.4 2.0", "um", [scaled(1, 1, 5)]), ("0.5 0.5 2.0", "um", [shift(20), scaled(1, 1, 4)])]
    path = dataset(tmp_path, both)
    answer, message = plan(tmp_path, path)
    assert all(word in message for word in ["setup0", "setup1", "0.4", "0.5", "--world-unit"]), message
    assert answer["world_unit"] is None and answer["spacing"] == answer["spacing_world"] == {a: 1 for a in "zyx"}
    blockfuse(tmp_path, "fuse", path, "--output", "out.ome.zarr", "--quiet")
    assert placed(tmp_path / "out.ome.zarr")[:2] == ([None] * 3, [1, 1, 1])
    answer, _ = plan(tmp_path, path, "--world-unit", "0.4um")
    assert answer["spacing"]["x"] == 0.4
    blockfuse(tmp_path, "convert", path, "unknown.json")
    assert plan(tmp_path, "unknown.json")[0]["world_unit"] is None
    blockfuse(tmp_path, "convert", path, "converted.json", "--world-unit", "0.4um")
    assert plan(tmp_path, "converted.json")[0]["spacing"]["x"] == 0.4


def test_unlike_setups_of_one_dataset_share_its_smallest_voxel(tmp_path):
    """As BigStitcher makes them: every calibration is by the smallest voxel of all setups."""
    path = dataset(tmp_path, [("0.4 0.4 2.0", "um", [scaled(1, 1, 5)]), ("0.5 0.5 2.0", "um", [shift(20), scaled(1.25, 1.25, 5)])])
    answer, _ = plan(tmp_path, path)
    assert answer["world_unit"] == 0.4


def test_a_view_that_shows_nothing_leaves_it_to_the_others(tmp_path):
    path = dataset(tmp_path, [("0.4 0.4 2.0", "um", [scaled(1, 1, 5)]), (None, None, [shift(20)])])
    assert plan(tmp_path, path)[0]["world_unit"] == 0.4


def test_options_stay_in_the_units_of_the_xml(tmp_path):
    path = dataset(tmp_path, [("0.25 0.25 0.25", "um", [shift(4)])])
    text = (tmp_path / path).read_text()
    box = '<BoundingBoxes><BoundingBoxDefinition name="part"><min>6 2 1</min><max>20 10 4</max></BoundingBoxDefinition></BoundingBoxes>'
    (tmp_path / path).write_text(text.replace("</SpimData>", box + "</SpimData>"))
    blockfuse(tmp_path, "fuse", path, "--output", "part.ome.zarr", "--quiet", "--bounding-box", "part")
    units, scale, translation = placed(tmp_path / "part.ome.zarr")
    assert scale == [0.25] * 3 and translation == [0.25, 0.5, 1.5]
    voxels = zarr.open_array(tmp_path / "part.ome.zarr/0", mode="r")[0, 0]
    np.testing.assert_array_equal(voxels, tile(0)[1:5, 2:11, 2:17])
    help = subprocess.run([binary(), "fuse", "--help"], capture_output=True, text=True).stdout
    assert "--world-unit" in help and "world units" in help


def test_levels_and_pictures_are_physical(tmp_path):
    path = dataset(tmp_path, [("0.25 0.25 0.5", "um", [scaled(1, 1, 2)])])
    write_n5(tmp_path / "data.n5/setup0/timepoint0/s0", np.broadcast_to(np.arange(300, dtype="u2"), (10, 220, 300)))
    blockfuse(tmp_path, "fuse", path, "--output", "out.ome.zarr", "--quiet")
    multiscale = zarr.open_group(tmp_path / "out.ome.zarr", mode="r").attrs["multiscales"][0]
    scale, translation = multiscale["datasets"][1]["coordinateTransformations"]
    assert scale["scale"][-2:] == [0.5, 0.5] and translation["translation"][-2:] == [0.125, 0.125]
    blockfuse(tmp_path, "report", "--output", "report.html")
    page = (tmp_path / "report.html").read_text()
    # 220 x 300 voxels of 0.25 micrometres
    assert "55 µm × 75 µm" in page, "the report says lengths in the XML's units"


@pytest.mark.parametrize("text", ["0.25", "0 um", "-1um", "0.25 pixel", "um 0.25", "nan um", "inf um", "0.25 s"])
def test_a_world_unit_that_is_none_is_refused(tmp_path, text):
    path = dataset(tmp_path, [("0.25 0.25 0.25", "um", [shift(4)])])
    _, message = plan(tmp_path, path, f"--world-unit={text}", status=64)
    assert "world_unit" in message and "0.25um" in message, message


@pytest.mark.parametrize("text", ["1e308um", "1e-323um"])
def test_a_world_unit_with_which_lengths_are_no_numbers_is_refused(tmp_path, text):
    """They would be "Infinity" or 0 in the output's metadata."""
    path = dataset(tmp_path, [("0.25 0.25 0.25", "um", [shift(4)])])
    _, message = plan(tmp_path, path, f"--world-unit={text}", "--output-spacing", "2", status=64)
    assert "world unit" in message and "0.25um" in message, message


def test_a_dataset_json_says_its_world_unit(tmp_path):
    write_n5(tmp_path / "a.n5", tile(0))
    view = {"path": "a.n5", "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1), "origin": {"z": 4, "y": 2, "x": 2}}
    for given, world in [("0.5 um", 0.5), ("unknown", None), (None, 1)]:
        (tmp_path / "dataset.json").write_text(json.dumps({"world_unit": given, "views": [view]}))
        answer, notes = plan(tmp_path, "dataset.json")
        assert answer["world_unit"] == world and answer["spacing"]["x"] == (world or 1) and answer["origin"]["z"] == 4 * (world or 1)
        assert ("--world-unit" in notes) == (world is None)
    for wrong in [0.5, "0.5", "0.5 px", [1], "-1 um"]:
        (tmp_path / "dataset.json").write_text(json.dumps({"world_unit": wrong, "views": [view]}))
        _, message = plan(tmp_path, "dataset.json", status=64)
        assert "world_unit" in message, message


def test_a_dataset_whose_world_unit_changed_is_noticed(tmp_path):
    path = dataset(tmp_path, [("0.25 0.25 0.25", "um", [shift(4)])])
    blockfuse(tmp_path, "submit", path, "--output", "out.ome.zarr")
    text = (tmp_path / path).read_text()
    (tmp_path / path).write_text(text.replace("0.25 0.25 0.25", "0.5 0.5 0.5"))
    blockfuse(tmp_path, "run", status=4)
    (tmp_path / path).write_text(text + "\n")
    blockfuse(tmp_path, "run")


# a unit of the time axis, and what the output says of it
@pytest.mark.parametrize("unit, said", [
    ("frame", None), ("pixel", None), ("", None), ("a.u.", None), ("second", "second"), ("ms", "millisecond"), ("Second", "second"),
    ("minutes", "minute"), ("hour", "hour"), ("attosecond", "attosecond"), (" ", None), ("fortnight", None), ("none", None), ("micrometer", None), ("dekasecond", None),
])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_units_of_time_are_listed_ones_or_none(tmp_path, unit, said, version):
    mosaic = Mosaic(tmp_path, (1.0, 1.0))
    mosaic.add(np.ones((3, 1, 20, 20), "u1"), (0, 0), np.eye(3), version=version)
    for name in [".zattrs", "zarr.json"]:
        file = tmp_path / "view_0.ome.zarr" / name
        if file.exists():
            content = json.loads(file.read_text())
            attributes = content.get("attributes", content)
            multiscale = attributes.get("ome", attributes)["multiscales"][0]
            multiscale["axes"][0]["unit"] = unit
            multiscale["datasets"][0]["coordinateTransformations"][0]["scale"][0] = 2.5
            file.write_text(json.dumps(content))
    output = mosaic.fuse("out.ome.zarr", {"zarr_options": {"ngff_version": version}})
    attributes = zarr.open_group(output, mode="r").attrs
    multiscale = (attributes.get("ome") or attributes)["multiscales"][0]
    assert multiscale["axes"][0].get("unit") == said
    assert multiscale["datasets"][0]["coordinateTransformations"][0]["scale"][0] == 2.5
    open_ome_zarr(zarr.open_group(output, mode="r"))
    yaozarrs.validate_zarr_store(str(output))
