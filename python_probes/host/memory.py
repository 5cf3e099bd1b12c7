"""Memory: what /proc/meminfo says, and how the CPU and the GPU share it."""

from __future__ import annotations

import os
import re
from typing import Any

from ..core.identifiers import Identifiers
from ..core.parsing import integer
from ..core.system import CommandError, Note, System
from . import pci

_GB10_NAME = re.compile(r"\bGB10\b")
_OWN_MEMORY = ("nvml", "nvidia-smi")
_HUGE_PAGE = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
_TABLE_ENTRY = 8  # bytes

_AMOUNTS = {
    "total_bytes": "MemTotal",
    "available_bytes": "MemAvailable",
    "swap_total_bytes": "SwapTotal",
    "swap_free_bytes": "SwapFree",
    "huge_pages_total": "HugePages_Total",
    "huge_pages_free": "HugePages_Free",
    "huge_page_size_bytes": "Hugepagesize",
    "cma_total_bytes": "CmaTotal",
    "cma_free_bytes": "CmaFree",
}
# A kernel without CONFIG_CMA has none of these lines.
_ONLY_SOME_KERNELS = ("CmaTotal", "CmaFree")


def meminfo(system: System) -> dict[str, int]:
    """/proc/meminfo by label, in bytes (counts as they are); lines that are none are left out."""
    amounts = {}
    for line in (system.read("/proc/meminfo") or "").splitlines():
        found = re.fullmatch(r"([A-Za-z_()0-9]+):\s+(\d{1,18})(?: (kB))?\s*", line)
        if found:
            amounts[found[1]] = int(found[2]) * (1024 if found[3] else 1)
    return amounts


def collect(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The memory section of a hardware baseline, in bytes; `with_architecture` completes it."""
    amounts = meminfo(system)
    section: dict[str, Any] = {field: amounts.get(label) for field, label in _AMOUNTS.items()}
    lost = [label for label in _AMOUNTS.values()
            if label not in amounts and label not in _ONLY_SOME_KERNELS]  # fmt: skip
    if lost:
        note("missing", f"/proc/meminfo: no readable line for {', '.join(lost)}")
    return {
        **section,
        "page_size_bytes": _page_size(system, note),
        "architecture": None,
        "architecture_evidence": None,
        "allocatable_bytes": None,
        "allocatable_rule": None,
    }


def _page_size(system: System, note: Note) -> int | None:
    if system.live:
        return os.sysconf("SC_PAGE_SIZE")
    code, reason = "unreadable", "getconf PAGESIZE printed no number"
    try:
        value = integer(system.run("getconf", "PAGESIZE"))
    except CommandError as error:
        value, code, reason = None, error.code, str(error)
    value = value or _page_of(system.read_integer(_HUGE_PAGE) or 0)
    if value is None:
        note(code, f"page_size_bytes: {reason}, and {_HUGE_PAGE} does not tell it")
    return value


def _page_of(huge: int) -> int | None:
    """The page size below a huge page, or None where no page size fits.

    One page of 8-byte table entries maps a huge page, so huge = page x page / 8 (Linux,
    Documentation/arch/arm64/memory.rst): 2 MiB over 4 KiB, 512 MiB over 64 KiB.
    """
    return next((p for p in (4096, 16384, 65536) if p * p // _TABLE_ENTRY == huge), None)


def architecture(
    gpu: dict[str, Any] | None, pci_devices: list[dict[str, Any]] | None
) -> tuple[str | None, str]:
    """How CPU and GPU share memory (unified, discrete, none or None), and the evidence.

    Unified is a GB10 alone, known by its PCI id or its name. NVML's NOT_SUPPORTED for memory
    proves nothing: a lost GPU says the same.
    """
    devices = (gpu or {}).get("devices") or []
    ids = {str(device.get("pci_device_id")) for device in devices}
    ids |= {str(device.get("device_id")) for device in pci_devices or []}
    if pci.GB10 in ids:
        return "unified", f"PCI device {pci.GB10} is a GB10"
    for device in devices:
        if _GB10_NAME.search(device.get("name") or ""):
            return "unified", f"the GPU is named {device['name']}"
    for device in devices:
        if device.get("memory_total_bytes") and device.get("memory_source") in _OWN_MEMORY:
            name = device.get("name") or "the GPU"
            return "discrete", f"{device['memory_source']} gives {name} memory of its own"
    if gpu is not None and gpu.get("present") is False:
        return "none", "no NVIDIA GPU on the PCI bus or in the driver"
    if gpu is None and pci_devices and not any(map(pci.is_nvidia_gpu, pci_devices)):
        return "none", "no NVIDIA GPU on the PCI bus"
    return None, "an NVIDIA GPU may be there, and nothing tells how it reaches memory"


def with_architecture(
    memory: dict[str, Any],
    gpu: dict[str, Any] | None,
    pci_devices: list[dict[str, Any]] | None,
    note: Note,
) -> dict[str, Any]:
    """The memory section with its architecture and, on unified memory, what CUDA can allocate.

    Formula: NVIDIA, "DGX Spark known issues": MemAvailable + SwapFree, or HugePages_Free x
    Hugepagesize where huge pages are set, since those are not in MemAvailable.
    """
    kind, evidence = architecture(gpu, pci_devices)
    completed = {**memory, "architecture": kind, "architecture_evidence": evidence}
    if kind is None:
        note("undecided", f"architecture: {evidence}")
    if kind != "unified":
        return completed
    if memory["huge_pages_total"]:
        rule = "HugePages_Free x Hugepagesize"
        parts = (memory["huge_pages_free"], memory["huge_page_size_bytes"])
        amount = None if None in parts else parts[0] * parts[1]
    else:
        rule = "MemAvailable + SwapFree"
        parts = (memory["available_bytes"], memory["swap_free_bytes"])
        amount = None if None in parts else sum(parts)
    if amount is None:
        note("missing", f"allocatable_bytes: {rule} cannot be computed from /proc/meminfo")
    return {**completed, "allocatable_bytes": amount, "allocatable_rule": rule}
