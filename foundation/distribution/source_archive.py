"""The part of this project that runs on hosts, packed once on the controller.

The archive is named by its content and holds no time stamps or owners: the same sources give the
same name, so a host that has them is left alone.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core.files import write_atomically

PACKED = ("python_probes", "repro", "roles/probe_runtime/files")
"""What probes and the smoke test need, and what the image is built from: see .dockerignore."""
LEFT_OUT = Path("repro/training")
"""What made the weights: no host needs it."""


@dataclass(frozen=True)
class SourceArchive:
    """Where the archive lies and the SHA-256 of what it holds."""

    path: Path
    sha256: str


def _files(project: Path) -> Iterator[Path]:
    for folder in PACKED:
        for path in sorted((project / folder).rglob("*")):
            below = path.relative_to(project)
            if LEFT_OUT in below.parents or not path.is_file():
                continue
            if not any(part == "__pycache__" or part.startswith(".") for part in below.parts):
                yield path


def pack(project: Path, folder: Path) -> SourceArchive:
    """Write `folder`/sources-<sha256>.tar.gz unless it is there; return where.

    Raises StorageError when the folder cannot be written.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in _files(project):
            content = path.read_bytes()
            entry = tarfile.TarInfo(path.relative_to(project).as_posix())
            entry.size = len(content)
            entry.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            archive.addfile(entry, io.BytesIO(content))
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    target = folder / f"sources-{sha256[:16]}.tar.gz"
    if not target.exists():
        write_atomically(target, gzip.compress(buffer.getvalue(), mtime=0))
    return SourceArchive(target, sha256)
