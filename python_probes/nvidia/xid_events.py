"""Xid errors, the NVIDIA kernel driver's reports of GPU faults, counted from the kernel log.

Codes: https://docs.nvidia.com/deploy/xid-errors/
"""

from __future__ import annotations

import re
from collections import Counter

from ..core.system import CommandError, Note, System

_FILES = ("/var/log/kern.log", "/var/log/dmesg")
_COMMANDS = (("journalctl", "-k", "-b", "-o", "cat", "--no-pager"), ("dmesg",))
_XID = re.compile(r"NVRM: Xid \([^)\n]*\): (\d+)")
# Kernel log files hold earlier boots too; each begins with the kernel's name.
_BOOT = re.compile(r"(?m)^.*\bLinux version \d")


def read(system: System, note: Note) -> list[dict[str, int]] | None:
    """How often each Xid code stands in this boot's kernel log, by code; None where unreadable."""
    log = _captured(system)
    if log is None:
        log = _from_commands(system, note)
    if log is None:
        return None
    counts = Counter(int(code) for code in _XID.findall(log))
    return [{"code": code, "count": count} for code, count in sorted(counts.items())]


def _captured(system: System) -> str | None:
    """The log file of a replayed box; a live one is asked for exactly this boot's messages."""
    if system.live:
        return None
    text = next(filter(None, map(system.read, _FILES)), None)
    if text is None:
        return None
    starts = [match.start() for match in _BOOT.finditer(text)]
    return text[starts[-1] :] if starts else text


def _from_commands(system: System, note: Note) -> str | None:
    reasons = []
    for command in _COMMANDS:
        try:
            output = system.run(*command)
        except CommandError as error:
            reasons.append(str(error))
            continue
        # No boot leaves an empty kernel log: journalctl prints this to users who may not see it.
        if output.strip() and not output.startswith("-- No entries --"):
            return output
        reasons.append(f"{command[0]}: no entries")
    note(
        "kernel_log_unreadable",
        f"xid_events: the kernel log cannot be read ({'; '.join(reasons)}); "
        "run as root or as a member of the group systemd-journal",
    )
    return None
