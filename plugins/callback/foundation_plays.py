"""Callback plugin: the plays of this run and their hosts, for foundation/runs/playbook.py.

ansible-runner's events name a play's pattern and not its hosts, so a host that is never reached
would be in none of them.

And the run's end when who asked for it is killed: ansible-runner has it ignore the loss of its
terminal, without which Ansible waits for its workers' answers for ever.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

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

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Writes once, before the first play."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "foundation_plays"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Write the file; without the variable nobody asked for it."""
        path = os.environ.get("FOUNDATION_PLAYS")
        if not path:
            return
        _end_with_parent()
        plays = [
            {
                "name": str(play.get_name()),
                "pattern": ",".join(play.hosts) if isinstance(play.hosts, list) else play.hosts,
                "hosts": [
                    str(host)
                    for host in play.get_variable_manager().get_vars(play=play)[
                        "ansible_play_hosts_all"
                    ]
                ],
            }
            for play in playbook.get_plays()
        ]
        part = Path(f"{path}.part")
        part.write_text(json.dumps(plays), encoding="utf-8")
        part.replace(path)


def _end_with_parent() -> None:
    """Have the kernel interrupt this process when its parent dies, by whatever means."""
    with contextlib.suppress(OSError, AttributeError):  # there is no prctl but on Linux
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT))
