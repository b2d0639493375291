"""Every encoding that tiles come in is read voxel for voxel: arrays written by zarr-python, numcodecs and tensorstore, each
a view fused to itself. Views lie far apart in one output, so that one run of the program reads them all."""
import json, subprocess
import numcodecs, numpy as np, pytest, tensorstore, zarr
from zarr.codecs import numcodecs as v3codecs, BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec
from conftest import binary, blockfuse

SHAPE, CHUNK = (11, 18, 23), (4, 7, 8)
SHARD = {"shards": (8, 14, 16)}
STEP = 32  # along z, from view to view


def voxels(dtype):
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(dtype.num)
    if dtype.kind == "f":
        return (rng.normal(0, 300, SHAPE)).astype(dtype)
    info = np.iinfo(dtype)
    data = rng.integers(max(info.min, -3000), min(info.max, 3000), SHAPE, dtype=np.int64).astype(dtype)
    data.flat[0], data.flat[-1] = info.min, info.max  # saturation and the sign bit show here
    return data


def v2(data, **kwargs):
    kwargs = {"compressor": numcodecs.Zstd(1), **kwargs}
    fill = kwargs.pop("fill_value", 0)
    dtype = kwargs.pop("dtype", data.dtype)
    holes = kwargs.pop("holes", False)

    def write(path):
        array = zarr.create(shape=data.shape, chunks=CHUNK, dtype=dtype, zarr_format=2, store=str(path), fill_value=fill, **kwargs)
        if not holes:
            array[:] = data
            return data
        array[4:8] = data[4:8]  # whole chunks: the rest has no file
        expected = np.full_like(data, fill)
        expected[4:8] = data[4:8]
        return expected
    return write


def unsaid(write):
    """As nested stores wrote before there was a key for it."""
    def written(path):
        expected = write(path)
        metadata = json.loads((path / ".zarray").read_text())
        assert metadata.pop("dimension_separator")
        (path / ".zarray").write_text(json.dumps(metadata))
        return expected
    return written


def v3(data, *, fill_value=0, holes=False, **kwargs):
    def write(path):
        array = zarr.create_array(str(path), shape=data.shape, chunks=CHUNK, dtype=data.dtype, zarr_format=3, fill_value=fill_value, **kwargs)
        if not holes:
            array[:] = data
            return data
        array[:4, :7, :8] = data[:4, :7, :8]
        expected = np.full_like(data, fill_value)
        expected[:4, :7, :8] = data[:4, :7, :8]
        return expected
    return write


def codecs(data, *chain):
    """A chain of codecs as its JSON, through tensorstore: what `create_array` has no argument for."""
    def write(path):
        metadata = {"zarr_format": 3, "node_type": "array", "shape": list(data.shape), "data_type": str(data.dtype), "fill_value": 0,
                    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 14, 16]}},
                    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}}, "codecs": list(chain)}
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(path)}, "metadata": metadata, "create": True}
        tensorstore.open(spec).result()[...] = data
        return data
    return write


def packed_shard(data):
    """A shard that is compressed as a whole, which only zarr-python writes."""
    def write(path):
        chain = [ShardingCodec(chunk_shape=CHUNK, codecs=[BytesCodec()]), GzipCodec(level=1)]
        zarr.create(store=str(path), shape=data.shape, chunks=SHARD["shards"], dtype=data.dtype, zarr_format=3, codecs=chain, fill_value=0)[:] = data
        return data
    return write


def sharded(inner, location="end", index=None):
    return {"name": "sharding_indexed", "configuration": {
        "chunk_shape": list(CHUNK), "codecs": inner, "index_location": location,
        "index_codecs": index or [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]}}


LITTLE, BIG = ({"name": "bytes", "configuration": {"endian": e}} for e in ("little", "big"))
ZSTD = {"name": "zstd", "configuration": {"level": 1, "checksum": True}}
GZIP = {"name": "gzip", "configuration": {"level": 1}}
U2, F4 = voxels("uint16"), voxels("float32")
NAN = F4.copy()
NAN[2:5, 3:9] = np.nan


def numcodecs_of_v3():
    """By the names that zarr-python gives them in Zarr v3."""
    for name, codec in {
        "zlib": v3codecs.Zlib(level=1), "gzip": v3codecs.GZip(level=1), "lz4": v3codecs.LZ4(acceleration=1), "zstd": v3codecs.Zstd(level=1),
        "blosc": v3codecs.Blosc(cname="lz4", clevel=5, shuffle=1), "bz2": v3codecs.BZ2(level=1), "lzma": v3codecs.LZMA(preset=1),
    }.items():
        yield f"v3_numcodecs_{name}", v3(U2, compressors=codec)
    yield "v3_numcodecs_shuffle", v3(U2, compressors=[v3codecs.Shuffle(), v3codecs.Zlib(level=1)])
    yield "v3_numcodecs_shuffle_alone", v3(F4, compressors=v3codecs.Shuffle(elementsize=4))
    yield "v3_numcodecs_sharded", v3(U2, compressors=[v3codecs.Shuffle(elementsize=2), v3codecs.LZ4()], **SHARD)
    yield "v3_numcodecs_delta", v3(U2, filters=v3codecs.Delta(dtype="uint16"), compressors=v3codecs.Zstd(level=1))
    yield "v3_numcodecs_delta_wide", v3(U2, filters=v3codecs.Delta(dtype="<u2", astype="<i4"), compressors=None)
    yield "v3_numcodecs_delta_f4", v3(np.round(F4), filters=v3codecs.Delta(dtype="<f4"))
    yield "v3_numcodecs_delta_i1", v3(voxels("int8"), filters=v3codecs.Delta(dtype="i1"))
    yield "v3_numcodecs_delta_sharded", v3(U2, filters=v3codecs.Delta(dtype="u2"), **SHARD)


