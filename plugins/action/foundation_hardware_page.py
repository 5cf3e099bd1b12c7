"""Action plugin: docs/hardware.md. Documented in library/foundation_hardware_page.py."""

from __future__ import annotations

from typing import Any

from foundation.core.files import write_atomically
from foundation.documents import store
from foundation.reports import hardware_page
from foundation.runs.controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Renders all stored documents to one page."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Write the page."""
        page = self.path(options["page"])
        if not self._task.check_mode:
            stored = store.load_folder(self.path(options["baseline_dir"]))
            write_atomically(page, hardware_page.render(stored).encode())
        return {"path": str(page)}
