"""What the `foundation` command ends with: what scripts and CI read."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The same for every command."""

    OK = 0
    """Passed, valid or done."""
    NOT_PASSED = 1
    """Not passed, not valid, blockers found, or not done for every host."""
    NO_VERDICT = 2
    """Wrong usage, or an input or output that cannot be read or written."""
    INTERRUPTED = 130
    """As shells report SIGINT."""
