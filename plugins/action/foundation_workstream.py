"""Action plugin: what failed on this host. Documented in library/foundation_workstream.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from foundation.evaluation.gate import failures, judge_folder
from foundation.profiles.criteria import AUTO, is_path
from foundation.runs.controller_action import PROJECT, ControllerAction


class ActionModule(ControllerAction):
    """Judges the stored documents of one host; prints and writes nothing."""

    argument_spec: ClassVar[dict[str, Any]] = {
        "baseline_dir": {"type": "str", "default": "bench/baselines"},
        "profile": {"type": "str", "default": AUTO},
        "waivers": {"type": "str"},
        "workstream": {"type": "str", "required": True, "choices": ["WS-01", "WS-02", "WS-03"]},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Ask the gate for this host alone."""
        host, profile = variables["inventory_hostname"], wanted["profile"]
        report = judge_folder(
            PROJECT / wanted["baseline_dir"],
            {host: str(PROJECT / profile) if is_path(profile) else profile},
            PROJECT / wanted["waivers"] if wanted["waivers"] else None,
            [host],
            now=datetime.now(UTC),
        )
        return {"failures": failures(report, host, wanted["workstream"])}
