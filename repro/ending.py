"""How the smoke test ends: one line on standard error and an exit status."""

from __future__ import annotations

import sys

from python_probes.core.arguments import SUCCESS, UNUSABLE

FAILED = 1
__all__ = ["FAILED", "SUCCESS", "UNUSABLE", "say"]


def say(line: str, status: int) -> int:
    """Say what happened; the status, for the caller to return."""
    print(f"repro: {line}", file=sys.stderr)
    return status
