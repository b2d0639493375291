"""BigDataViewer HDF5 written by npy2bdv and h5py: the voxels equal those of the same tiles as dataset.json with Zarr."""
import fcntl, json, os, subprocess
import h5py, hdf5plugin, npy2bdv, numpy as np, pytest, zarr
import test_bigstitcher
from conftest import binary, blockfuse
from test_bigstitcher import SIZE, as_zarr, fuse, refused, shift, tile, write_xml

LOADER = '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">data.h5</hdf5></ImageLoader>'


@pytest.mark.parametrize("compression", [None, "gzip", "lzf"])
def test_npy2bdv(tmp_path, compression):
    views = {(t, s): [[1, 0, 0, 20 * s, 0, 1, 0, s, 0, 0, 1, 0]] for t in range(2) for s in range(2) if (t, s) != (1, 1)}
    tiles = {v: np.random.default_rng(v[0] * 2 + v[1]).integers(0, 65536, SIZE, dtype="u2") for v in views}
    writer = npy2bdv.BdvWriter(str(tmp_path / "data.h5"), ntiles=2, compression=compression, blockdim=((4, 8, 16),), overwrite=True)
    for (t, s), data in tiles.items():
        writer.append_view(data, time=t, tile=s, m_affine=np.array(views[t, s][0], float).reshape(3, 4), name_affine="grid")
    writer.write_xml()
    writer.close()
    as_zarr(tmp_path, tiles, views)
    expected = fuse(tmp_path, "expected.json", "expected.zarr")
    assert (fuse(tmp_path, "data.xml", "found.zarr") == expected).all() and expected.max() > 40000
    blockfuse(tmp_path, "convert", "data.xml", "converted.json")
    assert (fuse(tmp_path, "converted.json", "converted.zarr") == expected).all()


@pytest.mark.parametrize("layout", [{}, {"chunks": (4, 8, 9)}, {"chunks": (4, 8, 9), "compression": "gzip", "shuffle": True}, {"chunks": (4, 8, 9), "fletcher32": True},
                                    {"chunks": (4, 8, 9), "scaleoffset": 0}])
@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<f4", "u1"])
def test_layouts(tmp_path, layout, dtype):
    if "scaleoffset" in layout and "f" in dtype:
        return
    data = tile(3, dtype)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("t00000/s00/0/cells", data=data, **layout)
    write_xml(tmp_path / "dataset.xml", LOADER, {(0, 0): [shift(0)]})
    assert (fuse(tmp_path, "dataset.xml", "out.zarr")[0, 0] == data).all()


@pytest.mark.parametrize("layout, chunk", [({}, [40, 256, 256]), ({"chunks": (8, 80, 90)}, [8, 80, 90]), ({"chunks": (4, 80, 90)}, [40, 256, 256])])
def test_default_chunk(tmp_path, monkeypatch, layout, chunk):
    """That of the file where it has chunks that are not small; of one without, what suits a volume."""
    monkeypatch.setattr(test_bigstitcher, "SIZE", (40, 300, 300))
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("t00000/s00/0/cells", data=np.zeros((40, 300, 300), "u2"), **layout)
    write_xml(tmp_path / "dataset.xml", LOADER, {(0, 0): [shift(0)]})
    plan = json.loads(blockfuse(tmp_path, "plan", "dataset.xml", "--json"))
    assert plan["levels"][0]["chunks"][2:] == chunk


