"""Files that are either whole and new, or untouched."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from .errors import StorageError

# The owner writes; the group (an operations team on a shared controller) may read; others get
# nothing, since documents list what software a host runs. The umask can only narrow it.
FILE_MODE = 0o640
FOLDER_MODE = 0o750


def write_atomically(path: Path, content: bytes | Iterable[bytes], mode: int | None = None) -> None:
    """Write `content` to `path`, so that a reader sees the old file or the new one.

    `content` may come in parts, which need not be in memory at once.
    With `mode` the file has exactly these rights; without, `FILE_MODE` and what the umask leaves.

    The temporary file lies in the same folder (a rename does not cross file systems), and the
    file and its folder are flushed to the disk: a host that loses power keeps what was reported
    as written. Raises StorageError; the temporary file is then gone and `path` unchanged. A device
    or pipe is refused: it would be replaced by a file.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
    try:
        _refuse_device(path)
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        try:
            _write_new(temporary, content, mode)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        flush_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"{path}: cannot be written: {reason}; what was there before is unchanged: "
            "free space or fix the folder's rights, then run again"
        ) from error


def _refuse_device(path: Path) -> None:
    """Keep root from putting a file in the place of /dev/null. Raises OSError."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "what is there is not a regular file")


def _write_new(path: Path, content: bytes | Iterable[bytes], mode: int | None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        if mode is not None:
            os.fchmod(descriptor, mode)
        file.writelines((content,) if isinstance(content, bytes) else content)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Put a folder's entries on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
