"""What a person sees while the benchmark runs: a line before each figure, and its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from .levels import Planned

_LINE_SECONDS = 30.0  # seconds between two lines of one long figure


class Progress:
    """Writes lines of the kind `[7/24] gemm fp8: 31 s elapsed, about 25 s left`."""

    def __init__(
        self, write_line: Callable[[str], None], planned: Sequence[Planned], begin: float
    ) -> None:
        self._write_line = write_line
        self._planned = planned
        self._begin = begin  # on the monotonic clock
        self._position = 0
        self._started = begin
        self._written = begin
        self._without: Collection[str] = ()

    def leave_out(self, names: Collection[str]) -> None:
        """Figures that take no time: taken over, or nothing here can measure them."""
        self._without = names

    def next(self) -> None:
        """The next figure begins."""
        self._position += 1
        self._started = time.monotonic()
        self._line()

    def tick(self) -> None:
        """The figure is still under way."""
        if time.monotonic() - self._written >= _LINE_SECONDS:
            self._line()

    def measured(self, figure: dict[str, Any]) -> None:
        """The result of the figure."""
        self._write_line(f"      {figure['value']:.4g} {figure['unit']}")

    def skipped(self, reason: str) -> None:
        """Why there is none."""
        self._write_line(f"      skipped: {reason}")

    def expected_left(self) -> float:
        """Seconds that the figure under way and those after it are expected to take."""
        spent = time.monotonic() - self._started
        return sum(
            max(0.0, one.expected - (spent if number == self._position else 0.0))
            for number, one in enumerate(self._planned, start=1)
            if number >= self._position and one.name not in self._without
        )

    def _line(self) -> None:
        self._written = time.monotonic()
        name = self._planned[self._position - 1].name.replace(".", " ")
        self._write_line(
            f"[{self._position}/{len(self._planned)}] {name}: "
            f"{self._written - self._begin:.0f} s elapsed, about {self.expected_left():.0f} s left"
        )