def test_what_is_wrong_is_named(tmp_path):
    write_xml(tmp_path / "dataset.xml", LOADER, {(0, 0): [shift(0)]})
    assert "data.h5" in refused(tmp_path)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("t00000/s01/0/cells", data=tile(1))
    message = refused(tmp_path)
    assert "data.h5" in message and "t00000/s00" in message, message
    whole = (tmp_path / "data.h5").read_bytes()
    (tmp_path / "data.h5").write_bytes(whole[:len(whole) // 2])
    message = refused(tmp_path)
    assert "data.h5" in message and "trunc" in message, message


def dataset_of(folder):
    view = {"path": "data.h5", "dataset": "volume", "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0)}
    (folder / "dataset.json").write_text(json.dumps({"views": [view]}))


def run(folder, *arguments):
    command = [binary(), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})


def test_chunks_that_are_not_stored_are_the_fill(tmp_path):
    expected = np.full((16, 32, 36), 7, "u2")
    expected[4:8, 8:16] = tile(5, "u2", (4, 8, 36))
    with h5py.File(tmp_path / "data.h5", "w") as file:
        volume = file.create_dataset("volume", shape=expected.shape, dtype="u2", chunks=(4, 8, 9), compression="gzip", fillvalue=7)
        file.create_dataset("nothing", shape=expected.shape, dtype="u2", chunks=(4, 8, 9), fillvalue=7)
        volume[4:8, 8:16] = expected[4:8, 8:16]
    dataset_of(tmp_path)
    end = run(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", 8)
    assert end.returncode == 0 and "HDF5-DIAG" not in end.stderr, end.stderr
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == expected).all()
    (tmp_path / "dataset.json").write_text((tmp_path / "dataset.json").read_text().replace('"volume"', '"nothing"'))
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "nothing.zarr", "--output-chunksize", 8)
    assert (zarr.open_array(tmp_path / "nothing.zarr/0")[0, 0] == 7).all()


def test_a_damaged_index_of_chunks_is_no_background(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("volume", data=tile(4, "u2", (16, 32, 36)), chunks=(4, 8, 9), compression="gzip")
    data = bytearray((tmp_path / "data.h5").read_bytes())
    # nodes of the tree that finds chunks; those of groups are of type 0
    nodes = [i for i in range(len(data) - 5) if data[i:i + 4] == b"TREE" and data[i + 4] == 1]
    assert nodes
    for i in nodes:
        data[i:i + 4] = b"XXXX"
    (tmp_path / "data.h5").write_bytes(data)
    dataset_of(tmp_path)
    end = run(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", 8)
    assert end.returncode == 3, end.stderr
    assert "HDF5-DIAG" not in end.stderr, end.stderr
    failed = blockfuse(tmp_path, "blocks", "--state", "failed", "--json")
    assert "data.h5" in failed and "chunk-damaged" in failed, failed[:1000]


@pytest.mark.parametrize("name", ["Zstd", "Blosc"])
def test_filters_of_plugins(tmp_path, name):
    data = tile(6, "u2", (16, 32, 36))
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("volume", data=data, chunks=(4, 8, 9), **getattr(hdf5plugin, name)())
    dataset_of(tmp_path)
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr")
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == data).all()


@pytest.mark.parametrize("layout", [{}, {"chunks": (4, 8, 9), "compression": "gzip"}])
def test_links_to_other_files(tmp_path, layout):
    """As BigDataViewer exports partitions: a file of links, the voxels in others."""
    (tmp_path / "parts").mkdir()
    views = {(0, s): [shift(20 * s)] for s in range(2)}
    tiles = {v: tile(v[1]) for v in views}
    with h5py.File(tmp_path / "data.h5", "w") as master:
        for (t, s), data in tiles.items():
            with h5py.File(tmp_path / f"parts/{s}.h5", "w") as part:
                # so that the voxels are at other places than in the master file
                part.create_dataset("padding", data=np.arange(1000 * (s + 1)))
                part.create_dataset(f"t00000/s{s:02}/0/cells", data=data.astype("i2"), **layout)
            master[f"t00000/s{s:02}"] = h5py.ExternalLink(f"parts/{s}.h5", f"t00000/s{s:02}")
    write_xml(tmp_path / "dataset.xml", LOADER, views)
    as_zarr(tmp_path, tiles, views)
    expected = fuse(tmp_path, "expected.json", "expected.zarr")
    assert (fuse(tmp_path, "dataset.xml", "found.zarr") == expected).all()
    # the files behind the links are the data: a change and a loss are noticed
    blockfuse(tmp_path, "submit", "dataset.xml", "--output", "later.zarr")
    with h5py.File(tmp_path / "parts/1.h5", "r+") as part:
        part["t00000/s01/0/cells"][0] = 7
    end = run(tmp_path, "run")
    assert end.returncode == 4 and "1.h5" in end.stderr, end.stderr
    (tmp_path / "parts/1.h5").unlink()
    message = refused(tmp_path)
    assert "data.h5" in message and "parts/1.h5" in message and "t00000/s01" in message, message


def test_cells_by_their_own_path_are_unsigned_too(tmp_path):
    data = np.random.default_rng(3).integers(0, 65536, SIZE, dtype="u2")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("t00000/s00/0/cells", data=data.view("i2"), chunks=(4, 8, 9))
    dataset_of(tmp_path)
    (tmp_path / "dataset.json").write_text((tmp_path / "dataset.json").read_text().replace('"volume"', '"t00000/s00/0/cells"'))
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr")
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == data).all()


FILTERS = {"gzip": {"compression": "gzip", "shuffle": True}, "lzf": {"compression": "lzf"}, "zstd": hdf5plugin.Zstd(), "blosc": hdf5plugin.Blosc(cname="zstd"),
           "blosc lz4, bits": hdf5plugin.Blosc(cname="lz4", shuffle=hdf5plugin.Blosc.BITSHUFFLE), "fletcher32": {"fletcher32": True}, "none": {},
           "lz4": hdf5plugin.LZ4(), "lz4 in pieces": hdf5plugin.LZ4(nbytes=200), "bitshuffle": hdf5plugin.Bitshuffle(cname="none"),
           "bitshuffle lz4": hdf5plugin.Bitshuffle(), "bitshuffle zstd": hdf5plugin.Bitshuffle(nelems=64, cname="zstd")}


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">u2", "<u4", "<f4", "<f8"])
@pytest.mark.parametrize("name", FILTERS)
def test_filters_and_types(tmp_path, name, dtype):
    data = tile(9, dtype, (16, 32, 36))
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("volume", data=data, chunks=(5, 8, 9), **dict(FILTERS[name]))
    dataset_of(tmp_path)
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", 16)
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == data).all()


