"""One disturbance, drawn by its kind and seed, and what came of it."""

from __future__ import annotations

import random
import shutil
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from .program import Wrong
from .scene import LOOKS, Look, Scene, root


class Case:
    """What a kind needs to make a case of a seed: random numbers, a folder, and a place to say what was done."""

    def __init__(self, kind: str, seed: int) -> None:
        """Of the same kind and seed it is the same case each time, as far as the machine's own timing allows."""
        self.kind, self.seed = kind, seed
        self.rng = random.Random(f"{kind} {seed}")
        self.folder = root() / f"{kind}-{seed}"
        self.scene: Scene | None = None
        self.what: list[str] = []
        # what was done to the job, by name, and how often
        self.injected: dict[str, int] = {}

    def new_scene(self, form: str, look: Look | None = None, chunk: int = 16, has_own_inputs: bool = False) -> Scene:
        """The job of this case; without a look, one of all of them."""
        look = look or self.rng.choice(LOOKS)
        self.what.append(f"{form} to {look.name}")
        self.scene = Scene(self.folder, form, look, chunk, has_own_inputs)
        return self.scene

    def inject(self, name: str, count: int = 1) -> None:
        """Notes that something was done to the job."""
        if count:
            self.injected[name] = self.injected.get(name, 0) + count


@dataclass(frozen=True)
class Outcome:
    """What is kept of a case."""

    kind: str
    seed: int
    seconds: float
    what: str
    injected: dict[str, int]
    exits: list[tuple[str, int]]
    # why it failed, if it did
    wrong: str | None = None
    folder: Path | None = field(default=None)

    def line(self) -> str:
        """One line for people."""
        exits = " ".join(f"{name}:{status}" for name, status in self.exits)
        verdict = "FAILED" if self.wrong else "ok"
        times = ", ".join(f"{name} {count}" for name, count in self.injected.items()) or "nothing"
        return f"{self.kind}:{self.seed} {verdict} {self.seconds:.1f} s | {self.what} | {times} | {exits}"


def play(kind: str, seed: int) -> Outcome:
    """Makes a case and judges it; the folder of one that fails is kept, with what was done in `log.txt`."""
    from .kinds import KINDS

    case = Case(kind, seed)
    shutil.rmtree(case.folder, ignore_errors=True)
    start = time.monotonic()
    wrong = None
    try:
        KINDS[kind](case)
    except Wrong as error:
        wrong = str(error)
    except Exception:  # a fault of the test is no reason to stop the others
        wrong = traceback.format_exc()
    seconds = time.monotonic() - start
    scene = case.scene
    exits = scene.statuses if scene else []
    if wrong is None:
        shutil.rmtree(case.folder, ignore_errors=True)
    elif scene:
        (case.folder / "log.txt").write_text("\n".join([*case.what, *scene.log, "", wrong, ""]))
    kept = case.folder if wrong is not None else None
    return Outcome(kind, seed, seconds, "; ".join(case.what), case.injected, list(exits), wrong, kept)
