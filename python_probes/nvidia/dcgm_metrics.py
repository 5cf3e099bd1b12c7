"""The same readings of every GPU through DCGM and, where that does not work, through NVML.

DCGM's field ids: https://docs.nvidia.com/datacenter/dcgm/latest/dcgm-api/dcgm-api-field-ids.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .dcgm_reports import DcgmError
from .event_reasons import event_reason_names
from .nvml_calls import (
    CORRECTED,
    MEMORY_CLOCK,
    SINCE_DRIVER_LOAD,
    UNCORRECTED,
    Nvml,
    NvmlError,
    load_readers,
    opened_gpus,
    or_none,
)

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

_MEMORY_TEMPERATURE = 82  # nvml.h: NVML_FI_DEV_MEMORY_TEMP


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
        with opened_gpus(library) as handles:
            gpus = [_read(library, index, handle) for index, handle in enumerate(handles)]
    except NvmlError as error:
        return None, f"NVML: {error}"
    return (gpus, None) if gpus else (None, "NVML: no GPU")


def _read(library: Nvml, index: int, handle: Any) -> dict[str, Any]:
    """One GPU; what it does not support is None, and so is the last Xid: NVML keeps none."""
    ask = library.ask
    readers: dict[str, Callable[[], Any]] = {
        **load_readers(library, handle),
        "memory_temperature_celsius": lambda: _memory_temperature(library, handle),
        "memory_clock_mhz": lambda: ask(("nvmlDeviceGetClockInfo", handle, MEMORY_CLOCK)),
        "memory_used_bytes": lambda: ask(("nvmlDeviceGetMemoryInfo", handle)).used,
        "ecc_corrected_errors": lambda: ask(
            ("nvmlDeviceGetTotalEccErrors", handle, CORRECTED, SINCE_DRIVER_LOAD)
        ),
        "ecc_uncorrected_errors": lambda: ask(
            ("nvmlDeviceGetTotalEccErrors", handle, UNCORRECTED, SINCE_DRIVER_LOAD)
        ),
        "pcie_replays": lambda: ask(("nvmlDeviceGetPcieReplayCounter", handle)),
        "last_xid": lambda: None,
    }
    return {"index": index} | {name: or_none(readers[name]) for name in _NAMES}


def _memory_temperature(library: Nvml, handle: Any) -> int | None:
    (answer,) = library.ask(("nvmlDeviceGetFieldValues", handle, [_MEMORY_TEMPERATURE]))
    return None if answer.nvmlReturn != 0 else (int(answer.value.uiVal) or None)
