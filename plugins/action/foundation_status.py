"""Action plugin: the status. Documented in library/foundation_status.py."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible.utils.display import Display

from foundation.runs.controller_action import PROJECT, ControllerAction
from foundation.status import notification, status_files, status_report, status_text


class ActionModule(ControllerAction):
    """Writes the status that follows from the gate's report, and says what a webhook lacks."""

    argument_spec: ClassVar[dict[str, Any]] = {
        "arm_check": {"type": "str"},
        "posted": {"type": "str", "default": "reports/status_posted.json"},
        "report": {"type": "str", "default": "reports/gate.json"},
        "status": {"type": "str", "default": "reports/status.json"},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Read, compare, write."""
        report, path = PROJECT / wanted["report"], PROJECT / wanted["status"]
        arm_check = PROJECT / wanted["arm_check"] if wanted["arm_check"] else None
        done = status_files.update(report, path, datetime.now(UTC), arm_check)
        posted = status_files.memory(PROJECT / wanted["posted"])
        told = notification.notification(done.status, posted, done.hosts)
        if not self.check_mode:
            status_files.write(done.status, path)
        Display().display(status_text.render(done.status, path))
        result = {
            "changed": done.changed,
            "finished": status_report.finished(done.status),
            "memory": notification.remember(done.status),
            "notification": told,
            "status": str(path),
        }
        if done.changed:
            before = "" if done.previous is None else _text(done.previous)
            result["diff"] = {
                "before": before,
                "after": _text(done.status),
                "before_header": str(path),
                "after_header": str(path),
            }
        return result


def _text(document: status_report.Status) -> str:
    return json.dumps(status_report.timeless(document), indent=2, ensure_ascii=False) + "\n"
