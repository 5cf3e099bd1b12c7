"""Action plugin: keep documents on the controller. Documented in library/foundation_store.py."""

from __future__ import annotations

from typing import Any, ClassVar

from foundation.history import run_history
from foundation.runs.controller_action import ControllerAction, shared


class ActionModule(ControllerAction):
    """Validates the documents of one host, writes each atomically, and keeps the history."""

    argument_spec: ClassVar[dict[str, Any]] = {
        **shared("baseline_dir", "profile"),
        "documents": {"type": "dict", "required": True},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Keep the documents."""
        paths = run_history.keep_documents(
            self.path(wanted["baseline_dir"]),
            variables["inventory_hostname"],
            wanted["documents"],
            self.profile_choice(wanted["profile"]),
            write=not self.check_mode,
        )
        return {"paths": [str(path) for path in paths]}