def arrays():
    """Name, element type of the view, what writes it and returns the voxels that must be read."""
    for kind in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64"):
        data = voxels(kind)
        yield f"v2_{kind}", v2(data)
        yield f"v3_{kind}", v3(data)
        if data.itemsize > 1:
            yield f"v2_{kind}_big", v2(data, dtype=data.dtype.newbyteorder(">"))
            yield f"v3_{kind}_big", v3(data, serializer=BytesCodec(endian="big"))
    for separator in "./":
        yield f"v2_separator_{ord(separator)}", v2(U2, dimension_separator=separator)
        yield f"v2_unwritten_separator_{ord(separator)}", unsaid(v2(U2, dimension_separator=separator))
    yield "v2_order_f", v2(U2, order="F")
    yield "v2_order_f_big", v2(U2, order="F", dtype=">u2")
    for name, compressor in {"raw": None, "zlib": numcodecs.Zlib(1), "gzip": numcodecs.GZip(1), "lz4": numcodecs.LZ4(), "zstd_checksum": numcodecs.Zstd(3, checksum=True), "bz2": numcodecs.BZ2(1), "lzma": numcodecs.LZMA(preset=1)}.items():
        yield f"v2_{name}", v2(U2, compressor=compressor)
    for inner in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
        for shuffle in (0, 1, 2):
            yield f"v2_blosc_{inner}_{shuffle}", v2(U2, compressor=numcodecs.Blosc(inner, 5, shuffle))
    for inner, shuffle in (("lz4", "shuffle"), ("zstd", "bitshuffle"), ("blosclz", "noshuffle")):
        yield f"v3_blosc_{inner}_{shuffle}", v3(U2, compressors=BloscCodec(cname=inner, shuffle=shuffle))
    yield "v2_delta", v2(U2, filters=[numcodecs.Delta("<u2")])
    yield "v2_shuffle", v2(U2, filters=[numcodecs.Shuffle(2)])
    yield "v2_shuffle_raw_big", v2(U2, filters=[numcodecs.Shuffle(2)], compressor=None, dtype=">u2")
    yield "v2_shuffle_of_4", v2(F4, filters=[numcodecs.Shuffle()])
    yield "v2_shuffle_of_1", v2(U2, filters=[numcodecs.Shuffle(1)])
    yield "v2_delta_shuffle", v2(U2, filters=[numcodecs.Delta("<u2", "<i4"), numcodecs.Shuffle(4)], compressor=numcodecs.Zlib(1))
    yield from numcodecs_of_v3()
    yield "v2_fill_7", v2(U2, fill_value=7, holes=True)
    yield "v2_fill_nan", v2(F4, fill_value=np.nan, holes=True)
    yield "v2_fill_null", v2(U2, fill_value=None)
    yield "v3_fill_7", v3(U2, fill_value=7, holes=True)
    yield "v3_fill_nan", v3(F4, fill_value=np.nan, holes=True)
    yield "v3_nan_voxels", v3(NAN)
    yield "v3_gzip", v3(U2, compressors=GzipCodec(level=1))
    yield "v3_raw", v3(U2, compressors=None)
    yield "v3_crc32c", v3(U2, compressors=[ZstdCodec(level=1), Crc32cCodec()])
    yield "v3_transposed", v3(U2, filters=[TransposeCodec(order=(2, 0, 1))])
    yield "v3_keys_v2", v3(U2, chunk_key_encoding={"name": "v2", "separator": "."})
    yield "v3_keys_dot", v3(U2, chunk_key_encoding={"name": "default", "separator": "."})
    yield "v3_sharded", v3(U2, **SHARD)
    yield "v3_sharded_holes", v3(U2, **SHARD, fill_value=9, holes=True)
    yield "v3_sharded_index_first", codecs(U2, sharded([LITTLE, ZSTD], "start"))
    yield "v3_sharded_transposed", codecs(U2, {"name": "transpose", "configuration": {"order": [1, 2, 0]}}, {
        **sharded([BIG, GZIP]), "configuration": {**sharded([BIG, GZIP])["configuration"], "chunk_shape": [7, 8, 4]}})
    yield "v3_sharded_packed", packed_shard(U2)
    nested = sharded([LITTLE, ZSTD])
    nested["configuration"]["chunk_shape"] = [2, 7, 4]
    yield "v3_sharded_twice", codecs(U2, sharded([nested]))


