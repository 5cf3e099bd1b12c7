"""What the GPU does while a figure is measured, sampled through NVML.

The benchmark's supervisor samples while its worker computes, so a busy interpreter lock in the
worker costs no sample. Power and utilization are averages that the driver makes: see
nvmlDeviceGetPowerUsage and nvmlDeviceGetUtilizationRates in the NVML reference.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from .event_reasons import event_reason_names
from .nvml_calls import Nvml, NvmlError

INTERVAL = 0.05  # seconds: 20 Hz
_SM_CLOCK, _GPU_SENSOR = 1, 0  # nvml.h
_RANGES = ("sm_clock_mhz", "power_watts", "temperature_celsius", "utilization_percent")

Sample = dict[str, Any]


class Sampler:
    """Reads one GPU again and again; `start` first, `stop` at the end.

    `uuid` is NVML's, or None for the first GPU.
    """

    def __init__(self, library: Nvml, uuid: str | None = None) -> None:
        self._library = library
        self._uuid = uuid
        self._fields: dict[str, Callable[[], Any]] = {}
        self.samples: list[Sample] = []

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
        self._fields = {
            "sm_clock_mhz": lambda: ask(("nvmlDeviceGetClockInfo", handle, _SM_CLOCK)),
            "power_watts": lambda: ask(("nvmlDeviceGetPowerUsage", handle)) / 1000,
            "temperature_celsius": lambda: ask(
                ("nvmlDeviceGetTemperatureV", handle, _GPU_SENSOR),
                ("nvmlDeviceGetTemperature", handle, _GPU_SENSOR),
            ),
            "utilization_percent": lambda: ask(("nvmlDeviceGetUtilizationRates", handle)).gpu,
            "performance_state": lambda: f"P{ask(('nvmlDeviceGetPerformanceState', handle))}",
            "event_reasons": lambda: event_reason_names(
                ask(
                    ("nvmlDeviceGetCurrentClocksEventReasons", handle),
                    ("nvmlDeviceGetCurrentClocksThrottleReasons", handle),
                )
            ),
            "processes": lambda: [
                process.pid for process in ask(("nvmlDeviceGetComputeRunningProcesses", handle))
            ],
        }

    def sample(self) -> None:
        """Take one sample; a field that gives no answer is None in it."""
        one: Sample = {"time": time.monotonic()}
        for name, read in self._fields.items():
            one[name] = _or_none(read)
        self.samples.append(one)

    def stop(self) -> None:
        """Close NVML; one that is gone already is no fault here."""
        try:
            self._library.ask(("nvmlShutdown",))
        except NvmlError:
            return


def _or_none(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (NvmlError, ValueError):
        return None


def computing_processes(library: Nvml) -> int | None:
    """How many processes compute on the GPUs of this host now; None where NVML does not say."""
    try:
        library.ask(("nvmlInit",))
    except NvmlError:
        return None
    try:
        handles = [
            library.ask(("nvmlDeviceGetHandleByIndex", index))
            for index in range(library.ask(("nvmlDeviceGetCount",)))
        ]
        found = [library.ask(("nvmlDeviceGetComputeRunningProcesses", one)) for one in handles]
        return sum(len(processes) for processes in found)
    except NvmlError:
        return None
    finally:
        library.ask(("nvmlShutdown",))


def summary(
    samples: list[Sample], begin: float, end: float, own_processes: set[int]
) -> dict[str, Any]:
    """The `trace` of a figure from the samples between two times of the monotonic clock.

    The benchmark's own process does not count among the others. Where NVML reports process ids
    of another namespace, as in a container, it cannot be told apart: then one process is taken
    to be the benchmark's.
    """
    inside = [one for one in samples if begin <= one["time"] <= end]
    seconds = inside[-1]["time"] - inside[0]["time"] if len(inside) > 1 else 0.0
    states = {one["performance_state"] for one in inside} - {None}
    reasons = [one["event_reasons"] for one in inside if one["event_reasons"] is not None]
    return {
        "source": "nvml",
        "samples": len(inside),
        "rate_hz": round((len(inside) - 1) / seconds, 2) if seconds else None,
        **{name: _range([one[name] for one in inside]) for name in _RANGES},
        "performance_states": sorted(states) if states else None,
        "event_reasons": sorted({name for names in reasons for name in names}) if reasons else None,
        "other_processes": max(
            (
                count_others(one["processes"], own_processes)
                for one in inside
                if one["processes"] is not None
            ),
            default=None,
        ),
    }


def count_others(processes: list[int], own: set[int]) -> int:
    """How many of `processes` are not ours; see `summary` for other process namespaces."""
    others = [pid for pid in processes if pid not in own]
    hidden = bool(own) and len(others) == len(processes)
    return max(0, len(others) - 1) if hidden else len(others)


def _range(values: list[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {
        "minimum": min(known),
        "median": statistics.median(known),
        "maximum": max(known),
    }
