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
from .results import BenchmarkResults
from .state import ENDED_TWICE, TRIES, StateError, StateFile, take_over
from .worker_session import WorkerSession

_START_SECONDS = 60.0  # importing torch from a cold disk
_IDENTITY_SECONDS = 15.0
_DIAGNOSTICS = {"quick": (1, 20.0), "full": (2, 180.0), "soak": (1, 20.0)}  # DCGM's level, seconds
_CLOSING_SECONDS = 1.0
DCGM = "dcgm.diag"


@dataclass(frozen=True)
class RunOptions:
    """What is asked of a run; `timeout` is in seconds and covers everything."""

    level: str
    host: str
    directory: Path
    timeout: float
    soak_minutes: float
    resume: bool = False


class Run:
    """Supervises one worker after another until every planned figure has an answer.

    `state` is where the document so far is kept, or None; `write_line` gets a line at a time.
    """

    def __init__(
        self,
        system: System,
        options: RunOptions,
        state: StateFile | None,
        write_line: Callable[[str], None],
    ) -> None:
        begin = time.monotonic()
        self._write_line = write_line
        self._system = system
        self._options = options
        self._state = state
        self._plan = plan(options.level, options.soak_minutes)
        self._deadline = begin + options.timeout
        self._progress = Progress(write_line, self._plan, begin)
        names = [planned.name for planned in self._plan]
        self._results = BenchmarkResults(system, options.level, options.host, names, begin)
        self._note = noter(self._results.problems, "benchmark")
        self._session = WorkerSession(options.directory, self._note, self._progress.tick)
        self._under_way: str | None = None
        self._owns_state = False  # whether what an earlier run left may be replaced
        self._incomplete = False

    def document(self) -> dict[str, Any]:
        """Measure everything of the level; the finished document."""
        results = self._results
        results.identify(max(1.0, min(_IDENTITY_SECONDS, self._left() / 4)))
        library = nvml_library() if results.nvml_answers else None
        results.conditions = conditions(self._system, library, self._note)
        self._session.start(self._start_seconds())
        results.ready = self._session.ready
        results.telemetry = self._session.watch(self._system, library)
        if self._options.resume:
            self._take_over()
        self._owns_state = True
        nothing_to_do = {one.name for one in self._plan if one.on_gpu and not self._session.cuda}
        self._progress.leave_out({*results.figures, *nothing_to_do})
        self._diagnose(library)
        for planned in self._plan:
            self._progress.next()
            self._measure(planned)
        self.close()
        return results.document(finished=True)

    def close(self) -> None:
        """End the worker and the telemetry; harmless when they have ended."""
        self._session.close()

    def finished(self) -> None:
        """The document is where it belongs: forget the state, unless time was short."""
        if self._state is not None and not self._incomplete:
            self._state.remove()

    def interrupted(self) -> str:
        """Someone ended the run: no figure is to blame. In a few words, what is left."""
        results = self._results
        if self._state is None or not self._owns_state:
            return "nothing was kept"
        self._ended()
        if not results.figures and not results.under_way:
            self._state.remove()
            return "nothing was left behind"
        if not self._flush():
            return f"{self._state.path} could not be written: what is there is older, or nothing"
        return f"{len(results.figures)} figures are kept for --resume in {self._state.path}"

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _start_seconds(self) -> float:
        return max(1.0, min(_START_SECONDS, self._left() / 2))

    def _take_over(self) -> None:
        """Adopt what an earlier run has measured in this state of this host."""
        results, state = self._results, self._state
        if state is None:
            return
        try:
            before = state.read()
            if before is None:
                self._write_line(f"nothing to resume: there is no {state.path}")
                return
            disk = block_device(self._system, self._options.directory)
            document = results.document(finished=False)
            earlier = take_over(before, document, self._plan, disk)
        except StateError as error:
            reason = f"{state.path} {error}: everything is measured again"
            self._note("state_ignored", reason)
            self._write_line(reason)
            return
        results.figures, results.resumed = earlier.figures, earlier.resumed
        results.conditions = earlier.conditions
        known = {DCGM, *results.names}
        results.under_way = {name: n for name, n in earlier.under_way.items() if name in known}
        self._write_line(f"resumed: {len(earlier.figures)} figures are measured already")

    def _diagnose(self, library: Any) -> None:
        """Ask DCGM, with what time the figures leave."""
        if self._results.under_way.get(DCGM, 0) >= TRIES:
            self._note("dcgm_ended", f"dcgm: {ENDED_TWICE}; not asked again")
            return
        left = self._left() - self._progress.expected_left() - _CLOSING_SECONDS
        diagnostic, most = _DIAGNOSTICS[self._options.level]
        seconds = max(1.0, min(most, left))
        installed = self._system.which("dcgmi") is not None
        if installed:
            self._write_line(f"dcgm: up to {seconds:.0f} s")
            self._begins(DCGM)
        note = noter(self._results.problems, "dcgm")
        try:
            self._results.dcgm = dcgm.collect(self._system, library, diagnostic, seconds, note)
        except Exception as error:  # noqa: BLE001 - whatever it is, no figure may be lost to it
            note("crashed", f"dcgm: {type(error).__name__}: {error}")
        if installed:
            self._ended()
            self._flush()

    def _begins(self, name: str) -> None:
        counts = self._results.under_way
        counts[name] = counts.get(name, 0) + 1
        self._under_way = name
        self._flush()

    def _ended(self) -> None:
        """What was under way, if anything, has not ended the run."""
        if self._under_way is not None:
            counts, name = self._results.under_way, self._under_way
            counts[name] -= 1
            if not counts[name]:
                del counts[name]
            self._under_way = None

    def _flush(self) -> bool:
        """Whether the document so far is on the disk."""
        if self._state is None:
            return False
        try:
            self._state.write(self._results.document(finished=False))
        except OSError as error:
            reason = error.strerror or error
            self._note("state_unwritable", f"{self._state.path}: {reason}: cannot be resumed")
            return False
        return True

    def _reason_to_skip(self, planned: Planned, left: float) -> str | None:
        """Why this figure is not tried, or None."""
        if self._results.under_way.get(planned.name, 0) >= TRIES:
            return ENDED_TWICE
        if left < planned.expected and (self._session.cuda or not planned.on_gpu):
            self._incomplete = True
            return (
                f"about {planned.expected:.0f} s are needed and {max(left, 0):.0f} s are left of "
                "--timeout"
            )
        lacking = self._session.lacks(planned, self._start_seconds())
        self._results.ready = self._session.ready
        return lacking

    def _measure(self, planned: Planned) -> None:
        results = self._results
        if planned.name in results.figures:
            self._progress.measured(results.figures[planned.name])
            return
        left = self._left() - _CLOSING_SECONDS
        reason = self._reason_to_skip(planned, left)
        if reason is None:
            self._begins(planned.name)
            figure = self._session.measure(planned, left)
            self._ended()
            if isinstance(figure, str):
                reason = figure
            else:
                results.figures[planned.name] = figure
                results.under_way.pop(planned.name, None)
                self._progress.measured(figure)
            self._flush()
        if reason is not None:
            results.skipped[planned.name] = reason
            self._progress.skipped(reason)
