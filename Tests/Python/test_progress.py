"""What a run says while it goes on and at its end: in a log, on a terminal, with and without colours."""
import fcntl, json, os, pty, re, struct, subprocess, termios
from pathlib import Path
import pytest
from conftest import binary, blockfuse


@pytest.fixture
def dataset(tmp_path):
    mosaic = [Path(binary()).with_name("mosaic"), "mosaic", "--tiles", "1x2", "--shape", "8,96,96", "--chunk", "8,48,48"]
    subprocess.run(mosaic, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def run(folder, *arguments, status=0, **environment):
    end = subprocess.run([binary(), *map(str, arguments)], cwd=folder, capture_output=True, text=True,
                         env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), **environment})
    assert end.returncode == status, (arguments, end.returncode, end.stdout, end.stderr)
    return end


def on_terminal(folder, *arguments, columns=200, stdout=False, **environment):
    """The bytes that a command writes to a terminal of so many columns."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE")}
    process = subprocess.Popen([binary(), *map(str, arguments)], cwd=folder, stderr=side, stdin=side,
                               stdout=side if stdout else subprocess.PIPE,
                               env={**plain, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), "TERM": "xterm", **environment})
    os.close(side)
    said = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        said += part
    os.close(main)
    process.communicate()
    return process.returncode, said.decode()


def shown(said):
    """The texts between moves of the cursor, without codes."""
    return [re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", part) for part in re.split("[\r\n]+", said)]


def test_a_run_ends_with_a_summary(dataset):
    said = run(dataset, "fuse", "mosaic/dataset.json", "--output", "out a.ome.zarr", "--output-chunksize", "32").stderr
    lines = [line.removeprefix("blockfuse: ") for line in said.splitlines()]
    work = next(line for line in lines if "written in" in line)
    assert re.fullmatch(r"job 1: \d+ blocks written in \d+ s, [\d.]+ Mvoxel/s, [\d.]+ [KM]iB", work), said
    where = next(line for line in lines if "is complete" in line)
    assert re.fullmatch(rf"job 1 is complete: {re.escape(str(dataset))}/out a\.ome\.zarr, [\d.]+ [KM]iB written", where), said
    assert lines[-1].startswith(f"open it with `napari --plugin napari-ome-zarr '{dataset}/out a.ome.zarr'`"), said
    # a short job writes no lines in between, and one that has nothing to do says no more than that
    assert "%" not in said
    again = run(dataset, "run", 1).stderr
    assert "written in" not in again and "is complete" in again
    plain = run(dataset, "fuse", "mosaic/dataset.json", "--output", "plain", "--zarr-options", '{"ome_zarr": false}').stderr
    assert f'`zarr.open("{dataset}/plain", mode="r")`' in plain, plain
    assert run(dataset, "fuse", "mosaic/dataset.json", "--output", "quiet", "--quiet").stderr == ""


def test_what_all_runs_took_is_said(dataset):
    run(dataset, "submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", 32)
    first = run(dataset, "run", "--limit", 1).stderr
    assert re.search(r"job 1: [01] blocks? written in", first) and "stopped at the limit of 1 block;" in first
    last = run(dataset, "run").stderr
    assert re.search(r"written in .*; 2 runs, \d+ s in all", last), last
    size = sum(path.stat().st_size for path in (dataset / "out.ome.zarr").rglob("*") if path.is_file() and not path.name.startswith(".z"))
    said = re.search(r"([\d.]+) KiB written", last)
    assert said and abs(float(said[1]) * 1024 - size) < 2000, (last, size)


def test_bytes_of_blocks_that_were_made_again_are_called_written(dataset):
    """Nobody knows how much of that is on the disk."""
    run(dataset, "fuse", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", 32)
    run(dataset, "retry", 1, "--view", "tile_0_0")
    last = run(dataset, "run").stderr
    size = sum(path.stat().st_size for path in (dataset / "out.ome.zarr").rglob("*") if path.is_file())
    said = re.search(r"is complete: [^,]*, ([\d.]+) ([KM])iB written", last)
    assert said and float(said[1]) * {"K": 1024, "M": 1 << 20}[said[2]] > 1.2 * size and "on disk" not in last, (last, size)


def test_json_has_measured_numbers_with_six_digits(dataset):
    run(dataset, "submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", 32)
    end = run(dataset, "run", "--json")
    for line in [*end.stdout.splitlines(), json.dumps(json.loads(run(dataset, "status", "--json").stdout)["runs"])]:
        for number in re.findall(r'"(?:seconds|voxels_per_second|seconds_left)": ?([\d.e+-]+)', line):
            assert len(re.sub(r"e.*|\D", "", number).lstrip("0")) <= 6 or float(number) >= 1e6, line


@pytest.mark.parametrize("columns, width", [(200, 80), (60, 59)])
def test_the_bar_stays_narrow_and_the_rest_is_cleared(dataset, columns, width):
    run(dataset, "submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", 4)
    status, said = on_terminal(dataset, "run", columns=columns)
    bars = [text for text in shown(said) if "%" in text and "is complete" not in text and "written in" not in text]
    assert status == 0 and bars and all(len(bar) <= width for bar in bars), bars
    assert all("\x1b[K" in part for part in said.split("\r") if "%" in part)


def test_colours_on_a_terminal_only_and_where_they_are_wanted(dataset):
    red = "\x1b[1;31merror:\x1b[0m"
    assert red in on_terminal(dataset, "run", 7)[1]
    assert "\x1b" not in run(dataset, "run", 7, status=10, TERM="xterm", CLICOLOR_FORCE="1").stderr
    for environment in ({"NO_COLOR": "1"}, {"CLICOLOR": "0"}, {"TERM": "dumb"}):
        said = on_terminal(dataset, "run", 7, **environment)[1]
        assert "error:" in said and "\x1b[" not in said, (environment, said)
    run(dataset, "submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", 8)
    # where a terminal knows no codes, blanks clear the line
    assert "\x1b" not in on_terminal(dataset, "run", TERM="dumb")[1]
    assert "\x1b[1;32mcomplete\x1b[0m" in on_terminal(dataset, "status", stdout=True)[1]
    assert "\x1b" not in on_terminal(dataset, "status", stdout=True, NO_COLOR="1")[1]
    assert "\x1b" not in run(dataset, "status").stdout
