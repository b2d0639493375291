"""Plates and wells of OME-Zarr: what they list is fused, what was never imaged is named, and what is damaged is an error."""
import json, shutil
import numpy as np, pytest, zarr
from conftest import binary, blockfuse, write_view
from test_hdf5 import run

FIELD = (1, 1, 4, 20, 20)


def field(seed):
    return np.random.default_rng(seed).integers(1, 4000, FIELD, dtype="u2")


def plate(folder, wells, version="0.4", listed=None):
    """`wells`: by path the fields by name, each with its place along x."""
    old = version == "0.4"
    root = zarr.open_group(folder / "plate.zarr", mode="w", zarr_format=2 if old else 3)
    names = listed or list(wells)
    content = {"version": version, "wells": [{"path": n, "rowIndex": "AB".index(n[0]), "columnIndex": int(n[2]) - 1} for n in names],
               "rows": [{"name": r} for r in "AB"], "columns": [{"name": c} for c in "12"]}
    root.attrs.update({"plate": content} if old else {"ome": {"version": version, "plate": content}})
    for name, fields in wells.items():
        group = root.require_group(name)
        images = {"images": [{"path": f} for f in fields], "version": version}
        group.attrs.update({"well": images} if old else {"ome": {"version": version, "well": images}})
        for i, (path, x) in enumerate(fields.items()):
            write_view(folder / "plate.zarr" / name / path, field(ord(name[0]) + 10 * int(name[2]) + 100 * i), (1, 1, 1), (0, 0, x), version=version)
    return folder / "plate.zarr"


def fuse(folder, path, status=0):
    end = run(folder, "fuse", path, "--output", "out.zarr", "--output-chunksize", 32, "--zarr-options", "overwrite=true")
    assert end.returncode == status, end.stderr
    return end.stderr if status else (zarr.open_array(folder / "out.zarr/0", mode="r")[0, 0], end.stderr)


WELLS = {"A/1": {"0": 0, "1": 20}, "B/2": {"0": 1000, "1": 1020}}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("empty", [None, "A/2", "A/2/0", "group", "hidden"])
def test_wells_that_were_never_written(tmp_path, version, empty):
    """A plate lists its wells before they are imaged; writers may have made their folders."""
    plate(tmp_path, WELLS, version, listed=["A/1", "A/2", "B/1", "B/2"])
    if empty == "group":
        zarr.open_group(tmp_path / "plate.zarr", mode="r+").create_group("A/2")
    elif empty == "hidden":
        (tmp_path / "plate.zarr/A/2").mkdir()
        (tmp_path / "plate.zarr/A/2/.DS_Store").write_bytes(b"of a file manager")
    elif empty:
        (tmp_path / "plate.zarr" / empty).mkdir(parents=True)
    voxels, notes = fuse(tmp_path, "plate.zarr")
    assert voxels.shape[2] == 1040 and (voxels[..., :20] == field(75)[0, 0]).all() and (voxels[..., 1020:] == field(186)[0, 0]).all()
    assert "2 wells" in notes and "A/2, B/1" in notes and "never written" in notes, notes
    # one that is imaged later makes another plate
    blockfuse(tmp_path, "submit", "plate.zarr", "--output", "later.zarr")
    plate(tmp_path, {**WELLS, "A/2": {"0": 500}}, version, listed=["A/1", "A/2", "B/1", "B/2"])
    assert run(tmp_path, "run").returncode == 4


def test_a_damaged_well_is_an_error(tmp_path):
    path = plate(tmp_path, WELLS)
    (path / "A/1/.zgroup").unlink()
    message = fuse(tmp_path, "plate.zarr", status=64)
    assert "A/1" in message and ".zgroup" in message, message
    (path / "A/1/.zgroup").write_text('{"zarr_format": 2}')
    (path / "A/1/.zattrs").unlink()
    message = fuse(tmp_path, "plate.zarr", status=64)
    assert "A/1" in message and '"well"' in message, message


def test_damaged_images_that_are_not_listed_are_left_out(tmp_path):
    path = plate(tmp_path, WELLS, listed=["A/1"])
    (path / "B/2/.zattrs").write_text("{")
    voxels, notes = fuse(tmp_path, "plate.zarr")
    assert (voxels[..., :20] == field(75)[0, 0]).all() and "do not list them: B/2" in notes, notes


def test_a_plate_of_which_nothing_was_written(tmp_path):
    plate(tmp_path, {}, listed=["A/1", "A/2"])
    message = fuse(tmp_path, "plate.zarr", status=64)
    assert "list no image" in message and "2 wells" in message, message


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("by", ["well", "plate"])
def test_what_a_well_lists_counts(tmp_path, by, version):
    """Neither images that it does not list, such as a failed acquisition, nor fewer than it lists."""
    path = plate(tmp_path, {"A/1": {"0": 0, "1": 20}}, version)
    given = path / "A/1" if by == "well" else path
    expected, notes = fuse(tmp_path, given)
    assert expected.shape[2] == 40 and "left out" not in notes
    write_view(path / "A/1/old", field(5), (1, 1, 1), (0, 0, 10), version=version)
    found, notes = fuse(tmp_path, given)
    assert (found == expected).all()
    assert "left out" in notes and "old" in notes, notes
    shutil.rmtree(path / "A/1/1")
    message = fuse(tmp_path, given, status=64)
    assert "A/1/1" in message and "nothing at" in message, message


def test_what_a_plate_does_not_list_is_named(tmp_path):
    plate(tmp_path, WELLS, listed=["A/1"])
    voxels, notes = fuse(tmp_path, "plate.zarr")
    assert voxels.shape[2] == 40 and "B/2" in notes and "do not list" in notes, notes


def test_a_bioformats2raw_folder_with_a_gap(tmp_path):
    """Without a list of its own its images are 0, 1, … up to the first that is missing."""
    root = zarr.open_group(tmp_path / "raw.zarr", mode="w", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    for i in (0, 1, 3):
        write_view(tmp_path / f"raw.zarr/{i}", field(i), (1, 1, 1), (0, 0, 20 * i))
    voxels, notes = fuse(tmp_path, "raw.zarr")
    assert voxels.shape[2] == 40 and "do not list them: 3" in notes, notes
