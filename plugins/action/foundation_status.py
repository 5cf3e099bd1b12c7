"""Action plugin: the status. Documented in library/foundation_status.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible.utils.display import Display

from foundation.core import defaults
from foundation.documents import store
from foundation.runs.controller_action import ControllerAction, default, shared
from foundation.status import status_files, status_text


class ActionModule(ControllerAction):
    """Writes the status that follows from the gate's report, and says what a webhook lacks."""

    argument_spec: ClassVar[dict[str, Any]] = {
        **shared("report"),
        "arm_check": {"type": "str"},
        "posted": default(defaults.STATUS_POSTED),
        "status": default(defaults.STATUS),
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Read, compare, write."""
        path = self.path(wanted["status"])
        arm_check = self.path(wanted["arm_check"]) if wanted["arm_check"] else None
        now = datetime.now(UTC)
        done = status_files.update(self.path(wanted["report"]), path, now, arm_check)
        result = status_files.task_result(done, path, self.path(wanted["posted"]))
        if not self.check_mode:
            store.write(done.status, path)
        Display().display(status_text.render(done.status, path))
        return result
