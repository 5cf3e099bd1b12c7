"""The stages of a run, their times, and the budget that all of them share."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_GRACE_SECONDS = 30.0


class OverBudgetError(Exception):
    """The budget ran out; the message names the stage."""


class Stages:
    """Times stages; `seconds` by name, in the order they ran.

    A stage that hangs where Python cannot interrupt it is ended, and the process with it, some
    seconds after the budget. `earlier` are stages that another process had before, in seconds:
    they count.
    """

    def __init__(self, budget_seconds: float, earlier: Mapping[str, float] | None = None) -> None:
        self.budget_seconds = budget_seconds
        self.seconds: dict[str, float] = dict(earlier or {})
        used = sum(self.seconds.values())
        self._begin = time.monotonic() - used
        self._current = "start"
        self._watchdog = threading.Timer(
            max(0.0, budget_seconds - used) + _GRACE_SECONDS, self._give_up
        )
        self._watchdog.daemon = True
        self._watchdog.start()

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begin

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage under `name`."""
        self._current = name
        begin = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - begin, 3)

    def check(self) -> None:
        """Raise OverBudgetError when the budget is used up."""
        if self.total > self.budget_seconds:
            raise OverBudgetError(self._sentence())

    def finish(self) -> None:
        """Nothing can hang any more."""
        self._watchdog.cancel()

    def _sentence(self) -> str:
        return (
            f"stage {self._current}: over budget, {self.total:.1f} s of "
            f"{self.budget_seconds:g} s used"
        )

    def _give_up(self) -> None:
        print(f"repro: {self._sentence()}; it did not end and was stopped", file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)
