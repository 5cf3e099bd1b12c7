"""How the smoke test ends: one line on standard error and an exit status."""

from __future__ import annotations

import sys


class PrerequisiteError(Exception):
    """Something that the run needs is missing; the message says what to do."""


def end_with(line: str, status: int) -> int:
    """Print how it ended; the status, for the caller to return."""
    print(f"repro: {line}", file=sys.stderr)
    return status
