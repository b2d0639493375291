"""System calls that fail: any that blockfuse makes, with errors that belong to it, once, from some time on, or now and then."""

from __future__ import annotations

import errno
import os
import random

from .case import Case
from .gate import Traced
from .judge import block_files, done_blocks_hold, settle
from .program import End, Wrong
from .scene import Scene

_DISK = ["EIO", "EIO", "ESTALE", "ETIMEDOUT"]
_WRITE = [*_DISK, "ENOSPC", "EDQUOT", "EROFS"]
_PATH = [*_WRITE, "EACCES", "ENOMEM"]
# what is injected into what; a call that a machine does not make is never hit, and counts as nothing
ERRORS: dict[str, list[str]] = {
    "openat": [*_PATH, "EMFILE", "ENFILE", "EINTR"],
    "read": [*_DISK, "EINTR", "EAGAIN"],
    "pread64": [*_DISK, "EINTR"],
    "preadv": _DISK,
    "write": [*_WRITE, "EINTR", "EFBIG"],
    "pwrite64": [*_WRITE, "EINTR", "EFBIG"],
    "writev": _WRITE,
    "pwritev": _WRITE,
    "fsync": _WRITE,
    "fdatasync": _WRITE,
    "rename": [*_PATH, "EBUSY"],
    "renameat": [*_PATH, "EBUSY"],
    "renameat2": [*_PATH, "EBUSY"],
    "link": [*_PATH, "EPERM", "EOPNOTSUPP"],
    "linkat": [*_PATH, "EPERM", "EOPNOTSUPP"],
    "unlink": [*_PATH, "EBUSY", "EPERM"],
    "unlinkat": [*_PATH, "EBUSY", "EPERM"],
    "rmdir": [*_PATH, "EBUSY"],
    "mkdir": [*_PATH, "EMLINK"],
    "mkdirat": [*_PATH, "EMLINK"],
    "fstat": [*_DISK, "ENOMEM"],
    "newfstatat": [*_DISK, "ENOMEM", "EACCES"],
    "statx": [*_DISK, "ENOMEM", "EACCES"],
    "ftruncate": _WRITE,
    "fallocate": [*_WRITE, "EOPNOTSUPP"],
    "getdents64": [*_DISK, "ENOMEM"],
    "fcntl": ["ENOLCK", "EAGAIN", "EINTR", "EIO", "EDEADLK"],
    "flock": ["ENOLCK", "EAGAIN", "EINTR", "EIO"],
    "mmap": ["ENOMEM"],
    "close": ["EIO", "EINTR", "ENOSPC", "EDQUOT"],
    "lseek": ["EIO", "ESTALE"],
    "access": ["EACCES", "EIO", "ESTALE", "ENOMEM"],
    "faccessat": ["EACCES", "EIO", "ESTALE"],
    "faccessat2": ["EACCES", "EIO", "ESTALE"],
    "readlink": ["EACCES", "EIO", "ENOMEM"],
    "readlinkat": ["EACCES", "EIO", "ENOMEM"],
    "statfs": ["EIO", "ENOSYS", "ESTALE", "EACCES"],
    "fstatfs": ["EIO", "ENOSYS", "ESTALE"],
    "clone3": ["EAGAIN", "ENOMEM"],
    "sched_getaffinity": ["EPERM", "ESRCH"],
    "sched_setaffinity": ["EPERM"],
    "prlimit64": ["EPERM"],
    "sysinfo": ["EFAULT"],
    "getcwd": ["EACCES", "ENOMEM"],
    "fchown": ["EPERM", "EIO", "EROFS"],
    "fchmod": ["EPERM", "EIO", "EROFS"],
    "utimensat": ["EPERM", "EIO", "EROFS"],
    "setpriority": ["EACCES"],
    "socket": ["EMFILE", "EACCES", "EAFNOSUPPORT"],
    "listxattr": ["EIO", "EOPNOTSUPP", "EACCES"],
    "getxattr": ["EIO", "EOPNOTSUPP", "EACCES"],
    "ioctl": ["ENOTTY", "EIO"],
    "madvise": ["EINVAL", "ENOMEM"],
    "copy_file_range": ["EXDEV", "EIO", "ENOSPC"],
    "sendfile": ["EIO", "EINVAL"],
    "sync_file_range": ["EIO", "ENOSPC"],
    "syncfs": ["EIO", "ENOSPC"],
    "getrandom": ["EAGAIN", "ENOSYS"],
    "uname": ["EFAULT"],
}
# those that matter most are drawn more often
OFTEN = ["openat", "pread64", "pwrite64", "read", "write", "fsync", "fdatasync", "renameat", "linkat", "newfstatat"]
OFTEN += ["fcntl", "mkdirat"]
# those that other systems make in the place of the usual ones
SELDOM = ["preadv", "writev", "pwritev", "rename", "renameat2", "link", "rmdir", "mkdir", "faccessat", "faccessat2", "readlinkat"]
SELDOM += ["fallocate", "utimensat", "fchmod", "getxattr", "sendfile", "sync_file_range", "syncfs", "statx", "copy_file_range"]
# of memory nothing is promised beyond one try that fails: the language itself ends a program that has none
# and where not one thread can be started, its library waits until one can
ONCE = {"mmap", "clone3"}
# several at a time, so that what is tried again with waits does not take long
# SQLite keeps the system's numbers to itself
SQLITE = ["disk I/O error", "locking protocol", "unable to open database file", "is locked", "out of memory", "for reading only"]
WORKERS = ["--workers", "4"]


