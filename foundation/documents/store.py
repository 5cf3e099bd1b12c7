"""Documents: what hosts reported, checked on arrival and kept as one file per host and kind."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jiter

from ..core.errors import DocumentError, one_line, shorten
from ..core.files import write_atomically
from .schema_registry import first_fault, kinds, known

Document = dict[str, Any]

COLLECTED_KINDS = ("hardware_baseline", "environment", "reproducibility", "benchmark")
LIVE_STATE = "live_state"
BASELINE = "benchmark_baseline"
HOST_KINDS = (*COLLECTED_KINDS, LIVE_STATE, BASELINE)
MAXIMUM_BYTES = 16 * 2**20
_MAXIMUM_REPORT_BYTES = 2**30  # a gate report of ten thousand hosts has 200 MB

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_AGAIN = "collect it again with ansible-playbook foundation.yml"


def folder(baseline_dir: Path, host: str) -> Path:
    """Where the documents of a host lie.

    Raises DocumentError for a host name that could leave `baseline_dir` or hide in it.
    """
    if not _HOST.fullmatch(host):
        raise DocumentError(
            f"host name {shorten(host)}: only letters, digits, '.', '_' and '-' are allowed, "
            "starting with a letter or digit: rename it in the inventory"
        )
    return Path(baseline_dir) / host


def path(baseline_dir: Path, host: str, kind: str) -> Path:
    """The file of one document. Raises DocumentError for an unknown kind or a bad host name."""
    if kind not in HOST_KINDS:
        raise DocumentError(f"kind {shorten(kind)}: not one of {', '.join(HOST_KINDS)}")
    return folder(baseline_dir, host) / f"{kind}.json"


def read(path: Path) -> Document:
    """The JSON object in a file, not yet checked against a schema.

    Refused are what JSON readers differ about: duplicate keys, NaN, text that is not UTF-8 (numbers
    that are too large are refused by the bounds in each schema); and files above 16 MiB where the
    name is that of a host's document, above 1 GiB otherwise. Raises DocumentError.
    """
    limit = MAXIMUM_BYTES if Path(path).stem in HOST_KINDS else _MAXIMUM_REPORT_BYTES
    try:
        # A pipe in a file's place must not keep the gate waiting for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        about = os.fstat(descriptor)
        regular = stat.S_ISREG(about.st_mode)
        with os.fdopen(descriptor, "rb", buffering=0 if regular else -1) as file:
            # As large as the file: room for the limit would have to be found for each of them.
            most = min(about.st_size, limit) if regular else limit
            raw = file.read(most + 1) or b""  # None of a pipe that nobody writes to
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror}; {_AGAIN}") from error
    if len(raw) > limit:
        raise DocumentError(f"{path}: larger than {limit >> 20} MiB, no document is; {_AGAIN}")
    try:
        return parse(raw)
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}; {_AGAIN}") from error


def parse(raw: bytes) -> Document:
    """The JSON object in some bytes, as strictly as `read`. Raises DocumentError."""
    try:
        content = jiter.from_json(
            raw, allow_inf_nan=False, catch_duplicate_keys=True, cache_mode="keys"
        )
    except ValueError as error:
        raise DocumentError(f"damaged or truncated JSON: {one_line(str(error))}") from error
    if not isinstance(content, dict):
        raise DocumentError(f"found {shorten(content)}, not a JSON object")
    return content


def validate(
    document: Mapping[str, Any],
    kind: str | None = None,
    host: str | None = None,
    source: str = "document",
) -> Document:
    """Check a document against its schema, and that it is of `kind` and `host` where given.

    Returns the document, of one that is of a later minor version what is known of it here (see
    `schema_registry.known`). `source` begins the message. Raises DocumentError with the most
    telling fault.
    """
    for key, wanted in (("kind", kind), ("host", host)):
        if wanted is not None and document.get(key) != wanted:
            raise DocumentError(
                f"{source}: $.{key}: found {shorten(document.get(key))}, expected "
                f"{shorten(wanted)}: a foreign document; {_AGAIN}"
            )
    own_kind = document.get("kind")
    if not isinstance(own_kind, str) or own_kind not in kinds():
        raise DocumentError(
            f"{source}: $.kind: found {shorten(own_kind)}, not one of {', '.join(sorted(kinds()))}"
        )
    content: Document = known(own_kind, document)
    fault = first_fault(own_kind, content)
    if fault is not None:
        raise DocumentError(f"{source}: {fault}; {_AGAIN}")
    return content


def load(path: Path, host: str | None = None) -> Document:
    """Read and check one document; `host` is whose it must be, where that is known.

    A file named after a kind must hold that kind, or what a hand-off tells of it. Raises
    DocumentError.
    """
    path = Path(path)
    document = read(path)
    named = path.stem in HOST_KINDS and document.get("kind") != f"handoff_{path.stem}"
    return validate(document, path.stem if named else None, host, str(path))


def write(document: Mapping[str, Any], path: Path) -> None:
    """Check a document, then write it atomically (see `files.write_atomically`).

    Keys that are not known here are not written. Raises DocumentError before anything is touched,
    StorageError when the file system refuses.
    """
    content = validate(document, source=str(path))
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
        raw = f"{text}\n".encode()
    except (TypeError, ValueError) as error:
        raise DocumentError(f"{path}: no JSON: {one_line(str(error))}") from error
    write_atomically(Path(path), raw)


def load_folder(root: Path) -> DocumentFolder:
    """The documents under a folder. Raises DocumentError when it cannot be read."""
    return DocumentFolder(root)


class DocumentFolder(Mapping[str, Mapping[str, Document | DocumentError]]):
    """The documents under a folder by host and kind, read when asked for and not kept.

    So a fleet of any size is judged in the memory of one host. A file that cannot be read is
    there as its DocumentError, since it is that host's outcome and not the end of the run.
    Documents are read but not schema-checked: `gate.evaluate` does that for every document.
    """

    def __init__(self, root: Path) -> None:
        self._root = Path(root)
        try:
            names = sorted(_names(self._root))
        except OSError as error:
            raise DocumentError(
                f"{root}: cannot be read: {error.strerror}; name the folder with --documents or "
                "run ansible-playbook foundation.yml first"
            ) from error
        self._hosts = {
            name: None for name in names if _HOST.fullmatch(name) and _is_host(self._root / name)
        }

    def __len__(self) -> int:
        return len(self._hosts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __getitem__(self, host: str) -> Mapping[str, Document | DocumentError]:
        if host not in self._hosts:
            raise KeyError(host)
        return load_host(self._root, host)


def _names(place: Path) -> list[str]:
    """What is in a folder; Path.iterdir takes three times as long. Raises OSError."""
    with os.scandir(place) as entries:
        return [entry.name for entry in entries]


def _is_host(place: Path) -> bool:
    try:
        return any(name.endswith(".json") for name in _names(place))
    except NotADirectoryError:
        return False
    except OSError:
        return True  # a host is there, and what cannot be read is its outcome


def load_host(root: Path, host: str) -> dict[str, Document | DocumentError]:
    """The documents of one host by kind; none where it has no folder.

    Raises DocumentError for a bad host name.
    """
    found: dict[str, Document | DocumentError] = {}
    place = folder(root, host)
    try:
        names = _names(place)
    except FileNotFoundError:
        return found
    except OSError as error:
        # Where the folder does not let itself be read, nothing in it does.
        fault = DocumentError(f"{place}: cannot be read: {error.strerror}; {_AGAIN}")
        return dict.fromkeys(COLLECTED_KINDS, fault)
    for kind in HOST_KINDS:
        if (name := f"{kind}.json") in names:
            try:
                found[kind] = read(place / name)
            except DocumentError as error:
                # Without its frames, which hold the file's content.
                found[kind] = error.with_traceback(None)
    return found
