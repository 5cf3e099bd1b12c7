"""What one GPU looks like in a hardware baseline, whichever source answered.

Both sources (NVML and nvidia-smi) fill the same record and share the unit and range rules here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..core.system import Note, System
from ..host import memory, pci

Device = dict[str, Any]

FIELDS = (
    "index", "name", "uuid", "pci_bus_id", "pci_device_id", "compute_capability", "cuda_cores",
    "vbios_version", "serial_hash", "addressing_mode", "memory_total_bytes", "memory_used_bytes",
    "memory_free_bytes", "memory_source", "power_draw_watts", "power_limit_watts",
    "temperature_celsius", "sm_clock_mhz", "memory_clock_mhz", "maximum_sm_clock_mhz",
    "gpu_utilization_percent", "memory_utilization_percent", "performance_state",
    "persistence_mode", "event_reasons", "ecc_mode", "ecc_uncorrected_errors", "mig_mode",
    "pcie_generation", "pcie_width",
)  # fmt: skip

MEMORY_FIELDS = ("memory_total_bytes", "memory_used_bytes", "memory_free_bytes")
ADDRESSING_MODES = ("none", "hmm", "ats")
"""How the GPU reaches host memory, in the order of nvml.h's numbers."""

_WHOLE_PERCENT = 100
_SLOWEST_STATE = 15  # nvml.h: NVML_PSTATE_15; NVML_PSTATE_UNKNOWN is 32
BUS_ID = re.compile(r"^([0-9a-fA-F]{4,8}):([0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])$")


@dataclass
class Readings:
    """What one source says of the driver and of every GPU it lists."""

    driver_version: str | None = None
    cuda_driver_version: str | None = None
    nvml_version: str | None = None
    devices: list[Device] = field(default_factory=list)


def empty_device(**known: object) -> Device:
    """A record with every field of the schema: null, except what is known.

    `not_supported` names the fields that are null since the driver does not support them on this
    GPU, as on many that work: guests with a vGPU, Jetsons, parts of a MIG. Nothing is lost there.
    """
    return {**dict.fromkeys(FIELDS), "not_supported": [], **known}


def label(device: Device) -> str:
    """How a problem names a GPU."""
    index = "GPU" if device["index"] is None else f"GPU {device['index']}"
    return index if device["pci_bus_id"] is None else f"{index} ({device['pci_bus_id']})"


def pci_bus_id(text: str) -> str:
    """A PCI address as lspci prints it: NVML's `0000000F:01:00.0` becomes `000f:01:00.0`.

    Raises ValueError for anything else.
    """
    match = BUS_ID.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a PCI address")
    return f"{int(match[1], 16):04x}:{match[2].lower()}"


def pci_device_id(combined: int) -> str:
    """`vendor:device` from NVML's combined number, the device in its upper 16 bits."""
    return f"{combined & 0xFFFF:04x}:{combined >> 16 & 0xFFFF:04x}"


def percent(value: int) -> int:
    """`value` itself. Raises ValueError above 100, which no share can be."""
    if not 0 <= value <= _WHOLE_PERCENT:
        raise ValueError(f"{value} % is not a share of a whole")
    return value


def performance_state(value: int) -> str:
    """`P0` (fastest) to `P15`. Raises ValueError for NVML's "unknown" (32)."""
    if not 0 <= value <= _SLOWEST_STATE:
        raise ValueError(f"performance state {value} is unknown")
    return f"P{value}"


def total_bytes(value: int) -> int:
    """`value` itself. Raises ValueError for 0: no GPU has no memory."""
    if value <= 0:
        raise ValueError(f"a memory size of {value}")
    return value


def memory_not_supported(system: System, device: Device, note: Note) -> None:
    """Fill in the memory of a GPU whose driver says NOT_SUPPORTED.

    A GB10 has no memory of its own: its total and free memory are the host's MemTotal and
    MemAvailable, and used is their difference. On any other GPU the fields stay null, and so they
    do after any other error (the caller's business), so that a lost GPU is not hidden.
    """
    # By its PCI id or its name, never by DMI.
    if device["pci_device_id"] != pci.GB10 and not re.search(r"\bGB10\b", device["name"] or ""):
        device["not_supported"] += MEMORY_FIELDS
        note("not_supported", f"{label(device)}: memory: the driver does not support this reading")
        return
    sizes = memory.meminfo(system)
    try:
        total, free = sizes["MemTotal"], sizes["MemAvailable"]
    except KeyError as missing:
        note(
            "meminfo_unreadable",
            f"{label(device)}: memory: unified memory is read from /proc/meminfo, which has no "
            f"{missing.args[0]} line",
        )
        return
    device.update(
        memory_total_bytes=total,
        memory_used_bytes=max(0, total - free),
        memory_free_bytes=free,
        memory_source="meminfo",
    )
