"""TIFF files of every layout, written by tifffile, are read voxel for voxel, each a view fused to itself; damaged and
unsupported ones are refused with words that name file, place and what to do."""
import json, shutil, struct
import numpy as np, pytest, tifffile, zarr
from conftest import blockfuse

YX = (70, 83)


def voxels(shape, dtype="uint16"):
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(len(shape))
    if dtype.kind == "f":
        return rng.normal(0, 300, shape).astype(dtype)
    return rng.integers(max(np.iinfo(dtype).min, -3000), min(np.iinfo(dtype).max, 3000), shape).astype(dtype)


def fused(folder, view="a.tif", status=0, **keys):
    """The image as level 0 of its own fusion, t c z y x, and the metadata of its place."""
    (folder / "dataset.json").write_text(json.dumps({"views": [{"name": "the view", "path": view, **keys}]}))
    blockfuse(folder, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", "64", "--quiet")
    group = zarr.open_group(str(folder / "out.zarr"), mode="r")
    placed = {t["type"]: t[t["type"]] for t in group.attrs["multiscales"][0]["datasets"][0]["coordinateTransformations"]}
    return group["0"][:], placed["scale"][2:], placed["translation"][2:]


LAYOUTS = {
    "one strip": {}, "strips": {"rowsperstrip": 9}, "tiles": {"tile": (32, 48)}, "big": {"bigtiff": True},
    "big endian": {"byteorder": ">"}, "big endian, big, tiles": {"byteorder": ">", "bigtiff": True, "tile": (16, 16)},
    "deflate": {"compression": "zlib"}, "deflate, predictor, strips": {"compression": "zlib", "predictor": True, "rowsperstrip": 7},
    "big endian deflate": {"compression": "zlib", "byteorder": ">", "rowsperstrip": 11},
    "LZW": {"compression": "lzw", "rowsperstrip": 9}, "zstd, tiles": {"compression": "zstd", "tile": (32, 32)}, "PackBits": {"compression": "packbits"},
    "zlib, tiles": {"compression": "zlib", "tile": (32, 32)},
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_layouts(tmp_path, name, dtype):
    data = voxels((5, *YX), dtype)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", metadata=None, **LAYOUTS[name])
    read, scale, place = fused(tmp_path)
    np.testing.assert_array_equal(read[0, 0], data)
    assert scale == [1, 1, 1] and place == [0, 0, 0]


@pytest.mark.parametrize("layout", [{}, {"tile": (64, 64)}])
@pytest.mark.parametrize("shape, chunk", [((6, 300, 290), [6, 256, 256]), ((2500, 3000), [2048, 2048]), ((300, 290), [300, 290])])
def test_default_chunk(tmp_path, layout, shape, chunk):
    """Pages, strips and tiles of TIFF are no chunks that a volume should have."""
    tifffile.imwrite(tmp_path / "a.tif", np.zeros(shape, "u1"), photometric="minisblack", metadata=None, **layout)
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "the view", "path": "a.tif"}]}))
    plan = json.loads(blockfuse(tmp_path, "plan", "dataset.json", "--json"))
    assert plan["levels"][0]["chunks"] == [1, 1, *chunk] and not plan["planewise"]


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("layout", ["one strip", "strips", "tiles", "big endian", "zlib, tiles"])
def test_rgb_is_channels(tmp_path, planar, layout):
    data = voxels((3, *YX), "uint8")
    written = data if planar == "separate" else np.moveaxis(data, 0, -1)
    tifffile.imwrite(tmp_path / "a.tif", written, photometric="rgb", planarconfig=planar, metadata=None, **LAYOUTS[layout])
    np.testing.assert_array_equal(fused(tmp_path)[0][0], data)


