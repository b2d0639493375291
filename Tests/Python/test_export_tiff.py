"""`export-tiff`: what tifffile reads is what zarr-python reads of the level."""
import json, os, signal, subprocess
import xml.etree.ElementTree as ET
import numpy as np, pytest, tifffile, zarr
from conftest import Mosaic, binary, blockfuse, write_view

OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"


def fused(folder, data, *flags, spacing=(2.0, 0.5, 0.25), origin=(10.0, 20.0, 30.0), chunks=(7, 24, 40), **kwargs):
    spacing, origin, chunks = (v[-(data.ndim - 2):] for v in (spacing, origin, chunks))
    write_view(folder / "v.ome.zarr", data, spacing, origin, chunks=chunks, **kwargs)
    (folder / "dataset.json").write_text(json.dumps({"views": [{"name": "v", "path": "v.ome.zarr"}]}))
    chunk = ",".join(f"{a}={c}" for a, c in zip("zyx"[-len(chunks):], chunks))
    blockfuse(folder, "fuse", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", chunk, "--quiet", *flags)


def export(folder, *flags, status=0, out="x.ome.tif"):
    return json.loads(blockfuse(folder, "export-tiff", "-o", out, "--json", *flags, status=status) or "null")


def refused(folder, *flags, out="x.ome.tif", status=64):
    end = subprocess.run([binary(), "export-tiff", "-o", out, *flags], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})
    assert end.returncode == status, end.stderr
    return end.stderr


def level(folder, number=0):
    return zarr.open_array(folder / f"out.ome.zarr/{number}", mode="r")[:]


def pixels(path):
    with tifffile.TiffFile(path) as file:
        root = ET.fromstring(file.ome_metadata)
        return root.find(f"{OME}Image/{OME}Pixels")


def read(path):
    """The voxels as t c z y x."""
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff and file.is_ome and all(p.is_tiled and p.compression == 8 for p in file.pages)
        sizes = {a: int(pixels(path).get(f"Size{a}")) for a in "TCZYX"}
        assert len(file.pages) == sizes["T"] * sizes["C"] * sizes["Z"] and len(file.series) == 1
        data = file.asarray()
        axes = file.series[0].axes
    assert [a for a in "TCZYX" if sizes[a] > 1] == [a for a in axes if sizes[a] > 1]
    return data.reshape([sizes[a] for a in "TCZYX"])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64"])
def test_voxels_of_all_types(tmp_path, dtype):
    rng = np.random.default_rng(3)
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    data = rng.integers(info.min, info.max, (1, 1, 9, 50, 90), dtype=dtype) if info else rng.normal(0, 1e5, (1, 1, 9, 50, 90)).astype(dtype)
    fused(tmp_path, data, "--fusion-func", "first_view_wins", "--interpolation-order", "0")
    answer = export(tmp_path)
    assert answer["pages"] == 9 and answer["bytes"] == (tmp_path / "x.ome.tif").stat().st_size
    voxels = read(tmp_path / "x.ome.tif")
    assert voxels.dtype == dtype and np.array_equal(voxels, level(tmp_path))
    assert np.array_equal(voxels, data)


@pytest.mark.parametrize("flags", [(), ("--downsample", "nearest")])
def test_all_axes_sizes_and_colours(tmp_path, flags):
    data = np.random.default_rng(4).integers(0, 5000, (3, 2, 10, 230, 250)).astype("uint16")
    fused(tmp_path, data, *flags, channels=["DAPI & <co>", 'GFP "x"'])
    meta = zarr.open_group(tmp_path / "out.ome.zarr", mode="r").attrs["multiscales"][0]["datasets"]
    assert len(meta) == 2
    for number in (0, 1):
        export(tmp_path, "--level", str(number), out=f"l{number}.ome.tif")
        path = tmp_path / f"l{number}.ome.tif"
        assert np.array_equal(read(path), level(tmp_path, number))
        own = pixels(path)
        scale = meta[number]["coordinateTransformations"][0]["scale"]
        assert [float(own.get(f"PhysicalSize{a}")) for a in "ZYX"] == scale[2:]
        assert {own.get(f"PhysicalSize{a}Unit") for a in "ZYX"} == {"µm"}
        assert [c.get("Name") for c in own.findall(f"{OME}Channel")] == ["DAPI & <co>", 'GFP "x"']
        # what the image says, opaque, as one signed number
        assert {int(c.get("Color")) for c in own.findall(f"{OME}Channel")} == {0x00ff00ff}
        with tifffile.TiffFile(path) as file:
            stage = ET.fromstring(file.ome_metadata).find(f"{OME}Image/{OME}StageLabel")
            page = file.pages[0]
            x, y = page.tags["XResolution"].value, page.tags["YResolution"].value
            assert page.tags["ResolutionUnit"].value == 3
            assert x[0] / x[1] == pytest.approx(1e4 / scale[4]) and y[0] / y[1] == pytest.approx(1e4 / scale[3])
        assert [float(stage.get(a)) for a in "ZYX"] == pytest.approx(meta[number]["coordinateTransformations"][1]["translation"][2:])


