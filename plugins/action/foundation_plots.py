"""Action plugin: the pictures. Documented in library/foundation_plots.py."""

from __future__ import annotations

from typing import Any

from foundation.charts import plots
from foundation.profiles.criteria import load_profiles
from foundation.runs.controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Draws the host's stored benchmark run and its history."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Draw."""
        paths = plots.draw(
            self.path(options["baseline_dir"]),
            self.path(options["plots_dir"]),
            variables["inventory_hostname"],
            load_profiles(self.profile_choice(options["profile"])),
            write=not self._task.check_mode,
        )
        return {"paths": [str(path) for path in paths]}
