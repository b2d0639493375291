"""A command whose system calls are made to fail by `strace`, from its first line on: the loader before it is left in peace."""

from __future__ import annotations

import functools
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .program import Wrong
from .scene import Scene, once, root


def _source() -> Path:
    return Path(__file__).parents[2] / "Preload/gate.c"


def _build(folder: Path) -> None:
    compiler = next(name for name in ("cc", "clang", "gcc") if shutil.which(name))
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(folder / "gate.so"), str(_source())], check=True)


@functools.cache
def missing() -> str | None:
    """Why nothing can be injected on this machine, if nothing can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    if not any(shutil.which(name) for name in ("cc", "clang", "gcc")):
        return "there is no C compiler"
    end = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True)
    return None if end.returncode == 0 else f"tracing is not allowed: {end.stderr.strip().splitlines()[-1:]}"


class Traced:
    """A command under `strace`, with what is to be injected."""

    def __init__(self, scene: Scene, injections: list[str], *arguments: str, **environment: str) -> None:
        """Starts it and lets it go on once all its calls are seen."""
        library = once(root() / "gate", _build) / "gate.so"
        self.trace = scene.folder / "trace.txt"
        self.scene = scene
        scene.log.append(f"  with {' and '.join(injections)}")
        self.running = scene.begin(*arguments, LD_PRELOAD=str(library), **environment)
        pid = self.running.process.pid
        _wait(lambda: _state(pid) == "T", "it never stopped at the gate")
        calls = ",".join(dict.fromkeys(text.split(":")[0] for text in injections))
        command = ["strace", "-f", "-q", "-o", str(self.trace), "-e", f"trace={calls}", "-e", "signal=none"]
        for text in injections:
            command += ["-e", f"inject={text}"]
        self.tracer = subprocess.Popen([*command, "-p", str(pid)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        _wait(lambda: self.tracer.poll() is not None or _tracer(pid) != 0, "strace never came")
        if self.tracer.poll() is not None:
            self.running.process.kill()
            raise Wrong(f"strace: {self.tracer.stderr.read() if self.tracer.stderr else ''}")
        self.running.process.send_signal(signal.SIGCONT)

    def injected(self) -> dict[str, int]:
        """After its end: how often each system call failed."""
        try:
            self.tracer.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.tracer.kill()
            self.tracer.communicate()
        counts: dict[str, int] = {}
        for line in self.trace.read_text(errors="replace").splitlines():
            if "(INJECTED)" in line:
                words = line.split(None, 1)[1]
                name = words.split()[1] if words.startswith("<...") else words.split("(")[0]
                counts[name] = counts.get(name, 0) + 1
        return counts


def _wait(condition: object, otherwise: str) -> None:
    assert callable(condition)
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            raise Wrong(otherwise)
        time.sleep(0.001)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0].upper()


def _tracer(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("TracerPid:"):
            return int(line.split()[1])
    return 0
