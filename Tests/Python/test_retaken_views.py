"""An image was damaged, and restored or replaced: with `retry --view` or `run --accept-times` the job goes on, to the voxels of a job that
had the image from its beginning. What changed is said in words, with the command that goes on."""
import json, os, pty, shutil, signal, sqlite3, subprocess, time
import h5py, numpy as np, pytest, tifffile, zarr
from conftest import binary, blockfuse
from test_bigstitcher import write_n5

SHAPE, STEP = (8, 96, 96), 72
KINDS = ["tiff", "hdf5", "n5", "zarr"]


def voxels(seed, shape=SHAPE):
    return np.random.default_rng(seed).integers(1000, 2000, shape).astype("u2")


def write(folder, name, kind, seed, shape=SHAPE):
    path = folder / name
    if kind in ("n5", "zarr"):
        shutil.rmtree(path, ignore_errors=True)
    if kind == "zarr":
        zarr.create_array(str(path), shape=shape, chunks=(8, 32, 32), dtype="u2", zarr_format=2)[:] = voxels(seed, shape)
    elif kind == "n5":
        write_n5(path, voxels(seed, shape))
    elif kind == "hdf5":
        with h5py.File(path, "w") as file:
            file.create_dataset("volume", data=voxels(seed, shape), chunks=(8, 32, 32), compression="gzip")
        return {"path": name, "dataset": "volume"}
    else:
        tifffile.imwrite(path, voxels(seed, shape), metadata=None, compression="zlib", rowsperstrip=8)
    return {"path": name}


def dataset(folder, kind, count=3, seeds=(1, 2, 3)):
    views = [{**write(folder, f"v{i}", kind, seeds[i % 3]), "name": f"v{i}", "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1),
              "origin": {"z": 0, "y": 0, "x": i * STEP}} for i in range(count)]
    (folder / "dataset.json").write_text(json.dumps({"views": views}))


def call(folder, *arguments, status=0, **environment):
    end = subprocess.run([binary(), *map(str, arguments)], cwd=folder, capture_output=True, text=True,
                         env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), **environment})
    assert end.returncode == status, f"{arguments}: exit {end.returncode}\n{end.stdout}\n{end.stderr}"
    return end


OPTIONS = ["--output-chunksize", 16, "--quiet"]


def levels(path):
    group = zarr.open_group(str(path), mode="r")
    return {name: group[name][:] for name in sorted(group.array_keys())}


def expect_equal(folder, job="out.zarr", other="whole.zarr"):
    ours, wanted = levels(folder / job), levels(folder / other)
    assert ours.keys() == wanted.keys() and len(ours) > 1
    for name in wanted:
        assert np.array_equal(ours[name], wanted[name]), name


def damage(path, kind):
    """Bytes of one chunk, tile or strip of an image become others, with the time of now."""
    if kind == "tiff":
        with tifffile.TiffFile(path) as file:
            place = file.pages[2].dataoffsets[1]
    elif kind == "hdf5":
        with h5py.File(path) as file:
            place = file["volume"].id.get_chunk_info(0).byte_offset
    else:
        path = next(f for f in sorted(path.rglob("*")) if f.is_file() and f.name not in (".zarray", ".zattrs", "attributes.json"))
        place = 0 if kind == "zarr" else max(0, path.stat().st_size - 40)
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 24)


def copy(source, target, *options):
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    subprocess.run(["cp", "-r", *options, source, target], check=True)


def counts(folder, job=1):
    return json.loads(call(folder, "status", job, "--json").stdout)["blocks"]


