"""Files of every format that were written to since a job was submitted are noticed before anything is mixed."""
import json, os, shutil
import h5py, numpy as np, pytest, tifffile, zarr
from conftest import blockfuse
from test_bigstitcher import tile, write_n5

SHAPE = (8, 16, 20)


def make(folder, kind):
    """An image, and the file whose time tells that it was written to."""
    data = tile(1, "uint16", SHAPE)
    if kind == "zarr":
        zarr.create_array(str(folder / "image"), shape=SHAPE, chunks=SHAPE, dtype="u2", zarr_format=2)[:] = data
        return {"path": "image"}, folder / "image/.zarray"
    if kind == "n5":
        write_n5(folder / "image", data)
        return {"path": "image"}, folder / "image/attributes.json"
    if kind == "hdf5":
        with h5py.File(folder / "image.h5", "w") as file:
            file["volume"] = data
        return {"path": "image.h5", "dataset": "volume"}, folder / "image.h5"
    tifffile.imwrite(folder / "image.tif", data, metadata=None)
    return {"path": "image.tif"}, folder / "image.tif"


@pytest.mark.parametrize("kind", ["zarr", "n5", "hdf5", "tiff"])
def test_written_to_since_submit(tmp_path, kind):
    entry, file = make(tmp_path, kind)
    view = {**entry, "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0)}
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [view]}))
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.zarr", "--output-chunksize", 8)
    blockfuse(tmp_path, "run", "--limit", 1)
    blockfuse(tmp_path, "run", "--limit", 1)
    before = file.stat()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))
    blockfuse(tmp_path, "run", status=4)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    blockfuse(tmp_path, "run", "--limit", 1)
    shutil.move(file, tmp_path / "gone")
    blockfuse(tmp_path, "run", status=4)