@pytest.mark.parametrize("truncate", [False, True])
def test_imagej_hyperstack(tmp_path, truncate):
    data = voxels((2, 3, 2, *YX))  # t z c y x
    metadata = {"axes": "TZCYX", "spacing": 2.5, "unit": "um", "finterval": 3.0}
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, resolution=(4, 2), metadata=metadata, truncate=truncate)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert len(file.pages) == (1 if truncate else 12)
    read, scale, _ = fused(tmp_path)
    np.testing.assert_array_equal(read, np.moveaxis(data, 2, 1))
    assert scale == [2.5, 0.5, 0.25]


@pytest.mark.parametrize("axes", ["TCZYX", "CTZYX", "ZCTYX"])
def test_ome(tmp_path, axes):
    sizes = {"T": 2, "C": 3, "Z": 4, "Y": YX[0], "X": YX[1]}
    data = voxels(tuple(sizes[a] for a in axes))
    metadata = {"axes": axes, "PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2, "Channel": {"Name": ["a", "b", "c"]},
                "Plane": {"PositionX": [10.0] * 24, "PositionY": [-20.0] * 24, "PositionZ": [0.003] * 24, "PositionZUnit": ["mm"] * 24}}
    tifffile.imwrite(tmp_path / "a.ome.tif", data, photometric="minisblack", metadata=metadata, tile=(32, 32), compression="zlib")
    read, scale, place = fused(tmp_path, "a.ome.tif")
    np.testing.assert_array_equal(read, np.transpose(data, [axes.index(a) for a in "TCZYX"]))
    np.testing.assert_allclose(scale, [2, 0.5, 0.25])
    np.testing.assert_allclose(place, [3, -20, 10])


def test_pages_are_what_the_dataset_calls_them(tmp_path):
    data = voxels((4, *YX))
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", metadata=None)
    np.testing.assert_array_equal(fused(tmp_path, axes=["c", "y", "x"])[0][0], data)


def test_a_stack_with_a_wrong_label(tmp_path):
    """tifffile calls what it is not told otherwise c in OME-TIFF, and what it is told Q unknown."""
    data = voxels((4, *YX))
    tifffile.imwrite(tmp_path / "a.ome.tif", data)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert file.series[0].axes == "CYX"
    np.testing.assert_array_equal(fused(tmp_path, "a.ome.tif", axes=["z", "y", "x"])[0][0, 0], data)
    shutil.rmtree(tmp_path / "out.zarr")
    tifffile.imwrite(tmp_path / "b.tif", data, photometric="minisblack", metadata={"axes": "QYX"})
    np.testing.assert_array_equal(fused(tmp_path, "b.tif", axes=["z", "y", "x"])[0][0, 0], data)


def test_ome_with_a_prefix(tmp_path):
    """As ElementTree writes it that was not told to use none."""
    import xml.etree.ElementTree as ET
    data = voxels((2, 3, *YX))
    plain = tifffile.OmeXml()
    plain.addimage("uint16", data.shape, (6, 1, 1, *YX, 1), axes="CZYX", PhysicalSizeX=0.5, PhysicalSizeY=0.5, PhysicalSizeZ=2)
    xml = ET.tostring(ET.fromstring(plain.tostring().encode()), encoding="unicode")
    assert xml.startswith("<ns0:OME")
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", metadata=None, description=xml)
    read, scale, _ = fused(tmp_path)
    np.testing.assert_array_equal(read[0], data)
    assert scale == [2, 0.5, 0.5]


def test_scifio(tmp_path):
    """As ImageJ2 saves: channels change faster than slices."""
    data = voxels((3, 2, *YX))  # z c
    description = (f"SCIFIO=0.42.0\naxes=X,Y,Channel,Z\nlengths={YX[1]},{YX[0]},2,3\nscales=0.5,0.25,1.0,2.0\nunits=um,um,null,um\n"
                   "bitsPerPixel=16\nimages=6\nchannels=2\nslices=3\nframes=1\nhyperstack=true\nmode=composite\nunit=um\n")
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", metadata=None, description=description)
    read, scale, _ = fused(tmp_path)
    np.testing.assert_array_equal(read[0], np.moveaxis(data, 1, 0))
    assert scale == [2, 0.25, 0.5]


