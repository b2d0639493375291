"""What a dataset.json says of an image's axes, spacing and origin counts more than the image's own metadata, also where
those could not be used by themselves."""
import copy, json, subprocess
import numpy as np, pytest, tifffile, zarr
from conftest import binary, blockfuse

DATA = np.random.default_rng(3).integers(1, 60000, (6, 20, 24)).astype("u2")
SPACING, ORIGIN = {"z": 2, "y": 0.5, "x": 0.5}, {"z": 10, "y": 20, "x": 30}
AXES = [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
PLACED = [{"type": "scale", "scale": [2, 0.5, 0.5]}, {"type": "translation", "translation": [10, 20, 30]}]


def write(path, version, change, levels=2, axes=AXES, data=DATA):
    """An image of zarr-python's with metadata by hand, which `change` spoils."""
    group = zarr.open_group(str(path), mode="w", zarr_format=2 if version == "0.4" else 3)
    keys = {"chunk_key_encoding": {"name": "v2", "separator": "/"}} if version == "0.4" else {}
    datasets = []
    for i in range(levels):
        level = np.ascontiguousarray(data[..., ::2 ** i, ::2 ** i])
        group.create_array(str(i), data=level, chunks=tuple(min(n, 8) for n in level.shape), **keys)
        scale, translation = copy.deepcopy(PLACED)
        scale["scale"][-2:] = [0.5 * 2 ** i] * 2
        datasets.append({"path": str(i), "coordinateTransformations": [scale, translation]})
    multiscale = {"axes": copy.deepcopy(axes), "datasets": datasets}
    change(multiscale)
    if version == "0.4":
        group.attrs["multiscales"] = [{"version": "0.4", **multiscale}]
    elif version == "0.5":
        group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale]}
    else:
        axes = multiscale.pop("axes")
        for dataset in multiscale["datasets"]:
            steps = dataset.get("coordinateTransformations")
            dataset["coordinateTransformations"] = [{"type": "sequence", "input": {"path": dataset["path"]}, "output": {"name": "p"},
                                                     **({"transformations": steps} if steps is not None else {})}]
        group.attrs["ome"] = {"version": "0.6", "multiscales": [{**multiscale, "coordinateSystems": [{"name": "p", "axes": axes}]}]}


def units(unit, axes="zyx"):
    def change(m):
        for axis in m["axes"]:
            if axis["name"] in axes:
                axis["unit"] = unit
    return change


def scales(value, at=0, kind="scale"):
    def change(m):
        for dataset in m["datasets"]:
            for step in dataset["coordinateTransformations"]:
                if step["type"] == kind:
                    step[kind][at] = value
    return change


def placed(value):
    def change(m):
        for dataset in m["datasets"]:
            if value == "missing":
                del dataset["coordinateTransformations"]
            else:
                dataset["coordinateTransformations"] = copy.deepcopy(value)
    return change


def named(*names):
    def change(m):
        for axis, name in zip(m["axes"], names):
            axis.update(name)
    return change


# what is wrong with the metadata, and which keys of the view mend it
WRONG = {
    "unit_blank": (units(" "), {"spacing", "origin"}),
    "unit_arbitrary": (units("a.u."), {"spacing", "origin"}),
    "unit_pixel": (units("pixel"), {"spacing", "origin"}),
    "unit_time": (units("second", "z"), {"spacing", "origin"}),
    "z_scale_0": (scales(0), {"spacing"}),
    "z_scale_negative": (scales(-2), {"spacing"}),
    "z_scale_null": (scales(None), {"spacing"}),
    "z_scale_text": (scales("2"), {"spacing"}),
    "z_scale_nan": (scales(float("nan")), {"spacing"}),
    "translation_null": (scales(None, kind="translation"), {"origin"}),
    "no_transformations": (placed("missing"), {"spacing", "origin"}),
    "null_transformations": (placed(None), {"spacing", "origin"}),
    "empty_transformations": (placed([]), {"spacing", "origin"}),
    "short_transformations": (placed([{"type": "scale", "scale": [2, 0.5]}]), {"spacing", "origin"}),
    "an_affine": (placed([{"type": "affine", "affine": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]}]), {"spacing", "origin"}),
    "axes_of_other_names": (named({"name": "a"}, {"name": "b"}, {"name": "c0"}), {"spacing", "origin", "axes"}),
    "axes_without_type": (lambda m: m.update(axes=[{"name": n} for n in ("dim_0", "dim_1", "dim_2")]), {"spacing", "origin", "axes"}),
    "axes_reversed": (lambda m: m["axes"].reverse(), {"spacing", "origin", "axes"}),
    "z_called_t": (named({"name": "t", "type": "time", "unit": "second"}), {"spacing", "origin", "axes"}),
    "z_called_c": (named({"name": "c", "type": "channel"}), {"spacing", "origin", "axes"}),
    "no_axes": (lambda m: m.pop("axes"), {"spacing", "origin", "axes"}),
}
# those that give no error by themselves, but other places
SILENT = {"unit_pixel", "z_called_t", "z_called_c"}
# the parts of a view
VIEW = {"spacing": SPACING, "origin": ORIGIN, "axes": list("zyx")}


