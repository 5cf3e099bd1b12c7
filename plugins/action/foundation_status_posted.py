"""Action plugin: what was posted. Documented in library/foundation_status_posted.py."""

from __future__ import annotations

from typing import Any

from foundation.documents import store
from foundation.runs.controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Keeps the memory that foundation_status gave, once the post has arrived."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Write it."""
        path = self.path(options["posted"])
        if not self._task.check_mode:
            store.write(options["memory"], path)
        return {"posted": str(path)}
