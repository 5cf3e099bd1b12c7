"""The file system that holds a folder, from /proc/self/mountinfo."""

from __future__ import annotations

import os
from pathlib import Path

from .system import System


def file_system(system: System, folder: Path) -> str | None:
    """The type of the file system that holds `folder`, such as ext4; None where unknown.

    See proc_pid_mountinfo(5). The mount with the longest matching mount point holds the folder;
    of several on one point, the last mounted.
    """
    wanted = os.path.realpath(folder)
    best, found = "", None
    for line in (system.read("/proc/self/mountinfo") or "").splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) <= _MOUNT_POINT or not after:
            continue
        # Blanks in mount points stand as octal escapes.
        point = fields[_MOUNT_POINT].replace("\\040", " ").replace("\\011", "\t")
        inside = point in {"/", wanted} or wanted.startswith(point + "/")
        if inside and len(point) >= len(best):
            best, found = point, after.split()[0]
    return found


_MOUNT_POINT = 4
