"""Action plugin: the verdict. Documented in library/foundation_gate.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible.utils.display import Display

from foundation import reports
from foundation.documents import live_answers
from foundation.evaluation.gate import PASSED, judge_folder, write_report
from foundation.evaluation.waivers import EVERYTHING
from foundation.reports import terminal
from foundation.runs.controller_action import PROJECT, ControllerAction


class ActionModule(ControllerAction):
    """Keeps the answers, judges, prints, reports; fails unless the gate passed."""

    argument_spec: ClassVar[dict[str, Any]] = {
        "answers": {"type": "dict", "default": {}},
        "baseline_dir": {"type": "str", "default": "bench/baselines"},
        "inventory": {"type": "dict", "default": {}},
        "hosts": {"type": "list", "elements": "str", "required": True},
        "profiles": {"type": "dict", "default": {}},
        "report": {"type": "str", "default": "reports/gate.json"},
        "formats": {
            "type": "list",
            "elements": "str",
            "choices": list(reports.FORMATS),
            "default": list(reports.FORMATS),
        },
        "waivers": {"type": "str"},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Judge the hosts."""
        now = datetime.now(UTC)
        baseline_dir = PROJECT / wanted["baseline_dir"]
        path = PROJECT / wanted["report"]
        if not self.check_mode:
            groups = self._groups(wanted["inventory"])
            live_answers.keep(baseline_dir, wanted["hosts"], wanted["answers"], now, groups)
        report = judge_folder(
            baseline_dir,
            {host: self.profile_choice(name) for host, name in wanted["profiles"].items()},
            PROJECT / wanted["waivers"] if wanted["waivers"] else None,
            wanted["hosts"],
            now=now,
            inventory=wanted["inventory"].get("all", ()),
        )
        if not self.check_mode:
            write_report(report, path)
        Display().display(terminal.render(report, report_path=path))
        if not self.check_mode:
            reports.write_beside(report, path, wanted["formats"])
        verdict = report["verdict"]
        failed = verdict != PASSED
        message = f"Phase gate: {verdict}; the report is {path}"
        return {"failed": failed, "msg": message, "verdict": verdict, "report": str(path)}

    @staticmethod
    def _groups(inventory: dict[str, list[str]]) -> dict[str, list[str]]:
        """By host, the groups that waivers may name: all but those of every host."""
        groups: dict[str, list[str]] = {}
        for name, hosts in inventory.items():
            for host in hosts if name not in EVERYTHING else ():
                groups.setdefault(host, []).append(name)
        return groups