def damaged_job(folder, kind):
    """A job that failed for a damaged image, submitted with that; a good copy of the image beside it, and what is to come out."""
    dataset(folder, kind)
    subprocess.run(["cp", "-r", "-p", folder / "v1", folder / "good"], check=True)
    call(folder, "fuse", "dataset.json", "--output", "whole.zarr", *OPTIONS, BLOCKFUSE_DB=str(folder / "other.sqlite"))
    damage(folder / "v1", kind)
    if kind in ("tiff", "hdf5"):
        # as a disk does it: without a word, and a new time
        stat = (folder / "good").stat()
        os.utime(folder / "v1", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return call(folder, "fuse", "dataset.json", "--output", "out.zarr", *OPTIONS, status=3)


@pytest.mark.parametrize("how", ["cp", "cp -p"])
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_and_restored(tmp_path, kind, how):
    end = damaged_job(tmp_path, kind)
    assert 'view "v1": ' in end.stderr and "damaged (" in end.stderr and "retry 1 --view v1" in end.stderr, end.stderr
    before = counts(tmp_path)
    time.sleep(0.02)
    copy(tmp_path / "good", tmp_path / "v1", *how.split()[1:])
    if how == "cp" and kind in ("tiff", "hdf5"):
        # a plain retry sets the failed blocks to pending, and the run names what goes on
        call(tmp_path, "retry", 1)
        end = call(tmp_path, "run", 1, "--quiet", status=4)
        assert "is newer: " in end.stderr and ", was " in end.stderr and "same size" in end.stderr, end.stderr
        assert "`blockfuse run 1 --accept-times`" in end.stderr and "`blockfuse retry 1 --view v1`" in end.stderr, end.stderr
    answer = json.loads(call(tmp_path, "retry", 1, "--view", "v1", "--json").stdout)
    after = counts(tmp_path)
    assert answer["views"] == ["v1"] and after["failed"] == 0 and after["pending"] > 0, (answer, before, after)
    # blocks that v1 does not touch, on the left and right of it, are not done again
    assert 0 < after["done"] <= before["done"]
    call(tmp_path, "run", 1, "--quiet")
    call(tmp_path, "verify", 1)
    expect_equal(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_only_times_differ(tmp_path, kind):
    """Restored by `cp`: with --accept-times only what failed is done again, and what is taken is named."""
    damaged_job(tmp_path, kind)
    before = counts(tmp_path)
    time.sleep(0.02)
    copy(tmp_path / "good", tmp_path / "v1")
    call(tmp_path, "retry", 1)
    end = call(tmp_path, "run", 1, "--accept-times")
    assert 'view "v1"' in end.stderr and "taken with its new time" in end.stderr and 'view "v0"' not in end.stderr, end.stderr
    assert ("nothing but sizes and times was compared" in end.stderr) == (kind in ("tiff", "hdf5")), end.stderr
    rows = sqlite3.connect(tmp_path / "jobs.sqlite").execute("SELECT ordinal, kind, was <> became FROM view_change").fetchall()
    assert rows == [(1, "times", 1)]
    run = sqlite3.connect(tmp_path / "jobs.sqlite").execute("SELECT blocks FROM run ORDER BY id DESC LIMIT 1").fetchone()[0]
    assert run == before["failed"] + before["pending"], (run, before)
    expect_equal(tmp_path)
    # the new times are the record from now on
    call(tmp_path, "verify", 1)
    call(tmp_path, "run", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_replaced_by_another_image(tmp_path, kind):
    """Of the same shape: taken. What was made of the old one is gone, on all levels."""
    dataset(tmp_path, kind)
    call(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", *OPTIONS)
    write(tmp_path, "v1", kind, 7)
    # it must not be taken for the old one where more than times can be seen; the job is complete, so runs do not ask
    before = counts(tmp_path)
    call(tmp_path, "retry", 1, "--view", "v1")
    assert 0 < counts(tmp_path)["done"] < before["done"]
    call(tmp_path, "run", 1, "--quiet")
    call(tmp_path, "fuse", "dataset.json", "--output", "whole.zarr", *OPTIONS, BLOCKFUSE_DB=str(tmp_path / "other.sqlite"))
    expect_equal(tmp_path)
    was, became = sqlite3.connect(tmp_path / "jobs.sqlite").execute("SELECT was, became FROM view_change WHERE kind = 'image'").fetchone()
    assert json.loads(was)["shape"] == json.loads(became)["shape"] and was != became
    call(tmp_path, "verify", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_another_shape_needs_a_word(tmp_path, kind):
    dataset(tmp_path, kind)
    call(tmp_path, "submit", "dataset.json", "--output", "out.zarr", *OPTIONS)
    call(tmp_path, "run", 1, "--quiet", "--limit", 20)
    # the image in the middle loses rows, the output does not
    write(tmp_path, "v1", kind, 7, (8, 80, 96))
    end = call(tmp_path, "retry", 1, "--view", "v1", status=4)
    assert "shape" in end.stderr and "--accept-changed" in end.stderr, end.stderr
    call(tmp_path, "run", 1, "--accept-times", status=4)
    end = call(tmp_path, "retry", 1, "--view", "v1", "--accept-changed")
    assert "shape" in end.stderr
    call(tmp_path, "run", 1, "--quiet")
    call(tmp_path, "fuse", "dataset.json", "--output", "whole.zarr", *OPTIONS, BLOCKFUSE_DB=str(tmp_path / "other.sqlite"))
    expect_equal(tmp_path)
    # at the end of the row the output would be another
    write(tmp_path, "v2", kind, 8, (8, 96, 110))
    end = call(tmp_path, "retry", 1, "--view", "v2", "--accept-changed", status=4)
    assert "the output's shape was" in end.stderr and "would be" in end.stderr and "submit a new one" in end.stderr, end.stderr
    assert counts(tmp_path)["pending"] == 0


def test_other_bytes_of_the_same_size_are_no_matter_of_times(tmp_path):
    """One digit of a metadata file, on which no voxel rests: that is not for --accept-times to decide."""
    dataset(tmp_path, "zarr")
    call(tmp_path, "submit", "dataset.json", "--output", "out.zarr", *OPTIONS)
    file = tmp_path / "v1/.zarray"
    text = file.read_text()
    assert '"level": 0' in text
    file.write_text(text.replace('"level": 0', '"level": 3'))
    end = call(tmp_path, "run", 1, "--accept-times", status=4)
    assert "same size, other bytes" in end.stderr and "retry 1 --view v1" in end.stderr and "--accept-times" not in end.stderr, end.stderr
    # what a missing chunk is decides on voxels, and is part of what is compared by name
    file.write_text(text.replace('"fill_value": 0', '"fill_value": 9'))
    assert "fill 0x0009" in call(tmp_path, "run", 1, "--accept-times", status=4).stderr
    call(tmp_path, "retry", 1, "--view", "v1")
    call(tmp_path, "run", 1, "--quiet")


def test_what_changed_is_said_in_few_lines(tmp_path):
    dataset(tmp_path, "tiff", count=6)
    (tmp_path / "x").mkdir()
    views = json.loads((tmp_path / "dataset.json").read_text())["views"]
    for view in views[1:]:
        shutil.move(tmp_path / view["path"], tmp_path / "x" / view["path"])
        view["path"] = "x/" + view["path"]
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    call(tmp_path, "submit", "dataset.json", "--output", "out.zarr", *OPTIONS)
    when = [int(time.mktime((2026, 3, 1, 9, 40, 0, 0, 0, -1))), int(time.mktime((2026, 3, 1, 10, 12, 0, 0, 0, -1)))]
    for view in views:
        os.utime(tmp_path / view["path"], (when[0], when[0]))
    for view in views:
        call(tmp_path, "retry", 1, "--view", view["name"])
    os.utime(tmp_path / "v0", (when[1], when[1]))
    end = call(tmp_path, "run", 1, status=4)
    assert f"(v0)" not in end.stderr and "is newer: 1 Mar 2026 10:12, was 09:40; same size" in end.stderr, end.stderr
    for view in views:
        os.utime(tmp_path / view["path"], (when[1], when[1]))
    end = call(tmp_path, "run", 1, status=4)
    assert "6 views are newer, each with its old size" in end.stderr, end.stderr
    shutil.move(tmp_path / "x", tmp_path / "away")
    os.utime(tmp_path / "v0", (when[0], when[0]))
    end = call(tmp_path, "run", 1, status=4)
    assert f"5 views are gone, all below {tmp_path / 'x'}" in end.stderr and "put back" in end.stderr and "--accept-times" not in end.stderr, end.stderr
    assert "`blockfuse relocate 1 --inputs OLD=NEW`" in end.stderr, end.stderr


def test_refused_while_others_work(tmp_path):
    dataset(tmp_path, "tiff")
    call(tmp_path, "submit", "dataset.json", "--output", "out.zarr", *OPTIONS)
    call(tmp_path, "retry", 1, "--view", "v7", status=64)
    call(tmp_path, "retry", 1, "--accept-changed", status=64)
    call(tmp_path, "retry", 9, "--view", "v1", status=10)
    order = call(tmp_path, "order", 1).stdout.strip()
    assert "--withdraw" in call(tmp_path, "retry", 1, "--view", "v1", status=64).stderr
    os.utime(tmp_path / "v1")
    assert "--withdraw" in call(tmp_path, "run", 1, "--accept-times", status=64).stderr
    call(tmp_path, "work", order, "--task", 0, "--tasks", 1, status=4)
    call(tmp_path, "order", 1, "--withdraw")
    call(tmp_path, "run", 1, "--accept-times", "--limit", 3)
    hold = tmp_path / "hold"
    hold.touch()
    run = subprocess.Popen([binary(), "run", "1", "--quiet", "--workers", "1"], cwd=tmp_path, text=True, stderr=subprocess.PIPE,
                           env={**os.environ, "BLOCKFUSE_DB": str(tmp_path / "jobs.sqlite"), "BLOCKFUSE_FAULT": f"file-opening=hold:{hold}@3+"})
    for line in run.stderr:
        if "made to fail" in line:
            break
    call(tmp_path, "retry", 1, "--view", "v1", status=11)
    hold.unlink()
    assert run.wait() == 0


def test_times_are_taken_by_the_owner_alone(tmp_path):
    """Nothing is written, not even what is set to pending, where --accept-times is refused: while an order is out that a run works beside,
    and in a database that was left behind."""
    dataset(tmp_path, "zarr")
    call(tmp_path, "submit", "dataset.json", "--output", "out.zarr", *OPTIONS)
    call(tmp_path, "order", 1)
    # not checked since
    call(tmp_path, "run", 1, "--limit", 3, "--quiet")
    os.utime(tmp_path / "v0" / ".zarray")

    def stand():
        with sqlite3.connect(f"file:{tmp_path}/jobs.sqlite?mode=ro", uri=True) as db:
            return [db.execute(f"SELECT {what}").fetchall() for what in (
                "done, empty FROM level", "* FROM view_change", "closed_ms FROM work_order", "fingerprint FROM view")]
    before = stand()
    assert sum(done for done, _ in before[0]) == 3
    assert "--withdraw" in call(tmp_path, "run", 1, "--accept-times", status=64).stderr
    assert stand() == before
    call(tmp_path, "order", 1, "--withdraw")
    before = stand()
    call(tmp_path, "backup", "copy.sqlite")
    call(tmp_path, "restore", "copy.sqlite", "--db", "copy.sqlite")
    assert "copy.sqlite" in call(tmp_path, "run", 1, "--accept-times", status=4).stderr
    assert stand() == before
    end = call(tmp_path, "run", 1, "--accept-times", "--db", "copy.sqlite")
    assert "taken with its new time" in end.stderr and "pending again" in end.stderr, end.stderr


def test_refused_while_a_task_of_a_withdrawn_order_works(tmp_path):
    """It would put a block of the old image in the place of one that was made of the new."""
    dataset(tmp_path, "zarr")
    call(tmp_path, "submit", "dataset.json", "--output", "out.zarr", *OPTIONS)
    order = call(tmp_path, "order", 1).stdout.strip()
    hold = tmp_path / "hold"
    hold.touch()
    task = subprocess.Popen([binary(), "work", order, "--task", "0", "--tasks", "1", "--quiet"], cwd=tmp_path, text=True, stderr=subprocess.PIPE,
                            env={**os.environ, "BLOCKFUSE_FAULT": f"file-synced=hold:{hold}@3+"})
    for line in task.stderr:
        if "made to fail" in line:
            break
    call(tmp_path, "order", 1, "--withdraw")
    write(tmp_path, "v1", "zarr", 7)
    assert "another process is at work on the output" in call(tmp_path, "retry", 1, "--view", "v1", status=11).stderr
    hold.unlink()
    task.communicate()
    call(tmp_path, "retry", 1, "--view", "v1")
    call(tmp_path, "run", 1, "--quiet")
    call(tmp_path, "fuse", "dataset.json", "--output", "whole.zarr", *OPTIONS)
    expect_equal(tmp_path)


def test_a_job_that_moved_goes_on_by_fuse(tmp_path):
    """Also under another name; and an order that is out when its output goes can be taken back."""
    dataset(tmp_path, "zarr")
    fuse = ["fuse", "dataset.json", "--output", "b.zarr", *OPTIONS]
    call(tmp_path, "submit", "dataset.json", "--output", "a.zarr", *OPTIONS)
    call(tmp_path, "run", 1, "--limit", 5)
    for name in ("a.zarr", "a.zarr.blockfuse"):
        shutil.move(tmp_path / name, tmp_path / name.replace("a.", "b."))
    call(tmp_path, "relocate", 1, "--output", "b.zarr")
    call(tmp_path, *fuse, "--overwrite")
    assert [job["job"] for job in json.loads(call(tmp_path, "list", "--json").stdout)] == [1]
    call(tmp_path, "verify", 1)
    call(tmp_path, "submit", "dataset.json", "--output", "c.zarr", *OPTIONS)
    call(tmp_path, "order", 2)
    shutil.rmtree(tmp_path / "c.zarr")
    assert "--withdraw" in call(tmp_path, "remove", 2, status=64).stderr
    call(tmp_path, "order", 2, "--withdraw")
    call(tmp_path, "remove", 2)


def test_a_view_that_is_gone_is_not_taken(tmp_path):
    dataset(tmp_path, "zarr")
    call(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", *OPTIONS)
    shutil.move(tmp_path / "v1", tmp_path / "away")
    assert "there is nothing at" in call(tmp_path, "retry", 1, "--view", "v1", status=64).stderr
    assert counts(tmp_path)["pending"] == 0


def test_the_terminal_closes(tmp_path):
    """The run stops cleanly, though what it says has no reader any more; under `nohup` it goes on."""
    dataset(tmp_path, "tiff")
    for name, words, outcome in [("a.zarr", [], "interrupted"), ("b.zarr", ["nohup"], "complete")]:
        job = int(call(tmp_path, "submit", "dataset.json", "--output", name, *OPTIONS).stdout)
        hold = tmp_path / "hold"
        hold.touch()
        process, terminal = pty.fork()
        if process == 0:
            # not as the tests were started, maybe by nohup
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.chdir(tmp_path)
            os.environ.update({"BLOCKFUSE_DB": str(tmp_path / "jobs.sqlite"), "BLOCKFUSE_FAULT": f"file-opening=hold:{hold}@8+"})
            command = [*words, binary(), "run", str(job), "--workers", "1"]
            os.execvp(command[0], command)
        deadline = time.time() + 60
        while counts(tmp_path, job)["done"] == 0 and time.time() < deadline:
            time.sleep(0.01)
        os.close(terminal)
        hold.unlink()
        _, status = os.waitpid(process, 0)
        code = os.waitstatus_to_exitcode(status)
        state = json.loads(call(tmp_path, "status", job, "--json").stdout)["state"]
        assert state == outcome and code == (0 if words else 128 + signal.SIGHUP), (words, state, code)
        call(tmp_path, "run", job, "--quiet")
    assert levels(tmp_path / "a.zarr").keys() == levels(tmp_path / "b.zarr").keys()


def test_words_when_there_is_nothing_to_do_or_another_thing(tmp_path):
    dataset(tmp_path, "zarr")
    call(tmp_path, "submit", "dataset.json", "--output", "out.zarr", "--output-chunksize", 16)
    end = call(tmp_path, "retry", 1, "--view", "v0", "--view", "v1")
    assert end.stdout == "0\n" and "no block that the views touch was made yet; `blockfuse run 1`" in end.stderr
    call(tmp_path, "run", 1, "--quiet")
    end = call(tmp_path, "retry", 1)
    assert end.stdout == "0\n" and "job 1 has no failed blocks; nothing was changed" in end.stderr
    end = call(tmp_path, "retry", 1, "--view", "tile", status=64)
    assert 'job 1 has no view "tile"' in end.stderr and "hint: there are v0, v1, v2" in end.stderr
    assert "there was nothing to repair" in call(tmp_path, "verify", 1, "--repair").stdout
    # an output that was moved is no input that changed
    (tmp_path / "out.zarr").rename(tmp_path / "moved.zarr")
    for command in (["run", 1], ["export-tiff", 1, "--output", "a.tif"]):
        end = call(tmp_path, *command, status=4)
        assert "blockfuse relocate 1 --output" in end.stderr and "cp -p" not in end.stderr, end.stderr
    # nor is another version of the program
    (tmp_path / "moved.zarr").rename(tmp_path / "out.zarr")
    call(tmp_path, "submit", "dataset.json", "--output", "other.zarr")
    with sqlite3.connect(tmp_path / "jobs.sqlite") as database:
        database.execute("UPDATE job SET voxel_revision = 1, fixed_sum = NULL")
    for command in (["retry", 1, "--view", "v0"], ["run", 2]):
        end = call(tmp_path, *command, status=4)
        assert "voxel revision 1" in end.stderr and "continue with the program that began the job" in end.stderr and "cp -p" not in end.stderr, end.stderr
