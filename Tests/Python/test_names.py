"""Names that are no text, or that a terminal would obey: refused where they cannot be kept, and never obeyed."""
import json, os, subprocess
from pathlib import Path
import numpy as np, pytest
from conftest import binary, blockfuse, write_view

# a colour, a title, an erased line, a command in one byte, the order of a line turned
COMMANDS = "tile\x1b[31m\x1b]0;x\x07\r\x9b2K\u202eend"
OBEYED = [0x00, *range(0x0b, 0x20), 0x07, 0x08, 0x7f, 0x9b, 0x202e]


def run(folder, *arguments, **environment):
    return subprocess.run([binary(), *arguments], cwd=folder, capture_output=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), **environment})


@pytest.fixture
def folder(tmp_path):
    write_view(tmp_path / "tile.zarr", np.ones((1, 1, 4, 16, 16), "u2"), (1, 1, 1), (0, 0, 0))
    (tmp_path / "dataset.json").write_text('{"views": [{"path": "tile.zarr"}]}')
    return tmp_path


LATIN = b"M\xfcller"


@pytest.mark.parametrize("line", [
    [b"plan", LATIN], [b"submit", b"dataset.json", b"--output", LATIN + b".ome.zarr"], [b"fuse", b"dataset.json", b"--output=" + LATIN],
    [b"list", b"--db", LATIN], [b"fuse", b"dataset.json", b"--output", b"a.ome.zarr", b"--options", LATIN], [b"backup", LATIN],
    [b"run", LATIN],
])
def test_paths_that_are_not_utf_8_are_refused(folder, line):
    """They were taken with other characters in place of those bytes, and led elsewhere: to another output than the one that was meant."""
    blockfuse(folder, "submit", "dataset.json", "--output", "job.zarr")
    before = sorted(os.listdir(os.fsencode(folder)))
    end = run(folder, *line)
    text = end.stderr.decode()
    assert end.returncode == 64 and "is not UTF-8" in text and r"M\xfcller" in text and "hint: " in text, text
    assert sorted(os.listdir(os.fsencode(folder))) == before


def test_a_folder_and_a_database_that_are_not_utf_8(folder):
    odd = os.fsencode(folder) + b"/" + LATIN
    os.mkdir(odd)
    end = subprocess.run([binary(), "fuse", str(folder / "dataset.json"), "--output", "out.ome.zarr"], cwd=odd, capture_output=True)
    assert end.returncode == 64 and b"current folder is not UTF-8" in end.stderr and os.listdir(odd) == [], end.stderr
    assert subprocess.run([binary(), "run", "--help"], cwd=odd, capture_output=True).returncode == 0
    end = subprocess.run([binary(), "list"], cwd=folder, capture_output=True, env={**os.environb, b"BLOCKFUSE_DB": odd + b"/jobs.sqlite"})
    assert end.returncode == 64 and b"BLOCKFUSE_DB is not UTF-8" in end.stderr, end.stderr
    # by a link that has a name
    os.symlink(odd, os.fsencode(folder) + b"/link")
    end = run(folder, "list", "--db", "link/jobs.sqlite")
    assert end.returncode != 0 and os.listdir(odd) == [], end.stderr


def test_an_image_whose_name_is_not_utf_8(folder):
    tiles = folder / "tiles"
    tiles.mkdir()
    os.rename(folder / "tile.zarr", os.fsencode(tiles) + b"/K\xe4se.zarr")
    end = run(folder, "plan", "tiles")
    assert end.returncode == 64 and rb"K\xe4se.zarr" in end.stderr and b"not UTF-8" in end.stderr and b"rename" in end.stderr, end.stderr


def shown(*ends):
    for text in ends:
        found = [hex(ord(c)) for c in text if ord(c) in OBEYED]
        assert not found, f"{found} in {text!r}"


def test_no_name_looks_like_a_line(folder):
    """The end of a line in the name of a view, of a file and of the output."""
    forged = "x\nblockfuse: error: forged\nforged"
    tile = folder / f"{forged}.zarr"
    os.rename(folder / "tile.zarr", tile)
    (folder / "dataset.json").write_text(json.dumps({"views": [{"name": forged, "path": tile.name}]}))
    def lines(*arguments, status=0):
        end = run(folder, *arguments)
        assert end.returncode == status, end.stderr
        found = (end.stdout + end.stderr).decode()
        assert not [line for line in found.split("\n") if line.startswith(("blockfuse: error: forged", "forged"))], found
        return found
    lines("plan", "dataset.json")
    lines("submit", "dataset.json", "--output", f"out{forged}.ome.zarr")
    (tile / "0/0/0/0/0/0").write_bytes(b"no zstd")
    lines("run", status=3)
    for command in ("status", "list", "blocks", "verify"):
        assert r"x\u000ablockfuse: error: forged\u000aforged" in lines(command) or command == "verify"
    lines("blocks", "--block", "0,0,0,0,0")
    lines("plan", f"{forged}.json", status=64)
    lines("run", forged, status=10)
    lines("run", f"--{forged}", status=64)
    lines("run", "--workers", forged, status=64)


def test_no_name_commands_a_terminal(folder):
    tile = folder / f"{COMMANDS}.zarr"
    os.rename(folder / "tile.zarr", tile)
    (folder / "dataset.json").write_text(json.dumps({"views": [{"name": COMMANDS, "path": tile.name}]}))
    output = f"out{COMMANDS}.ome.zarr"
    def text(*arguments, status=0):
        end = run(folder, *arguments)
        assert end.returncode == status, end.stderr
        return end.stdout.decode(), end.stderr.decode()
    shown(*text("plan", "dataset.json"), *text("plan", "dataset.json", "--json"))
    shown(*text("submit", "dataset.json", "--output", output))
    # a chunk that cannot be read, with its path in the message
    (tile / "0/0/0/0/0/0").write_bytes(b"no zstd")
    shown(*text("run", status=3))
    for command in ("status", "list", "blocks", "verify"):
        shown(*text(command), *text(command, "--json"))
    shown(*text("blocks", "--block", "0,0,0,0,0"))
    shown(*text("plan", f"{COMMANDS}.json", status=64), *text("run", COMMANDS, status=10), *text(COMMANDS, status=64))
    shown(*text("run", f"--{COMMANDS}", status=64), *text("run", "--workers", COMMANDS, status=64))
    # as JSON it is what it was
    assert json.loads(text("status", "--json")[0])["output"] == str(folder / output)
    # in words as its numbers
    assert r"\u001b[31m" in text("status")[0]
    # the pages have it for people, too
    blockfuse(folder, "report", "--output", "report.html")
    shown(Path(folder / "report.html").read_text())