ARRAYS = dict(arrays())


@pytest.fixture(scope="module")
def read_back(tmp_path_factory):
    """All arrays through the program: those of one element type in one dataset, since views share the output's type."""
    folder = tmp_path_factory.mktemp("formats")
    by_type, found = {}, {}
    for name, write in ARRAYS.items():
        expected = write(folder / f"{name}.zarr")
        by_type.setdefault(expected.dtype.newbyteorder("=").name, []).append((name, expected))
    for kind, members in by_type.items():
        place = lambda i: {"z": i * STEP, "y": -3, "x": 5}
        views = [{"name": name, "path": f"{name}.zarr", "axes": ["z", "y", "x"], "spacing": {"z": 1, "y": 1, "x": 1}, "origin": place(i)} for i, (name, _) in enumerate(members)]
        (folder / f"{kind}.json").write_text(json.dumps({"views": views}))
        blockfuse(folder, "fuse", f"{kind}.json", "--output", f"{kind}.out", "--ome-zarr", "false", "--output-chunksize", "z=16,y=32,x=32", "--quiet")
        out = zarr.open_array(folder / f"{kind}.out", mode="r")
        for i, (name, expected) in enumerate(members):
            found[name] = out[0, 0, i * STEP:i * STEP + SHAPE[0]], expected
    return found


@pytest.mark.parametrize("name", ARRAYS)
def test_read_voxel_for_voxel(name, read_back):
    found, expected = read_back[name]
    assert found.dtype == expected.dtype.newbyteorder("=")
    assert expected[np.isfinite(expected)].any() if expected.dtype.kind == "f" else expected.any()
    np.testing.assert_array_equal(found, np.nan_to_num(expected, nan=0.0, posinf=np.inf, neginf=-np.inf))


# as zarr-python takes it: n5-zarr wrote numbers as text until 2024
TEXTS = {
    "uint8": ["0", "255", "+7"], "int8": ["-128", "127"], "uint16": ["0", "65535"], "int16": ["-32768", " 5 "], "uint32": ["4294967295"],
    "int32": ["-2147483648"], "uint64": ["18446744073709551615", "9223372036854775808"], "int64": ["-9223372036854775808", "9223372036854775807"],
    "float16": ["65504", "0.0"], "float32": ["0", "0.0", "1.5", "-2.5e3", "NaN", "Infinity", "-Infinity", "nan", "-inf", "3.4e38"], "float64": ["0.1", "1e300", "-Infinity"],
}


@pytest.mark.parametrize("format", [2, 3])
@pytest.mark.parametrize("kind", TEXTS)
def test_fill_values_that_are_text(tmp_path, kind, format):
    data, views = voxels(kind), []
    for i, text in enumerate(TEXTS[kind]):
        path = tmp_path / f"{i}.zarr"
        array = zarr.create_array(str(path), shape=SHAPE, chunks=CHUNK, dtype=kind, zarr_format=format, fill_value=0)
        array[4:8] = data[4:8]
        metadata = path / (".zarray" if format == 2 else "zarr.json")
        metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "fill_value": text}))
        views.append({"name": text, "path": path.name, "axes": ["z", "y", "x"], "spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": i * STEP, "y": 0, "x": 0}})
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--ome-zarr", "false", "--output-chunksize", "16", "--quiet")
    out = zarr.open_array(tmp_path / "out.zarr", mode="r")
    for i in range(len(views)):
        expected = zarr.open_array(tmp_path / f"{i}.zarr", mode="r")[:]
        np.testing.assert_array_equal(out[0, 0, i * STEP:i * STEP + SHAPE[0]], np.nan_to_num(expected, nan=0.0, posinf=np.inf, neginf=-np.inf))


@pytest.mark.parametrize("kind, text", [("uint8", "256"), ("uint8", "-1"), ("int8", "128"), ("uint16", "0.5"), ("uint16", ""), ("uint16", "zero"), ("int64", "9223372036854775808"),
                                        ("uint64", "18446744073709551616"), ("uint16", "NaN"), ("uint16", "AAA="), ("float32", ""), ("float32", "0x1p3"), ("float32", "1,5"), ("float32", "nan(1)"), ("float64", "one")])
def test_fill_values_that_are_other_text(tmp_path, kind, text):
    zarr.create_array(str(tmp_path / "a.zarr"), shape=SHAPE, chunks=CHUNK, dtype=kind, zarr_format=2, fill_value=0)
    metadata = tmp_path / "a.zarr/.zarray"
    metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "fill_value": text}))
    # nor does zarr-python take them
    with pytest.raises(Exception):
        zarr.open_array(tmp_path / "a.zarr", mode="r")[:]
    unit = {"z": 1, "y": 1, "x": 1}
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"path": "a.zarr", "axes": ["z", "y", "x"], "spacing": unit, "origin": unit}]}))
    end = subprocess.run([binary(), "plan", "dataset.json"], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 64 and "fill_value" in end.stderr and kind in end.stderr, end.stderr
