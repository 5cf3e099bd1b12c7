"""The levels of the benchmark: which figures each measures, and how long that is to take."""

from __future__ import annotations

from dataclasses import dataclass

from .families.registry import FAMILIES
from .measuring.family import GPU, Family

QUICK, FULL, SOAK = "quick", "full", "soak"
LEVELS = (QUICK, FULL, SOAK)

SOAK_MINUTES = 10
"""How long a soak lasts where nothing else is asked for."""

_TIMEOUTS = {QUICK: 300, FULL: 900}
_SOAK_MARGIN = 300  # seconds: a start from a cold disk, a slow host
_AROUND_LOAD = 2.0  # seconds: checking the result; the rest is part of the load


@dataclass(frozen=True)
class Planned:
    """A figure and the seconds it is expected to take, all included.

    `load` is for how many seconds a load is to last, where that is the point of the figure.
    """

    name: str
    expected: float
    load: float | None = None

    @property
    def family(self) -> Family:
        """What measures it."""
        return FAMILIES[self.name.partition(".")[0]]

    @property
    def labels(self) -> dict[str, str]:
        """What the document has of it beside what was measured."""
        return self.family.labels(self.name.partition(".")[2])

    @property
    def on_gpu(self) -> bool:
        """Whether the GPU does the work; without a CUDA device it is skipped at once then."""
        return self.family.component == GPU


def plan(level: str, soak_minutes: float = SOAK_MINUTES) -> tuple[Planned, ...]:
    """The figures of a level in the order of their measurement."""
    planned = []
    for family in FAMILIES.values():
        for key, figure in family.figures.items():
            name = f"{family.name}.{key}"
            # A soak has the quick figures too, so that the document answers every criterion.
            seconds = figure.full if level == FULL else figure.quick
            if seconds is not None and figure.sustained:
                load = soak_minutes * 60 if level == SOAK else seconds
                planned.append(Planned(name, load + _AROUND_LOAD, load))
            elif seconds is not None:
                planned.append(Planned(name, seconds))
    return tuple(planned)


def default_timeout(level: str, soak_minutes: float = SOAK_MINUTES) -> int:
    """Seconds that a whole run of a level may take where nothing else is asked for."""
    return _TIMEOUTS.get(level) or int(soak_minutes * 60) + _SOAK_MARGIN
