"""Makes the arrays beside this file, once, with zarr-python 3.1 and tensorstore 0.1.

Each holds, at the C-order position i, v = (i * 37 + 11) % 200 as its type's value:
unsigned v * 0x0101..., signed (v - 100) * 0x0101..., float16 (v - 100) / 2, float32 (v - 100) / 4, float64 (v - 100) / 8.
Names say the encoding; the tests list them again with type and shape.
"""
import json
import pathlib
import shutil

import numcodecs
import numpy as np
import tensorstore as ts
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

here = pathlib.Path(__file__).parent
SHAPE, CHUNKS = (3, 5, 4), (2, 5, 3)


def values(dtype, shape=SHAPE):
    dtype = np.dtype(dtype)
    v = (np.arange(np.prod(shape), dtype=np.int64) * 37 + 11) % 200
    if dtype.kind == "f":
        return ((v - 100) / dtype.itemsize).astype(dtype).reshape(shape)
    unit = int("01" * dtype.itemsize, 16)
    numbers = [int(x) * unit for x in (v if dtype.kind == "u" else v - 100)]
    return np.array(numbers, dtype=dtype).reshape(shape)


def path(name):
    p = here / f"{name}.zarr"
    shutil.rmtree(p, ignore_errors=True)
    return p


def v2(name, dtype="<u2", chunks=CHUNKS, separator="/", order="C", compressor=None, filters=None, fill=0, region=...):
    p = path("v2_" + name)
    a = zarr.create(
        store=str(p), shape=SHAPE, chunks=chunks, dtype=dtype, zarr_format=2, compressor=compressor, filters=filters,
        order=order, fill_value=fill, dimension_separator=separator, config={"write_empty_chunks": True})
    a[region] = values(dtype)[region]
    return p


def v3(name, dtype="uint16", chunks=CHUNKS, codecs=None, fill=0, keys=None, shape=SHAPE, region=..., **more):
    p = path("v3_" + name)
    a = zarr.create(
        store=str(p), shape=shape, chunks=chunks, dtype=dtype, zarr_format=3, codecs=codecs, fill_value=fill,
        chunk_key_encoding=keys, **more)
    a[region] = values(dtype, shape)[region]
    return p


def by_tensorstore(name, metadata, shape=SHAPE):
    p = path(name)
    a = ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": str(p)}, "metadata": metadata},
                create=True).result()
    a.write(values(metadata["data_type"], shape)).result()


zstd = numcodecs.Zstd(level=1)
for dtype in "|u1 |i1 <u2 <i2 <u4 <i4 <u8 <i8 <f2 <f4 <f8 >u2 >i4 >u8 >f2 >f4 >f8".split():
    name = dtype.replace("<", "").replace("|", "").replace(">", "big_")
    v2(name, dtype, compressor=zstd)
v2("raw")
v2("raw_big_order_f", ">u2", order="F")
v2("order_f_f8", "<f8", order="F", compressor=zstd)
v2("dot", separator=".", compressor=zstd)
v2("zlib", compressor=numcodecs.Zlib(1))
v2("gzip", compressor=numcodecs.GZip(1))
v2("zstd_checksum", compressor=numcodecs.Zstd(level=1, checksum=True))
v2("lz4", compressor=numcodecs.LZ4())
v2("delta", filters=[numcodecs.Delta("<u2")], compressor=zstd)
v2("delta_i1_i4", "<i2", filters=[numcodecs.Delta("<i2", "<i4")], compressor=zstd)
v2("delta_big_f4", ">f4", filters=[numcodecs.Delta(">f4")], order="F")
for cname in "lz4 lz4hc zstd zlib blosclz".split():
    for shuffle in (0, 1, 2):
        v2(f"blosc_{cname}_{shuffle}", chunks=SHAPE, compressor=numcodecs.Blosc(cname, 5, shuffle))