def injection(rng: random.Random) -> tuple[str, str]:
    """A system call, and what `strace` is told."""
    call = rng.choice(OFTEN) if rng.random() < 0.6 else rng.choice([name for name in ERRORS if name not in SELDOM])
    if rng.random() < 0.05:
        call = rng.choice(SELDOM)
    error = rng.choice(ERRORS[call])
    n = int(2 ** rng.uniform(0, 4.7))
    form = rng.random()
    # strace counts in each thread by itself
    # a call that is interrupted is made again, so one that always is has no end
    if form < 0.65 or call in ONCE or error == "EINTR":
        when = str(n)
    elif form < 0.8:
        when = f"{n}+"
    elif form < 0.9:
        when = f"{n}+{rng.randint(2, 9)}"
    else:
        when = f"{n}..{n + rng.randint(1, 6)}"
    return call, f"{call}:error={error}:when={when}"


def prepare(rng: random.Random, scene: Scene) -> str:
    """Brings a job into a state; the command that will be disturbed."""
    state = rng.choice(["none", "new", "new", "half", "half", "complete", "order", "order", "worked", "replace"])
    if state == "none":
        return "submit"
    scene.must("submit", *scene.submission())
    if state == "new":
        return rng.choice(["run", "run", "run", "join", "order"])
    if state == "replace":
        scene.must("run", "--quiet")
        return "overwrite"
    if state == "complete":
        scene.must("run", "--quiet")
        if rng.random() < 0.5:
            file, block = rng.choice(list(block_files(scene).items()))
            file.unlink()
            scene.harmed.add(block)
            return rng.choice(["verify", "repair", "repair"])
        if rng.random() < 0.3:
            scene.must("backup", "older.sqlite")
            return "restore"
        return rng.choice(["verify", "repair", "run", "backup", "blocks", "preview"])
    scene.must("run", "--quiet", "--limit", str(rng.randint(1, 18)))
    if state == "half":
        return rng.choice(["run", "run", "run", "join", "order", "verify", "repair", "repair", "status", "list", "report", "retry"])
    scene.must("order", "--quiet")
    if state == "order":
        return rng.choice(["work", "work", "work", "run", "collect", "withdraw", "order"])
    order = scene.order()
    assert order
    scene.must("work", order, "--task", "0", "--tasks", "2", "--level", "0", "--quiet")
    return rng.choice(["collect", "collect", "collect-order", "run", "withdraw", "work"])


