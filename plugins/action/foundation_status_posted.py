"""Action plugin: what a webhook was told. Documented in library/foundation_status_posted.py."""

from __future__ import annotations

from typing import Any, ClassVar

from foundation.runs.controller_action import PROJECT, ControllerAction
from foundation.status import status_files


class ActionModule(ControllerAction):
    """Keeps the memory that foundation_status gave, once the post has arrived."""

    argument_spec: ClassVar[dict[str, Any]] = {
        "memory": {"type": "dict", "required": True},
        "posted": {"type": "str", "default": "reports/status_posted.json"},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Write it."""
        path = PROJECT / wanted["posted"]
        if not self.check_mode:
            status_files.write(wanted["memory"], path)
        return {"posted": str(path)}