v2("missing_fill_7", fill=7, region=np.s_[:2], compressor=zstd)
v2("missing_fill_u8_max", "<u8", fill=2**64 - 1, region=np.s_[:2])
v2("missing_fill_nan", "<f4", fill=float("nan"), region=np.s_[:2])
v2("missing_fill_minus_infinity", "<f2", fill=float("-inf"), region=np.s_[:2])

little = BytesCodec(endian="little")
v3("default")
v3("u1", "uint8")
v3("f2_big", "float16", codecs=[BytesCodec(endian="big")])
v3("big_gzip", codecs=[BytesCodec(endian="big"), GzipCodec(level=1)])
v3("raw_crc32c", codecs=[little, Crc32cCodec()])
v3("crc32c_zstd_crc32c", codecs=[little, Crc32cCodec(), ZstdCodec(level=1), Crc32cCodec()])
v3("zstd_then_gzip", codecs=[little, ZstdCodec(level=1), GzipCodec(level=1)])
v3("blosc", codecs=[little, BloscCodec(cname="lz4", typesize=2, shuffle="bitshuffle")])
v3("transpose", codecs=[TransposeCodec(order=(2, 0, 1)), little, ZstdCodec()])
v3("transpose_twice_big", codecs=[TransposeCodec(order=(2, 0, 1)), TransposeCodec(order=(1, 0, 2)),
                                  BytesCodec(endian="big")])
v3("keys_v2", keys={"name": "v2", "separator": "."})
v3("keys_v2_slash", keys={"name": "v2", "separator": "/"})
v3("keys_default_dot", keys={"name": "default", "separator": "."})
v3("fill_hex_missing", "float32", fill=np.float32("nan"), region=np.s_[:2])
p = here / "v3_fill_hex_missing.zarr" / "zarr.json"
document = json.loads(p.read_text())
document["fill_value"] = "0x7fc00001"
p.write_text(json.dumps(document, indent=2))

inner = dict(codecs=[little, ZstdCodec(level=1)], index_codecs=[little, Crc32cCodec()])
SHARD, INNER, WIDE = (4, 4, 6), (2, 2, 3), (5, 7, 6)
v3("shard_end", chunks=SHARD, shape=WIDE, codecs=[ShardingCodec(chunk_shape=INNER, **inner)])
v3("shard_start", chunks=SHARD, shape=WIDE, codecs=[ShardingCodec(chunk_shape=INNER, index_location="start", **inner)])
v3("shard_missing_inner", chunks=SHARD, shape=WIDE, codecs=[ShardingCodec(chunk_shape=INNER, **inner)], fill=3,
   region=np.s_[:2, :, :3])
v3("shard_then_gzip", chunks=SHARD, shape=WIDE, codecs=[ShardingCodec(chunk_shape=INNER, **inner), GzipCodec(level=1)])
v3("shard_nested", chunks=SHARD, shape=WIDE, codecs=[
    ShardingCodec(chunk_shape=INNER, index_codecs=inner["index_codecs"], codecs=[
        ShardingCodec(chunk_shape=(1, 2, 3), index_location="start", **inner)])])


def shard_metadata(codecs):
    return {"shape": list(WIDE), "data_type": "uint16", "codecs": codecs, "fill_value": 0,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(SHARD)}}}


by_tensorstore("v3_tensorstore_shard", shard_metadata([{"name": "sharding_indexed", "configuration": {
    "chunk_shape": list(INNER), "codecs": [{"name": "transpose", "configuration": {"order": [1, 2, 0]}},
                                            {"name": "bytes", "configuration": {"endian": "big"}}],
    "index_codecs": [{"name": "bytes", "configuration": {"endian": "big"}}, {"name": "crc32c"}]}}]), WIDE)
by_tensorstore("v3_tensorstore_transposed_shard", shard_metadata([
    {"name": "transpose", "configuration": {"order": [2, 0, 1]}},
    {"name": "sharding_indexed", "configuration": {
        "chunk_shape": [3, 2, 2], "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]}}]), WIDE)
