"""Action plugin: the verdict. Documented in library/foundation_gate.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible.utils.display import Display

from foundation.evaluation.gate import PASSED
from foundation.reports.formats import FORMATS
from foundation.runs import live_gate
from foundation.runs.controller_action import ControllerAction, shared


class ActionModule(ControllerAction):
    """Keeps the answers, judges, prints, reports; fails unless the gate passed."""

    argument_spec: ClassVar[dict[str, Any]] = {
        **shared("baseline_dir", "report", "waivers"),
        "answers": {"type": "dict", "default": {}},
        "inventory": {"type": "dict", "default": {}},
        "hosts": {"type": "list", "elements": "str", "required": True},
        "profiles": {"type": "dict", "default": {}},
        "formats": {
            "type": "list",
            "elements": "str",
            "choices": list(FORMATS),
            "default": list(FORMATS),
        },
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Judge the hosts."""
        path = self.path(wanted["report"])
        verdict = live_gate.judge(
            self.path(wanted["baseline_dir"]),
            wanted["hosts"],
            wanted["answers"],
            datetime.now(UTC),
            profiles={host: self.profile_choice(p) for host, p in wanted["profiles"].items()},
            waivers=self.path(wanted["waivers"]) if wanted["waivers"] else None,
            inventory=wanted["inventory"],
            path=path,
            formats=wanted["formats"],
            write=not self.check_mode,
            show=Display().display,
        )
        message = f"Phase gate: {verdict}; the report is {path}"
        return {
            "failed": verdict != PASSED,
            "msg": message,
            "verdict": verdict,
            "report": str(path),
        }