def refused(folder, dataset="dataset.json"):
    import os, subprocess
    from conftest import binary
    end = subprocess.run([binary(), "submit", dataset, "--output", "out.zarr", "--db", "jobs.sqlite"], cwd=folder, capture_output=True, text=True)
    assert end.returncode == 64 and not os.path.exists(folder / "out.zarr"), end.stderr
    return end.stderr


def damaged_chain(path):
    """The second directory's link leads back to the first one."""
    with tifffile.TiffFile(path) as file:
        first, second = file.pages[0].offset, file.pages[1].offset
    bytes_ = bytearray(path.read_bytes())
    count = struct.unpack_from("<H", bytes_, second)[0]
    struct.pack_into("<I", bytes_, second + 2 + 12 * count, first)
    path.write_bytes(bytes_)


def truncated(path):
    path.write_bytes(path.read_bytes()[:-2000])


DAMAGE = {"loop": (damaged_chain, "loop"), "truncated": (truncated, "truncated"),
          "header only": (lambda path: path.write_bytes(b"II*\0\0\0\0\0"), "never finished"),
          "three bytes of an offset": (lambda path: path.write_bytes(b"II*\0\xff\xff\xff\x00"), "truncated")}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_files_are_refused(tmp_path, name):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, voxels((4, *YX)), photometric="minisblack", metadata=None)
    if name == "truncated":  # directories first
        tifffile.imwrite(path, voxels((4, *YX)), photometric="minisblack", imagej=True)
    damage, words = DAMAGE[name]
    damage(path)
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "the view", "path": "a.tif"}]}))
    errors = refused(tmp_path)
    assert "the view" in errors and str(path) in errors and words in errors and "restore" in errors, errors


UNSUPPORTED = {"12 bits": lambda path: patch_bits(path), "planes differ": lambda path: differing(path),
               "samples differ": lambda path: differing_samples(path), "several stacks": lambda path: stacks(path),
               "predictor with PackBits": lambda path: tifffile.imwrite(path, voxels(YX), compression="packbits", predictor=2),
               "complex": lambda path: tifffile.imwrite(path, np.zeros(YX, "complex64"))}


def patch_bits(path):
    tifffile.imwrite(path, voxels(YX), metadata=None)
    bytes_ = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].tags["BitsPerSample"].offset
    struct.pack_into("<H", bytes_, at + 8, 12)
    path.write_bytes(bytes_)


def differing(path):
    with tifffile.TiffWriter(path) as file:
        file.write(voxels(YX), metadata=None)
        file.write(voxels((10, 10)), metadata=None)


def differing_samples(path):
    with tifffile.TiffWriter(path) as file:
        file.write(voxels((*YX, 3), "uint8"), metadata=None, photometric="rgb")
        file.write(voxels((*YX, 3), "uint16"), metadata=None, photometric="rgb")


def stacks(path, shapes=((5, *YX), (5, *YX))):
    with tifffile.TiffWriter(path) as file:
        for shape in shapes:
            file.write(voxels(shape), photometric="minisblack")


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_unsupported_files_are_refused(tmp_path, name):
    UNSUPPORTED[name](tmp_path / "a.tif")
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "the view", "path": "a.tif"}]}))
    errors = refused(tmp_path)
    assert str(tmp_path / "a.tif") in errors and "not supported" in errors and "save" in errors, errors


def test_stacks_and_planes_that_were_appended(tmp_path):
    stacks(tmp_path / "a.tif")
    data = voxels((5, *YX))
    np.testing.assert_array_equal(fused(tmp_path, axes=["c", "z", "y", "x"])[0][0], [data, data])
    shutil.rmtree(tmp_path / "out.zarr")
    for plane in data:
        tifffile.imwrite(tmp_path / "b.tif", plane, append=True)
    np.testing.assert_array_equal(fused(tmp_path, "b.tif")[0][0, 0], data)
    shutil.rmtree(tmp_path / "out.zarr")
    with tifffile.TiffWriter(tmp_path / "c.tif") as file:
        for plane in data:
            file.write(plane, contiguous=True, photometric="minisblack")
    np.testing.assert_array_equal(fused(tmp_path, "c.tif")[0][0, 0], data)


