"""The status and the memory of what was posted, as files on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..core.errors import DocumentError, FoundationError
from ..documents import store
from ..documents.schema_registry import first_fault, known
from ..evaluation.report_entries import complete
from .status_report import Status, status, timeless

_REPORT_REMEDIATION = "run ansible-playbook gate.yml again"
_ARM_REMEDIATION = "make it with foundation arm-check --json"


class StatusError(FoundationError):
    """A report, a status or a memory of posts cannot be used; the message says why."""


@dataclass(frozen=True)
class Update:
    """A status, the one before it, and the hosts of the gate report that it follows from."""

    status: Status
    previous: Status | None
    hosts: Mapping[str, Any]

    @property
    def changed(self) -> bool:
        """Whether more than the times differs."""
        return self.previous is None or timeless(self.previous) != timeless(self.status)


def update(report: Path, path: Path, now: datetime, arm_check: Path | None = None) -> Update:
    """The status that follows from the files, not yet written; a missing report is no error.

    `path` is where the previous status is. Raises StatusError for a file that cannot be used.
    """
    judged = load(report, "gate_report", _REPORT_REMEDIATION)
    previous = load(path, "status", "move it away; first sightings then start anew")
    found = None
    if arm_check is not None:
        found = load(arm_check, "arm_check", _ARM_REMEDIATION)
        if found is None:
            raise StatusError(f"{arm_check}: this file does not exist; {_ARM_REMEDIATION}")
    hosts = complete(judged)["hosts"] if judged else {}
    return Update(status(judged, previous, now, found), previous, hosts)


def memory(path: Path) -> dict[str, Any] | None:
    """What was posted before; None where nothing was. Raises StatusError."""
    return load(path, "status_posted", "move it away; known blockers are then posted once more")


def load(path: Path, kind: str, remediation: str) -> dict[str, Any] | None:
    """The document of a kind in a file; None where there is none. Raises StatusError."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StatusError(f"{path}: cannot be read: {error.strerror}; {remediation}") from error
    try:
        document = store.parse(raw)
    except DocumentError as error:
        raise StatusError(f"{path}: {error}; {remediation}") from error
    fault = first_fault(kind, document)
    if fault is not None:
        raise StatusError(f"{path}: not valid as {kind}: {fault}; {remediation}")
    return dict(known(kind, document))


def write(document: Mapping[str, Any], path: Path) -> None:
    """Check a document, then write it atomically. Raises DocumentError, StorageError."""
    store.write(document, path)
