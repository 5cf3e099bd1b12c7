"""Action plugin: the hand-off. Documented in library/foundation_handoff.py."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.utils.display import Display

from foundation.core import defaults
from foundation.evaluation import verified_report
from foundation.handoff import bundle, folder, toolchain
from foundation.runs.controller_action import ControllerAction, default, shared


class ActionModule(ControllerAction):
    """Makes the bundle, shows what is new in it with --diff, and puts it in place."""

    argument_spec: ClassVar[dict[str, Any]] = {
        **shared("baseline_dir", "report"),
        "handoff_dir": default(defaults.HANDOFF),
        "profile": {"type": "str"},
        "redact": {"type": "bool", "default": True},
    }

    def act(self, wanted: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Make the bundle; fails until WS-01 is complete."""
        target = self.path(wanted["handoff_dir"])
        found = verified_report.load(
            self.path(wanted["baseline_dir"]),
            self.path(wanted["report"]),
            self.profile_choice(wanted["profile"]) if wanted["profile"] else None,
        )
        files = bundle.build(found, toolchain.find(), keep_names=not wanted["redact"])
        folder.check(target)
        # Ansible shows a diff of what is changed only, and `changed` speaks of managed hosts.
        if self._task.diff and (text := folder.differences(files, target)):
            Display().display(text)
        if not self.check_mode:
            folder.write(files, target)
        return {"path": str(target), "files": list(files)}
