"""The status and the memory of what was posted, as files on the controller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..core.errors import DocumentError
from ..evaluation.report_entries import complete
from ..reports.writer import load_if_present
from . import notification, status_report
from .status_report import Status, timeless

_ARM_REMEDIATION = "make it with foundation arm-check --json"


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

    `path` is where the previous status is. Raises DocumentError for a file that cannot be used.
    """
    judged = load_if_present(report, "gate_report", "run ansible-playbook gate.yml again")
    previous = load_if_present(path, "status", "move it away; first sightings then start anew")
    found = None
    if arm_check is not None:
        found = load_if_present(arm_check, "arm_check", _ARM_REMEDIATION)
        if found is None:
            raise DocumentError(f"{arm_check}: this file does not exist; {_ARM_REMEDIATION}")
    hosts = complete(judged)["hosts"] if judged else {}
    return Update(status_report.status(judged, previous, now, found), previous, hosts)


def task_result(done: Update, path: Path, posted: Path) -> dict[str, Any]:
    """What a playbook's task returns: what changed, and what a webhook does not know yet.

    `path` is that of the status, `posted` that of the memory of what was posted. Raises
    DocumentError.
    """
    memory = load_if_present(
        posted, "status_posted", "move it away; known blockers are then posted once more"
    )
    result = {
        "changed": done.changed,
        "finished": status_report.finished(done.status),
        "memory": notification.remember(done.status),
        "notification": notification.notification(done.status, memory, done.hosts),
        "status": str(path),
    }
    if done.changed:
        result["diff"] = {
            "before": "" if done.previous is None else _text(done.previous),
            "after": _text(done.status),
            "before_header": str(path),
            "after_header": str(path),
        }
    return result


def _text(document: Status) -> str:
    return json.dumps(timeless(document), indent=2, ensure_ascii=False) + "\n"
