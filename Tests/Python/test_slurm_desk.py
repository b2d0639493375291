"""The command `slurm` against programs that stand for those of Slurm."""
import json, os, re, subprocess
from pathlib import Path
import pytest
from conftest import binary, blockfuse
from test_slurm import status, submitted

class Desk:
    """A job of about 1,300 blocks, and commands that stand for Slurm's: what is submitted is written down and never runs."""

    def __init__(self, folder):
        self.folder = folder
        mosaic = [Path(binary()).with_name("mosaic"), "mosaic", "--tiles", "3x3", "--shape", "8,150,150", "--chunk", "8,50,50"]
        subprocess.run(mosaic, cwd=folder, check=True, capture_output=True)
        blockfuse(folder, "submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "z=8,y=16,x=16")
        (folder / "bin").mkdir()
        (folder / "queue").touch()
        for name, script in (("scontrol", "echo MaxArraySize = 1001"), ("squeue", "env > squeue-environment; cat queue"),
                             ("scancel", 'echo "$@" >> cancelled'),
                             ("sbatch", 'n=$(($(ls submitted-* 2>/dev/null | wc -l) + 1)); for word in "$@"; do echo "$word"; done > submitted-$n; echo $n')):
            (folder / "bin" / name).write_text(f"#!/bin/sh\ncd '{folder}'\n{script}\n")
            (folder / "bin" / name).chmod(0o755)
        self.environment = {**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "PATH": f"{folder}/bin:{os.environ['PATH']}"}

    def call(self, *command, status=0, **environment):
        end = subprocess.run([str(word) for word in command], cwd=self.folder, capture_output=True, text=True, env={**self.environment, **environment})
        assert end.returncode == status, (command, end.returncode, end.stdout, end.stderr)
        return end

    def slurm(self, *arguments, status=0, **environment):
        return self.call(binary(), "slurm", *arguments, status=status, **environment)

    def report(self, *arguments):
        return json.loads(self.slurm("--json", *arguments).stdout)

    @property
    def submitted(self):
        """The arguments of sbatch, by job."""
        return {path.name[10:]: path.read_text().splitlines() for path in self.folder.glob("submitted-*")}

    @property
    def cancelled(self):
        path = self.folder / "cancelled"
        return set(path.read_text().split()) if path.exists() else set()

    def queue(self):
        """All that was submitted so far waits."""
        lines = []
        for id, words in self.submitted.items():
            name = next(word[11:] for word in words if word.startswith("--job-name="))
            array = next((word[8:] for word in words if word.startswith("--array=")), None)
            first, last = (array.split("-")[0], array.split("-")[-1]) if array else (0, 0)
            lines += [f"{id}|{i if array else 'N/A'}|PENDING|Dependency|{name}" for i in range(int(first), int(last) + 1)]
        (self.folder / "queue").write_text("\n".join(lines) + "\n")

    def damage(self):
        chunk = next(path for path in sorted((self.folder / "mosaic/tiles").rglob("*")) if path.is_file() and path.name.isdigit() and path.stat().st_size > 1000)
        os.truncate(chunk, chunk.stat().st_size - 7)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.mark.parametrize("words", [["--begin=now+1hour"], ["1", "--begin=now+1hour"], ["--begin=now+1hour", "1"], ["--", "--begin=now+1hour"],
                                   ["1", "--begin", "now+1hour"]])
def test_options_are_passed_on_with_and_without_a_job(desk, words):
    desk.slurm("--tasks", 4, *words)
    assert len(desk.submitted) == 4
    for arguments in desk.submitted.values():
        assert " ".join(arguments).endswith("--begin now+1hour" if "--begin" in words else "--begin=now+1hour")


@pytest.mark.parametrize("word", ["-a0-1", "-a", "--array=0-1", "--arr=0-1", "--depend=afterok:1", "-Jname"])
def test_what_is_set_here_is_not_passed_on(desk, word):
    assert "cannot be passed on" in desk.slurm("--tasks", 4, word, status=64).stderr
    assert not desk.submitted and not (desk.folder / "out.ome.zarr.blockfuse").exists()


def test_the_number_of_tasks_is_as_before(desk):
    first = desk.report("--tasks", 5)
    assert submitted(first)[0] == set(range(5))
    # what no order knows is done beside tasks that never began
    desk.queue()
    blockfuse(desk.folder, "run", "--limit", 10, "--quiet")
    again = desk.report()
    assert again["new_order"] and again["order"] != first["order"] and submitted(again)[0] == set(range(5))
    assert desk.cancelled == {entry["id"] for entry in first["submitted"]}
    # cancelled before any began
    (desk.folder / "queue").write_text("")
    assert submitted(desk.report())[0] == set(range(5))
    blockfuse(desk.folder, "order", "--withdraw")
    assert submitted(desk.report())[0] == set(range(5))


def test_an_unknown_number_of_tasks_is_taken_from_what_the_job_costs(desk):
    # a small job is one task, whatever its blocks are
    script = desk.slurm("--dry-run").stdout
    assert "# --tasks is not given: 1 task, of about an hour each at most" in script and "# expects about 1 core minute" in script
    end = desk.slurm()
    assert "--tasks is not given: takes 1 task" in end.stderr, end.stderr
    assert re.search(r"expects about 1 core minute: \d+ s with 1 task of 1 CPU at a time", end.stderr), end.stderr
    assert "--array=0" in desk.submitted["1"]
    # the same number is kept, and said no more
    (desk.folder / "queue").write_text("")
    again = desk.report("--cpus-per-task=4")
    assert again["tasks"] == 1 and 0 < again["expected"]["core_seconds"] < 60
    assert again["expected"]["seconds"] == pytest.approx(again["expected"]["core_seconds"] / 4, rel=1e-4)


def test_the_end_asks_for_little(desk):
    desk.slurm("--tasks", 4, "--partition", "big", "--cpus-per-task=16", "--mem=64G", "--time=1-00", "--", "--gres=gpu:1", "-N", "1")
    *arrays, end = [desk.submitted[id] for id in sorted(desk.submitted, key=int)]
    assert all(words[-6:] == ["--time=1-00", "--cpus-per-task=16", "--mem=64G", "--gres=gpu:1", "-N", "1"] for words in arrays)
    assert end[-5:] == ["--ntasks=1", "--cpus-per-task=1", "--time=30", "--mem=2048M", "--partition=big"], end
    script = desk.slurm("--dry-run", "--cpus-per-task=16", "--time=5").stdout
    assert script.rstrip().endswith("END\n)\nthe_end=${the_end%%;*}\nsubmitted=\"$submitted $the_end\"")
    assert "--ntasks=1 --cpus-per-task=1 --time=5 <<'END'" in script.split("# the end")[1]


def test_what_waits_for_an_earlier_order_is_known(desk):
    first = desk.report("--tasks", 4)
    ids = {entry["id"] for entry in first["submitted"]}
    desk.queue()
    blockfuse(desk.folder, "order", "--withdraw")
    assert set(json.loads(desk.slurm("--cancel", "--json").stdout)["cancelled"]) == ids == desk.cancelled
    # also below a new order, and before more is submitted
    (desk.folder / "cancelled").unlink()
    blockfuse(desk.folder, "order")
    assert submitted(desk.report("--tasks", 4))[0] == set(range(4)) and desk.cancelled == ids
    blockfuse(desk.folder, "run", "--quiet")
    desk.queue()
    assert set(json.loads(desk.slurm("--cancel", "--json").stdout)["cancelled"]) == set(desk.submitted)


def test_the_script_of_a_dry_run_does_the_same(desk):
    def run(status=0):
        script = desk.folder / "script"
        script.write_text(desk.slurm("--dry-run", "--tasks", 4, "--begin=now").stdout)
        return desk.call("sh", script, status=status)

    # an order whose number is taken
    blockfuse(desk.folder, "order")
    blockfuse(desk.folder, "order", "--withdraw")
    assert not desk.submitted
    run()
    order = status(desk.folder)["order"]["path"]
    assert order.endswith("/order-2") and len(desk.submitted) == 4
    for words in desk.submitted.values():
        output = next(word[9:] for word in words if word.startswith("--output="))
        assert output.startswith(order) and Path(output).parent.is_dir()
    assert "--dependency=afterany:1:2" in desk.submitted["3"]
    # and it is good for once
    assert "good for once" in desk.call("sh", desk.folder / "script", status=64).stderr
    desk.queue()
    assert not desk.report()["submitted"]
    # a later one does what the command does: here with what a former submission asked for
    (desk.folder / "queue").write_text("")
    script = {id: words for id, words in desk.submitted.items()}
    for path in desk.folder.glob("submitted-*"):
        path.unlink()
    run()
    assert desk.submitted == script
    for path in desk.folder.glob("submitted-*"):
        path.unlink()
    desk.slurm("--begin=now")
    assert desk.submitted == script


def test_nothing_is_left_but_failed_blocks(desk):
    desk.damage()
    order = desk.report("--tasks", 2)["order"]
    for level in range(3):
        desk.call(binary(), "work", order, "--task", 0, "--tasks", 1, "--level", level, status=3)
    before = len(desk.submitted)
    end = desk.slurm(status=3)
    assert "blocks failed" in end.stderr and len(desk.submitted) == before


def test_what_people_set_for_squeue_is_left_out(desk):
    desk.slurm("--tasks", 2)
    desk.slurm(SQUEUE_STATES="RUNNING", SQUEUE_PARTITION="debug")
    assert "SQUEUE" not in (desk.folder / "squeue-environment").read_text()
