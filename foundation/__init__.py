"""The controller: documents, criteria, gate and reports. Talks to hosts through Ansible only.

`run_foundation`, `run_gate` and the types that they give are here by name. They are imported when
asked for, so that judging documents needs no ansible-runner.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import FoundationError, RunError
    from .run_events import (
        Event,
        FigureDone,
        FigureUnderWay,
        HostAnswered,
        HostStarted,
        Line,
        PlayStarted,
        TaskStarted,
    )
    from .run_result import HostOutcome, RunResult
    from .runner import run_foundation, run_gate

__all__ = [
    "Event",
    "FigureDone",
    "FigureUnderWay",
    "FoundationError",
    "HostAnswered",
    "HostOutcome",
    "HostStarted",
    "Line",
    "PlayStarted",
    "RunError",
    "RunResult",
    "TaskStarted",
    "run_foundation",
    "run_gate",
]

_HOMES = {
    "FoundationError": "errors",
    "RunError": "errors",
    "HostOutcome": "run_result",
    "RunResult": "run_result",
    "run_foundation": "runner",
    "run_gate": "runner",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "run_events")
    return getattr(import_module(f"{__name__}.{home}"), name)
