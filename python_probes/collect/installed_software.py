"""Software: driver, CUDA, Docker, container toolkit, DCGM, Python and fio."""

from __future__ import annotations

from typing import Any

from ..core.identifiers import Identifiers
from ..core.system import Note, System
from ..nvidia import driver
from ..software import cuda, docker, tools
from ..software.debian_packages import installed


def collect(system: System, identifiers: Identifiers, note: Note) -> dict[str, Any]:
    """The software section of a hardware baseline."""
    packages = installed(system)
    return {
        "driver": driver.collect(system, packages, note),
        "cuda": cuda.collect(system, packages, note),
        "docker": docker.collect(system, packages, note),
        "container_toolkit": tools.container_toolkit(system, packages, note),
        "dcgm": tools.dcgm(system, packages, note),
        "python": tools.python(system, note),
        "fio": tools.fio(system, note),
    }
