"""An input that changes while a run lives, or between a run that was killed and the next: what was made of it since it was
last found as recorded is pending again, the run ends with 4 and names the view, and nothing wrong stays recorded."""
import json, os, shutil, signal, subprocess, time
import h5py, numpy as np, pytest, tifffile, zarr
from conftest import binary, blockfuse

SHAPE, STEP = (16, 64, 64), 48


def voxels(seed):
    return np.random.default_rng(seed).integers(1000, 2000, SHAPE).astype("u2") if seed else np.zeros(SHAPE, "u2")


def write(folder, name, kind, seed):
    """An image, new at its place; its entry in a dataset."""
    path = folder / name
    if kind.startswith("zarr"):
        shutil.rmtree(path, ignore_errors=True)
        options = {"zarr2-flat": {"zarr_format": 2, "chunk_key_encoding": {"name": "v2", "separator": "."}},
                   "zarr2-nested": {"zarr_format": 2, "chunk_key_encoding": {"name": "v2", "separator": "/"}}, "zarr3": {"zarr_format": 3}}[kind]
        zarr.create_array(str(path), shape=SHAPE, chunks=(16, 32, 32), dtype="u2", **options)[:] = voxels(seed)
        return {"path": name}
    if kind == "hdf5":
        # into the same file, as `cp` writes it
        with h5py.File(folder / "new.h5", "w") as file:
            file.create_dataset("volume", data=voxels(seed), chunks=(16, 32, 32))
        shutil.copyfile(folder / "new.h5", path)
        return {"path": name, "dataset": "volume"}
    tifffile.imwrite(folder / "new.tif", voxels(seed), metadata=None)
    shutil.copyfile(folder / "new.tif", path)
    return {"path": name}


def submit(folder, kind):
    """A job of two views beside each other, of which the second is to change; what comes of it undisturbed."""
    views = [{**write(folder, name, kind, i + 1), "name": name, "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1),
              "origin": {"z": 0, "y": 0, "x": i * STEP}} for i, name in enumerate(["first", "second"])]
    (folder / "dataset.json").write_text(json.dumps({"views": views}))
    blockfuse(folder, "fuse", "dataset.json", "--output", "whole.zarr", "--output-chunksize", 8, "--quiet")
    blockfuse(folder, "submit", "dataset.json", "--output", "out.zarr", "--output-chunksize", 8)


class Held:
    """A command in one thread that holds still after some blocks of level 0, until it is let go on."""

    def __init__(self, folder, blocks, *arguments, seconds=0):
        self.hold = folder / "hold"
        self.hold.touch()
        environment = {**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "BLOCKFUSE_FAULT": f"file-opening=hold:{self.hold}@{blocks}+"}
        if seconds:
            environment["BLOCKFUSE_VIEW_CHECK_SECONDS"] = str(seconds)
        self.process = subprocess.Popen([binary(), *map(str, arguments)], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        for line in self.process.stderr:
            if "made to fail" in line:
                return
        raise AssertionError("it was never held")

    def end(self, kill=False):
        if kill:
            self.process.kill()
        self.hold.unlink(missing_ok=True)
        _, errors = self.process.communicate(timeout=120)
        return self.process.returncode, errors


def counts(folder, job=2):
    return json.loads(blockfuse(folder, "status", job, "--json"))["blocks"]


def counts_at_rest(folder):
    """While a run is held: what is on its way is recorded first."""
    while True:
        before = counts(folder)
        time.sleep(0.3)
        if counts(folder) == before:
            return before


def finish(folder):
    """The input is what it was: the job goes on to its end, with the voxels of an undisturbed run."""
    blockfuse(folder, "run", 2, "--quiet")
    blockfuse(folder, "verify", 2)
    out, whole = zarr.open_group(str(folder / "out.zarr"), mode="r"), zarr.open_group(str(folder / "whole.zarr"), mode="r")
    assert sorted(out.array_keys()) == sorted(whole.array_keys())
    for level in out.array_keys():
        assert np.array_equal(out[level][:], whole[level][:]), level


class Change:
    """Of the second view: `make` it, and `undo` it with all times."""

    def __init__(self, folder, kind, how):
        self.path, self.aside, self.folder, self.kind, self.how = folder / "second", folder / "aside", folder, kind, how

    def make(self):
        if self.path.is_dir():
            shutil.copytree(self.path, self.aside)
        else:
            shutil.copy2(self.path, self.aside)
        if self.how == "new":
            write(self.folder, "second", self.kind, 0)
        else:
            for file in [f for f in self.path.rglob("*") if f.is_file() and f.name not in (".zarray", ".zattrs", "zarr.json")]:
                file.unlink()

    def undo(self):
        if self.path.is_dir():
            shutil.rmtree(self.path)
            self.aside.rename(self.path)
        else:
            shutil.copy2(self.aside, self.path)


CHANGES = [("zarr2-flat", "new"), ("zarr3", "new"), ("hdf5", "new"), ("tiff", "new"),
           ("zarr2-flat", "purged"), ("zarr2-nested", "purged"), ("zarr3", "purged")]


@pytest.mark.parametrize("kind, how", CHANGES)
def test_while_a_run_lives(tmp_path, kind, how):
    submit(tmp_path, kind)
    change = Change(tmp_path, kind, how)
    run = Held(tmp_path, 60, "run", 2, "--workers", 1, "--quiet")
    change.make()
    status, errors = run.end()
    assert status == 4 and '"second"' in errors and '"first"' not in errors, errors
    after = counts(tmp_path)
    # the rest is not done again
    assert 0 < after["done"] < after["total"] and after["failed"] == 0, after
    blockfuse(tmp_path, "run", 2, status=4)
    change.undo()
    finish(tmp_path)


@pytest.mark.parametrize("kind, how", CHANGES[:4:3])
def test_by_a_check_beside_the_work(tmp_path, kind, how):
    """Long before the end: a run of days is not to be lost."""
    submit(tmp_path, kind)
    change = Change(tmp_path, kind, how)
    run = Held(tmp_path, 60, "run", 2, "--workers", 1, "--quiet", seconds=0.05)
    before = counts_at_rest(tmp_path)
    change.make()
    time.sleep(0.5)
    status, errors = run.end()
    assert status == 4 and '"second"' in errors, errors
    after = counts(tmp_path)
    assert after["done"] <= before["done"] + 8 and after["failed"] == 0, (before, after)
    change.undo()
    finish(tmp_path)


@pytest.mark.parametrize("kind, how", [("zarr2-flat", "new"), ("hdf5", "new")])
def test_before_a_run_that_was_killed_goes_on(tmp_path, kind, how):
    """The next run finds it, and sets back what the one before had made of it."""
    submit(tmp_path, kind)
    change = Change(tmp_path, kind, how)
    run = Held(tmp_path, 60, "run", 2, "--workers", 1, "--quiet")
    before = counts_at_rest(tmp_path)
    change.make()
    assert run.end(kill=True)[0] == -signal.SIGKILL
    end = subprocess.run([binary(), "run", "2"], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(tmp_path / "jobs.sqlite")})
    assert end.returncode == 4 and "pending again" in end.stderr, end.stderr
    assert 0 < counts(tmp_path)["done"] < before["done"]
    change.undo()
    finish(tmp_path)


