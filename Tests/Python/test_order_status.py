"""What `status` and `serve` say of a work order while its tasks work, without writing anything; and how a watch ends."""
import json, os, re, signal, subprocess, time, urllib.request
from pathlib import Path
import pytest
from conftest import binary, blockfuse


@pytest.fixture
def order(tmp_path):
    mosaic = [Path(binary()).with_name("mosaic"), "mosaic", "--tiles", "2x2", "--shape", "16,120,120", "--chunk", "16,60,60"]
    subprocess.run(mosaic, cwd=tmp_path, check=True, capture_output=True)
    blockfuse(tmp_path, "submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "16")
    return tmp_path, blockfuse(tmp_path, "order").strip()


def start(folder, *arguments):
    return subprocess.Popen([binary(), *map(str, arguments)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})


def status(folder, *arguments):
    return json.loads(blockfuse(folder, "status", "--json", *arguments))


def counts(answer):
    return [[level["blocks"][state] for state in ("done", "empty", "failed", "pending")] for level in answer["levels"]]


def record(folder):
    """All that the database says."""
    import sqlite3
    with sqlite3.connect(f"file:{folder}/jobs.sqlite?mode=ro", uri=True) as db:
        return list(db.iterdump())


def test_what_tasks_logged_is_counted_once_and_written_nowhere(order):
    folder, path = order
    blockfuse(folder, "work", path, "--task", 0, "--tasks", 3, "--level", 0, "--quiet")
    before = record(folder)
    first = status(folder)
    assert first["blocks"]["done"] > 0 and first["order"]["collected"] is None and first["order"]["behind"]["logs"] == 1
    assert first["order"]["as_of"] and first["state"] == "interrupted" and counts(status(folder)) == counts(first)
    assert record(folder) == before
    blockfuse(folder, "collect")
    collected = status(folder)
    assert counts(collected) == counts(first) and collected["order"]["behind"]["logs"] == 0
    # a part is collected, another is not
    blockfuse(folder, "work", path, "--task", 1, "--tasks", 3, "--level", 0, "--quiet")
    second = status(folder)
    assert second["blocks"]["done"] > first["blocks"]["done"]
    # and a log that was collected in part goes on as another
    for task in (2, 1, 0, 2):
        blockfuse(folder, "work", path, "--task", task, "--tasks", 3, "--quiet")
    third = status(folder)
    text = blockfuse(folder, "status")
    assert "no task is at work" in text and re.search(r"counted with what \d+ logs say since", text), text
    blockfuse(folder, "collect")
    assert counts(status(folder)) == counts(third)
    assert third["blocks"]["pending"] == 0 and third["state"] == "interrupted" and "records that" in text


def held(folder, point, *arguments):
    """A process that holds still at a fault point, and what lets it go on."""
    hold = folder / ("hold-" + point.split("@")[0])
    hold.touch()
    process = subprocess.Popen([binary(), *map(str, arguments)], cwd=folder, stderr=subprocess.PIPE, text=True, env={
        **os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "BLOCKFUSE_FAULT": f"{point.replace('@', f'=hold:{hold}@')}+"})
    assert any("made to fail" in line for line in process.stderr)
    return process, hold.unlink


def test_a_task_at_work_has_a_rate_and_a_time(order):
    folder, path = order
    # all of its level is made and in its log, and it has not said that it ended
    task, go_on = held(folder, "log-synced@3", "work", path, "--task", 0, "--tasks", 2, "--workers", 1, "--level", 0, "--quiet")
    answer = status(folder)
    text = blockfuse(folder, "status")
    server = start(folder, "serve", "--port", "0")
    try:
        address = server.stdout.readline().strip()
        page = urllib.request.urlopen(address + "job/1").read().decode()
        jobs = urllib.request.urlopen(address).read().decode()
    finally:
        server.kill()
        go_on()
    assert task.wait() == 0
    assert answer["state"] == "running" and answer["order"]["tasks_at_work"] == 1, answer
    assert "1 task is at work" in text and "running" in text.splitlines()[0], text
    assert 'class="state running"' in page and "task at work" in page and 'class="state running"' in jobs
    assert 0 < answer["blocks"]["done"] < answer["blocks"]["total"], answer
    assert answer["voxels_per_second"] > 0 and answer["seconds_left"] > 0, answer
    # what was settled in one go just before the end gives a rate, too
    assert status(folder)["voxels_per_second"] > 0 and status(folder)["state"] == "interrupted"


def test_failures_are_counted_and_end_a_watch(order):
    folder, path = order
    chunk = next(file for file in sorted((folder / "mosaic/tiles").rglob("*")) if file.is_file() and file.name.isdigit() and file.stat().st_size > 1000)
    os.truncate(chunk, chunk.stat().st_size - 7)
    blockfuse(folder, "work", path, "--task", 0, "--tasks", 1, "--quiet", status=3)
    seen = status(folder)
    assert seen["state"] == "failed" and seen["blocks"]["failed"] > 0
    assert start(folder, "status", "--watch", "--exit-status").wait(timeout=20) == 3
    assert blockfuse(folder, "status", "--exit-status", status=3)
    blockfuse(folder, "collect", status=3)
    assert counts(status(folder)) == counts(seen)


def test_a_watch_ends_as_the_run_did(order):
    """One that began long before, and whose output is read; every state and end is in Tests/EndToEndTests/ExitWatchTests.swift."""
    folder, _ = order
    blockfuse(folder, "order", "--withdraw")
    watch = start(folder, "status", "--watch", "--json", "--exit-status")
    assert json.loads(watch.stdout.readline())["state"] == "pending"
    run, go_on = held(folder, "file-opening@4", "run", "--quiet", "--workers", 1)
    while json.loads(watch.stdout.readline())["state"] != "running":
        pass
    assert blockfuse(folder, "status", "--exit-status", status=75)
    run.send_signal(signal.SIGTERM)
    go_on()
    assert run.wait(timeout=30) == 143 and watch.wait(timeout=20) == 143
    assert json.loads(watch.stdout.read().splitlines()[-1])["state"] == "interrupted"
    assert blockfuse(folder, "status", "--exit-status", status=143)
    # an input that changed meanwhile
    zarray = next((folder / "mosaic/tiles").rglob(".zarray"))
    zarray.write_bytes(zarray.read_bytes() + b" ")
    blockfuse(folder, "run", "--quiet", status=4)
    assert "a run was refused" in blockfuse(folder, "status", "--exit-status", status=4)
    blockfuse(folder, "status", "--exit-status", 7, status=10)
