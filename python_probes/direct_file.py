"""The file that storage is measured on: direct I/O, random data, no name in any folder."""

from __future__ import annotations

import errno
import mmap
import os
import secrets
import shutil
from pathlib import Path

from .figure import SkipError
from .mount_point import file_system
from .page_cache import resident_share
from .system import System

BLOCK = 8 * 2**20  # bytes: the kernel splits one into many requests, so the device is kept busy
SMALL_BLOCK = 4096  # bytes
_POOL_BLOCKS = 8
_LARGEST = 2 * 2**30  # bytes
_SMALLEST = 8 * BLOCK
_SHARE_OF_FREE = 10
# Direct I/O that reaches no device: memory, or a cache that O_DIRECT does not pass by.
_NO_DEVICE = {
    "tmpfs": "tmpfs lies in memory",
    "ramfs": "ramfs lies in memory",
    "rootfs": "the root file system lies in memory",
    "zfs": "ZFS may serve direct reads from its own cache",
}
_MOSTLY = 0.5


class DirectFile:
    """A file opened with O_DIRECT and removed from its folder at once.

    Since no folder names it, it disappears with the last process that holds it, however that
    process ends. `size` is in bytes; `written` is how much of it holds data.
    """

    def __init__(self, folder: Path, system: System) -> None:
        """Raises SkipError where the folder takes no file or knows no direct I/O."""
        self.file_system = file_system(system, folder)
        if self.file_system in _NO_DEVICE:
            raise SkipError(f"{folder}: {_NO_DEVICE[self.file_system]}; name another --directory")
        try:
            free = shutil.disk_usage(folder).free
            self.size = min(_LARGEST, free // _SHARE_OF_FREE) // BLOCK * BLOCK
            if self.size < _SMALLEST:
                raise SkipError(
                    f"{folder}: {free / 2**20:.0f} MiB are free and a tenth of that is too small "
                    f"a file: free {_SMALLEST * _SHARE_OF_FREE / 2**20:.0f} MiB"
                )
            self.descriptor = _open_unnamed(folder)
        except OSError as error:
            raise SkipError(f"{folder}: {_reason(error)}") from error
        self.written = 0
        self._pool = mmap.mmap(-1, BLOCK * _POOL_BLOCKS)
        for index in range(_POOL_BLOCKS):  # incompressible
            self._pool[index * BLOCK : (index + 1) * BLOCK] = secrets.token_bytes(BLOCK)
        self._target = mmap.mmap(-1, BLOCK)

    @property
    def path(self) -> str:
        """A path under which another process of this user can open the file."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def allocate(self) -> None:
        """Give the file its full size on the disk, not written yet. Raises SkipError."""
        try:
            os.posix_fallocate(self.descriptor, 0, self.size)
        except OSError as error:
            raise SkipError(f"allocating {self.size} bytes: {_reason(error)}") from error

    def write_block(self, offset: int) -> None:
        """Write one block. Raises SkipError where the disk takes no more."""
        start = offset // BLOCK % _POOL_BLOCKS * BLOCK
        with memoryview(self._pool) as pool:
            try:
                done = os.pwritev(self.descriptor, [pool[start : start + BLOCK]], offset)
            except OSError as error:
                raise SkipError(f"writing with direct I/O: {_reason(error)}") from error
        if done != BLOCK:
            raise SkipError(f"writing with direct I/O: {done} of {BLOCK} bytes were taken")
        self.written = max(self.written, offset + BLOCK)

    def read_block(self, offset: int, length: int = BLOCK) -> None:
        """Read up to one block. Raises SkipError where it cannot be read."""
        with memoryview(self._target) as target:
            try:
                done = os.preadv(self.descriptor, [target[:length]], offset)
            except OSError as error:
                raise SkipError(f"reading with direct I/O: {_reason(error)}") from error
        if done != length:
            raise SkipError(f"reading with direct I/O: {done} of {length} bytes came")

    def verify_block(self, offset: int) -> None:
        """Compare a block with what was written there. Raises SkipError where it differs."""
        self.read_block(offset)
        start = offset // BLOCK % _POOL_BLOCKS * BLOCK
        if self._target[:] != self._pool[start : start + BLOCK]:
            raise SkipError("what was read differs from what was written")

    def require_uncached(self) -> None:
        """Refuse a file whose data went through memory despite direct I/O. Raises SkipError."""
        try:
            share = resident_share(self.descriptor, self.written)
        except OSError as error:
            raise SkipError(f"whether the file is in the page cache: {_reason(error)}") from error
        if share > _MOSTLY:
            raise SkipError(
                f"{share:.0%} of the file lie in the page cache after direct writes: this file "
                f"system ({self.file_system}) passes direct I/O through memory"
            )

    def close(self) -> None:
        """Let the file go, and with it its space."""
        os.close(self.descriptor)
        self._pool.close()
        self._target.close()


def _open_unnamed(folder: Path) -> int:
    """A new file's descriptor, its name removed again. Raises OSError."""
    path = folder / f".dgx-spark-foundation-{secrets.token_hex(8)}"
    descriptor = os.open(
        path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC, 0o600
    )
    try:
        path.unlink()
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _reason(error: OSError) -> str:
    if error.errno == errno.EINVAL:
        return "this file system knows no direct I/O; name another --directory"
    return error.strerror or str(error)
