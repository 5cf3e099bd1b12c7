"""What the GPU does while a figure is measured, sampled through NVML.

The benchmark's supervisor samples while its worker computes, so a busy interpreter lock in the
worker costs no sample. Power and utilization are averages that the driver makes: see
nvmlDeviceGetPowerUsage and nvmlDeviceGetUtilizationRates in the NVML reference.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from .nvml_calls import Nvml, NvmlError, load_readers, opened_gpus, or_none, shut_down

INTERVAL = 0.05  # seconds: 20 Hz
_RANGES = ("sm_clock_mhz", "power_watts", "temperature_celsius", "utilization_percent")
_SERIES = ("sm_clock_mhz", "power_watts", "temperature_celsius")
_NEAR = 1.0  # seconds between a moment of a series and the sample that stands for it
_QUARTERS = 4


@dataclass(slots=True)
class Sample:
    """One look at the GPU; None where a reading gave no answer."""

    time: float
    sm_clock_mhz: float | None = None
    power_watts: float | None = None
    temperature_celsius: float | None = None
    utilization_percent: float | None = None
    states: frozenset[str] = frozenset()
    reasons: frozenset[str] | None = None
    processes: frozenset[int] | None = None


class Sampler:
    """Reads one GPU again and again; `start` first, `stop` at the end.

    `uuid` is NVML's, or None for the first GPU. A sample takes about 200 bytes, so an hour's take
    15 MB.
    """

    def __init__(self, library: Nvml, uuid: str | None = None) -> None:
        self._library = library
        self._uuid = uuid
        self._fields: dict[str, Callable[[], Any]] = {}
        self.samples: list[Sample] = []
        self._known: dict[frozenset[Any], frozenset[Any]] = {}

    def start(self) -> None:
        """Open the GPU. Raises NvmlError."""
        self._library.ask(("nvmlInit",))
        try:
            if self._uuid is None:
                handle = self._library.ask(("nvmlDeviceGetHandleByIndex", 0))
            else:
                handle = self._library.ask(("nvmlDeviceGetHandleByUUID", self._uuid))
        except NvmlError:
            self.stop()
            raise
        ask = self._library.ask
        readers = load_readers(self._library, handle)
        reasons = readers.pop("event_reasons")
        self._fields = {
            **readers,
            "states": lambda: self._once({f"P{ask(('nvmlDeviceGetPerformanceState', handle))}"}),
            "reasons": lambda: self._once(reasons()),
            "processes": lambda: self._once(
                process.pid for process in ask(("nvmlDeviceGetComputeRunningProcesses", handle))
            ),
        }

    def sample(self) -> None:
        """Take one sample; a field that gives no answer is empty in it."""
        one = Sample(time.monotonic())
        for name, read in self._fields.items():
            value = or_none(read)
            if value is not None:
                setattr(one, name, value)
        self.samples.append(one)

    def forget(self) -> None:
        """Begin anew, for the next figure."""
        self.samples = []

    def _once(self, values: Iterable[Any]) -> frozenset[Any]:
        """One object for all equal sets: thousands of samples say the same."""
        found = frozenset(values)
        return self._known.setdefault(found, found)

    def stop(self) -> None:
        """Close NVML; one that is gone already does not matter."""
        shut_down(self._library)


def computing_processes(library: Nvml) -> int | None:
    """How many processes compute on the GPUs of this host now; None where NVML does not say."""
    try:
        with opened_gpus(library) as gpus:
            return sum(
                len(library.ask(("nvmlDeviceGetComputeRunningProcesses", gpu))) for gpu in gpus
            )
    except NvmlError:
        return None


def summary(
    samples: list[Sample], begin: float, end: float, own_processes: set[int]
) -> dict[str, Any]:
    """The `trace` of a figure from the samples between two times of the monotonic clock.

    The benchmark's own process does not count among the others. Where NVML reports process ids
    of another namespace, as in a container, it cannot be told apart: then one process is taken
    to be the benchmark's.
    """
    inside = [one for one in samples if begin <= one.time <= end]
    seconds = inside[-1].time - inside[0].time if len(inside) > 1 else 0.0
    states = {name for one in inside for name in one.states}
    reasons = [one.reasons for one in inside if one.reasons is not None]
    others = [count_others(one.processes, own_processes) for one in inside if one.processes]
    seen = any(one.processes is not None for one in inside)
    return {
        "source": "nvml",
        "samples": len(inside),
        "rate_hz": round((len(inside) - 1) / seconds, 2) if seconds else None,
        **{name: _range([getattr(one, name) for one in inside]) for name in _RANGES},
        "sm_clock_quarters_mhz": _quarters(inside, begin, end),
        "performance_states": sorted(states) or None,
        "event_reasons": sorted({name for names in reasons for name in names}) if reasons else None,
        "other_processes": max(others, default=0) if seen else None,
    }


def series(samples: list[Sample], begin: float, seconds: list[float]) -> dict[str, list[Any]]:
    """The GPU's columns of a figure's `series`: what was sampled nearest to each moment.

    `seconds` count from `begin` on the monotonic clock, ascending. None where no sample was
    taken within a second of the moment.
    """
    columns: dict[str, list[Any]] = {name: [] for name in _SERIES}
    place = 0
    for moment in (begin + one for one in seconds):
        while place + 1 < len(samples) and (
            abs(samples[place + 1].time - moment) <= abs(samples[place].time - moment)
        ):
            place += 1
        near = bool(samples) and abs(samples[place].time - moment) <= _NEAR
        for name, column in columns.items():
            column.append(getattr(samples[place], name) if near else None)
    return columns


def _quarters(inside: list[Sample], begin: float, end: float) -> list[float | None]:
    """The median SM clock in each quarter of the time; None for one without a reading."""
    clocks: list[list[float]] = [[] for _ in range(_QUARTERS)]
    for one in inside:
        if one.sm_clock_mhz is not None:
            share = (one.time - begin) / (end - begin) if end > begin else 0.0
            clocks[min(_QUARTERS - 1, int(share * _QUARTERS))].append(one.sm_clock_mhz)
    return [statistics.median(quarter) if quarter else None for quarter in clocks]


def count_others(processes: Collection[int], own: set[int]) -> int:
    """How many of `processes` are not ours; see `summary` for other process namespaces."""
    others = [pid for pid in processes if pid not in own]
    hidden = bool(own) and len(others) == len(processes)
    return max(0, len(others) - 1) if hidden else len(others)


def _range(values: list[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"minimum": min(known), "median": statistics.median(known), "maximum": max(known)}