def test_regions(tmp_path):
    data = np.random.default_rng(5).integers(1, 5000, (2, 2, 20, 130, 140)).astype("uint16")
    fused(tmp_path, data)
    whole = level(tmp_path)
    export(tmp_path, "--region", "t=1,c=0:1,z=3:11,y=5:127,x=17:")
    assert np.array_equal(read(tmp_path / "x.ome.tif"), whole[1:2, 0:1, 3:11, 5:127, 17:])
    with tifffile.TiffFile(tmp_path / "x.ome.tif") as file:
        stage = ET.fromstring(file.ome_metadata).find(f"{OME}Image/{OME}StageLabel")
    assert [float(stage.get(a)) for a in "ZYX"] == [10 + 3 * 2.0, 20 + 5 * 0.5, 30 + 17 * 0.25]
    for region, words in [
        ("z=0:21", "z=0:21 is not in level 0, which has 20 along z"), ("z=20:", "z=20: is not in level 0"), ("z=99", "z=99 is not in level 0"), ("t=2", "t=2 is not in level 0, which has 2 along t"),
        ("z=4:4", "end above 4"), ("z=5:2", "the end is not included"), ("q=1", "no such axis"), ("Z=0:4", "no such axis"), ("z=1,z=2", "twice"), ("", "--region is empty"), ("z", "z: expected AXIS=FIRST:END"),
        ("z=", "expected FIRST:END or one position"), ("z=0:4:2", "expected FIRST:END or one position"), ("z=1,", "a part is empty"), ("z=1.5", '"1.5" is no whole number'), ("z=0-4", '"0-4" is no whole number'),
        ("z= 0:4", '" 0" is no whole number'), ("z=0:99999999999999999999", "too large"), ("z=-1:2", "counted from 0"), ("z=0:-2", "counted from 0"), ("=3", "no such axis"),
    ]:
        errors = refused(tmp_path, "--region", region, out="y.ome.tif")
        assert words in errors and "hint: " in errors, (region, errors)
    assert not (tmp_path / "y.ome.tif").exists()


@pytest.mark.parametrize("shape, chunks, flags", [
    ((1, 1, 3, 700, 1300), (3, 700, 1300), []),
    ((1, 1, 40, 30, 33), (40, 16, 16), []),
    ((1, 2, 600, 1200), (600, 1200), []),
    ((1, 1, 33, 70, 70), (8, 16, 16), ["--ngff-version", "0.5", "--shards", "z=16,y=32,x=32"]),
    ((1, 1, 5, 20, 20), (5, 20, 20), ["--ome-zarr", "false"]),
])
def test_chunks_of_any_shape(tmp_path, shape, chunks, flags):
    data = np.random.default_rng(6).integers(0, 250, shape).astype("uint8")
    data[..., : shape[-2] // 2, :] = 0
    fused(tmp_path, data, *flags, chunks=chunks)
    voxels = zarr.open_array(tmp_path / "out.ome.zarr", mode="r")[:] if "--ome-zarr" in flags else level(tmp_path)
    export(tmp_path)
    assert np.array_equal(read(tmp_path / "x.ome.tif").reshape(voxels.shape), voxels) and voxels.any()
    last = shape[-1] - 1
    export(tmp_path, "--region", f"x=1:{last},y=2:", out="y.ome.tif")
    assert np.array_equal(read(tmp_path / "y.ome.tif").reshape(voxels[..., 2:, 1:last].shape), voxels[..., 2:, 1:last])


def test_blockfuse_reads_it_again(tmp_path):
    """By libtiff: places, sizes and channels are those of the output."""
    data = np.random.default_rng(7).integers(0, 5000, (2, 2, 6, 60, 70)).astype("uint16")
    fused(tmp_path, data, channels=["a", "b"])
    export(tmp_path)
    (tmp_path / "again.json").write_text(json.dumps({"views": [{"name": "x", "path": "x.ome.tif"}]}))
    blockfuse(tmp_path, "fuse", "again.json", "--output", "again.ome.zarr", "--quiet", "--output-chunksize", "32")
    assert np.array_equal(zarr.open_array(tmp_path / "again.ome.zarr/0", mode="r")[:], level(tmp_path))
    meta = [zarr.open_group(tmp_path / n, mode="r").attrs for n in ("again.ome.zarr", "out.ome.zarr")]
    places = [m["multiscales"][0]["datasets"][0]["coordinateTransformations"] for m in meta]
    assert places[0][0]["scale"][2:] == places[1][0]["scale"][2:] and places[0][1] == places[1][1]
    assert [[c["label"] for c in m["omero"]["channels"]] for m in meta] == [["a", "b"]] * 2


@pytest.mark.parametrize("dtype", ["int64", "uint64", "float16"])
def test_types_that_ome_lacks(tmp_path, dtype):
    fused(tmp_path, np.ones((1, 1, 4, 30, 30), "uint16"), "--output-dtype", dtype)
    errors = refused(tmp_path)
    assert dtype in errors and "--output-dtype" in errors
    assert [p.name for p in tmp_path.iterdir() if "tif" in p.name] == []


def test_what_is_not_complete_is_refused(tmp_path):
    write_view(tmp_path / "v.ome.zarr", np.ones((1, 1, 16, 240, 240), "uint16"), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "v", "path": "v.ome.zarr"}]}))
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "48")
    assert "not complete" in refused(tmp_path)
    total = json.loads(blockfuse(tmp_path, "status", "--json"))["levels"][0]["blocks"]["total"]
    blockfuse(tmp_path, "run", "--quiet", "--limit", str(total - 1))
    errors = refused(tmp_path)
    assert f"1 of {total} blocks" in errors and "blockfuse run" in errors
    blockfuse(tmp_path, "run", "--quiet", "--limit", "1")
    # level 0 is there, and nothing of level 1
    assert np.array_equal(export(tmp_path)["shape"], [1, 1, 16, 240, 240])
    assert "level 1" in refused(tmp_path, "--level", "1", out="y.ome.tif")
    assert "y=130 is not in level 1, which has 120 along y" in refused(tmp_path, "--level", "1", "--region", "y=130", out="y.ome.tif")
    assert "no level 9" in refused(tmp_path, "--level", "9", out="y.ome.tif")
    refused(tmp_path, "7", out="y.ome.tif", status=10)
    assert not (tmp_path / "y.ome.tif").exists()


