"""What `plan` tells of what would go wrong later."""
import json, os, subprocess
import numpy as np, pytest, zarr
from conftest import binary, blockfuse, write_view


def dataset(folder, views, **kwargs):
    """Views of ones at places; a view is a shape, an origin, and perhaps a spacing and a matrix."""
    entries = []
    for i, (shape, origin, *rest) in enumerate(views):
        spacing = rest[0] if rest else (1.0,) * len(shape)
        write_view(folder / f"v{i}.ome.zarr", np.ones((1, 1, *shape), "uint16"), spacing, origin, chunks=shape, **kwargs)
        entry = {"name": f"v{i}", "path": f"v{i}.ome.zarr"}
        if len(rest) > 1:
            entry["transforms"] = {"m": np.asarray(rest[1]).tolist()}
        entries.append(entry)
    if any("transforms" in e for e in entries):
        for e in entries:
            e.setdefault("transforms", {"m": np.eye(len(views[0][0]) + 1).tolist()})
    (folder / "dataset.json").write_text(json.dumps({"views": entries}))


def run(folder, *arguments):
    return subprocess.run([binary(), *map(str, arguments)], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})


def plan(folder, *flags, status=0):
    end = run(folder, "plan", "dataset.json", "--json", *flags)
    assert end.returncode == status, end.stderr
    return json.loads(end.stdout)


def test_an_output_that_exists(tmp_path):
    dataset(tmp_path, [((8, 40, 40), (0, 0, 0))])
    assert plan(tmp_path)["output"] is None
    answer = plan(tmp_path, "-o", "out.ome.zarr")
    assert answer["output"]["exists"] is False and answer["output"]["problem"] is None and answer["warnings"] == []
    assert answer["output"]["free_bytes"] > 0
    blockfuse(tmp_path, "submit", "dataset.json", "-o", "out.ome.zarr")
    answer = plan(tmp_path, "-o", "out.ome.zarr")
    assert answer["output"]["exists"] is True and "exists" in answer["output"]["problem"]
    assert len(answer["warnings"]) == 1 and "submit would refuse" in answer["warnings"][0] and "--overwrite" in answer["warnings"][0]
    assert run(tmp_path, "submit", "dataset.json", "-o", "out.ome.zarr").returncode == 64
    again = plan(tmp_path, "-o", "out.ome.zarr", "--overwrite")
    assert again["output"]["problem"] is None and again["warnings"] == []
    for place in ["v0.ome.zarr", "v0.ome.zarr/x", "out.ome.zarr/inner"]:
        problem = plan(tmp_path, "-o", place, "--overwrite")["output"]["problem"]
        assert problem and run(tmp_path, "submit", "dataset.json", "-o", place, "--overwrite").returncode == 64, place


def test_bytes_count_whole_chunks_and_the_disk(tmp_path):
    dataset(tmp_path, [((8, 100, 100), (0, 0, 0))])
    flags = "--output-chunksize", "z=8,y=64,x=64", "--ome-zarr", "false"
    assert plan(tmp_path, *flags)["bytes"] == 2 * 8 * 128 * 128
    blockfuse(tmp_path, "fuse", "dataset.json", "-o", "raw.zarr", "--compressor", "null", "--quiet", *flags)
    assert sum(p.stat().st_size for p in (tmp_path / "raw.zarr").rglob("*") if p.is_file() and p.name[0].isdigit()) == 2 * 8 * 128 * 128
    # a disk that is too small for it
    large = plan(tmp_path, "-o", "large.ome.zarr", "--output-shape", "z=100000,y=100000,x=100000")
    assert large["bytes"] > large["output"]["free_bytes"]
    assert any("free" in w and "before compression" in w for w in large["warnings"])
    assert not any("free" in w for w in plan(tmp_path, "-o", "small.ome.zarr")["warnings"])


