"""The mount that holds a folder, from /proc/self/mountinfo."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..core.system import System


@dataclass(frozen=True)
class Mount:
    """The file system's type, such as ext4, and what is mounted, such as /dev/nvme0n1p2."""

    type: str | None
    source: str | None


def mount(system: System, folder: Path) -> Mount:
    """The mount that holds `folder`; both fields None where it is unknown.

    See proc_pid_mountinfo(5). The mount with the longest matching mount point holds the folder;
    of several on one point, the last mounted.
    """
    wanted = os.path.realpath(folder)
    best, found = "", Mount(None, None)
    for line in (system.read("/proc/self/mountinfo") or "").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind_and_source = before.split(), after.split()
        if len(fields) <= _MOUNT_POINT or len(kind_and_source) < _FIELDS_OF_MOUNT:
            continue
        # Blanks in mount points stand as octal escapes.
        point = fields[_MOUNT_POINT].replace("\\040", " ").replace("\\011", "\t")
        inside = point in {"/", wanted} or wanted.startswith(point + "/")
        if inside and len(point) >= len(best):
            best, found = point, Mount(kind_and_source[0], kind_and_source[1])
    return found


_MOUNT_POINT = 4
_FIELDS_OF_MOUNT = 2
