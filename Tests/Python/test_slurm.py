"""One job over three nodes of a real Slurm, all of them this machine; and what may happen to tasks there.

`Tests/Slurm/slurm.sh install` installs it (Debian, as root). BLOCKFUSE_TEST_SLURM names the folder of one that runs already.
A level of eight tasks needs two of its arrays.
"""
import json, os, re, shutil, signal, subprocess, time
from pathlib import Path
from typing import NamedTuple
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

    def tasks(self):
        """All tasks that run or wait."""
        tasks = []
        for line in self.call("squeue", "-h", "-r", "-o", "%F|%K|%T|%N|%j").splitlines():
            array, index, state, node, name = line.split("|", 4)
            place = re.search(r"-level-(\d+)-of-\d+-from-(\d+)$", name)
            if place:
                tasks.append(Task(int(place[1]), int(place[2]) + int(index), f"{array}_{index}", state, node))
            else:
                tasks.append(Task(None, 0, array, state, node))
        return tasks

    def running(self, level):
        """By number."""
        return {task.number: task for task in self.tasks() if task.level == level and task.state == "RUNNING"}

    def drain(self, seconds=120):
        until(lambda: not self.tasks(), "the queue to be empty", seconds, lambda: self.call("squeue", "-r", "-o", "%i %j %T %r %N"))

    def save(self, id):
        """Has the controller write what it knows: it does so after a change, within five seconds."""
        file, now = Path(self.folder, "state/job_state"), time.time()
        self.call("scontrol", "update", f"JobId={id}", f"Comment={now}")
        until(lambda: file.exists() and file.stat().st_mtime > now, "the controller to save its state")

    def state(self, node):
        return self.call("sinfo", "-h", "-N", "-n", node, "-o", "%T").strip()


class Task(NamedTuple):
    """Of a level; without one, the end that collects. The id is Slurm's."""
    level: int | None
    number: int
    id: str
    state: str
    node: str


def until(condition, what, seconds=60, more=lambda: ""):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, f"waited {seconds} s for {what}; {more()}"
        time.sleep(0.1)


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


def submitted(report):
    """By level, the tasks that were submitted; the end's level is None."""
    levels = {}
    for entry in report["submitted"]:
        ranges = [part.split("-") for part in entry["indices"].split(",") if part]
        levels.setdefault(entry["level"], set()).update(i for part in ranges for i in range(int(part[0]), int(part[-1]) + 1))
    return levels


def test_voxels_are_those_of_run(slurm, job, calm):
    report = slurm_command(job, "--tasks", TASKS)
    levels = submitted(report)
    assert list(levels) == [0, 1, 2, None] and levels[0] == set(range(TASKS))
    # more than the site allows in an array
    assert [entry["indices"] for entry in report["submitted"] if entry["level"] == 0] == ["0-5", "6-7"]
    # all of it is on its way, or done
    for _ in range(5):
        again = slurm_command(job)
        assert not again["submitted"] and not again["new_order"]
    slurm.drain()
    # the end has collected, as the database is on its host
    expect_as_run(job, calm)
    assert not slurm_command(job)["submitted"]


def test_a_task_that_ends_while_slurm_looks_is_not_submitted_again(tmp_path):
    """Commands stand for Slurm's, so that a task ends right before the queue is looked at."""
    subprocess.run([Path(binary()).with_name("mosaic"), "mosaic", "--tiles", "1x2", "--shape", "8,70,130", "--chunk", "8,70,70"], cwd=tmp_path, check=True, capture_output=True)
    blockfuse(tmp_path, "submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "z=8,y=16,x=16")
    (tmp_path / "bin").mkdir()
    for name, script in (("scontrol", "echo MaxArraySize = 1001"), ("sbatch", "echo x >> ids; wc -l < ids"), ("scancel", "exit 1"),
                         ("squeue", "if [ -e last ]; then sh last >&2; fi; cat queue")):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\ncd '{tmp_path}'\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "queue").write_text("")
    path = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    report = slurm_command(tmp_path, "--tasks", 2, **path)
    assert list(submitted(report).items())[0] == (0, {0, 1})
    order = report["order"]
    dry = blockfuse(tmp_path, "slurm", "--dry-run", "--tasks", 2)
    prefix = re.search(r"--job-name=(blockfuse-1-\w+-)level-0", dry)[1]
    # task 1 runs, all of the pyramid and the end wait; task 0 does what is left of its share, and is gone
    lines = ["1|1|RUNNING|None|" + prefix + "level-0-of-2-from-0"]
    for entry in report["submitted"]:
        if entry["level"]:
            lines += [f"{entry['id']}|{i}|PENDING|Dependency|{prefix}level-{entry['level']}-of-{entry['tasks']}-from-0" for i in submitted({"submitted": [entry]})[entry["level"]]]
    lines.append(f"{report['submitted'][-1]['id']}|N/A|PENDING|Dependency|{prefix}collect")
    (tmp_path / "queue").write_text("\n".join(lines) + "\n")
    (tmp_path / "last").write_text(f"'{binary()}' work '{order}' --level 0 --task 0 --tasks 2 --quiet")
    again = slurm_command(tmp_path, **path)
    assert not again["submitted"] and again["active_tasks"] == len(lines) - 1
    assert 0 < status(tmp_path)["levels"][0]["blocks"]["done"] < status(tmp_path)["levels"][0]["blocks"]["total"]


