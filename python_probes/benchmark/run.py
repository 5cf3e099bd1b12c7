"""One run of the benchmark: it asks the worker for one figure after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.document import noter
from ..core.system import System
from ..host.block_device import block_device
from ..nvidia import dcgm
from .conditions import conditions, nvml_library
from .levels import Planned, plan
from .progress import Progress
from .results import Findings
from .state import ENDED_TWICE, TRIES, StateError, StateFile, take_over
from .worker_session import Crew

_START_SECONDS = 60.0  # importing torch from a cold disk
_IDENTITY_SECONDS = 15.0
_DIAGNOSTICS = {"quick": 1, "full": 2, "soak": 1}  # DCGM's levels
_DCGM_SECONDS = {"quick": 20.0, "full": 180.0, "soak": 20.0}
_CLOSING_SECONDS = 1.0
DCGM = Planned("dcgm.diag", max(_DCGM_SECONDS.values()))


@dataclass(frozen=True)
class Wanted:
    """What is asked of a run; `timeout` is in seconds and covers everything."""

    level: str
    host: str
    directory: Path
    timeout: float
    soak_minutes: float
    resume: bool = False


class Run:
    """Supervises one worker after another until every planned figure has an answer.

    `state` is where the document so far is kept, or None; `say` gets a line at a time.
    """

    def __init__(
        self, system: System, wanted: Wanted, state: StateFile | None, say: Callable[[str], None]
    ) -> None:
        begin = time.monotonic()
        self._system = system
        self._wanted = wanted
        self._state = state
        self._plan = plan(wanted.level, wanted.soak_minutes)
        self._deadline = begin + wanted.timeout
        self._progress = Progress(say, self._plan, begin)
        names = [planned.name for planned in self._plan]
        self._found = Findings(system, wanted.level, wanted.host, names, begin)
        self._note = noter(self._found.problems, "benchmark")
        self._crew = Crew(wanted.directory, self._note, self._progress.tick)
        self._under_way: Planned | None = None
        self._owns_state = False  # whether what an earlier run left may be replaced
        self._incomplete = False

    def document(self) -> dict[str, Any]:
        """Measure everything of the level; the finished document."""
        found = self._found
        found.identify(max(1.0, min(_IDENTITY_SECONDS, self._left() / 4)))
        library = nvml_library() if found.nvml_answers else None
        found.conditions = conditions(self._system, library, self._note)
        self._crew.start(self._start_seconds())
        found.ready = self._crew.ready
        found.telemetry = self._crew.watch(self._system, library)
        if self._wanted.resume:
            self._take_over()
        self._owns_state = True
        nothing_to_do = {one.name for one in self._plan if one.on_gpu and not self._crew.cuda}
        self._progress.leave_out({*found.figures, *nothing_to_do})
        self._diagnose(library)
        for planned in self._plan:
            self._progress.next()
            self._measure(planned)
        self.close()
        return found.document(finished=True)

    def close(self) -> None:
        """End the worker and the telemetry; harmless when they have ended."""
        self._crew.close()

    def finished(self) -> None:
        """The document is where it belongs: forget the state, unless time was short."""
        if self._state is not None and not self._incomplete:
            self._state.remove()

    def interrupted(self) -> str:
        """Someone ended the run: no figure is to blame. In a few words, what is left."""
        found = self._found
        if self._state is None or not self._owns_state:
            return "nothing was kept"
        self._ended()
        if not found.figures and not found.under_way:
            self._state.remove()
            return "nothing was left behind"
        if not self._flush():
            return f"{self._state.path} could not be written: what is there is older, or nothing"
        return f"{len(found.figures)} figures are kept for --resume in {self._state.path}"

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _start_seconds(self) -> float:
        return max(1.0, min(_START_SECONDS, self._left() / 2))

    def _take_over(self) -> None:
        """Adopt what an earlier run has measured in this state of this host."""
        found, state = self._found, self._state
        if state is None:
            return
        try:
            before = state.read()
            if before is None:
                self._progress.note(f"nothing to resume: there is no {state.path}")
                return
            disk = block_device(self._system, self._wanted.directory)
            document = found.document(finished=False)
            earlier = take_over(before, document, self._plan, disk)
        except StateError as error:
            reason = f"{state.path} {error}: everything is measured again"
            self._note("state_ignored", reason)
            self._progress.note(reason)
            return
        found.figures, found.resumed = earlier.figures, earlier.resumed
        found.conditions = earlier.conditions
        known = {DCGM.name, *found.names}
        found.under_way = {name: n for name, n in earlier.under_way.items() if name in known}
        self._progress.note(f"resumed: {len(earlier.figures)} figures are measured already")

    def _diagnose(self, library: Any) -> None:
        """Ask DCGM, with what time the figures leave."""
        if self._found.under_way.get(DCGM.name, 0) >= TRIES:
            self._note("dcgm_ended", f"dcgm: {ENDED_TWICE}; not asked again")
            return
        left = self._left() - self._progress.expected_left() - _CLOSING_SECONDS
        seconds = max(1.0, min(_DCGM_SECONDS[self._wanted.level], left))
        installed = self._system.which("dcgmi") is not None
        if installed:
            self._progress.note(f"dcgm: up to {seconds:.0f} s")
            self._begins(DCGM)
        diagnostic = _DIAGNOSTICS[self._wanted.level]
        note = noter(self._found.problems, "dcgm")
        try:
            self._found.dcgm = dcgm.collect(self._system, library, diagnostic, seconds, note)
        except Exception as error:  # noqa: BLE001 - whatever it is, no figure may be lost to it
            note("crashed", f"dcgm: {type(error).__name__}: {error}")
        if installed:
            self._ended()
            self._flush()

    def _begins(self, planned: Planned) -> None:
        counts = self._found.under_way
        counts[planned.name] = counts.get(planned.name, 0) + 1
        self._under_way = planned
        self._flush()

    def _ended(self) -> None:
        """What was under way, if anything, has not ended the run."""
        if self._under_way is not None:
            counts, name = self._found.under_way, self._under_way.name
            counts[name] -= 1
            if not counts[name]:
                del counts[name]
            self._under_way = None

    def _flush(self) -> bool:
        """Whether the document so far is on the disk."""
        if self._state is None:
            return False
        try:
            self._state.write(self._found.document(finished=False))
        except OSError as error:
            reason = error.strerror or error
            self._note("state_unwritable", f"{self._state.path}: {reason}: cannot be resumed")
            return False
        return True

    def _reason_to_skip(self, planned: Planned, left: float) -> str | None:
        """Why this figure is not tried, or None."""
        if self._found.under_way.get(planned.name, 0) >= TRIES:
            return ENDED_TWICE
        if left < planned.expected and (self._crew.cuda or not planned.on_gpu):
            self._incomplete = True
            return (
                f"about {planned.expected:.0f} s are needed and {max(left, 0):.0f} s are left of "
                "--timeout"
            )
        lacking = self._crew.lacks(planned, self._start_seconds())
        self._found.ready = self._crew.ready
        return lacking

    def _measure(self, planned: Planned) -> None:
        found = self._found
        if planned.name in found.figures:
            self._progress.measured(found.figures[planned.name])
            return
        left = self._left() - _CLOSING_SECONDS
        reason = self._reason_to_skip(planned, left)
        if reason is None:
            self._begins(planned)
            figure = self._crew.measure(planned, left)
            self._ended()
            if isinstance(figure, str):
                reason = figure
            else:
                found.figures[planned.name] = figure
                found.under_way.pop(planned.name, None)
                self._progress.measured(figure)
            self._flush()
        if reason is not None:
            found.skipped[planned.name] = reason
            self._progress.skipped(reason)
