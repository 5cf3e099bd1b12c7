"""Action plugin: docs/hardware.md. Documented in library/foundation_hardware_page.py."""

from __future__ import annotations

from typing import Any, ClassVar

from foundation.core.files import write_atomically
from foundation.documents import store
from foundation.reports import hardware_page
from foundation.runs.controller_action import PROJECT, ControllerAction


class ActionModule(ControllerAction):
    """Renders all stored documents to one page."""

    argument_spec: ClassVar[dict[str, Any]] = {
        "baseline_dir": {"type": "str", "default": "bench/baselines"},
        "page": {"type": "str", "default": "docs/hardware.md"},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Write the page."""
        page = PROJECT / wanted["page"]
        if not self.check_mode:
            stored = store.load_folder(PROJECT / wanted["baseline_dir"])
            write_atomically(page, hardware_page.render(stored).encode())
        return {"path": str(page)}
