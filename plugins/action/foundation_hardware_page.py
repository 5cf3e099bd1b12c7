"""Action plugin: docs/hardware.md. Documented in library/foundation_hardware_page.py."""

from __future__ import annotations

from typing import Any, ClassVar

from foundation.core import defaults
from foundation.core.files import write_atomically
from foundation.documents import store
from foundation.reports import hardware_page
from foundation.runs.controller_action import ControllerAction, default, shared


class ActionModule(ControllerAction):
    """Renders all stored documents to one page."""

    argument_spec: ClassVar[dict[str, Any]] = {
        **shared("baseline_dir"),
        "page": default(defaults.HARDWARE_PAGE),
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Write the page."""
        page = self.path(wanted["page"])
        if not self.check_mode:
            stored = store.load_folder(self.path(wanted["baseline_dir"]))
            write_atomically(page, hardware_page.render(stored).encode())
        return {"path": str(page)}