# elements in several blocks and a shorter last one, some behind those that make whole bytes of bits, and nothing else
@pytest.mark.parametrize("chunks", [(16, 32, 36), (5, 7, 9), (4, 1, 1)], ids=str)
@pytest.mark.parametrize("dtype", ["u1", ">u2", "<f8"])
@pytest.mark.parametrize("name", [name for name in FILTERS if "bitshuffle" in name or "lz4" in name])
def test_blocks_of_filters(tmp_path, name, dtype, chunks):
    data = tile(9, dtype, (16, 32, 36))
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("volume", data=data, chunks=chunks, **dict(FILTERS[name]))
    dataset_of(tmp_path)
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", 36, "--zarr-options", "ome_zarr=false")
    assert (zarr.open_array(tmp_path / "out.zarr")[0, 0] == data).all()


def write_chain(file, data, chunks, filters):
    """A data set `volume` with filters of h5py, in their order."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk(chunks)
    for name in filters:
        if name == "shuffle":
            creation.set_shuffle()
        elif name == "gzip":
            creation.set_deflate(1)
        elif name == "fletcher32":
            creation.set_fletcher32()
        elif name == "scaleoffset":
            creation.set_scaleoffset(h5py.h5z.SO_INT, 0)
        else:
            number, values = {"lzf": (32000, ()), "zstd": (32015, ()), "blosc": (32001, ()), "lz4": (32004, ()), "bitshuffle": (32008, (0, 2))}[name]
            creation.set_filter(number, h5py.h5z.FLAG_OPTIONAL, values)
    made = h5py.h5d.create(file.id, b"volume", h5py.h5t.py_create(data.dtype), h5py.h5s.create_simple(data.shape), creation)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, data)


CHAINS = [["lzf", "fletcher32"], ["zstd", "fletcher32"], ["blosc", "fletcher32"], ["shuffle", "gzip", "fletcher32"], ["fletcher32", "gzip"], ["fletcher32", "zstd"],
          ["gzip", "zstd"], ["gzip", "gzip"], ["zstd", "gzip", "fletcher32", "gzip"], ["lz4", "fletcher32"], ["shuffle", "lz4"], ["bitshuffle", "fletcher32"], ["bitshuffle", "gzip"]]


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("filters", CHAINS, ids=" ".join)
def test_chains_of_filters(tmp_path, filters, noise):
    """Also of what does not become smaller, so that a chunk is longer on its way than at its end."""
    data = np.random.default_rng(3).integers(0, 256 if noise else 3, (15, 21, 27), dtype="u1")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        write_chain(file, data, (5, 7, 9), filters)
        chunk = file["volume"].id.get_chunk_info_by_coord((10, 14, 18))
    dataset_of(tmp_path)
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr")
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == data).all()
    if filters[-1] == "fletcher32":
        raw = bytearray((tmp_path / "data.h5").read_bytes())
        raw[chunk.byte_offset + chunk.size - 6] ^= 1
        (tmp_path / "data.h5").write_bytes(raw)
        assert run(tmp_path, "fuse", "dataset.json", "--output", "other.zarr", "--quiet").returncode == 3
        assert "fletcher32" in blockfuse(tmp_path, "blocks", "--state", "failed", "--json")


# zeros have a Fletcher checksum of 0; bits in another order can be no other damage than voxels themselves
@pytest.mark.parametrize("name, damage", [(n, d) for n in FILTERS for d in ["altered", "zeros"] if n not in ("none", "bitshuffle") and (n, d) != ("fletcher32", "zeros")])
def test_a_damaged_chunk_fails_its_blocks_only(tmp_path, name, damage):
    rng = np.random.default_rng(1)
    # what does not become smaller is stored as it is
    data = rng.integers(1, 4000, (16, 32, 6)).repeat(6, axis=2).astype("u2")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("volume", data=data, chunks=(16, 16, 18), **dict(FILTERS[name]))
        chunk = file["volume"].id.get_chunk_info_by_coord((0, 16, 18))
    raw = bytearray((tmp_path / "data.h5").read_bytes())
    at, count = chunk.byte_offset, chunk.size
    if damage == "zeros":
        raw[at:at + count] = bytes(count)
    elif name in ("gzip", "fletcher32"):
        # with a checksum; the others may take one voxel for another
        raw[at + count // 3:at + count // 3 + 20] = rng.bytes(20)
    else:
        # the header, or in lzf a reference to what was never there
        raw[at:at + 20] = b"\xff" * 20
    (tmp_path / "data.h5").write_bytes(raw)
    dataset_of(tmp_path)
    end = run(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--quiet", "--output-chunksize", "z=16,y=16,x=18", "--zarr-options", "ome_zarr=false")
    assert end.returncode == 3, end.stderr
    failed = [json.loads(line) for line in blockfuse(tmp_path, "blocks", "--state", "failed", "--json").splitlines()]
    assert [block["block"][-3:] for block in failed] == [[0, 1, 1]], failed
    message = failed[0]["failure"]["message"]
    assert str(tmp_path / "data.h5") in message and "volume" in message and "[0, 1, 1]" in message, message
    assert (zarr.open_array(str(tmp_path / "out.zarr"), mode="r")[0, 0, :, :16] == data[:, :16]).all()


@pytest.mark.parametrize("make, words", [
    (lambda f: f.create_dataset("volume", data=np.zeros((4, 5, 6), "complex64")), ["volume", "element"]),
    (lambda f: f.create_dataset("volume", data=np.array([b"text"])), ["volume", "element"]),
    (lambda f: f.create_dataset("volume", data=np.zeros((0, 5, 6), "u2")), ["volume", "voxels"]),
    (lambda f: f.create_dataset("volume", data=np.uint16(3)), ["volume", "dimensions"]),
    (lambda f: f.create_dataset("volume", data=np.zeros((4, 5, 6), "u2"), chunks=(4, 5, 6), **hdf5plugin.Blosc2()), ["volume", "filter 32026"]),
    (lambda f: write_chain(f, np.zeros((4, 5, 6), "u2"), (4, 5, 6), ["scaleoffset", "zstd"]), ["volume", "filter 32015"]),
    (lambda f: f.create_dataset("volume", data=np.zeros((5, 6), "u2")), ["axes", "2 dimensions"]),
    (lambda f: f.create_group("volume"), ["volume", "0/cells"]),
    (lambda f: f.__setitem__("volume", h5py.ExternalLink("gone.h5", "x")), ["volume", "gone.h5"]),
    (lambda f: f.__setitem__("volume", h5py.SoftLink("/nowhere")), ["volume"]),
    (lambda f: f.create_dataset("other", data=np.zeros(3)), ["volume"]),
    (lambda f: f.create_dataset("group/other", data=np.zeros(3)), ["no data set or group", "volume"]),
])
def test_what_is_not_read_is_named(tmp_path, make, words):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        make(file)
    dataset_of(tmp_path)
    message = refused(tmp_path, "dataset.json")
    assert "data.h5" in message and "hint:" in message and "HDF5-DIAG" not in message and all(word in message for word in words), message


def test_an_object_that_cannot_be_opened_is_not_called_missing(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        at = h5py.h5o.get_info(file.create_dataset("volume", data=tile(2), chunks=(4, 8, 9)).id).addr
    raw = bytearray((tmp_path / "data.h5").read_bytes())
    raw[at:at + 8] = b"\xff" * 8
    (tmp_path / "data.h5").write_bytes(raw)
    dataset_of(tmp_path)
    message = refused(tmp_path, "dataset.json")
    assert "data.h5" in message and "volume" in message and "cannot open" in message and "HDF5-DIAG" not in message, message


def test_a_file_that_ends_early(tmp_path):
    """Contiguous voxels, and a truncated copy whose length the file itself does not know."""
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("volume", data=tile(2, "u2", (64, 64, 64)))
    dataset_of(tmp_path)
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.zarr", "--output-chunksize", 16)
    os.truncate(tmp_path / "data.h5", 300000)
    message = refused(tmp_path, "dataset.json")
    assert "data.h5" in message and "trunc" in message, message
    end = run(tmp_path, "run")
    assert end.returncode == 4 and "data.h5" in end.stderr, end.stderr


@pytest.mark.parametrize("block", [512, 2048])
@pytest.mark.parametrize("layout", [{}, {"chunks": (4, 8, 9), "compression": "gzip"}])
def test_a_block_of_another_program_before_the_file(tmp_path, block, layout):
    data = tile(5)
    with h5py.File(tmp_path / "data.h5", "w", userblock_size=block) as file:
        file.create_dataset("volume", data=data, **layout)
    dataset_of(tmp_path)
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr")
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == data).all()


def test_virtual_data_sets(tmp_path):
    """What is missing of one would be background."""
    data = tile(4)
    half = SIZE[0] // 2
    (tmp_path / "parts").mkdir()
    layout = h5py.VirtualLayout(shape=SIZE, dtype="u2")
    for i, part in enumerate((slice(0, half), slice(half, None))):
        with h5py.File(tmp_path / f"parts/100%{i}.h5", "w") as file:
            file["inner/part"] = data[part]
        layout[part] = h5py.VirtualSource(f"parts/100%%{i}.h5", "inner/part", shape=data[part].shape)
    with h5py.File(tmp_path / "middle.h5", "w") as file:
        file.create_virtual_dataset("volume", layout, fillvalue=3)
    outer = h5py.VirtualLayout(shape=SIZE, dtype="u2")
    outer[:] = h5py.VirtualSource("/nowhere/middle.h5", "volume", shape=SIZE)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_virtual_dataset("volume", outer)
    dataset_of(tmp_path)
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr")
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == data).all()
    # sources are watched as the file itself is
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "later.zarr")
    with h5py.File(tmp_path / "parts/100%1.h5", "r+") as file:
        file["inner/part"][0] = 7
    end = run(tmp_path, "run")
    assert end.returncode == 4 and "100%1.h5" in end.stderr, end.stderr
    with h5py.File(tmp_path / "parts/100%1.h5", "r+") as file:
        file.move("inner", "outer")
    message = refused(tmp_path, "dataset.json")
    assert "inner/part" in message and "100%1.h5" in message, message
    (tmp_path / "parts/100%1.h5").unlink()
    message = refused(tmp_path, "dataset.json")
    assert "middle.h5" in message and "100%1.h5" in message and "missing" in message, message


def test_raw_files_of_others(tmp_path):
    data = tile(7)
    files = [(str(tmp_path / "a.bin"), 100, 1000), (str(tmp_path / "b.bin"), 0, h5py.h5f.UNLIMITED)]
    for name, offset, _ in files:
        open(name, "wb").write(bytes(offset))
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("volume", data=data, external=files)
    dataset_of(tmp_path)
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr")
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == data).all()
    os.truncate(tmp_path / "b.bin", data.nbytes - 1001)
    message = refused(tmp_path, "dataset.json")
    assert "b.bin" in message and str(data.nbytes - 1001) in message, message
    (tmp_path / "a.bin").unlink()
    message = refused(tmp_path, "dataset.json")
    assert "a.bin" in message and "missing" in message, message


def test_a_file_that_is_only_read_takes_no_lock(tmp_path):
    """Another program may hold one, and some file systems have none."""
    with h5py.File(tmp_path / "image.h5", "w") as file:
        file.create_dataset("volume", data=tile(1, "uint16", (8, 16, 20)), chunks=(8, 8, 8))
    view = {"path": "image.h5", "dataset": "volume", "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0)}
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [view]}))
    with open(tmp_path / "image.h5", "rb+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", 8, "--quiet")
    assert np.array_equal(zarr.open_group(str(tmp_path / "out.zarr"), mode="r")["0"][:].squeeze(), tile(1, "uint16", (8, 16, 20)))
