"""The history of a host's benchmark runs: one line of JSON for each, only ever appended.

`<host>/benchmark_history.jsonl` beside the other documents. Appending is safe against a loss of
power (flushed before it counts as done; a torn last line is cut off by the next append) and
against several processes at once (an exclusive lock on the file itself).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import DocumentError, StorageError, one_line, shorten
from ..core.files import FILE_MODE, FOLDER_MODE, flush_folder
from ..documents import store
from ..documents.figure_labels import chart_group
from ..documents.schema_registry import first_fault, known, version
from ..documents.store import Document
from ..evaluation.criterion_result import figure_faults
from ..evaluation.evidence import Evidence
from ..profiles.criteria import AUTO, Profile, load_profiles

Entry = dict[str, Any]

FILE_NAME = "benchmark_history.jsonl"
SCHEMA = "benchmark_history_entry"


@dataclass(frozen=True)
class History:
    """The readable lines in the order of their runs; `faults` says what the other lines are."""

    entries: tuple[Entry, ...] = ()
    faults: tuple[str, ...] = ()
    torn: bool = False


def path(baseline_dir: Path, host: str) -> Path:
    """The file of a host. Raises DocumentError for a bad host name."""
    return store.folder(baseline_dir, host) / FILE_NAME


def keep_documents(
    baseline_dir: Path,
    host: str,
    documents: Mapping[str, Document],
    profile: str = AUTO,
    *,
    write: bool = True,
) -> list[Path]:
    """Check documents of a host by kind, store them, and return where they are.

    Only what hosts collect: who it is now and its baseline, which decide about a host, come from
    the gate and from a person. A benchmark run is appended to the host's history, judged with what
    else is stored of it under `profile`, a choice of `criteria.load_profiles`. Without `write` they
    are only checked. Raises DocumentError, ProfileError, StorageError.
    """
    paths = []
    foreign = [kind for kind in documents if kind not in store.COLLECTED_KINDS]
    if foreign:
        raise DocumentError(
            f"{host}: found the document {shorten(foreign[0])} in its answer, expected only "
            f"{', '.join(store.COLLECTED_KINDS)}: see what answers there, then collect again"
        )
    for kind, document in documents.items():
        store.validate(document, kind=kind, host=host)
        paths.append(store.path(baseline_dir, host, kind))
        if write:
            store.write(document, paths[-1])
    if write and "benchmark" in documents:
        stored = store.load_folder(baseline_dir)[host]
        append(path(baseline_dir, host), entry(host, stored, load_profiles(profile)))
    return paths


def entry(
    host: str, stored: Mapping[str, Document | DocumentError], profiles: Sequence[Profile]
) -> Entry:
    """The line for the benchmark document among a host's documents.

    Whether a figure is valid is judged now, under the one of `profiles` that the host selects,
    since a line does not hold what the rules look at. Raises DocumentError when the
    benchmark document cannot be used.
    """
    evidence = Evidence(host, stored)
    if "benchmark" not in evidence.readable:
        raise DocumentError(evidence.blockers["benchmark"].message)
    profile = evidence.select_profile(profiles)
    document = evidence.readable["benchmark"]
    identity = document["identity"]
    figures = {}
    for name, figure in document["data"]["figures"].items():
        figures[name] = {
            "chart_group": chart_group(name, figure),
            "value": figure["value"],
            "unit": figure["unit"],
            "spread": figure["spread"],
            "faults": [fault.rule for fault in figure_faults(name, evidence, profile)],
        }
        if "latency_microseconds" in figure:
            figures[name]["p99"] = figure["latency_microseconds"]["p99"]
    return {
        "schema_version": version(SCHEMA),
        "collected_at": document["collected_at"],
        "level": document["data"]["level"],
        "identity": {
            **{key: identity[key] for key in ("gpu_uuids", "kernel", "driver", "boot_id")},
            "torch": (identity["build"] or {}).get("torch"),
        },
        "figures": figures,
    }


def append(path: Path, line: Entry) -> bool:
    """Append a run unless it is there already (by `collected_at`); whether it was appended.

    Raises DocumentError for an entry against its schema, StorageError when the file system
    refuses; the file is then as it was.
    """
    fault = first_fault(SCHEMA, line)
    if fault is not None:
        raise DocumentError(f"{path}: {fault}")
    raw = json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    try:
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with _locked(path) as descriptor:
            content = _read_all(descriptor)
            if line["collected_at"] in _moments(content):
                return False
            _mend(descriptor, content)
            _write_all(descriptor, raw)
        flush_folder(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written: {error.strerror or error}; the lines before are "
            "unchanged: free space or fix the file's rights, then run again"
        ) from error
    return True


def load(path: Path) -> History:
    """What a history file holds; nothing where there is none yet.

    Lines that cannot be used are named in `faults` and left out: one of them must not hide all
    others. Raises DocumentError when the file cannot be read.
    """
    try:
        return _parse(Path(path).read_bytes())
    except FileNotFoundError:
        return History()
    except OSError as error:
        raise DocumentError(
            f"{path}: cannot be read: {error.strerror}; check its rights"
        ) from error


def _moments(content: bytes) -> Iterator[str]:
    """When the runs were, without the cost of checking years of them against the schema."""
    for line in content.split(b"\n"):
        with contextlib.suppress(DocumentError):
            yield str(store.parse(line).get("collected_at"))


def _parse(content: bytes) -> History:
    entries: list[Entry] = []
    faults: list[str] = []
    lines = content.split(b"\n")
    rest = lines.pop()  # what stands behind the last new line
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(_entry(line))
        except DocumentError as error:
            faults.append(f"line {number}: {error}")
    if rest:
        with contextlib.suppress(DocumentError):
            entries.append(_entry(rest))
    entries.sort(key=lambda one: one["collected_at"])
    return History(tuple(entries), tuple(faults), torn=bool(rest))


def _entry(line: bytes) -> Entry:
    content = store.parse(line)
    fault = first_fault(SCHEMA, content)
    if fault is not None:
        raise DocumentError(fault)
    return dict(known(SCHEMA, content))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, open for appending and locked until it is closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return file.read()


def _mend(descriptor: int, content: bytes) -> None:
    """End a whole last line that lacks its new line; cut off one that was torn."""
    whole, _, rest = content.rpartition(b"\n")
    if not rest:
        return
    try:
        _entry(rest)
    except DocumentError:
        os.ftruncate(descriptor, len(whole) + 1 if whole else 0)
    else:
        _write_all(descriptor, b"\n")


def _write_all(descriptor: int, raw: bytes) -> None:
    """Append all of it and flush it; a disk that takes only a part gets none."""
    before = os.fstat(descriptor).st_size
    try:
        rest = memoryview(raw)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def check(path: Path) -> str:
    """One line about a valid history file. Raises DocumentError with the first fault."""
    history = load(path)
    if history.faults:
        raise DocumentError(f"{path}: {one_line(history.faults[0])}")
    torn = "; its last line is torn, which the next run mends" if history.torn else ""
    count = len(history.entries)
    return f"{count} run{'' if count == 1 else 's'}{torn}"
