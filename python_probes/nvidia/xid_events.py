"""Xid errors, the NVIDIA kernel driver's reports of GPU faults, counted from the kernel log.

Lines are looked at as they come and only the counts are kept: a driver in distress floods its log
with megabytes before the Xid that matters. Codes: https://docs.nvidia.com/deploy/xid-errors/
"""

from __future__ import annotations

import re
from typing import Any

from ..core.system import CommandError, Note, System

_FILES = ("/var/log/kern.log", "/var/log/dmesg")
_JOURNAL = ("journalctl", "-k", "-b", "-o", "cat", "--no-pager")
_XID = re.compile(r"NVRM: Xid \([^)]*\): (\d{1,5})(?!\d)(?:.*?\bname=([^,<]+))?")
# Kernel log files hold earlier boots too; each begins with the kernel's name.
_BOOT = "Linux version "
_FIRST_WORDS = re.compile(r"\bLinux version |\bBooting Linux\b|^\[ *0\.0")
_FIRST_LINES = 5
# What stands where messages were left out.
_LEFT_OUT = re.compile(
    r"printk messages dropped|\b(?:NVRM|nv\w*|_nv\w*): \d+ (?:output lines|callbacks) suppressed"
)
_UNUSUAL = re.compile(r"[^\w.:/+@-]", re.ASCII)
_LONGEST_PROGRAM = 32
_MOST_PROGRAMS = 8
_NOBODY_MAY_SEE = "-- No entries --"


class _Log:
    """What one kernel log says of this boot."""

    def __init__(self) -> None:
        self.first = ""
        self._begin()

    def _begin(self) -> None:
        self.lines = 0
        self.begins = False
        self.left_out = False
        self._counts: dict[int, int] = {}
        self._programs: dict[int, set[str]] = {}

    def add(self, line: str) -> None:
        """Look at the next line."""
        if not line.strip():
            return
        self.first = self.first or line
        if _BOOT in line:
            self._begin()  # what stands before is another boot's
        self.lines += 1
        if self.lines <= _FIRST_LINES and _FIRST_WORDS.search(line):
            self.begins = True
        found = _XID.search(line) if "Xid" in line else None
        if found is not None:
            self._count(int(found[1]), found[2] or "")
        elif "suppressed" in line or "dropped" in line:
            self.left_out = self.left_out or _LEFT_OUT.search(line) is not None

    def _count(self, code: int, program: str) -> None:
        self._counts[code] = self._counts.get(code, 0) + 1
        known = self._programs.setdefault(code, set())
        name = _UNUSUAL.sub("_", program.strip())[:_LONGEST_PROGRAM]
        if name and len(known) < _MOST_PROGRAMS:
            known.add(name)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The codes, how often each came, and the programs that the driver names beside it."""
        return [
            {"code": code, "count": count, "programs": sorted(self._programs[code])}
            for code, count in sorted(self._counts.items())
        ]


def read(system: System, note: Note) -> list[dict[str, Any]] | None:
    """How often each Xid code stands in this boot's kernel log, by code; None where unknown.

    A log that lacks a part tells what it holds; that it holds nothing tells nothing.
    """
    found = _captured(system) or _from_commands(system, note)
    if found is None:
        return None
    name, log, whole = found
    events = log.events
    if whole and not log.left_out:
        return events
    note(
        "truncated",
        f"xid_events: {name} "
        + ("leaves messages out" if log.left_out else "no longer reaches back to the boot")
        + ("; there may be more Xids" if events else ", so that it names no Xid means nothing")
        + "; read journalctl -k -b as root, or reboot and run this again",
    )
    return events or None


def _captured(system: System) -> tuple[str, _Log, bool] | None:
    """The log file of a replayed box; a live one is asked for exactly this boot's messages."""
    for name in () if system.live else _FILES:
        log = _Log()
        for line in system.lines(name):
            log.add(line)
        if log.lines:
            return name, log, log.begins
    return None


def _from_commands(system: System, note: Note) -> tuple[str, _Log, bool] | None:
    reasons, slow = [], False
    for command in (_JOURNAL, ("dmesg",)):
        log = _Log()
        try:
            system.run(*command, each_line=log.add)
        except CommandError as error:
            slow = slow or error.code == "timeout"
            reasons.append(str(error))
            continue
        # No boot leaves an empty kernel log: journalctl prints this to users who may not see it.
        if log.lines and not log.first.startswith(_NOBODY_MAY_SEE):
            # The journal is asked for the whole boot; the kernel's own buffer forgets.
            return command[0], log, command is _JOURNAL or log.begins
        reasons.append(f"{command[0]}: no entries")
    note(
        "timeout" if slow else "kernel_log_unreadable",
        f"xid_events: the kernel log cannot be read ({'; '.join(reasons)}); "
        "run as root or as a member of the group systemd-journal",
    )
    return None
