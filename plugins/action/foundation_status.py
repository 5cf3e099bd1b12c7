"""Action plugin: the status. Documented in library/foundation_status.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible.utils.display import Display

from foundation.core import defaults
from foundation.runs.controller_action import ControllerAction, default, shared
from foundation.status import status_task


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
        return status_task.update(
            self.path(wanted["report"]),
            self.path(wanted["status"]),
            self.path(wanted["posted"]),
            self.path(wanted["arm_check"]) if wanted["arm_check"] else None,
            datetime.now(UTC),
            write=not self.check_mode,
            show=Display().display,
        )
