"""The environment document of WS-02: all that is needed to run the same again."""

from __future__ import annotations

import locale
import os
import platform as python_platform
from typing import Any

from ..core import source
from ..core.document import build, noter
from ..core.identifiers import Identifiers
from ..core.supervise import Probe, run_probes
from ..core.system import Note, System
from ..host import host_platform, kernel, terminal_graphics
from ..nvidia import gpu
from ..nvidia.driver import loaded_version
from ..software import container, torch_build
from ..software.environment_variables import variables
from ..software.python_packages import packages
from .identity import from_sections

_TORCH_SHARE = 0.9  # of the time-out: the child's must come before its probe's
_CPUFREQ = "/sys/devices/system/cpu/cpufreq"


def document(system: System, host: str, timeout: float = 20.0) -> dict[str, Any]:
    """An environment document; each of its probes may take `timeout` seconds."""
    problems: list[dict[str, str]] = []
    identifiers = Identifiers(system, noter(problems, "identifiers"))
    host_platform.hide_own_names(system, identifiers)
    asked = terminal_graphics.terminal()

    def torch(system: System, _: Identifiers, note: Note) -> dict[str, Any]:
        return {"torch": torch_build.torch_build(system, note, timeout * _TORCH_SHARE)}

    probes: dict[str, Probe] = {
        "gpu": gpu.identifying,
        "platform": host_platform.identifying,
        "operating_system": operating_system,
        "torch": torch,
        "environment": surroundings,
    }
    sections, found = run_probes(
        system, identifiers, probes, timeout, advice={"gpu": gpu.IF_IT_CRASHES}
    )
    problems += found
    gpu_section = sections["gpu"] or {}
    driver = gpu_section.get("driver_version") or loaded_version(system)
    if driver is None and gpu_section.get("present") is not False:
        noter(problems, "environment")("unreadable", "driver_version: no NVIDIA driver answers")
    data = {
        **_UNKNOWN,
        **(sections["operating_system"] or {}),
        **(sections["environment"] or {}),
        "driver_version": driver,
        "cuda_driver_version": gpu_section.get("cuda_driver_version"),
        "torch": (sections["torch"] or {}).get("torch"),
        "terminal": asked,
    }
    return build(
        "environment",
        host,
        {
            **from_sections(sections["gpu"], sections["platform"], driver),
            "image_digest": data["container"]["image_digest"],
        },
        data,
        problems,
        identifiers=identifiers,
    )


# Where the probe crashed or hung, as a problem says.
_UNKNOWN: dict[str, Any] = {
    "operating_system": dict.fromkeys(("id", "version_id", "codename", "pretty_name")),
    **dict.fromkeys(("kernel", "architecture", "time_zone", "cpu_governors")),
    "python": dict.fromkeys(("version", "implementation")),
    "packages": [],
    "container": dict.fromkeys(("inside", "engine", "image_digest")),
    "source": dict.fromkeys(("revision", "dirty")),
    "locale": dict.fromkeys(("language", "encoding")),
    "variables": {},
}


def operating_system(system: System, _: Identifiers, note: Note) -> dict[str, Any]:
    """What uname and the files below the root say."""
    return {
        "operating_system": host_platform.operating_system(system, note),
        "kernel": kernel.release(system, note),
        "architecture": kernel.architecture(system, note),
        "time_zone": time_zone(system, note),
        "cpu_governors": cpu_governors(system, note),
    }


def time_zone(system: System, note: Note) -> str | None:
    """TZ, else the zone that /etc/localtime points to, else the name in /etc/timezone."""
    wanted = os.environ.get("TZ") if system.live else None
    if wanted:
        return wanted
    try:
        _, found, zone = system.resolve("/etc/localtime").partition("/zoneinfo/")
    except OSError:
        found = zone = ""
    if found and system.exists("/etc/localtime"):
        return zone.removeprefix("posix/").removeprefix("right/")
    named = system.read("/etc/timezone")
    if not named:
        note("unreadable", "time_zone: no TZ, no link /etc/localtime and no /etc/timezone")
    return named or None


def cpu_governors(system: System, note: Note) -> list[str] | None:
    """The distinct scaling governors; None where the kernel scales no clock, as in most VMs."""
    found = {
        system.read(f"{_CPUFREQ}/{policy}/scaling_governor") for policy in system.list(_CPUFREQ)
    }
    governors = sorted(name for name in found if name)
    if not governors:
        note("absent", f"cpu_governors: no scaling_governor below {_CPUFREQ}")
    return governors or None


def surroundings(system: System, _: Identifiers, note: Note) -> dict[str, Any]:
    """What surrounds this very process: its Python, container, source, and locale."""
    return {
        "python": {
            "version": python_platform.python_version(),
            "implementation": python_platform.python_implementation(),
        },
        "packages": packages(note),
        "container": container.container(system, note),
        "source": source.source(system, note),
        "locale": {
            "language": os.environ.get("LC_ALL")
            or os.environ.get("LC_CTYPE")
            or os.environ.get("LANG")
            or None,
            "encoding": locale.getpreferredencoding(False),
        },
        "variables": variables(note, os.environ),
    }
