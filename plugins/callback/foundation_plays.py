"""Callback plugin: the plays of this run and their hosts, for foundation/runs/playbook.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

from foundation.runs import plays_file

DOCUMENTATION = """
    name: foundation_plays
    type: aggregate
    short_description: The plays of a run and their hosts, as JSON in a file
    description:
      - Writes the file that E(FOUNDATION_PLAYS) names, when a playbook starts.
      - Each play has C(name), C(pattern) and C(hosts), those that are left after C(--limit).
      - On Linux the run is then interrupted, as by Ctrl-C, when the process that started it dies.
    requirements:
      - Enabled by name, as foundation/runs/playbook.py does
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Writes once, before the first play."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "foundation_plays"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Write the file; without the variable nobody asked for it."""
        if path := os.environ.get("FOUNDATION_PLAYS"):
            plays_file.write(playbook, Path(path))
