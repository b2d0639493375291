"""BigStitcher and BigDataViewer datasets, their images written by tensorstore and zarr-python and the XML by hand: the
voxels equal those of the same tiles given as dataset.json with Zarr."""
import json, subprocess
import lz4.block, numpy as np, pytest, tensorstore, xxhash, zarr
from conftest import binary, blockfuse

CODECS = {
    "raw": {"type": "raw"}, "gzip": {"type": "gzip", "level": 5}, "zlib": {"type": "gzip", "useZlib": True, "level": 5},
    "zstd": {"type": "zstd", "level": 3}, "blosc": {"type": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
    "xz": {"type": "xz", "preset": 6}, "bzip2": {"type": "bzip2", "blockSize": 9},
}
SIZE = (10, 22, 26)
# x y z rows, as BigDataViewer writes them; the last is applied first
CALIBRATION = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0]
SHEAR = [1, 0.05, 0, 3, 0, 1, 0, -2, 0, 0, 1, 1.5]


def tile(seed, dtype="uint16", size=SIZE):
    return np.random.default_rng(seed).integers(1, 250, size).astype(dtype)


def shift(x, y=0, z=0):
    return [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z]


def zyx(transforms):
    """Their product in the order of the file, as a matrix of z y x."""
    total = np.eye(4)
    for t in transforms:
        total = total @ np.vstack([np.array(t).reshape(3, 4), [0, 0, 0, 1]])
    flip = [2, 1, 0, 3]
    return total[np.ix_(flip, flip)]


def write_n5(path, data, codec=None, block=(9, 8, 4)):
    spec = {"driver": "n5", "kvstore": {"driver": "file", "path": str(path)}, "metadata": {
        "dimensions": data.shape[::-1], "blockSize": list(block), "dataType": str(data.dtype), "compression": codec or CODECS["gzip"]}}
    tensorstore.open(spec, create=True, delete_existing=True).result()[...] = data.T


def write_xml(path, loader, views, channels=("GFP",), times=1, missing=(), extra=""):
    """`views`: (time point, setup) -> transforms; setups go through the channels."""
    setups = sorted({s for _, s in views} | {s for _, s in missing})
    def setup(s):
        return (f"<ViewSetup><id>{s}</id><size>{' '.join(map(str, SIZE[::-1]))}</size><voxelSize><unit>um</unit><size>0.5 0.5 1.0</size></voxelSize>"
                f"<attributes><illumination>0</illumination><channel>{s % len(channels)}</channel><tile>{s}</tile><angle>0</angle></attributes></ViewSetup>")
    def view(t, s, transforms):
        listed = "".join(f'<ViewTransform type="affine"><Name>n</Name><affine>{" ".join(map(str, m))}</affine></ViewTransform>' for m in transforms)
        return f'<ViewRegistration timepoint="{t}" setup="{s}">{listed}</ViewRegistration>'
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription>{loader}\n<ViewSetups>'
        + "\n".join(map(setup, setups)) + '<Attributes name="channel">' + "".join(f"<Channel><id>{i}</id><name>{n}</name></Channel>" for i, n in enumerate(channels))
        + f'</Attributes></ViewSetups><Timepoints type="range"><first>0</first><last>{times - 1}</last></Timepoints><MissingViews>'
        + "".join(f'<MissingView timepoint="{t}" setup="{s}"/>' for t, s in missing) + "</MissingViews></SequenceDescription>\n<ViewRegistrations>"
        + "\n".join(view(t, s, m) for (t, s), m in views.items()) + f"</ViewRegistrations>{extra}</SpimData>")


N5 = '<ImageLoader format="bdv.n5" version="1.0"><n5 type="relative">data.n5</n5></ImageLoader>'


def as_zarr(folder, tiles, views, channels=1):
    """The same views as dataset.json; each is fused for itself where it has its own time point and channel."""
    entries = []
    for (t, s), transforms in views.items():
        path = folder / f"zarr/t{t}s{s}"
        zarr.create_array(str(path), shape=SIZE, chunks=(4, 8, 9), dtype=tiles[t, s].dtype, zarr_format=2)[:] = tiles[t, s]
        entries.append({"name": f"t{t}s{s}", "path": f"zarr/t{t}s{s}", "t": t, "c": s % channels, "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0),
                        "transforms": {"r": zyx(transforms).tolist()}})
    (folder / "expected.json").write_text(json.dumps({"views": entries}))


def fuse(folder, dataset, output, *flags):
    blockfuse(folder, "fuse", dataset, "--output", output, "--quiet", "--output-chunksize", "16", *flags)
    return zarr.open(str(folder / output / "0"))[:]


