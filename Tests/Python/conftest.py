"""What the Python tests share: the binary, and mosaics made with an independent writer."""
import json, os, subprocess, sys
from pathlib import Path
import numpy as np, pytest, zarr

# ways to damage a database, which two kinds of tests draw from
sys.path.append(str(Path(__file__).parents[1] / "Hostile"))

AXES = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}] + [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]


def binary():
    path = os.environ.get("BLOCKFUSE_BIN", str(Path(__file__).parents[2] / ".build/release"))
    return str(Path(path) / "blockfuse")


def blockfuse(folder, *arguments, status=0):
    end = subprocess.run([binary(), *map(str, arguments)], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(Path(folder) / "jobs.sqlite")})
    assert end.returncode == status, f"{arguments}: exit {end.returncode}\n{end.stdout}\n{end.stderr}"
    return end.stdout


def write_view(path, data, spacing, origin, version="0.4", chunks=None, channels=None):
    """`data` is t c z y x, or t c y x; written by zarr-python, its OME metadata by hand."""
    n = data.ndim - 2
    axes = AXES[:2] + AXES[-n:]
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    chunk = (1, 1) + tuple(min(s, c) for s, c in zip(data.shape[2:], chunks or (32,) * n))
    kwargs = {"chunk_key_encoding": {"name": "v2", "separator": "/"}} if version == "0.4" else {"dimension_names": [a["name"] for a in axes]}
    group.create_array("0", shape=data.shape, chunks=chunk, dtype=data.dtype, fill_value=0, **kwargs)[:] = data
    multiscale = {"name": "view", "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": [
        {"type": "scale", "scale": [1.0, 1.0, *spacing]}, {"type": "translation", "translation": [0.0, 0.0, *origin]}]}]}
    omero = {"channels": [{"label": c, "color": "00ff00", "active": True, "window": {"min": 0, "max": 1, "start": 0, "end": 1}} for c in channels]} if channels else None
    if version == "0.4":
        group.attrs["multiscales"] = [{"version": "0.4", **multiscale}]
        if omero:
            group.attrs["omero"] = omero
    else:
        group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale], **({"omero": omero} if omero else {})}


def texture(rng, shape, dtype):
    from scipy.ndimage import gaussian_filter
    soft = gaussian_filter(rng.random(shape), [0, 0] + [1.5] * (len(shape) - 2))
    soft = (soft - soft.min()) / np.ptp(soft)
    if np.dtype(dtype).kind == "f":
        return soft.astype(dtype)
    low, high = (20, 240) if np.dtype(dtype).itemsize == 1 else (100, 3500)
    data = low + (high - low) * soft + rng.normal(0, (high - low) / 80, shape)
    if np.dtype(dtype).kind == "i":
        data -= 1500
    return data.astype(dtype)


def rotation(rng, n, degrees, mixed=True):
    """Homogeneous, (n+1) x (n+1): rotated in the y x plane, in 3D also in z y."""
    a, b = np.radians(rng.uniform(-degrees, degrees, 2))
    m = np.eye(n + 1)
    m[n - 2:n, n - 2:n] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    if n == 3 and mixed:
        z = np.eye(4)
        z[:2, :2] = [[np.cos(b), -np.sin(b)], [np.sin(b), np.cos(b)]]
        m = z @ m
    return m


class Mosaic:
    """Views in a folder, with the transforms "registered"."""

    def __init__(self, folder, spacing):
        self.folder, self.spacing, self.views = Path(folder), spacing, []

    def add(self, data, origin, matrix, spacing=None, **kwargs):
        name, spacing = f"view_{len(self.views)}", spacing or self.spacing
        write_view(self.folder / f"{name}.ome.zarr", data, spacing, origin, **kwargs)
        matrices = np.asarray(matrix)
        transform = {"t": matrices.tolist()} if matrices.ndim == 3 else matrices.tolist()
        self.views.append({"name": name, "path": f"{name}.ome.zarr", "transforms": {"registered": transform}})
        (self.folder / "dataset.json").write_text(json.dumps({"views": self.views}))

    def fuse(self, output, options=None, *flags, status=0):
        (self.folder / "options.json").write_text(json.dumps(options or {}))
        blockfuse(self.folder, "fuse", "dataset.json", "--options", "options.json", "--output", output, "--quiet", *flags, status=status)
        return self.folder / output
