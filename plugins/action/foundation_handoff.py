"""Action plugin: the hand-off. Documented in library/foundation_handoff.py."""

from __future__ import annotations

from typing import Any

from ansible.utils.display import Display

from foundation.evaluation import verified_report
from foundation.handoff import bundle, folder, toolchain
from foundation.runs.controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Makes the bundle, shows what is new in it with --diff, and puts it in place."""

    def act(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Make the bundle; fails until WS-01 is complete."""
        target = self.path(options["handoff_dir"])
        found = verified_report.load(
            self.path(options["baseline_dir"]),
            self.path(options["report"]),
            self.profile_choice(options["profile"]) if options["profile"] else None,
        )
        files = bundle.build(found, toolchain.find(), keep_names=not options["redact"])
        folder.check(target)
        # Ansible shows a diff of what is changed only, and `changed` speaks of managed hosts.
        if self._task.diff and (text := folder.differences(files, target)):
            Display().display(text)
        if not self._task.check_mode:
            folder.write(files, target)
        return {"path": str(target), "files": list(files)}
