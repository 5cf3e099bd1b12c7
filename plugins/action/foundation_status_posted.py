"""Action plugin: what was posted. Documented in library/foundation_status_posted.py."""

from __future__ import annotations

from typing import Any, ClassVar

from foundation.core import defaults
from foundation.documents import store
from foundation.runs.controller_action import ControllerAction, default


class ActionModule(ControllerAction):
    """Keeps the memory that foundation_status gave, once the post has arrived."""

    argument_spec: ClassVar[dict[str, Any]] = {
        "memory": {"type": "dict", "required": True},
        "posted": default(defaults.STATUS_POSTED),
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Write it."""
        path = self.path(wanted["posted"])
        if not self.check_mode:
            store.write(wanted["memory"], path)
        return {"posted": str(path)}
