"""Limits of open files, which many hosts set low: no sound block fails for them."""
import json, os, resource, subprocess
import h5py, numpy as np, pytest, zarr
from conftest import binary


def limited(folder, limit, *arguments, fault=""):
    """With `limit` as the hard limit, which the program cannot raise."""
    return subprocess.run(
        [binary(), *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "BLOCKFUSE_FAULT": fault},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))


def grid_of_files(folder, rows, columns, **layout):
    """One-view HDF5 files that do not overlap; returns what they fuse to."""
    expected = np.random.default_rng(3).integers(1, 60000, (4, 8 * rows, 8 * columns), dtype="u2")
    views = []
    for y in range(rows):
        for x in range(columns):
            with h5py.File(folder / f"{y}-{x}.h5", "w") as file:
                file.create_dataset("volume", data=expected[:, 8 * y:8 * y + 8, 8 * x:8 * x + 8], **layout)
            views.append({"path": f"{y}-{x}.h5", "dataset": "volume", "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1),
                          "origin": {"z": 0, "y": 8 * y, "x": 8 * x}})
    (folder / "dataset.json").write_text(json.dumps({"views": views}))
    return expected


@pytest.mark.parametrize("layout", [{}, {"chunks": (4, 8, 8), "compression": "gzip"}])
def test_more_hdf5_files_than_may_be_open(tmp_path, layout):
    expected = grid_of_files(tmp_path, 10, 10, **layout)
    end = limited(tmp_path, 64, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", 16, "--workers", 1)
    assert end.returncode == 0, end.stderr
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == expected).all()


def test_more_files_on_their_way_to_disk_than_may_be_open(tmp_path):
    expected = grid_of_files(tmp_path, 16, 16)
    arguments = ["fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", 4, "--workers", 32]
    end = limited(tmp_path, 256, *arguments, fault="file-synced=wait:200@20+")
    assert end.returncode == 0, end.stderr[-2000:]
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == expected).all()


def test_more_workers_than_files_that_may_be_open(tmp_path):
    expected = grid_of_files(tmp_path, 4, 4)
    end = limited(tmp_path, 64, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", 16, "--workers", 64)
    assert end.returncode == 64 and "64 workers" in end.stderr and "ulimit -n" in end.stderr, end.stderr
    end = limited(tmp_path, 64, "run", "--workers", 4)
    assert end.returncode == 0, end.stderr
    assert (zarr.open_array(tmp_path / "out.zarr/0")[0, 0] == expected).all()