def test_too_little_memory_is_refused_everywhere(tmp_path):
    dataset(tmp_path, [((8, 100, 100), (0, 0, 0))])
    for command in [("plan", "dataset.json"), ("submit", "dataset.json", "-o", "out.ome.zarr"), ("fuse", "dataset.json", "-o", "out.ome.zarr")]:
        end = run(tmp_path, *command, "--memory", "1MiB")
        assert end.returncode == 64 and "is too little" in end.stderr, end.stderr
    assert not (tmp_path / "jobs.sqlite").exists() and not (tmp_path / "out.ome.zarr").exists()
    blockfuse(tmp_path, "submit", "dataset.json", "-o", "out.ome.zarr", "--memory", "1GiB")
    end = run(tmp_path, "run", "--memory", "1MiB")
    assert end.returncode == 64 and "is too little" in end.stderr, end.stderr
    # what was refused left the job as it was
    assert json.loads(blockfuse(tmp_path, "status", "--json"))["state"] == "pending"
    order = blockfuse(tmp_path, "order").strip()
    end = run(tmp_path, "work", order, "--task", "0", "--tasks", "1", "--memory", "1MiB")
    assert end.returncode == 64 and "is too little" in end.stderr, end.stderr
    # what a refusal asks for is enough
    least = end.stderr.split("may need ")[1].split("\n")[0].replace(" ", "")
    blockfuse(tmp_path, "order", "--withdraw")
    blockfuse(tmp_path, "run", "--quiet", "--memory", least.replace("MiB", "") .split(".")[0] + "MiB" if "." not in least else str(int(float(least[:-3]) + 1)) + "MiB")


def test_a_million_files(tmp_path):
    dataset(tmp_path, [((8, 100, 100), (0, 0, 0))])
    flags = "--output-chunksize", "32", "--ome-zarr", "false"
    few = plan(tmp_path, *flags, "--output-shape", "z=3168,y=3200,x=3200")
    assert few["files"] == 990_000 and few["shard_advice"] is None and few["warnings"] == []
    many = plan(tmp_path, *flags, "--output-shape", "z=3200,y=3200,x=3200")
    assert many["files"] == 1_000_000
    advice = many["shard_advice"]
    assert any("1,000,000 files" in w and advice["shards"] in w for w in many["warnings"])
    sharded = plan(tmp_path, *flags, "--output-shape", "z=3200,y=3200,x=3200", "--ngff-version", "0.5", "--shards", advice["shards"])
    assert sharded["files"] == advice["files"] < 1000 and sharded["warnings"] == []


def covered(folder, *flags):
    answer = plan(folder, *flags)["covered"]
    return answer["share"], answer["method"]


def test_how_much_is_covered(tmp_path):
    # two tiles that overlap, and one that leaves two corners free
    dataset(tmp_path, [((8, 40, 40), (0, 0, 0)), ((8, 40, 40), (0, 0, 30)), ((8, 40, 40), (0, 40, 0))])
    share, method = covered(tmp_path)
    assert method == "exact" and share == (40 * 70 + 40 * 40) / (80 * 70)
    blockfuse(tmp_path, "fuse", "dataset.json", "-o", "out.ome.zarr", "--quiet")
    assert share == np.count_nonzero(zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[:]) / (8 * 80 * 70)
    assert covered(tmp_path, "--output-origin", "z=0,y=0,x=0", "--output-shape", "z=8,y=40,x=70") == (1, "exact")
    text = blockfuse(tmp_path, "plan", "dataset.json")
    assert "covered  78.6 % of the output by any view (exact)" in text


def test_turned_views_are_covered_by_a_grid(tmp_path):
    a = np.radians(30)
    m = np.eye(4)
    m[1:3, 1:3] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    dataset(tmp_path, [((8, 90, 60), (0, 0, 0), (1.0, 1.0, 1.0), m)])
    share, method = covered(tmp_path)
    assert method == "coarse grid"
    blockfuse(tmp_path, "fuse", "dataset.json", "-o", "out.ome.zarr", "--quiet")
    voxels = zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[:]
    assert share == pytest.approx(np.count_nonzero(voxels) / voxels.size, abs=0.01)


def test_series_are_covered_at_their_own_times(tmp_path):
    for i in range(2):
        write_view(tmp_path / f"v{i}.ome.zarr", np.ones((1, 1, 8, 40, 40), "uint16"), (1.0, 1.0, 1.0), (0.0, 0.0, 40.0 * i), chunks=(8, 40, 40))
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": f"v{i}", "path": f"v{i}.ome.zarr", "t": i} for i in range(2)]}))
    assert covered(tmp_path) == (0.5, "exact")
    # each is the only one of its time point
    assert plan(tmp_path)["lone_views"] == []