@pytest.mark.parametrize("kind, how", [("zarr2-flat", "new"), ("hdf5", "new")])
def test_while_two_processes_share_the_job(tmp_path, kind, how):
    """Whichever of them finds it: both end so, and nothing that either made of it stays recorded."""
    submit(tmp_path, kind)
    change = Change(tmp_path, kind, how)
    runs = [Held(tmp_path, 30, "run", 2, "--join", "--workers", 1, "--quiet") for _ in range(2)]
    assert counts_at_rest(tmp_path)["done"] > 0
    change.make()
    for status, errors in [run.end() for run in runs]:
        assert status == 4 and '"second"' in errors and '"first"' not in errors, errors
    after = counts(tmp_path)
    assert after["done"] < after["total"] and after["failed"] == after["running"] == 0, after
    blockfuse(tmp_path, "run", 2, "--join", status=4)
    change.undo()
    finish(tmp_path)


def test_an_order_whose_blocks_were_set_back_is_withdrawn(tmp_path):
    """It took blocks for done that are pending again: its tasks stop, and withdrawing it once more changes nothing."""
    submit(tmp_path, "zarr2-flat")
    change = Change(tmp_path, "zarr2-flat", "new")
    run = Held(tmp_path, 60, "run", 2, "--workers", 1, "--quiet")
    counts_at_rest(tmp_path)
    assert run.end(kill=True)[0] == -signal.SIGKILL
    order = blockfuse(tmp_path, "order", 2).strip().splitlines()[-1]
    change.make()
    blockfuse(tmp_path, "run", 2, status=4)
    after = counts(tmp_path)
    blockfuse(tmp_path, "work", order, "--task", 0, "--tasks", 1, "--quiet", status=4)
    blockfuse(tmp_path, "order", 2, "--withdraw", "--quiet")
    # what the task made before it noticed, of other views, counts; nothing that was set back is done again
    assert counts(tmp_path)["done"] >= after["done"]
    change.undo()
    # as withdrawn as before
    blockfuse(tmp_path, "work", order, "--task", 0, "--tasks", 1, "--quiet", status=4)
    finish(tmp_path)


@pytest.mark.parametrize("kind, how", [("zarr2-flat", "new"), ("hdf5", "new"), ("zarr3", "purged")])
def test_while_a_task_works(tmp_path, kind, how):
    """What a task did of it is not in its log, so nobody collects it."""
    submit(tmp_path, kind)
    order = blockfuse(tmp_path, "order", 2).strip().splitlines()[-1]
    change = Change(tmp_path, kind, how)
    task = Held(tmp_path, 60, "work", order, "--task", 0, "--tasks", 1, "--workers", 1, "--quiet")
    change.make()
    status, errors = task.end()
    assert status == 4 and '"second"' in errors, errors
    blockfuse(tmp_path, "collect", 2)
    assert counts(tmp_path)["done"] < counts(tmp_path)["total"]
    change.undo()
    finish(tmp_path)


def test_a_chunk_that_was_never_written_is_background(tmp_path):
    """As long as its folder's time is that of submit; other files may come and go in other folders."""
    submit(tmp_path, "zarr2-flat")
    shutil.rmtree(tmp_path / "whole.zarr")
    folder = tmp_path / "second"
    (folder / "0.1.1").unlink()
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "whole.zarr", "--output-chunksize", 8, "--quiet")
    blockfuse(tmp_path, "run", 2, "--quiet", status=4)
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "sparse.zarr", "--output-chunksize", 8)
    # times cut to whole seconds, as by tar, are no change
    for path in [folder, folder / ".zarray"]:
        os.utime(path, ns=(0, path.stat().st_mtime_ns // 10**9 * 10**9))
    blockfuse(tmp_path, "run", 4, "--quiet")
    out, whole = zarr.open_group(str(tmp_path / "sparse.zarr"), mode="r"), zarr.open_group(str(tmp_path / "whole.zarr"), mode="r")
    assert np.array_equal(out["0"][:], whole["0"][:])
