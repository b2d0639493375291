"""The memory of a run: what `plan` says is what it takes, and `--memory` is used."""
import json, os, subprocess, sys
import numpy as np, pytest
from conftest import binary, blockfuse

MIB = 1 << 20


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory):
    """A plain array of 192 MiB, more than the cache will hold, as two overlapping views; raw chunks of 2 MiB."""
    folder = tmp_path_factory.mktemp("memory")
    shape, chunk = (96, 1024, 1024), (32, 128, 256)
    (folder / "in.zarr").mkdir()
    metadata = {"zarr_format": 2, "shape": shape, "chunks": chunk, "dtype": "<u2", "compressor": None, "fill_value": 0, "order": "C", "filters": None, "dimension_separator": "."}
    (folder / "in.zarr/.zarray").write_text(json.dumps(metadata))
    noise = np.random.default_rng(3).integers(1, 4096, chunk, dtype=np.uint16)
    for index in np.ndindex(3, 8, 4):
        (noise + np.uint16(sum(index))).tofile(folder / "in.zarr" / ".".join(map(str, index)))
    place = {"path": "in.zarr", "axes": ["z", "y", "x"], "spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}}
    moved = lambda z, y, x: [[1, 0, 0, z], [0, 1, 0, y], [0, 0, 1, x], [0, 0, 0, 1]]
    views = [{"name": "a", **place, "transforms": {"r": moved(0, 0, 0)}}, {"name": "b", **place, "transforms": {"r": moved(3.5, 40.25, 700.5)}}]
    (folder / "dataset.json").write_text(json.dumps({"views": views}))
    return folder


# a small process in between: a child's peak counts from its fork, and this one is large
MEASURE = "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"


def peak_byte_count(folder, *arguments, fault=""):
    environment = {**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "BLOCKFUSE_FAULT": fault}
    end = subprocess.run([sys.executable, "-c", MEASURE, binary(), *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert end.returncode == 0, end.stderr
    return int(end.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("name, limit, workers, uses, flags", [
    ("files", 200 * MIB, 2, 0.8, ["--output-chunksize", "64"]),
    # the one shard of level 0 has 380 MiB
    ("shard", 200 * MIB, 1, 0.8, ["--output-chunksize", "64", "--ngff-version", "0.5", "--shards", "z=128,y=1088,x=1792", "--compressor", "null"]),
    ("splines", 300 * MIB, 2, 0, ["--output-chunksize", "64", "--interpolation-order", "5", "--output-shape", "z=64,y=256,x=1100"]),
    ("general", 200 * MIB, 2, 0, ["--output-chunksize", "64", "--output-spacing", "z=2,y=2,x=2", "--weights-func", "content_based", "--weights-func-kwargs", "sigma_1=1,sigma_2=2"]),
    ("tiles", 200 * MIB, 2, 0, ["--output-chunksize", "64", "--output-spacing", "z=2,y=2,x=2", "--weights-func", "content_based_dct"]),
])
def test_peak_is_what_plan_says(name, limit, workers, uses, flags, mosaic):
    resources = ["--workers", str(workers), "--memory", str(limit)]
    plan = json.loads(blockfuse(mosaic, "plan", "dataset.json", "--json", *resources, *flags))["memory"]["total"]
    job = blockfuse(mosaic, "submit", "dataset.json", "--output", f"{name}.ome.zarr", *flags).strip()
    peak = peak_byte_count(mosaic, "run", job, *resources, "--quiet")
    assert peak <= 1.05 * plan, f"{peak / MIB:.0f} MiB, planned {plan / MIB:.0f} MiB"
    assert peak >= uses * limit, f"{peak / MIB:.0f} MiB of {limit / MIB:.0f} MiB used"


def test_many_views_are_in_the_plan(tmp_path):
    """Ten thousand of one image: their record, and what is known of their files, is most of it."""
    (tmp_path / "in.zarr").mkdir()
    metadata = {"zarr_format": 2, "shape": [8, 32, 32], "chunks": [8, 32, 32], "dtype": "<u2", "compressor": None, "fill_value": 7, "order": "C", "filters": None}
    (tmp_path / "in.zarr/.zarray").write_text(json.dumps(metadata))
    place = {"path": "in.zarr", "axes": ["z", "y", "x"], "spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}}
    views = [{"name": f"tile_{i}", **place, "transforms": {"r": [[1, 0, 0, 0], [0, 1, 0, 28 * (i // 100)], [0, 0, 1, 28 * (i % 100)], [0, 0, 0, 1]]}} for i in range(10_000)]
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    resources = ["--workers", "1", "--memory", str(150 * MIB)]
    plan = json.loads(blockfuse(tmp_path, "plan", "dataset.json", "--json", *resources))["memory"]["total"]
    job = blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.zarr").strip()
    peak = peak_byte_count(tmp_path, "run", job, *resources, "--limit", "500", "--quiet")
    assert peak <= 1.05 * plan, f"{peak / MIB:.0f} MiB, planned {plan / MIB:.0f} MiB"


def test_a_slow_part_of_a_shard_does_not_fill_the_memory(mosaic):
    """The others of its shard are soon done and have to wait for it: not all of them at once."""
    # chunks as those of the input, so that no other part waits for the same one
    flags = ["--output-chunksize", "z=32,y=128,x=256", "--ngff-version", "0.5", "--shards", "z=128,y=1152,x=1792", "--compressor", "null"]
    resources = ["--workers", "4", "--memory", str(160 * MIB)]
    # one of the first reads is that of the first part
    slow = ",".join(f"file-read=wait:3000@{i}" for i in (1, 2, 3))
    plan = json.loads(blockfuse(mosaic, "plan", "dataset.json", "--json", *resources, *flags))["memory"]["total"]
    job = blockfuse(mosaic, "submit", "dataset.json", "--output", "slow.ome.zarr", *flags).strip()
    peak = peak_byte_count(mosaic, "run", job, *resources, "--quiet", fault=slow)
    assert peak <= 1.05 * plan, f"{peak / MIB:.0f} MiB, planned {plan / MIB:.0f} MiB"
