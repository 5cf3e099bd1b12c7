"""The file that one run of the benchmark holds: who it is, and the lines of its progress.

Two runs at once would disturb each other's figures, so the file is locked; whoever wants to
watch reads it. See flock(2): the kernel lets the lock go with the process, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from pathlib import Path

_MODE = 0o600
_LONGEST_FIRST_LINE = 200


class BusyError(Exception):
    """Another run holds the file; the message is one line."""


class RunFile:
    """Held from its making until `release`.

    The first line is the process id and a random word that no earlier run had; every other line
    is one of the progress.
    """

    def __init__(self, path: Path) -> None:
        """Raises BusyError, and OSError where the file cannot be made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._descriptor = _locked(path)
        os.ftruncate(self._descriptor, 0)
        self.write_line(f"{os.getpid()} {secrets.token_hex(8)}")

    def write_line(self, line: str) -> None:
        """Add a line; a disk that is full costs the display and not the run."""
        with contextlib.suppress(OSError):
            os.write(self._descriptor, f"{line}\n".encode())

    def release(self) -> None:
        """Remove the file and let the next run in."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)


def _locked(path: Path) -> int:
    """The descriptor of the file that `path` names, locked."""
    while True:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(path, flags, _MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The run that held it may have removed it since: then the lock is on no name.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(path.lstat(), os.fstat(descriptor)):
                    return descriptor
        except BlockingIOError:
            holder = os.pread(descriptor, _LONGEST_FIRST_LINE, 0).split(b" ")[0]
            os.close(descriptor)
            raise BusyError(
                f"another run, process {holder.decode('ascii', 'replace') or 'not known'}, "
                f"measures on this host ({path}): wait for its end or end it"
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
