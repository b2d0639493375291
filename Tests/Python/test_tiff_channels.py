"""Which plane and which sample of a TIFF file a channel is, what it is called and in which colour viewers show it. Voxels
are compared with what tifffile reads, colours with the OME-Zarr metadata and with the preview."""
import json, shutil, struct, zlib
import numpy as np, pytest, tifffile, zarr
from conftest import blockfuse, write_view

YX = (40, 52)


def voxels(shape, dtype="uint16"):
    return np.random.default_rng(len(shape)).integers(1, np.iinfo(dtype).max, shape).astype(dtype)


def fused(folder, *entries, channels=None):
    shutil.rmtree(folder / "out.zarr", ignore_errors=True)
    (folder / "jobs.sqlite").unlink(missing_ok=True)
    dataset = {"views": list(entries) or [{"path": "a.tif"}], **({"channels": channels} if channels else {})}
    (folder / "dataset.json").write_text(json.dumps(dataset))
    blockfuse(folder, "fuse", "dataset.json", "--output", "out.zarr", "--quiet")
    group = zarr.open_group(str(folder / "out.zarr"), mode="r")
    omero = group.attrs["omero"]["channels"]
    return group["0"][:], [c["label"] for c in omero], [c["color"] for c in omero]


def refused(folder):
    import subprocess
    from conftest import binary
    (folder / "dataset.json").write_text(json.dumps({"views": [{"path": "a.tif"}]}))
    end = subprocess.run([binary(), "plan", "dataset.json"], cwd=folder, capture_output=True, text=True)
    assert end.returncode == 64, end.stdout
    return end.stderr


def imagej(**keys):
    return "ImageJ=1.54f\n" + "".join(f"{k}={v}\n" for k, v in keys.items())


@pytest.mark.parametrize("order", ["czt", "ctz", "zct", "ztc", "tcz", "tzc", "default", "ZCT", None])
@pytest.mark.parametrize("layout", ["pages", "one directory"])
def test_imagej_order(tmp_path, order, layout):
    """Micro-Manager writes the slices of a channel one after the other, and says so."""
    data = voxels((24, *YX))
    keys = {"images": 24, "channels": 2, "slices": 4, "frames": 3, "hyperstack": "true", **({"order": order} if order else {})}
    if layout == "pages":
        tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", metadata=None, description=imagej(**keys))
    else:
        tifffile.imwrite(tmp_path / "a.tif", data[0], photometric="minisblack", metadata=None, description=imagej(**keys))
        with tifffile.TiffFile(tmp_path / "a.tif") as file:
            assert file.pages[0].dataoffsets[0] + data[0].nbytes == file.filehandle.size
        with open(tmp_path / "a.tif", "ab") as file:
            file.write(data[1:].tobytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        series = file.series[0]
        expected = np.moveaxis(series.asarray(), [series.axes.index(a) for a in "TCZ"], [0, 1, 2])
    np.testing.assert_array_equal(fused(tmp_path)[0], expected)


def test_imagej_order_that_is_none(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", voxels((6, *YX)), photometric="minisblack", metadata=None, description=imagej(images=6, channels=2, slices=3, order="zyx"))
    errors = refused(tmp_path)
    assert "a.tif" in errors and '"zyx"' in errors and "zct" in errors, errors
    tifffile.imwrite(tmp_path / "a.tif", voxels((6, *YX)), photometric="minisblack", metadata=None, description=imagej(images=6, slices=6, order="zyx"))
    np.testing.assert_array_equal(fused(tmp_path)[0][0, 0], voxels((6, *YX)))


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("keys", [{"images": 3, "channels": 3, "mode": "composite"}, {"images": 1, "channels": 3}, {"channels": 3, "slices": 1, "frames": 1},
                                  {"images": 3}, {"images": 3, "slices": 3}])
def test_imagej_rgb_of_48_bits(tmp_path, planar, keys):
    """A composite of three channels that ImageJ saves as samples of one plane."""
    data = voxels((3, *YX))
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(data, 0, -1) if planar == "contig" else data, photometric="rgb", planarconfig=planar, metadata=None,
                     description=imagej(**keys, unit="um"))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        page = file.pages[0].asarray()
        assert len(file.pages) == 1
    read, names, colors = fused(tmp_path)
    np.testing.assert_array_equal(read.reshape(3, *YX), np.moveaxis(page, -1, 0) if planar == "contig" else page)
    assert names == ["red", "green", "blue"] and colors == ["ff0000", "00ff00", "0000ff"]


def test_imagej_stack_of_colour_planes_behind_one_directory(tmp_path):
    """Three slices of three samples each, that are all there, are no three samples."""
    data = voxels((3, *YX, 3))
    tifffile.imwrite(tmp_path / "a.tif", data[0], photometric="rgb", metadata=None, description=imagej(images=3, slices=3))
    with open(tmp_path / "a.tif", "ab") as file:
        with tifffile.TiffFile(tmp_path / "a.tif") as written:
            assert written.pages[0].dataoffsets[-1] + written.pages[0].databytecounts[-1] == file.tell()
        file.write(data[1:].tobytes())
    np.testing.assert_array_equal(fused(tmp_path)[0][0], np.moveaxis(data, -1, 0))


def test_imagej_stack_of_rgb_channels(tmp_path):
    data = voxels((4, *YX, 3))
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", metadata=None, description=imagej(images=12, channels=3, slices=4))
    np.testing.assert_array_equal(fused(tmp_path)[0][0], np.moveaxis(data, -1, 0))


def test_imagej_planes_of_rgb_are_channels_of_samples(tmp_path):
    """Three samples beside three channels of pages: nine channels, and no page is left out."""
    data = voxels((3, *YX, 3), "uint8")
    for truncate in [False, True]:
        tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": "CYXS"}, photometric="rgb", truncate=truncate)
        np.testing.assert_array_equal(fused(tmp_path)[0][0], np.moveaxis(data, -1, 1).reshape(9, *YX))


@pytest.mark.parametrize("counts", ["samples", "channels"])
def test_ome_channels_of_rgb(tmp_path, counts):
    """Bio-Formats counts FirstC in samples, others in channels."""
    data = voxels((4, *YX, 3), "uint8")
    step = 3 if counts == "samples" else 1
    planes = "".join(f'<TiffData FirstC="{c * step}" FirstZ="0" FirstT="0" IFD="{c}" PlaneCount="1"/>' for c in range(4))
    channels = "".join(f'<Channel ID="Channel:0:{c}" Name="stain {c}" SamplesPerPixel="3"/>' for c in range(4))
    xml = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" '
           f'Type="uint8" SizeX="52" SizeY="40" SizeZ="1" SizeC="12" SizeT="1">{channels}{planes}</Pixels></Image></OME>')
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", metadata=None, description=xml)
    read, names, colors = fused(tmp_path)
    np.testing.assert_array_equal(read[0], np.moveaxis(data, -1, 1).reshape(12, *YX))
    assert names == [f"stain {c} {sample}" for c in range(4) for sample in ("red", "green", "blue")]
    assert colors == ["ff0000", "00ff00", "0000ff"] * 4


