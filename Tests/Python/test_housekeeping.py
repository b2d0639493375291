"""What is asked for on a terminal before it is lost."""
import os, pty, select, subprocess, time
import pytest
from conftest import binary, blockfuse


def on_terminal(folder, *arguments, answer):
    """Runs blockfuse with a terminal for its input and messages; gives the answer when it asks. What was on the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([binary(), *arguments], cwd=folder, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})
    os.close(theirs)
    text, deadline = "", time.time() + 60
    while time.time() < deadline:
        if not select.select([ours], [], [], 0.05)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            text += os.read(ours, 65536).decode()
        except OSError:
            break
        if answer is not None and "[y/N]" in text:
            os.write(ours, answer.encode() if isinstance(answer, str) else answer)
            answer = None
    assert process.wait(10) == 0, text
    os.close(ours)
    return text


@pytest.fixture
def job(mosaic_folder):
    blockfuse(mosaic_folder, "fuse", "dataset.json", "--output", "out.zarr", "--output-chunksize", "16", "--quiet")
    return mosaic_folder


@pytest.fixture
def mosaic_folder(tmp_path):
    import numpy as np
    from conftest import write_view
    data = np.arange(1, 1 + 8 * 32 * 32, dtype="u2").reshape(1, 1, 8, 32, 32)
    write_view(str(tmp_path / "a.zarr"), data, (1, 1, 1), (0, 0, 0))
    (tmp_path / "dataset.json").write_text('{"views": [{"name": "a", "path": "a.zarr"}]}')
    return tmp_path


@pytest.mark.parametrize("answer", ["\n", "n\n", "yeah\n", b"\x04"])
def test_only_yes_deletes(job, answer):
    text = on_terminal(job, "remove", "1", "--output", answer=answer)
    files = sum(len(names) for _, _, names in os.walk(job / "out.zarr"))
    assert f"delete {files} files (" in text and f"of {job}/out.zarr? [y/N]" in text
    assert "nothing was deleted" in text
    blockfuse(job, "verify", "--quiet")


def piped(folder, *arguments, answer, terminal="stderr"):
    """Runs blockfuse with a pipe for its input, that holds an answer, and a terminal for one of its outputs."""
    ours, theirs = pty.openpty()
    files = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, terminal: theirs}
    process = subprocess.Popen([binary(), *arguments], cwd=folder, stdin=subprocess.PIPE, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")}, **files)
    os.close(theirs)
    _, errors = process.communicate(answer.encode(), timeout=60)
    text = (errors or b"").decode()
    while select.select([ours], [], [], 0)[0]:
        try:
            text += os.read(ours, 65536).decode()
        except OSError:
            break
    os.close(ours)
    return process.returncode, text.replace("\r\n", "\n")


@pytest.mark.parametrize("terminal", ["stderr", "stdout"])
@pytest.mark.parametrize("answer", ["n\n", "\n", "no", "2\ny\n"])
def test_an_answer_from_a_pipe_counts(job, answer, terminal):
    """As for `rm -i`: `echo n | blockfuse remove 1 --output` deletes nothing."""
    status, text = piped(job, "remove", "1", "--output", answer=answer, terminal=terminal)
    assert status == 0 and "nothing was deleted" in text, text
    if terminal == "stderr":
        assert "of {}/out.zarr? [y/N] \nblockfuse: nothing".format(job) in text, text
    blockfuse(job, "verify", "--quiet")


@pytest.mark.parametrize("answer", ["y\n", "yes"])
def test_yes_from_a_pipe_counts(job, answer):
    status, text = piped(job, "remove", "1", "--output", answer=answer)
    assert status == 0 and not (job / "out.zarr").exists(), text
    blockfuse(job, "status", "1", status=10)


def test_no_answer_is_none(job):
    """An input that has ended, while somebody sees the question."""
    status, text = piped(job, "remove", "1", "--output", answer="")
    assert status == 64 and "nobody answered" in text and "--yes" in text, text
    blockfuse(job, "verify", "--quiet")
    os.rename(job / "out.zarr", job / "away.zarr")
    status, text = piped(job, "prune", answer="")
    assert status == 64 and "nobody answered" in text, text
    blockfuse(job, "status", "1")
    status, text = piped(job, "prune", "--yes", answer="")
    assert status == 0 and "[y/N]" not in text, text


def test_a_script_is_not_asked(job):
    """Nothing is a terminal: what it says by its options is done, whatever its input holds."""
    end = subprocess.run([binary(), "remove", "1", "--output"], cwd=job, input=b"n\n", capture_output=True, env={**os.environ, "BLOCKFUSE_DB": str(job / "jobs.sqlite")})
    assert end.returncode == 0 and b"[y/N]" not in end.stderr and not (job / "out.zarr").exists()


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_yes_deletes(job, answer):
    on_terminal(job, "remove", "1", "--output", answer=answer)
    assert not (job / "out.zarr").exists() and (job / "a.zarr").exists()
    blockfuse(job, "status", "1", status=10)


def test_yes_as_an_option_is_not_asked(job):
    assert "[y/N]" not in on_terminal(job, "remove", "1", "--output", "--yes", answer=None)
    assert not (job / "out.zarr").exists()


def test_prune_asks(job):
    os.rename(job / "out.zarr", job / "away.zarr")
    assert "forget 1 job? [y/N]" in on_terminal(job, "prune", answer="n\n")
    blockfuse(job, "status", "1")
    on_terminal(job, "prune", answer="y\n")
    blockfuse(job, "status", "1", status=10)


@pytest.mark.parametrize("command", [("plan", "dataset.json", "--picture"), ("preview", "--output"), ("report", "--output")])
def test_a_file_of_another_kind_is_not_replaced(job, command):
    """A slip in the name of a picture or page costs no tile, dataset or database."""
    own = job / "own.out"
    for _ in range(2):
        blockfuse(job, *command, "own.out")
    assert own.stat().st_size > 100
    for name in ("dataset.json", "jobs.sqlite", "out.zarr/.zattrs"):
        if not (job / name).exists():
            continue
        before = (job / name).read_bytes()
        blockfuse(job, *command, name, status=64)
        assert (job / name).read_bytes() == before
