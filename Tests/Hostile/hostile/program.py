"""Commands of blockfuse as they are run here: each with a limit of time, and with the exit statuses that it may have."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

# of each command, what docs/jobs.md and docs/clusters.md list; those of signals apart
STATUSES: dict[str, set[int]] = {
    "fuse": {0, 1, 3, 4, 10, 11, 12, 64},
    "run": {0, 1, 3, 4, 10, 11, 12, 64},
    "submit": {0, 1, 4, 11, 64},
    "verify": {0, 1, 4, 10, 11, 12, 64},
    "retry": {0, 1, 4, 10, 11, 64},
    "order": {0, 1, 4, 10, 11, 12, 64},
    "collect": {0, 1, 3, 4, 10, 12, 64, 75},
    "work": {0, 1, 3, 4, 12, 64, 75},
    "restore": {0, 1, 4, 10, 11, 64},
    "backup": {0, 1, 10, 64},
    "status": {0, 1, 10, 64},
    "list": {0, 1, 10, 64},
    "blocks": {0, 1, 10, 64},
    "report": {0, 1, 4, 10, 64},
    "preview": {0, 1, 10, 12, 64},
}
CRASHES = ["Fatal error", "Stack dump", "Program crashed", "BUG IN", "libc++abi", "terminate called", "double free"]
LIMIT_SECONDS = 120.0


class Wrong(Exception):
    """Something happened that nothing may make happen."""


def folder_of_programs() -> Path:
    """Where `BLOCKFUSE_BIN` says, else where `make build` leaves them."""
    return Path(os.environ.get("BLOCKFUSE_BIN", Path(__file__).parents[3] / ".build/release")).resolve()


@dataclass(frozen=True)
class End:
    """How a command ended."""

    arguments: tuple[str, ...]
    status: int
    output: str
    errors: str

    def __str__(self) -> str:
        """The command and all that it said."""
        return f"blockfuse {' '.join(self.arguments)}: exit {self.status}\n{self.output[-1500:]}{self.errors[-3000:]}"


class Running:
    """A command that has begun."""

    def __init__(self, folder: Path, database: Path, arguments: tuple[str, ...], environment: dict[str, str] | None = None) -> None:
        """Starts it in a folder, with nothing to read."""
        self.arguments = arguments
        self.signals: set[int] = set()
        variables = {**os.environ, "BLOCKFUSE_DB": str(database), **(environment or {})}
        program = str(folder_of_programs() / "blockfuse")
        # files: what is said can be read while it runs, and nobody waits for a reader
        said = folder / "said"
        said.mkdir(exist_ok=True)
        number = len(list(said.iterdir()))
        self._output, self._errors = said / f"{number}.out", said / f"{number}.err"
        with self._output.open("w") as output, self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [program, *arguments], cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
            )

    def signal(self, number: int) -> None:
        """Sends it one; it may then end as that signal ends a program."""
        self.signals.add(number)
        self.process.send_signal(number)

    def end(self, limit: float = LIMIT_SECONDS) -> End:
        """Waits for its end, and looks whether it is one that may be."""
        hung = False
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            hung = True
            self.process.kill()
            self.process.wait()
        output = self._output.read_text(errors="replace")
        end = End(self.arguments, self.process.returncode, output, self.errors())
        if hung:
            raise Wrong(f"it hung for {limit:.0f} s\n{end}")
        self._judge(end)
        return end

    def errors(self) -> str:
        """What it said on stderr so far."""
        return self._errors.read_text(errors="replace")

    def _judge(self, end: End) -> None:
        for words in CRASHES:
            if words in end.errors or words in end.output:
                raise Wrong(f"it crashed\n{end}")
        if end.status < 0:
            if -end.status not in self.signals:
                raise Wrong(f"it died of signal {-end.status}\n{end}")
            return
        stopped = {128 + number for number in self.signals if number in (signal.SIGINT, signal.SIGTERM)}
        # whoever damages the list of migrations makes the database one of another program
        foreign = {4} if "was made by another build" in end.errors else set()
        if end.status not in STATUSES[self.arguments[0]] | stopped | foreign:
            raise Wrong(f"an exit status that it may not have\n{end}")
