"""What a host was doing before the first figure, and what may watch it."""

from __future__ import annotations

import os
from typing import Any

from ..core.parsing import first_match
from ..core.system import Note, System
from ..host.memory import meminfo
from ..nvidia.nvml_calls import Nvml
from ..nvidia.telemetry import computing_processes


def nvml_library() -> Nvml | None:
    """NVML, not started; None where pynvml is not installed."""
    try:
        import pynvml  # noqa: PLC0415 - not in the standard library: see the house rule
    except ImportError:
        return None
    return Nvml(pynvml)


def conditions(system: System, library: Nvml | None, note: Note) -> dict[str, Any]:
    """The `conditions` object of the benchmark document; sizes in bytes."""
    amounts = meminfo(system)
    load = first_match(r"^(\d+\.\d+) ", system.read("/proc/loadavg"))
    swap = None
    if "SwapTotal" in amounts and "SwapFree" in amounts:
        swap = amounts["SwapTotal"] - amounts["SwapFree"]
    values = {
        "load_average_1m": None if load is None else float(load),
        "logical_cpus": os.cpu_count(),
        "memory_available_bytes": amounts.get("MemAvailable"),
        "swap_used_bytes": swap,
    }
    for name, value in values.items():
        if value is None:
            note("unreadable", f"conditions: {name}: neither /proc/loadavg nor /proc/meminfo says")
    # Null without a problem where there is no NVML: nothing could compute on a GPU.
    return {
        **values,
        "other_gpu_processes": None if library is None else computing_processes(library),
    }


def worse(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What speaks most against the figures of two runs: they share one document then.

    Raises TypeError and KeyError where `one` holds no conditions.
    """

    def choose(name: str) -> Any:
        known = [value for value in (one[name], other[name]) if value is not None]
        best_first = min if name == "memory_available_bytes" else max
        return best_first(known) if known else None

    return {name: choose(name) for name in other}


def cpu_device(system: System) -> dict[str, Any]:
    """The `device` object of a host that computes on its CPU; Arm kernels name no model."""
    return {
        "kind": "cpu",
        "name": first_match(r"^model name\s*:\s*(.+)$", system.read("/proc/cpuinfo")),
        "compute_capability": None,
        "memory_total_bytes": meminfo(system).get("MemTotal"),
    }
