"""`lscpu` as people read it: the last source for what /proc/cpuinfo and /sys do not hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..core.parsing import integer
from ..core.system import CommandError, System
from .arm_parts import core_part


@dataclass
class Lscpu:
    """What lscpu printed; everything is empty where it is absent."""

    logical_cpus: int | None = None
    flags: list[str] = field(default_factory=list)
    numa_nodes: list[dict[str, Any]] = field(default_factory=list)
    vendor: str | None = None
    models: list[dict[str, str]] = field(default_factory=list)

    def clocks(self, name: str | None) -> tuple[int | None, int | None]:
        """The lowest and the highest clock in MHz of the model `name`."""
        for model in self.models:
            if name is not None and model.get("Model name") == name:
                return _mhz(model.get("CPU min MHz")), _mhz(model.get("CPU max MHz"))
        return None, None

    def clusters(self) -> list[dict[str, Any]]:
        """One cluster for each model; which CPUs belong to it lscpu does not print."""
        clusters = []
        for model in self.models:
            name = model["Model name"]
            part = core_part(name) if self.vendor == "ARM" else None
            lowest, highest = self.clocks(name)
            clusters.append(
                {
                    "name": name,
                    "implementer": "0x41" if self.vendor == "ARM" else self.vendor,
                    "part": None if part is None else f"0x{part:03x}",
                    "cores": _logical(model),
                    "cpus": "",
                    "maximum_mhz": highest,
                    "minimum_mhz": lowest,
                }
            )
        return sorted(clusters, key=lambda cluster: -(cluster["maximum_mhz"] or 0))


def read(system: System) -> Lscpu:
    """Parse `lscpu`; a box without it gives an empty answer."""
    answer = Lscpu()
    try:
        output = system.run("lscpu")
    except CommandError:
        return answer
    for line in output.splitlines():
        label, separator, value = line.partition(":")
        label, value = label.strip(), value.strip()
        node = re.fullmatch(r"NUMA node(\d+) CPU\(s\)", label)
        if not separator:
            continue
        if label == "Model name":
            answer.models.append({})
        if answer.models:
            answer.models[-1].setdefault(label, value)
        if label == "CPU(s)":
            answer.logical_cpus = integer(value)
        elif label == "Vendor ID":
            answer.vendor = value
        elif label == "Flags" and not answer.flags:
            answer.flags = value.split()
        elif node:
            answer.numa_nodes.append({"node": int(node[1]), "cpus": value})
    return answer


def _mhz(text: str | None) -> int | None:
    try:
        return round(float(text or ""))
    except ValueError:
        return None


def _logical(model: dict[str, str]) -> int | None:
    """Logical CPUs: threads per core x cores per socket (or cluster) x sockets (or clusters)."""
    threads = integer(model.get("Thread(s) per core"))
    cores = integer(model.get("Core(s) per socket") or model.get("Core(s) per cluster"))
    groups = integer(model.get("Socket(s)")) or integer(model.get("Cluster(s)"))
    if not threads or not cores or not groups:
        return None
    return threads * cores * groups
