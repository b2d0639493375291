"""Images of a job in files of every format, by independent writers, and the dataset.json that names them."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tensorstore
import tifffile
import zarr
from conftest import write_view

from .job import Array, Job, View

SUFFIX = {"ome-zarr-0.4": ".ome.zarr", "ome-zarr-0.5": ".ome.zarr", "zarr-2": ".zarr", "zarr-3": ".zarr", "n5": ".n5", "hdf5": ".h5", "tiff": ".tif"}


def write(job: Job, folder: Path) -> None:
    rng = np.random.default_rng([job.seed, 0xF11E])
    entries = [entry(job, view, folder, rng) for view in job.views]
    dataset: dict[str, Any] = {"views": entries}
    if job.views[0].only is not None:
        dataset |= {"timepoints": job.times, "channels": [f"c{i}" for i in range(job.channels)]}
    (folder / "dataset.json").write_text(json.dumps(dataset))


def entry(job: Job, view: View, folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    path = folder / (view.name + SUFFIX[view.layout])
    chunk = [int(rng.integers(3, s + 4)) for s in view.shape]
    matrices = [a.tolist() for a in view.affines]
    result: dict[str, Any] = {"name": view.name, "path": path.name, "transforms": {"registered": {"t": matrices} if len(matrices) > 1 else matrices[0]}}
    if view.scale != 1 or view.offset != 0:
        result |= {"scale": view.scale, "offset": view.offset}
    if view.only is not None:
        result |= {"t": view.only[0], "c": view.only[1]}
    if view.layout.startswith("ome-zarr"):
        write_view(path, view.data, view.spacing, view.origin, version=view.layout[-3:], chunks=chunk)
        return result
    whole = view.data.shape[:2] != (1, 1) or (view.layout.startswith("zarr") and rng.random() < 0.3)
    image = view.data if whole else view.data[0, 0]
    write_array(path, view.layout, image, [1, 1, *chunk][-image.ndim:], rng)
    if view.layout == "hdf5":
        result["dataset"] = "some/volume"
    return result | {"axes": list(("tc" if whole else "") + job.axes), "spacing": dict(zip(job.axes, view.spacing)), "origin": dict(zip(job.axes, view.origin))}


def write_array(path: Path, layout: str, image: Array, chunk: list[int], rng: np.random.Generator) -> None:
    chunk = [min(c, s) for c, s in zip(chunk, image.shape)]
    packed = bool(rng.random() < 0.5)
    if layout in ("zarr-2", "zarr-3"):
        dtype = image.dtype.newbyteorder(">") if layout == "zarr-2" and rng.random() < 0.3 else image.dtype
        more: dict[str, Any] = {} if packed else {"compressors": None}
        zarr.create_array(str(path), shape=image.shape, chunks=tuple(chunk), dtype=dtype, zarr_format=2 if layout == "zarr-2" else 3, fill_value=0,
                          **more)[:] = image
    elif layout == "n5":
        metadata = {"dimensions": image.shape[::-1], "blockSize": chunk[::-1], "dataType": str(image.dtype),
                    "compression": {"type": "gzip", "level": 3} if packed else {"type": "raw"}}
        spec = {"driver": "n5", "kvstore": {"driver": "file", "path": f"{path}/"}, "metadata": metadata}
        tensorstore.open(spec, create=True).result()[...] = image.T
    elif layout == "hdf5":
        with h5py.File(path, "w") as file:
            how: dict[str, Any] = {"chunks": tuple(chunk), "compression": "gzip", "shuffle": True} if packed else {}
            file.create_dataset("some/volume", data=image, **how)
    else:
        tiles: dict[str, Any] = {"tile": (16, 32), "compression": "zlib"} if packed else {"rowsperstrip": 5}
        tifffile.imwrite(path, image, photometric="minisblack", metadata={"axes": "ZYX"[-image.ndim:]}, **tiles)
