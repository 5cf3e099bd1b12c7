"""What ansible-playbook itself does for a run that was started from Python, as its first step.

ansible-runner's events name a play's pattern and not its hosts, so a host that is never reached
would be in none of them: the plays and their hosts are written to a file.

And the run's end when who asked for it is killed: ansible-runner has it ignore the loss of its
terminal, without which Ansible waits for its workers' answers for ever.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import signal
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def write(playbook: Any, path: Path) -> None:
    """Write the plays of Ansible's `playbook`, each with name, pattern and hosts after --limit."""
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
    with contextlib.suppress(OSError, AttributeError):  # prctl is Linux's alone
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT))
