"""Container toolkit, DCGM, Python and fio: what each tool says of itself."""

from __future__ import annotations

import platform
import re
from typing import Any

from ..core.parsing import first_match
from ..core.system import CommandError, Note, System
from .debian_packages import with_version

_DCGM_PACKAGE = re.compile(r"datacenter-gpu-manager(-\d+)?(-cuda\d+|-cuda-all|-core)?$")
_SERVICE_STATES = {"active": True, "inactive": False, "failed": False, "unknown": False,
                   "activating": False, "deactivating": False}  # fmt: skip


def container_toolkit(system: System, packages: dict[str, str], note: Note) -> dict[str, Any]:
    """The NVIDIA container toolkit by its command and by its package."""
    package = packages.get("nvidia-container-toolkit")
    if package is None:
        note("missing", "container_toolkit.package_version: the package is not installed")
    return {
        "version": _ask(
            system, note, "container_toolkit.version", r"version (\d\S*)", "nvidia-ctk", "--version"
        ),
        "package_version": package,
    }


def dcgm(system: System, packages: dict[str, str], note: Note) -> dict[str, Any]:
    """DCGM by its command, its package and its service."""
    names = sorted(name for name in packages if _DCGM_PACKAGE.match(name))
    version = _ask(system, note, "dcgm.version", r"version: *(\d\S*)", "dcgmi", "--version")
    if not names:
        note("missing", "dcgm.package: no package datacenter-gpu-manager is installed")
    here = bool(names) or version is not None
    return {
        "version": version,
        "package": with_version(packages, names[0]) if names else None,
        "service_active": _service_active(system, note) if here else None,
    }


def _service_active(system: System, note: Note) -> bool | None:
    """Whether nvidia-dcgm.service runs; is-active exits 3 where it does not."""
    try:
        output, reason = system.run("systemctl", "is-active", "nvidia-dcgm"), "no known state"
    except CommandError as error:
        output, reason = error.output, str(error)
    state = _SERVICE_STATES.get(output.strip())
    if state is None:
        note("unreadable", f"dcgm.service_active: systemctl is-active nvidia-dcgm: {reason}")
    return state


def python(system: System, note: Note) -> dict[str, Any]:
    """The interpreter that runs this, and python3 on PATH."""
    return {
        "version": platform.python_version(),
        "system_version": _ask(
            system, note, "python.system_version", r"^Python (\d\S*)", "python3", "--version"
        ),
    }


def fio(system: System, note: Note) -> dict[str, Any]:
    """The disk benchmark."""
    return {"version": _ask(system, note, "fio.version", r"^fio-(\S+)", "fio", "--version")}


def _ask(system: System, note: Note, field: str, pattern: str, *command: str) -> str | None:
    try:
        output = system.run(*command)
    except CommandError as error:
        note(error.code, f"{field}: {error}")
        return None
    version = first_match(pattern, output)
    if version is None:
        note("unreadable", f"{field}: {' '.join(command)} printed no version")
    return version
