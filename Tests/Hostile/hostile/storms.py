"""Processes that share a job, and are killed, stopped and asked to end at any moment."""

from __future__ import annotations

import random
import signal
import time

from .case import Case
from .judge import done_blocks_hold, settle
from .program import Running
from .scene import Scene

# what may be at work on a job at once; a task is one of two, so that they help each other
ACTORS = ["join", "join", "join", "run", "work", "work", "collect", "order", "withdraw", "repair", "verify", "retry"]
ACTORS += ["status", "backup"]


def start(rng: random.Random, scene: Scene, actor: str) -> Running | None:
    """Begins a command; none where it needs an order and there is none."""
    workers = ["--workers", str(rng.randint(1, 3))]
    if actor == "work":
        order = scene.order()
        return scene.begin("work", order, "--task", str(rng.randint(0, 1)), "--tasks", "2", "--quiet", *workers) if order else None
    arguments = {
        "join": ["run", "--join", "--quiet", *workers],
        "run": ["run", "--quiet", *workers],
        "collect": ["collect", "--quiet"],
        "order": ["order", "--quiet"],
        "withdraw": ["order", "--withdraw", "--quiet"],
        "repair": ["verify", "--repair", "--quiet"],
        "verify": ["verify", "--quiet"],
        "retry": ["retry"],
        "status": ["status", "--json"],
        "backup": ["backup", f"copy-{len(scene.log)}.sqlite"],
    }[actor]
    # checks of the inputs are so many that some meet a signal
    return scene.begin(*arguments, BLOCKFUSE_VIEW_CHECK_SECONDS="0.05")


def harm(rng: random.Random, case: Case, running: Running) -> None:
    """Kills it, asks it to end, or lets it stand still for a moment."""
    if running.process.poll() is not None:
        return
    name = rng.choice(["SIGKILL", "SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "pause"])
    if name == "pause":
        running.process.send_signal(signal.SIGSTOP)
        time.sleep(rng.uniform(0, 0.05))
        running.process.send_signal(signal.SIGCONT)
    else:
        running.signal(getattr(signal, name))
        if name != "SIGKILL" and rng.random() < 0.3:
            time.sleep(rng.uniform(0, 0.02))
            running.signal(signal.SIGKILL)
    case.inject(name)


def storms(case: Case) -> None:
    """Some rounds of commands at once, of which most come to harm."""
    rng = case.rng
    scene = case.new_scene(rng.choice(["zarr2-nested", "zarr3", "hdf5"]), chunk=rng.choice([16, 16, 32]))
    scene.must("submit", *scene.submission())
    if rng.random() < 0.4:
        scene.must("order", "--quiet")
    for _ in range(rng.randint(2, 6)):
        actors = [rng.choice(ACTORS) for _ in range(rng.randint(1, 4))]
        case.what.append("+".join(actors))
        running = [r for r in (start(rng, scene, actor) for actor in actors) if r]
        for one in running:
            if rng.random() < 0.75:
                # the first moments hold the most steps
                time.sleep(rng.choice([rng.uniform(0, 0.02), rng.uniform(0.01, 0.08), rng.uniform(0, 0.2)]))
                harm(rng, case, one)
        for one in running:
            scene.noted(one)
        done_blocks_hold(scene)
    settle(scene)
