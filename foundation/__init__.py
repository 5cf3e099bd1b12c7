"""The controller: documents, criteria, gate and reports. Talks to hosts through Ansible only.

`run_foundation`, `run_gate` and the types that they give are here by name. They are imported when
asked for, so that judging documents needs no ansible-runner.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core.errors import FoundationError, RunError
    from .runs.events import (
        Event,
        FigureDone,
        FigureUnderWay,
        HostAnswered,
        HostStarted,
        Line,
        PlayStarted,
        TaskStarted,
    )
    from .runs.result import HostOutcome, RunResult
    from .runs.runner import run_foundation, run_gate

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
    "FoundationError": "core.errors",
    "RunError": "core.errors",
    "HostOutcome": "runs.result",
    "RunResult": "runs.result",
    "run_foundation": "runs.runner",
    "run_gate": "runs.runner",
}
_MODULES = {
    "criteria": "profiles.criteria",
    "gate": "evaluation.gate",
    "terminal": "reports.terminal",
}
"""What judges from Python: `from foundation import criteria, documents, gate, terminal`."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{_MODULES[name]}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "runs.events")
    return getattr(import_module(f"{__name__}.{home}"), name)
