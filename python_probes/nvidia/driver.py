"""The NVIDIA driver: the module that is loaded against the package that is installed."""

from __future__ import annotations

import re
from typing import Any

from ..core.parsing import first_match, version_numbers
from ..core.system import Note, System
from ..software.debian_packages import upstream

_MODULE = "/sys/module/nvidia/version"
_PROC = "/proc/driver/nvidia/version"
# The line is "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.159.03  Release ...".
_VERSION = r"^NVRM version:.*?\s(\d{3,}\.\d+(?:\.\d+)*)\s"
# Best evidence first: what pulls a whole driver in, then its parts, which all share one version.
_PACKAGES = tuple(
    re.compile(pattern)
    for pattern in (
        r"nvidia-driver-\d+(-server)?(-open)?$",  # Ubuntu's
        r"nvidia-open(-\d+)?$",  # the CUDA repository's
        r"nvidia-driver(-open|-cuda)?$",  # the CUDA repository's, and Debian's
        r"cuda-drivers(-\d+)?$",
        r"nvidia-(kernel-common|dkms|compute-utils|utils)-\d+(-server)?(-open)?$",
        r"libnvidia-compute-\d+(-server)?$",
        r"(nvidia-kernel-(open-)?dkms|libnvidia-compute|libcuda1)$",
    )
)


def loaded_version(system: System) -> str | None:
    """The version of the kernel module that is loaded, or None."""
    return first_match(r"^(\d[\w.-]*)$", system.read(_MODULE)) or first_match(
        _VERSION, system.read(_PROC)
    )


def collect(system: System, packages: dict[str, str], note: Note) -> dict[str, Any]:
    """The driver part of the software section."""
    loaded = loaded_version(system)
    flavour = _flavour(system.read(_PROC))
    if loaded is None:
        note("missing", f"driver.loaded_version: no {_MODULE}, and {_PROC} names no version")
    elif flavour is None:
        note("missing", f"driver.module_flavour: {_PROC} does not tell")
    name = installed_package(packages)
    if name is None:
        note("missing", "driver.installed_version: dpkg knows no installed NVIDIA driver package")
    return {
        "loaded_version": loaded,
        "installed_version": upstream(packages[name]) if name else None,
        "installed_package": name,
        "module_flavour": flavour,
    }


def installed_package(packages: dict[str, str]) -> str | None:
    """The package that tells the installed driver's version; of several, the newest."""
    for pattern in _PACKAGES:
        names = [name for name in packages if pattern.match(name)]
        if names:
            return max(names, key=lambda name: (version_numbers(upstream(packages[name])), name))
    return None


def _flavour(text: str | None) -> str | None:
    line = first_match(r"^(NVRM version:.*)$", text)
    if line is None or "Kernel Module" not in line:
        return None
    return "open" if "Open Kernel Module" in line else "proprietary"
