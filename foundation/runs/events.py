"""What happens in a run of a playbook while it goes on, as typed events.

The benchmark's own lines come through Ansible's display (plugins/action/foundation_benchmark.py),
which ansible-runner hands on as text: `figure_event` reads what
python_probes/benchmark/progress.py writes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Answer = Literal["ok", "skipped", "failed", "unreachable"]


@dataclass(frozen=True)
class PlayStarted:
    """A play begins on its hosts; `workstream` is WS-01, WS-02 or WS-03 where it is one."""

    play: str
    workstream: str | None
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class TaskStarted:
    """A task of that play begins."""

    task: str
    play: str
    workstream: str | None


@dataclass(frozen=True)
class HostStarted:
    """A host begins with a task."""

    host: str
    task: str


@dataclass(frozen=True)
class HostAnswered:
    """A host is through with a task.

    `message` is empty unless it failed or was unreachable. An `ignored` failure does not count; a
    failure that a later task rescues looks like any other here, and not in the result.
    """

    host: str
    task: str
    answer: Answer
    message: str = ""
    ignored: bool = False


@dataclass(frozen=True)
class FigureUnderWay:
    """A host measures this figure, number `number` of `total`; long ones are reported again."""

    host: str
    figure: str
    number: int
    total: int
    elapsed_seconds: float
    left_seconds: float


@dataclass(frozen=True)
class FigureDone:
    """The figure that was under way has ended: its value and unit, or `skipped: ` and why."""

    host: str
    result: str


@dataclass(frozen=True)
class Line:
    """What a playbook says to its user, a warning of Ansible's; not the verdict's text."""

    text: str


Event = PlayStarted | TaskStarted | HostStarted | HostAnswered | FigureUnderWay | FigureDone | Line

_WORKSTREAM = re.compile(r"WS-\d\d\b")
_UNDER_WAY = re.compile(
    r"\[(?P<number>\d+)/(?P<total>\d+)\] (?P<figure>.+): (?P<elapsed>\d+) s elapsed, "
    r"about (?P<left>\d+) s left"
)
_RESULT_INDENT = " " * 6


def workstream_of(play: str) -> str | None:
    """The workstream that a play's name begins with."""
    found = _WORKSTREAM.match(play)
    return found[0] if found else None


def figure_event(line: str, hosts: Collection[str]) -> FigureUnderWay | FigureDone | None:
    """The event in one line of the benchmark's progress; None for any other line."""
    host, colon, text = line.partition(": ")
    if not colon or host not in hosts:
        return None
    found = _UNDER_WAY.fullmatch(text)
    if found:
        return FigureUnderWay(
            host,
            found["figure"],
            int(found["number"]),
            int(found["total"]),
            float(found["elapsed"]),
            float(found["left"]),
        )
    if text.startswith(_RESULT_INDENT) and text.strip():
        return FigureDone(host, text.strip())
    return None