def processes(order, task):
    """Pids of tasks of level 0 of an order."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = [word.decode() for word in path.read_bytes().split(b"\0")]
        except OSError:
            continue
        if order in words and f"--level 0 --tasks {TASKS} --task {task}" in " ".join(words):
            found.append(int(path.parent.name))
    return found


def test_whatever_happens_to_tasks(slurm, job, calm):
    # all stand still at their 20th block, until this file is gone: what happens does not rest on who is quick
    hold = job / "hold"
    hold.touch()
    environment = {"BLOCKFUSE_FAULT": f"file-opening=hold:{hold}@20+"}
    report = slurm_command(job, "--tasks", TASKS, **environment)
    order, end = report["order"], report["submitted"][-1]["id"]
    output = Path(order, "slurm/level-0")

    def is_held(file):
        return file.exists() and "made to fail" in file.read_text()

    until(lambda: len(slurm.running(0)) == 6, "six tasks to run")
    tasks = slurm.running(0)
    until(lambda: all(is_held(output / f"{task.id}.out") for task in tasks.values()), "six tasks to hold")
    # a node will die, which takes two tasks along; the harm of the others is done to tasks of the other nodes
    node = tasks[max(tasks)].node
    cancelled, requeued, killed, asked = [task for number, task in sorted(tasks.items()) if task.node != node][:4]
    dead_node_tasks = {number for number, task in tasks.items() if task.node == node}
    twice = []
    try:
        for i in range(2):
            with open(job / f"twice-{i}", "w") as file:
                command = [binary(), "work", order, "--level", "0", "--tasks", str(TASKS), "--task", str(asked.number)]
                twice.append(subprocess.Popen(command, stderr=file, env={**os.environ, **environment}))
        until(lambda: all(is_held(job / f"twice-{i}") for i in range(2)), "the same task to run three times")
        slurm.call("scancel", cancelled.id)
        slurm.call("scontrol", "requeue", requeued.id)
        for pid in processes(order, killed.number):
            os.kill(pid, signal.SIGKILL)
        # what Slurm sends before the time limit
        slurm.call("scancel", "--batch", "--signal=TERM", asked.id)
        until(lambda: not {cancelled.number, killed.number} & {task.number for task in slurm.tasks() if task.level == 0}, "tasks to be gone")
        slurm.script("kill", node)
        slurm.save(end)
        slurm.script("kill", "slurmctld")
        slurm.script("again", "slurmctld")
        # while all that goes on, what was done can be known
        blockfuse(job, "collect")
        assert 0 < status(job)["levels"][0]["blocks"]["done"] < TASKS * 40
        # the tasks of a dead node are queued again; their processes still stand there
        until(lambda: slurm.state(node).startswith("down"), "a node to be found dead")
        assert all(processes(order, number) for number in dead_node_tasks)
    finally:
        hold.unlink()
        slurm.script("again", "slurmctld")
        slurm.script("again", node)
    slurm.drain()
    assert [process.wait(60) for process in twice] == [0, 0]
    assert "stopped by SIGTERM" in (output / f"{asked.id}.out").read_text()
    blockfuse(job, "collect")
    # a task that was killed said nothing, and counts as at work until its log is ten minutes old
    assert status(job)["state"] in ("interrupted", "running")
    # again, and only what is missing: what the killed and the cancelled task had in hand was left to them
    report = slurm_command(job)
    assert report["order"] == order and submitted(report)[0] == {cancelled.number, killed.number}
    slurm.drain()
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
    assert 0 < len(submitted(slurm_command(job))[0]) < TASKS
    slurm.drain()
    expect_as_run(job, calm)
