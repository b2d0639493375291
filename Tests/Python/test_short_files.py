"""Files that end before their voxels do: the blocks that need what is missing fail by name, and no voxel becomes 0."""
import json, os, subprocess, time
import h5py, numpy as np, pytest, tifffile, zarr
from zarr.codecs import BytesCodec
from conftest import binary, blockfuse

SHAPE, CHUNK = (64, 64, 64), (16, 16, 16)
# no voxel is 0, and hardly any chunk becomes smaller
DATA = np.random.default_rng(1).integers(1, 1 << 16, SHAPE, dtype="u2")
# several pieces of what is read in pieces of a megabyte
LARGE = np.random.default_rng(2).integers(1, 1 << 16, (64, 256, 256), dtype="u2")
OPTIONS = ["--output", "out.zarr", "--output-chunksize", "z=16,y=16,x=16", "--zarr-options", "ome_zarr=false", "--quiet"]
PLANES = ["z=4,y=256,x=256" if option == "z=16,y=16,x=16" else option for option in OPTIONS]


def describe(folder, path, **more):
    view = {"path": path, "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0), **more}
    (folder / "dataset.json").write_text(json.dumps({"views": [view]}))


def check(folder, end, *words, data=DATA):
    """The blocks that did not fail have the voxels of the data, and some did fail."""
    assert end.returncode == 3, f"exit {end.returncode}\n{end.stderr}"
    failed = [json.loads(line) for line in blockfuse(folder, "blocks", "--state", "failed", "--json").splitlines()]
    message = failed[0]["failure"]["message"]
    assert all(word in message for word in words), message
    out = zarr.open_array(folder / "out.zarr", mode="r")
    whole = np.ones(data.shape, bool)
    for block in failed:
        whole[tuple(slice(n * i, n * i + n) for i, n in zip(block["block"][-3:], out.chunks[-3:]))] = False
    assert (out[0, 0][whole] == data[whole]).all()
    return len(failed)


def check_changed(folder, end, *words, data=DATA, status=4):
    """The run says that its input changed, and what is still said to be done has the voxels of the data."""
    assert end.returncode == status and all(word in end.stderr for word in words), f"exit {end.returncode}\n{end.stderr}"
    out = zarr.open_array(folder / "out.zarr", mode="r")
    for line in blockfuse(folder, "blocks", "--state", "done", "--level", "0", "--json").splitlines():
        box = tuple(slice(n * i, n * i + n) for i, n in zip(json.loads(line)["block"][-3:], out.chunks[-3:]))
        assert (out[0, 0][box] == data[box]).all()
    assert blockfuse(folder, "blocks", "--state", "failed", "--json") == ""


def hdf5(path, filters):
    """With filters in their order, which h5py's own arguments do not give."""
    with h5py.File(path, "w") as file:
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_chunk(CHUNK)
        for filter in filters:
            if filter == "gzip":
                creation.set_deflate(1)
            elif filter == "fletcher32":
                creation.set_fletcher32()
            elif filter == "scaleoffset":
                creation.set_scaleoffset(h5py.h5z.SO_INT, 0)
            else:
                creation.set_filter(32000, h5py.h5z.FLAG_OPTIONAL, ())
        made = h5py.h5d.create(file.id, b"volume", h5py.h5t.py_create(DATA.dtype), h5py.h5s.create_simple(SHAPE), creation)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, DATA)


def run_cut(folder, cut, *arguments):
    """A run that stands still at its first block until something was done to the files that it reads. The first file that it
    writes is the owner's, beside the output."""
    hold, said = folder / "hold", folder / "said"
    hold.write_text("")
    command = [binary(), "run", "--workers", "1", "--memory", "600MiB", "--quiet", *arguments]
    environment = {**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "BLOCKFUSE_FAULT": f"file-opening=hold:{hold}@2+"}
    with open(said, "w") as errors, subprocess.Popen(command, cwd=folder, env=environment, stderr=errors) as process:
        try:
            while "file-opening made to fail" not in said.read_text() and process.poll() is None:
                time.sleep(0.01)
            assert process.poll() is None, said.read_text()
            cut()
        finally:
            hold.unlink()
        process.wait(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, "", said.read_text())


def run(folder):
    environment = {**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")}
    return subprocess.run([binary(), "run", "--quiet"], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.999])
