"""Runs probes side by side, each in a process of its own and with a deadline.

So a probe that hangs, or that crashes where no exception tells, costs one section. A fork takes
milliseconds; the gate asks every host for a document that is made in this way.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from .document import Problem, noter
from .identifiers import Identifiers
from .interruption import signal_name
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


def run_probes(
    system: System,
    identifiers: Identifiers,
    probes: Mapping[str, Probe],
    timeout: float,
    advice: Mapping[str, str] | None = None,
) -> tuple[dict[str, dict[str, Any] | None], list[Problem]]:
    """Run every probe at once; the sections by name, and all problems in the order of `probes`.

    A probe that does not finish within `timeout` seconds, or crashes, has the section None and a
    problem with the code `timeout` or `crashed`; `advice` says by name what to do when a process
    died. Sections and problems pass through JSON. The caller has no threads.
    """
    deadline = time.monotonic() + timeout
    runs = [_Run(name, probe, system, identifiers) for name, probe in probes.items()]
    _read(runs, deadline)
    _stop([run for run in runs if not run.ended])
    sections: dict[str, dict[str, Any] | None] = {}
    problems: list[Problem] = []
    for run in runs:
        sections[run.name] = None
        note = noter(problems, run.name)
        if not run.ended:
            note("timeout", f"{run.name}: not finished in {timeout:g} s; given up")
            continue
        status = run.exit_status()
        try:
            section, noted, hashes, too_long = json.loads(run.answer)
        except ValueError:
            how = f"died of {signal_name(-status)}" if status < 0 else "gave no answer"
            what_to_do = f"; {advice[run.name]}" if advice and run.name in advice else ""
            note("crashed", f"{run.name}: the process that reads it {how}{what_to_do}")
            continue
        sections[run.name] = section
        problems += noted
        identifiers.hashes.update(hashes)
        system.too_long.update(too_long)
    note = noter(problems, "files")
    for file in sorted(system.too_long):
        note("truncated", f"{file}: too long to be read; its content is not known")
    return sections, problems


class _Run:
    """One probe in a forked process; `answer` is what it wrote, whole once it has `ended`."""

    def __init__(self, name: str, probe: Probe, system: System, identifiers: Identifiers) -> None:
        self.name = name
        self.answer = bytearray()
        self.ended = False
        self.pipe, answer = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            _answer_and_end(probe, system, identifiers, name, answer)
        os.close(answer)

    def exit_status(self) -> int:
        """Negative for a signal; 0 where it is not known.

        A driver can keep a process that ends in the kernel: its answer is here, and nobody waits.
        """
        deadline = time.monotonic() + _GOODBYE_SECONDS
        pause = _POLL_SECONDS / 50
        try:
            while True:
                child, status = os.waitpid(self.child, os.WNOHANG)
                if child or time.monotonic() > deadline:
                    return os.waitstatus_to_exitcode(status)
                time.sleep(pause)
        except ChildProcessError:
            return 0  # SIGCHLD is ignored here: what it wrote tells


def _read(runs: Sequence[_Run], deadline: float) -> None:
    """Take what the processes write until all have ended or the deadline has passed."""
    with selectors.DefaultSelector() as selector:
        for run in runs:
            selector.register(run.pipe, selectors.EVENT_READ, run)
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                chunk = os.read(key.fd, _CHUNK_BYTES)
                key.data.answer += chunk
                if not chunk:
                    key.data.ended = True
                    selector.unregister(key.fd)
    for run in runs:
        os.close(run.pipe)


def _stop(runs: Sequence[_Run]) -> None:
    """End hung processes and the commands they wait for; not waited for if stuck in the kernel."""
    deadline = time.monotonic() + _GOODBYE_SECONDS
    for run in runs:
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.child, signal.SIGTERM)
    for run in runs:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            while not os.waitpid(run.child, os.WNOHANG)[0]:
                if time.monotonic() > deadline:
                    os.kill(run.child, signal.SIGKILL)
                    break
                time.sleep(_POLL_SECONDS)


def _answer_and_end(
    probe: Probe, system: System, identifiers: Identifiers, name: str, answer: int
) -> NoReturn:
    """What a forked process does: nothing of it may return into the copy of the caller."""
    try:
        die_with_parent()
        # One that is stuck in the kernel must not hold open what the caller's own caller reads.
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        signal.signal(signal.SIGTERM, _leave)
        system.before = die_with_parent  # a command that heeds no SIGTERM would outlive this
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        problems: list[Problem] = []
        note = noter(problems, name)
        section = None
        try:
            section = probe(system, identifiers, note)
        except Exception as error:  # noqa: BLE001 - whatever a probe raises costs its section only
            note("crashed", f"{name}: {type(error).__name__}: {error}")
        with os.fdopen(answer, "w") as file:
            json.dump([section, problems, identifiers.hashes, sorted(system.too_long)], file)
    finally:
        os._exit(0)


def _leave(*_: object) -> NoReturn:
    raise SystemExit
