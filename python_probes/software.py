"""Software: driver, CUDA, Docker, container toolkit, DCGM, Python and fio."""

from __future__ import annotations

from typing import Any

from . import cuda, docker, driver, tools
from .debian_packages import installed
from .identifiers import Identifiers
from .system import Note, System


def collect(
    system: System,
    identifiers: Identifiers,
    note: Note,
) -> dict[str, Any]:
    """The software section of a hardware baseline."""
    packages = installed(system, note)
    return {
        "driver": driver.collect(system, packages, note),
        "cuda": cuda.collect(system, packages, note),
        "docker": docker.collect(system, packages, note),
        "container_toolkit": tools.container_toolkit(system, packages, note),
        "dcgm": tools.dcgm(system, packages, note),
        "python": tools.python(system, note),
        "fio": tools.fio(system, note),
    }
