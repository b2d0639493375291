"""One job over three nodes of a real Slurm, all of them this machine; and what may happen to tasks there.

`Tests/Slurm/slurm.sh install` installs it (Debian, as root). BLOCKFUSE_TEST_SLURM names the folder of one that runs already.
"""
import json, os, shutil, signal, subprocess, time
from pathlib import Path
import numpy as np, pytest, zarr
from conftest import binary, blockfuse

SCRIPT = Path(__file__).parents[1] / "Slurm/slurm.sh"
TASKS = 8


class Slurm:
    def __init__(self, folder):
        self.folder = folder
        os.environ["SLURM_CONF"] = f"{folder}/slurm.conf"
        os.environ["PATH"] += ":/usr/sbin"

    def script(self, command, *arguments):
        subprocess.run([SCRIPT, command, self.folder, *arguments], check=True)

    def call(self, *command):
        end = subprocess.run(command, capture_output=True, text=True)
        assert end.returncode == 0, f"{command}: {end.stderr}"
        return end.stdout

    def tasks(self, *options):
        """(array, index, state, node) of all tasks that run or wait."""
        lines = self.call("squeue", "-h", "-r", "-o", "%F|%K|%T|%N", *options).split()
        return [line.split("|") for line in lines]

    def number(self, array, index):
        """A task's own job number."""
        return self.call("squeue", "-h", "-j", f"{array}_{index}", "-o", "%A").strip()

    def drain(self, seconds=180):
        end = time.time() + seconds
        while self.tasks():
            assert time.time() < end, "left in the queue:\n" + self.call("squeue", "-r", "-o", "%i %j %T %r")
            time.sleep(0.5)

    def running(self, array, count, seconds=60):
        """Indices of an array, and their nodes, once so many run."""
        end = time.time() + seconds
        while True:
            tasks = {int(i): node for a, i, _, node in self.tasks("-t", "RUNNING") if a == array}
            if len(tasks) >= count:
                return tasks
            assert time.time() < end, self.call("squeue", "-r")
            time.sleep(0.2)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    given = os.environ.get("BLOCKFUSE_TEST_SLURM")
    if given:
        yield Slurm(given)
        return
    path = os.environ["PATH"] + ":/usr/sbin"
    if os.geteuid() != 0 or not all(shutil.which(name, path=path) for name in ("slurmctld", "slurmd", "sbatch", "munged")):
        pytest.skip("no Slurm here: as root on Debian, `Tests/Slurm/slurm.sh install`")
    slurm = Slurm(str(tmp_path_factory.mktemp("slurm")))
    # munge keeps its socket where its user can go
    for parent in [Path(slurm.folder), *Path(slurm.folder).parents][:-1]:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o111)
    slurm.script("start", "3")
    try:
        yield slurm
    finally:
        slurm.script("stop")


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """A mosaic, and what `run` makes of it: some thousand blocks on three levels."""
    folder = tmp_path_factory.mktemp("calm")
    subprocess.run([Path(binary()).with_name("mosaic"), "mosaic", "--tiles", "4x4", "--shape", "24,150,150", "--chunk", "24,50,50"], cwd=folder, check=True, capture_output=True)
    submit(folder, "calm.ome.zarr")
    blockfuse(folder, "run", "--quiet")
    levels = status(folder)["levels"]
    assert len(levels) == 3 and sum(level["blocks"]["total"] for level in levels) > 2000
    return folder


def submit(folder, output):
    blockfuse(folder, "submit", "mosaic/dataset.json", "--output", output, "--output-chunksize", "z=8,y=24,x=24")


def status(folder):
    return json.loads(blockfuse(folder, "status", "--json"))


def voxels(path):
    return [zarr.open_array(str(path / str(level)), mode="r")[:] for level in range(3)]


def slurm_command(folder, *arguments, **environment):
    end = subprocess.run([binary(), "slurm", "--json", *map(str, arguments)], cwd=folder, capture_output=True, text=True,
                         env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), **environment})
    assert end.returncode == 0, end.stderr
    return json.loads(end.stdout)


@pytest.fixture
def job(tmp_path, calm):
    os.symlink(calm / "mosaic", tmp_path / "mosaic")
    submit(tmp_path, "out.ome.zarr")
    return tmp_path


def expect_as_run(folder, calm):
    assert status(folder)["state"] == "complete"
    blockfuse(folder, "verify", "--quiet")
    for made, expected in zip(voxels(folder / "out.ome.zarr"), voxels(calm / "calm.ome.zarr")):
        np.testing.assert_array_equal(made, expected)
    assert json.loads((folder / "out.ome.zarr/.zattrs").read_text())["omero"] == json.loads((calm / "calm.ome.zarr/.zattrs").read_text())["omero"]


def by_level(report):
    return {job["level"]: job for job in report["submitted"]}