@pytest.mark.parametrize("filters", [[], ["gzip"], ["fletcher32"], ["lzf", "fletcher32"], ["scaleoffset"]], ids=" ".join)
def test_hdf5_that_is_cut_while_a_job_runs(tmp_path, filters, part):
    hdf5(tmp_path / "data.h5", filters)
    describe(tmp_path, "data.h5", dataset="volume")
    blockfuse(tmp_path, "submit", "dataset.json", *OPTIONS)
    size = os.path.getsize(tmp_path / "data.h5")
    with h5py.File(tmp_path / "data.h5") as file:
        dataset = file["volume"].id
        ends = [c.byte_offset + c.size for c in map(dataset.get_chunk_info, range(dataset.get_num_chunks()))]
    at = int(size * part) if part < 0.9 else max(ends) - 1
    end = run_cut(tmp_path, lambda: os.truncate(tmp_path / "data.h5", at))
    check_changed(tmp_path, end, str(tmp_path / "data.h5"))


def test_contiguous_hdf5_that_is_cut_while_a_job_runs(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["volume"] = LARGE
    describe(tmp_path, "data.h5", dataset="volume")
    blockfuse(tmp_path, "submit", "dataset.json", *PLANES)
    end = run_cut(tmp_path, lambda: os.truncate(tmp_path / "data.h5", 6_000_000))
    check_changed(tmp_path, end, str(tmp_path / "data.h5"), data=LARGE)


def test_a_linked_hdf5_that_is_cut_while_a_job_runs(tmp_path):
    """As BigDataViewer exports in partitions: the voxels are in another file."""
    hdf5(tmp_path / "part.h5", [])
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["volume"] = h5py.ExternalLink("part.h5", "volume")
    describe(tmp_path, "data.h5", dataset="volume")
    blockfuse(tmp_path, "submit", "dataset.json", *OPTIONS)
    end = run_cut(tmp_path, lambda: os.truncate(tmp_path / "part.h5", 300000))
    check_changed(tmp_path, end, str(tmp_path / "data.h5"), "part.h5")


@pytest.mark.parametrize("what", ["cut", "removed"])
@pytest.mark.parametrize("kind, storage", [("virtual", {}), ("virtual", {"chunks": (4, 64, 64)}), ("virtual", {"chunks": (4, 64, 64), "compression": "gzip"}), ("raw", {})])
def test_sources_of_hdf5_that_go_while_a_job_runs(tmp_path, kind, storage, what):
    """libhdf5 itself takes what is missing of them as the fill value, or as 0."""
    source = tmp_path / ("part.h5" if kind == "virtual" else "part.bin")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        if kind == "raw":
            file.create_dataset("volume", data=LARGE, external=[(str(source), 0, h5py.h5f.UNLIMITED)])
        else:
            with h5py.File(source, "w") as part:
                part.create_dataset("inner", data=LARGE, **storage)
            layout = h5py.VirtualLayout(shape=LARGE.shape, dtype="u2")
            layout[:] = h5py.VirtualSource(str(source), "inner", shape=LARGE.shape)
            file.create_virtual_dataset("volume", layout)
    describe(tmp_path, "data.h5", dataset="volume")
    blockfuse(tmp_path, "submit", "dataset.json", *PLANES)
    end = run_cut(tmp_path, source.unlink if what == "removed" else lambda: os.truncate(source, 6_000_000))
    if what == "cut":
        check_changed(tmp_path, end, str(source), data=LARGE)
    else:
        # a disk that is gone for a while looks the same, so the next run refuses
        assert end.returncode == 1 and str(source) in end.stderr, f"exit {end.returncode}\n{end.stderr}"
        check_changed(tmp_path, run(tmp_path), str(source), data=LARGE)


def test_sources_of_hdf5_that_nothing_needs_may_go(tmp_path):
    """Of a virtual data set of many files only those are looked at from which voxels of a block come; it changed nevertheless."""
    layout = h5py.VirtualLayout(shape=LARGE.shape, dtype="u2")
    for i, part in enumerate((slice(0, 32), slice(32, 64))):
        with h5py.File(tmp_path / f"part{i}.h5", "w") as file:
            file["inner"] = LARGE[part]
        layout[part] = h5py.VirtualSource(str(tmp_path / f"part{i}.h5"), "inner", shape=LARGE[part].shape)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_virtual_dataset("volume", layout)
    describe(tmp_path, "data.h5", dataset="volume")
    blockfuse(tmp_path, "submit", "dataset.json", *PLANES)
    end = run_cut(tmp_path, (tmp_path / "part1.h5").unlink)
    assert end.returncode == 1 and "part1.h5" in end.stderr, f"exit {end.returncode}\n{end.stderr}"
    failed = [json.loads(line)["block"][-3] for line in blockfuse(tmp_path, "blocks", "--state", "failed", "--json").splitlines()]
    assert min(failed) >= 32 // 4, failed
    check_changed(tmp_path, run(tmp_path), "part1.h5", data=LARGE)


def zarr_v2(path):
    zarr.create(store=str(path), shape=SHAPE, chunks=CHUNK, dtype="u2", zarr_format=2, compressor=None, dimension_separator="/")[:] = DATA
    return path / "1/2/3"


def zarr_v3(path):
    zarr.create_array(str(path), shape=SHAPE, chunks=CHUNK, dtype="u2", compressors=None)[:] = DATA
    return path / "c/1/2/3"


def shard(path, at="end"):
    chain = [zarr.codecs.ShardingCodec(chunk_shape=CHUNK, codecs=[BytesCodec()], index_location=at)]
    zarr.create(store=str(path), shape=SHAPE, chunks=(32, 32, 32), dtype="u2", zarr_format=3, codecs=chain)[:] = DATA
    return path / "c/1/0/1"


def n5(path):
    for index in np.ndindex(4, 4, 4):
        # dimensions and blocks are written with x first, voxels with the high byte first
        file = path / "/".join(map(str, index[::-1]))
        file.parent.mkdir(parents=True, exist_ok=True)
        part = DATA[tuple(slice(16 * i, 16 * i + 16) for i in index)]
        file.write_bytes(b"\0\0\0\3" + 3 * b"\0\0\0\x10" + part.astype(">u2").tobytes())
    (path / "attributes.json").write_text(json.dumps(
        {"dimensions": [64] * 3, "blockSize": [16] * 3, "dataType": "uint16", "compression": {"type": "raw"}}))
    return path / "3/2/1"


FORMATS = {"zarr v2": zarr_v2, "zarr v3": zarr_v3, "shard": shard, "shard, index at its start": lambda p: shard(p, "start"), "n5": n5}


@pytest.mark.parametrize("part", [0, 1, 0.5, 0.999])
@pytest.mark.parametrize("name", FORMATS)
def test_raw_chunks(tmp_path, name, part):
    file = FORMATS[name](tmp_path / "tile")
    size = file.stat().st_size
    os.truncate(file, int(size * part) if part != 1 else 1)
    describe(tmp_path, "tile")
    end = subprocess.run([binary(), "fuse", "dataset.json", *map(str, OPTIONS)], cwd=tmp_path, capture_output=True, text=True,
                         env={**os.environ, "BLOCKFUSE_DB": str(tmp_path / "jobs.sqlite")})
    assert check(tmp_path, end, str(file)) <= 8


@pytest.mark.parametrize("part", [0.4, 0.999])
@pytest.mark.parametrize("kwargs", [{}, {"contiguous": False}, {"tile": (16, 16)}, {"imagej": True}, {"ome": True}], ids=str)
def test_raw_tiff(tmp_path, kwargs, part):
    """Cut before, it is refused; cut while a job runs, the input changed."""
    tifffile.imwrite(tmp_path / "tile.tif", DATA, photometric="minisblack", metadata={"axes": "ZYX"}, **{k: v for k, v in kwargs.items() if k != "contiguous"})
    describe(tmp_path, "tile.tif")
    blockfuse(tmp_path, "submit", "dataset.json", *OPTIONS)
    with tifffile.TiffFile(tmp_path / "tile.tif") as file:
        last = max(o + n for page in file.pages for o, n in zip(page.dataoffsets, page.databytecounts))
    at = int(last * part) if part < 0.9 else last - 1
    end = run_cut(tmp_path, lambda: os.truncate(tmp_path / "tile.tif", at))
    check_changed(tmp_path, end, str(tmp_path / "tile.tif"))
    blockfuse(tmp_path, "plan", "dataset.json", status=64)