def check(folder, tiles, views, channels=1):
    as_zarr(folder, tiles, views, channels)
    expected = fuse(folder, "expected.json", "expected.zarr")
    found = fuse(folder, "dataset.xml", "found.zarr")
    assert expected.any() and (found == expected).all()
    # and by way of what was understood
    blockfuse(folder, "convert", "dataset.xml", "converted.json")
    assert (fuse(folder, "converted.json", "converted.zarr") == expected).all()
    return expected


@pytest.mark.parametrize("codec", [*CODECS, "lz4"])
def test_n5_codecs(tmp_path, codec):
    views = {(0, s): [shift(20 * s), SHEAR, CALIBRATION] for s in range(2)}
    tiles = {v: tile(v[1], ["uint16", "uint8", "float32", "int16"][len(codec) % 4]) for v in views}
    for (t, s), data in tiles.items():
        path = tmp_path / f"data.n5/setup{s}/timepoint{t}/s0"
        write_n5(path, data, CODECS.get(codec, CODECS["raw"]))
        if codec == "lz4":
            recompress_lz4(path)
    write_xml(tmp_path / "dataset.xml", N5, views)
    check(tmp_path, tiles, views)


@pytest.mark.parametrize("folder", ["my data.n5", "a%20b.n5", "50%.n5"])
def test_paths_are_uris_or_not(tmp_path, folder):
    """Java writes a space as %20; what has such a name itself is found, too."""
    views = {(0, 0): [shift(0)]}
    tiles = {(0, 0): tile(0)}
    write_n5(tmp_path / "with space" / folder / "setup0/timepoint0/s0", tiles[0, 0])
    written = folder.replace(" ", "%20")
    write_xml(tmp_path / "dataset.xml", N5.replace("data.n5", written), views)
    xml = (tmp_path / "dataset.xml").read_text()
    (tmp_path / "dataset.xml").write_text(xml.replace('<BasePath type="relative">.<', '<BasePath type="relative">with%20space<'))
    check(tmp_path, tiles, views)


def recompress_lz4(path):
    """Blocks as lz4-java streams them: the format's facts, pieces of 64 bytes, every other one stored as it is."""
    attributes = json.loads((path / "attributes.json").read_text())
    (path / "attributes.json").write_text(json.dumps({**attributes, "compression": {"type": "lz4", "blockSize": 65536}}))
    for file in path.rglob("*"):
        if file.is_dir() or file.name == "attributes.json":
            continue
        raw, out = file.read_bytes(), b""
        header, data = raw[:16], raw[16:]
        for i in range(0, len(data), 64):
            piece = data[i:i + 64]
            packed = lz4.block.compress(piece, store_size=False) if i % 128 else piece
            token = 0x26 if i % 128 else 0x16
            out += b"LZ4Block" + bytes([token]) + b"".join(int(n).to_bytes(4, "little") for n in (len(packed), len(piece), xxhash.xxh32(piece, seed=0x9747B28C).intdigest() & 0x0FFFFFFF)) + packed
        out += b"LZ4Block\x16" + bytes(12)
        file.write_bytes(header + out)


def test_order_of_transforms_matters(tmp_path):
    views = {(0, 0): [SHEAR, CALIBRATION], (0, 1): [CALIBRATION, SHEAR]}
    tiles = {v: tile(7) for v in views}
    for (t, s), data in tiles.items():
        write_n5(tmp_path / f"data.n5/setup{s}/timepoint{t}/s0", data)
    assert not np.allclose(zyx(views[0, 0]), zyx(views[0, 1]))
    write_xml(tmp_path / "dataset.xml", N5, views, channels=("a", "b"))
    both = check(tmp_path, tiles, views, channels=2)
    assert (both[0, 0] != both[0, 1]).any()
    # where a pixel goes, by hand: calibration first, then the shear
    assert np.allclose(zyx(views[0, 0]) @ [1, 1, 1, 1], [1 * 2 + 1.5, 1 - 2, 1 + 0.05 + 3, 1])


