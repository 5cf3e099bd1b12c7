"""The worker that measures and the telemetry beside it, as one run of the benchmark needs them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..core.system import Note, System
from ..nvidia import dcgm, telemetry
from ..nvidia.nvml_calls import Nvml, NvmlError
from .levels import Planned
from .worker_process import Worker, WorkerError

_SLOW = 1.5  # times the expected time: what a figure may plan to take on a slow or busy host
_GRACE = 3  # times the expected time, and _GRACE_SECONDS: then a figure hangs
_GRACE_SECONDS = 10.0
_STARTS = 3
_NO_NVML = (
    "the Python module pynvml is not installed, or the driver's library crashes (see problems)"
)
_NO_GPU = "torch sees no CUDA device"


class WorkerSession:
    """One worker after another, and a sampler while the GPU works.

    `tick` is called all the time while a figure is awaited.
    """

    def __init__(self, directory: Path, note: Note, tick: Callable[[], None]) -> None:
        self._directory = directory
        self._note = note
        self._progress = tick
        self._worker: Worker | None = None
        self._sampler: telemetry.Sampler | None = None
        self._measuring: Planned | None = None
        self._no_torch: str | None = None
        self.cuda = False
        """Whether the worker that runs now has a CUDA device."""
        self.ready: dict[str, Any] = {}
        """What the first worker with a torch reported of itself: that one made the figures."""

    def close(self) -> None:
        """End the worker and the telemetry; harmless when they have ended."""
        if self._worker is not None:
            if self._measuring is not None:
                self._worker.kill()  # it would not hear of the end before its figure is done
            else:
                self._worker.finish()
            self._worker = None
        if self._sampler is not None:
            self._sampler.stop()
            self._sampler = None

    def start(self, seconds: float) -> None:
        """Start a worker within `seconds`, or with torch out of the way within as many again."""
        end = time.monotonic() + seconds
        for attempt in range(_STARTS):
            arguments = ["--directory", str(self._directory)]
            if self._no_torch is not None:
                arguments += ["--no-torch", self._no_torch]
            try:
                self._worker = Worker(arguments, self._tick, telemetry.INTERVAL)
                ready = self._worker.answer(seconds)["ready"]
            except WorkerError as error:
                self._worker = None
                if attempt == 0 and time.monotonic() < end:
                    continue  # it may have been killed: no reason to do without torch
                self._note("torch_unusable", f"torch: starting the worker: {error}")
                self._no_torch = f"starting it: {error}"
            else:
                self._register(ready)
                return

    def _register(self, ready: dict[str, Any]) -> None:
        """Keep what a worker reports of itself; the first with a torch made the figures."""
        cuda = ready["device"] is not None
        if self.cuda and not cuda:
            self._note("gpu_gone", "torch saw a CUDA device at first and sees none any more")
        self.cuda = cuda
        if not self.ready.get("build"):
            self.ready = ready
        if ready["no_torch"]:
            self._note("torch_unusable", f"torch: {ready['no_torch']}")
            self._no_torch = ready["no_torch"]

    def watch(self, system: System, library: Nvml | None) -> dict[str, Any]:
        """Start telemetry where a GPU computes; the document's `telemetry`."""
        version = dcgm.version(system)
        nothing = {"source": None, "dcgm_version": version}
        if not self.cuda:
            return {**nothing, "reason": "no CUDA device: the figures are the CPU's"}
        if library is None:
            return {**nothing, "reason": _NO_NVML}
        sampler = telemetry.Sampler(library, self.ready.get("uuid"))
        try:
            sampler.start()
        except NvmlError as error:
            self._note(error.code, f"telemetry: {error}")
            return {**nothing, "reason": f"NVML: {error}"}
        self._sampler = sampler
        reason = (
            "DCGM is not installed"
            if version is None
            else "NVML has every reading that this level needs, on every GPU"
        )
        return {"source": "nvml", "reason": reason, "dcgm_version": version}

    def lacks(self, planned: Planned, seconds: float) -> str | None:
        """Why nothing can measure this figure here; starts a worker where there is none."""
        if self._worker is None:
            self.start(seconds)
        if self._worker is None:
            return "no measuring process could be started"
        if planned.on_gpu and not self.cuda:
            return f"torch: {self._no_torch}" if self._no_torch else _NO_GPU
        return None

    def measure(self, planned: Planned, left: float) -> dict[str, Any] | str:
        """The figure, or why there is none."""
        worker = self._worker
        assert worker is not None  # noqa: S101 - see lacks
        if self._sampler is not None:
            self._sampler.forget()
        self._measuring = planned
        step, started = _clock_offset(), datetime.now(timezone.utc)
        budget = min(planned.load or planned.expected * _SLOW, left)
        try:
            answer = worker.ask(
                {"figure": planned.name, "budget": budget}, min(_patience(planned), left)
            )
        except WorkerError as error:
            self._worker = self._measuring = None
            return str(error)
        self._measuring = None
        if "error" in answer:
            # A CUDA error spoils every later call of its process.
            worker.kill()
            self._worker = None
        figure: dict[str, Any] | None = answer.get("figure")
        if figure is None:
            return str(answer.get("skipped") or answer.get("error") or "no reason")
        figure |= planned.labels
        figure["started_at"] = started.strftime("%Y-%m-%dT%H:%M:%SZ")
        figure["clock_step_seconds"] = round(_clock_offset() - step, 6)
        begin, end = figure.pop("window")
        if self._sampler is not None and planned.on_gpu:
            samples = self._sampler.samples
            figure["trace"] = telemetry.summary(samples, begin, end, {worker.pid})
            if "series" in figure:
                figure["series"] |= telemetry.series(samples, begin, figure["series"]["seconds"])
        return figure

    def _tick(self) -> None:
        if self._measuring is not None:
            self._progress()
            if self._sampler is not None and self._measuring.on_gpu:
                self._sampler.sample()


def _patience(planned: Planned) -> float:
    """Seconds after which a figure hangs."""
    load = planned.load or 0.0
    return load + (planned.expected - load) * _GRACE + _GRACE_SECONDS


def _clock_offset() -> float:
    """How far the wall clock is ahead of the monotonic one: constant unless it is set."""
    return time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
