"""The file that storage is measured on: direct I/O, random data, no name in any folder."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from ...core.system import System
from ...host.block_device import block_device
from ...host.mounts import mount
from .figure import SkipError
from .page_cache import resident_share

CHUNK = 16 * 2**20  # bytes: the kernel splits one into many requests, so the device is kept busy
_LARGEST = 16 * 2**30  # bytes: above the memory that SSDs put before their flash
_SMALLEST = 64 * 2**20  # bytes: room for 16 jobs
_SHARE_OF_FREE = 10
# Direct I/O that reaches no device: memory, or a cache that O_DIRECT does not pass by.
_NO_DEVICE = {
    "tmpfs": "tmpfs lies in memory",
    "ramfs": "ramfs lies in memory",
    "rootfs": "the root file system lies in memory",
    "zfs": "ZFS may serve direct reads from its own cache",
}
_MOSTLY = 0.5
_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT}  # see open(2), O_TMPFILE


class DirectFile:
    """A file opened with O_DIRECT that has no name.

    Since no folder names it, it disappears with the last process that holds it, however that
    process ends. It may grow to `limit` bytes, never more than a tenth of what was free; its
    first `written` bytes hold random data.
    """

    def __init__(self, folder: Path, system: System) -> None:
        """Raises SkipError where the folder takes no file or does not support direct I/O."""
        self.file_system = mount(system, folder).type
        if self.file_system in _NO_DEVICE:
            raise SkipError(f"{folder}: {_NO_DEVICE[self.file_system]}; name another --directory")
        try:
            free = shutil.disk_usage(folder).free
            self.limit = min(_LARGEST, free // _SHARE_OF_FREE) // CHUNK * CHUNK
            if self.limit < _SMALLEST:
                raise SkipError(
                    f"{folder}: {free / 2**20:.0f} MiB are free and a tenth of that is too small "
                    f"a file: free {_SMALLEST * _SHARE_OF_FREE / 2**20:.0f} MiB"
                )
            self.descriptor = _open_unnamed(folder)
        except OSError as error:
            raise SkipError(f"{folder}: {_reason(error)}") from error
        self.device = block_device(system, folder)
        self.written = 0
        # Content repeats after two chunks: incompressible for any block that a device looks at.
        self._pool = mmap.mmap(-1, 2 * CHUNK)
        self._pool[:] = secrets.token_bytes(2 * CHUNK)

    @property
    def path(self) -> str:
        """A path under which another process of this user can open the file."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @property
    def enough(self) -> bool:
        """Whether there is something to read in each of 16 shares."""
        return self.written >= _SMALLEST

    def describe(self) -> dict[str, Any]:
        """A figure's parameters that describe the file and the disk that it lies on."""
        return {
            "direct": True,
            "file_bytes": self.written,
            "file_system": self.file_system,
            "device": self.device.name,
            "device_model": self.device.model,
        }

    def allocate(self) -> None:
        """Give the file its full length, its space reserved and not written. Raises SkipError."""
        try:
            _reserve(self.descriptor, self.limit)
        except OSError as error:
            raise SkipError(f"allocating {self.limit} bytes: {_reason(error)}") from error

    def write(self, offset: int, length: int) -> None:
        """Write `length` bytes, a divisor of a chunk, at a multiple of it.

        Raises SkipError where the disk takes no more.
        """
        start = offset % len(self._pool)
        with memoryview(self._pool) as pool:
            try:
                done = os.pwritev(self.descriptor, [pool[start : start + length]], offset)
            except OSError as error:
                raise SkipError(f"writing with direct I/O: {_reason(error)}") from error
        if done != length:
            raise SkipError(f"writing with direct I/O: {done} of {length} bytes were taken")

    def read(self, offset: int, target: mmap.mmap) -> None:
        """Fill `target`, which lies on a page of its own. Raises SkipError."""
        try:
            done = os.preadv(self.descriptor, [target], offset)
        except OSError as error:
            raise SkipError(f"reading with direct I/O: {_reason(error)}") from error
        if done != len(target):
            raise SkipError(f"reading with direct I/O: {done} of {len(target)} bytes came")

    def verify(self, offset: int, length: int) -> None:
        """Compare with what `write` has put there. Raises SkipError where it differs."""
        start = offset % len(self._pool)
        with mmap.mmap(-1, length) as target:
            self.read(offset, target)
            if target[:] != self._pool[start : start + length]:
                raise SkipError("what was read differs from what was written")

    def require_uncached(self) -> None:
        """Raises SkipError where data went through memory despite direct I/O, and OSError."""
        if not self.written:
            return
        share = resident_share(self.descriptor, self.written)
        if share > _MOSTLY:
            raise SkipError(
                f"{share:.0%} of the file lie in the page cache after direct writes: this file "
                f"system ({self.file_system}) passes direct I/O through memory"
            )


def _open_unnamed(folder: Path) -> int:
    """A new file's descriptor. Raises OSError.

    It never has a name, or on a file system that cannot do that, one for a moment.
    """
    flags = os.O_RDWR | os.O_DIRECT | os.O_CLOEXEC
    try:
        return os.open(folder, flags | os.O_TMPFILE, 0o600)
    except OSError as error:
        if error.errno not in _NO_UNNAMED:
            raise
    path = folder / f".dgx-spark-foundation-{secrets.token_hex(8)}"
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    path.unlink()
    return descriptor


def _reserve(descriptor: int, length: int) -> None:
    """fallocate(2), or the length alone on a file system without it. Raises OSError.

    posix_fallocate(3) would write a byte to every block there.
    """
    library = ctypes.CDLL(None, use_errno=True)
    library.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    if library.fallocate(descriptor, 0, 0, length) == 0:
        return
    number = ctypes.get_errno()
    if number not in {errno.EOPNOTSUPP, errno.ENOSYS}:
        raise OSError(number, os.strerror(number))
    os.ftruncate(descriptor, length)


def _reason(error: OSError) -> str:
    if error.errno == errno.EINVAL:
        return "this file system does not support direct I/O; name another --directory"
    return error.strerror or str(error)
