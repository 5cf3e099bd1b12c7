"""CPU: architecture, clusters of equal cores with their clocks, flags and NUMA nodes.

A cluster is a set of CPUs with the same MIDR implementer and part (Arm ARM DDI 0487, MIDR_EL1:
implementer in bits 31:24, part in bits 15:4), on x86 with the same vendor and model name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.identifiers import Identifiers
from ..core.parsing import cpu_list, expand_cpu_list, integer
from ..core.system import Note, System
from . import kernel, lscpu
from .arm_parts import core_name

_CPUS = "/sys/devices/system/cpu"
_NODES = "/sys/devices/system/node"


@dataclass(frozen=True)
class Kind:
    """What CPUs of one cluster have in common."""

    implementer: str | None
    part: str | None
    name: str | None


def collect(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The cpu section of a hardware baseline; clocks are in MHz."""
    blocks = _cpuinfo(system)
    online = expand_cpu_list(system.read(f"{_CPUS}/online")) or sorted(blocks)
    by_lscpu = functools.cache(lambda: lscpu.read(system))  # only where something is missing
    kinds = {cpu: kind for cpu in online if (kind := _kind(system, cpu, blocks.get(cpu, {})))}
    clusters = _clusters(system, kinds, by_lscpu)
    if not kinds:
        clusters = by_lscpu().clusters()
        code = "partial" if clusters else "missing"
        note(code, f"clusters: no CPU in /proc/cpuinfo or {_CPUS} can be identified"
             + ("; core counts are lscpu's, CPU numbers unknown" if clusters else ""))  # fmt: skip
    elif len(kinds) < len(online):
        note("partial", f"clusters: {len(kinds)} of {len(online)} CPUs can be identified")
    _note_missing_clocks(clusters, note)
    logical = len(online) or by_lscpu().logical_cpus
    if logical is None:
        note("missing", f"logical_cpus: neither {_CPUS}/online, /proc/cpuinfo nor lscpu names any")
    flags = _flags(blocks) or by_lscpu().flags
    if not flags:
        note("missing", "flags: neither /proc/cpuinfo nor lscpu names any")
    nodes = _numa_nodes(system) or by_lscpu().numa_nodes
    if not nodes:
        note("missing", f"numa_nodes: neither {_NODES} nor lscpu names any")
    return {
        "architecture": kernel.architecture(system, note),
        "model_name": next((b["model name"] for b in blocks.values() if b.get("model name")), None),
        "logical_cpus": logical,
        "clusters": clusters,
        "flags": flags,
        "numa_nodes": nodes,
    }


def _cpuinfo(system: System) -> dict[int, dict[str, str]]:
    """The fields of each CPU in /proc/cpuinfo."""
    blocks: dict[int, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in (system.read("/proc/cpuinfo") or "").splitlines():
        label, separator, value = line.partition(":")
        label, value = label.strip(), value.strip()
        if not separator:
            continue
        if label == "processor" and (number := integer(value)) is not None:
            current = blocks.setdefault(number, {})
        current[label] = value
    return blocks


def _kind(system: System, cpu: int, block: dict[str, str]) -> Kind | None:
    midr = system.read_integer(f"{_CPUS}/cpu{cpu}/regs/identification/midr_el1", base=16)
    if midr is not None:
        return _arm(midr >> 24 & 0xFF, midr >> 4 & 0xFFF)
    implementer = integer(block.get("CPU implementer"), base=16)
    part = integer(block.get("CPU part"), base=16)
    if implementer is not None and part is not None:
        return _arm(implementer, part)
    if block.get("model name"):
        return Kind(block.get("vendor_id"), None, block["model name"])
    return None


def _arm(implementer: int, part: int) -> Kind:
    return Kind(f"0x{implementer:02x}", f"0x{part:03x}", core_name(implementer, part))


def _clusters(
    system: System, kinds: dict[int, Kind], by_lscpu: Callable[[], lscpu.Lscpu]
) -> list[dict[str, Any]]:
    clusters = []
    for kind in dict.fromkeys(kinds.values()):
        cpus = [cpu for cpu, other in kinds.items() if other == kind]
        highest = _clock(system, cpus, "cpuinfo_max_freq", max)
        lowest = _clock(system, cpus, "cpuinfo_min_freq", min)
        if highest is None or lowest is None:
            low, high = by_lscpu().clocks(kind.name)
            highest, lowest = highest or high, lowest or low
        cluster = {
            "name": kind.name,
            "implementer": kind.implementer,
            "part": kind.part,
            "cores": len(cpus),
            "cpus": cpu_list(cpus),
            "maximum_mhz": highest,
            "minimum_mhz": lowest,
        }
        capacity = max(system.read_integer(f"{_CPUS}/cpu{cpu}/cpu_capacity") or 0 for cpu in cpus)
        clusters.append((cluster["maximum_mhz"] or 0, capacity, cluster))
    clusters.sort(key=lambda entry: entry[:2], reverse=True)
    return [cluster for _, _, cluster in clusters]


def _clock(system: System, cpus: list[int], file: str, choose: Any) -> int | None:
    """In MHz, from the kernel's kHz."""
    values = [system.read_integer(f"{_CPUS}/cpu{cpu}/cpufreq/{file}") for cpu in cpus]
    known = [value for value in values if value]
    return round(choose(known) / 1000) if known else None


def _note_missing_clocks(clusters: list[dict[str, Any]], note: Note) -> None:
    for field in ("maximum_mhz", "minimum_mhz"):
        if any(cluster[field] is None for cluster in clusters):
            note("missing", f"clusters.{field}: no cpufreq below {_CPUS}, and lscpu does not say "
                 "(usual in a virtual machine)")  # fmt: skip


def _flags(blocks: dict[int, dict[str, str]]) -> list[str]:
    """What every CPU can do, in the order of the first."""
    lists = [(b.get("Features") or b.get("flags") or "").split() for b in blocks.values()]
    lists = [flags for flags in lists if flags]
    return [flag for flag in lists[0] if all(flag in other for other in lists)] if lists else []


def _numa_nodes(system: System) -> list[dict[str, Any]]:
    nodes = sorted(
        int(name[4:]) for name in system.list(_NODES) if re.fullmatch(r"node\d{1,4}", name)
    )
    return [
        {"node": node, "cpus": system.read(f"{_NODES}/node{node}/cpulist") or ""} for node in nodes
    ]
