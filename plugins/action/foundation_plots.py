"""Action plugin: the pictures. Documented in library/foundation_plots.py."""

from __future__ import annotations

from typing import Any, ClassVar

from foundation.charts import plots
from foundation.core import defaults
from foundation.profiles.criteria import load_profiles
from foundation.runs.controller_action import ControllerAction, default, shared


class ActionModule(ControllerAction):
    """Draws the host's stored benchmark run and its history."""

    argument_spec: ClassVar[dict[str, Any]] = {
        **shared("baseline_dir", "profile"),
        "plots_dir": default(defaults.PLOTS),
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Draw."""
        paths = plots.draw(
            self.path(wanted["baseline_dir"]),
            self.path(wanted["plots_dir"]),
            variables["inventory_hostname"],
            load_profiles(self.profile_choice(wanted["profile"])),
            write=not self.check_mode,
        )
        return {"paths": [str(path) for path in paths]}
