"""Action plugin: keep documents on the controller. Documented in library/foundation_store.py."""

from __future__ import annotations

from typing import Any

from foundation.history import run_history
from foundation.runs.controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Validates the documents of one host, writes each atomically, and keeps the history."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Keep the documents."""
        paths = run_history.keep_documents(
            self.path(options["baseline_dir"]),
            variables["inventory_hostname"],
            options["documents"],
            self.profile_choice(options["profile"]),
            write=not self._task.check_mode,
        )
        return {"paths": [str(path) for path in paths]}
