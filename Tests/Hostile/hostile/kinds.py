"""The kinds of disturbance, by name."""

from __future__ import annotations

from collections.abc import Callable

from .case import Case
from .changed_inputs import changed_inputs
from .damaged_databases import damaged_databases
from .damaged_outputs import damaged_outputs
from .gate import missing
from .storms import storms
from .strace_errors import strace_errors

KINDS: dict[str, Callable[[Case], None]] = {
    "errors": strace_errors,
    "storms": storms,
    "inputs": changed_inputs,
    "databases": damaged_databases,
    "outputs": damaged_outputs,
}


def left_out(kind: str) -> str | None:
    """Why this machine cannot do a kind, if it cannot."""
    return missing() if kind == "errors" else None
