"""Runs probes side by side, each with a deadline, so that one that hangs costs one section."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from .document import Problem, noter
from .identifiers import Identifiers
from .system import Note, System

Probe = Callable[[System, Identifiers, Note], dict[str, Any]]

# A probe may meet two commands that hang and still answer for the rest.
_COMMAND_SHARE = 0.4
_LONGEST_COMMAND = 10.0


def command_timeout(timeout: float) -> float:
    """Seconds that one command may take within a probe that may take `timeout` seconds."""
    return min(_LONGEST_COMMAND, timeout * _COMMAND_SHARE)


class _Run:
    """One probe in a thread of its own; daemonic, so that a hung one cannot hold the process."""

    def __init__(self, name: str, probe: Probe, system: System, identifiers: Identifiers) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self._section: dict[str, Any] | None = None
        self._note = noter(self.problems, name)
        self._work: Callable[[], dict[str, Any]] = lambda: probe(system, identifiers, self._note)
        self._thread = threading.Thread(target=self._run, name=f"probe-{name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._section = self._work()
        except Exception as error:  # noqa: BLE001 - whatever a probe raises costs its section only
            self._note("crashed", f"{self.name}: {type(error).__name__}: {error}")

    def result(self, deadline: float, timeout: float) -> dict[str, Any] | None:
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._note("timeout", f"{self.name}: not finished in {timeout:g} s; given up")
            return None
        return self._section


def run_probes(
    system: System, identifiers: Identifiers, probes: Mapping[str, Probe], timeout: float
) -> tuple[dict[str, dict[str, Any] | None], list[Problem]]:
    """Run every probe at once; the sections by name, and all problems in the order of `probes`.

    A probe that does not finish within `timeout` seconds, or raises, has the section None and a
    problem with the code `timeout` or `crashed`.
    """
    deadline = time.monotonic() + timeout
    runs = [_Run(name, probe, system, identifiers) for name, probe in probes.items()]
    sections = {run.name: run.result(deadline, timeout) for run in runs}
    return sections, [problem for run in runs for problem in list(run.problems)]
