"""Action plugin: the verdict. Documented in library/foundation_gate.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible.utils.display import Display

from foundation.evaluation.gate import PASSED
from foundation.runs import live_gate
from foundation.runs.controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Keeps the answers, judges, prints, reports; fails unless the gate passed."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Judge the hosts."""
        path = self.path(options["report"])
        verdict = live_gate.judge(
            self.path(options["baseline_dir"]),
            options["hosts"],
            options["answers"],
            datetime.now(UTC),
            profiles={host: self.profile_choice(p) for host, p in options["profiles"].items()},
            waivers=self.path(options["waivers"]) if options["waivers"] else None,
            inventory=options["inventory"],
            path=path,
            formats=options["formats"],
            write=not self._task.check_mode,
            show=Display().display,
        )
        message = f"Phase gate: {verdict}; the report is {path}"
        return {
            "failed": verdict != PASSED,
            "msg": message,
            "verdict": verdict,
            "report": str(path),
        }