def test_a_damaged_tile_fails_its_blocks_only(tmp_path):
    data = voxels((64, 128))
    tifffile.imwrite(tmp_path / "a.tif", data, tile=(64, 64), compression="zlib", metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        at = file.pages[0].dataoffsets[1]
    bytes_ = bytearray((tmp_path / "a.tif").read_bytes())
    bytes_[at:at + 40] = bytes(40)
    (tmp_path / "a.tif").write_bytes(bytes_)
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "the view", "path": "a.tif"}]}))
    options = ["--output-chunksize", "32", "--zarr-options", "ome_zarr=false"]
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--quiet", *options, status=3)
    failed = [json.loads(line) for line in blockfuse(tmp_path, "blocks", "--state", "failed", "--json").splitlines()]
    assert {tuple(block["block"][-2:]) for block in failed} == {(0, 2), (0, 3), (1, 2), (1, 3)}
    assert all("tile 1" in block["failure"]["message"] and str(tmp_path / "a.tif") in block["failure"]["message"] for block in failed)
    np.testing.assert_array_equal(zarr.open_array(str(tmp_path / "out.zarr"), mode="r")[0, 0, :, :64], data[:, :64])


def test_declarations_in_the_xml_of_a_file_are_refused(tmp_path):
    bomb = '<!DOCTYPE OME [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    tifffile.imwrite(tmp_path / "a.tif", voxels(YX), metadata=None, description=f'<?xml version="1.0"?>{bomb}<OME><Image Name="&b;"/></OME>')
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "the view", "path": "a.tif"}]}))
    errors = refused(tmp_path)
    assert str(tmp_path / "a.tif") in errors and "document type declarations" in errors, errors


def test_ome_of_several_files(tmp_path):
    data = voxels((2, 3, *YX))  # c z y x
    ids = [f"urn:uuid:0000000{i}-0000-0000-0000-000000000000" for i in range(2)]
    files = "".join(f'<TiffData FirstC="{c}" FirstZ="{z}" FirstT="0" IFD="{z}" PlaneCount="1"><UUID FileName="c{c}.ome.tif">{ids[c]}</UUID></TiffData>'
                    for c in range(2) for z in (2, 0, 1))
    pixels = f'<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="{YX[1]}" SizeY="{YX[0]}" SizeZ="3" SizeC="2" SizeT="1">{files}</Pixels>'
    for c in range(2):
        xml = f'<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{ids[c]}"><Image ID="Image:0">{pixels}</Image></OME>'
        tifffile.imwrite(tmp_path / f"c{c}.ome.tif", data[c], photometric="minisblack", metadata=None, description=xml)
    np.testing.assert_array_equal(fused(tmp_path, "c0.ome.tif")[0][0], data)
    shutil.rmtree(tmp_path / "out.zarr")
    (tmp_path / "c1.ome.tif").unlink()
    assert "c1.ome.tif" in refused(tmp_path)


@pytest.mark.parametrize("layout", [{"tile": (32, 48)}, {"rowsperstrip": 16}, {}])
@pytest.mark.parametrize("color", [False, True])
def test_jpeg(tmp_path, layout, color):
    from scipy.ndimage import gaussian_filter
    rng = np.random.default_rng(2)
    soft = np.stack([gaussian_filter(rng.random((96, 112)), 4) for _ in range(3 if color else 1)], axis=-1)
    data = (255 * (soft - soft.min()) / np.ptp(soft)).astype("u1")
    tifffile.imwrite(tmp_path / "a.tif", data if color else data[..., 0], compression="jpeg", metadata=None, photometric="rgb" if color else "minisblack", **layout)
    decoded = tifffile.imread(tmp_path / "a.tif").reshape(data.shape)
    read = np.moveaxis(fused(tmp_path)[0][0], 0, -1).reshape(data.shape)
    # two decoders may round otherwise, above all where colours are interpolated
    assert np.abs(read.astype(int) - decoded.astype(int)).max() <= (4 if color else 1)
    assert np.abs(read.astype(int) - data.astype(int)).mean() < 3


