"""Databases and outputs of earlier versions, as they were left (Tests/Fixtures/Jobs): everything in them can be looked at and
finished or is refused in words."""
import json, os, re, sqlite3, subprocess, tarfile
from pathlib import Path

import numpy as np, pytest, zarr
from conftest import binary, blockfuse

FIXTURES = sorted((Path(__file__).parents[1] / "Fixtures/Jobs").glob("revision-*.tar.gz"))
RECORDED = "/jobs-fixture"
STATES = {1: "pending", 2: "interrupted", 3: "failed", 4: "complete", 5: "interrupted", 6: "pending"}
UNFINISHED = [1, 2, 3, 5]
# with the chunk that its program took where none was asked for; revision-1 has no such job
CHOSEN = 7


def current(folder):
    """Voxel revision and codec libraries of a job that is submitted now."""
    blockfuse(folder, "submit", "images/dataset.json", "--output", "now.ome.zarr", "--db", "now.sqlite", "--output-chunksize", "32", "--quiet")
    with sqlite3.connect(folder / "now.sqlite") as db:
        row = db.execute("SELECT voxel_revision, codec_libraries FROM job").fetchone()
    db.close()
    return row


def record(folder, **columns):
    """Changes columns of all jobs, of a database that is of today's schema, as if they had always been so."""
    blockfuse(folder, "list")
    with sqlite3.connect(folder / "jobs.sqlite") as db:
        db.execute(f"UPDATE job SET fixed_sum = NULL, {', '.join(name + ' = ?' for name in columns)}", tuple(columns.values()))
    db.close()


def move(database, folder):
    """Absolute paths in every column of text are changed to where the fixture was unpacked, with what is known by them: sums of rows
    are as in a database from before there were any, and the file is the one that it was, though it was unpacked to another inode."""
    mode = database.stat().st_mode
    database.chmod(0o644)
    with sqlite3.connect(database) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
            for column, kind in db.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall():
                if kind == "TEXT":
                    db.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE instr({column}, ?)", (RECORDED, str(folder), RECORDED))
        columns = {name for (name,) in db.execute("SELECT name FROM pragma_table_info('job')")}
        if "fixed_sum" in columns:
            db.execute("UPDATE job SET fixed_sum = NULL, views_sum = NULL")
            db.execute("UPDATE identity SET inode = ?", (database.stat().st_ino,))
    db.close()
    database.chmod(mode)


@pytest.fixture(params=FIXTURES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def jobs(request, tmp_path):
    with tarfile.open(request.param) as tar:
        tar.extractall(tmp_path, filter="fully_trusted")
    folder = tmp_path / RECORDED.strip("/")
    for database in [folder / "jobs.sqlite", *folder.glob("*.blockfuse/*/order.sqlite")]:
        move(database, folder)
    for metadata in [*folder.glob("*.ome.zarr/.zattrs"), *folder.glob("*.ome.zarr/zarr.json")]:
        metadata.write_text(metadata.read_text().replace(RECORDED, str(folder)))
    return folder


def exit_status(folder, *arguments):
    return subprocess.run(
        [binary(), *map(str, arguments)], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})


def outputs(folder, job):
    path = json.loads(blockfuse(folder, "status", job, "--json"))["output"]
    return {file.relative_to(path): file.read_bytes() for file in Path(path).rglob("*") if file.is_file()}


def voxels(folder, name):
    return [np.asarray(zarr.open_array(folder / name / level)[:]) for level in ("0", "1")]


def states(folder):
    """Of the jobs of a fixture."""
    return {**STATES, CHOSEN: "interrupted"} if (folder / "chosen.ome.zarr").exists() else STATES


def test_there_is_a_fixture_of_every_revision():
    said = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True).stdout
    revision = int(re.search(r"voxel revision (\d+)", said)[1])
    assert [path.name for path in FIXTURES] == [f"revision-{number}.tar.gz" for number in range(1, revision + 1)]


def test_every_job_can_be_looked_at(jobs):
    listed = json.loads(blockfuse(jobs, "list", "--json"))
    assert {job["job"]: job["state"] for job in listed} == states(jobs)
    for job in states(jobs):
        status = json.loads(blockfuse(jobs, "status", job, "--json"))
        blocks = [json.loads(line) for line in blockfuse(jobs, "blocks", job, "--json").splitlines()]
        assert len(blocks) == status["blocks"]["total"]
        # status reads what tasks of a work order have logged, blocks goes by the record
        done = sum(block["state"] == "done" for block in blocks)
        assert done == status["blocks"]["done"] or status["order"] and done < status["blocks"]["done"]
        blockfuse(jobs, "report", job, "--output", f"report-{job}.html")
        # what is recorded done is there, whole
        blockfuse(jobs, "verify", job)


def test_a_finished_job_stays_as_it_is(jobs):
    before = outputs(jobs, 4)
    blockfuse(jobs, "run", 4)
    blockfuse(jobs, "verify", 4, "--repair")
    blockfuse(jobs, "preview", 4, "--output", "preview.png")
    assert outputs(jobs, 4) == before


