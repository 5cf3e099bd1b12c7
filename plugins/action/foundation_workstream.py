"""Action plugin: what failed on this host. Documented in library/foundation_workstream.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from foundation.evaluation.gate import failures, judge_folder
from foundation.runs.controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Judges the stored documents of one host; prints and writes nothing."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Ask the gate for this host alone."""
        host = variables["inventory_hostname"]
        report = judge_folder(
            self.path(options["baseline_dir"]),
            {host: self.profile_choice(options["profile"])},
            self.path(options["waivers"]) if options["waivers"] else None,
            [host],
            now=datetime.now(UTC),
        )
        return {"failures": failures(report, host, options["workstream"])}
