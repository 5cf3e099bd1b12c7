"""Callback plugin: a run of the gate without a verdict does not end with 0.

It lies beside the playbooks since Ansible loads it from there whatever its settings say, and tags
can't leave it out: docs/adr/0019-controller.md.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: foundation_verdict
    type: aggregate
    short_description: End a run of the gate that gave no verdict with an exit status other than 0
    description:
      - Plays that are imported under a condition may end without one.
"""

_GATE = "foundation_gate"


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Looks for the gate's task in the plays, then in the results."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "foundation_verdict"
    _missing = False

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """A verdict is due where a play judges unconditionally."""
        plays = [play for play in playbook.get_plays() if play._included_conditional is None]
        tasks = [task for play in plays for block in play.get_tasks() for task in block]
        self._missing = any(getattr(task, "action", None) == _GATE for task in tasks)

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task of the gate that is ok has given its verdict; `no_log` hides which."""
        if result.task.action == _GATE:
            self._missing = False

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Raise SystemExit with the line to show; a run that failed ends with its own status."""
        if self._missing and not (stats.failures or stats.dark):
            raise SystemExit(
                "this run: found no verdict at its end, expected one; "
                "run it again without --skip-tags, --start-at-task, --step and the ANSIBLE_* "
                "variables that stand for them"
            )
