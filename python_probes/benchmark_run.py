"""One run of the benchmark: which figures, in what time, and the document made of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import container, identity, telemetry
from .benchmark_conditions import conditions, cpu_device, dcgm_version, nvml_library
from .document import build, noter
from .identifiers import Identifiers
from .nvml_calls import NvmlError
from .supervise import run_probes
from .system import System
from .worker_process import Worker, WorkerError


@dataclass(frozen=True)
class Planned:
    """A figure and the seconds that it is expected to take, all included."""

    name: str
    expected: float


LEVELS: dict[str, tuple[Planned, ...]] = {
    "quick": (
        Planned("gemm.fp32", 6),
        Planned("gemm.tf32", 4),
        Planned("gemm.fp16", 4),
        Planned("gemm.bf16", 5),
        Planned("memory.copy", 5),
        Planned("storage.write", 5),
        Planned("storage.read", 4),
        Planned("storage.random_read", 4),
    )
}
"""The storage figures stand in this order: what is read was written before."""

_START_SECONDS = 60.0  # importing torch from a cold disk
_IDENTITY_SECONDS = 15.0
_CLOSING_SECONDS = 1.0
_SLOW = 1.5  # times the expected time: what a figure may plan to take on a slow or busy host
_GRACE = 3  # times the expected time: then a figure hangs
_NO_BUILD = {"torch": None, "cuda": None, "arch_list": None, "threads": None}


class Run:
    """Supervises one worker after another until every planned figure has an answer.

    `timeout` is in seconds and covers everything; `progress` gets a line at a time.
    """

    def __init__(
        self,
        system: System,
        directory: Path,
        scratch: Path,
        timeout: float,
        progress: Callable[[str], None],
    ) -> None:
        self._system = system
        self._directory = directory
        self._scratch = scratch
        self._begin = time.monotonic()
        self._deadline = self._begin + timeout
        self._progress = progress
        self._worker: Worker | None = None
        self._ready: dict[str, Any] = {}
        self._no_torch: str | None = None
        self._sampler: telemetry.Sampler | None = None
        self._telemetry_reason: str | None = None
        self._figures: dict[str, Any] = {}
        self._skipped: list[dict[str, str]] = []
        self._problems: list[dict[str, str]] = []
        self._note = noter(self._problems, "benchmark")

    def document(self, level: str, host: str) -> dict[str, Any]:
        """Measure everything of a level; the finished document."""
        early: list[dict[str, str]] = []
        identifiers = Identifiers(self._system, noter(early, "identifiers"))
        seconds = max(1.0, min(_IDENTITY_SECONDS, self._left() / 4))
        sections, found = run_probes(
            self._system, identifiers, {"identity": identity.collect}, seconds
        )
        library = nvml_library()
        before = conditions(self._system, library, self._note)
        self._start()
        self._watch(library)
        for number, planned in enumerate(LEVELS[level], start=1):
            self._progress(
                f"[{number}/{len(LEVELS[level])}] {planned.name.replace('.', ' ')}: "
                f"{time.monotonic() - self._begin:.0f} s elapsed, "
                f"about {planned.expected:.0f} s expected"
            )
            self._measure(planned)
        self.close()
        device = self._ready.get("device") or {"kind": "cpu"}
        torch_build = self._ready.get("build") or _NO_BUILD
        inside = container.container(self._system, noter([], "container"))
        return build(
            "benchmark",
            host,
            {
                **(sections["identity"] or identity.from_sections(None, None, None)),
                "build": {"torch": torch_build["torch"], "cuda": torch_build["cuda"]},
                "image_digest": inside["image_digest"],
            },
            {
                "level": level,
                "device": device if device["kind"] == "cuda" else cpu_device(self._system),
                "build": torch_build,
                "conditions": before,
                "telemetry": self._telemetry(),
                "figures": self._figures,
                "skipped": self._skipped,
                "duration_seconds": round(time.monotonic() - self._begin, 3),
            },
            early + found + self._problems,
            identifiers=identifiers,
        )

    def close(self) -> None:
        """End the worker and the telemetry; harmless when they have ended."""
        if self._worker is not None:
            self._worker.finish()
            self._worker = None
        if self._sampler is not None:
            self._sampler.stop()
            self._sampler = None

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _tick(self) -> None:
        if self._sampler is not None:
            self._sampler.sample()

    def _start(self) -> None:
        """Start a worker; one that torch brings down is started once more without torch."""
        for _ in range(2):
            arguments = ["--directory", str(self._directory), "--scratch", str(self._scratch)]
            if self._no_torch is not None:
                arguments += ["--no-torch", self._no_torch]
            try:
                self._worker = Worker(arguments, self._tick, telemetry.INTERVAL)
                seconds = max(1.0, min(_START_SECONDS, self._left() / 2))
                self._ready = self._worker.answer(seconds)["ready"]
            except WorkerError as error:
                self._worker = None
                self._note("torch_unusable", f"torch: starting the worker: {error}")
                self._no_torch = f"starting it: {error}"
            else:
                if self._ready["no_torch"]:
                    self._note("torch_unusable", f"torch: {self._ready['no_torch']}")
                return

    def _watch(self, library: Any) -> None:
        """Start telemetry where a GPU computes, or say why there is none."""
        if (self._ready.get("device") or {}).get("kind") != "cuda":
            self._telemetry_reason = "no CUDA device: the figures are the CPU's"
            return
        if library is None:
            self._telemetry_reason = "the Python module pynvml is not installed"
            return
        sampler = telemetry.Sampler(library, self._ready.get("uuid"))
        try:
            sampler.start()
        except NvmlError as error:
            self._telemetry_reason = f"NVML: {error}"
            self._note(error.code, f"telemetry: {error}")
            return
        self._sampler = sampler
        self._telemetry_reason = None

    def _telemetry(self) -> dict[str, Any]:
        version = dcgm_version(self._system)
        if self._telemetry_reason is not None:
            return {"source": None, "reason": self._telemetry_reason, "dcgm_version": version}
        reason = (
            "DCGM is not installed"
            if version is None
            else "NVML has every reading that this level needs, on every GPU"
        )
        return {"source": "nvml", "reason": reason, "dcgm_version": version}

    def _skip(self, name: str, reason: str) -> None:
        self._skipped.append({"figure": name, "reason": reason})
        self._progress(f"      skipped: {reason}")

    def _measure(self, planned: Planned) -> None:
        left = self._left() - _CLOSING_SECONDS
        if left < planned.expected:
            self._skip(
                planned.name,
                f"about {planned.expected:.0f} s are needed and {max(left, 0):.0f} s are left of "
                "--timeout",
            )
            return
        if self._worker is None:
            self._start()
        if self._worker is None:
            self._skip(planned.name, "no measuring process could be started")
            return
        own = {self._worker.pid}
        if self._sampler is not None:
            self._sampler.samples.clear()
        request = {"figure": planned.name, "budget": min(planned.expected * _SLOW, left)}
        try:
            answer = self._worker.ask(request, min(planned.expected * _GRACE, left))
        except WorkerError as error:
            self._worker = None
            self._skip(planned.name, str(error))
            return
        figure = answer.get("figure")
        if figure is None:
            self._skip(planned.name, answer.get("skipped") or answer.get("error") or "no reason")
        else:
            begin, end = figure.pop("window")
            if self._sampler is not None and not planned.name.startswith("storage."):
                figure["trace"] = telemetry.summary(self._sampler.samples, begin, end, own)
            self._figures[planned.name] = figure
            self._progress(f"      {figure['value']:.4g} {figure['unit']}")
        if "error" in answer:
            # A CUDA error spoils every later call of its process.
            self._worker.kill()
            self._worker = None
