"""Runs probes side by side, each with a deadline, so that one that hangs costs one section.

So does one that crashes where it is run apart: in a process of its own, forked before there are
threads. A fork takes milliseconds; the gate asks every host for a document with such a probe.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from .document import Problem, noter
from .identifiers import Identifiers
from .parent_death import die_with_parent
from .system import Note, System

Probe = Callable[[System, Identifiers, Note], dict[str, Any]]

# A probe may meet two commands that hang and still answer for the rest.
_COMMAND_SHARE = 0.4
_LONGEST_COMMAND = 10.0
_GOODBYE_SECONDS = 0.5
_POLL_SECONDS = 0.01
_CHUNK_BYTES = 64 * 2**10


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


class _Apart:
    """One probe in a forked process, for code that can crash where no exception tells."""

    def __init__(
        self, name: str, probe: Probe, system: System, identifiers: Identifiers, advice: str
    ) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self._note = noter(self.problems, name)
        self._system = system
        self._identifiers = identifiers
        self._advice = advice
        self._answer, answer = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            _answer_and_end(probe, system, identifiers, self.name, answer)
        os.close(answer)

    def result(self, deadline: float, timeout: float) -> dict[str, Any] | None:
        printed = self._read(deadline)
        if printed is None:
            self._stop()
            self._note("timeout", f"{self.name}: not finished in {timeout:g} s; given up")
            return None
        status = self._end()
        try:
            section, problems, clear, too_long = json.loads(printed)
        except ValueError:
            how = f"died of {signal.Signals(-status).name}" if status < 0 else "gave no answer"
            self._note("crashed", f"{self.name}: the process that reads it {how}; {self._advice}")
            return None
        for value in clear:
            self._identifiers.hash(value)
        self._system.too_long.update(too_long)
        self.problems += problems
        found: dict[str, Any] | None = section
        return found

    def _read(self, deadline: float) -> bytes | None:
        """All that the process writes, or None where it has not ended by the deadline."""
        content = bytearray()
        try:
            while select.select([self._answer], [], [], max(0.0, deadline - time.monotonic()))[0]:
                chunk = os.read(self._answer, _CHUNK_BYTES)
                if not chunk:
                    return bytes(content)
                content += chunk
            return None
        finally:
            os.close(self._answer)

    def _end(self) -> int:
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])
        except ChildProcessError:
            return 0  # SIGCHLD is ignored here: what it wrote tells

    def _stop(self) -> None:
        """End it and the commands that it waits for; not waited for if stuck in the kernel."""
        deadline = time.monotonic() + _GOODBYE_SECONDS
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._child, signal.SIGTERM)
            while time.monotonic() < deadline:
                if os.waitpid(self._child, os.WNOHANG)[0]:
                    return
                time.sleep(_POLL_SECONDS)
            os.kill(self._child, signal.SIGKILL)


def _answer_and_end(
    probe: Probe, system: System, identifiers: Identifiers, name: str, answer: int
) -> NoReturn:
    """What a forked process does: nothing of it may return into the copy of the caller."""
    try:
        die_with_parent()
        signal.signal(signal.SIGTERM, _leave)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        known = set(identifiers.clear)
        problems: list[Problem] = []
        note = noter(problems, name)
        section = None
        try:
            section = probe(system, identifiers, note)
        except Exception as error:  # noqa: BLE001 - whatever a probe raises costs its section only
            note("crashed", f"{name}: {type(error).__name__}: {error}")
        hashed = [value for value in identifiers.clear if value not in known]
        with os.fdopen(answer, "w") as file:
            json.dump([section, problems, hashed, sorted(system.too_long)], file)
    finally:
        os._exit(0)


def _leave(*_: object) -> NoReturn:
    raise SystemExit


def run_probes(
    system: System,
    identifiers: Identifiers,
    probes: Mapping[str, Probe],
    timeout: float,
    apart: Mapping[str, str] | None = None,
) -> tuple[dict[str, dict[str, Any] | None], list[Problem]]:
    """Run every probe at once; the sections by name, and all problems in the order of `probes`.

    A probe that does not finish within `timeout` seconds, or raises, has the section None and a
    problem with the code `timeout` or `crashed`. `apart` names the probes that load native code,
    each with what to do where that crashes: they run in processes of their own, so the caller has
    no threads then. Their sections and problems pass through JSON.
    """
    deadline = time.monotonic() + timeout
    apart = apart or {}
    runs: dict[str, _Apart | _Run] = {
        name: _Apart(name, probes[name], system, identifiers, advice)
        for name, advice in apart.items()
    }
    runs |= {
        name: _Run(name, probe, system, identifiers)
        for name, probe in probes.items()
        if name not in apart
    }
    sections = {name: runs[name].result(deadline, timeout) for name in probes}
    problems = [problem for name in probes for problem in list(runs[name].problems)]
    note = noter(problems, "files")
    for file in sorted(system.too_long):
        note("truncated", f"{file}: too long to be read; what it tells is not known")
    return sections, problems
