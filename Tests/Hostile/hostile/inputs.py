"""The images that the jobs are made of, in every format, written by others than blockfuse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
import tensorstore
import tifffile
import zarr

FORMATS = ["zarr2-nested", "zarr2-flat", "zarr3", "zarr3-sharded", "n5", "hdf5", "tiff"]
SHAPE = (8, 56, 120)
CHUNK = (8, 28, 40)
# of the second view, in voxels of the first: not whole, so that voxels are interpolated; the corners between are background
SECOND = {"z": 0.0, "y": 24.3, "x": 100.4}
NAMES = ["first", "second"]


def voxels(seed: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Of a view; seed 0 is another image than any."""
    return np.random.default_rng(seed).integers(1000, 2000, SHAPE).astype("u2") if seed else np.full(SHAPE, 77, "u2")


def write(path: Path, form: str, seed: int) -> None:
    """An image at a place where there may be one."""
    data = voxels(seed)
    if path.is_dir():
        shutil.rmtree(path)
    if form.startswith("zarr2"):
        separator = "/" if form == "zarr2-nested" else "."
        keys: Any = {"name": "v2", "separator": separator}
        zarr.create_array(str(path), shape=SHAPE, chunks=CHUNK, dtype="u2", zarr_format=2, chunk_key_encoding=keys)[:] = data
    elif form == "zarr3":
        zarr.create_array(str(path), shape=SHAPE, chunks=CHUNK, dtype="u2", zarr_format=3)[:] = data
    elif form == "zarr3-sharded":
        shards = (8, 56, 40)
        zarr.create_array(str(path), shape=SHAPE, chunks=CHUNK, shards=shards, dtype="u2", zarr_format=3)[:] = data
    elif form == "n5":
        metadata = {
            "dimensions": SHAPE[::-1],
            "blockSize": CHUNK[::-1],
            "dataType": "uint16",
            "compression": {"type": "gzip", "level": 1, "useZlib": False},
        }
        spec = {"driver": "n5", "kvstore": {"driver": "file", "path": str(path) + "/"}, "metadata": metadata, "create": True}
        tensorstore.open(spec).result().write(data.transpose()).result()
    elif form == "hdf5":
        # into the same file, as `cp` writes it
        new = path.with_suffix(".new")
        with h5py.File(new, "w") as file:
            file.create_dataset("volume", data=data, chunks=CHUNK)
        shutil.copyfile(new, path)
        new.unlink()
    else:
        new = path.with_suffix(".new")
        tifffile.imwrite(new, data, metadata=None)
        shutil.copyfile(new, path)
        new.unlink()


def write_dataset(folder: Path, form: str) -> None:
    """Two views that overlap, and `dataset.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    views = []
    for i, name in enumerate(NAMES):
        write(folder / name, form, i + 1)
        view: dict[str, Any] = {"name": name, "path": name, "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1)}
        view["origin"] = SECOND if i else dict.fromkeys("zyx", 0)
        if form == "hdf5":
            view["dataset"] = "volume"
        views.append(view)
    (folder / "dataset.json").write_text(json.dumps({"views": views}))