def indices(submitted):
    """Of `0-3,7`."""
    ranges = [part.split("-") for part in submitted["indices"].split(",")]
    return {i for part in ranges for i in range(int(part[0]), int(part[-1]) + 1)}


def test_voxels_are_those_of_run(slurm, job, calm):
    report = slurm_command(job, "--tasks", TASKS)
    assert [entry["level"] for entry in report["submitted"]] == [0, 1, 2, None]
    assert by_level(report)[0]["tasks"] == TASKS
    # all of it is on its way; a task that has ended may leave blocks in the hands of one that helps it, and such a share
    # may be submitted again, which harms nothing
    again = slurm_command(job)
    assert not again["new_order"] and again["active_tasks"] > 0
    assert all(len(indices(entry)) < TASKS for entry in again["submitted"] if entry["level"] == 0)
    slurm.drain()
    # the end has collected, as the database is on its host
    expect_as_run(job, calm)
    assert not slurm_command(job)["submitted"]


def processes(order, task):
    """Pids of tasks of an order."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if order.encode() in words and b"--task" in words and words[words.index(b"--task") + 1] == str(task).encode():
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(not os.environ.get("BLOCKFUSE_TEST_THOROUGH"), reason="kills daemons and rests on their timing: BLOCKFUSE_TEST_THOROUGH=1 runs it")
def test_whatever_happens_to_tasks(slurm, job, calm):
    # each block takes a while, so that there is time to do harm
    slow = "file-opening=wait:40@1+"
    report = slurm_command(job, "--tasks", TASKS, BLOCKFUSE_FAULT=slow)
    order, array = report["order"], by_level(report)[0]["id"]
    tasks = slurm.running(array, 6)
    # a node dies, which takes two tasks along; the harm of the others is done to tasks of the other nodes
    node = tasks[max(tasks)]
    cancelled, requeued, killed, asked = [i for i in sorted(tasks) if tasks[i] != node][:4]
    twice = [subprocess.Popen([binary(), "work", order, "--level", "0", "--tasks", str(TASKS), "--task", str(asked), "--quiet"], env={**os.environ, "BLOCKFUSE_FAULT": slow}) for _ in range(2)]
    time.sleep(1)
    slurm.call("scancel", f"{array}_{cancelled}")
    slurm.call("scontrol", "requeue", f"{array}_{requeued}")
    slurm.call("scontrol", "update", f"JobId={array}_{requeued}", "StartTime=now")
    pids = processes(order, killed)
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    # what Slurm sends before the time limit
    slurm.call("scancel", "--batch", "--signal=TERM", slurm.number(array, asked))
    slurm.script("kill", node)
    time.sleep(1)
    slurm.script("kill", "slurmctld")
    time.sleep(1)
    slurm.script("again", "slurmctld")
    # while all that goes on, what was done can be known
    blockfuse(job, "collect")
    time.sleep(6)
    slurm.script("again", node)
    slurm.drain()
    for process in twice:
        assert process.wait() == 0
    output = "".join(path.read_text() for path in Path(order, "slurm/level-0").glob("*.out"))
    assert "stopped by signal 15" in output
    blockfuse(job, "collect")
    assert status(job)["state"] == "interrupted"
    # again: only what is missing
    for attempt in range(3):
        report = slurm_command(job)
        assert report["order"] == order
        missing = by_level(report)
        if attempt == 0:
            # what the killed task had in hand was left to it; the shares of others may have been done by those that helped
            assert 0 < missing[0]["tasks"] < TASKS and killed in indices(missing[0])
        slurm.drain()
        if status(job)["state"] == "complete":
            break
    expect_as_run(job, calm)


def test_a_failed_block_is_tried_again_after_retry(slurm, job, calm, tmp_path):
    # a damaged chunk of an input
    os.unlink(job / "mosaic")
    shutil.copytree(calm / "mosaic", job / "mosaic")
    chunk = next(path for path in sorted((job / "mosaic/tiles").rglob("*")) if path.is_file() and path.name.isdigit() and path.stat().st_size > 1000)
    good = chunk.read_bytes()
    stamp = chunk.stat()
    chunk.write_bytes(good[:200] + bytes(200) + good[400:])
    os.utime(chunk, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    slurm_command(job, "--tasks", TASKS)
    slurm.drain()
    state = status(job)
    assert state["levels"][0]["blocks"]["failed"] > 0
    # the others of the pyramid are done
    assert state["levels"][1]["blocks"]["done"] > 0 and state["levels"][1]["blocks"]["pending"] > 0
    chunk.write_bytes(good)
    os.utime(chunk, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    blockfuse(job, "retry")
    report = slurm_command(job)
    assert 0 < by_level(report)[0]["tasks"] < TASKS
    slurm.drain()
    expect_as_run(job, calm)