def test_views_that_touch_no_other(tmp_path):
    dataset(tmp_path, [((8, 40, 40), (0, 0, 0))])
    assert plan(tmp_path)["lone_views"] == []
    # tiles without an overlap touch; one is a thousand times too far away
    dataset(tmp_path, [((8, 40, 40), (0, 0, 0)), ((8, 40, 40), (0, 0, 40)), ((8, 40, 40), (0, 30, 0)), ((8, 40, 40), (0, 30000, 40000))])
    answer = plan(tmp_path, "--output-spacing", "z=1,y=50,x=50")
    assert answer["lone_views"] == ["v3"]
    assert any('1 of 4 views touches no other: "v3"' in w for w in answer["warnings"])
    dataset(tmp_path, [((8, 40, 40), (0, 0, 0)), ((8, 40, 40), (0, 0, 60)), ((8, 40, 40), (0, 90, 0))])
    answer = plan(tmp_path)
    assert answer["lone_views"] == ["v0", "v1", "v2"] and any("none of the 3 views touches another" in w for w in answer["warnings"])
    # said when the job is made, too
    assert "none of the 3 views" in run(tmp_path, "submit", "dataset.json", "-o", "o.ome.zarr").stderr


def test_a_spacing_in_a_wrong_unit(tmp_path):
    dataset(tmp_path, [((40, 60, 60), (0, 0, 0), (2.0, 0.5, 0.5))])
    assert plan(tmp_path)["short_axes"] == []
    answer = plan(tmp_path, "--output-spacing", "z=30,y=0.5,x=0.5")
    assert answer["short_axes"] == [{"axis": "z", "voxels": 3, "voxels_of_views": 45}]
    assert any("along z the output has 3 voxels" in w for w in answer["warnings"])
    # a few planes that are asked for, or that there are, are no mistake
    assert plan(tmp_path, "--output-shape", "z=2,y=60,x=60")["short_axes"] == []
    dataset(tmp_path, [((2, 60, 60), (0, 0, 0))])
    assert plan(tmp_path)["short_axes"] == []


def test_the_time_it_takes(tmp_path):
    dataset(tmp_path, [((60, 300, 300), (0, 0, 0))])
    before = plan(tmp_path, "--workers", "1")
    assert before["time"]["from"] == "measured costs" and before["time"]["runs"] == 0 and 0 < before["time"]["seconds"] < 60
    # twice as fast with two
    assert plan(tmp_path, "--workers", "2")["time"]["seconds"] == pytest.approx(before["time"]["seconds"] / 2)
    assert not (tmp_path / "jobs.sqlite").exists()
    blockfuse(tmp_path, "fuse", "dataset.json", "-o", "out.ome.zarr", "--quiet", "--output-chunksize", "30")
    # a run that took a second of this host, as the database has it
    import sqlite3
    with sqlite3.connect(tmp_path / "jobs.sqlite") as db:
        voxels = db.execute("SELECT written_voxels FROM run").fetchone()[0]
        db.execute("UPDATE run SET worked_ms = 10000")
    answer = plan(tmp_path, "--workers", "1", "--output-chunksize", "30")
    written = sum(np.prod(level["shape"]) for level in answer["levels"])
    assert answer["time"] == {"from": "earlier runs", "runs": 1, "seconds": pytest.approx(10.0 * written / voxels)}
    assert "as fast as 1 earlier run" in blockfuse(tmp_path, "plan", "dataset.json")
    # of another way of fusing it says nothing
    assert plan(tmp_path, "--fusion-func", "max_fusion")["time"]["from"] == "measured costs"


def test_small_chunks_are_not_taken(tmp_path):
    def chunks(shape, chunk, *flags):
        write_view(tmp_path / "v0.ome.zarr", np.ones((1, 1, *shape), "uint16"), (1.0,) * len(shape), (0.0,) * len(shape), chunks=chunk)
        (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "v0", "path": "v0.ome.zarr"}]}))
        answer = plan(tmp_path, *flags)
        sources.append(answer["chunks_from"])
        return answer["levels"][0]["chunks"][2:], [w for w in answer["warnings"] if "chunks of view" in w]
    sources = []
    assert chunks((64, 300, 300), (32, 32, 32)) == ([32, 32, 32], [])
    taken, notes = chunks((64, 300, 300), (31, 32, 32))
    assert taken == [64, 256, 256] and "31 x 32 x 32" in notes[0] and "64 x 256 x 256" in notes[0]
    assert chunks((64, 300, 300), (1, 256, 256)) == ([1, 256, 256], [])
    taken, notes = chunks((64, 300, 300), (1, 128, 128))
    assert taken == [64, 256, 256] and len(notes) == 1
    assert chunks((64, 300, 300), (31, 32, 32), "--output-chunksize", "16") == ([16, 16, 16], [])
    taken, notes = chunks((64, 300, 300), (31, 32, 32), "--output-chunksize", "z=16")
    assert taken == [16, 256, 256] and len(notes) == 1
    # images that are no larger than that are their own chunks
    assert chunks((8, 16, 16), (8, 16, 16)) == ([8, 16, 16], [])
    assert chunks((300, 3000), (256, 128)) == ([256, 128], [])
    assert chunks((300, 3000), (128, 128))[0] == [300, 2048]
    assert sources[0] == 'view "v0"' and sources[1] == 'the default, as those of view "v0" are small: 31 x 32 x 32'
    assert sources[4] == "output_chunksize" and sources[5].startswith("output_chunksize, and the default")


