"""Defaults are what the process may use: processors, control groups, Slurm, the address space; and `plan` says where each comes from."""
import json, os, shutil, subprocess
from pathlib import Path
import pytest
from conftest import binary, blockfuse
from test_memory import mosaic  # noqa: F401

MIB = 1 << 20


def plan(folder, before=(), environment=None):
    """The memory of a plan with no flags, and the lines for people."""
    lines = []
    for flag in (["--json"], []):
        end = subprocess.run([*before, binary(), "plan", "dataset.json", *flag], cwd=folder, capture_output=True, text=True, env={**os.environ, **(environment or {})})
        assert end.returncode == 0, end.stderr
        lines.append(end.stdout)
    return json.loads(lines[0])["memory"], lines[1]


def outside():
    return {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}


class Group:
    """A control group of version 1 below this process's own one, or the reason why there is none."""

    def __init__(self, controller, **limits):
        self.path = None
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()] if os.path.exists("/proc/self/cgroup") else []
        own = next((group for _, controllers, group in lines if controller in controllers.split(",")), None)
        if own is None:
            pytest.skip(f"no control group of version 1 for {controller} here")
        path = Path(f"/sys/fs/cgroup/{controller}" + own.rstrip("/")) / f"blockfuse-test-{os.getpid()}"
        try:
            path.mkdir()
            self.path = path
            for name, value in limits.items():
                (path / f"{controller}.{name}").write_text(str(value))
        except OSError as error:
            self.close()
            pytest.skip(f"a control group cannot be made here: {error}")

    def within(self):
        return ["sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$@"', "sh"]

    def close(self):
        if self.path and self.path.exists():
            self.path.rmdir()


@pytest.fixture
def group():
    made = []
    def make(*arguments, **limits):
        made.append(Group(*arguments, **limits))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.mark.skipif(not shutil.which("taskset") or not hasattr(os, "sched_getaffinity"), reason="no taskset here")
def test_processors_that_the_process_may_run_on(mosaic):
    first = min(os.sched_getaffinity(0))
    memory, text = plan(mosaic, ["taskset", "-c", str(first)], {"SLURM_CPUS_PER_TASK": ""})
    assert memory["workers_wanted"] == 1 and memory["workers"] == 1
    if os.cpu_count() > 1:
        assert "taskset" in memory["workers_from"] and memory["workers_from"] in text


def test_slurm(mosaic):
    memory, text = plan(mosaic, environment={"SLURM_CPUS_PER_TASK": "1", "SLURM_MEM_PER_NODE": "600"})
    assert memory["workers_wanted"] == 1
    assert memory["limit"] <= 360 * MIB < 1.02 * memory["limit"] and memory["total"] <= memory["limit"]
    assert memory["limit_from"] == "60 % of 600.0 MiB, which is Slurm (SLURM_MEM_PER_NODE)" and memory["limit_from"] in text
    # what is given counts
    flags = json.loads(subprocess.run([binary(), "plan", "dataset.json", "--json", "--workers", "2", "--memory", "500MiB"], cwd=mosaic, capture_output=True, text=True, env={**os.environ, "SLURM_CPUS_PER_TASK": "1"}).stdout)["memory"]
    assert (flags["workers_wanted"], flags["workers_from"], flags["limit"], flags["limit_from"]) == (2, "--workers", 500 * MIB, "--memory")


def test_a_quota_of_processors(mosaic, group):
    quota = group("cpu", cfs_period_us=100_000, cfs_quota_us=50_000)
    memory, text = plan(mosaic, quota.within())
    assert memory["workers_wanted"] == 1
    if os.cpu_count() > 1:
        assert "CPU quota" in memory["workers_from"] and f"{quota.path.name}/cpu.cfs_quota_us" in text


def test_a_small_control_group_does_not_end_a_run(mosaic, group):
    """It was killed for its memory each time, as the default of 2 GiB did not look at what it may use."""
    small = group("memory", limit_in_bytes=256 * MIB)
    job = blockfuse(mosaic, "submit", "dataset.json", "--output", "group.ome.zarr", "--output-chunksize", "64", "--weights-func", "content_based", "--weights-func-kwargs", "sigma_1=1,sigma_2=2").strip()
    end = subprocess.run([*small.within(), binary(), "run", job, "--quiet"], cwd=mosaic, capture_output=True, text=True, env={**outside(), "BLOCKFUSE_DB": str(mosaic / "jobs.sqlite")})
    assert end.returncode == 0, f"{end.returncode} {end.stderr}"
    memory, text = plan(mosaic, small.within())
    assert memory["limit"] <= 0.6 * 256 * MIB and "60 % of 256.0 MiB" in text and "memory.limit_in_bytes" in text
    more = subprocess.run([binary(), "plan", "dataset.json", "--memory", "100TiB"], cwd=mosaic, capture_output=True, text=True)
    assert "more than" in more.stderr and "--memory is 100.0 TiB" in more.stderr


def test_version_2(mosaic, tmp_path):
    """Files of version 2, bound in the place of a system's."""
    mounts = [line.split(" - ") for line in Path("/proc/self/mountinfo").read_text().splitlines()] if os.path.exists("/proc/self/mountinfo") else []
    point = next((left.split()[4] for left, right in mounts if right.split()[0] == "cgroup2"), None)
    if point is None or not os.access(point, os.X_OK):
        pytest.skip("no control groups of version 2 are mounted here")
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    (tmp_path / "memory.max").write_text(f"{512 * MIB}\n")
    (tmp_path / "memory.high").write_text("max\n")
    bound = ["unshare", "--mount", "sh", "-c", f'mount --bind "{tmp_path}" "{point}" && exec "$@"', "sh"]
    if subprocess.run([*bound, "true"], capture_output=True).returncode != 0:
        pytest.skip("folders cannot be bound here")
    memory, text = plan(mosaic, bound)
    assert memory["workers_wanted"] == 1 and memory["limit"] <= 0.6 * 512 * MIB
    assert f"{point}/memory.max" in memory["limit_from"] and "60 % of 512.0 MiB" in text


def limited(folder, kibibytes, *arguments):
    environment = {**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")}
    return subprocess.run(["sh", "-c", f'ulimit -v {kibibytes} && exec "$@"', "sh", binary(), *arguments], cwd=folder, capture_output=True, text=True, env=environment)


def test_a_limit_of_the_address_space_is_told_as_what_it_is(mosaic):
    """A run that has too few addresses ends in words, with blocks that the same line goes on with."""
    job = blockfuse(mosaic, "submit", "dataset.json", "--output", "bound.ome.zarr", "--output-chunksize", "64").strip()
    ends = []
    # with less than this the language's own library may find no room to begin with
    for mebibytes in (1600, 700, 500, 450, 400):
        end = limited(mosaic, mebibytes * 1024, "run", job, "--memory", "3GiB", "--workers", "2", "--limit", "12")
        if end.returncode == 127:
            # not even the program's libraries have room
            break
        ends.append(end.returncode)
        assert end.returncode in (0, 1), f"{mebibytes} MiB: {end.returncode} {end.stderr}"
        assert "ulimit -v" in end.stderr and "Fatal" not in end.stderr, f"{mebibytes} MiB: {end.stderr}"
    assert 0 in ends
    assert blockfuse(mosaic, "run", job, "--quiet") == ""
    blockfuse(mosaic, "verify", job)
