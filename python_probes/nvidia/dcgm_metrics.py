"""The same readings of every GPU through DCGM and, where that does not work, through NVML.

DCGM's field ids: https://docs.nvidia.com/datacenter/dcgm/latest/dcgm-api/dcgm-api-field-ids.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .dcgm_reports import DcgmError
from .event_reasons import event_reason_names
from .nvml_calls import Nvml, NvmlError, or_none, shut_down

_MEBIBYTE = 2**20
_ROW = re.compile(r"(?m)^\s*GPU (\d+)\s+(.*)$")


def _temperature(text: str) -> int | None:
    # A GB10 says 0 for the memory sensor that it does not have.
    return int(text) or None


# Name in the document, field id, and how dmon's text converts.
_FIELDS: tuple[tuple[str, int, Callable[[str], Any]], ...] = (
    ("temperature_celsius", 150, _temperature),
    ("memory_temperature_celsius", 140, _temperature),
    ("power_watts", 155, float),
    ("sm_clock_mhz", 100, int),
    ("memory_clock_mhz", 101, int),
    ("utilization_percent", 203, int),
    ("memory_used_bytes", 252, lambda text: int(text) * _MEBIBYTE),
    ("ecc_corrected_errors", 310, int),
    ("ecc_uncorrected_errors", 311, int),
    ("pcie_replays", 202, int),
    ("last_xid", 230, int),
    ("event_reasons", 112, lambda text: event_reason_names(int(text, 0))),
)
FIELD_IDS = ",".join(str(number) for _, number, _ in _FIELDS)
_NAMES = tuple(name for name, _, _ in _FIELDS)

# nvml.h: clock domains and sensors, error kinds, the counter since the driver was loaded, and
# the field of the memory's temperature.
_SM_CLOCK, _MEMORY_CLOCK, _GPU_SENSOR, _CORRECTED, _UNCORRECTED, _VOLATILE = 1, 2, 0, 0, 1, 0
_MEMORY_TEMPERATURE = 82


def parse(text: str) -> list[dict[str, Any]]:
    """The last reading of each GPU from `dcgmi dmon -e FIELD_IDS`. Raises DcgmError without any.

    A field that is N/A in every row stays None: the first row after the engine's start has none.
    """
    found: dict[int, dict[str, Any]] = {}
    for index, cells in _ROW.findall(text):
        values = cells.split()
        if len(values) != len(_FIELDS):
            continue  # a row that broke: reading it by position would mix fields up
        gpu = found.setdefault(int(index), {"index": int(index), **dict.fromkeys(_NAMES)})
        for (name, _, convert), value in zip(_FIELDS, values, strict=True):
            try:
                gpu[name] = convert(value)
            except ValueError:  # N/A  # noqa: PERF203 - a dozen fields
                continue
    if not any(gpu[name] is not None for gpu in found.values() for name in _NAMES):
        raise DcgmError(f"dcgmi dmon: no reading: {' '.join(text.split())[:200] or 'no answer'}")
    return [found[index] for index in sorted(found)]


def through_nvml(library: Nvml | None) -> tuple[list[dict[str, Any]] | None, str | None]:
    """The readings of every GPU, or None and why there are none."""
    if library is None:
        return None, "the Python module pynvml is not installed"
    try:
        library.ask(("nvmlInit",))
    except NvmlError as error:
        return None, f"NVML: {error}"
    try:
        count = library.ask(("nvmlDeviceGetCount",))
        gpus = [_read(library, index) for index in range(count)]
    except NvmlError as error:
        return None, f"NVML: {error}"
    finally:
        shut_down(library)
    return (gpus, None) if gpus else (None, "NVML: no GPU")


def _read(library: Nvml, index: int) -> dict[str, Any]:
    """One GPU; what it does not support is None, and so is the last Xid: NVML keeps none."""
    ask = library.ask
    handle = ask(("nvmlDeviceGetHandleByIndex", index))
    readers: dict[str, Callable[[], Any]] = {
        "temperature_celsius": lambda: (
            ask(
                ("nvmlDeviceGetTemperatureV", handle, _GPU_SENSOR),
                ("nvmlDeviceGetTemperature", handle, _GPU_SENSOR),
            )
            or None
        ),
        "memory_temperature_celsius": lambda: _memory_temperature(library, handle),
        "power_watts": lambda: ask(("nvmlDeviceGetPowerUsage", handle)) / 1000,
        "sm_clock_mhz": lambda: ask(("nvmlDeviceGetClockInfo", handle, _SM_CLOCK)),
        "memory_clock_mhz": lambda: ask(("nvmlDeviceGetClockInfo", handle, _MEMORY_CLOCK)),
        "utilization_percent": lambda: ask(("nvmlDeviceGetUtilizationRates", handle)).gpu,
        "memory_used_bytes": lambda: ask(("nvmlDeviceGetMemoryInfo", handle)).used,
        "ecc_corrected_errors": lambda: ask(
            ("nvmlDeviceGetTotalEccErrors", handle, _CORRECTED, _VOLATILE)
        ),
        "ecc_uncorrected_errors": lambda: ask(
            ("nvmlDeviceGetTotalEccErrors", handle, _UNCORRECTED, _VOLATILE)
        ),
        "pcie_replays": lambda: ask(("nvmlDeviceGetPcieReplayCounter", handle)),
        "last_xid": lambda: None,
        "event_reasons": lambda: event_reason_names(
            ask(
                ("nvmlDeviceGetCurrentClocksEventReasons", handle),
                ("nvmlDeviceGetCurrentClocksThrottleReasons", handle),
            )
        ),
    }
    return {"index": index} | {name: or_none(read) for name, read in readers.items()}


def _memory_temperature(library: Nvml, handle: Any) -> int | None:
    (answer,) = library.ask(("nvmlDeviceGetFieldValues", handle, [_MEMORY_TEMPERATURE]))
    return None if answer.nvmlReturn != 0 else (int(answer.value.uiVal) or None)