def test_ome_rgb_of_tifffile(tmp_path):
    data = voxels((4, *YX, 3), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", ome=True, metadata={"axes": "CYXS"})
    np.testing.assert_array_equal(fused(tmp_path)[0][0], np.moveaxis(data, -1, 1).reshape(12, *YX))


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("kind", ["plain", "tifffile", "ImageJ", "OME"])
def test_rgb_has_names_and_colours(tmp_path, kind, planar):
    data = voxels((3, *YX), "uint8")
    written = np.moveaxis(data, 0, -1) if planar == "contig" else data
    keys = {"plain": {"metadata": None}, "tifffile": {}, "ImageJ": {"imagej": True}, "OME": {"ome": True, "metadata": {"axes": "YXS" if planar == "contig" else "SYX"}}}[kind]
    if kind == "ImageJ" and planar == "separate":
        pytest.skip("tifffile writes no such file")
    tifffile.imwrite(tmp_path / "a.tif", written, photometric="rgb", planarconfig=planar, **keys)
    read, names, colors = fused(tmp_path)
    np.testing.assert_array_equal(read.reshape(3, *YX), data)
    assert names == ["red", "green", "blue"] and colors == ["ff0000", "00ff00", "0000ff"]


def test_opacity_lights_nothing(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", voxels((*YX, 4), "uint8"), photometric="rgb", extrasamples=["unassalpha"], metadata=None)
    assert fused(tmp_path)[1:] == (["red", "green", "blue", "alpha"], ["ff0000", "00ff00", "0000ff", "000000"])


def test_implied_names_match_any(tmp_path):
    """RGB beside an image whose three channels have names of their own: by their number."""
    data = voxels((3, *YX), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(data, 0, -1), photometric="rgb", metadata=None)
    write_view(str(tmp_path / "b.ome.zarr"), data[None], [1.0, 1.0], [0.0, 60.0], channels=["R", "G", "B"])
    for order in ([0, 1], [1, 0]):
        entries = [{"path": "a.tif"}, {"path": "b.ome.zarr"}]
        read, names, _ = fused(tmp_path, *(entries[i] for i in order))
        np.testing.assert_array_equal(read[0, :, :, 60:], data)
        assert names == (["red", "green", "blue"] if order == [0, 1] else ["R", "G", "B"])


def lut(*color):
    return np.outer(np.array(color, float) / 255, np.arange(256)).round().astype("uint8")


def preview(folder):
    """Red, green and blue of the preview, as rows of pixels."""
    blockfuse(folder, "preview", "--output", "p.png")
    from PIL import Image
    return np.asarray(Image.open(folder / "p.png").convert("RGB"))


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("mode", ["composite", "grayscale", "color"])
def test_imagej_tables(tmp_path, byteorder, mode):
    data = voxels((2, *YX))
    metadata = {"axes": "CYX", "mode": mode, "LUTs": [lut(255, 128, 0), lut(0, 0, 255)], "Labels": ["first", "second"], "Info": "text", "Ranges": (0.0, 1.0, 0.0, 1.0)}
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, byteorder=byteorder, metadata=metadata)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert [tuple(table[:, 255]) for table in file.imagej_metadata["LUTs"]] == [(255, 128, 0), (0, 0, 255)]
    read, _, colors = fused(tmp_path)
    np.testing.assert_array_equal(read[0], data)
    assert colors == ["ff8000", "0000ff"]


def test_imagej_table_of_one_channel(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", voxels(YX, "uint8"), imagej=True, colormap=(lut(0, 255, 0).astype("uint16") << 8), photometric="palette")
    assert fused(tmp_path)[2] == ["00ff00"]
    tifffile.imwrite(tmp_path / "a.tif", voxels(YX, "uint8"), imagej=True, colormap=(lut(255, 255, 255)[:, ::-1].astype("uint16") << 8), photometric="palette")
    assert fused(tmp_path)[2] == ["ffffff"]
    tifffile.imwrite(tmp_path / "a.tif", voxels(YX), imagej=True)
    assert fused(tmp_path)[2] == ["ffffff"]


def test_imagej_tables_that_are_damaged_cost_no_voxel(tmp_path):
    data = voxels((2, *YX))
    metadata = {"axes": "CYX", "LUTs": [lut(255, 0, 0), lut(0, 0, 255)]}
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, byteorder=">", metadata=metadata)
    whole = (tmp_path / "a.tif").read_bytes()
    at = whole.index(b"IJIJ")
    for place, bytes_ in [(at, b"????"), (at + 8, b"\xff\xff\xff\xff"), (at + 4, b"\0\0\0\0"), (whole.index(struct.pack(">III", 12, 768, 768)), b"\xff\xff\xff\xff"),
                          (whole.index(struct.pack(">III", 12, 768, 768)) + 4, b"\x7f\xff\xff\xff")]:
        broken = bytearray(whole)
        broken[place:place + 4] = bytes_
        (tmp_path / "a.tif").write_bytes(broken)
        np.testing.assert_array_equal(fused(tmp_path)[0][0], data)


@pytest.mark.parametrize("mode, colors", [("composite", ["ff0000", "00ff00", "0000ff", "ffffff"]), ("color", ["ff0000", "00ff00", "0000ff", "ffffff"]),
                                          ("grayscale", ["00ff00", "ff00ff", "00ffff", "ffff00"])])
def test_imagej_without_tables(tmp_path, mode, colors):
    """What ImageJ shows them in; in grey, those that the preview has."""
    tifffile.imwrite(tmp_path / "a.tif", voxels((4, *YX)), imagej=True, metadata={"axes": "CYX", "mode": mode})
    assert fused(tmp_path)[2] == colors


@pytest.mark.parametrize("kind", ["no colours", "some colours", "tables"])
def test_preview_and_metadata_have_the_same_colours(tmp_path, kind):
    """One channel bright on the left, the other on the right."""
    data = np.full((1, 2, *YX), 100, "uint16")
    data[0, 0, :, :26] = data[0, 1, :, 26:] = 4000
    if kind == "tables":
        tifffile.imwrite(tmp_path / "a.tif", data[0], imagej=True, metadata={"axes": "CYX", "LUTs": [lut(255, 255, 0), lut(0, 255, 255)]})
        entries = [{"path": "a.tif"}]
    elif kind == "some colours":
        tifffile.imwrite(tmp_path / "a.tif", data[0, 0], imagej=True, colormap=None)
        write_view(str(tmp_path / "b.ome.zarr"), data[:, 1:], [1.0, 1.0], [0.0, 0.0], channels=["b"])
        entries = [{"path": "a.tif", "c": 0}, {"path": "b.ome.zarr", "c": 1}]
    else:
        write_view(str(tmp_path / "a.ome.zarr"), data, [1.0, 1.0], [0.0, 0.0])
        entries = [{"path": "a.ome.zarr"}]
    _, _, colors = fused(tmp_path, *entries)
    assert colors == {"no colours": ["00ff00", "ff00ff"], "some colours": ["ff00ff", "00ff00"], "tables": ["ffff00", "00ffff"]}[kind]
    picture = preview(tmp_path)
    width = picture.shape[1]
    for x, color in [(width // 4, colors[0]), (3 * width // 4, colors[1])]:
        assert picture[picture.shape[0] // 2, x].tolist() == list(bytes.fromhex(color))


def test_one_channel_files_bring_their_colours(tmp_path):
    for name, color in [("a", (0, 0, 255)), ("b", (255, 0, 0))]:
        tifffile.imwrite(tmp_path / f"{name}.tif", voxels(YX, "uint8"), imagej=True, colormap=(lut(*color).astype("uint16") << 8), photometric="palette")
    _, names, colors = fused(tmp_path, {"path": "a.tif", "c": 1}, {"path": "b.tif", "c": 0}, channels=["red", "blue"])
    assert names == ["red", "blue"] and colors == ["ff0000", "0000ff"]
