"""What became of a run, gathered from ansible-runner's events.

Ansible's own sums (`stats`) are one witness among several: a run may end without them, a host may
be absent from them, and they call a host well that was left out after another one's failure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import one_line
from .events import (
    Answer,
    Event,
    HostAnswered,
    HostStarted,
    Line,
    PlayStarted,
    TaskStarted,
    figure_event,
    workstream_of,
)

_CONTROLLER = "localhost"
_STORE, _GATE = "foundation_store", "foundation_gate"
_DEBUG = ("debug", "ansible.builtin.debug")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ERROR = re.compile(r"(?:\[ERROR\]: |ERROR! |ansible-playbook: error: )(.*)", re.DOTALL)
_ANSWERS: dict[str, Answer] = {
    "runner_on_ok": "ok",
    "runner_on_skipped": "skipped",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
}


@dataclass(frozen=True)
class Fault:
    """A task that failed, or whose host was unreachable."""

    task: str
    message: str


@dataclass(frozen=True)
class Play:
    """A play: its name, its pattern, and the hosts that are left of that after --limit."""

    name: str
    pattern: str
    hosts: tuple[str, ...]


class Record:
    """Takes ansible-runner's events one by one, gives typed ones and remembers what counts."""

    def __init__(self, plays_file: Path) -> None:
        self._plays_file = plays_file
        self._plays: tuple[Play, ...] = ()
        self._play = ""
        self._judging = False  # what is displayed then is the verdict, which the report has
        self._begun: set[str] = set()
        self._answered: dict[str, set[str]] = {}  # of the play, the hosts by task
        self._last_failure: tuple[str, Fault] | None = None  # with no task after it
        self.process: int | None = None  # ansible-playbook's process id
        self.failures: dict[str, list[Fault]] = {}  # those not ignored; some may be rescued
        self.unreachable: dict[str, Fault] = {}
        self.left_out: dict[str, str] = {}  # why a host takes no further part, by no own fault
        self.last_task: dict[str, str] = {}
        self.stored: dict[str, list[Path]] = {}
        self.gate: Mapping[str, Any] | None = None  # what the task foundation_gate answered
        self.judge: str | None = None  # the host on whose behalf it was done
        self.stats: Mapping[str, Any] | None = None
        self.errors: list[str] = []

    def feed(self, raw: Mapping[str, Any]) -> Iterator[Event]:
        """The typed events of one of ansible-runner's. Nothing in it is taken for granted."""
        if isinstance(raw.get("pid"), int) and self.process is None:
            self.process = raw["pid"]
        data = raw.get("event_data")
        data = data if isinstance(data, dict) else {}
        name = raw.get("event")
        if name == "playbook_on_play_start":
            if str(data.get("name", "")) != self._play:
                self._answered = {}
            self._play = str(data.get("name", ""))
            self._begun.add(self._play)
            self._last_failure = None
            yield PlayStarted(self._play, workstream_of(self._play), self._hosts_of(self._play))
        elif name in ("playbook_on_task_start", "playbook_on_handler_task_start"):
            self._last_failure = None
            self._judging = data.get("task_action") == _GATE
            yield TaskStarted(_task(data), self._play, workstream_of(self._play))
        elif name == "runner_on_start":
            self.last_task[str(data.get("host"))] = _task(data)
            yield HostStarted(str(data.get("host")), _task(data))
        elif name in _ANSWERS:
            yield self._answer(_ANSWERS[name], data)
            yield from _debug_lines(data)
        elif name == "playbook_on_stats":
            self.stats = data
            self._find_left_out()
        elif name in ("verbose", "warning", "system_warning", "deprecated", "error", "debug"):
            yield from self._lines(str(raw.get("stdout") or ""))

    def plays(self) -> tuple[Play, ...]:
        """The plays of the run, as the callback plugin wrote them; empty before it did."""
        if not self._plays:
            try:
                found = json.loads(self._plays_file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return ()
            self._plays = tuple(Play(p["name"], p["pattern"], tuple(p["hosts"])) for p in found)
        return self._plays

    def hosts(self) -> tuple[str, ...]:
        """The hosts that this run was for, in the inventory's order.

        Plays of the pattern localhost are the controller's own preparations, unless there are
        no others.
        """
        plays = [play for play in self.plays() if play.pattern != _CONTROLLER] or self.plays()
        return tuple(dict.fromkeys(host for play in plays for host in play.hosts))

    def _hosts_of(self, name: str) -> tuple[str, ...]:
        named = (play.hosts for play in self.plays() if play.name == name)
        return tuple(dict.fromkeys(host for hosts in named for host in hosts))

    def _answer(self, answer: Answer, data: Mapping[str, Any]) -> HostAnswered:
        host, task = str(data.get("host")), _task(data)
        result = data.get("res")
        result = result if isinstance(result, dict) else {}
        self.last_task[host] = task
        self._answered.setdefault(task, set()).add(host)
        action = str(data.get("task_action", ""))
        if action == _GATE and answer in ("ok", "failed"):
            # The controller judges, on behalf of some host that has not failed by it.
            self.judge = host
            if isinstance(result.get("verdict"), str):
                self.gate = result
            else:
                self.errors.append(_message(result))
            return HostAnswered(host, task, "ok")
        if answer in ("ok", "skipped"):
            if action == _STORE and isinstance(result.get("paths"), list):
                self.stored.setdefault(host, []).extend(Path(str(p)) for p in result["paths"])
            return HostAnswered(host, task, answer)
        fault = Fault(task, _message(result))
        ignored = bool(data.get("ignore_errors"))
        if answer == "unreachable":
            self.unreachable[host] = fault
        elif not ignored:
            self.failures.setdefault(host, []).append(fault)
            self._last_failure = (host, fault)
        return HostAnswered(host, task, answer, fault.message, ignored)

    def _find_left_out(self) -> None:
        """Hosts without a fault that Ansible went no further with, without a word.

        A failure of a task that is done once for all ends the play for all; when nobody is left
        after a play, the plays after it are not begun.
        """
        cause = None
        if self._last_failure is not None:
            host, fault = self._last_failure
            cause = f"left out after {fault.task!r} failed on {host}"
            for other in set(self._hosts_of(self._play)) - self._answered[fault.task]:
                self.left_out[other] = cause
        for play in self.plays():
            if play.name not in self._begun:
                why = cause or f"the play {play.name!r} was not begun"
                self.left_out |= dict.fromkeys(play.hosts, why)

    def _lines(self, text: str) -> Iterator[Event]:
        text = _ESCAPES.sub("", text)
        found = _ERROR.match(text.strip())
        if found:
            self.errors.append(one_line(found[1]))
        for line in text.splitlines():
            if line.strip() and not self._judging:
                yield figure_event(line, self.last_task) or Line(line)


def _task(data: Mapping[str, Any]) -> str:
    name = one_line(str(data.get("task") or data.get("name") or "a task"), 120)
    role = data.get("role")
    return f"{role} : {name}" if role and not name.startswith(f"{role} : ") else name


def _debug_lines(data: Mapping[str, Any]) -> Iterator[Line]:
    """What a playbook itself says to its user."""
    result = data.get("res")
    if data.get("task_action") in _DEBUG and isinstance(result, dict) and result.get("msg"):
        yield Line(one_line(str(result["msg"]), 2000))


def _message(result: Mapping[str, Any]) -> str:
    """Why a task failed, in one line: of a loop, why its first failing item did."""
    items = result.get("results")
    if isinstance(items, list):
        failed = [item for item in items if isinstance(item, dict) and item.get("failed")]
        if failed:
            return _message({**failed[0], "results": None})
    text = str(result.get("msg") or result.get("censored") or result.get("reason") or "no message")
    said = str(result.get("stderr") or result.get("module_stderr") or "").strip()
    if said and said not in text:
        text = f"{text}: {said.splitlines()[-1]}"
    return one_line(text)