def plan(folder, view, status=0, *flags):
    (folder / "dataset.json").write_text(json.dumps({"views": [{"name": "v", "path": "a.zarr", **view}]}))
    end = subprocess.run([binary(), "plan", "dataset.json", "--json", *flags], cwd=folder, capture_output=True, text=True)
    assert end.returncode == status, end.stderr
    return (json.loads(end.stdout) if status == 0 else None), end.stderr


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
@pytest.mark.parametrize("name", WRONG)
def test_a_view_mends_what_its_image_says(tmp_path, name, version):
    change, needed = WRONG[name]
    if version == "0.6" and name == "no_axes":
        pytest.skip("a coordinate system without axes is none")
    write(tmp_path / "a.zarr", version, change)
    if name not in SILENT:
        _, message = plan(tmp_path, {}, 64)
        assert "v" in message and "OME-Zarr" in message, message
        # each of them alone does not do where all are needed
        for key in sorted(needed) if len(needed) > 1 and name != "no_transformations" else []:
            if needed - {key} != {"spacing"} or "transformations" not in name:
                plan(tmp_path, {k: VIEW[k] for k in needed - {key}}, 64)
    answer, notes = plan(tmp_path, {k: VIEW[k] for k in needed})
    assert answer["spacing"] == SPACING and answer["origin"] == ORIGIN and answer["shape"] == [1, 1, 6, 20, 24]
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "16")
    # the metadata are looked at again where their times changed
    for file in (tmp_path / "a.zarr").iterdir():
        if file.name in (".zattrs", "zarr.json"):
            file.write_text(file.read_text() + "\n")
    end = subprocess.run([binary(), "run", "--db", "jobs.sqlite"], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 4 and "image: was readable" not in end.stderr, end.stderr
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "again.ome.zarr", "--output-chunksize", "16", "--quiet")
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "again.ome.zarr/0", mode="r")[0, 0], DATA)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_levels_of_a_mended_image_keep_their_factors(tmp_path, version):
    """Where the metadata relate the levels to each other the coarser ones are used, else the finest alone."""
    for change, level in [(units("a.u."), 1), (scales(0), 0), (placed("missing"), 0)]:
        write(tmp_path / "a.zarr", version, change)
        # each level has values of its own
        for i in range(2):
            zarr.open_array(tmp_path / f"a.zarr/{i}")[:] = i + 1
        _, notes = plan(tmp_path, VIEW, 0, "--output-spacing", "z=2,y=1,x=1")
        assert ("finest level" in notes) == (level == 0), notes
        blockfuse(tmp_path, "fuse", "dataset.json", "--output", f"{level}.ome.zarr", "--overwrite", "--output-spacing", "z=2,y=1,x=1", "--quiet")
        assert set(np.unique(zarr.open_array(tmp_path / f"{level}.ome.zarr/0", mode="r")[:])) == {level + 1}


