"""How a run looks while it goes on: a board on a terminal, plain lines elsewhere.

Both go to standard error, so that standard output has the result alone.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from ..core.errors import one_line
from .events import (
    Event,
    FigureDone,
    FigureUnderWay,
    HostAnswered,
    HostStarted,
    Line,
    PlayStarted,
    TaskStarted,
)

_State = Literal["failed", "unreachable", "at work", "waiting", "answered"]
_ORDER: tuple[_State, ...] = ("failed", "unreachable", "at work", "waiting", "answered")
_FAULTS = ("failed", "unreachable")
_STYLES = {"failed": "bold red", "unreachable": "red", "waiting": "dim", "answered": "dim"}
_LONGEST_NAME = 24
_LINES_KEPT = 3
ENDING = "ending the run on the hosts; again ends it at once"


@dataclass(frozen=True)
class _Host:
    state: _State = "waiting"
    detail: str = ""
    figure: str = ""


class Board:
    """The state of a run as a rich renderable that fits the terminal, whatever its size."""

    def __init__(
        self,
        title: str,
        clock: Callable[[], float] = time.monotonic,
        ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self._title = title
        self._ending = ending
        self._clock = clock
        self._begin = clock()
        self._place = "starting"
        self._hosts: dict[str, _Host] = {}
        self._lines: list[str] = []
        self._lock = threading.Lock()  # rich draws in a thread of its own

    def take(self, event: Event) -> None:
        """Take an event in."""
        with self._lock:
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case PlayStarted(play=play, hosts=hosts):
                self._place = play
                faulty = {name: one for name, one in self._hosts.items() if one.state in _FAULTS}
                self._hosts = {name: _Host() for name in hosts} | faulty
            case TaskStarted(task=task, play=play):
                self._place = f"{play}: {task}"
                for name, one in self._hosts.items():
                    if one.state not in _FAULTS:
                        self._hosts[name] = _Host()
            case HostStarted(host=host):
                # A host that goes on after a failure was rescued.
                self._hosts[host] = _Host("at work")
            case HostAnswered(answer="failed" | "unreachable" as fault, ignored=False):
                self._hosts[event.host] = _Host(fault, f"{event.task}: {event.message}")
            case HostAnswered(host=host):
                self._hosts[host] = _Host("answered")
            case FigureUnderWay(host=host, figure=figure):
                detail = f"[{event.number}/{event.total}] {figure}, {_duration(event.left_seconds)}"
                self._hosts[host] = _Host("at work", f"{detail} left", figure)
            case FigureDone(host=host, result=result):
                one = self._hosts.get(host, _Host("at work"))
                self._hosts[host] = replace(one, detail=f"{one.figure}: {result}")
            case Line(text=text):
                self._lines = [*self._lines, text][-_LINES_KEPT:]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            rows = list(self._rows(options.max_width, max(4, console.height - 1)))
        for row in rows:
            row.truncate(options.max_width, overflow="ellipsis")
            yield row

    def _rows(self, width: int, height: int) -> Iterator[Text]:
        elapsed = _duration(self._clock() - self._begin)
        place = ENDING if self._ending() else self._place
        left = Text(f"{self._title}  {one_line(place)}", style="bold")
        left.truncate(max(1, width - len(elapsed) - 1), overflow="ellipsis", pad=True)
        yield Text.assemble(left, " ", elapsed)
        counts = _counts(self._hosts.values())
        yield Text(f"{_plural(len(self._hosts))}: {counts}" if counts else "no hosts yet")
        shown = self._chosen(height - 2 - len(self._lines))
        longest = min(_LONGEST_NAME, max((len(name) for name in shown), default=0))
        for name in shown:
            one = self._hosts[name]
            cut = name if len(name) <= longest else f"{name[: longest - 3]}..."
            state = Text(f"{one.state:<11} ", style=_STYLES.get(one.state, ""))
            yield Text.assemble(f"  {cut:<{longest}}  ", state, one_line(one.detail))
        if others := [one for name, one in self._hosts.items() if name not in shown]:
            yield Text(f"  and {len(others)} more: {_counts(others)}", style="dim")
        for line in self._lines:
            yield Text(one_line(line), style="dim")

    def _chosen(self, rows: int) -> list[str]:
        """The hosts that there is room for: faults, though at most half, then those at work."""
        names = sorted(self._hosts, key=lambda name: _ORDER.index(self._hosts[name].state))
        if len(names) <= rows:
            return names
        rows = max(1, rows - 1)  # one row says how many more there are
        faults = [name for name in names if self._hosts[name].state in _FAULTS]
        others = names[len(faults) :]
        room = max(rows // 2, rows - len(others))
        return [*faults[:room], *others[: rows - min(len(faults), room)]]


@contextlib.contextmanager
def live_display(
    title: str, stream: TextIO, ending: Callable[[], bool] = lambda: False
) -> Iterator[Callable[[Event], None]]:
    """Draw a board until the `with` block ends, and leave the terminal as it was."""
    board = Board(title, ending=ending)
    # transient: what is left on the terminal is the result. Nothing else may be redirected:
    # standard output belongs to that.
    with Live(
        board,
        console=Console(file=stream, highlight=False, markup=False, emoji=False),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        vertical_overflow="crop",
    ):
        yield board.take


def lines(event: Event) -> Iterator[str]:
    """The event as lines for a log: what begins, what is measured, and what goes wrong."""
    match event:
        case PlayStarted(play=play, hosts=hosts):
            yield f"{play}: {_plural(len(hosts))}"
        case TaskStarted(task=task):
            yield f"  {task}"
        case HostAnswered(host=host, task=task, answer=answer, message=message):
            if answer in _FAULTS and not event.ignored:
                yield f"  {host} {answer}: {task}: {message}"
        case FigureUnderWay(host=host, figure=figure):
            left = _duration(event.left_seconds)
            yield f"  {host} [{event.number}/{event.total}] {figure}, about {left} left"
        case FigureDone(host=host, result=result):
            yield f"  {host}   {result}"
        case Line(text=text):
            yield f"  {text}"


def _counts(hosts: Collection[_Host]) -> str:
    counts = Counter(one.state for one in hosts)
    return ", ".join(f"{counts[state]} {state}" for state in _ORDER if counts[state])


def _plural(number: int) -> str:
    return "1 host" if number == 1 else f"{number} hosts"


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
