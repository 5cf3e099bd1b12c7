"""Action plugin: the status. Documented in library/foundation_status.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible.utils.display import Display

from foundation.runs.controller_action import ControllerAction
from foundation.status import status_task


class ActionModule(ControllerAction):
    """Writes the status that follows from the gate's report, and says what a webhook lacks."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Read, compare, write."""
        return status_task.update(
            self.path(options["report"]),
            self.path(options["status"]),
            self.path(options["posted"]),
            self.path(options["arm_check"]) if options["arm_check"] else None,
            datetime.now(UTC),
            write=not self._task.check_mode,
            show=Display().display,
        )
