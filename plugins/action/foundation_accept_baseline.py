"""Action plugin: the baseline. Documented in library/foundation_accept_baseline.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible.utils.display import Display

from foundation.history import accepted_baseline
from foundation.profiles.criteria import load_profiles
from foundation.runs.controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Makes the host's stored benchmark run its baseline, unless it has one."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Accept the run; fails where it cannot be one."""
        host = variables["inventory_hostname"]
        done = accepted_baseline.accept(
            self.path(options["baseline_dir"]),
            host,
            load_profiles(self.profile_choice(options["profile"])),
            datetime.now(UTC),
            replace=options["replace"],
            write=not self._task.check_mode,
        )
        text = accepted_baseline.tell(host, done)
        Display().display(text)
        return {
            "msg": text,
            "outcome": done.outcome,
            "path": str(done.path),
            "figures": list(done.figures),
            "left_out": dict(done.left_out),
        }
