"""Chunks, strips and tiles of up to 2 GiB without compression: read in parts, in every format, and within `--memory`."""
import json, os, struct, subprocess
import h5py, numpy as np, pytest, zarr
from conftest import binary, blockfuse
from test_memory import MIB, peak_byte_count

CHUNK = (1024, 1024, 1024)
# the second chunk along z is cut short by the end of the array
SHAPE = (1040, 1024, 1024)
# of the output: across the border of chunks, up to the end of the array
FIRST, LENGTHS = (1000, 300, 501), (40, 70, 90)
MEMORY = 300 * MIB
NOISE = np.random.default_rng(5).integers(1, 60000, LENGTHS, dtype=np.uint16)
BYTES = {"name": "bytes", "configuration": {"endian": "big"}}


def sparse(path, shape, dtype="<u2", order="C", offset=0):
    """A file of zeros with holes, as an array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return np.memmap(path, dtype=dtype, mode="r+" if path.exists() else "w+", shape=shape, order=order, offset=offset)


def fill(part, first):
    """Writes what of the noise lies in a part of the array that begins at a voxel."""
    lower = np.maximum(FIRST, first)
    upper = np.minimum(np.add(FIRST, LENGTHS), np.add(first, part.shape))
    box = lambda origin: tuple(slice(a - o, b - o) for a, b, o in zip(lower, upper, origin))
    part[box(first)] = NOISE[box(FIRST)]


def zarr_v2(folder, dtype, order):
    folder.mkdir()
    metadata = {"zarr_format": 2, "shape": SHAPE, "chunks": CHUNK, "dtype": dtype, "compressor": None, "fill_value": 0, "order": order, "filters": None, "dimension_separator": "."}
    (folder / ".zarray").write_text(json.dumps(metadata))
    for z in 0, 1:
        fill(sparse(folder / f"{z}.0.0", CHUNK, dtype, order), (1024 * z, 0, 0))


def v3_metadata(folder, codecs, shape=SHAPE, chunk=CHUNK):
    folder.mkdir()
    metadata = {
        "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": "uint16", "fill_value": 0, "attributes": {}, "codecs": codecs,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}}, "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}}}
    (folder / "zarr.json").write_text(json.dumps(metadata))


def zarr_v3(folder):
    v3_metadata(folder, [{"name": "transpose", "configuration": {"order": [1, 0, 2]}}, BYTES])
    for z in 0, 1:
        fill(sparse(folder / f"c/{z}/0/0", CHUNK, ">u2").transpose(1, 0, 2), (1024 * z, 0, 0))


def shards(folder):
    """Two inner chunks of 1 GiB each, the second of which comes first in the file; the last one is not stored."""
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    inner = (512, 1024, 1024)
    v3_metadata(folder, [{"name": "sharding_indexed", "configuration": {"chunk_shape": inner, "codecs": [BYTES], "index_codecs": [little], "index_location": "end"}}])
    for z, places in (0, [1 << 30, 0]), (1, [0]):
        for i, offset in enumerate(places):
            fill(sparse(folder / f"c/{z}/0/0", inner, ">u2", offset=offset), (1024 * z + 512 * i, 0, 0))
        with open(folder / f"c/{z}/0/0", "ab") as file:
            entries = [n for offset in places for n in (offset, 1 << 30)] + [2**64 - 1] * (4 - 2 * len(places))
            file.write(struct.pack("<4Q", *entries))


def n5(folder):
    folder.mkdir()
    (folder / "attributes.json").write_text(json.dumps({"dimensions": SHAPE[::-1], "blockSize": CHUNK[::-1], "dataType": "uint16", "compression": {"type": "raw"}}))
    for z, depth in (0, 1024), (1, 16):
        block = (depth, 1024, 1024)
        fill(sparse(folder / f"0/0/{z}", block, ">u2", offset=16), (1024 * z, 0, 0))
        with open(folder / f"0/0/{z}", "r+b") as file:
            file.write(struct.pack(">HHIII", 0, 3, *block[::-1]))


def hdf5(path, chunks):
    with h5py.File(path, "w") as file:
        file.create_dataset("volume", SHAPE, "<u2", chunks=chunks, fill_time="never")[tuple(slice(a, a + n) for a, n in zip(FIRST, LENGTHS))] = NOISE


FORMATS = {
    "v2": (lambda f: zarr_v2(f, "<u2", "C"), {}),
    "v2-big-F": (lambda f: zarr_v2(f, ">u2", "F"), {}),
    "v3-transposed": (zarr_v3, {}),
    "shards": (shards, {}),
    "n5": (n5, {}),
    "hdf5-contiguous.h5": (lambda f: hdf5(f, None), {"dataset": "volume"}),
    "hdf5-chunked.h5": (lambda f: hdf5(f, CHUNK), {"dataset": "volume"}),
}


def dataset(folder, name, axes="zyx", **keys):
    place = {"axes": list(axes), "spacing": {a: 1 for a in axes if a in "zyx"}, "origin": {a: 0 for a in axes if a in "zyx"}}
    (folder / "dataset.json").write_text(json.dumps({"views": [{"name": "v", "path": name, **place, **keys}]}))


def fused(folder, first, lengths):
    """The box of the output, made within `MEMORY`."""
    axes = "zyx"[-len(first):]
    text = lambda numbers: ",".join(f"{a}={n}" for a, n in zip(axes, numbers))
    flags = ["--output-origin", text(first), "--output-shape", text(lengths), "--output-chunksize", 64]
    resources = ["--workers", "2", "--memory", str(MEMORY)]
    plan = json.loads(blockfuse(folder, "plan", "dataset.json", "--json", *resources, *flags))
    assert plan["memory"]["total"] <= MEMORY
    job = blockfuse(folder, "submit", "dataset.json", "--output", "out.ome.zarr", *flags).strip()
    assert peak_byte_count(folder, "run", job, *resources, "--quiet") <= 1.05 * MEMORY
    return zarr.open_group(folder / "out.ome.zarr", mode="r")["0"][0]


@pytest.mark.parametrize("name", FORMATS)
def test_a_chunk_of_2_gib_is_read_in_parts(name, tmp_path):
    make, keys = FORMATS[name]
    make(tmp_path / name)
    dataset(tmp_path, name, **keys)
    np.testing.assert_array_equal(fused(tmp_path, FIRST, LENGTHS)[0], NOISE)


@pytest.mark.parametrize("samples, is_tiled", [(1, True), (2, True), (1, False)])
def test_a_tile_or_strip_of_1_gib_is_read_in_parts(samples, is_tiled, tmp_path):
    """Big endian; two tiles beside each other, or one strip. Samples of a pixel lie beside each other."""
    tile = (32768 // samples, 16384)
    height, width = tile[0], 2 * tile[1] if is_tiled else tile[1]
    first, lengths = (9000, width // 2 - 40), (70, 90)
    byte_count = 1 << 30
    blocks = [256 + i * byte_count for i in range(2 if is_tiled else 1)]
    entries = [(256, width), (257, height), (258, 16), (259, 1), (262, 1), (277, samples)]
    lists = {k: len(blocks) > 1 and at or v for k, at, v in [("places", 200, blocks[0]), ("counts", 208, byte_count)]}
    entries += [(322, tile[1]), (323, tile[0]), (324, lists["places"]), (325, lists["counts"])] if is_tiled else [(273, blocks[0]), (278, height), (279, byte_count)]
    if samples > 1:
        entries += [(338, 0)]
    counts = {324: len(blocks), 325: len(blocks), 258: 1}
    head = b"MM\0*" + struct.pack(">IH", 8, len(entries))
    for tag, value in sorted(entries):
        head += struct.pack(">HHII", tag, 4, counts.get(tag, 1), value) if tag not in (258, 338) else struct.pack(">HHIHH", tag, 3, samples if tag == 258 else 1, value, 16 if tag == 258 and samples > 1 else 0)
    head += struct.pack(">I", 0)
    assert len(head) <= 200
    noise = np.random.default_rng(6).integers(1, 60000, (*lengths, samples), dtype=np.uint16)
    for i, offset in enumerate(blocks):
        part = sparse(tmp_path / "a.tif", (height, tile[1], samples), ">u2", offset=offset)
        left = i * tile[1]
        columns = slice(max(0, first[1] - left), max(0, min(tile[1], first[1] + lengths[1] - left)))
        part[first[0]:first[0] + lengths[0], columns] = noise[:, columns.start + left - first[1]:columns.stop + left - first[1]]
    with open(tmp_path / "a.tif", "r+b") as file:
        file.write(head.ljust(200, b"\0") + struct.pack(">4I", *(blocks + [0])[:2], byte_count, byte_count))
    dataset(tmp_path, "a.tif", "cyx" if samples > 1 else "yx")
    found = fused(tmp_path, first, lengths)
    np.testing.assert_array_equal(found.reshape(samples, *lengths), np.moveaxis(noise, 2, 0))


def test_a_file_that_is_too_short_is_named(tmp_path):
    zarr_v2(tmp_path / "v2", "<u2", "C")
    os.truncate(tmp_path / "v2/1.0.0", (2 << 30) - 1)
    dataset(tmp_path, "v2")
    flags = ["--output-origin", "z=1000,y=300,x=501", "--output-shape", "z=40,y=70,x=90", "--output-chunksize", 64, "--quiet"]
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.ome.zarr", *flags, status=3)
    failures = blockfuse(tmp_path, "blocks", "--state", "failed")
    assert "v2/1.0.0: it has 2147483647 bytes where 2147483648 are expected" in failures


def test_a_chunk_with_a_checksum_is_read_whole_and_that_is_said(tmp_path):
    v3_metadata(tmp_path / "v3", [BYTES, {"name": "crc32c"}], chunk=(512, 1024, 1024))
    dataset(tmp_path, "v3")
    end = subprocess.run([binary(), "plan", "dataset.json", "--memory", str(MEMORY), "--output-chunksize", "64"], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 64 and "is too little: even one worker may need" in end.stderr, end.stderr
    assert json.loads(blockfuse(tmp_path, "plan", "dataset.json", "--json", "--memory", "8GiB", "--output-chunksize", 64))["memory"]["total"] > 2 << 30
