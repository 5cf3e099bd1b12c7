"""Action plugin: what failed on this host. Documented in library/foundation_workstream.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from foundation.core.workstreams import WORKSTREAMS
from foundation.evaluation.gate import failures, judge_folder
from foundation.runs.controller_action import ControllerAction, shared


class ActionModule(ControllerAction):
    """Judges the stored documents of one host; prints and writes nothing."""

    argument_spec: ClassVar[dict[str, Any]] = {
        **shared("baseline_dir", "profile", "waivers"),
        "workstream": {"type": "str", "required": True, "choices": list(WORKSTREAMS)},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Ask the gate for this host alone."""
        host = variables["inventory_hostname"]
        report = judge_folder(
            self.path(wanted["baseline_dir"]),
            {host: self.profile_choice(wanted["profile"])},
            self.path(wanted["waivers"]) if wanted["waivers"] else None,
            [host],
            now=datetime.now(UTC),
        )
        return {"failures": failures(report, host, wanted["workstream"])}
