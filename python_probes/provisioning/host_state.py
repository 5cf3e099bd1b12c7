"""What provisioning needs to know of a host before it changes anything."""

from __future__ import annotations

import itertools
import os
import platform
import re
import time
from typing import Any

from ..core.parsing import assignments
from ..core.system import Note, System
from ..host import kernel, time_synchronization
from ..nvidia import driver
from ..software import debian_packages

# What boots next: Debian keeps the link in /, Ubuntu in /boot.
_KERNEL_LINKS = ("/boot/vmlinuz", "/vmlinuz")
_UNFINISHED = re.compile(
    r"Status: (?:install|deinstall|purge|hold) \S+ (half-installed|unpacked|half-configured)$"
)
# Cut off while its files were unpacked: dpkg itself cannot complete it.
_HALF_INSTALLED = re.compile(r"Status: install \S+ half-installed$")
_STATUS = "/var/lib/dpkg/status"
_PROFILE = "/etc/profile.d"


def read(system: System, note: Note, folders: list[str]) -> dict[str, Any]:
    """Operating system, packages, driver, kernels, clock and free space.

    `folders` are those whose file systems' free space is wanted, in bytes; null where a folder
    does not exist.
    """
    packages = debian_packages.installed(system)
    release = dict(assignments(system.read("/etc/os-release")))
    return {
        "os": {
            "id": release.get("ID"),
            "version": release.get("VERSION_ID"),
            "codename": release.get("VERSION_CODENAME"),
            "dgx": system.exists("/etc/dgx-release"),
        },
        "architecture": kernel.architecture(system, note),
        # systemd starts no unit that sets the clock in one.
        "container": bool(system.read("/run/systemd/container")),
        "python": platform.python_version(),
        "user": os.geteuid(),
        "packages": packages,
        "kernel": {"running": kernel.release(system, note), "next": next_kernel(system)},
        "driver": driver.collect(system, packages, note),
        "dpkg_interrupted": dpkg_interrupted(system),
        "dpkg_half_installed": dpkg_half_installed(system),
        "snaps": system.list("/var/lib/snapd/snaps"),
        "profile_with_cuda": _profile_with_cuda(system),
        "reboot_required": system.exists("/run/reboot-required"),
        "clock_seconds": time.time(),
        "clock_synchronized": time_synchronization.read(system, note)[0],
        "free_bytes": {folder: _free(system, folder) for folder in folders},
    }


def dpkg_interrupted(system: System) -> bool:
    """Whether dpkg was cut off and has to finish, as apt finds out before it does anything."""
    if system.list("/var/lib/dpkg/updates"):
        return True
    return any(map(_UNFINISHED.match, system.lines(_STATUS)))  # it grows with every package


def dpkg_half_installed(system: System) -> list[str]:
    """The packages whose unpacking was cut off, which only another installation mends."""
    return [
        before.removeprefix("Package: ")
        for before, line in itertools.pairwise(system.lines(_STATUS))
        if before.startswith("Package: ") and _HALF_INSTALLED.match(line)
    ]


def next_kernel(system: System) -> str | None:
    """The release of the kernel that boots next, or None where no link names one."""
    for link in _KERNEL_LINKS:
        name = system.resolve(link).rpartition("/")[2]
        if name.startswith("vmlinuz-"):
            return name.removeprefix("vmlinuz-")
    return None


def _profile_with_cuda(system: System) -> str | None:
    """The file that puts CUDA's commands on the PATH of login shells, or None."""
    for file in ["/etc/environment", *(f"{_PROFILE}/{name}" for name in system.list(_PROFILE))]:
        lines = (system.read(file) or "").splitlines()
        if any("/cuda/bin" in line and not line.lstrip().startswith("#") for line in lines):
            return file
    return None


def _free(system: System, folder: str) -> int | None:
    try:
        status = os.statvfs(system.path(folder))
    except OSError:
        return None
    return status.f_bavail * status.f_frsize
