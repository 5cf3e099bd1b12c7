"""Action plugin: the status. Documented in library/foundation_status.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible.utils.display import Display

from foundation.documents import store
from foundation.runs.controller_action import ControllerAction
from foundation.status import status_files, status_text


class ActionModule(ControllerAction):
    """Writes the status that follows from the gate's report, and says what a webhook lacks."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Read, compare, write."""
        path = self.path(options["status"])
        arm_check = self.path(options["arm_check"]) if options["arm_check"] else None
        now = datetime.now(UTC)
        done = status_files.update(self.path(options["report"]), path, now, arm_check)
        result = status_files.task_result(done, path, self.path(options["posted"]))
        if not self._task.check_mode:
            store.write(done.status, path)
        Display().display(status_text.render(done.status, path))
        return result