def command(scene: Scene, name: str) -> list[str]:
    """What a name above stands for."""
    order = scene.order() or ""
    return {
        "submit": ["submit", *scene.submission()],
        "overwrite": ["submit", *scene.submission(), "--overwrite"],
        "run": ["run", "--quiet", *WORKERS],
        "join": ["run", "--join", "--quiet", *WORKERS],
        "order": ["order", "--quiet"],
        "withdraw": ["order", "--withdraw", "--quiet"],
        "work": ["work", order, "--task", "0", "--tasks", "1", "--quiet", *WORKERS],
        "collect": ["collect", "--quiet"],
        "collect-order": ["collect", "--order", order],
        "verify": ["verify", "--quiet"],
        "repair": ["verify", "--repair", "--quiet"],
        "retry": ["retry"],
        "status": ["status", "--json"],
        "list": ["list", "--json"],
        "blocks": ["blocks", "--json"],
        "report": ["report", "-o", "report.html"],
        "backup": ["backup", "copy.sqlite"],
        "restore": ["restore", "older.sqlite"],
        "preview": ["preview", "-o", "preview.png"],
    }[name]


def strace_errors(case: Case) -> None:
    """A command some of whose system calls fail; then the same without."""
    rng = case.rng
    scene = case.new_scene(rng.choice(["zarr2-nested", "zarr2-flat", "zarr3", "n5", "hdf5", "tiff"]), chunk=32)
    name = prepare(rng, scene)
    injections = [injection(rng) for _ in range(rng.choice([1, 1, 1, 2]))]
    # one text for each call: strace takes the last of two
    texts = list({call: text for call, text in injections}.values())
    case.what.append(f"{name} with {' and '.join(texts)}")
    traced = Traced(scene, texts, *command(scene, name), BLOCKFUSE_FAULT="patience:0.4")
    # beside it one that nothing happens to, and that is not to suffer
    partner = (
        scene.begin("run", "--join", "--quiet") if name in ("run", "join", "work", "collect") and rng.random() < 0.25 else None
    )
    end = scene.noted(traced.running)
    if partner:
        case.what.append("beside a run that joins")
        ended = scene.noted(partner)
        if ended.status not in (0, 3, 11):
            raise Wrong(f"it suffers for what another process met\n{ended}")
    for call, count in traced.injected().items():
        case.inject(call, count)
    judge_words(case, end, [text for text in texts if text.split(":")[0] in case.injected], has_partner=partner is not None)
    if name in ("submit", "overwrite"):
        resubmit(scene, name)
    done_blocks_hold(scene)
    if scene.harmed:
        scene.must("verify", "--repair", "--quiet")
        scene.harmed.clear()
    settle(scene)


def judge_words(case: Case, end: End, injections: list[str], has_partner: bool) -> None:
    """An error says what failed, and not what did not."""
    # the partner runs the job, or completes it while a task works
    if end.status in (0, 3, 12, 75) or has_partner and end.status in (4, 11):
        return
    # what is made to fail at stderr cannot be said there
    if any(text.split(":")[0] in ("write", "writev") for text in injections):
        return
    words = [word for text in injections for word in causes(text)]
    if "error: " not in end.errors or words and not any(word in end.errors for word in words):
        raise Wrong(f"it does not say why, which would be one of {words}\n{end}")


def causes(text: str) -> list[str]:
    """What may be said of an error that was injected: the system's words, or SQLite's."""
    call, error, _ = text.split(":")
    name = error.removeprefix("error=")
    words = [os.strerror(getattr(errno, name)), f"errno {getattr(errno, name)}", *SQLITE]
    if name in ("EACCES", "EPERM", "EROFS"):
        # of the database, with a hint on rights
        words.append("cannot be written")
    if name in ("ENOSPC", "EDQUOT", "EFBIG"):
        words += ["full", "space"]
    if name == "ENOMEM" or call == "mmap":
        words += ["memory", "address space"]
    if call == "flock":
        words += ["another process"]
    if call in ("clone3", "mmap"):
        words += ["thread"]
    return words


def resubmit(scene: Scene, name: str) -> None:
    """A submit that failed left nothing half; one more goes well, or finds that it is not needed."""
    before = scene.blockfuse("status", "--json")
    if before.status == 0:
        verified = scene.blockfuse("verify", "--quiet")
        if verified.status != 0:
            raise Wrong(f"after a submit that failed\n{verified}")
    elif before.status != 10:
        raise Wrong(f"nothing disturbs it any more\n{before}")
    if before.status == 10:
        if name == "submit" and scene.output.exists():
            raise Wrong("an output without a job was left behind")
        scene.must(*command(scene, name))
