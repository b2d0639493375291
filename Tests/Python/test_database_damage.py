"""Job databases that are damaged at random, by seed: no command crashes or hangs, and where `verify` finds nothing wrong with a
complete job, its voxels are those of one that nothing happened to.

`BLOCKFUSE_TEST_DAMAGES=0:300` damages others than those of every day; see docs/testing.md.
"""
from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import binary, blockfuse
from hostile.database_damage import damage_file, damage_row

FIRST, _, END = os.environ.get("BLOCKFUSE_TEST_DAMAGES", "0:40").partition(":")
# what commands may say; a crash is none of these
STATUSES = {0, 1, 3, 4, 10, 11, 12, 64}


def digest(output: Path) -> dict[str, str]:
    """Of all files that hold voxels or say how they lie; what a killed run left is neither."""
    files = [f for f in sorted(output.rglob("*")) if f.is_file() and f.name not in (".zattrs", "zarr.json") and f.suffix != ".tmp"]
    return {str(f.relative_to(output)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@dataclass
class Template:
    """A job in some state: the bytes of its database, and its output, to be put back as they were."""

    database: bytes
    output: Path
    # what lies beside the output and belongs to it
    beside: Path


class Bench:
    """One folder in which every damage is done, since a record holds the paths of its inputs and its output."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.database, self.output = folder, folder / "jobs.sqlite", folder / "out.ome.zarr"
        self.beside = folder / "out.ome.zarr.blockfuse"
        subprocess.run([str(Path(binary()).parent / "mosaic"), "mosaic", "--tiles", "2x2", "--shape", "12,110,110", "--chunk", "12,55,55"], cwd=folder, check=True, capture_output=True)
        options = ["--output", "out.ome.zarr", "--output-chunksize", "32", "--quiet"]
        blockfuse(folder, "submit", "mosaic/dataset.json", *options)
        self.templates = [self._keep("pending")]
        end = subprocess.run([binary(), "run", "--quiet", "--workers", "2"], cwd=folder, env=self._environment(BLOCKFUSE_FAULT="file-renamed=kill@14"), capture_output=True)
        assert end.returncode == -9
        # the log of the killed run goes into the file, and its claims stay
        with sqlite3.connect(self.database) as db:
            assert db.execute("SELECT count(*) FROM claim").fetchone()[0] > 0
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        self.templates.append(self._keep("killed"))
        blockfuse(folder, "run", "--quiet")
        self.templates.append(self._keep("complete"))
        self.whole = digest(self.output)
        self.put_back(self.templates[1])
        blockfuse(folder, "order", "--quiet")
        self.templates.append(self._keep("ordered"))

    def _environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "BLOCKFUSE_DB": str(self.database), **more}

    def _keep(self, name: str) -> Template:
        kept, beside = self.folder / f"kept-{name}", self.folder / f"beside-{name}"
        shutil.copytree(self.output, kept)
        if self.beside.exists():
            shutil.copytree(self.beside, beside)
        with sqlite3.connect(self.database) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        return Template(self.database.read_bytes(), kept, beside)

    def put_back(self, template: Template) -> None:
        """In place: another file of this name would be a copy."""
        for end in ("-wal", "-shm", "-journal"):
            Path(f"{self.database}{end}").unlink(missing_ok=True)
        with self.database.open("r+b") as file:
            file.write(template.database)
            file.truncate()
        shutil.rmtree(self.output)
        shutil.copytree(template.output, self.output)
        shutil.rmtree(self.beside, ignore_errors=True)
        if template.beside.exists():
            shutil.copytree(template.beside, self.beside)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([binary(), *arguments], cwd=self.folder, env=self._environment(), capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("damage"))


def differs(now: dict[str, str], whole: dict[str, str]) -> list[str]:
    return sorted(name for name in now.keys() | whole.keys() if now.get(name) != whole.get(name))


@pytest.mark.parametrize("seed", range(int(FIRST), int(END or int(FIRST) + 1)))
def test_a_damaged_database(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)
    bench.put_back(rng.choice(bench.templates))
    what = damage_file(rng, bench.database) if rng.random() < 0.4 else damage_row(rng, bench.database)
    looks = [["status", "--json"], ["list", "--json"], ["blocks", "--json"], ["blocks", "--block", "0,0,0,1,1"], ["report", "-o", "report.html"]]
    statuses = {}
    for command in [rng.choice(looks), ["run", "--quiet", "--workers", "2"], ["verify", "--quiet"]]:
        end = bench.run(*command)
        said = f"seed {seed}, {what}, {command}: exit {end.returncode}\n{end.stderr[-2000:]}"
        assert end.returncode in STATUSES, said
        assert "Fatal error" not in end.stderr and "Stack dump" not in end.stderr, said
        assert end.returncode == 0 or "error: " in end.stderr or end.returncode in (3, 12), said
        statuses[command[0]] = end.returncode
    if statuses["verify"] == 0 and statuses["run"] == 0:
        wrong = differs(digest(bench.output), bench.whole)
        assert not wrong, f"seed {seed}, {what}: {len(wrong)} files are not as they would be, the first {wrong[0]}"


def changed(bench: Bench, template: int, sql: str) -> None:
    bench.put_back(bench.templates[template])
    db = sqlite3.connect(bench.database, isolation_level=None)
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute(sql)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


@pytest.mark.parametrize("sql", [
    "DELETE FROM level WHERE level = 1", "DELETE FROM level WHERE level = 0", "DELETE FROM view WHERE ordinal = 1",
    "DELETE FROM view WHERE ordinal = 3", "DELETE FROM view_transform WHERE view = 2",
    "UPDATE view_transform SET shift_y = shift_y + 1e-7 WHERE view = 3", "UPDATE view SET origin_x = origin_x + 1 WHERE ordinal = 0",
    "UPDATE view SET path = replace(path, 'tile_0', 'tile_1')", "UPDATE job SET spacing_x = spacing_x * 2",
    "UPDATE level SET factor_x = 4 WHERE level = 1", "UPDATE job SET details = replace(details, '16', '61')",
])
def test_what_never_changes_is_not_as_it_was_recorded(bench: Bench, sql: str) -> None:
    for template in (0, 2):
        changed(bench, template, sql)
        for command in (["verify", "--quiet"], ["run", "--quiet"], ["order", "--quiet"]):
            # of a complete job nothing is made any more: the views are not looked at
            if template == 2 and command[0] != "verify" and "view" in sql:
                continue
            end = bench.run(*command)
            assert end.returncode == 1 and "is damaged" in end.stderr and "restore" in end.stderr, f"{command}: {end.returncode} {end.stderr}"


def test_claims_of_a_run_that_is_not_there(bench: Bench) -> None:
    changed(bench, 1, "DELETE FROM run")
    end = bench.run("run", "--quiet")
    assert end.returncode == 1 and "in the hands of run 1, which is not at work" in end.stderr, end.stderr
    assert bench.run("status").returncode == 0


@pytest.mark.parametrize("sql", [
    # a block that nobody can ever take
    "UPDATE brick SET pending = 0 WHERE level = 0", "UPDATE brick SET pending = pending + 1 WHERE level = 0",
    "UPDATE level SET untouched = bricks WHERE level = 0",
])
def test_counts_that_do_not_fit_the_blocks_end_a_run(bench: Bench, sql: str) -> None:
    # the claims of the killed run are freed first
    bench.put_back(bench.templates[1])
    subprocess.run([binary(), "run", "--quiet", "--limit", "1"], cwd=bench.folder, env=bench._environment(), check=True)
    db = sqlite3.connect(bench.database, isolation_level=None)
    if "untouched" in sql:
        db.execute("DELETE FROM brick WHERE level = 0")
        db.execute("UPDATE level SET done = 0, empty = 0 WHERE level = 0")
    db.execute(sql)
    db.close()
    end = bench.run("run", "--quiet")
    assert end.returncode == 1 and "is damaged" in end.stderr, f"{end.returncode} {end.stderr}"
