"""Signals that ask a program to end: it cleans up, says so and exits as a shell would."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STATUS_BASE = 128  # see bash(1), "Exit status"
Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None


class Interrupted(BaseException):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.name = signal.Signals(number).name
        self.exit_status = _STATUS_BASE + number


def signal_name(number: int) -> str:
    """Such as SIGSEGV; a real-time signal has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def raise_on_signals() -> dict[int, Handler]:
    """From here on the first of these signals raises Interrupted; returns what stood before."""
    return {number: signal.signal(number, _interrupt) for number in _SIGNALS}


def restore(handlers: dict[int, Handler]) -> None:
    """Put back what `raise_on_signals` returned."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


def ignore_signals() -> None:
    """A second Ctrl-C must not interrupt the cleaning up."""
    for number in _SIGNALS:
        # Not SIG_IGN: Python complains of that where the second signal is here already.
        signal.signal(number, lambda *_: None)


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    ignore_signals()
    raise Interrupted(number)
