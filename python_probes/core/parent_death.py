"""No load outlives what asked for it: see PR_SET_PDEATHSIG in prctl(2)."""

from __future__ import annotations

import ctypes
import signal

_SET_DEATH_SIGNAL = 1
# Looked up now, so that a child between fork and exec has nothing to import or to load.
_PRCTL = ctypes.CDLL(None).prctl


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it dies, however it dies."""
    _PRCTL(_SET_DEATH_SIGNAL, signal.SIGKILL)


def end_with_parent() -> None:
    """The same with SIGTERM, for what has to clean up."""
    _PRCTL(_SET_DEATH_SIGNAL, signal.SIGTERM)
