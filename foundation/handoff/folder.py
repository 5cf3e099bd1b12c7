"""The folder of a hand-off: put in place as a whole, and checked by its manifests."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import DocumentError, FoundationError, StorageError
from ..core.exit_status import ExitStatus
from ..core.files import flush_folder, write_atomically
from ..documents import store
from ..documents.schema_registry import first_fault, kinds, known
from ..evaluation.verified_report import RefusedError
from .bundle import MANIFEST, PARTS

_AGAIN = "take the hand-off again from where it was made"


class DamagedError(FoundationError):
    """A hand-off is not what its manifest says."""

    exit_status = ExitStatus.NOT_PASSED


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Put the files in place of whatever hand-off `folder` held.

    They are written beside it first, so that it is the old or the new one that a reader finds; a
    folder that is not a hand-off is never replaced. Raises StorageError or RefusedError; what
    was there before is then unchanged and nothing is left beside it.
    """
    folder = Path(folder).resolve()
    check(folder)
    mark = secrets.token_hex(8)
    new, old = (folder.with_name(f".{folder.name[:100]}.{mark}.{end}") for end in ("new", "old"))
    try:
        try:
            for name, content in files.items():
                write_atomically(new / name, content)
            _exchange(new, folder, old)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        flush_folder(folder.parent)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, StorageError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        cause = getattr(error.__cause__, "strerror", None)
        raise StorageError(
            f"{folder}: cannot be written: {reason or cause or error}; what was there before is "
            "unchanged: free space or fix the folder's rights, then run again"
        ) from error


def differences(files: Mapping[str, bytes], folder: Path) -> str:
    """What `write` would change, as a unified diff; empty where nothing would."""
    lines: list[str] = []
    for name, content in files.items():
        path = Path(folder) / name
        before = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
        old, new = before.splitlines(), content.decode().splitlines()
        lines += difflib.unified_diff(old, new, f"{path} (now)", f"{path} (new)", lineterm="", n=1)
    return "\n".join(lines)


def _exchange(new: Path, folder: Path, old: Path) -> None:
    """Two renames, the first undone where the second fails. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            old.rename(folder)
        raise


def check(folder: Path) -> None:
    """Raises RefusedError for a folder that holds anything else than a hand-off."""
    advice = "name another folder with --out, or move it away"
    try:
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return
        if not folder.is_dir():
            raise RefusedError(f"{folder}: not a folder; {advice}")
        own = {f"{part}/{name}.json" for part, names in PARTS.items() for name in names}
        own |= {f"{part}/{MANIFEST}" for part in PARTS}
        # The first is enough: it may be a home folder.
        other = next((name for name in _files(folder) if name not in own), None)
        manifest = any((folder / part / MANIFEST).exists() for part in PARTS)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be read: {error.strerror}; {advice}") from error
    if other is not None or not manifest:
        what = "it holds no manifest" if other is None else f"it holds {other}"
        raise RefusedError(f"{folder}: not replaced, since it is not a hand-off: {what}; {advice}")


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()


def verify(folder: Path) -> list[dict[str, Any]]:
    """The manifests of a hand-off, or of one part of it, once every file is as they say.

    The sums find damage; they are not a signature. Raises DamagedError with the first file that is
    absent, altered, of a wrong kind or in no manifest, and DocumentError where the folder or a
    manifest cannot be read.
    """
    folder = Path(folder)
    if (folder / MANIFEST).exists():
        return [_verify_part(folder)]
    if not folder.is_dir():
        raise DocumentError(f"{folder}: not a folder: name the one that foundation handoff wrote")
    strange = sorted({path.name for path in folder.iterdir()} - set(PARTS))
    if strange:
        raise DamagedError(f"{folder / strange[0]}: no manifest names it: remove it")
    manifests = [_verify_part(folder / part) for part in PARTS]
    first, second = ({k: m[k] for k in ("tool", "judged_at", "gate")} for m in manifests)
    if first != second:
        raise DamagedError(f"{folder}: its parts are of two gate reports: take both from one")
    return manifests


def _verify_part(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    manifest = _checked(path, _bytes(path), "handoff_manifest")
    if set(manifest["files"]) != {f"{name}.json" for name in PARTS[manifest["part"]]}:
        raise DamagedError(f"{path}: it does not name the files of its part; {_AGAIN}")
    for name, stated in manifest["files"].items():
        path = folder / name
        content = _bytes(path)
        if hashlib.sha256(content).hexdigest() != stated["sha256"]:
            raise DamagedError(f"{path}: altered: not the SHA-256 of the manifest; {_AGAIN}")
        _checked(path, content, stated["kind"])
    others = sorted(set(_files(folder)) - {MANIFEST, *manifest["files"]})
    if others:
        raise DamagedError(f"{folder / others[0]}: no manifest names it: remove it")
    return manifest


def _bytes(path: Path) -> bytes:
    """A file of a folder that may come from anywhere: no link out of it, no pipe, no end of it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DamagedError(f"{path}: not a regular file; {_AGAIN}")
            content = file.read(store.MAXIMUM_BYTES + 1)
    except OSError as error:
        raise DamagedError(f"{path}: {error.strerror}; {_AGAIN}") from error
    if len(content) > store.MAXIMUM_BYTES:
        raise DamagedError(f"{path}: larger than {store.MAXIMUM_BYTES >> 20} MiB; {_AGAIN}")
    return content


def _checked(path: Path, content: bytes, kind: str) -> dict[str, Any]:
    try:
        document = store.parse(content)
    except DocumentError as error:
        raise DamagedError(f"{path}: {error}; {_AGAIN}") from error
    if kind not in kinds() or (fault := first_fault(kind, document)) is not None:
        raise DamagedError(f"{path}: {fault if kind in kinds() else 'an unknown kind'}; {_AGAIN}")
    return dict(known(kind, document))