def test_a_file_that_is_there_stays(tmp_path):
    fused(tmp_path, np.ones((1, 1, 4, 30, 30), "uint16"))
    export(tmp_path)
    before = (tmp_path / "x.ome.tif").read_bytes()
    assert "exists" in refused(tmp_path, "--region", "z=0") and (tmp_path / "x.ome.tif").read_bytes() == before
    export(tmp_path, "--region", "z=0", "--overwrite")
    assert len(tifffile.TiffFile(tmp_path / "x.ome.tif").pages) == 1
    # only a TIFF is replaced
    (tmp_path / "notes.txt").write_text("mine")
    assert "no TIFF" in refused(tmp_path, "--overwrite", out="notes.txt") and (tmp_path / "notes.txt").read_text() == "mine"
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in refused(tmp_path, "--overwrite", out="pipe")
    assert "would lie in the output" in refused(tmp_path, out="out.ome.zarr/x.tif")


def test_an_input_is_not_replaced(tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", np.ones((4, 30, 30), "uint16"), metadata={"axes": "ZYX"})
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "v", "path": "in.tif", "spacing": {"z": 1, "y": 1, "x": 1}}]}))
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.ome.zarr", "--quiet")
    assert 'it is view "v"' in refused(tmp_path, "--overwrite", out="in.tif")


def test_damage_is_no_background(tmp_path):
    fused(tmp_path, np.random.default_rng(8).integers(1, 9000, (1, 1, 14, 48, 80)).astype("uint16"))
    files = sorted(p for p in (tmp_path / "out.ome.zarr/0").rglob("*") if p.is_file() and p.name.isdigit())
    good = files[3].read_bytes()
    files[3].write_bytes(good[: len(good) // 2])
    refused(tmp_path, status=12)
    files[3].unlink()
    assert "0" in refused(tmp_path, status=12)
    assert [p.name for p in tmp_path.iterdir() if "tif" in p.name] == []


def faulty(folder, fault):
    return subprocess.Popen([binary(), "export-tiff", "-o", "x.ome.tif"], cwd=folder, stderr=subprocess.PIPE, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "BLOCKFUSE_FAULT": fault})


def open_files(pid):
    try:
        return [os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")]
    except OSError:
        return []


def test_killed_and_stopped_exports_leave_no_result(tmp_path):
    fused(tmp_path, np.random.default_rng(9).integers(1, 60000, (1, 1, 60, 200, 200)).astype("uint16"))
    # in the midst of the tiles, at the directories, and before it has its name; a full disk
    for fault, status in [("file-written=kill@3", -9), ("file-written=kill@62", -9), ("file-synced=kill", -9), ("file-written=ENOSPC@9", 1)]:
        process = faulty(tmp_path, fault)
        errors = process.communicate()[1]
        assert process.returncode == status, errors
        assert not (tmp_path / "x.ome.tif").exists(), fault
    (tmp_path / "hold").touch()
    process = faulty(tmp_path, f"file-written=hold:{tmp_path}/hold")
    # stands still with the file open
    while not any(f"{tmp_path}/#" in path or ".tmp" in path for path in open_files(process.pid)):
        assert process.poll() is None, process.communicate()[1]
    process.send_signal(signal.SIGINT)
    (tmp_path / "hold").unlink()
    assert process.wait() == 130 and not (tmp_path / "x.ome.tif").exists()
    export(tmp_path)
    assert np.array_equal(read(tmp_path / "x.ome.tif"), level(tmp_path))
