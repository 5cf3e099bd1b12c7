"""The status for a playbook: what changed, and what a webhook does not know yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from . import notification, status_files, status_report, status_text


def update(
    report: Path,
    path: Path,
    posted: Path,
    arm_check: Path | None,
    now: datetime,
    *,
    write: bool,
    show: Callable[[str], object],
) -> dict[str, Any]:
    """Make the status at `path` from the files, show it, and return the task's result.

    `posted` is the memory of what was posted. Raises FoundationError.
    """
    done = status_files.update(report, path, now, arm_check)
    memory = status_files.memory(posted)
    if write:
        status_files.write(done.status, path)
    show(status_text.render(done.status, path))
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


def _text(document: status_report.Status) -> str:
    return json.dumps(status_report.timeless(document), indent=2, ensure_ascii=False) + "\n"