def test_missing_views_times_channels_and_boxes(tmp_path):
    views = {(t, s): [shift(18 * (s // 2), t)] for t in range(3) for s in range(4) if (t, s) != (1, 2)}
    tiles = {v: tile(10 * v[0] + v[1]) for v in views}
    for (t, s), data in tiles.items():
        write_n5(tmp_path / f"data.n5/setup{s}/timepoint{t}/s0", data)
    box = '<BoundingBoxes><BoundingBoxDefinition name="part"><min>3 2 1</min><max>20 10 4</max></BoundingBoxDefinition></BoundingBoxes>'
    write_xml(tmp_path / "dataset.xml", N5, views, channels=("GFP", "RFP"), times=3, missing=[(1, 2)], extra=box)
    expected = check(tmp_path, tiles, views, channels=2)
    assert expected.shape[:2] == (3, 2)
    assert not expected[1, 0, :, :, 30:].any() and expected[1, 1, :, :, 30:].any()
    labels = [c["label"] for c in zarr.open(str(tmp_path / "found.zarr")).attrs["omero"]["channels"]]
    assert labels == ["GFP", "RFP"]
    part = fuse(tmp_path, "dataset.xml", "part.zarr", "--bounding-box", "part")
    assert (part == expected[:, :, 1:5, 2:11, 3:21]).all()
    some = fuse(tmp_path, "dataset.xml", "some.zarr", "--timepoints", "1,2", "--channels", "RFP", "--bounding-box", "part")
    assert (some == part[1:, 1:]).all()


@pytest.mark.parametrize("version", ["1.0", "2.0", "3.0", "3.1", "3.1 ZarrV2", "3.1 ZarrV3", "3.1 []", "3.1 ZarrV2 [,]"])
def test_multimg_zarr(tmp_path, version):
    """3.1 is 3.0 with an attribute that says which Zarr the images are; where an image has no more than x y z, indices may be missing."""
    version, kind, *listed = (version + " ").split(" ")
    zarr_format = 3 if "V3" in kind else 2
    views = {(t, s): [shift(18 * (s // 2)), CALIBRATION] for t in range(2) for s in range(4)}
    tiles = {v: tile(10 * v[0] + v[1]) for v in views}
    def image(path, data, axes):
        group = zarr.open_group(str(tmp_path / "images" / path), mode="w", zarr_format=zarr_format)
        keys = {"chunk_key_encoding": {"name": "v2", "separator": "/"}} if zarr_format == 2 else {}
        group.create_array("0", shape=data.shape, chunks=(1,) * (data.ndim - 3) + (4, 8, 9), dtype="u2", **keys)[:] = data
        multiscales = [{"version": "0.4", "axes": [{"name": a, "type": "space" if a in "zyx" else "channel" if a == "c" else "time"} for a in axes],
                                       "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0] * (data.ndim - 3) + [1.0, 0.5, 0.5]}]}]}]
        if zarr_format == 2:
            group.attrs["multiscales"] = multiscales
        else:
            group.attrs["ome"] = {"version": "0.5", "multiscales": multiscales}
    groups, none = [], ' indicies="[]"' if kind == "[]" else ""
    if version == "3.0" or kind.startswith("Zarr"):
        # a tile is one image; its setups are channels, its time points along t
        for k in range(2):
            image(f"tile{k}", np.array([[tiles[t, 2 * k + c] for c in range(2)] for t in range(2)]), "tczyx")
        groups = [f'<zgroup setup="{s}" tp="{t}" path="tile{s // 2}" indicies="{f"[{s % 2}, {t}]" if "[,]" in listed else f"{s % 2} {t}"}"/>' for t, s in views]
    else:
        for (t, s), data in tiles.items():
            image(f"s{s}-t{t}.zarr", data, "zyx")
            groups.append(f'<zgroup setup="{s}" timepoint="{t}"><path>s{s}-t{t}.zarr</path></zgroup>' if version == "1.0" else f'<zgroup setup="{s}" tp="{t}" path="s{s}-t{t}.zarr"{none}/>')
    said = f' zarr.version="{kind}"' if kind.startswith("Zarr") else ""
    loader = f'<ImageLoader format="bdv.multimg.zarr" version="{version}"{said}><zarr type="relative">images</zarr><zgroups>{"".join(groups)}</zgroups></ImageLoader>'
    write_xml(tmp_path / "dataset.xml", loader, views, channels=("a", "b"), times=2)
    check(tmp_path, tiles, views, channels=2)


def test_zarr_levels_with_a_scale_only(tmp_path):
    """As BigStitcher writes and reads them: a voxel is in the middle of those that it averages."""
    data = np.broadcast_to(np.arange(24, dtype="u2") * 100, (12, 16, 24))
    group = zarr.open_group(str(tmp_path / "data.zarr/s0"), mode="w", zarr_format=2)
    for i, level in enumerate((data, data[:, :, ::2] // 2 + data[:, :, 1::2] // 2)):
        group.create_array(str(i), data=np.ascontiguousarray(level[None, None]), chunk_key_encoding={"name": "v2", "separator": "/"})
    group.attrs["multiscales"] = [{"version": "0.4", "axes": [{"name": a, "type": "space" if a in "zyx" else "channel" if a == "c" else "time"} for a in "tczyx"],
                                   "datasets": [{"path": str(i), "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1, 1, 2 ** i]}]} for i in range(2)]}]
    loader = '<ImageLoader format="bdv.multimg.zarr" version="3.0"><zarr type="relative">data.zarr</zarr><zgroups><zgroup setup="0" tp="0" path="s0" indicies="0 0"/></zgroups></ImageLoader>'
    write_xml(tmp_path / "dataset.xml", loader, {(0, 0): [shift(0)]})
    blockfuse(tmp_path, "convert", "dataset.xml", "converted.json")
    for name in ("dataset.xml", "converted.json"):
        fused = fuse(tmp_path, name, f"{name}.zarr", "--output-spacing", "z=1,y=1,x=2")[0, 0]
        # voxel i is at 2 i; that of level 1 at 2 i + 0.5, so that values are between two of them
        np.testing.assert_array_equal(fused[..., 1:11], np.broadcast_to(np.arange(1, 11) * 200, (12, 16, 10)))


def test_a_later_version_of_a_loader_is_named(tmp_path):
    loader = '<ImageLoader format="bdv.multimg.zarr" version="4.0"><zarr type="relative">images</zarr><zgroups/></ImageLoader>'
    write_xml(tmp_path / "dataset.xml", loader, {(0, 0): [shift(0)]})
    message = refused(tmp_path)
    assert "4.0" in message and "3.1" in message, message


# what is put before the XML, its encoding, and what its declaration says of that
@pytest.mark.parametrize("mark, codec, said", [
    (b"", "latin-1", "ISO-8859-1"), (b"", "latin-1", "iso-8859-1"), (b"", "latin-1", "latin1"), (b"", "cp1252", "windows-1252"), (b"", "ascii", "US-ASCII"),
    (b"\xff\xfe", "utf-16-le", "UTF-16"), (b"\xfe\xff", "utf-16-be", "UTF-16"), (b"", "utf-16-le", "UTF-16LE"), (b"", "utf-16-be", "UTF-16BE"),
    (b"\xff\xfe", "utf-16-le", None), (b"\xef\xbb\xbf", "utf-8", "UTF-8"), (b"", "utf-8", None), (b"\xef\xbb\xbf", "utf-8", "ISO-8859-1"), (b"\xff\xfe", "utf-16-le", "utf-8"),
])
def test_encodings_of_xml(tmp_path, mark, codec, said):
    """The names of folders and channels are what they are in UTF-8."""
    name = "abc" if codec == "ascii" else "über µm"
    views = {(0, s): [shift(20 * s)] for s in range(2)}
    for (t, s) in views:
        write_n5(tmp_path / f"{name}.n5/setup{s}/timepoint{t}/s0", tile(s))
    write_xml(tmp_path / "utf8.xml", N5.replace("data.n5", f"{name}.n5"), views, channels=(name,))
    text = (tmp_path / "utf8.xml").read_text()
    declaration = "" if said is None else f'<?xml version="1.0" encoding="{said}"?>'
    text = text.replace('<?xml version="1.0" encoding="UTF-8"?>', declaration)
    (tmp_path / "dataset.xml").write_bytes(mark + text.encode(codec))
    expected, found = (fuse(tmp_path, f, f"{f}.zarr") for f in ("utf8.xml", "dataset.xml"))
    assert expected.any() and (found == expected).all()
    assert zarr.open(str(tmp_path / "dataset.xml.zarr")).attrs["omero"]["channels"][0]["label"] == name


def refused(folder, dataset="dataset.xml"):
    end = subprocess.run([binary(), "plan", dataset], cwd=folder, capture_output=True, text=True)
    assert end.returncode == 64, end.stderr
    return end.stderr


def pyramid(folder, data, factors):
    """Levels that are told apart by their values; attributes as BigDataViewer writes them."""
    for i, factor in enumerate(factors):
        write_n5(folder / f"timepoint0/s{i}", np.ascontiguousarray(data[::factor[2], ::factor[1], ::factor[0]] // 1000 * 1000 + i))
    (folder / "attributes.json").write_text(json.dumps({"downsamplingFactors": factors, "dataType": "uint16"}))


@pytest.mark.parametrize("spacing, level", [("z=2,y=1,x=1", 0), ("z=2,y=2,x=2", 1), ("z=4,y=4,x=4", 2), ("z=3.9,y=4,x=4", 1), ("z=1,y=4,x=4", 0)])
def test_the_level_is_chosen_in_world_units(tmp_path, spacing, level):
    """z steps of 2 are in the calibration only: a voxel of s1 is 2 x 2 x 2 units, one of s2 4 x 4 x 4."""
    data = np.random.default_rng(1).integers(1, 60, (16, 32, 40)).astype("u2") * 1000
    pyramid(tmp_path / "data.n5/setup0", data, [[1, 1, 1], [2, 2, 1], [4, 4, 2]])
    write_xml(tmp_path / "dataset.xml", N5, {(0, 0): [shift(3), CALIBRATION]})
    out = fuse(tmp_path, "dataset.xml", "out.zarr", "--output-spacing", spacing, "--interpolation-order", "0")
    assert set(np.unique(out % 1000)) - {0} == ({level} if level else set()), np.unique(out % 1000)


def test_voxels_of_a_coarse_level_are_where_they_belong(tmp_path):
    """A ramp along each axis is the same ramp at every level."""
    z, y, x = np.meshgrid(*map(np.arange, (16, 32, 40)), indexing="ij")
    ramp = (100 + 8 * z + 2 * y + x).astype("f4")
    for i, factor in enumerate([(1, 1, 1), (2, 2, 1), (4, 4, 2)]):
        fx, fy, fz = factor
        mean = ramp.reshape(16 // fz, fz, 32 // fy, fy, 40 // fx, fx).mean((1, 3, 5))
        write_n5(tmp_path / f"data.n5/setup0/timepoint0/s{i}", mean.astype("f4"))
    (tmp_path / "data.n5/setup0/attributes.json").write_text(json.dumps({"downsamplingFactors": [[1, 1, 1], [2, 2, 1], [4, 4, 2]]}))
    write_xml(tmp_path / "dataset.xml", N5, {(0, 0): [CALIBRATION]})
    for spacing in (2, 4):
        place = [f"--output-{k}=z={v},y={v},x={v}" for k, v in [("spacing", spacing), ("origin", 4), ("shape", 3)]]
        out = fuse(tmp_path, "dataset.xml", f"{spacing}.zarr", *place)[0, 0]
        # world z is twice the index
        at = 4 + spacing * np.arange(3)
        want = 100 + 8 * at[:, None, None] / 2 + 2 * at[:, None] + at
        np.testing.assert_allclose(out, want, rtol=1e-6)


def test_a_size_that_is_not_the_images_is_said(tmp_path):
    for s in range(3):
        write_n5(tmp_path / f"data.n5/setup{s}/timepoint0/s0", tile(s) if s != 1 else tile(s, size=(10, 22, 20)))
    write_xml(tmp_path / "dataset.xml", N5, {(0, s): [shift(20 * s)] for s in range(3)})
    end = subprocess.run([binary(), "plan", "dataset.xml"], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 0 and 'setup1": 20 x 22 x 10 instead of 26 x 22 x 10' in end.stderr, end.stderr
    # the image counts
    assert fuse(tmp_path, "dataset.xml", "out.zarr").shape[-1] == 66


@pytest.mark.parametrize("format", ["spimreconstruction.filelist", "spimreconstruction.stack.ij", "spimreconstruction.stack.loci", "spimreconstruction.filemap2", "bdv.n5.s3", "spimreconstruction.lightsheetz1",
                                    "spimreconstruction.micromanager", "bigstitcher.smartspim", "split.viewerimgloader", "spimreconstruction.wrapped.flatfield.default", "bdv.imaris", "bdv.ome.zarr", ""])
def test_other_loaders_are_refused_by_name(tmp_path, format):
    write_xml(tmp_path / "dataset.xml", f'<ImageLoader format="{format}"><files/></ImageLoader>', {(0, 0): [shift(0)]})
    message = refused(tmp_path)
    assert f'"{format}"' in message and "ImageLoader" in message and "resave" in message, message


def test_an_xml_larger_than_libxml2_likes_at_once(tmp_path):
    """Some ten thousand views make 10 MB, which it refuses to look ahead over."""
    write_n5(tmp_path / "data.n5/setup0/timepoint0/s0", tile(0))
    path = tmp_path / "dataset.xml"
    write_xml(path, N5, {(0, 0): [shift(0)]}, extra="<StitchingResults>" + "<PairwiseResult><hash>1234567890</hash></PairwiseResult>\n" * 250_000 + "</StitchingResults>")
    assert path.stat().st_size > 12e6
    assert (fuse(tmp_path, "dataset.xml", "out.zarr")[0, 0] == tile(0)).all()
    text = path.read_text()
    path.write_text(text[:11_000_000])
    assert "line" in refused(tmp_path)