@pytest.mark.parametrize("compression", ["zlib", "lzw", "zstd", "packbits", "lzma", "jpeg", None])
@pytest.mark.parametrize("layout", [{"tile": (32, 32)}, {"rowsperstrip": 16}])
def test_every_compression_cut_short(tmp_path, compression, layout):
    """The last tile or strip goes on beyond the end of the file: refused at once, before hours of work."""
    data = voxels((64, 96), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", data, compression=compression, metadata=None, photometric="minisblack", **layout)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        end = file.pages[0].dataoffsets[-1] + file.pages[0].databytecounts[-1]
        assert file.pages[0].offset < file.pages[0].dataoffsets[-1]
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:end - 3])
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "the view", "path": "a.tif"}]}))
    errors = refused(tmp_path)
    assert "the view" in errors and str(tmp_path / "a.tif") in errors and "directory 0" in errors and "restore" in errors, errors


OTHERS = {"lsm": (34412, "LSM"), "stk": (33629, "STK"), "fluoview": (34361, "FluoView"), "ndpi": (65420, "NDPI")}


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_that_look_like_tiff(tmp_path, name):
    tag, word = OTHERS[name]
    tifffile.imwrite(tmp_path / "a.tif", voxels(YX), metadata=None, extratags=[(tag, "I", 1, 7, True)])
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"path": "a.tif"}]}))
    errors = refused(tmp_path)
    assert str(tmp_path / "a.tif") in errors and word in errors and "convert" in errors, errors


XML = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
       'SizeX="83" SizeY="70" SizeZ="2" SizeC="1" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeXUnit="µm"><TiffData/></Pixels></Image></OME>')


@pytest.mark.parametrize("find, put, words", [
    ('SizeX="83"', 'SizeX="84"', ["70 x 84", "70 x 83"]), ('SizeZ="2"', 'SizeZ="3"', ["no TiffData", "z 2"]), ('SizeZ="2"', 'SizeZ="0"', ["SizeZ"]), ('SizeC="1"', "", ["SizeC", "missing"]),
    ("XYZCT", "XYZ", ["DimensionOrder"]), ("<TiffData/>", '<TiffData FirstZ="5"/>', ["z 5"]), ("<TiffData/>", '<TiffData IFD="1" PlaneCount="1"/>', ["no TiffData", "z 1"]),
    ("<TiffData/>", '<TiffData IFD="0" PlaneCount="9"/>', ["9 planes"]), ("µm", "parrot", ["parrot"]), ("</Pixels>", "", ["no valid XML", "line"]),
    ("<TiffData/>", '<TiffData IFD="0"><UUID FileName="../b.tif">x</UUID></TiffData>', ["../b.tif"]), ("<TiffData/>", '<TiffData IFD="7"/><TiffData FirstZ="1" IFD="0"/>', ["directory"]),
    ("<Image ID", '<Image ID="Image:1"><Pixels DimensionOrder="XYZCT" SizeX="1" SizeY="1" SizeZ="1" SizeC="1" SizeT="1"/></Image><Image ID', ["2 images", "save each"]),
    ("<Image ID", '<BinaryOnly MetadataFile="x.companion.ome" UUID="y"/><Image ID', ["x.companion.ome"]),
])
def test_ome_xml_that_is_wrong(tmp_path, find, put, words):
    assert find in XML
    tifffile.imwrite(tmp_path / "a.ome.tif", voxels((2, *YX)), metadata=None, photometric="minisblack", description=XML.replace(find, put).encode())
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "the view", "path": "a.ome.tif"}]}))
    errors = refused(tmp_path)
    assert "the view" in errors and str(tmp_path / "a.ome.tif") in errors and "hint:" in errors and all(word in errors for word in words), errors