def test_jobs_of_another_revision_are_refused_by_name(jobs):
    revision = json.loads(blockfuse(jobs, "status", 1, "--json"))["voxel_revision"]
    now, _ = current(jobs)
    if revision == now:
        record(jobs, voxel_revision=now + 1)
    blockfuse(jobs, "retry", 3)
    for job in UNFINISHED:
        before = outputs(jobs, job)
        end = exit_status(jobs, "run", job)
        assert end.returncode == 4, end.stderr
        assert "voxel revision" in end.stderr and str(now) in end.stderr and "submit a new job" in end.stderr
        assert outputs(jobs, job) == before
    if revision != now:
        order = json.loads(blockfuse(jobs, "status", 6, "--json"))["order"]["path"]
        end = exit_status(jobs, "work", order, "--task", "1", "--tasks", "2")
        assert end.returncode == 4 and "voxel revision" in end.stderr, end.stderr


def test_what_tasks_of_an_order_logged_is_collected(jobs):
    def recorded():
        return sum(json.loads(line)["state"] == "done" for line in blockfuse(jobs, "blocks", 6, "--json").splitlines())
    assert recorded() == 0
    logged = json.loads(blockfuse(jobs, "status", 6, "--json"))["blocks"]["done"]
    blockfuse(jobs, "collect", 6)
    status = json.loads(blockfuse(jobs, "status", 6, "--json"))
    assert recorded() == logged == status["blocks"]["done"]
    assert status["state"] == "interrupted" and 0 < status["blocks"]["done"] < status["blocks"]["total"]
    blockfuse(jobs, "verify", 6)


def test_the_record_itself_goes_on(jobs):
    """The jobs of the fixture as if they were of this program's revision, which none of their voxels depends on: they come to
    their end with equal files, whatever version of the program recorded them."""
    revision, libraries = current(jobs)
    record(jobs, voxel_revision=revision, codec_libraries=libraries, program_version="blockfuse 9.9.9")
    damaged, whole = "images/damaged.ome.zarr/0/0/0/0/1/1", "images/tiles/tile_1_1.ome.zarr/0/0/0/0/1/1"
    (jobs / damaged).write_bytes((jobs / whole).read_bytes())
    blockfuse(jobs, "retry", 3)
    for job in UNFINISHED:
        blockfuse(jobs, "run", job, "--quiet")
        status = json.loads(blockfuse(jobs, "status", job, "--json"))
        assert status["state"] == "complete", status
        blockfuse(jobs, "verify", job)
    for name in ("interrupted", "failed", "killed"):
        for one, other in zip(voxels(jobs, "pending.ome.zarr"), voxels(jobs, f"{name}.ome.zarr")):
            np.testing.assert_array_equal(one, other)
    for one, other in zip(voxels(jobs, "pending.ome.zarr"), voxels(jobs, "complete.ome.zarr")):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("more", [[], ["--overwrite"]], ids=["", "overwrite"])
def test_fuse_goes_on_with_what_it_began(jobs, more):
    """The same line as then, with a program that takes other chunks and records more of a view: the job is the same."""
    revision, libraries = current(jobs)
    record(jobs, voxel_revision=revision, codec_libraries=libraries)
    before = states(jobs)
    for job, name, options in [(2, "interrupted", ["--output-chunksize", "32"]), (CHOSEN, "chosen", [])]:
        if job not in before:
            continue
        chunk = json.loads(blockfuse(jobs, "status", job, "--json"))["levels"][0]["chunks"]
        end = exit_status(jobs, "fuse", "images/dataset.json", "--output", f"{name}.ome.zarr", *options, *more)
        assert end.returncode == 0 and f"goes on with job {job}: " in end.stderr, end.stderr
        status = json.loads(blockfuse(jobs, "status", job, "--json"))
        assert status["state"] == "complete" and status["levels"][0]["chunks"] == chunk
        blockfuse(jobs, "verify", job)
        # the chunk is no matter to voxels
        blockfuse(jobs, "run", 1, "--quiet")
        for one, other in zip(voxels(jobs, "pending.ome.zarr"), voxels(jobs, f"{name}.ome.zarr")):
            np.testing.assert_array_equal(one, other)
    assert {job["job"] for job in json.loads(blockfuse(jobs, "list", "--json"))} == set(before)
    # another chunk than the one that was taken is another job
    end = exit_status(jobs, "fuse", "images/dataset.json", "--output", "killed.ome.zarr", "--output-chunksize", "64")
    assert end.returncode == 64 and "output_chunksize: was 32, is 64" in end.stderr, end.stderr


def test_other_codec_libraries_are_refused_by_name(jobs):
    revision, _ = current(jobs)
    record(jobs, voxel_revision=revision, codec_libraries="zstd 0.1")
    end = exit_status(jobs, "run", 2)
    assert end.returncode == 4 and "zstd 0.1" in end.stderr, end.stderr
