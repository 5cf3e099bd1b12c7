"""Who holds the locks of apt and dpkg."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Callable

from ..core.system import System

LOCKS = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/lib/apt/lists/lock",
    "/var/cache/apt/archives/lock",
)
# struct flock of fcntl(2) on 64-bit Linux: type, whence, start, length, process.
_FLOCK = "hhqqi4x"
_PAUSE_SECONDS = 1.0


def holders(system: System) -> list[dict[str, object]]:
    """One entry for each lock that another process holds: `lock`, `pid`, `command`.

    The kernel is asked with F_GETLK, which takes no lock itself. Raises PermissionError where
    the lock files cannot be opened: they belong to root.
    """
    found = []
    for lock in LOCKS:
        pid = _holder(system, lock)
        if pid is not None:
            found.append({"lock": lock, "pid": pid, "command": _command(pid)})
    return found


def wait(
    system: System, seconds: float, sleep: Callable[[float], None] = time.sleep
) -> tuple[list[dict[str, object]], float]:
    """Wait until nobody holds a lock; (who still does after `seconds`, seconds waited)."""
    begin = time.monotonic()
    while True:
        held = holders(system)
        waited = time.monotonic() - begin
        if not held or waited >= seconds:
            return held, waited
        sleep(min(_PAUSE_SECONDS, max(seconds - waited, 0)))


def _holder(system: System, lock: str) -> int | None:
    question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        with system.path(lock).open("rb") as file:
            answer = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, question))
    except FileNotFoundError:
        return None
    return int(answer[4]) if answer[0] != fcntl.F_UNLCK else None


def _command(pid: int) -> str:
    """What the process was started as; arguments may hold secrets and stay out.

    An interpreted program is named by its script: dgx-dashboard-admin, not python3.
    """
    system = System()
    name = system.read(f"/proc/{pid}/comm") or "unknown"
    words = (system.read(f"/proc/{pid}/cmdline") or "").split("\0")
    script = next((word for word in words[1:] if not word.startswith("-")), "")
    if name.startswith(("python", "perl", "bash", "sh")) and script.startswith("/"):
        return os.path.basename(script)  # noqa: PTH119 - a name, not a file to look at
    return name