def test_a_picture_of_the_layout(tmp_path):
    PIL = pytest.importorskip("PIL.Image")
    # two that overlap by 10 of 40, one below the first: a corner is free
    dataset(tmp_path, [((8, 40, 40), (0, 0, 0)), ((8, 40, 40), (0, 0, 30)), ((8, 40, 40), (0, 40, 0))])
    blockfuse(tmp_path, "plan", "dataset.json", "--picture", "layout.png")
    picture = np.asarray(PIL.open(tmp_path / "layout.png").convert("RGB")).astype(int)
    frame = np.argwhere((picture == (200, 60, 40)).all(-1) & (np.arange(len(picture)) < len(picture) - 132)[:, None])
    (top, left), (bottom, right) = frame.min(0), frame.max(0)
    assert (bottom - top) / (right - left) == pytest.approx(80 / 70, abs=0.01)

    def at(y, x):
        return tuple(picture[int(top + (bottom - top) * y / 80), int(left + (right - left) * x / 70)])
    gap, one, two = at(60, 60), at(5, 5), at(5, 35)
    assert len({gap, one, two}) == 3 and gap[0] > gap[2] and one[0] < one[2] and sum(two) < sum(one)
    assert at(5, 60) == at(75, 5) == one and at(35, 35) == two and at(45, 69) == gap
    # as much of each as there is
    inside = picture[top + 2:bottom - 1, left + 2:right - 1].reshape(-1, 3)
    for color, share in [(gap, 30 * 40), (one, 4000 - 400 - 200 + 600), (two, 400)]:
        assert (inside == color).all(-1).mean() == pytest.approx(share / 5600, abs=0.02)
    # each view has its name, dark on light
    ink = (picture == (20, 26, 36)).all(-1)
    for y, x in [(20, 20), (20, 50), (60, 20)]:
        row, column = int(top + (bottom - top) * y / 80), int(left + (right - left) * x / 70)
        assert ink[row - 20:row + 20, column - 20:column + 20].sum() > 50
    # the scale bar: 10 of 70 micrometres
    foot = ink[-132:-126]
    bar = np.flatnonzero(np.diff(np.flatnonzero(foot.all(0))) > 1)[0] + 1
    assert bar == pytest.approx((right - left) * 10 / 70, abs=3)
    assert not (tmp_path / "jobs.sqlite").exists()


def test_a_picture_of_many_views(tmp_path):
    PIL = pytest.importorskip("PIL.Image")
    write_view(tmp_path / "v.ome.zarr", np.ones((1, 1, 8, 8), "uint16"), (1.0, 1.0), (0.0, 0.0), chunks=(8, 8))
    views = [{"name": f"tile_{i // 30}_{i % 30}", "path": "v.ome.zarr", "origin": {"y": i // 30 * 7.0, "x": i % 30 * 7.0}} for i in range(900) if i != 777]
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    blockfuse(tmp_path, "plan", "dataset.json", "--picture", "layout.png")
    picture = np.asarray(PIL.open(tmp_path / "layout.png").convert("RGB")).astype(int)
    assert 1500 < max(picture.shape) < 4000
    # the one that is missing is a gap, and no other place is
    gap = np.argwhere((picture[:-132] == (250, 205, 196)).all(-1))
    side = (picture.shape[1] - 48) / 211
    assert np.ptp(gap, 0) == pytest.approx([6 * side, 6 * side], abs=2)
    assert gap.mean(0) == pytest.approx([24 + (777 // 30 * 7 + 4) * side, 24 + (777 % 30 * 7 + 4) * side], abs=2)