def test_time_and_channels_stay(tmp_path):
    """Axes that are right by themselves, beside one that is not."""
    data = np.stack([np.stack([DATA + 10 * t + c for c in range(2)]) for t in range(3)])
    axes = [{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"}, *AXES]
    def change(m):
        units("a.u.")(m)
        for dataset in m["datasets"]:
            dataset["coordinateTransformations"] = [{"type": "scale", "scale": [1.5, 1, 2, 0.5, 0.5]}, {"type": "translation", "translation": [7, 0, 1, 1, 1]}]
    write(tmp_path / "a.zarr", "0.4", change, levels=1, axes=axes, data=data)
    answer, _ = plan(tmp_path, {"spacing": SPACING, "origin": ORIGIN})
    assert answer["shape"] == [3, 2, 6, 20, 24] and answer["origin"] == ORIGIN
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.ome.zarr", "--quiet")
    multiscale = zarr.open_group(tmp_path / "out.ome.zarr", mode="r").attrs["multiscales"][0]
    assert multiscale["axes"][0]["unit"] == "second"
    assert multiscale["datasets"][0]["coordinateTransformations"][0]["scale"][0] == 1.5
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[:], data)


def test_part_of_space_is_mended(tmp_path):
    """What the view does not say stays the image's, if that can be used."""
    write(tmp_path / "a.zarr", "0.4", units("a.u.", "z"))
    answer, _ = plan(tmp_path, {"spacing": {"z": 3}, "origin": {"z": 4}})
    assert answer["spacing"] == {"z": 3, "y": 0.5, "x": 0.5} and answer["origin"] == {"z": 4, "y": 20, "x": 30}
    _, message = plan(tmp_path, {"spacing": {"z": 3}}, 64)
    assert "origin" in message and "a.u." in message, message
    _, message = plan(tmp_path, {"spacing": {"y": 3}, "origin": {"y": 1}}, 64)
    assert "a.u." in message, message
    # where it is 0, a translation has no unit to miss
    write(tmp_path / "a.zarr", "0.4", lambda m: (units("a.u.", "z")(m), scales(0, kind="translation")(m)))
    assert plan(tmp_path, {"spacing": {"z": 3}})[0]["origin"] == {"z": 0, "y": 20, "x": 30}


def test_axes_that_differ_are_said(tmp_path):
    write(tmp_path / "a.zarr", "0.5", named({"name": "t", "type": "time", "unit": "second"}))
    _, notes = plan(tmp_path, VIEW)
    assert '"axes"' in notes and "t y x" in notes and "z y x" in notes, notes
    _, message = plan(tmp_path, {"axes": list("zyx")}, 64)
    assert "spacing" in message, message
    _, message = plan(tmp_path, {**VIEW, "axes": list("yx"), "spacing": {"y": 1, "x": 1}, "origin": {"y": 1, "x": 1}}, 64)
    assert "3 dimensions" in message, message


# a description of a TIFF file that cannot be used by itself, and which keys of the view mend it
OME = '''<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16"
 SizeX="24" SizeY="20" SizeZ="6" SizeC="1" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.5" PhysicalSizeZ="2"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/><Plane TheZ="0" TheC="0" TheT="0" PositionX="30" PositionY="20" PositionZ="10"/></Pixels></Image></OME>'''
TIFFS = {
    "ome_size_without_length": (OME.replace('PhysicalSizeX="0.5"', 'PhysicalSizeX="0.5" PhysicalSizeXUnit="a.u."'), {"spacing"}),
    "ome_size_that_is_no_number": (OME.replace('PhysicalSizeX="0.5"', 'PhysicalSizeX="0,5"'), {"spacing"}),
    "ome_position_without_length": (OME.replace('PositionX="30"', 'PositionX="30" PositionXUnit="a.u."'), {"origin"}),
    "ome_position_that_is_no_number": (OME.replace('PositionZ="10"', 'PositionZ="ten"'), {"origin"}),
    "imagej_unit": ("ImageJ=1.54f\nimages=6\nslices=6\nunit=a.u.\nspacing=2.0\nxorigin=-60\nyorigin=-40\nzorigin=-5\n", {"spacing", "origin"}),
}


@pytest.mark.parametrize("name", TIFFS)
def test_a_view_mends_what_its_tiff_says(tmp_path, name):
    description, needed = TIFFS[name]
    tifffile.imwrite(tmp_path / "a.zarr", DATA, description=description, metadata=None, photometric="minisblack")
    for key in needed:
        _, message = plan(tmp_path, {k: VIEW[k] for k in needed - {key}}, 64)
        assert "a.zarr" in message, message
    answer, _ = plan(tmp_path, {k: VIEW[k] for k in needed})
    assert answer["spacing"] == SPACING and answer["origin"] == ORIGIN and answer["shape"] == [1, 1, 6, 20, 24]
